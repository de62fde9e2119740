package auth

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden files")

// The matrix is what an administrator and an auditor read; a change of who may
// do what shows in it.
func TestWhoMayDoWhatGolden(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "%-20s", "")
	for _, r := range Roles {
		fmt.Fprintf(&b, "%-17s", r)
	}
	for _, c := range Capabilities() {
		fmt.Fprintf(&b, "\n%-20s", c)
		for _, r := range Roles {
			mark := "-"
			if (Principal{Roles: []Role{r}}).May(c) {
				mark = "may"
			}
			fmt.Fprintf(&b, "%-17s", mark)
		}
	}
	got := b.String() + "\n"
	const golden = "testdata/capabilities.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the matrix changed; if that is meant, run with -update:\n%s", got)
	}
}

func TestNoRoleBothMakesAndChecks(t *testing.T) {
	making := []Capability{UploadRosters, CommitRosters, ImportDeposits, ImportFacts, Correct, DraftRules, ManageFunds, RunJobs}
	checking := []Capability{ApproveMoney, ApproveRules}
	for _, a := range Roles {
		for _, b := range Roles {
			if a == b || checkRoles([]Role{a, b}) != nil {
				continue
			}
			both := Principal{Roles: []Role{a, b}}
			for _, m := range making {
				for _, c := range checking {
					if both.May(m) && both.May(c) {
						t.Errorf("%s with %s may %s and %s", a, b, m, c)
					}
				}
			}
		}
	}
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

const factsRules = `
program: {id: facts, name: Facts, currency: USD, time_zone: America/Chicago, rounding: half_up}
versions: [{id: v1, effective_from: 2025-01-01}]
facts: [{name: foster, type: yes_no}]
enrollment: {mode: auto_opt_out}
benefits:
  - {id: foster, kind: seed, trigger: event(enrolled), amount: {fixed: 500.00}, period: once, when: foster, funding: {sources: [{fund: CITY}]}}
`

func TestFactsImportRecordsAFileWholeOrNotAtAll(t *testing.T) {
	s := newShell(t)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("rules.yaml", factsRules)
	for _, command := range []string{
		`csa user add ana@facts.example --organization Facts --role tenant_admin --role program_manager --role operator`,
		`csa user add sam@facts.example --role approver`,
		`csa program add facts --name Facts --zone America/Chicago`,
		`csa fund add CITY --program facts --name City --funder City`,
		`csa fund receive CITY --program facts --amount 1000.00 --reference grant --on 2025-08-15`,
		`csa program rules rules.yaml --program facts --drafted-by ana@facts.example --approved-by sam@facts.example`,
	} {
		s.one(command)
	}
	s.enroll("007")

	write("good.csv", "student,fact,value,from,reference\n007,foster,yes,2025-08-01,case 12\n")
	write("bad.csv", "student,fact,value,from,reference\n007,foster,no,2025-09-01,case 13\n008,foster,perhaps,2025-08-01,case 14\n")
	if out := s.one("csa facts import good.csv --program facts"); out != "good.csv: facts: 1 new, 0 known already; events: 0 new, 0 known already\n" {
		t.Errorf("the first time: %s", out)
	}
	if out := s.one("csa facts import good.csv --program facts"); !strings.Contains(out, "facts: 0 new, 1 known already") {
		t.Errorf("again: %s", out)
	}
	var out, errs bytes.Buffer
	lookup := func(name string) (string, bool) { v, ok := s.vars[name]; return v, ok }
	code := run(t.Context(), []string{"facts", "import", "bad.csv", "--program", "facts"}, lookup, streams{nil, &out, &errs})
	if code == 0 || !strings.Contains(out.String(), "line 3 value: Write yes or no.") || !strings.Contains(errs.String(), "Nothing of it was") {
		t.Errorf("a bad file: status %d\n%s%s", code, &out, &errs)
	}
	if got := s.one("csa job run awards --program facts"); !strings.Contains(got, "500.00") {
		t.Errorf("the run after: %s", got)
	}
	if got := s.one("csa job run reperform --program facts"); !strings.Contains(got, "done, 1 done") {
		t.Errorf("the re-performance: %s", got)
	}
	if got := s.one("csa job findings 2 --program facts"); got != "0 findings\n" {
		t.Errorf("found: %s", got)
	}
}

// enroll enters and admits a child with a student number.
func (s *shell) enroll(student string) {
	s.t.Helper()
	keys, err := vault.Load(filepath.Join(s.vars["CSA_DATA"], "keys.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	db, err := store.Open(s.vars["DATABASE_URL"], 2)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	ctx, who, at := s.t.Context(), store.Who{Tenant: 1, Actor: "test"}, time.Date(2025, 9, 1, 12, 0, 0, 0, time.UTC)
	err = db.InTx(ctx, who, func(tx *sqlx.Tx) error {
		p, err := program.ByCode(ctx, tx, "facts")
		if err != nil {
			return err
		}
		book, err := program.Rules(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		person := family.Person{Given: "Ana", Family: "Cruz", StudentNumber: student, BornOn: ledger.NewDate(2019, 5, 1)}
		ids, err := family.Add(ctx, tx, who, keys, []family.New{{Children: []family.NewChild{{Person: person}}}}, at)
		if err != nil {
			return err
		}
		_, err = enroll.Admit(ctx, tx, who, keys, p, book, []enroll.Application{{Child: ids[0][0], On: ledger.DateOf(at)}}, at)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

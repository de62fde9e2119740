package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"seedbook/migrations/pgtest"
)

var update = flag.Bool("update", false, "write anew what README shows of the commands' output")

func readme(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestREADMENamesEveryCommandAndSetting(t *testing.T) {
	text := readme(t)
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Runnable() && !c.HasSubCommands() && !strings.Contains(text, "`"+c.CommandPath()+"`") {
			t.Errorf("README does not name `%s`", c.CommandPath())
		}
		if c.Short == "" {
			t.Errorf("%s has no sentence", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			if sub.Name() != "help" && sub.Name() != "completion" && sub.CommandPath() != "csa bench ledger" {
				walk(sub)
			}
		}
	}
	walk(newRoot(os.LookupEnv, streams{nil, &bytes.Buffer{}, &bytes.Buffer{}}))
	for _, name := range settingNames() {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("README does not name the setting %s", name)
		}
	}
}

// fiveMinutes is README's block of commands and what they print.
var fiveMinutes = regexp.MustCompile("(?s)(## A program in five minutes.*?```console\n)(.*?)(```)")

// onceOnly is what differs from run to run: the token of a one-time sign-in and
// the code of a statement, which the installation's keys make.
var onceOnly = regexp.MustCompile(`(/sign-in/link/|: statement )[^ ,\n]+`)

func TestREADMEsFiveMinutesPrintWhatTheySay(t *testing.T) {
	text := readme(t)
	path, err := filepath.Abs(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	m := fiveMinutes.FindStringSubmatch(text)
	if m == nil {
		t.Fatal("README has no block of commands below “A program in five minutes”")
	}
	needHledger(t)
	got := newShell(t).run(commandsOf(m[2]))
	if *update {
		fresh := strings.Replace(text, m[0], m[1]+got+m[3], 1)
		if err := os.WriteFile(path, []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != m[2] {
		t.Errorf("the commands print something else now; look at it, then go test ./cmd/csa -run Five -update\n%s", firstDifference(m[2], got))
	}
}

func needHledger(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath("hledger")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("hledger is not installed")
	}
	if err != nil {
		t.Skip("hledger is not installed: apt-get install hledger")
	}
}

func commandsOf(block string) (commands []string) {
	for _, line := range strings.Split(block, "\n") {
		if c, ok := strings.CutPrefix(line, "$ "); ok {
			commands = append(commands, c)
		}
	}
	return commands
}

// shell runs command lines in a folder of their own, csa in this process and
// on a database of its own, anything else by sh.
type shell struct {
	t      *testing.T
	source string // this package's folder
	dir    string
	vars   map[string]string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	source, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"rules.yaml", "deposits.csv"} {
		copyFile(t, filepath.Join("testdata", "five-minutes", name), filepath.Join(dir, name))
	}
	roster := "edfi_oneroster12.zip"
	copyFile(t, filepath.Join(pgtest.Fixtures(t), "rosters", roster), filepath.Join(dir, roster))
	t.Chdir(dir)
	return &shell{t, source, dir, map[string]string{"DATABASE_URL": pgtest.New(t).DSN, "CSA_DATA": filepath.Join(dir, "data")}}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (s *shell) run(commands []string) string {
	var b strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&b, "$ %s\n%s", c, onceOnly.ReplaceAllString(s.one(c), "${1}…"))
	}
	return b.String()
}

func (s *shell) one(command string) string {
	s.t.Helper()
	words := split(command)
	if words[0] != "csa" {
		out, err := exec.CommandContext(s.t.Context(), "sh", "-c", command).CombinedOutput()
		if err != nil {
			s.t.Fatalf("%s: %v\n%s", command, err, out)
		}
		return string(out)
	}
	var out, errs bytes.Buffer
	lookup := func(name string) (string, bool) { v, ok := s.vars[name]; return v, ok }
	if code := run(s.t.Context(), words[1:], lookup, streams{nil, &out, &errs}); code != 0 {
		s.t.Fatalf("%s: status %d\n%s%s", command, code, out.String(), errs.String())
	}
	return out.String() + errs.String()
}

// split cuts a command line into words; double quotes hold words together.
func split(line string) (words []string) {
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	return words
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		switch {
		case i >= len(w):
			return "README ends before: " + g[i]
		case i >= len(g):
			return "README has more: " + w[i]
		case w[i] != g[i]:
			return fmt.Sprintf("README: %s\nnow:    %s", w[i], g[i])
		}
	}
	return ""
}

package ledger

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
)

var update = flag.Bool("update", false, "write golden files anew")

// checkers are the programs that certify an export, in their strictest modes.
var checkers = map[Format]func(file string) *exec.Cmd{
	Hledger: func(file string) *exec.Cmd {
		return exec.Command("hledger", "-f", file, "check", "--strict", "accounts", "commodities", "assertions", "ordereddates", "payees")
	},
	LedgerCLI: func(file string) *exec.Cmd {
		return exec.Command("ledger", "--args-only", "-f", file, "--strict", "--pedantic", "--check-payees", "bal")
	},
	Beancount: func(file string) *exec.Cmd { return exec.Command("bean-check", file) },
}

// certify runs the checker of a format over a journal.
func certify(t *testing.T, format Format, text []byte) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "books."+string(format))
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := checkers[format](file)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	if cmd.Err != nil {
		missing(t, cmd)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// missing fails on CI and skips elsewhere, saying what was not tested.
func missing(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed: apt-get install hledger ledger beancount", cmd.Args[0])
	}
	t.Skipf("NOT TESTED: %s is not installed (apt-get install hledger ledger beancount)", cmd.Args[0])
}

func (b *books) export(t failer, format Format) []byte {
	t.Helper()
	var out bytes.Buffer
	b.must(t, func(tx *sqlx.Tx) error { return Export(context.Background(), tx, &out, b.book, format) })
	return out.Bytes()
}

func TestProgramsThatWeDidNotWriteAcceptTheJournals(t *testing.T) {
	t.Parallel()
	b := busyBooks(t)
	for format := range checkers {
		text := b.export(t, format)
		if err := certify(t, format, text); err != nil {
			t.Errorf("%s: %v\n%s", format, err, text)
		}
	}
}

func TestAnEmptyBookIsAValidJournal(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	b.family(t, 1)
	for format := range checkers {
		text := b.export(t, format)
		if err := certify(t, format, text); err != nil {
			t.Errorf("%s: %v\n%s", format, err, text)
		}
	}
}

func TestAnUnknownFormatIsRefused(t *testing.T) {
	t.Parallel()
	if err := Export(t.Context(), nil, &bytes.Buffer{}, 1, "qif"); !errors.Is(err, ErrFormat) {
		t.Errorf("qif: %v", err)
	}
}

// amountsOf finds every amount posted in a journal: our own reading, since the
// programs pass errors below half a cent.
var amountsOf = map[Format]*regexp.Regexp{
	Hledger:   regexp.MustCompile(`(?m)^    \S+  (-?[0-9.]+) USD = -?[0-9.]+ USD$`),
	LedgerCLI: regexp.MustCompile(`(?m)^    \S+  (-?[0-9.]+) USD = -?[0-9.]+ USD$`),
	Beancount: regexp.MustCompile(`(?m)^  \S+  (-?[0-9.]+) USD$`),
}

func TestSumsAndCountsOfAJournalAreThoseOfTheBooks(t *testing.T) {
	t.Parallel()
	b := busyBooks(t)
	var entries, transactions int
	var debits Amount
	if err := b.db.QueryRow(`SELECT count(*), count(DISTINCT tx_no), -sum(amount) FILTER (WHERE amount < 0) FROM ledger_entries WHERE book_id = $1`, b.book).
		Scan(&entries, &transactions, &debits); err != nil {
		t.Fatal(err)
	}
	for format, pattern := range amountsOf {
		text := b.export(t, format)
		var positive, all Amount
		n := 0
		for _, m := range pattern.FindAllSubmatch(text, -1) {
			a, err := ParseAmount(string(m[1]))
			if err != nil {
				t.Fatalf("%s: %q: %v", format, m[1], err)
			}
			if a.IsZero() {
				continue // a closing assertion
			}
			n++
			all = all.Add(a)
			positive = positive.Add(a.Max(Amount{}))
		}
		if n != entries || positive != debits || !all.IsZero() {
			t.Errorf("%s: %d entries with debits of %s, the books have %d with %s", format, n, positive, entries, debits)
		}
		if got := bytes.Count(text, []byte("seal")) - bytes.Count(text, []byte("tag seal")); got != transactions {
			t.Errorf("%s: %d transactions, the books have %d", format, got, transactions)
		}
		want := fmt.Sprintf("; transactions: %d\n; entries: %d\n; debits: %s USD\n", transactions, entries, debits)
		if !strings.Contains(string(text), want) {
			t.Errorf("%s: the header does not say %q", format, want)
		}
	}
}

func TestHledgerReckonsTheSameBalances(t *testing.T) {
	t.Parallel()
	b := busyBooks(t)
	file := filepath.Join(t.TempDir(), "books.journal")
	if err := os.WriteFile(file, b.export(t, Hledger), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("hledger", "-f", file, "bal", "--flat", "--no-elide", "-E", "-N", "-O", "csv")
	if cmd.Err != nil {
		missing(t, cmd)
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range rows[1:] {
		got[r[0]] = strings.TrimSuffix(r[1], " USD")
	}
	for _, balance := range b.balances(t, Query{}) {
		name := balance.Account.journalName(balance.ID)
		said := got[name]
		if said == "0" || said == "" {
			said = "0.00"
		}
		if want := balance.Amount.Neg().String(); said != want {
			t.Errorf("%s: hledger says %q, the books %q", name, said, want)
		}
	}
}

func TestOneCentIsCaught(t *testing.T) {
	t.Parallel()
	b := busyBooks(t)
	for format := range checkers {
		text := b.export(t, format)
		spots := amountsOf[format].FindAllSubmatchIndex(text, -1)
		for _, i := range []int{0, 1, len(spots) / 2, len(spots) - 1} {
			spoiled := changeCent(text, spots[i][2], spots[i][3])
			if certify(t, format, spoiled) == nil {
				t.Errorf("%s: a cent changed in line %q was not caught", format, text[spots[i][0]:spots[i][1]])
			}
		}
		lines := bytes.SplitAfter(text, []byte("\n"))
		for i, line := range lines {
			if amountsOf[format].Match(bytes.TrimRight(line, "\n")) {
				without := bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil)
				if certify(t, format, without) == nil {
					t.Errorf("%s: a line taken out was not caught: %s", format, line)
				}
				break
			}
		}
	}
}

// changeCent changes the last digit of an amount.
func changeCent(text []byte, from, to int) []byte {
	out := bytes.Clone(text)
	out[to-1] = '0' + (out[to-1]-'0'+1)%10
	return out
}

func TestWhatPeopleTypedNeverReachesAJournal(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 1)
	nasty := "x\n    assets:theft  1.00 USD\n\"  ; {{}} =* \\"
	p := move("key "+nasty, cash, kids[0], 500)
	p.Kind, p.Maker, p.Source, p.Rule, p.Approval = "kind "+nasty, nasty, nasty, nasty, nasty
	q := move("k2", cash, kids[0], 500)
	q.Kind = "kind " + strings.ReplaceAll(nasty, "\n", "\t") // the same once made safe
	b.mustPost(t, p, q)
	for format := range checkers {
		text := b.export(t, format)
		if bytes.Contains(text, []byte("assets:theft")) || bytes.Contains(text, []byte("{{")) {
			t.Errorf("%s: %s", format, text)
		}
		if err := certify(t, format, text); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
	b.sound(t)
}

// TestGoldenJournals keeps journals as an accountant would read them.
func TestGoldenJournals(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	ids := b.ids(t, Account{Chart: CustodialCash, Fund: 1, Custodian: 2}, Account{Chart: FamilyPrincipal, Fund: 1, Child: 7},
		Account{Chart: Uncommitted, Fund: 3}, Account{Chart: DesignatedMatch, Fund: 3, Child: 7, Benefit: "match-2026"},
		Account{Chart: RestrictedCash, Fund: 3})
	b.mustPost(t, move("deposit", ids[0], ids[1], 2500), move("grant", ids[4], ids[2], 100_000))
	match := move("match", ids[2], ids[3], 2500)
	match.Kind, match.Effective = "match", sept.AddDays(5)
	b.mustPost(t, match)
	b.must(t, func(tx *sqlx.Tx) error {
		_, err := Reverse(t.Context(), tx, b.book, noon, Reversal{Key: "back", Of: 1, Effective: sept.AddDays(3)})
		return err
	})
	for format := range checkers {
		got := b.export(t, format)
		file := filepath.Join("testdata", "export."+string(format)+".golden")
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not as in %s:\n%s", format, file, got)
		}
	}
}

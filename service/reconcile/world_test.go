package reconcile

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/custody"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// cityRules match every deposit and take the match back with it.
const cityRules = `
program: {id: city, name: City, currency: USD, time_zone: America/Chicago, rounding: half_up}
calendar: {school_year: 07-01}
versions: [{id: v1, effective_from: 2020-07-01}]
enrollment: {mode: auto_opt_out}
benefits:
  - {id: match, kind: match, basis: gross_deposits, amount: {ratio: 1.00}, caps: {per_period: 30.00}, period: school_year, pay: {when: daily}, funding: {sources: [{fund: CITY}]}, undo: {on_return: reverse_full}}
`

// world is a program with three children and a bank, for tests.
type world struct {
	t        *testing.T
	db       *store.DB
	who      store.Who
	keys     *vault.Keyring
	program  program.Program
	rules    *rules.Book
	city     fund.Fund
	bank     Custodian
	children []family.ChildID
	accounts []string
	at       time.Time
	balance  int64 // what the test's bank has, in cents
	files    int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, db: db, keys: vault.Random(), at: time.Date(2026, 9, 30, 18, 0, 0, 0, time.UTC)}
	if w.rules, err = rules.Parse([]byte(cityRules)); err != nil {
		t.Fatal(err)
	}
	w.who.Actor = "staff/1"
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &w.who.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Riverbend', $1) RETURNING id`, w.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.do(w.build)
	return w
}

func (w *world) build(ctx context.Context, tx *sqlx.Tx) (err error) {
	w.program, err = program.Add(ctx, tx, w.who, program.Program{Code: "city", Name: "City", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, w.at)
	if err != nil {
		return err
	}
	if err := fund.Open(ctx, tx, w.who, w.program, w.at); err != nil {
		return err
	}
	cli := store.Who{Tenant: w.who.Tenant, Actor: "cli"}
	if w.city, err = fund.Add(ctx, tx, cli, w.program, fund.Fund{Code: "CITY", Name: "City", Funder: "City"}, w.at); err != nil {
		return err
	}
	if err := fund.Receive(ctx, tx, cli, w.program, fund.Receipt{Fund: w.city, Kind: fund.Grant, Amount: ledger.Minor(1000_00), On: day("2026-09-01"), Reference: "grant"}, w.at); err != nil {
		return err
	}
	var applications []enroll.Application
	for _, name := range []string{"Ana", "Ben", "Cleo"} {
		ids, err := family.Add(ctx, tx, w.who, w.keys, []family.New{{Children: []family.NewChild{{Person: family.Person{Given: name, Family: "Okonkwo-Reyes", BornOn: ledger.NewDate(2019, 5, 1)}}}}}, w.at)
		if err != nil {
			return err
		}
		w.children, applications = append(w.children, ids[0][0]), append(applications, enroll.Application{Child: ids[0][0], On: day("2026-09-01")})
	}
	if _, err := enroll.Admit(ctx, tx, w.who, w.keys, w.program, w.rules, applications, w.at); err != nil {
		return err
	}
	accounts, err := enroll.Accounts(ctx, tx, w.program.ID, w.children)
	for _, child := range w.children {
		w.accounts = append(w.accounts, accounts[child].String())
	}
	if err != nil {
		return err
	}
	_, err = custody.Add(ctx, tx, w.who, w.keys, w.program, custody.Custodian{Code: "first", Name: "First Bank", Kind: custody.Omnibus, CutOff: "17:00", ValueDays: 1, Federal: true,
		Accounts: []custody.Account{{Number: "12345678", Currency: "USD"}},
		Files:    []custody.FileKind{{Gives: true, Format: "bai2", Expected: "business_day"}, {Gives: true, Format: "nacha", Expected: "on_event"}}}, w.at)
	if err != nil {
		return err
	}
	w.bank, err = CustodianByCode(ctx, tx, w.program.ID, "first")
	return err
}

func day(s string) ledger.Date {
	d, err := ledger.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func (w *world) do(fn func(ctx context.Context, tx *sqlx.Tx) error) {
	w.t.Helper()
	if err := w.try(fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) try(fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	w.t.Helper()
	return w.db.InTx(w.t.Context(), w.who, func(tx *sqlx.Tx) error { return fn(w.t.Context(), tx) })
}

func (w *world) walk() enroll.Walk {
	return enroll.Walk{Who: w.who, Keys: w.keys, Program: w.program, Rules: w.rules, AsOf: w.program.Day(w.at), At: w.at}
}

// movement is a line that the test's bank books: a BAI2 type, cents with the
// bank's sign, its reference, and what it says. value is days until it counts.
type movement struct {
	code  string
	cents int64
	ref   string
	text  string
	value string // yymmdd; "": the same day
}

// statement writes a BAI2 file of one day: the bank's side, by a hand that shares
// nothing with the reader.
func (w *world) statement(on string, moves ...movement) string {
	var b strings.Builder
	opening, control, closing := w.balance, w.balance, w.balance
	short := strings.ReplaceAll(on, "-", "")[2:]
	for _, m := range moves {
		cents, funds := max(m.cents, -m.cents), "0"
		if m.value != "" {
			funds = "V," + m.value + ","
		}
		fmt.Fprintf(&b, "16,%s,%d,%s,%s,,%s\n", m.code, cents, funds, m.ref, m.text)
		control, closing = control+cents, closing+m.cents
	}
	control += closing
	w.balance = closing
	w.files++
	n := len(moves)
	return fmt.Sprintf("01,BANK,CSA,%s,0600,%d,,,2/\n02,CSA,BANK,1,%s,,USD,2/\n03,12345678,USD,010,%d,,,015,%d,,/\n", short, w.files, short, opening, closing) +
		b.String() + fmt.Sprintf("49,%d,%d/\n98,%d,1,%d/\n99,%d,1,%d/\n", control, n+2, control, n+4, control, n+6)
}

// books takes a day's file in and runs over its lines.
func (w *world) books(on string, moves ...movement) Counts {
	w.t.Helper()
	w.take(w.statement(on, moves...))
	return w.run()
}

func (w *world) take(text string) {
	w.t.Helper()
	in, err := custody.Take(w.t.Context(), w.db, w.who, w.keys, w.program, w.bank.Custodian, "day.bai", []byte(text), w.at)
	if err != nil || in.State != custody.Booked {
		w.t.Fatalf("%+v %v", in, err)
	}
}

func (w *world) run() Counts {
	w.t.Helper()
	c, err := Run(w.t.Context(), w.db, w.walk())
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// night runs the awards.
func (w *world) night() {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		for after := family.ChildID(0); ; {
			next, _, err := enroll.AwardChunk(ctx, tx, w.walk(), after)
			if err != nil || next == 0 {
				return err
			}
			after = next
		}
	})
}

// wantBalances compares lines of the chart: "2100 45.00".
func (w *world) wantBalances(want ...string) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		totals, err := ledger.Totals(ctx, tx, w.program.Book, ledger.Query{})
		if err != nil {
			return err
		}
		got := map[string]ledger.Amount{}
		for _, t := range totals {
			k := fmt.Sprint(t.Chart)
			got[k] = got[k].Add(t.Amount)
		}
		for _, one := range want {
			chart, amount, _ := strings.Cut(one, " ")
			if got[chart].String() != amount {
				w.t.Errorf("account %s holds %s, want %s", chart, got[chart], amount)
			}
		}
		return nil
	})
}

func (w *world) openLines() (n int) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		n, err = CountOpen(ctx, tx, w.program.ID)
		return err
	})
	return n
}

// hledger is the journal as an accountant's program reads it, checked strictly.
func (w *world) hledger(args ...string) string {
	w.t.Helper()
	program, err := exec.LookPath("hledger")
	if err != nil {
		if os.Getenv("CI") == "true" {
			w.t.Fatal("hledger is not installed")
		}
		w.t.Skip("NOT TESTED: hledger is not installed (apt-get install hledger)")
	}
	var journal strings.Builder
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		return ledger.Export(ctx, tx, &journal, w.program.Book, ledger.Hledger)
	})
	for _, a := range [][]string{{"--strict", "check"}, args} {
		cmd := exec.CommandContext(w.t.Context(), program, append([]string{"-f", "-"}, a...)...)
		cmd.Stdin = strings.NewReader(journal.String())
		out, err := cmd.CombinedOutput()
		if err != nil {
			w.t.Fatalf("hledger %v: %v\n%s", a, err, out)
		}
		if a[0] != "--strict" {
			return string(out)
		}
	}
	return ""
}

func deposit(ref string, child family.ChildID, cents int64, on string) savings.Deposit {
	return savings.Deposit{Reference: ref, Child: child, Amount: ledger.Minor(cents), On: day(on), Channel: "payroll"}
}

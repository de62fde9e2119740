package statement

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// world is a program with children who save, for tests.
type world struct {
	t       testing.TB
	db      *store.DB
	who     store.Who
	keys    *vault.Keyring
	program program.Program
	rules   *rules.Book
	funds   map[string]fund.Fund
	child   []family.ChildID
	at      time.Time
}

// enrolled is the day on which the children of these tests began.
var enrolled = ledger.NewDate(2026, time.July, 1)

func newWorld(t testing.TB, children int) *world {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	keys, err := vault.New(make([]byte, 32), []byte("an index key of thirty-two bytes"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, keys: keys, funds: map[string]fund.Fund{}, at: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)}
	w.who.Actor = "test"
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &w.who.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Riverbend', $1) RETURNING id`, w.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.setUp()
	w.enroll(children)
	return w
}

func (w *world) setUp() {
	w.t.Helper()
	source, err := os.ReadFile(filepath.Join("testdata", "riverbend.yaml"))
	if err != nil {
		w.t.Fatal(err)
	}
	var hash string
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		w.program, err = program.Add(ctx, tx, w.who, program.Program{
			Code: "riverbend", Name: "Riverbend Children's Savings", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, w.at)
		if err != nil {
			return err
		}
		if err := fund.Open(ctx, tx, w.who, w.program, w.at); err != nil {
			return err
		}
		for _, f := range []fund.Fund{{Code: "CITY", Name: "City seed fund", Funder: "City of Riverbend"}, {Code: "SMITH", Name: "Smith fund", Funder: "Smith Family Foundation"}, {Code: "BANK", Name: "Bank fund", Funder: "Riverbend Community Bank"}} {
			added, err := fund.Add(ctx, tx, w.who, w.program, f, w.at)
			if err != nil {
				return err
			}
			w.funds[f.Code] = added
		}
		hash, err = program.Draft(ctx, tx, w.who, w.program.ID, source, w.at)
		return err
	})
	w.receive("CITY", "10000")
	w.receive("SMITH", "10000")
	checker := store.Who{Tenant: w.who.Tenant, Actor: "checker"}
	err = w.db.InTx(w.t.Context(), checker, func(tx *sqlx.Tx) (err error) {
		if err := program.Approve(w.t.Context(), tx, checker, w.program.ID, hash, w.at); err != nil {
			return err
		}
		w.rules, err = program.Rules(w.t.Context(), tx, w.program.ID)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) receive(code, amount string) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		return fund.Receive(ctx, tx, w.who, w.program, fund.Receipt{Fund: w.funds[code], Kind: fund.Grant, Amount: dollars(w.t, amount), On: enrolled, Reference: "grant " + amount}, w.at)
	})
}

func (w *world) enroll(n int) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		families := make([]family.New, n)
		for i := range families {
			families[i].Children = []family.NewChild{{Person: family.Person{Given: "María José", Family: "Núñez-García", BornOn: ledger.NewDate(2019, 5, 1+i)}, Language: "es"}}
		}
		ids, err := family.Add(ctx, tx, w.who, w.keys, families, w.at)
		if err != nil {
			return err
		}
		var applications []enroll.Application
		for _, f := range ids {
			w.child = append(w.child, f...)
			applications = append(applications, enroll.Application{Child: f[0], On: enrolled})
		}
		_, err = enroll.Admit(ctx, tx, w.who, w.keys, w.program, w.rules, applications, w.at)
		return err
	})
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

func (w *world) walk(on string) enroll.Walk {
	return enroll.Walk{Who: w.who, Keys: w.keys, Program: w.program, Rules: w.rules, AsOf: day(w.t, on), At: w.at}
}

func (w *world) award(on string) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, _, err := enroll.AwardChunk(ctx, tx, w.walk(on), 0)
		return err
	})
}

// deposit posts one; child −1 is nobody's.
func (w *world) deposit(reference string, child int, amount, on, channel string) {
	w.t.Helper()
	d := savings.Deposit{Reference: reference, Amount: dollars(w.t, amount), On: day(w.t, on), Channel: channel}
	if child >= 0 {
		d.Child = w.child[child]
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := savings.PostDeposits(ctx, tx, w.who, w.program, []savings.Deposit{d}, 0, w.at)
		return err
	})
}

func (w *world) depositID(ctx context.Context, tx *sqlx.Tx, reference string) savings.DepositID {
	id, err := savings.DepositByReference(ctx, tx, w.program.ID, reference)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) bounce(reference, on string) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		return enroll.ReturnDeposit(ctx, tx, w.walk(on), savings.BankReturn{Deposit: w.depositID(ctx, tx, reference), On: day(w.t, on), Code: "R01"})
	})
}

func (w *world) identify(reference string, child int, on string) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		return savings.Identify(ctx, tx, w.who, w.program, savings.Identification{Deposit: w.depositID(ctx, tx, reference), Child: w.child[child], On: day(w.t, on)}, w.at)
	})
}

func (w *world) span(name string) Span {
	w.t.Helper()
	s, err := ParseSpan(name)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// issue makes the statements of a period for every child, on a day.
func (w *world) issue(period, today string) int {
	w.t.Helper()
	n, err := w.tryIssue(period, today)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) tryIssue(period, today string) (total int, err error) {
	w.t.Helper()
	span := w.span(period)
	err = w.try(func(ctx context.Context, tx *sqlx.Tx) error {
		for after := family.ChildID(0); ; {
			last, n, err := IssueChunk(ctx, tx, w.who, w.keys, w.program, span, after, day(w.t, today), day(w.t, today).Time().Add(9*time.Hour))
			if err != nil || last == 0 {
				return err
			}
			after, total = last, total+n
		}
	})
	return total, err
}

// drawn draws a child's statement.
func (w *world) drawn(child int, period string) Drawn {
	w.t.Helper()
	d, err := w.tryDraw(child, period)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func (w *world) tryDraw(child int, period string) (d Drawn, err error) {
	w.t.Helper()
	err = w.try(func(ctx context.Context, tx *sqlx.Tx) error {
		issued, err := Find(ctx, tx, w.program.ID, w.child[child], period)
		if err != nil {
			return err
		}
		all, err := Draw(ctx, tx, w.who, w.keys, w.program, []Issued{issued})
		if err == nil {
			d = all[0]
		}
		return err
	})
	return d, err
}

// said is a list of lines, each in a few words.
func said(lines []Line) (out []string) {
	for _, l := range lines {
		late := ""
		if l.Late {
			late = " late"
		}
		out = append(out, fmt.Sprintf("%s %s %s%s", l.On, l.Kind, l.Amount, late))
	}
	return out
}

func dollars(t testing.TB, s string) ledger.Amount {
	t.Helper()
	a, err := ledger.ParseAmount(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func day(t testing.TB, s string) ledger.Date {
	t.Helper()
	d, err := ledger.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func wantError(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

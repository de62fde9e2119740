package payout_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/countersign"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/payout"
	"seedbook/service/program"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// schoolRules are a city's: a seed of 50 and a match 1:1, of which a withdrawal
// for anything but school costs its share; school is paid from the program's
// money first, once somebody saw the bill.
const schoolRules = `
program: {id: city, name: City, currency: USD, time_zone: America/Chicago, rounding: half_up, leap_day: feb_28}
calendar: {school_year: 07-01}
versions: [{id: v1, effective_from: 2026-07-01}]
enrollment: {mode: auto_opt_out}
benefits:
  - id: seed
    kind: seed
    trigger: event(enrolled)
    amount: {fixed: 50.00}
    period: once
    funding: {sources: [{fund: CITY}]}
  - id: match
    kind: match
    basis: gross_deposits
    amount: {ratio: 1.00}
    caps: {per_period: 100.00}
    period: school_year
    funding: {sources: [{fund: SMITH}]}
    undo: {on_return: reverse_full, on_withdrawal: repay_share, withdrawals: nonqualified}
withdrawal:
  order: program_first
  qualified: [tuition, books]
  payee: either
  evidence: [bill]
  nonqualified: family_only
exit:
  - {on: leaves_area, program_money: forfeit, family_money: return, participation: ends}
  - {on: death, program_money: forfeit, family_money: estate}
`

// town is a program with a child, Ana, who has 50.00 of seed, saved 40.00 and was
// matched 40.00; with an operator and two approvers.
type town struct {
	t                      *testing.T
	db                     *store.DB
	keys                   *vault.Keyring
	cli                    store.Who
	program                program.Program
	ana                    family.ChildID
	maker, checker, second countersign.Desk
	at                     time.Time
	on                     ledger.Date
}

func newTown(t *testing.T, rules string) *town {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &town{t: t, db: db, keys: vault.Random(), at: time.Date(2026, 9, 10, 15, 0, 0, 0, time.UTC), on: ledger.NewDate(2026, 9, 10)}
	tenant, err := auth.AddTenant(t.Context(), db, "Riverbend", w.at)
	if err != nil {
		t.Fatal(err)
	}
	w.cli = store.Who{Tenant: tenant, Actor: "cli"}
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error { return w.found(ctx, tx, rules) })
	w.hire()
	w.ana = w.child("Ana")
	w.deposit("D1", "40.00", w.on.AddDays(-3))
	w.night()
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := fund.Settle(ctx, tx, w.cli, w.program, w.on, w.at)
		return err
	})
	return w
}

func (w *town) found(ctx context.Context, tx *sqlx.Tx, rules string) (err error) {
	p := program.Program{Code: "city", Name: "City", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}
	if w.program, err = program.Add(ctx, tx, w.cli, p, w.at); err != nil {
		return err
	}
	if err := fund.Open(ctx, tx, w.cli, w.program, w.at); err != nil {
		return err
	}
	for _, code := range []string{"CITY", "SMITH"} {
		f, err := fund.Add(ctx, tx, w.cli, w.program, fund.Fund{Code: code, Name: code, Funder: code}, w.at)
		if err != nil {
			return err
		}
		if err := fund.Receive(ctx, tx, w.cli, w.program, fund.Receipt{Fund: f, Kind: fund.Grant, Amount: ledger.Minor(10_000_00), On: w.on.AddDays(-40), Reference: "grant " + code}, w.at); err != nil {
			return err
		}
	}
	hash, err := program.Draft(ctx, tx, w.cli, w.program.ID, []byte(rules), w.at)
	if err != nil {
		return err
	}
	return program.Approve(ctx, tx, store.Who{Tenant: w.cli.Tenant, Actor: "other"}, w.program.ID, hash, w.at)
}

func (w *town) hire() {
	add := func(email string, role auth.Role) (d countersign.Desk) {
		w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
			id, err := auth.AddStaff(ctx, tx, w.cli, w.keys, auth.NewAccount{Email: email, Name: "Somebody", Roles: []auth.Role{role}}, w.at)
			if err != nil {
				return err
			}
			d = countersign.Desk{Principal: auth.Principal{Tenant: w.cli.Tenant, Account: id, Roles: []auth.Role{role}}, Keys: w.keys, At: w.at}
			return tx.GetContext(ctx, &d.Staff, `SELECT staff_id FROM staff_accounts WHERE id = $1`, id)
		})
		return d
	}
	w.maker, w.checker, w.second = add("maker@city.test", auth.Operator), add("checker@city.test", auth.Approver), add("second@city.test", auth.Approver)
}

// later moves everybody's clock.
func (w *town) later(d time.Duration) {
	w.at = w.at.Add(d)
	w.on = w.program.Day(w.at)
	w.maker.At, w.checker.At, w.second.At = w.at, w.at, w.at
}

func (w *town) try(who store.Who, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	w.t.Helper()
	return w.db.InTx(w.t.Context(), who, func(tx *sqlx.Tx) error { return fn(w.t.Context(), tx) })
}

func (w *town) do(who store.Who, fn func(ctx context.Context, tx *sqlx.Tx) error) {
	w.t.Helper()
	if err := w.try(who, fn); err != nil {
		w.t.Fatal(err)
	}
}

// walk does something with a walk of a person's.
func (w *town) walk(d countersign.Desk, fn func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error) error {
	w.t.Helper()
	return w.try(d.Who(), func(ctx context.Context, tx *sqlx.Tx) error {
		walk, err := countersign.Walk(ctx, tx, d, w.program)
		if err != nil {
			return err
		}
		return fn(ctx, tx, walk)
	})
}

func (w *town) must(d countersign.Desk, fn func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error) {
	w.t.Helper()
	if err := w.walk(d, fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) child(given string) (id family.ChildID) {
	w.t.Helper()
	clerk := countersign.Desk{Principal: auth.Principal{Tenant: w.cli.Tenant}, Keys: w.keys, At: w.at}
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		ids, err := family.Add(ctx, tx, w.cli, w.keys, []family.New{{Children: []family.NewChild{{Person: family.Person{Given: given, Family: "Test", BornOn: ledger.NewDate(2008, 5, 1)}}}}}, w.at)
		if err != nil {
			return err
		}
		id = ids[0][0]
		walk, err := countersign.Walk(ctx, tx, clerk, w.program)
		if err != nil {
			return err
		}
		_, err = enroll.Admit(ctx, tx, w.cli, w.keys, w.program, walk.Rules, []enroll.Application{{Child: id, On: ledger.NewDate(2026, 8, 15)}}, w.at)
		return err
	})
	return id
}

func (w *town) deposit(reference, amount string, on ledger.Date) {
	w.t.Helper()
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		d := savings.Deposit{Reference: reference, Child: w.ana, Amount: money(w.t, amount), On: on, Channel: "ach"}
		_, err := savings.PostDeposits(ctx, tx, w.cli, w.program, []savings.Deposit{d}, 0, w.at)
		return err
	})
}

// night runs the awards over everybody.
func (w *town) night() {
	w.t.Helper()
	clerk := countersign.Desk{Principal: auth.Principal{Tenant: w.cli.Tenant}, Keys: w.keys, At: w.at}
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		walk, err := countersign.Walk(ctx, tx, clerk, w.program)
		for next := family.ChildID(0); err == nil; {
			if next, _, err = enroll.AwardChunk(ctx, tx, walk, next); next == 0 {
				break
			}
		}
		return err
	})
}

// agree has an approver approve what waits about a subject.
func (w *town) agree(d countersign.Desk, id approval.ID) error {
	w.t.Helper()
	return w.try(d.Who(), func(ctx context.Context, tx *sqlx.Tx) error {
		r, err := approval.Load(ctx, tx, id)
		if err != nil {
			return err
		}
		_, err = countersign.Approve(ctx, tx, d, id, r.Hash, "")
		return err
	})
}

func (w *town) must1(d countersign.Desk, id approval.ID) {
	w.t.Helper()
	if err := w.agree(d, id); err != nil {
		w.t.Fatal(err)
	}
}

// payee enters a payee and has it verified.
func (w *town) payee(n payout.NewPayee) (id payout.PayeeID) {
	w.t.Helper()
	var request approval.ID
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) (err error) {
		if id, err = payout.AddPayee(ctx, tx, walk, n, "The school's letter."); err != nil {
			return err
		}
		r, err := approval.Open(ctx, tx, approval.Payee, "payee/"+itoa(int64(id)))
		request = r.ID
		return err
	})
	w.must1(w.checker, request)
	return id
}

var college = payout.NewPayee{Kind: payout.Institution, Name: "Riverbend College", Route: payout.Route{Method: payout.ByACH, Routing: "091000019", Account: "123456789"}}

// asked asks for money and hands in what the rule book asks for.
func (w *town) asked(a payout.Asking) (id payout.ID) {
	w.t.Helper()
	if a.Child == 0 {
		a.Child = w.ana
	}
	if a.Origin == "" {
		a.Origin = payout.ByStaff
	}
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) (err error) {
		e, err := payout.Foresee(ctx, tx, walk, a)
		if err != nil {
			return err
		}
		if id, err = payout.Ask(ctx, tx, walk, a); err != nil {
			return err
		}
		for _, code := range e.Evidence {
			if err := payout.SeePaper(ctx, tx, walk, id, payout.Paper{Evidence: code, Note: "Seen at the counter."}); err != nil {
				return err
			}
		}
		return nil
	})
	return id
}

// approved asks for money and sees it through the approval.
func (w *town) approved(a payout.Asking) payout.ID {
	w.t.Helper()
	id := w.asked(a)
	w.must1(w.checker, w.reviewed(id))
	return id
}

func (w *town) reviewed(id payout.ID) (request approval.ID) {
	w.t.Helper()
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) (err error) {
		request, err = payout.Review(ctx, tx, walk, id, "All there.")
		return err
	})
	return request
}

func (w *town) load(id payout.ID) (o payout.Withdrawal) {
	w.t.Helper()
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		o, err = payout.Load(ctx, tx, w.program.ID, id)
		return err
	})
	return o
}

// posted are the entries of a child's withdrawal as an accountant reads them:
// "2100 FAMILY -40.00", without the order.
func (w *town) posted(kind string) (out []string) {
	w.t.Helper()
	const query = `
		SELECT a.chart || ' ' || f.code || ' ' || e.amount
		FROM ledger_transactions t
		JOIN ledger_entries e ON e.book_id = t.book_id AND e.tx_no = t.no
		JOIN ledger_accounts a ON a.book_id = e.book_id AND a.id = e.account_id
		JOIN funds f ON f.id = a.fund_id
		WHERE t.book_id = $1 AND t.kind = $2 ORDER BY t.no, a.chart, f.code`
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &out, query, w.program.Book, kind)
	})
	return out
}

// books says that postings of a kind are exactly these entries.
func (w *town) books(kind string, want ...string) {
	w.t.Helper()
	if got := w.posted(kind); strings.Join(got, "; ") != strings.Join(want, "; ") {
		w.t.Errorf("%s:\n got %s\nwant %s", kind, strings.Join(got, "; "), strings.Join(want, "; "))
	}
}

// holds says what stands on lines of the chart in all.
func (w *town) holds(what, want string, charts ...ledger.Chart) {
	w.t.Helper()
	var sum ledger.Amount
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		all, err := ledger.Balances(ctx, tx, w.program.Book, ledger.Query{Charts: charts})
		for _, b := range all {
			sum = sum.Add(b.Amount)
		}
		return err
	})
	if sum.String() != want {
		w.t.Errorf("%s: %s, want %s", what, sum, want)
	}
}

// sound has the books checked by our own verification and by a program that we
// did not write; it returns the journal that hledger agreed with.
func (w *town) sound() string {
	w.t.Helper()
	var journal bytes.Buffer
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		report, err := ledger.Verify(ctx, tx, w.program.Book, nil)
		if err != nil {
			return err
		}
		if !report.OK() {
			w.t.Errorf("the books are wrong: %v", report.Findings)
		}
		return ledger.Export(ctx, tx, &journal, w.program.Book, ledger.Hledger)
	})
	hledger, err := exec.LookPath("hledger")
	if err != nil {
		if os.Getenv("CI") == "true" {
			w.t.Fatal("hledger is not installed")
		}
		return journal.String()
	}
	path := filepath.Join(w.t.TempDir(), "books.hledger")
	if err := os.WriteFile(path, journal.Bytes(), 0o600); err != nil {
		w.t.Fatal(err)
	}
	out, err := exec.CommandContext(w.t.Context(), hledger, "--strict", "-f", path, "check", "accounts", "commodities", "assertions", "ordereddates", "payees").CombinedOutput()
	if err != nil {
		w.t.Errorf("hledger: %v\n%s", err, out)
	}
	return journal.String()
}

func money(t *testing.T, s string) ledger.Amount {
	t.Helper()
	a, err := ledger.ParseAmount(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

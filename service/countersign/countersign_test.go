package countersign

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

const cityRules = `
program: {id: city, name: City, currency: USD, time_zone: America/Chicago, rounding: half_up, leap_day: feb_28}
calendar: {school_year: 07-01}
versions: [{id: v1, effective_from: 2026-07-01}]
enrollment: {mode: auto_opt_out}
benefits:
  - id: match
    kind: match
    basis: gross_deposits
    amount: {ratio: 1.00}
    caps: {per_period: 100.00}
    period: school_year
    funding: {sources: [{fund: CITY}]}
`

// town is a program with two children, Ana and Leo, an operator who has an
// approver's account too, and two approvers.
type town struct {
	t                        *testing.T
	db                       *store.DB
	keys                     *vault.Keyring
	cli                      store.Who
	program                  program.Program
	ana, leo                 family.ChildID
	maker, makerToo, checker Desk
	second                   Desk
	at                       time.Time
	on                       ledger.Date
}

func newTown(t *testing.T) *town {
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
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		p := program.Program{Code: "city", Name: "City", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}
		if w.program, err = program.Add(ctx, tx, w.cli, p, w.at); err != nil {
			return err
		}
		if err := fund.Open(ctx, tx, w.cli, w.program, w.at); err != nil {
			return err
		}
		city, err := fund.Add(ctx, tx, w.cli, w.program, fund.Fund{Code: "CITY", Name: "City", Funder: "City"}, w.at)
		if err != nil {
			return err
		}
		if err := fund.Receive(ctx, tx, w.cli, w.program, fund.Receipt{Fund: city, Kind: fund.Grant, Amount: ledger.Minor(10_000_00), On: w.on, Reference: "grant"}, w.at); err != nil {
			return err
		}
		hash, err := program.Draft(ctx, tx, w.cli, w.program.ID, []byte(cityRules), w.at)
		if err != nil {
			return err
		}
		return program.Approve(ctx, tx, store.Who{Tenant: tenant, Actor: "other"}, w.program.ID, hash, w.at)
	})
	w.hire()
	w.ana, w.leo = w.child("Ana"), w.child("Leo")
	return w
}

func (w *town) hire() {
	w.t.Helper()
	add := func(email string, staff auth.StaffID, role auth.Role) Desk {
		var d Desk
		w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
			id, err := auth.AddStaff(ctx, tx, w.cli, w.keys, auth.NewAccount{Email: email, Name: "Somebody", Staff: staff, Roles: []auth.Role{role}}, w.at)
			if err != nil {
				return err
			}
			err = tx.GetContext(ctx, &staff, `SELECT staff_id FROM staff_accounts WHERE id = $1`, id)
			d = Desk{Principal: auth.Principal{Tenant: w.cli.Tenant, Staff: staff, Account: id, Roles: []auth.Role{role}}, Keys: w.keys, At: w.at}
			return err
		})
		return d
	}
	w.maker = add("maker@city.test", 0, auth.Operator)
	w.makerToo = add("maker-too@city.test", w.maker.Staff, auth.Approver)
	w.checker = add("checker@city.test", 0, auth.Approver)
	w.second = add("second@city.test", 0, auth.Approver)
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

func (w *town) child(given string) (id family.ChildID) {
	w.t.Helper()
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		person := family.Person{Given: given, Family: "Test", BornOn: ledger.NewDate(2019, 5, 1)}
		ids, err := family.Add(ctx, tx, w.cli, w.keys, []family.New{{Children: []family.NewChild{{Person: person}}}}, w.at)
		if err != nil {
			return err
		}
		id = ids[0][0]
		walk, err := Walk(ctx, tx, Desk{Principal: auth.Principal{Tenant: w.cli.Tenant}, Keys: w.keys, At: w.at}, w.program)
		if err != nil {
			return err
		}
		_, err = enroll.Admit(ctx, tx, w.cli, w.keys, w.program, walk.Rules, []enroll.Application{{Child: id, On: ledger.NewDate(2026, 8, 15)}}, w.at)
		return err
	})
	return id
}

func (w *town) money(s string) ledger.Amount {
	w.t.Helper()
	a, err := ledger.ParseAmount(s)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *town) deposit(reference string, child family.ChildID, amount string, on ledger.Date) (id savings.DepositID) {
	w.t.Helper()
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		d := savings.Deposit{Reference: reference, Child: child, Amount: w.money(amount), On: on, Channel: "cash"}
		if _, err = savings.PostDeposits(ctx, tx, w.cli, w.program, []savings.Deposit{d}, 0, w.at); err != nil {
			return err
		}
		id, err = savings.DepositByReference(ctx, tx, w.program.ID, reference)
		return err
	})
	return id
}

// night runs the awards.
func (w *town) night() {
	w.t.Helper()
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		walk, err := Walk(ctx, tx, w.checker, w.program)
		walk.Who = w.cli
		for after := family.ChildID(0); err == nil; {
			if after, _, err = enroll.AwardChunk(ctx, tx, walk, after); after == 0 {
				break
			}
		}
		return err
	})
}

func (w *town) holds(what string, child family.ChildID, own, awarded string) {
	w.t.Helper()
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		m, err := enroll.MoneyOf(ctx, tx, w.program, []family.ChildID{child})
		if got := m[child]; got.Own != w.money(own) || got.Program != w.money(awarded) {
			w.t.Errorf("%s: %s own and %s awarded, want %s and %s", what, got.Own, got.Program, own, awarded)
		}
		return err
	})
}

func (w *town) ask(c savings.Correction) (r approval.Request) {
	w.t.Helper()
	w.do(w.maker.Who(), func(ctx context.Context, tx *sqlx.Tx) error {
		id, err := ProposeCorrection(ctx, tx, w.maker, w.program, c, "The slip says so.")
		if err != nil {
			return err
		}
		r, err = approval.Load(ctx, tx, id)
		return err
	})
	return r
}

func (w *town) approve(by Desk, r approval.Request) (done Done, err error) {
	w.t.Helper()
	err = w.try(by.Who(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		done, err = Approve(ctx, tx, by, r.ID, r.Hash, "")
		return err
	})
	return done, err
}

// sound re-derives the books.
func (w *town) sound() {
	w.t.Helper()
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		found, err := ledger.Verify(ctx, tx, w.program.Book, nil)
		if err == nil && !found.OK() {
			w.t.Errorf("the books: %v", found.Findings)
		}
		return err
	})
}

func TestTheWrongChildsDepositGoesToTheRightOneWithWhatItEarned(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	id := w.deposit("D1", w.ana, "40.00", w.on.AddDays(-3))
	w.deposit("D2", w.ana, "5.00", w.on.AddDays(-2))
	w.night()
	w.holds("before", w.ana, "45.00", "45.00")
	c := savings.Correction{Deposit: id, Mistake: savings.WrongChild, Child: w.leo, Amount: w.money("40.00"), On: w.on.AddDays(-3)}
	r := w.ask(c)
	says, err := r.Says()
	if err != nil || len(says.Effects) != 4 || says.Affected != 2 || says.Total != w.money("120.00") || !says.Difference.IsZero() {
		t.Errorf("asked for: %+v %v", says, err)
	}
	for name, refused := range map[string]struct {
		by   Desk
		want error
	}{"who asked": {w.maker, approval.ErrSamePerson}, "who asked, as an approver": {w.makerToo, approval.ErrSamePerson}} {
		if _, err := w.approve(refused.by, r); !errors.Is(err, refused.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.holds("nothing moved", w.ana, "45.00", "45.00")
	if done, err := w.approve(w.checker, r); err != nil || done.Outcome != approval.Enough {
		t.Fatal(done, err)
	}
	w.holds("the wrong child", w.ana, "5.00", "5.00")
	w.holds("the right child, before the run", w.leo, "40.00", "0.00")
	w.night()
	w.holds("the right child", w.leo, "40.00", "40.00")
	w.holds("the wrong child still", w.ana, "5.00", "5.00")
	if _, err := w.approve(w.second, r); !errors.Is(err, approval.ErrDecided) {
		t.Errorf("again: %v", err)
	}
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		again := savings.Deposit{Reference: "D1", Child: w.ana, Amount: w.money("40.00"), On: w.on.AddDays(-3), Channel: "cash"}
		outcomes, err := savings.PostDeposits(ctx, tx, w.cli, w.program, []savings.Deposit{again}, 0, w.at)
		if outcomes[0] != savings.Repeated {
			t.Errorf("the file with the mistake, again: %s", outcomes[0])
		}
		no, _, err2 := ledger.TransactionByKey(ctx, tx, w.program.Book, "deposit/"+"1"+"/D1")
		entries, err3 := ledger.Transaction(ctx, tx, w.program.Book, no)
		if len(entries) != 2 || entries[0].ReversedBy == 0 {
			t.Errorf("the original: %+v", entries)
			return errors.Join(err, err2, err3)
		}
		back, err4 := ledger.Transaction(ctx, tx, w.program.Book, entries[0].ReversedBy)
		if want := r.ID.Ref() + " " + w.checker.Who().Actor; len(back) != 2 || back[0].Approval != want || back[0].Maker != w.maker.Who().Actor {
			t.Errorf("its reversal: %+v", back)
		}
		return errors.Join(err, err2, err3, err4)
	})
	w.sound()
}

func TestAWrongAmountAndAWrongDateAreCorrected(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	id := w.deposit("D1", w.ana, "41.00", w.on.AddDays(-3))
	w.night()
	r := w.ask(savings.Correction{Deposit: id, Mistake: savings.WrongAmount, Child: w.ana, Amount: w.money("14.00"), On: w.on.AddDays(-3)})
	if _, err := w.approve(w.checker, r); err != nil {
		t.Fatal(err)
	}
	w.holds("less", w.ana, "14.00", "14.00")
	var next savings.DepositID
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := tx.GetContext(ctx, &next, `SELECT id FROM deposits WHERE corrects = $1`, id); err != nil {
			return err
		}
		return ledger.ClosePeriod(ctx, tx, w.program.Book, w.at, ledger.PeriodLock{Through: w.on.AddDays(-1), Maker: "cli", Reason: "month"})
	})
	// The second correction is about a day in a closed period, before the school year.
	early := ledger.NewDate(2026, 6, 20)
	r = w.ask(savings.Correction{Deposit: next, Mistake: savings.WrongDate, Child: w.ana, Amount: w.money("14.00"), On: early})
	if _, err := w.approve(w.checker, r); err != nil {
		t.Fatal(err)
	}
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		var no ledger.TxNo
		if err := tx.GetContext(ctx, &no, `SELECT tx_no FROM deposits WHERE corrects = $1`, next); err != nil {
			return err
		}
		entries, err := ledger.Transaction(ctx, tx, w.program.Book, no)
		if len(entries) != 2 || entries[0].Effective != w.on || entries[0].Concerns != early {
			t.Errorf("booked as %+v", entries)
		}
		return err
	})
	w.holds("same money", w.ana, "14.00", "0.00")
	w.sound()
}

func TestAnIdentifiedDepositGoesBackToSuspenseWhole(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	id := w.deposit("D1", 0, "40.00", w.on.AddDays(-5))
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		return savings.Identify(ctx, tx, w.cli, w.program, savings.Identification{Deposit: id, Child: w.ana, On: w.on.AddDays(-1)}, w.at)
	})
	r := w.ask(savings.Correction{Deposit: id, Mistake: savings.WrongChild, Amount: w.money("40.00"), On: w.on.AddDays(-5)})
	if _, err := w.approve(w.checker, r); err != nil {
		t.Fatal(err)
	}
	w.holds("not hers", w.ana, "0.00", "0.00")
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		held, err := savings.InSuspense(ctx, tx, w.program.ID, 0, 10)
		if len(held) != 1 || held[0].Amount != w.money("40.00") {
			t.Errorf("in suspense: %+v", held)
		}
		return err
	})
	w.sound()
}

func TestWhatChangedSinceItWasAskedForIsLookedAtAnew(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	id := w.deposit("D1", w.ana, "40.00", w.on.AddDays(-3))
	r := w.ask(savings.Correction{Deposit: id, Mistake: savings.WrongChild, Child: w.leo, Amount: w.money("40.00"), On: w.on.AddDays(-3)})
	w.deposit("D2", w.leo, "75.00", w.on.AddDays(-2)) // now the cap cuts what the correction brings
	done, err := w.approve(w.checker, r)
	if err != nil || done.Outcome != approval.Renewed {
		t.Fatalf("changed: %+v %v", done, err)
	}
	w.holds("nothing moved", w.ana, "40.00", "0.00")
	if _, err := w.approve(w.checker, r); !errors.Is(err, approval.ErrChanged) {
		t.Errorf("the page from before: %v", err)
	}
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		r, err = approval.Load(ctx, tx, r.ID)
		return err
	})
	if done, err := w.approve(w.checker, r); err != nil || done.Outcome != approval.Enough {
		t.Fatal(done, err)
	}
	w.holds("moved", w.leo, "115.00", "0.00")
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		return bounce(ctx, tx, w, "D2")
	})
}

func bounce(ctx context.Context, tx *sqlx.Tx, w *town, reference string) error {
	id, err := savings.DepositByReference(ctx, tx, w.program.ID, reference)
	if err != nil {
		return err
	}
	_, err = savings.Return(ctx, tx, w.cli, w.program, savings.BankReturn{Deposit: id, On: w.on, Code: "R01"}, w.at)
	return err
}

func TestWhatCannotBeCorrectedIsRefusedWhenAsked(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	id := w.deposit("D1", w.ana, "40.00", w.on.AddDays(-3))
	back := w.deposit("D2", w.leo, "9.00", w.on.AddDays(-3))
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error { return bounce(ctx, tx, w, "D2") })
	good := savings.Correction{Deposit: id, Mistake: savings.WrongChild, Child: w.leo, Amount: w.money("40.00"), On: w.on.AddDays(-3)}
	change := func(fn func(c *savings.Correction)) savings.Correction { c := good; fn(&c); return c }
	for name, bad := range map[string]struct {
		c    savings.Correction
		want error
	}{
		"nothing wrong":    {change(func(c *savings.Correction) { c.Child = w.ana }), savings.ErrNothingWrong},
		"a stranger":       {change(func(c *savings.Correction) { c.Child = 999 }), savings.ErrNoChild},
		"no amount":        {change(func(c *savings.Correction) { c.Amount = ledger.Amount{} }), savings.ErrAmount},
		"no such deposit":  {change(func(c *savings.Correction) { c.Deposit = 999 }), savings.ErrNoDeposit},
		"returned already": {change(func(c *savings.Correction) { c.Deposit = back }), savings.ErrDepositState},
	} {
		err := w.try(w.maker.Who(), func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := ProposeCorrection(ctx, tx, w.maker, w.program, bad.c, "why")
			return err
		})
		if !errors.Is(err, bad.want) {
			t.Errorf("%s: %v, want %v", name, err, bad.want)
		}
	}
	r := w.ask(good)
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error { return bounce(ctx, tx, w, "D1") })
	if _, err := w.approve(w.checker, r); !errors.Is(err, savings.ErrDepositState) {
		t.Errorf("returned meanwhile: %v", err)
	}
}

func TestAPersonsReceiptAndFundWaitForAnother(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	e := fund.Entering{Fund: "CITY", Kind: fund.Grant, Amount: w.money("500.00"), On: w.on, Reference: "wire 7"}
	err := w.try(w.maker.Who(), func(ctx context.Context, tx *sqlx.Tx) error {
		return fund.ReceiveApproved(ctx, tx, w.maker.Who(), w.program, e, "", w.at)
	})
	if !errors.Is(err, approval.ErrNeeded) {
		t.Errorf("by hand and alone: %v", err)
	}
	ask := func(propose func(ctx context.Context, tx *sqlx.Tx) (approval.ID, error)) (r approval.Request) {
		w.do(w.maker.Who(), func(ctx context.Context, tx *sqlx.Tx) error {
			id, err := propose(ctx, tx)
			if err != nil {
				return err
			}
			r, err = approval.Load(ctx, tx, id)
			return err
		})
		return r
	}
	r := ask(func(ctx context.Context, tx *sqlx.Tx) (approval.ID, error) {
		return fund.ProposeReceipt(ctx, tx, w.maker.Who(), w.program, e, "The bank's advice of today.", w.at)
	})
	if _, err := w.approve(w.makerToo, r); !errors.Is(err, approval.ErrSamePerson) {
		t.Errorf("own person: %v", err)
	}
	if _, err := w.approve(w.checker, r); err != nil {
		t.Fatal(err)
	}
	f := ask(func(ctx context.Context, tx *sqlx.Tx) (approval.ID, error) {
		return fund.ProposeFund(ctx, tx, w.maker.Who(), w.program, fund.Opening{Code: "SMITH", Name: "Smith", Funder: "Smith family", Purpose: "Harbor View only"}, "Letter of 1 September.", w.at)
	})
	if _, err := w.approve(w.checker, f); err != nil {
		t.Fatal(err)
	}
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		available, err := fund.Available(ctx, tx, w.program, w.at)
		city, err2 := fund.ByCode(ctx, tx, w.program.ID, "CITY")
		smith, err3 := fund.ByCode(ctx, tx, w.program.ID, "SMITH")
		if available[city.ID] != w.money("10500.00") || smith.Purpose != "Harbor View only" {
			t.Errorf("after approval: %s available, %+v", available[city.ID], smith)
		}
		_, err4 := fund.ReceiptContent(ctx, tx, w.program, e)
		if !errors.Is(err4, fund.ErrReferenceUsed) {
			t.Errorf("the same receipt again: %v", err4)
		}
		return errors.Join(err, err2, err3)
	})
	w.sound()
}

func TestWhoLostTheRoleApprovesNothing(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	id := w.deposit("D1", w.ana, "40.00", w.on.AddDays(-3))
	r := w.ask(savings.Correction{Deposit: id, Mistake: savings.WrongChild, Child: w.leo, Amount: w.money("40.00"), On: w.on.AddDays(-3)})
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE staff_roles SET revoked_at = $2, revoked_by = 'cli' WHERE account_id = $1`, w.checker.Account, w.at)
		return err
	})
	if _, err := w.approve(w.checker, r); !errors.Is(err, approval.ErrRole) {
		t.Errorf("with a session from before: %v", err)
	}
	w.holds("nothing moved", w.ana, "40.00", "0.00")
	tenant, err := auth.AddTenant(t.Context(), w.db, "Elsewhere", w.at)
	if err != nil {
		t.Fatal(err)
	}
	stranger := w.second
	stranger.Tenant = tenant
	if _, err := w.approve(stranger, r); !errors.Is(err, approval.ErrNone) {
		t.Errorf("another organization: %v", err)
	}
}

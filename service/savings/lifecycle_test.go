package savings

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// matchBook is a rule book with one match, written as the lines of the benefit.
func matchBook(t testing.TB, lines ...string) *rules.Book {
	t.Helper()
	source := `
program: {id: life, name: Life, currency: USD, time_zone: America/Chicago, rounding: half_up}
calendar: {school_year: 07-01}
versions:
  - {id: v1, effective_from: 2026-07-01}
enrollment: {mode: auto_opt_out}
benefits:
` + strings.Join(lines, "\n") + "\n"
	book, err := rules.Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// Benefits for the books of these tests.
const (
	oneForOne = `
  - id: match
    kind: match
    basis: gross_deposits
    amount: {ratio: 1.00}
    period: school_year
    funding: {sources: [{fund: SMITH}, {fund: CITY}]}
    undo: {on_return: reverse_full}`
	halfMatch = `
  - id: match
    kind: match
    basis: gross_deposits
    amount: {ratio: 0.50}
    period: school_year
    funding: {sources: [{fund: SMITH}, {fund: CITY}]}
    undo: {on_return: reverse_full}`
	promisedMatch = `
  - id: match
    kind: match
    basis: gross_deposits
    amount: {ratio: 1.00}
    period: school_year
    pay: {when: daily, lag_days: 9}
    funding: {sources: [{fund: SMITH}, {fund: CITY}]}
    undo: {on_return: reverse_full}`
	seedOf50 = `
  - id: seed
    kind: seed
    trigger: event(enrolled)
    amount: {fixed: 50.00}
    period: once
    funding: {sources: [{fund: CITY}]}`
)

// known is what enrollment knows of children.
func known(t testing.TB, ids []family.ChildID) []rules.Child {
	on, err := ledger.ParseDate("2026-09-01")
	if err != nil {
		t.Fatal(err)
	}
	out := make([]rules.Child, len(ids))
	for i, id := range ids {
		out[i] = rules.Child{ID: int64(id), BornOn: on.AddYears(-6), Events: []rules.Event{{Key: "enrolled", Kind: rules.Enrolled, On: on}}}
	}
	return out
}

func (w *world) award(t *testing.T, book *rules.Book, ids []family.ChildID, on string) (tally Tally) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		tally, err = Award(ctx, tx, w.who, w.program, book, known(t, ids), day(t, on), w.at)
		return err
	})
	return tally
}

func (w *world) pays(t *testing.T, reference string, child family.ChildID, amount, on string) {
	t.Helper()
	w.deposit(t, Deposit{Reference: reference, Child: child, Amount: money(t, amount), On: day(t, on), Channel: "ach"})
}

// bounces returns a deposit as enroll.ReturnDeposit does.
func (w *world) bounces(t *testing.T, book *rules.Book, reference, on, asOf string) (back ledger.Amount) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		id, err := DepositByReference(ctx, tx, w.program.ID, reference)
		if err != nil {
			return err
		}
		child, err := Return(ctx, tx, w.who, w.program, BankReturn{id, day(t, on), "R01"}, w.at)
		if err != nil || child == 0 {
			return err
		}
		back, err = TakeBack(ctx, tx, w.who, w.program, book, known(t, []family.ChildID{child}), []DepositID{id}, day(t, asOf), w.at)
		return err
	})
	return back
}

func (w *world) proposals(t *testing.T) (xs []Excess) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		xs, err = Excesses(ctx, tx, w.program.ID)
		return err
	})
	return xs
}

func (w *world) decides(t *testing.T, x Excess, takeBack bool) error {
	t.Helper()
	who := store.Who{Tenant: w.who.Tenant, Actor: "checker"}
	return w.db.InTx(t.Context(), who, func(tx *sqlx.Tx) error {
		return Decide(t.Context(), tx, who, w.program, x.ID, takeBack, day(t, "2026-10-01"), w.at)
	})
}

func (w *world) wantMatch(t *testing.T, when string, child family.ChildID, want string) {
	t.Helper()
	if got := w.balance(t, child, ledger.DesignatedMatch); got != money(t, want) {
		t.Errorf("%s: the child has %s of matches, want %s", when, got, want)
	}
}

func (w *world) wantOpen(t *testing.T, when, want string) {
	t.Helper()
	var amounts []string
	for _, x := range w.proposals(t) {
		amounts = append(amounts, x.Amount.String())
	}
	if got := strings.Join(amounts, " "); got != want {
		t.Errorf("%s: proposed are [%s], want [%s]", when, got, want)
	}
}

// excessive is a child who has 20.00 of matches and is entitled to 10.00 by the
// book that is returned.
func (w *world) excessive(t *testing.T) (*rules.Book, family.ChildID) {
	t.Helper()
	w.fund(t, "SMITH", "1000")
	w.fund(t, "CITY", "1000")
	c := w.children(t, 1)
	w.pays(t, "D1", c[0], "20", "2026-09-05")
	w.award(t, matchBook(t, oneForOne), c, "2026-09-06")
	half := matchBook(t, halfMatch)
	w.award(t, half, c, "2026-09-07")
	w.wantOpen(t, "after the rules changed", "10.00")
	return half, c[0]
}

func TestAnExcessThatIsKeptIsNotProposedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	book, c := w.excessive(t)
	if err := w.decides(t, w.proposals(t)[0], false); err != nil {
		t.Fatal(err)
	}
	if tally := w.award(t, book, []family.ChildID{c}, "2026-09-08"); !tally.Excess.IsZero() {
		t.Errorf("the next run found an excess of %s", tally.Excess)
	}
	w.wantOpen(t, "the next night", "")
	w.bounces(t, book, "D1", "2026-09-09", "2026-09-09")
	w.wantMatch(t, "what the deposit earned is gone, what was kept stays", c, "10")
	w.wantOpen(t, "after the return", "")
}

func TestAProposalIsDecidedAtTheAmountThatWasShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	book, c := w.excessive(t)
	shown := w.proposals(t)[0]
	w.pays(t, "D2", c, "12", "2026-09-08") // entitled to 16.00 now
	w.award(t, book, []family.ChildID{c}, "2026-09-08")
	w.wantOpen(t, "after another deposit", "4.00")
	wantError(t, "deciding about 10.00", w.decides(t, shown, true), ErrNoExcess)
	w.pays(t, "D3", c, "8", "2026-09-09")
	w.award(t, book, []family.ChildID{c}, "2026-09-09")
	w.wantOpen(t, "once it is justified", "")
	w.wantMatch(t, "nothing was taken", c, "20")
}

func TestTheUndoOfAReturnTakesWhatThatDepositEarnedAndNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	book, c := w.excessive(t)
	open := w.proposals(t)[0]
	w.pays(t, "D2", c, "4", "2026-09-08")
	if back := w.bounces(t, book, "D2", "2026-09-09", "2026-09-09"); back != money(t, "2") {
		t.Errorf("the return of 4.00 took back %s, want 2.00: it had justified 12.00 of the 20.00", back)
	}
	w.wantMatch(t, "the excess that nobody decided about stays", c, "18")
	w.wantOpen(t, "the rest of it", "8.00")
	w.bounces(t, book, "D1", "2026-09-10", "2026-09-10")
	w.award(t, book, []family.ChildID{c}, "2026-09-10")
	wantError(t, "the old proposal", w.decides(t, open, true), ErrNoExcess)
	for _, x := range w.proposals(t) {
		if err := w.decides(t, x, true); err != nil {
			t.Fatal(err)
		}
	}
	w.wantMatch(t, "all is undone", c, "0")
	w.verifies(t)
}

func TestRepeatedReturnsAndUndosTakeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund(t, "SMITH", "12") // the rest comes from CITY
	w.fund(t, "CITY", "100")
	book := matchBook(t, oneForOne)
	c := w.children(t, 1)
	w.pays(t, "D1", c[0], "20", "2026-09-05")
	w.award(t, book, c, "2026-09-06")
	w.wantMatch(t, "from two funds", c[0], "20")
	if back := w.bounces(t, book, "D1", "2026-09-08", "2026-09-08"); back != money(t, "20") {
		t.Errorf("taken back: %s, want 20.00", back)
	}
	if back := w.bounces(t, book, "D1", "2026-09-08", "2026-09-09"); !back.IsZero() {
		t.Errorf("the same return took %s again", back)
	}
	w.wantMatch(t, "after the return", c[0], "0")
	for code, want := range map[string]string{"SMITH": "12", "CITY": "100"} {
		if got := w.sum(t, ledger.Query{Fund: w.funds[code].ID, Charts: []ledger.Chart{ledger.Uncommitted}}); got != money(t, want) {
			t.Errorf("%s has %s again, want %s", code, got, want)
		}
	}
	w.pays(t, "D2", c[0], "5", "2026-09-10")
	w.award(t, book, c, "2026-09-10")
	w.wantMatch(t, "the cap is free again", c[0], "5")
}

func TestTheUndoLeavesWhatALaterDepositEarnedAsWell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund(t, "SMITH", "100")
	w.fund(t, "CITY", "100")
	book := matchBook(t, strings.Replace(oneForOne, "ratio: 1.00}", "ratio: 1.00}\n    caps: {per_period: 20.00}", 1))
	c := w.children(t, 1)
	w.pays(t, "D1", c[0], "20", "2026-09-05")
	w.pays(t, "D2", c[0], "15", "2026-09-20")
	w.award(t, book, c, "2026-09-21")
	// The return is recorded for its own day, long before the last evaluation.
	if back := w.bounces(t, book, "D1", "2026-09-08", "2026-09-08"); back != money(t, "5") {
		t.Errorf("taken back: %s, want 5.00", back)
	}
	w.wantMatch(t, "after the return", c[0], "15")
}

func TestARunForAPastDayGivesNothingThatIsKnownToBeLost(t *testing.T) {
	t.Parallel()
	for _, benefit := range []string{oneForOne, promisedMatch} {
		w := newWorld(t)
		w.fund(t, "SMITH", "100")
		w.fund(t, "CITY", "100")
		book := matchBook(t, benefit)
		c := w.children(t, 1)
		w.pays(t, "D1", c[0], "20", "2026-09-05")
		w.bounces(t, book, "D1", "2026-09-12", "2026-09-12")
		w.pays(t, "D2", c[0], "7", "2026-09-06")
		for _, on := range []string{"2026-09-07", "2026-09-11", "2026-10-05", "2026-09-10"} {
			w.award(t, book, c, on)
		}
		w.wantMatch(t, "caught up", c[0], "7")
		w.wantOpen(t, "caught up", "")
	}
}

func TestAPromiseWhoseReasonIsGoneIsCancelledAndNotPaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund(t, "SMITH", "100")
	w.fund(t, "CITY", "100")
	book := matchBook(t, promisedMatch)
	c := w.children(t, 1)
	w.pays(t, "D1", c[0], "20", "2026-09-05")
	w.award(t, book, c, "2026-09-06")
	w.bounces(t, book, "D1", "2026-09-25", "2026-09-25")
	w.award(t, book, c, "2026-09-20") // due by then, and known to be lost
	w.wantMatch(t, "for the day it was due", c[0], "0")
	w.award(t, book, c, "2026-09-25")
	if got := w.balance(t, c[0], ledger.Accrued); !got.IsZero() {
		t.Errorf("still promised: %s", got)
	}
	w.verifies(t)
}

func TestABenefitThatIsNoMoreLeavesTheQueueAndProposesItsExcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund(t, "SMITH", "0")
	w.fund(t, "CITY", "50")
	c := w.children(t, 2)
	w.pays(t, "D1", c[1], "5", "2026-09-05")
	first := w.award(t, matchBook(t, seedOf50), c, "2026-09-06")
	if first.Queued != money(t, "50") {
		t.Errorf("queued %s, want 50.00: the fund has one seed", first.Queued)
	}
	w.wantTallied(t, "50")
	w.award(t, matchBook(t, oneForOne), c, "2026-09-07")
	var waiting []AwardState
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		waiting, err = OnTheWay(ctx, tx, w.program.ID, c)
		return err
	})
	for _, a := range waiting {
		if a.Benefit == "seed" {
			t.Errorf("child %d still waits for %s of a seed that is no more", a.Child, a.Queued)
		}
	}
	w.wantOpen(t, "the seed that was given", "50.00")
	w.wantTallied(t, "")
}

// wantTallied holds the sum that is kept of what waits for a fund against the
// awards themselves, and where one is given against an amount.
func (w *world) wantTallied(t *testing.T, want string) {
	t.Helper()
	var kept, sum ledger.Amount
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		const query = `
			SELECT (SELECT CAST(coalesce(sum(n), 0) / 100 AS numeric(18, 2)) FROM program_tallies WHERE program_id = $1 AND what = 'queued'),
			       (SELECT coalesce(sum(queued), 0) FROM awards WHERE program_id = $1)`
		return tx.QueryRowxContext(ctx, query, w.program.ID).Scan(&kept, &sum)
	})
	if kept != sum || want != "" && sum != money(t, want) {
		t.Errorf("the tally says that %s waits; it is %s, and should be %q", kept, sum, want)
	}
}

func TestTwoRunsAtOnceBesideDepositsPayOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund(t, "SMITH", "100000")
	w.fund(t, "CITY", "100000")
	book := matchBook(t, seedOf50, oneForOne)
	c := w.children(t, 40)
	var wg sync.WaitGroup
	inTx := func(what string, fn func(tx *sqlx.Tx) error) {
		if err := w.db.InTx(t.Context(), w.who, fn); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for range 4 {
		wg.Go(func() {
			for range 5 {
				inTx("award", func(tx *sqlx.Tx) error {
					_, err := Award(t.Context(), tx, w.who, w.program, book, known(t, c), day(t, "2026-09-20"), w.at)
					return err
				})
			}
		})
	}
	for i := range 2 {
		wg.Go(func() {
			for n := range 20 {
				d := Deposit{Reference: fmt.Sprintf("D%d-%d", i, n), Child: c[n], Amount: money(t, "10"), On: day(t, "2026-09-05"), Channel: "ach"}
				inTx("deposit", func(tx *sqlx.Tx) error {
					_, err := PostDeposits(t.Context(), tx, w.who, w.program, []Deposit{d}, 0, w.at)
					return err
				})
				if n%4 == 0 {
					inTx("return", func(tx *sqlx.Tx) error {
						id, err := DepositByReference(t.Context(), tx, w.program.ID, d.Reference)
						if err != nil {
							return err
						}
						child, err := Return(t.Context(), tx, w.who, w.program, BankReturn{id, day(t, "2026-09-10"), "R01"}, w.at)
						if err != nil {
							return err
						}
						_, err = TakeBack(t.Context(), tx, w.who, w.program, book, known(t, []family.ChildID{child}), []DepositID{id}, day(t, "2026-09-20"), w.at)
						return err
					})
				}
			}
		})
	}
	wg.Wait()
	w.award(t, book, c, "2026-09-20")
	if got := w.sum(t, ledger.Query{Charts: []ledger.Chart{ledger.DesignatedSeed}}); got != money(t, "2000") {
		t.Errorf("seeds %s, want 2000.00", got)
	}
	if got := w.sum(t, ledger.Query{Charts: []ledger.Chart{ledger.DesignatedMatch}}); got != money(t, "300") {
		t.Errorf("matches %s, want 300.00: 40 deposits of 10.00, 10 of them returned", got)
	}
	w.wantOpen(t, "after all", "")
	w.verifies(t)
}

func TestFundsThatRunDryPayTheFirstAndQueueTheRestInAnyBatches(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 3, 10} {
		w := newWorld(t)
		w.fund(t, "SMITH", "0")
		city := w.fund(t, "CITY", "120")
		book := matchBook(t, seedOf50)
		c := w.children(t, 5)
		run := func() (tally Tally) {
			return w.night(t, book, known(t, c), "2026-09-06", size)
		}
		if tally := run(); tally.Given != money(t, "120") || tally.Queued != money(t, "130") {
			t.Errorf("in batches of %d: given %s, queued %s, want 120.00 and 130.00", size, tally.Given, tally.Queued)
		}
		w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			return fund.Receive(ctx, tx, w.who, w.program, fund.Receipt{Fund: city, Kind: fund.Grant, Amount: money(t, "50"), On: day(t, "2026-09-07"), Reference: "more"}, w.at)
		})
		if tally := run(); tally.Given != money(t, "50") || tally.Queued != money(t, "80") {
			t.Errorf("with 50.00 more: given %s, queued %s", tally.Given, tally.Queued)
		}
		for i, want := range []string{"50", "50", "50", "20", "0"} {
			if got := w.balance(t, c[i], ledger.DesignatedSeed); got != money(t, want) {
				t.Errorf("in batches of %d child %d has %s, want %s", size, i, got, want)
			}
		}
	}
}

func TestWhatBelongsToAClosedPeriodIsPostedInTheOpenOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund(t, "SMITH", "100")
	w.fund(t, "CITY", "100")
	book := matchBook(t, oneForOne)
	c := w.children(t, 1)
	w.pays(t, "D0", c[0], "10", "2026-09-05")
	w.deposit(t, Deposit{Reference: "U", Amount: money(t, "3"), On: day(t, "2026-09-05"), Channel: "cash"})
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return ledger.ClosePeriod(ctx, tx, w.program.Book, w.at, ledger.PeriodLock{Through: day(t, "2026-09-30"), Maker: "test", Approval: "checker", Reason: "September"})
	})
	w.pays(t, "D1", c[0], "20", "2026-09-28")
	w.award(t, book, c, "2026-09-30")
	w.bounces(t, book, "D0", "2026-09-29", "2026-09-30")
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		id, err := DepositByReference(ctx, tx, w.program.ID, "U")
		if err != nil {
			return err
		}
		if _, err := fund.Settle(ctx, tx, w.who, w.program, day(t, "2026-09-30"), w.at); err != nil {
			return err
		}
		return Identify(ctx, tx, w.who, w.program, Identification{id, c[0], day(t, "2026-09-30")}, w.at)
	})
	w.wantMatch(t, "the day still counts for the match", c[0], "20")
	var late []string
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &late, `
			SELECT kind || ' ' || effective_on || ' ' || concerns_on FROM ledger_transactions
			WHERE concerns_on IS NOT NULL ORDER BY no`)
	})
	want := "deposit 2026-10-01 2026-09-28, award 2026-10-01 2026-09-30, deposit_return 2026-10-01 2026-09-29, " +
		"reverse 2026-10-01 2026-09-30, custodian_funding 2026-10-01 2026-09-30, identification 2026-10-01 2026-09-30"
	if got := strings.Join(late, ", "); got != want {
		t.Errorf("posted late:\n%s\nwant\n%s", got, want)
	}
	err := w.try(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return fund.Receive(ctx, tx, w.who, w.program, fund.Receipt{Fund: w.funds["CITY"], Kind: fund.Grant, Amount: money(t, "1"), On: day(t, "2026-09-30"), Reference: "late"}, w.at)
	})
	wantError(t, "a receipt of a closed day", err, fund.ErrClosed)
	w.verifies(t)
}

func TestNothingHappensToADepositBeforeItsDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.children(t, 1)[0]
	w.pays(t, "D1", c, "10", "2026-09-05")
	w.deposit(t, Deposit{Reference: "U", Amount: money(t, "3"), On: day(t, "2026-09-05"), Channel: "cash"})
	with := func(reference string, fn func(ctx context.Context, tx *sqlx.Tx, id DepositID) error) error {
		return w.try(t, func(ctx context.Context, tx *sqlx.Tx) error {
			id, err := DepositByReference(ctx, tx, w.program.ID, reference)
			if err != nil {
				return err
			}
			return fn(ctx, tx, id)
		})
	}
	wantError(t, "returned the day before", with("D1", func(ctx context.Context, tx *sqlx.Tx, id DepositID) error {
		_, err := Return(ctx, tx, w.who, w.program, BankReturn{id, day(t, "2026-09-04"), "R01"}, w.at)
		return err
	}), ErrDay)
	wantError(t, "identified the day before", with("U", func(ctx context.Context, tx *sqlx.Tx, id DepositID) error {
		return Identify(ctx, tx, w.who, w.program, Identification{id, c, day(t, "2026-09-04")}, w.at)
	}), ErrDay)
	wantError(t, "identified as nobody", with("U", func(ctx context.Context, tx *sqlx.Tx, id DepositID) error {
		return Identify(ctx, tx, w.who, w.program, Identification{id, 1 << 40, day(t, "2026-09-06")}, w.at)
	}), ErrNoChild)
}

func TestEveryMovementOfMoneyByPeopleIsInTheTrail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	book, c := w.excessive(t) // two funds, one deposit
	if err := w.decides(t, w.proposals(t)[0], true); err != nil {
		t.Fatal(err)
	}
	w.bounces(t, book, "D1", "2026-09-09", "2026-09-09")
	w.bounces(t, book, "D1", "2026-09-09", "2026-09-09")
	w.deposit(t, Deposit{Reference: "U", Amount: money(t, "3"), On: day(t, "2026-09-05"), Channel: "cash"})
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		id, err := DepositByReference(ctx, tx, w.program.ID, "U")
		return errors.Join(err, Identify(ctx, tx, w.who, w.program, Identification{id, c, day(t, "2026-09-09")}, w.at))
	})
	var trail []string
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &trail, `SELECT verb || ' ' || actor FROM audit_events ORDER BY id`)
	})
	want := "fund.added test, fund.received test, fund.added test, fund.received test, savings.deposits_posted test, " +
		"savings.excess_decided checker, savings.deposit_returned test, savings.awards_taken_back test, " +
		"savings.deposits_posted test, savings.deposit_identified test"
	if got := strings.Join(trail, ", "); got != want {
		t.Errorf("the trail says\n%s\nwant\n%s", got, want)
	}
}

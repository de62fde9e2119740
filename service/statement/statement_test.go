package statement

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/savings"
)

func TestAPeriodThatIsNotOverHasNoStatement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	for _, today := range []string{"2026-07-01", "2026-09-30"} {
		_, err := w.tryIssue("2026-Q3", today)
		wantError(t, "issued on "+today, err, ErrNotOver)
	}
	_, err := w.tryDraw(0, "2026-Q3")
	wantError(t, "drawn before it was issued", err, ErrNone)
	if n := w.issue("2026-Q3", "2026-10-01"); n != 1 {
		t.Errorf("%d statements, want 1", n)
	}
	if n := w.issue("2026-Q2", "2026-10-01"); n != 0 {
		t.Errorf("%d statements for a time before anybody took part", n)
	}
}

func TestIssuingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.award("2026-07-02")
	w.deposit("D1", 0, "15", "2026-08-05", "cash")
	if n := w.issue("2026-Q3", "2026-10-01"); n != 2 {
		t.Fatalf("%d statements, want 2", n)
	}
	first := w.drawn(0, "2026-Q3")
	w.deposit("D2", 0, "20", "2026-09-06", "cash") // of the quarter, and too late for it
	w.award("2026-10-02")
	if n := w.issue("2026-Q3", "2026-10-05"); n != 0 {
		t.Errorf("%d statements were issued again", n)
	}
	again := w.drawn(0, "2026-Q3")
	if !reflect.DeepEqual(again, first) {
		t.Errorf("the statement changed:\n%+v\n%+v", first, again)
	}
	if first.Opening().Sign() != 0 || first.ClosingOwn != dollars(t, "15") || first.ClosingProgram != dollars(t, "50") {
		t.Errorf("statement = %+v", first.Issued)
	}
}

func TestALateEntryStandsInTheNextStatement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.award("2026-07-02")
	w.deposit("D1", 0, "15", "2026-08-05", "cash")
	w.issue("2026-Q3", "2026-10-01")
	w.deposit("D2", 0, "20", "2026-09-06", "ach")
	w.deposit("D3", 0, "5", "2026-10-06", "gift")
	w.issue("2026-Q4", "2027-01-02")
	third, fourth := w.drawn(0, "2026-Q3"), w.drawn(0, "2026-Q4")
	if fourth.OpeningOwn != third.ClosingOwn || fourth.OpeningProgram != third.ClosingProgram {
		t.Errorf("the third closes with %s and %s, the fourth opens with %s and %s", third.ClosingOwn, third.ClosingProgram, fourth.OpeningOwn, fourth.OpeningProgram)
	}
	if got, want := said(third.Own), []string{"2026-08-05 deposit 15.00"}; !slices.Equal(got, want) {
		t.Errorf("third: %q, want %q", got, want)
	}
	if got, want := said(fourth.Own), []string{"2026-09-06 deposit 20.00 late", "2026-10-06 deposit 5.00"}; !slices.Equal(got, want) {
		t.Errorf("fourth: %q, want %q", got, want)
	}
}

func TestADepositThatComesBackAfterTheQuarter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.award("2026-07-02")
	w.deposit("D1", 0, "15", "2026-08-05", "ach")
	w.award("2026-09-01")
	w.issue("2026-Q3", "2026-10-01")
	w.bounce("D1", "2026-10-03")
	w.award("2026-10-04")
	w.issue("2026-Q4", "2027-01-02")
	third, fourth := w.drawn(0, "2026-Q3"), w.drawn(0, "2026-Q4")
	if got, want := append(said(third.Own), said(third.Given)...), []string{"2026-08-05 deposit 15.00", "2026-07-02 award_seed 50.00", "2026-09-01 award_match 15.00"}; !slices.Equal(got, want) {
		t.Errorf("third: %q, want %q", got, want)
	}
	if got, want := append(said(fourth.Own), said(fourth.Given)...), []string{"2026-10-03 deposit_return -15.00", "2026-10-03 reverse -15.00"}; !slices.Equal(got, want) {
		t.Errorf("fourth: %q, want %q", got, want)
	}
	if fourth.Own[0].Channel != "ach" || fourth.Closing() != dollars(t, "50") || fourth.Opening() != third.Closing() {
		t.Errorf("fourth: %+v", fourth)
	}
}

// A month's statement ends on the same day as a quarter's and knows other
// things; the next quarter goes on where the quarter ended.
func TestMonthsAndQuartersEachGoOnWhereTheyEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.deposit("D1", 0, "10", "2026-09-05", "cash")
	w.issue("2026-Q3", "2026-10-01")
	w.deposit("D2", 0, "7", "2026-09-25", "cash")
	w.issue("2026-09", "2026-10-03")
	w.issue("2026-10", "2026-11-01")
	w.issue("2026-Q4", "2027-01-02")
	for _, pair := range [][2]string{{"2026-Q3", "2026-Q4"}, {"2026-09", "2026-10"}} {
		before, after := w.drawn(0, pair[0]), w.drawn(0, pair[1])
		if before.Closing() != after.Opening() {
			t.Errorf("%s closes with %s, %s opens with %s", pair[0], before.Closing(), pair[1], after.Opening())
		}
	}
	if got, want := said(w.drawn(0, "2026-Q4").Own), []string{"2026-09-25 deposit 7.00 late"}; !slices.Equal(got, want) {
		t.Errorf("fourth quarter: %q, want %q", got, want)
	}
	if own := w.drawn(0, "2026-10").Own; len(own) != 0 {
		t.Errorf("October: %q", said(own))
	}
}

// Statements may be asked for in any order and meet all the same.
func TestAStatementThatIsMadeAfterTheNextOneMeetsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.deposit("D1", 0, "10", "2026-08-05", "cash")
	w.deposit("D2", 0, "4", "2026-10-05", "cash")
	w.issue("2026-Q4", "2027-01-02")
	w.deposit("D3", 0, "7", "2026-09-25", "cash")
	w.issue("2026-Q3", "2027-01-03")
	w.issue("2027-Q1", "2027-04-01")
	third, fourth, first := w.drawn(0, "2026-Q3"), w.drawn(0, "2026-Q4"), w.drawn(0, "2027-Q1")
	if third.Closing() != fourth.Opening() || fourth.Closing() != first.Opening() || first.Closing() != dollars(t, "21") {
		t.Errorf("%s to %s, %s to %s, %s to %s", third.Opening(), third.Closing(), fourth.Opening(), fourth.Closing(), first.Opening(), first.Closing())
	}
	if got, want := said(first.Own), []string{"2026-09-25 deposit 7.00 late"}; !slices.Equal(got, want) {
		t.Errorf("first quarter: %q, want %q", got, want)
	}
}

// One account that was below zero for a day must not keep everybody's
// statements from being made.
func TestAnAccountBelowZeroStopsNobodysStatement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.deposit("D1", -1, "25", "2026-09-05", "ach")
	w.identify("D1", 0, "2026-10-02")
	w.bounce("D1", "2026-09-28") // the bank's day lies before the day on which we knew whose it was
	if n := w.issue("2026-Q3", "2026-10-05"); n != 2 {
		t.Errorf("%d statements, want 2", n)
	}
	w.drawn(0, "2026-Q3")
}

func TestWhatIsOnItsWaySaysWhatAndWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.award("2026-07-02")
	w.deposit("D1", 0, "55", "2026-09-10", "ach")
	w.award("2026-09-30") // the match waits for the month, the bonus for the bank
	w.issue("2026-Q3", "2026-10-01")
	d := w.drawn(0, "2026-Q3")
	want := []Coming{
		{Benefit: "bonus", Kind: "incentive", Period: "2026-27", Amount: dollars(t, "25"), Reason: savings.ReasonQueued},
		{Benefit: "match", Kind: "match", Period: "2026-27", Amount: dollars(t, "55"), PayOn: day(t, "2026-10-01"), Wait: "month", Reason: "awarded"},
	}
	want[0].Says.En, want[0].Says.Es = "Saver's bonus", "Premio por ahorrar"
	want[1].Says.En, want[1].Says.Es = "Savings match", "Aporte igual a sus ahorros"
	if !slices.Equal(d.Coming, want) {
		t.Errorf("coming = %+v, want %+v", d.Coming, want)
	}
	if d.Closing() != dollars(t, "105") {
		t.Errorf("closing = %s: what is on its way is not there yet", d.Closing())
	}
}

func TestAnErasedFamilysStatementStillAddsUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.deposit("D1", 0, "10", "2026-08-05", "cash")
	w.issue("2026-Q3", "2026-10-01")
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		children, err := family.Load(ctx, tx, w.who, w.keys, w.child)
		if err != nil {
			return err
		}
		return family.Erase(ctx, tx, children[0].Family)
	})
	d := w.drawn(0, "2026-Q3")
	if !d.Erased || d.Person.DisplayName() != "" || d.Closing() != dollars(t, "10") {
		t.Errorf("statement = %+v", d)
	}
}

func TestAStatementThatDoesNotAddUpIsNotDrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.deposit("D1", 0, "10", "2026-08-05", "cash")
	w.issue("2026-Q3", "2026-10-01")
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		issued, err := Find(ctx, tx, w.program.ID, w.child[0], "2026-Q3")
		if err != nil {
			return err
		}
		issued.ClosingOwn = dollars(t, "10.01")
		if _, err := Draw(ctx, tx, w.who, w.keys, w.program, []Issued{issued}); err == nil || !strings.Contains(err.Error(), "does not add up") {
			t.Errorf("a statement that is a cent off: %v", err)
		}
		return nil
	})
}

func TestStatementsAreListedByChildAndByPeriod(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	for _, period := range []string{"2026-Q3", "2026-09", "2026-Q4"} {
		w.issue(period, "2027-01-02")
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		of, err := Of(ctx, tx, w.program.ID, w.child[1])
		if err != nil {
			return err
		}
		var periods []string
		codes := map[string]bool{}
		for _, s := range of {
			periods = append(periods, s.Period)
			codes[s.Code] = true
		}
		if want := []string{"2026-Q4", "2026-09", "2026-Q3"}; !slices.Equal(periods, want) || len(codes) != 3 {
			t.Errorf("periods = %v, want %v; %d codes", periods, want, len(codes))
		}
		page, err := Batch(ctx, tx, w.program.ID, w.span("2026-Q3"), w.child[0], 10)
		if err == nil && (len(page) != 2 || page[0].Child != w.child[1]) {
			t.Errorf("page = %+v", page)
		}
		return err
	})
}

// TestARandomYearTiesToTheLedger lives through a year of deposits, returns,
// identifications and awards, some of them late, with statements every quarter,
// and compares what the statements say with what the ledger holds.
func TestARandomYearTiesToTheLedger(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 2, 3} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 6)
			w.receive("BANK", "60") // not enough for everybody
			y := &randomYear{world: w, random: rand.New(rand.NewPCG(seed, 7))}
			for _, quarter := range []string{"2026-Q3", "2026-Q4", "2027-Q1", "2027-Q2"} {
				y.live(w.span(quarter))
				w.issue(quarter, w.span(quarter).Last.AddDays(1+y.random.IntN(3)).String())
			}
			for i := range w.child {
				y.check(i)
			}
		})
	}
}

type randomYear struct {
	*world
	random    *rand.Rand
	n         int
	electric  []string // deposits that may come back
	ownerless []string
}

// live goes through a quarter, and a little beyond, since banks are late.
func (y *randomYear) live(q Span) {
	for on := q.First; !on.After(q.Last); on = on.AddDays(1 + y.random.IntN(6)) {
		y.n++
		reference, child := fmt.Sprint("D", y.n), y.random.IntN(len(y.child))
		amount := ledger.Minor(int64(1 + y.random.IntN(4000))).String()
		// One in five becomes known only after the quarter's statements of before.
		value := on
		if y.random.IntN(5) == 0 {
			value = enrolled.AddDays(y.random.IntN(on.DaysSince(enrolled) + 1))
		}
		switch y.random.IntN(8) {
		case 0:
			y.deposit(reference, -1, amount, value.String(), "cash")
			y.ownerless = append(y.ownerless, reference)
		case 1:
			if len(y.ownerless) > 0 {
				y.identify(y.ownerless[0], child, on.String())
				y.ownerless = y.ownerless[1:]
			}
		case 2:
			if len(y.electric) > 0 {
				y.bounce(y.electric[0], on.String())
				y.electric = y.electric[1:]
			}
		case 3:
			y.award(on.String())
		default:
			y.deposit(reference, child, amount, value.String(), "ach")
			y.electric = append(y.electric, reference)
		}
	}
	y.award(q.Last.String())
}

// check compares a child's four statements with the ledger: each opens where the
// one before closed, the last one closes with what the ledger holds, and every
// day's movements stand on them once.
func (y *randomYear) check(child int) {
	y.t.Helper()
	var before Drawn
	shown := map[ledger.Date]ledger.Amount{} // by day
	for i, quarter := range []string{"2026-Q3", "2026-Q4", "2027-Q1", "2027-Q2"} {
		d := y.drawn(child, quarter) // Draw refuses what does not add up
		if i > 0 && (d.OpeningOwn != before.ClosingOwn || d.OpeningProgram != before.ClosingProgram) {
			y.t.Errorf("child %d: %s opens with %s and %s after %s and %s", child, quarter, d.OpeningOwn, d.OpeningProgram, before.ClosingOwn, before.ClosingProgram)
		}
		for _, l := range append(slices.Clone(d.Own), d.Given...) {
			shown[l.On] = shown[l.On].Add(l.Amount)
			if l.Late != l.On.Before(d.First) || l.On.After(d.Last) {
				y.t.Errorf("child %d: %s shows %+v", child, quarter, l)
			}
		}
		before = d
	}
	y.do(func(ctx context.Context, tx *sqlx.Tx) error {
		charts := append(ledger.Designated(), ledger.FamilyPrincipal, ledger.FamilyEarnings)
		number := []int64{int64(y.child[child])}
		movements, err := ledger.Movements(ctx, tx, y.program.Book, ledger.MovementQuery{Children: number, Charts: charts})
		if err != nil {
			return err
		}
		for _, m := range movements {
			shown[m.Effective] = shown[m.Effective].Sub(m.Amount)
		}
		for on, rest := range shown {
			if !rest.IsZero() {
				y.t.Errorf("child %d: of %s, the statements show %s more than the ledger", child, on, rest)
			}
		}
		balances, err := ledger.Balances(ctx, tx, y.program.Book, ledger.Query{Children: number, Charts: charts})
		var total ledger.Amount
		for _, b := range balances {
			total = total.Add(b.Amount)
		}
		if total != before.Closing() || len(movements) == 0 {
			y.t.Errorf("child %d closes with %s, the ledger holds %s after %d movements", child, before.Closing(), total, len(movements))
		}
		return err
	})
}

package forecast

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/rules"
	"seedbook/service/savings"
)

// newSteadyWorld is one in which every participant paid in 10.00 on the 20th of
// each month, so that all futures are one and can be worked by hand. MATCH has
// received 110.00 more: 110.00 of its 200.00 are left.
func newSteadyWorld(t *testing.T) *world {
	t.Helper()
	w := newWorldOf(t, nil)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		var deposits []savings.Deposit
		for _, on := range []string{"2026-07-20", "2026-08-20", "2026-09-20"} {
			for _, child := range []family.ChildID{w.a, w.b, w.c} {
				deposits = append(deposits, savings.Deposit{Reference: fmt.Sprint(on, child), Child: child, Amount: ledger.Minor(10_00), On: day(t, on), Channel: "cash"})
			}
		}
		match, err := fund.ByCode(ctx, tx, w.source.program.ID, "MATCH")
		if err != nil {
			return err
		}
		more := fund.Receipt{Fund: match, Kind: fund.Grant, Amount: ledger.Minor(110_00), On: w.asOf, Reference: "more"}
		if err := fund.Receive(ctx, tx, w.source.who, w.source.program, more, w.at); err != nil {
			return err
		}
		_, err = savings.PostDeposits(ctx, tx, w.source.who, w.source.program, deposits, 0, w.at)
		return err
	})
	w.do(w.award)
	return w
}

func (w *world) expose(o ExposeOptions) Exposure {
	w.t.Helper()
	o.AsOf, o.At = w.asOf, w.at
	ids := w.ids()[:3] // those who take part
	got, err := w.source.expose(w.t.Context(), ids, o.filled())
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func sure(cents int64) Spread {
	a := ledger.Minor(cents)
	return Spread{Mean: a, P10: a, P50: a, P90: a}
}

func TestWhatIsCertainIsForeseenToTheCent(t *testing.T) {
	t.Parallel()
	w := newSteadyWorld(t)
	got := w.expose(ExposeOptions{Seed: 1, Paths: 20, Changes: []Edit{{"match.caps.per_period", "50.00"}}})
	city, match := got.Funds[0], got.Funds[1]
	want(t, "children", [3]int{got.Children, got.Sampled, got.Savers}, [3]int{3, 3, 3})
	want(t, "money", fmt.Sprint(city.Available, " ", match.Available, " ", match.Accrued, " ", match.Queued), "850.00 110.00 0.00 0.00")

	// 30 of this year's 40 are used: October brings 10 each, and the next school
	// year begins with July, August and September. October 1 is no day to save.
	type quarter struct {
		name    string
		maximum int64
		spread  int64
	}
	for q, test := range []quarter{{"2026-Q4", 30_00, 30_00}, {"2027-Q1", 0, 0}, {"2027-Q2", 0, 0}, {"2027-Q3", 120_00, 90_00}, {"2027-Q4", 0, 0}} {
		p := match.Periods[q]
		want(t, "quarter", p.Name, test.name)
		want(t, test.name+" at most", p.Maximum, ledger.Minor(test.maximum))
		want(t, test.name, p.Spread, sure(test.spread))
	}
	want(t, "year", match.Year, sure(120_00))
	want(t, "all funds", got.Total, sure(120_00))
	// 110 pay October's 30, July's and August's 60, and two of three in September.
	dry := day(t, "2027-09-20")
	want(t, "dry", match.Dry, Dry{Paths: 20, P10: dry, P50: dry, P90: dry})
	want(t, "the city's fund lasts", city.Dry, Dry{})

	// With room for 50 a year, November's 10 count as well: 30 more in all, and the
	// fund ends a month earlier.
	m := got.Marginal[0]
	want(t, "change", m.Edit.String()+" "+m.Funds[1].Code, "match.caps.per_period=50.00 MATCH")
	want(t, "cost of the change", m.Total, sure(30_00))
	want(t, "fund's part", m.Funds[1].More, sure(30_00))
	want(t, "dry with the change", m.Funds[1].Dry.P50, day(t, "2027-08-20"))
}

func TestASampleStandsForEverybody(t *testing.T) {
	t.Parallel()
	w := newSteadyWorld(t) // where one child is like another
	got := w.expose(ExposeOptions{Seed: 1, Paths: 5, Sample: 1})
	want(t, "drawn for", [2]int{got.Children, got.Sampled}, [2]int{3, 1})
	want(t, "year", got.Funds[1].Year, sure(120_00))
	want(t, "dry", got.Funds[1].Dry.P50, day(t, "2027-09-20"))
}

func TestWhatHasNoLimitIsNotInTheMost(t *testing.T) {
	t.Parallel()
	w := newSteadyWorld(t)
	w.approve(strings.Replace(approvedRules, "caps: {per_period: 40.00}", "caps: {per_event: 5.00}", 1))
	got := w.expose(ExposeOptions{Seed: 1, Paths: 5})
	want(t, "no limit", got.NoLimit, []string{"match"})
	for _, p := range got.Funds[1].Periods {
		want(t, p.Name+" at most", p.Maximum, ledger.Amount{})
	}
	want(t, "expected all the same", got.Funds[1].Year, sure(180_00)) // 5.00 a month for each of three
}

func TestTheSameSeedGivesTheSameFutures(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // its children save differently from month to month
	first := w.expose(ExposeOptions{Seed: 7, Paths: 50})
	want(t, "again", w.expose(ExposeOptions{Seed: 7, Paths: 50}), first)
	for _, test := range []struct{ chunk, workers int }{{1, 4}, {2, 1}} {
		s := *w.source
		s.chunk = test.chunk
		ids := w.ids()[:3]
		slices.Reverse(ids)
		got, err := s.expose(t.Context(), ids, ExposeOptions{AsOf: w.asOf, At: w.at, Seed: 7, Paths: 50, Workers: test.workers}.filled())
		if err != nil {
			t.Fatal(err)
		}
		want(t, "in another order", got, first)
	}
	other := w.expose(ExposeOptions{Seed: 8, Paths: 50})
	if other.Total == first.Total {
		t.Errorf("another seed drew the same: %v", other.Total)
	}
	if s := first.Total; s.P10.Cmp(s.P50) > 0 || s.P50.Cmp(s.P90) > 0 || s.P10.Cmp(s.P90) == 0 {
		t.Errorf("no spread: %v", s)
	}
}

func TestWhatChildrenWaitForComesFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := savings.PostDeposits(ctx, tx, w.source.who, w.source.program, []savings.Deposit{
			{Reference: "late", Child: w.b, Amount: ledger.Minor(100_00), On: day(t, "2026-09-30"), Channel: "cash"},
			{Reference: "later", Child: w.c, Amount: ledger.Minor(100_00), On: day(t, "2026-09-30"), Channel: "cash"},
		}, 0, w.at)
		return err
	})
	w.do(w.award) // B is owed 30 and C 40 more; MATCH had 40.00
	match := w.expose(ExposeOptions{Paths: 10}).Funds[1]
	want(t, "left and queued", fmt.Sprint(match.Available, " ", match.Queued), "0.00 30.00")
	want(t, "dry today", match.Dry, Dry{Paths: 10, P10: w.asOf, P50: w.asOf, P90: w.asOf})
}

func TestAnExposureEndsWhenItIsCancelledAndWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.rows()
	w.expose(ExposeOptions{Paths: 5})
	want(t, "rows of every table", w.rows(), before)
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err := w.source.expose(ctx, w.ids()[:3], ExposeOptions{AsOf: w.asOf, At: w.at, Paths: 5, Progress: func(int, int) {
		if calls++; calls == 2 {
			cancel() // while futures are drawn
		}
	}}.filled())
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestAChangeIsCheckedLikeABook(t *testing.T) {
	t.Parallel()
	book := parse(t, approvedRules)
	for _, bad := range []string{"match.amount.ratio=lots", "match.amount.share=0.5", "bonus.amount.ratio=0.5", "match.caps.per_period=-1"} {
		e, err := ParseEdit(bad)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Apply(book); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	for _, bad := range []string{"", "match", "match=1", "match.amount.ratio", "match.amount.ratio="} {
		if e, err := ParseEdit(bad); err == nil {
			t.Errorf("%q was read as %v", bad, e)
		}
	}
	e, err := ParseEdit("match.amount.ratio = 0.75")
	if err != nil {
		t.Fatal(err)
	}
	changed, err := e.Apply(book)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := changed.Benefit("match")
	want(t, "ratio", b.Amount.Ratio.String(), "0.75")
	if changed.Hash() == book.Hash() {
		t.Error("the change is not seen")
	}
}

func TestQuantilesAreWholePlaces(t *testing.T) {
	t.Parallel()
	eleven := []int64{11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}
	want(t, "of eleven", spreadOf(eleven), Spread{Mean: ledger.Minor(6), P10: ledger.Minor(2), P50: ledger.Minor(6), P90: ledger.Minor(10)})
	want(t, "of one", spreadOf([]int64{5}), sure(5))
	want(t, "of none", spreadOf(nil), Spread{})
	want(t, "mean rounds to the nearest", [3]int64{divide(big.NewInt(7), 2), divide(big.NewInt(-7), 2), divide(big.NewInt(-7), 3)}, [3]int64{4, -4, -2})
	a, b := day(t, "2027-01-01"), day(t, "2027-02-01")
	want(t, "never is last", dryOf([]ledger.Date{{}, b, {}, a, {}}), Dry{Paths: 2, P10: a, P50: ledger.Date{}})
}

func TestTheSamplingErrorIsThatOfTheTextbook(t *testing.T) {
	t.Parallel()
	// Four of ten drawn: 0, 2, 4 and 10 dollars. s² = ((4+2+0)² terms) = 56/3 dollars²;
	// N²(1 − n/N)s²/n = 100 × 0.6 × 18.667 / 4 = 280; its root is 16.73 dollars.
	var m moments
	for _, cents := range []int64{0, 200, 400, 1000} {
		m.add(cents)
	}
	s := stratum{children: 10, drawn: 4}
	want(t, "error", deviation(s.variance(&m), 1), ledger.Minor(16_73))
	want(t, "scaled", s.scale(1600), int64(4000))
	want(t, "nobody left out, no error", stratum{4, 4}.variance(&m).Sign(), 0)
}

func TestTheSampleDependsOnNumbersAlone(t *testing.T) {
	t.Parallel()
	ids, savers := make([]family.ChildID, 1000), map[family.ChildID]bool{}
	for i := range ids {
		ids[i] = family.ChildID(i + 1)
		savers[ids[i]] = i%4 == 0
	}
	s := drawSample(slices.Clone(ids), savers, 100, 3)
	want(t, "strata", s.strata, [2]stratum{{250, 75}, {750, 25}})
	slices.Reverse(ids)
	want(t, "in another order", drawSample(ids, savers, 100, 3), s)
	if other := drawSample(ids, savers, 100, 4); fmt.Sprint(other.drawn) == fmt.Sprint(s.drawn) {
		t.Error("another seed chose the same children")
	}
	want(t, "more places than children", drawSample(ids, savers, 5000, 3).strata, [2]stratum{{250, 250}, {750, 750}})
}

func TestAChildWithoutHistoryFollowsItsGrade(t *testing.T) {
	t.Parallel()
	asOf, until := day(t, "2026-10-01"), day(t, "2027-10-01")
	patterns := []pattern{{child: 1, cohort: "KG"}}
	for i := range int64(smallCohort) {
		patterns = append(patterns,
			pattern{child: 10 + i, cohort: "KG", months: 1, saved: []saved{{0, 4, ledger.Minor(7_00), "cash"}}},
			pattern{child: 100 + i, cohort: "05", months: 1, saved: []saved{{0, 4, ledger.Minor(9_00), "cash"}}})
	}
	c := cohortsOf(patterns)
	r := rand.New(rand.NewPCG(1, 2))
	got := c.future(&patterns[0], r, asOf, until)
	if len(got) != 12 || got[0].Amount.Cmp(ledger.Minor(7_00)) != 0 || got[0].On != day(t, "2026-10-05") || got[11].On != day(t, "2027-09-05") {
		t.Errorf("futures of a newcomer in kindergarten: %+v", got)
	}
	// A child of twelve quiet months follows others in three futures of fifteen.
	quiet, busy := pattern{child: 2, cohort: "KG", months: 12}, 0
	for range 3000 {
		if len(c.future(&quiet, r, asOf, until)) > 0 {
			busy++
		}
	}
	if busy < 500 || busy > 700 {
		t.Errorf("a quiet child saved in %d of 3000 futures, want about 600", busy)
	}
}

func TestAPatternIsWhatStayedOfTheMonthsThatAreOver(t *testing.T) {
	t.Parallel()
	on := func(s string) ledger.Date { return day(t, s) }
	c := rules.Child{ID: 1, Events: []rules.Event{
		{Key: "e", Kind: rules.Enrolled, On: on("2026-07-15")},
		{Key: "1", Kind: rules.Deposit, On: on("2026-07-20"), Amount: ledger.Minor(100)},
		{Key: "2", Kind: rules.Deposit, On: on("2026-08-20"), Amount: ledger.Minor(200)},
		{Key: "r", Kind: rules.Return, On: on("2026-08-25"), Of: "2"},
		{Key: "3", Kind: rules.Deposit, On: on("2026-09-30"), Amount: ledger.Minor(300)},
		{Key: "4", Kind: rules.Deposit, On: on("2026-10-01"), Amount: ledger.Minor(400)},
	}}
	want(t, "pattern", fmt.Sprint(patternOf(&c, on("2026-10-01"))), fmt.Sprint(pattern{child: 1, months: 3, saved: []saved{
		{2, 19, ledger.Minor(100), ""}, {0, 29, ledger.Minor(300), ""}}}))
	if got := patternOf(&c, on("2026-09-30")); got.months != 3 || len(got.saved) != 2 {
		t.Errorf("on the month's last day the month counts: %+v", got)
	}
	c.Events[0].On = on("2020-01-01")
	if got := patternOf(&c, on("2026-10-01")); got.months != historyMonths {
		t.Errorf("%d months, want %d", got.months, historyMonths)
	}
}

package forecast

import (
	"fmt"
	"testing"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/rules"
)

func TestAFundIsDryOnTheFirstDayItCannotGiveAll(t *testing.T) {
	t.Parallel()
	ps := &paths{}
	ab, b := ps.id("A", "B"), ps.id("B")
	on := func(s string) ledger.Date { return day(t, s) }
	p := newPurse(ps, map[string]ledger.Amount{"A": ledger.Minor(100), "B": ledger.Minor(50)})
	var missing []string
	for _, c := range inOrder([]call{
		{on: on("2026-10-03"), child: 1, path: b, amount: ledger.Minor(30)},   // B has 20 left
		{on: on("2026-10-02"), child: 2, path: ab, amount: ledger.Minor(130)}, // A gives all, B 30
		{on: on("2026-10-04"), child: 1, path: ab, amount: ledger.Minor(10)},
		{on: on("2026-10-04"), child: 9, path: ps.id("A"), amount: ledger.Minor(-4)}, // goes back before anybody asks
	}) {
		missing = append(missing, fmt.Sprint(c.child, " ", p.answer(c)))
	}
	want(t, "missing", missing, []string{"2 0.00", "1 0.10", "9 0.00", "1 0.06"})
	want(t, "A", fmt.Sprint(p.year("A")), "{1.00 0.00 0.36 2026-10-02}") // 30 passed on, then 6
	want(t, "B", fmt.Sprint(p.year("B")), "{0.50 0.00 0.16 2026-10-03}")
}

func TestWhoEarnedFirstIsPaidFirst(t *testing.T) {
	t.Parallel()
	ps := &paths{}
	a := ps.id("A")
	on := func(s string) ledger.Date { return day(t, s) }
	p := newPurse(ps, map[string]ledger.Amount{"A": ledger.Minor(10)})
	var order []int64
	for _, c := range inOrder([]call{
		{on: on("2026-10-01"), earned: on("2026-09-02"), seq: 1, child: 1, path: a, amount: ledger.Minor(10)},
		{on: on("2026-10-01"), earned: on("2026-09-02"), seq: 0, child: 3, path: a, amount: ledger.Minor(10), shares: true},
		{on: on("2026-10-01"), earned: on("2026-09-01"), seq: 9, child: 9, path: a, amount: ledger.Minor(10)},
		{on: on("2026-10-01"), earned: on("2026-09-02"), seq: 0, child: 2, path: a, amount: ledger.Minor(10)},
	}) {
		p.answer(c)
		order = append(order, c.child)
	}
	want(t, "order", order, []int64{9, 2, 1, 3})
}

const household = `
program: {id: h, name: H, currency: USD, time_zone: America/Chicago, rounding: half_up}
versions: [{id: v1, effective_from: 2020-01-01}]
facts: [{name: household, type: text}]
enrollment: {mode: auto_opt_out}
benefits:
  - id: start
    kind: seed
    trigger: event(enrolled)
    amount: {fixed: 100.00}
    period: once
    once_per: household
    funding: {sources: [{fund: A}], on_shortfall: %s}
  - id: late
    kind: incentive
    trigger: event(enrolled)
    amount: {fixed: 7.00}
    period: once
    pay: {when: next_month}
    funding: {sources: [{fund: B}]}
`

// sibling is a child of one household that joined on a day.
func sibling(t *testing.T, id int64, on string, had ...given) *pupil {
	t.Helper()
	p := &pupil{state: enroll.Enrolled, given: had}
	p.Child = rules.Child{ID: id, Facts: []rules.Fact{{Name: "household", Value: "north"}},
		Events: []rules.Event{{Key: "e", Kind: rules.Enrolled, On: day(t, on)}}}
	return p
}

func runOf(t *testing.T, book *rules.Book, available map[string]ledger.Amount, pupils ...*pupil) (Run, Year) {
	t.Helper()
	asOf := day(t, "2026-10-10")
	w := &trialOf{approved: book, draft: book, asOf: asOf, until: yearAfter(asOf), paths: &paths{}, homes: &homes{}, largest: 1}
	sum := newTally()
	for _, p := range pupils {
		w.weigh(p, sum)
	}
	s := w.spend(book, &sum.draft, available)
	return s.run, s.year
}

func TestAHouseholdsAwardIsPaidOnce(t *testing.T) {
	t.Parallel()
	book := parse(t, fmt.Sprintf(household, "queue"))
	much := map[string]ledger.Amount{"A": ledger.Minor(1000_00), "B": ledger.Minor(1000_00)}
	run, year := runOf(t, book, much, sibling(t, 1, "2026-10-02"), sibling(t, 2, "2026-10-01"))
	want(t, "two who ask", fmt.Sprint(run.Posted, " ", year.Cost), "100.00 114.00")
	had := given{award: award{"start", "once"}, posted: ledger.Minor(100_00), on: day(t, "2026-10-02")}
	run, _ = runOf(t, book, much, sibling(t, 1, "2026-10-02", had), sibling(t, 2, "2026-10-01"))
	want(t, "one has it", run.Posted, ledger.Amount{})
}

func TestWhatNoFundHasWaitsOrFallsAway(t *testing.T) {
	t.Parallel()
	little := map[string]ledger.Amount{"A": ledger.Minor(30_00), "B": ledger.Minor(7_00)}
	for rule, says := range map[string]string{
		"queue": "posted 30.00, promised 7.00, queued 70.00, refused 0.00",
		"deny":  "posted 30.00, promised 7.00, queued 0.00, refused 70.00",
	} {
		run, _ := runOf(t, parse(t, fmt.Sprintf(household, rule)), little, sibling(t, 1, "2026-10-02"))
		want(t, rule, fmt.Sprintf("posted %s, promised %s, queued %s, refused %s", run.Posted, run.Promised, run.Queued, run.Refused), says)
	}
}

func TestAPromiseThatIsNotOwedGoesBackToItsFund(t *testing.T) {
	t.Parallel()
	book := parse(t, fmt.Sprintf(household, "queue"))
	had := given{award: award{"late", "once"}, accrued: ledger.Minor(9_00), on: day(t, "2026-10-02"), promises: []promise{{"B", ledger.Minor(9_00)}}}
	gone := given{award: award{"older", "2025"}, posted: ledger.Minor(5_00), kept: ledger.Minor(1_00), on: day(t, "2026-10-02")}
	run, year := runOf(t, book, map[string]ledger.Amount{"A": ledger.Minor(500_00), "B": {}}, sibling(t, 1, "2026-10-02", had, gone))
	want(t, "run", fmt.Sprint(run), fmt.Sprint(Run{Children: 1, Posted: ledger.Minor(100_00), Cancelled: ledger.Minor(2_00), Excess: ledger.Minor(4_00), Excesses: 1}))
	want(t, "cost", year.Cost, ledger.Minor(100_00))
}

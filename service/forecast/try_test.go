package forecast

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/rules"
)

func lines(ds []Difference) (out []string) {
	for _, d := range ds {
		out = append(out, fmt.Sprintf("%s: %d children, %s to %s, +%s -%s", d.Name, d.Children, d.Before, d.After, d.Gained, d.Lost))
	}
	return out
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func amount(t *testing.T, s string) ledger.Amount {
	t.Helper()
	a, err := ledger.ParseAmount(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestADraftIsComparedWithTheApprovedBook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.try(draftRules)
	want(t, "children and sums", fmt.Sprint(got.Children, " ", got.Before, " ", got.After), "4 200.00 270.00")
	want(t, "by benefit", lines(got.ByBenefit), []string{
		"seed: 4 children, 150.00 to 240.00, +90.00 -0.00", // 10.00 more for three, 60.00 for the child that joins
		"match: 2 children, 50.00 to 30.00, +0.00 -20.00",  // 40 and 10 become 25 and 5
	})
	want(t, "by school", lines(got.BySchool), []string{
		"R01: 2 children, 90.00 to 145.00, +60.00 -5.00",
		"R02: 2 children, 110.00 to 125.00, +15.00 -0.00",
	})
	want(t, "by fund", lines(got.ByFund), []string{
		"CITY: 4 children, 150.00 to 240.00, +90.00 -0.00",
		"MATCH: 2 children, 50.00 to 30.00, +0.00 -20.00",
	})
	want(t, "by month", lines(got.ByMonth), []string{
		"2026-07: 3 children, 150.00 to 180.00, +30.00 -0.00",
		"2026-08: 1 children, 30.00 to 15.00, +0.00 -15.00",
		"2026-09: 1 children, 20.00 to 15.00, +0.00 -5.00", // A earns 10 either way: the cap left no more
		"2026-10: 1 children, 0.00 to 60.00, +60.00 -0.00",
	})
	want(t, "label", got.BySchool[0].Label+", "+got.ByBenefit[0].Label, "North, Seed deposit")
}

func TestChildrenWhoGainAndLoseAreNamedWithTheirReasons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.try(draftRules)
	say := func(a Affected) (out []string) {
		for _, c := range a.Largest {
			out = append(out, fmt.Sprintf("child %d %s %s", c.Child, c.School, c.Net()))
		}
		return append(out, fmt.Sprint(a.Children, " ", a.Amount))
	}
	want(t, "gain", say(got.Gain), []string{
		fmt.Sprintf("child %d R01 60.00", w.d), fmt.Sprintf("child %d R02 10.00", w.c), fmt.Sprintf("child %d R02 5.00", w.b), "3 75.00"})
	want(t, "lose", say(got.Lose), []string{fmt.Sprintf("child %d R01 -5.00", w.a), "1 5.00"})
	loser := got.Lose.Largest[0]
	if len(loser.Awards) != 2 || loser.Awards[1].Benefit != "match" || loser.Awards[1].Period != "2026-27" {
		t.Fatalf("awards of the child who loses: %+v", loser.Awards)
	}
	match := loser.Awards[1]
	want(t, "reasons", []rules.Reason{match.WhyBefore.Reason, match.WhyAfter.Reason}, []rules.Reason{rules.ReasonPeriodCap, rules.ReasonAwarded})
	want(t, "admitted", [2]any{got.Eligibility.Admitted.Children, got.Eligibility.Admitted.First[0].Child}, [2]any{1, w.d})
}

func TestTheFirstRunAfterApprovalIsForeseen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.try(draftRules)
	want(t, "on approval", fmt.Sprint(got.Now), fmt.Sprint(Run{Children: 4, Posted: amount(t, "90"), Excess: amount(t, "20"), Excesses: 2}))
	want(t, "otherwise", fmt.Sprint(got.Otherwise), fmt.Sprint(Run{}))

	// And it comes true: the run that follows the approval does what was foreseen.
	tally := w.approveAndRun(draftRules)
	want(t, "given", tally.Given, amount(t, "30")) // D joins when its eligibility is looked at again
	want(t, "proposed", tally.Excess, got.Now.Excess)
}

func TestAYearIsCostedAndAFundRunsDryOnItsDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.try(draftRules)
	// The deposits of August and September come again: 25 and 5 of half the money,
	// 40 and 10 of all of it; the draft adds what it posts at once.
	want(t, "first year", fmt.Sprint(got.FirstYear), "{2026-10-02..2027-10-01 120.00 [{seed 90.00} {match 30.00}] [{CITY 90.00} {MATCH 30.00}]}")
	want(t, "same year", fmt.Sprint(got.SameYear), "{2026-10-02..2027-10-01 50.00 [{match 50.00}] [{MATCH 50.00}]}")
	// At the caps: B lacks 30 of this year's match, C and D 40; all four earn 40 the next.
	want(t, "full caps", fmt.Sprint(got.FullCaps), "{2026-10-02..2027-10-01 360.00 [{seed 90.00} {match 270.00}] [{CITY 90.00} {MATCH 270.00}] []}")
	var runs []string
	for _, f := range got.Funds {
		runs = append(runs, fmt.Sprint(f))
	}
	// MATCH has 40.00: A's 30 and 10 take it, and B's 10 of September 20 find nothing.
	want(t, "funds", runs, []string{
		"{CITY CITY fund 850.00 {0.00 850.00 0.00 } {90.00 760.00 0.00 }}",
		"{MATCH MATCH fund 40.00 {40.00 0.00 10.00 2027-09-20} {30.00 10.00 0.00 }}",
	})
}

func TestABenefitWithoutALimitIsNamedAndNotCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.try(strings.Replace(draftRules, "caps: {per_period: 40.00}", "caps: {per_event: 5.00}", 1))
	want(t, "no limit", got.FullCaps.NoLimit, []string{"match"})
	want(t, "cost of the others", got.FullCaps.Cost, amount(t, "90"))
}

func TestAParticipantWhoCouldNotHaveJoinedIsExcluded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.try(strings.Replace(draftRules, `'city in ["Riverbend", "Lakeside"]'`, `'city == "Riverbend" && school == "R02"'`, 1))
	if x := got.Eligibility.Excluded; x.Children != 1 || x.First[0].Child != w.a || x.First[0].Why.Requirement != "residence" {
		t.Errorf("excluded: %+v", x)
	}
	want(t, "lost", fmt.Sprint(got.Lose.Children, " ", got.Lose.Amount), "1 90.00")
	want(t, "excess", got.Now.Excess, amount(t, "95")) // A's 90, and 5 of B's match
}

func TestTheOrderOfChildrenDoesNotMatter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := parse(t, draftRules)
	first := w.try(draftRules)
	for _, test := range []struct{ chunk, workers int }{{1, 1}, {1, 4}, {3, 2}, {1000, 1}} {
		s := *w.source
		s.chunk = test.chunk
		ids := w.ids()
		slices.Reverse(ids)
		got, err := s.try(t.Context(), ids, draft, TryOptions{AsOf: w.asOf, At: w.at, Largest: 10, Workers: test.workers})
		if err != nil {
			t.Fatal(err)
		}
		want(t, fmt.Sprintf("in chunks of %d by %d", test.chunk, test.workers), got, first)
	}
}

func TestATrialEndsWhenItIsCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := *w.source
	s.chunk = 1
	ctx, cancel := context.WithCancel(t.Context())
	var seen []string
	_, err := s.try(ctx, w.ids(), parse(t, draftRules), TryOptions{AsOf: w.asOf, At: w.at, Workers: 1, Progress: func(done, of int) {
		seen = append(seen, fmt.Sprintf("%d of %d", done, of))
		if done == 2 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	want(t, "progress", seen, []string{"1 of 4", "2 of 4"})
}

func TestATrialWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.rows()
	w.try(draftRules)
	want(t, "rows of every table", w.rows(), before)
	err := w.source.db.Read(t.Context(), w.source.who, func(q sqlx.QueryerContext) error {
		rows, err := q.QueryxContext(t.Context(), `UPDATE enrollments SET flagged = true RETURNING id`)
		if err == nil {
			defer rows.Close()
			rows.Next()
			err = rows.Err()
		}
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("a write where a trial reads: %v", err)
	}
	// A child that does not exist is an error, not a silent gap.
	_, err = w.source.try(t.Context(), []family.ChildID{w.a, 99_999}, w.book, TryOptions{AsOf: w.asOf, At: w.at})
	if !errors.Is(err, family.ErrNone) {
		t.Errorf("a child that does not exist: %v", err)
	}
}

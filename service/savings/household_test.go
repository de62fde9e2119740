package savings

import (
	"context"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/rules"
)

const householdBook = `
program: {id: home, name: Home, currency: USD, time_zone: America/Chicago, rounding: half_up}
calendar: {school_year: 07-01}
versions:
  - {id: v1, effective_from: 2026-07-01}
facts: [{name: household, type: text}]
enrollment: {mode: auto_opt_out}
benefits:
  - id: welcome
    kind: prize
    trigger: event(enrolled)
    once_per: household
    amount: {fixed: 50.00}
    period: once
    funding: {sources: [{fund: CITY}]}
`

func TestTheFirstChildOfAHouseholdHasItsAwardInWhateverChunks(t *testing.T) {
	t.Parallel()
	book, err := rules.Parse([]byte(householdBook))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 2, 10} {
		w := newWorld(t)
		city := w.fund(t, "CITY", "60")
		var children []rules.Child
		for i, id := range w.children(t, 4) {
			children = append(children, rules.Child{ID: int64(id),
				Facts:  []rules.Fact{{Name: "household", Value: []string{"north", "north", "south", "south"}[i]}},
				Events: []rules.Event{{Key: "enrolled", Kind: rules.Enrolled, On: ledger.NewDate(2026, 9, []int{4, 3, 5, 6}[i])}}})
		}
		has := func() string {
			var states []string
			w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
				var ids []family.ChildID
				for _, c := range children {
					ids = append(ids, family.ChildID(c.ID))
				}
				awards, err := AwardsOf(ctx, tx, w.program.ID, ids)
				for _, a := range awards {
					states = append(states, a.Posted.String()+"+"+a.Queued.String()+" "+a.Reason)
				}
				return err
			})
			return strings.Join(states, ", ")
		}
		w.night(t, book, children, "2026-09-10", size)
		if got, want := has(), "0.00+0.00 household, 50.00+0.00 awarded, 10.00+40.00 fund_exhausted, 0.00+0.00 household"; got != want {
			t.Errorf("in chunks of %d: %s, want %s", size, got, want)
		}
		w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			return fund.Receive(ctx, tx, w.who, w.program, fund.Receipt{Fund: city, Kind: fund.Grant, Amount: money(t, "500"), On: day(t, "2026-09-11"), Reference: "more"}, w.at)
		})
		// A third child of a household comes later, and earned it earlier: what
		// was given stays.
		late := rules.Child{ID: int64(w.children(t, 1)[0]), Facts: []rules.Fact{{Name: "household", Value: "north"}},
			Events: []rules.Event{{Key: "enrolled", Kind: rules.Enrolled, On: ledger.NewDate(2026, 9, 1)}}}
		children = append(children, late)
		w.night(t, book, children, "2026-09-12", size)
		if got, want := has(), "0.00+0.00 household, 50.00+0.00 awarded, 50.00+0.00 awarded, 0.00+0.00 household, 0.00+0.00 household"; got != want {
			t.Errorf("later, in chunks of %d: %s, want %s", size, got, want)
		}
	}
}

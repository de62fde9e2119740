package savings

import (
	"context"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/rules"
)

// awardsOf runs the awards of a day and returns the one award of each child.
func (w *world) awardsOf(t *testing.T, book *rules.Book, children []rules.Child, on string) (states []AwardState, tally Tally) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		if tally, err = Award(ctx, tx, w.who, w.program, book, children, day(t, on), w.at); err != nil {
			return err
		}
		for _, c := range children {
			of, err := AwardsOf(ctx, tx, w.program.ID, []family.ChildID{family.ChildID(c.ID)})
			if err != nil {
				return err
			}
			states = append(states, of...)
		}
		return nil
	})
	return states, tally
}

func TestWhatNoFundHasIsRefusedOrWaitsAsTheBenefitSays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ policy, queued string }{{"deny", "0.00"}, {"queue", "30.00"}} {
		t.Run(test.policy, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			city := w.fund(t, "CITY", "70")
			book, err := rules.Parse([]byte(`
program: {id: short, name: Short, currency: USD, time_zone: America/Chicago, rounding: half_up}
calendar: {school_year: 07-01}
versions:
  - {id: v1, effective_from: 2026-07-01}
enrollment: {mode: auto_opt_out}
benefits:
  - id: seed
    kind: seed
    trigger: event(enrolled)
    amount: {fixed: 50.00}
    period: once
    funding: {sources: [{fund: CITY}], on_shortfall: ` + test.policy + `}
`))
			if err != nil {
				t.Fatal(err)
			}
			var children []rules.Child
			for _, id := range w.children(t, 2) {
				children = append(children, rules.Child{ID: int64(id), Events: []rules.Event{{Key: "enrolled", Kind: rules.Enrolled, On: day(t, "2026-09-01")}}})
			}
			states, tally := w.awardsOf(t, book, children, "2026-09-02")
			second := states[1]
			if second.Posted != money(t, "20") || second.Queued != money(t, test.queued) || second.Reason != ReasonQueued || tally.Queued != money(t, test.queued) {
				t.Errorf("the second child: %+v, queued in all %s", second, tally.Queued)
			}
			if tally.Given != money(t, "70") || tally.Reasons["seed/"+ReasonQueued] != 1 {
				t.Errorf("tally = %+v", tally)
			}
			if again, tally := w.awardsOf(t, book, children, "2026-09-03"); !tally.Given.IsZero() || again[1] != second {
				t.Errorf("the next night gave %s, %+v", tally.Given, again[1])
			}
			w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
				return fund.Receive(ctx, tx, w.who, w.program, fund.Receipt{Fund: city, Kind: fund.Grant, Amount: money(t, "30"), On: day(t, "2026-09-04"), Reference: "more"}, w.at)
			})
			if states, _ := w.awardsOf(t, book, children, "2026-09-04"); states[1].Posted != money(t, "50") || !states[1].Queued.IsZero() || states[1].Reason != "awarded" {
				t.Errorf("with money again: %+v", states[1])
			}
			if left := w.sum(t, ledger.Query{Charts: []ledger.Chart{ledger.Uncommitted}}); !left.IsZero() {
				t.Errorf("the fund still has %s", left)
			}
		})
	}
}

package savings

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
	for _, test := range []struct{ policy, queued, posted, reason, left string }{
		{"deny", "0.00", "20.00", ReasonQueued, "30.00"}, // for good
		{"queue", "30.00", "50.00", "awarded", "0.00"},
	} {
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
			states, _ = w.awardsOf(t, book, children, "2026-09-04")
			if states[1].Posted != money(t, test.posted) || !states[1].Queued.IsZero() || states[1].Reason != test.reason {
				t.Errorf("with money again: %+v", states[1])
			}
			if left := w.sum(t, ledger.Query{Charts: []ledger.Chart{ledger.Uncommitted}}); left != money(t, test.left) {
				t.Errorf("the fund still has %s, want %s", left, test.left)
			}
		})
	}
}

// night assesses children and pays them, so many at a time.
func (w *world) night(t *testing.T, book *rules.Book, children []rules.Child, on string, size int) (total Tally) {
	t.Helper()
	for batch := range slices.Chunk(children, size) {
		w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			tally, err := Assess(ctx, tx, w.who, w.program, book, batch, nil, day(t, on), w.at)
			total = total.Plus(tally)
			return err
		})
	}
	for more := true; more; {
		w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			tally, again, err := Draw(ctx, tx, w.who, w.program, day(t, on), w.at, size)
			total, more = total.Plus(tally), again
			return err
		})
	}
	return total
}

const scarceBook = `
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
    funding: {sources: [{fund: CITY}, {fund: SMITH}], on_shortfall: %s}
`

// scarce is a world with two funds and children who enrolled on days of
// September 2026, which are given in the order of the children's numbers.
func scarce(t *testing.T, city, smith, policy string, days ...int) (*world, *rules.Book, []rules.Child) {
	t.Helper()
	w := newWorld(t)
	w.fund(t, "CITY", city)
	w.fund(t, "SMITH", smith)
	book, err := rules.Parse([]byte(fmt.Sprintf(scarceBook, policy)))
	if err != nil {
		t.Fatal(err)
	}
	var children []rules.Child
	for i, id := range w.children(t, len(days)) {
		on := ledger.NewDate(2026, 9, days[i])
		children = append(children, rules.Child{ID: int64(id), Events: []rules.Event{{Key: "enrolled", Kind: rules.Enrolled, On: on}}})
	}
	return w, book, children
}

// seeds is what each child has of its seed.
func (w *world) seeds(t *testing.T, children []rules.Child) string {
	t.Helper()
	var has []string
	for _, c := range children {
		has = append(has, w.balance(t, family.ChildID(c.ID), ledger.DesignatedSeed).String())
	}
	return strings.Join(has, " ")
}

func TestWhoEarnedFirstComesFirstWhateverTheChunks(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 2, 3, 7} {
		w, book, children := scarce(t, "70", "60", "queue", 9, 8, 7, 8, 9)
		w.night(t, book, children, "2026-09-10", size)
		if got, want := w.seeds(t, children), "0.00 50.00 50.00 30.00 0.00"; got != want {
			t.Errorf("in chunks of %d: %s, want %s", size, got, want)
		}
		// Money that comes later goes to whoever waits longest.
		w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			return fund.Receive(ctx, tx, w.who, w.program, fund.Receipt{Fund: w.funds["SMITH"], Kind: fund.Grant, Amount: money(t, "65"), On: day(t, "2026-09-11"), Reference: "more"}, w.at)
		})
		w.night(t, book, nil, "2026-09-12", size) // nobody is looked at
		if got, want := w.seeds(t, children), "45.00 50.00 50.00 50.00 0.00"; got != want {
			t.Errorf("with more money, in chunks of %d: %s, want %s", size, got, want)
		}
	}
}

func TestARunForAPastDayPaysNothingThatWasEarnedOrMissedLater(t *testing.T) {
	t.Parallel()
	w, book, children := scarce(t, "0", "0", "queue", 3, 8)
	w.night(t, book, children, "2026-09-10", 10)
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return fund.Receive(ctx, tx, w.who, w.program, fund.Receipt{Fund: w.funds["CITY"], Kind: fund.Grant, Amount: money(t, "100"), On: day(t, "2026-09-11"), Reference: "more"}, w.at)
	})
	w.night(t, book, nil, "2026-09-05", 10)
	if got := w.seeds(t, children); got != "0.00 0.00" {
		t.Errorf("a run for September 5 gave %s", got)
	}
	w.night(t, book, nil, "2026-09-11", 10)
	if got := w.seeds(t, children); got != "50.00 50.00" {
		t.Errorf("the next run gave %s", got)
	}
}

func TestThoseOfADayShareWhatIsLeftAndTheRestFallsAway(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 2, 10} {
		w, book, children := scarce(t, "70.01", "30", "pro_rata", 9, 8, 9)
		w.night(t, book, children, "2026-09-10", size)
		if got, want := w.seeds(t, children), "33.34 33.34 33.33"; got != want {
			t.Errorf("in chunks of %d: %s, want %s: all ask on the day of the run", size, got, want)
		}
		w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			return fund.Receive(ctx, tx, w.who, w.program, fund.Receipt{Fund: w.funds["SMITH"], Kind: fund.Grant, Amount: money(t, "100"), On: day(t, "2026-09-11"), Reference: "more"}, w.at)
		})
		if tally := w.night(t, book, children, "2026-09-12", size); !tally.Given.IsZero() || !tally.Queued.IsZero() {
			t.Errorf("money came later, and %s was given, %s waits", tally.Given, tally.Queued)
		}
	}
}

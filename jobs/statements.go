package jobs

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/statement"
	"seedbook/service/vault"
)

// statements issues the statements of the month before, and at a quarter's end
// those of the quarter.
func statements(keys *vault.Keyring) Job {
	return New("statements", nil, func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (Step, error) {
		p, err := program.Load(ctx, tx, program.ID(t.Program.ID))
		if err != nil {
			return Step{}, err
		}
		spans, err := spansOf(t.Period)
		if err != nil {
			return Step{}, err
		}
		place, after := place(from)
		last, issued, err := statement.IssueChunk(ctx, tx, t.Who, keys, p, spans[place], after, t.today(), t.At)
		if err != nil {
			return Step{}, fmt.Errorf("statements of %s: %w", spans[place].Name, err)
		}
		step := Step{Next: cursor(place, last), Done: issued, Counts: Counts{"issued/" + spans[place].Name: issued}}
		if last == 0 {
			step.Next = ""
			if place+1 < len(spans) {
				step.Next = cursor(place+1, 0)
			}
		}
		return step, nil
	})
}

// spansOf are the statements due for a month: its own, and its quarter's where
// it ends one.
func spansOf(p Period) ([]statement.Span, error) {
	month := statement.MonthOf(p.Last)
	if month.Period != p.Period {
		return nil, fmt.Errorf("period %s is not a month", p.Key)
	}
	spans := []statement.Span{month}
	if quarter := statement.QuarterOf(p.Last); quarter.Last == month.Last {
		spans = append(spans, quarter)
	}
	return spans, nil
}

// The cursor of a statements run is the child behind which it goes on, and in
// which of the run's spans: a decimal with the span in its last digit.
func cursor(place int, last family.ChildID) Cursor { return After(int64(last)*10 + int64(place)) }

func place(c Cursor) (int, family.ChildID) { return int(c.ID() % 10), family.ChildID(c.ID() / 10) }

package jobs

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/service/enroll"
	"seedbook/service/program"
	"seedbook/service/report"
)

// pictures counts every night what the pages of pictures show, so that no page
// has to go through the caseload.
func pictures() Job {
	return New("pictures", count(enroll.Enrolled), func(ctx context.Context, tx *sqlx.Tx, t Task, _ Cursor) (Step, error) {
		p, err := program.Load(ctx, tx, program.ID(t.Program.ID))
		if err != nil {
			return Step{}, err
		}
		book, err := program.RulesOn(ctx, tx, p.ID, t.AsOf)
		if err != nil {
			return Step{}, err
		}
		n, err := report.Draw(ctx, tx, t.Who, p, book.Calendar, t.AsOf, t.At)
		return Step{Done: n, Counts: Counts{"counted": n}}, err
	})
}

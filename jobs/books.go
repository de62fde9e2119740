package jobs

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/program"
	"seedbook/service/report"
)

// Verification is the job that derives the whole book anew.
const Verification = "verify"

// checkpoint is the book's night: what every account holds is kept as of the
// month's end, and the day's postings are summed, so that tomorrow's pages need not.
func checkpoint() Job {
	return New("checkpoint", nil, func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (Step, error) {
		p, err := program.Load(ctx, tx, program.ID(t.Program.ID))
		if err != nil {
			return Step{}, err
		}
		if from == "" {
			return monthsEnd(ctx, tx, t, p)
		}
		n, err := ledger.WriteSums(ctx, tx, p.Book)
		if err == nil {
			err = report.SumUses(ctx, tx, t.Who, p)
		}
		return Step{Done: int(n), Counts: counted("summed", n)}, err
	})
}

// monthsEnd keeps every account's balance at the end of the month before, once
// the month is over.
func monthsEnd(ctx context.Context, tx *sqlx.Tx, t Task, p program.Program) (Step, error) {
	if t.Period.First.Day() != 1 {
		return Step{Next: After(int64(1))}, nil
	}
	n, err := ledger.WriteCheckpoints(ctx, tx, p.Book, t.Period.First.AddDays(-1))
	return Step{Next: After(int64(1)), Counts: counted("checkpointed", n)}, err
}

func counted(name string, n int64) Counts {
	if n == 0 {
		return nil
	}
	return Counts{name: int(n)}
}

// verify derives the whole book anew, once a month and before a period is closed.
// It counts what it looked at, and as "wrong" what does not agree.
func verify() Job {
	job := New(Verification, nil, nil)
	job.Look = func(ctx context.Context, q sqlx.QueryerContext, t Task) (Step, error) {
		p, err := program.Load(ctx, q, program.ID(t.Program.ID))
		if err != nil {
			return Step{}, err
		}
		found, err := ledger.Verify(ctx, q, p.Book, nil)
		if err != nil {
			return Step{}, fmt.Errorf("verify the books of %s: %w", p.Code, err)
		}
		return Step{Done: int(found.Transactions), Counts: Counts{"transactions": int(found.Transactions), "entries": int(found.Entries),
			"accounts": int(found.Accounts), "wrong": len(found.Findings) + int(found.More)}}, nil
	}
	return job
}

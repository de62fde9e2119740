package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/fault"
	"seedbook/service/store"
)

// ErrTryFirst reports a large run by hand of which no dry run says yet what it
// would pay.
var ErrTryFirst = fault.New(fault.Conflict, "jobs.try_first")

// Ordering is a run as it waits for approval.
type Ordering struct {
	Job    string      `json:"job"`
	AsOf   ledger.Date `json:"as_of"`
	DryRun int64       `json:"dry_run"` // that shows what it would pay
	Sums   Sums        `json:"sums"`
}

// Subject is what a request about a run is about.
func (o Order) Subject() string {
	return fmt.Sprintf("run/%d/%s/%s", o.Program.ID, o.Job.Name, o.AsOf)
}

// RunContent is what a run by hand would do: whom it would look at now, and what
// the newest dry run for its day found that it would pay. Without one it is
// ErrTryFirst, and Affected alone is filled in.
func RunContent(ctx context.Context, q sqlx.QueryerContext, who store.Who, o Order, at time.Time) (out approval.Content, err error) {
	if o.Job.Plan != nil {
		if out.Affected, err = o.Job.Plan(ctx, q, Task{Program: o.Program, Who: who, AsOf: o.AsOf, At: at}); err != nil {
			return out, err
		}
	}
	const query = `
		SELECT ` + columns + ` FROM job_runs
		WHERE program_id = $1 AND job = $2 AND as_of = $3 AND dry_run AND state = 'done'
		ORDER BY id DESC LIMIT 1`
	var dry []Run
	if err := sqlx.SelectContext(ctx, q, &dry, query, o.Program.ID, o.Job.Name, o.AsOf); err != nil {
		return out, fmt.Errorf("dry run of %s for %s: %w", o.Job.Name, o.AsOf, err)
	}
	if len(dry) == 0 {
		return out, ErrTryFirst
	}
	out.Total = dry[0].Sums["given"].Add(dry[0].Sums["paid"])
	out.Difference = dry[0].Sums["given"]
	out.Effects = []approval.Effect{{What: "run", Children: out.Affected, After: out.Total}}
	out.Details, err = json.Marshal(Ordering{o.Job.Name, o.AsOf, dry[0].ID, dry[0].Sums})
	return out, err
}

// ProposeRun has a run by hand wait for another person.
func ProposeRun(ctx context.Context, tx *sqlx.Tx, who store.Who, o Order, reason string, at time.Time) (approval.ID, error) {
	content, err := RunContent(ctx, tx, who, o, at)
	if err != nil {
		return 0, err
	}
	return approval.Propose(ctx, tx, who, approval.Proposal{Program: o.Program.ID, Kind: approval.Run, Subject: o.Subject(), Reason: reason, Content: content}, at)
}

// authorize refuses a run by hand that pays more children, or more money, than
// the person's roles may alone.
func (o Order) authorize(ctx context.Context, tx *sqlx.Tx, who store.Who, at time.Time) error {
	if !o.Job.Pays || o.DryRun || o.Approval != "" {
		return nil
	}
	content, err := RunContent(ctx, tx, who, o, at)
	if err != nil && !errors.Is(err, ErrTryFirst) {
		return err
	}
	alone, err := approval.Alone(ctx, tx, who, approval.Run, content.Affected, content.Total)
	if err == nil && !alone {
		err = approval.ErrNeeded
	}
	return err
}

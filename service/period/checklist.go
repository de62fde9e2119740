package period

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/program"
	"seedbook/service/store"
)

// State is where a point of the checklist stands.
type State string

// The states.
const (
	Settled   State = "settled"
	Explained State = "explained" // not settled, and somebody wrote why
	Open      State = "open"
)

// The points of the checklist.
const (
	Jobs       = "jobs"       // every run of the month is done
	Statements = "statements" // the month's statements are issued
	Verified   = "verified"   // the books were derived anew since, and agree
	Suspense   = "suspense"   // no deposit of the month is without an owner
	Excesses   = "excesses"   // what may have to be taken back is decided
	Queue      = "queue"      // what no fund has money for was looked at
	Requests   = "requests"   // nobody's approval is waited for
	Balanced   = "balanced"   // the trial balance's two sides agree
)

// Point is a point of the checklist as it stands.
type Point struct {
	Name   string        `json:"name"`
	State  State         `json:"state"`
	N      int           `json:"n"`      // how many are in the way; 0: none, or it is not a matter of number
	Amount ledger.Amount `json:"amount"` // how much that is
	Note   *Note         `json:"note,omitempty"`
}

// figure is what a note explains.
func (p Point) figure() string { return fmt.Sprintf("%d %s", p.N, p.Amount) }

// Note is an explanation of a point.
type Note struct {
	Item   string    `db:"item"`
	Figure string    `db:"figure"`
	Text   string    `db:"note"`
	By     string    `db:"written_by"`
	At     time.Time `db:"written_at"`
}

// found is what the checklist's questions answer.
type found struct {
	Runs        int           `db:"runs"`       // unfinished, of the month
	Missing     int           `db:"missing"`    // daily jobs that have not come to its end
	Statements  int           `db:"statements"` // runs for the month that are done
	Verified    int           `db:"verified"`
	Suspense    int           `db:"suspense"`
	SuspenseSum ledger.Amount `db:"suspense_sum"`
	Excesses    int           `db:"excesses"`
	ExcessSum   ledger.Amount `db:"excess_sum"`
	Queue       int           `db:"queue"`
	QueueSum    ledger.Amount `db:"queue_sum"`
	Requests    int           `db:"requests"`
}

// Checklist is what has to be settled before a month is closed, as it stands now.
func Checklist(ctx context.Context, q sqlx.QueryerContext, p program.Program, m Month, at time.Time) ([]Point, error) {
	f, err := look(ctx, q, p, m)
	if err != nil {
		return nil, err
	}
	debit, credit, err := balance(ctx, q, p, m)
	if err != nil {
		return nil, err
	}
	settled := func(done bool) State {
		if done {
			return Settled
		}
		return Open
	}
	points := []Point{
		{Name: Jobs, N: f.Runs + f.Missing}, {Name: Statements, State: settled(f.Statements > 0)}, {Name: Verified, State: settled(f.Verified > 0)},
		{Name: Suspense, N: f.Suspense, Amount: f.SuspenseSum}, {Name: Excesses, N: f.Excesses, Amount: f.ExcessSum},
		{Name: Queue, N: f.Queue, Amount: f.QueueSum}, {Name: Requests, N: f.Requests},
		{Name: Balanced, State: settled(debit.Cmp(credit) == 0), Amount: debit.Sub(credit)},
	}
	notes, err := Notes(ctx, q, p, m)
	if err != nil {
		return nil, err
	}
	for i := range points {
		point := &points[i]
		if point.State == "" {
			point.State = settled(point.N == 0)
		}
		if n, ok := notes[point.Name]; ok && point.State == Open && n.Figure == point.figure() && point.Name != Balanced {
			point.State, point.Note = Explained, &n
		}
	}
	return points, nil
}

func look(ctx context.Context, q sqlx.QueryerContext, p program.Program, m Month) (f found, err error) {
	next := m.Last.AddDays(1)
	over := time.Date(next.Year(), next.Month(), next.Day(), 0, 0, 0, 0, p.Zone())
	const query = `
		SELECT
			(SELECT count(*) FROM job_runs j WHERE j.program_id = $1 AND j.as_of BETWEEN $2 AND $3 AND NOT j.dry_run
			    AND j.state IN ('waiting', 'running', 'failed')) AS runs,
			(SELECT count(*) FROM (VALUES ('awards')) d (job) WHERE NOT EXISTS (
			    SELECT FROM job_runs j WHERE j.program_id = $1 AND j.job = d.job AND j.state = 'done' AND NOT j.dry_run AND j.as_of >= $3)) AS missing,
			(SELECT count(*) FROM job_runs j WHERE j.program_id = $1 AND j.job = 'statements' AND j.period = $5 AND j.state = 'done' AND NOT j.dry_run) AS statements,
			(SELECT count(*) FROM (
			    SELECT counts FROM job_runs j WHERE j.program_id = $1 AND j.job = 'verify' AND j.state = 'done' AND NOT j.dry_run AND j.started_at >= $4
			    ORDER BY j.finished_at DESC LIMIT 1) v WHERE v.counts ->> 'wrong' = '0') AS verified,
			s.n AS suspense, s.amount AS suspense_sum, x.n AS excesses, x.amount AS excess_sum, w.n AS queue, w.amount AS queue_sum,
			(SELECT count(*) FROM approval_requests r WHERE r.program_id = $1 AND r.state IN ('waiting', 'approved') AND r.made_at < $4
			    AND r.kind NOT IN ('period', 'reopen')) AS requests
		FROM (SELECT count(*) AS n, coalesce(sum(amount), 0) AS amount FROM deposits WHERE program_id = $1 AND state = 'suspense' AND on_day <= $3) s,
		     (SELECT count(*) AS n, coalesce(sum(amount), 0) AS amount FROM award_excesses WHERE program_id = $1 AND state = 'proposed' AND found_at < $4) x,
		     (SELECT count(*) AS n, coalesce(sum(queued), 0) AS amount FROM awards WHERE program_id = $1 AND queued > 0) w`
	if err := sqlx.GetContext(ctx, q, &f, query, p.ID, m.First, m.Last, over, m.String()); err != nil {
		return f, fmt.Errorf("checklist of %s for %s: %w", p.Code, m, err)
	}
	return f, nil
}

// Notes are the newest explanations of a month, by point.
func Notes(ctx context.Context, q sqlx.QueryerContext, p program.Program, m Month) (map[string]Note, error) {
	const query = `
		SELECT DISTINCT ON (item) item, figure, note, written_by, written_at
		FROM period_notes WHERE program_id = $1 AND month = $2 ORDER BY item, n DESC`
	var all []Note
	if err := sqlx.SelectContext(ctx, q, &all, query, p.ID, m.First); err != nil {
		return nil, fmt.Errorf("notes of %s for %s: %w", p.Code, m, err)
	}
	out := map[string]Note{}
	for _, n := range all {
		out[n.Item] = n
	}
	return out, nil
}

// Explain writes why a point is not settled. It holds for the figure as it stands.
func Explain(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, m Month, item, text string, at time.Time) error {
	if text = strings.TrimSpace(text); text == "" || len([]rune(text)) > 2000 {
		return ErrNote.At("note")
	}
	points, err := Checklist(ctx, tx, p, m, at)
	if err != nil {
		return err
	}
	for _, point := range points {
		if point.Name != item || point.State == Settled || point.Name == Balanced {
			continue
		}
		const query = `
			INSERT INTO period_notes (tenant_id, program_id, month, item, figure, note, written_by, written_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
		if _, err := tx.ExecContext(ctx, query, who.Tenant, p.ID, m.First, item, point.figure(), text, who.Actor, at); err != nil {
			return fmt.Errorf("explain %s of %s: %w", item, m, err)
		}
		return record(ctx, tx, who, p, "period.explained", map[string]any{"month": m.String(), "point": item}, at)
	}
	return ErrPoint
}

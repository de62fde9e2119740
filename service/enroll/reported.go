package enroll

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll/factfile"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/tabular"
)

// Outcome is what recording does, or would do, with a row of a file of facts.
type Outcome string

// The outcomes.
const (
	RowNew   Outcome = "new"   // it is recorded
	RowKnown Outcome = "known" // it is on record already
	RowWrong Outcome = "wrong" // something keeps it out, and with it the file
)

// Compared is a file of facts beside what is known: row by row what recording it
// would do.
type Compared struct {
	Rows     []ComparedRow // those that could be read, by line
	Problems []tabular.Problem
	By       map[Outcome]int // rows, the unreadable ones among the wrong
}

// ComparedRow is a row with its outcome.
type ComparedRow struct {
	factfile.Report
	Child   family.ChildID // 0: nobody of that number takes part
	Outcome Outcome
}

// Good reports that the file can be recorded: nothing is wrong with any row.
func (c Compared) Good() bool { return c.By[RowWrong] == 0 }

// Compare says what Report would do with a file, and records nothing.
func Compare(ctx context.Context, q sqlx.QueryerContext, w Walk, file *factfile.File, source string) (Compared, error) {
	children, err := reportedOf(ctx, q, w, file.Reports)
	if err != nil {
		return Compared{}, err
	}
	facts, events, problems := sorted(file.Reports, children, w.AsOf, source)
	factsStand, err := family.FactStandings(ctx, q, w.Who, w.Keys, facts)
	if err != nil {
		return Compared{}, err
	}
	eventsStand, err := family.EventStandings(ctx, q, w.Program.ID, events)
	if err != nil {
		return Compared{}, err
	}
	out := Compared{Problems: slices.Concat(file.Problems, problems), By: map[Outcome]int{RowWrong: file.Rows - len(file.Reports)}}
	for i, r := range file.Reports {
		row := ComparedRow{Report: r, Child: children[i], Outcome: RowWrong}
		switch {
		case row.Child == 0: // it has its problem
		case r.Fact != "":
			row.Outcome, factsStand = outcomeOf(factsStand[0]), factsStand[1:]
		default:
			row.Outcome, eventsStand = outcomeOf(eventsStand[0]), eventsStand[1:]
		}
		if row.Child != 0 && row.Outcome == RowWrong {
			out.Problems = append(out.Problems, clashes(file.Reports[i:i+1], r.Reference)...)
		}
		out.By[row.Outcome]++
		out.Rows = append(out.Rows, row)
	}
	slices.SortStableFunc(out.Problems, func(a, b tabular.Problem) int { return cmp.Compare(a.Line, b.Line) })
	return out, nil
}

func outcomeOf(s family.Standing) Outcome {
	switch s {
	case family.Fresh:
		return RowNew
	case family.Repeated:
		return RowKnown
	}
	return RowWrong
}

// OnRecord is what was reported under one name by one source about a program's
// children.
type OnRecord struct {
	Name       string      `db:"name"`
	Event      bool        `db:"event"`
	Source     string      `db:"source"`
	Reports    int         `db:"reports"`
	Children   int         `db:"children"`
	FirstFrom  ledger.Date `db:"first_from"` // no day: some are true always
	LastFrom   ledger.Date `db:"last_from"`
	FirstKnown ledger.Date `db:"first_known"` // no day of events, which count from their own
	LastKnown  ledger.Date `db:"last_known"`
	By         string      `db:"recorded_by"` // of the newest
	At         time.Time   `db:"recorded_at"`
}

// Reports returns what was reported about a program's children, by name and
// source, the newest source of a name first. It opens nothing that is sealed.
func Reports(ctx context.Context, q sqlx.QueryerContext, p program.ID, limit int) ([]OnRecord, error) {
	const query = `
		SELECT f.name, false AS event, f.source, count(*) AS reports, count(DISTINCT f.child_id) AS children,
		       min(f.from_on) AS first_from, max(f.from_on) AS last_from, min(f.known_on) AS first_known, max(f.known_on) AS last_known,
		       (array_agg(f.recorded_by ORDER BY f.recorded_at DESC))[1] AS recorded_by, max(f.recorded_at) AS recorded_at
		FROM child_facts f
		JOIN enrollments e ON e.tenant_id = f.tenant_id AND e.child_id = f.child_id AND e.program_id = $1
		GROUP BY f.name, f.source
		UNION ALL
		SELECT v.kind, true, v.source, count(*), count(DISTINCT v.child_id), min(v.on_day), max(v.on_day), NULL, NULL,
		       (array_agg(v.recorded_by ORDER BY v.recorded_at DESC))[1], max(v.recorded_at)
		FROM child_events v
		WHERE v.program_id = $1
		GROUP BY v.kind, v.source
		ORDER BY event, name, recorded_at DESC, source
		LIMIT $2`
	var out []OnRecord
	if err := sqlx.SelectContext(ctx, q, &out, query, p, limit); err != nil {
		return nil, fmt.Errorf("reports of program %d: %w", p, err)
	}
	return out, nil
}

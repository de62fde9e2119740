package report

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
)

// Happening is one thing that a child's timeline tells. It holds codes, amounts
// and days; what is sealed is told by that it is there.
type Happening struct {
	At     time.Time     `db:"at"`   // when it was recorded
	Kind   string        `db:"kind"` // deposit, award, school, hold_placed, …
	ID     string        `db:"id"`   // with At and Kind, its place in the list
	On     ledger.Date   `db:"on_day"`
	Code   string        `db:"code"`   // what of its kind: "match", "custody"
	Detail string        `db:"detail"` // a reference, a period, a school
	Amount ledger.Amount `db:"amount"`
	By     string        `db:"made_by"`
}

// TimelineQuery chooses a page of a child's timeline.
type TimelineQuery struct {
	Program program.ID
	Child   family.ChildID
	Before  Happening // keyset: the last one of the page before; zero: from the newest
	Hidden  []string  // facts that the reader does not need to know
	Limit   int
}

// Timeline tells what happened to a child under any of its records, what was
// recorded last first.
func Timeline(ctx context.Context, q sqlx.QueryerContext, t TimelineQuery) ([]Happening, error) {
	records, err := family.Records(ctx, q, []family.ChildID{t.Child})
	if err != nil {
		return nil, err
	}
	ids := family.WithRecords([]family.ChildID{t.Child}, records)
	var before any
	if !t.Before.At.IsZero() {
		before = t.Before.At
	}
	var out []Happening
	err = sqlx.SelectContext(ctx, q, &out, timeline, t.Program, pq.Array(ids), before, t.Before.Kind, t.Before.ID, pq.Array(t.Hidden), t.Limit)
	if err != nil {
		return nil, fmt.Errorf("timeline of child %d: %w", t.Child, err)
	}
	return out, nil
}

const timeline = `
	SELECT at, kind, id, on_day, code, detail, coalesce(amount, 0) AS amount, made_by FROM (
		SELECT created_at AS at, 'known' AS kind, CAST(id AS text) AS id, CAST(NULL AS date) AS on_day, '' AS code, '' AS detail, CAST(NULL AS numeric) AS amount, '' AS made_by
		FROM enrollments WHERE program_id = $1 AND child_id = ANY ($2)
		UNION ALL
		SELECT greatest(created_at, CAST(enrolled_on AS timestamptz)), 'enrolled', CAST(id AS text), enrolled_on, '', '', NULL, ''
		FROM enrollments WHERE program_id = $1 AND child_id = ANY ($2) AND enrolled_on IS NOT NULL
		UNION ALL
		SELECT updated_at, 'ended', CAST(id AS text), ended_on, CASE ended_by WHEN '' THEN state ELSE ended_by END, '', NULL, ''
		FROM enrollments WHERE program_id = $1 AND child_id = ANY ($2) AND ended_on IS NOT NULL
		UNION ALL
		SELECT f.recorded_at, 'came_back', CAST(f.enrollment_id AS text) || '/' || CAST(f.enrolled_on AS text), f.ended_on, CASE f.ended_by WHEN '' THEN f.state ELSE f.ended_by END, '', NULL, ''
		FROM former_enrollments f JOIN enrollments e ON e.tenant_id = f.tenant_id AND e.id = f.enrollment_id
		WHERE e.program_id = $1 AND f.child_id = ANY ($2)
		UNION ALL
		SELECT s.recorded_at, 'school', CAST(s.child_id AS text) || '/' || CAST(s.from_on AS text), s.from_on, s.grade, h.name, NULL, ''
		FROM schoolings s JOIN schools h ON h.tenant_id = s.tenant_id AND h.id = s.school_id WHERE s.child_id = ANY ($2)
		UNION ALL
		SELECT posted_at, CASE state WHEN 'corrected' THEN 'deposit_corrected' ELSE 'deposit' END, CAST(id AS text), on_day, channel, reference, amount, ''
		FROM deposits WHERE program_id = $1 AND child_id = ANY ($2)
		UNION ALL
		SELECT CAST(returned_on AS timestamptz), 'deposit_returned', CAST(id AS text), returned_on, coalesce(return_code, ''), reference, -amount, ''
		FROM deposits WHERE program_id = $1 AND child_id = ANY ($2) AND returned_on IS NOT NULL
		UNION ALL
		SELECT made_at, 'award_' || kind, CAST(child_id AS text) || '/' || benefit || '/' || period || '/' || CAST(n AS text), on_day, benefit, period,
		       CASE WHEN kind IN ('cancel', 'reverse') THEN -amount ELSE amount END, made_by
		FROM award_moves WHERE program_id = $1 AND child_id = ANY ($2)
		UNION ALL
		SELECT recorded_at, 'fact', CAST(child_id AS text) || '/' || name || '/' || reference, from_on, name, source, NULL, recorded_by
		FROM child_facts WHERE child_id = ANY ($2) AND name <> ALL (CAST($6 AS text[]))
		UNION ALL
		SELECT recorded_at, CASE WHEN retracts IS NULL THEN 'event' ELSE 'event_taken_back' END, CAST(id AS text), on_day, kind, source, amount, recorded_by
		FROM child_events WHERE program_id = $1 AND child_id = ANY ($2)
		UNION ALL
		SELECT placed_at, 'hold_placed', CAST(id AS text), NULL, kind, '', NULL, placed_by FROM child_holds WHERE child_id = ANY ($2)
		UNION ALL
		SELECT lifted_at, 'hold_lifted', CAST(id AS text), NULL, kind, '', NULL, lifted_by FROM child_holds WHERE child_id = ANY ($2) AND lifted_at IS NOT NULL
		UNION ALL
		SELECT set_at, 'rights', CAST(id AS text), from_on, array_to_string(rights, ' '), '', NULL, set_by FROM guardianships WHERE child_id = ANY ($2)
		UNION ALL
		SELECT recorded_at, CASE WHEN given THEN 'consent_given' ELSE 'consent_taken_back' END, CAST(id AS text), from_on, purpose, '', NULL, recorded_by
		FROM child_consents WHERE child_id = ANY ($2)
		UNION ALL
		SELECT added_at, 'document', CAST(id AS text), NULL, CASE WHEN closed THEN 'other' ELSE kind END, '', NULL, added_by FROM child_documents WHERE child_id = ANY ($2)
		UNION ALL
		SELECT written_at, 'note', CAST(id AS text), NULL, '', '', NULL, written_by FROM child_notes WHERE child_id = ANY ($2)
		UNION ALL
		SELECT issued_at, 'statement', CAST(id AS text), NULL, '', period, closing_own + closing_program, '' FROM statements WHERE program_id = $1 AND child_id = ANY ($2)
		UNION ALL
		SELECT granted_at, 'portal', CAST(account_id AS text), NULL, granted_by, '', NULL, '' FROM guardian_children WHERE child_id = ANY ($2)
		UNION ALL
		SELECT agreed_at, 'settled', CAST(id AS text), NULL, destination, cause, -amount, agreed_by FROM exit_settlements WHERE program_id = $1 AND child_id = ANY ($2)
		UNION ALL
		SELECT r.done_at, 'bulk', CAST(r.action_id AS text), NULL, b.action, CAST(r.action_id AS text), NULL, coalesce(b.drawn_by, '')
		FROM bulk_rows r JOIN bulk_actions b ON b.tenant_id = r.tenant_id AND b.id = r.action_id
		WHERE b.program_id = $1 AND r.child_id = ANY ($2) AND r.done_at IS NOT NULL
		UNION ALL
		SELECT r.undone_at, 'bulk_undone', CAST(r.action_id AS text), NULL, b.action, CAST(r.action_id AS text), NULL, coalesce(b.undone_by, '')
		FROM bulk_rows r JOIN bulk_actions b ON b.tenant_id = r.tenant_id AND b.id = r.action_id
		WHERE b.program_id = $1 AND r.child_id = ANY ($2) AND r.undone_at IS NOT NULL
		UNION ALL
		SELECT coalesce(decided_at, proposed_at), 'join_' || state, CAST(id AS text), NULL, '', '', NULL, coalesce(decided_by, proposed_by)
		FROM child_joins WHERE survivor = ANY ($2) OR absorbed = ANY ($2)
	) h
	WHERE CAST($3 AS timestamptz) IS NULL OR (h.at, h.kind, h.id) < (CAST($3 AS timestamptz), $4, $5)
	ORDER BY at DESC, kind DESC, id DESC
	LIMIT $7`

// Package duplicate finds children who may be on record twice, shows why, and
// remembers what people decided about each pair.
//
// Pairs are found by blind indexes in the database and weighed by
// service/likeness. Nobody is ever merged because of a score: a pair is a
// question to a person, and "not the same" is an answer for good. The package
// moves no money and changes no child's record.
package duplicate

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/likeness"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// ErrNone reports a pair that is not proposed.
var ErrNone = fault.New(fault.NotFound, "duplicate.none")

// Pair is two records that may be one child, the lower number first.
type Pair struct {
	Low      family.ChildID   `db:"low_child"`
	High     family.ChildID   `db:"high_child"`
	Score    int              `db:"score"` // hundredths of a bit
	Caution  likeness.Caution `db:"caution"`
	Evidence string           `db:"evidence"` // JSON of []likeness.Evidence
	FoundBy  string           `db:"found_by"`
	FoundAt  time.Time        `db:"found_at"`
}

// Fields is what each field says.
func (p Pair) Fields() ([]likeness.Evidence, error) {
	var out []likeness.Evidence
	if err := json.Unmarshal([]byte(p.Evidence), &out); err != nil {
		return nil, fmt.Errorf("evidence of %d and %d: %w", p.Low, p.High, err)
	}
	return out, nil
}

// Found says what a search did.
type Found struct {
	Compared  int // pairs
	Proposed  int // for the first time, or again after their records changed
	Withdrawn int // not alike any more
}

// Look searches for records of the same children as some, in a number of
// statements that does not grow with them: at import, when a child is added, and
// every night. It may be repeated. What somebody called two children stays so.
func Look(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, ids []family.ChildID, at time.Time) (Found, error) {
	if len(ids) == 0 {
		return Found{}, nil
	}
	looking, err := family.Searching(ctx, tx, ids)
	if err != nil {
		return Found{}, err
	}
	profiles, err := family.Profiles(ctx, tx, who, keys, ids)
	if err != nil {
		return Found{}, err
	}
	if err := family.IndexMatches(ctx, tx, who, keys, profiles); err != nil {
		return Found{}, err
	}
	meetings, err := family.Meetings(ctx, tx, ids)
	if err != nil {
		return Found{}, err
	}
	if err := openOthers(ctx, tx, who, keys, meetings, profiles); err != nil {
		return Found{}, err
	}
	in, err := family.Bearers(ctx, tx, who, keys, profiles)
	if err != nil {
		return Found{}, err
	}
	done := Found{Compared: len(meetings)}
	worthy := weigh(meetings, profiles, in)
	if done.Withdrawn, err = withdraw(ctx, tx, ids, worthy); err != nil {
		return Found{}, err
	}
	if done.Proposed, err = propose(ctx, tx, who, worthy, at); err != nil {
		return Found{}, err
	}
	return done, family.Searched(ctx, tx, who, looking)
}

// LookChunk looks for records of the same children as the next of those who are
// new or changed since somebody looked, and returns the last of them, or 0 where
// none was left.
func LookChunk(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.ID, after family.ChildID, limit int, at time.Time) (last family.ChildID, n int, found Found, err error) {
	due, err := family.SearchDue(ctx, tx, p, after, limit)
	if err != nil || len(due) == 0 {
		return 0, 0, Found{}, err
	}
	ids := make([]family.ChildID, len(due))
	for i, d := range due {
		ids[i] = d.Child
	}
	found, err = Look(ctx, tx, who, keys, ids, at)
	return ids[len(ids)-1], len(ids), found, err
}

// openOthers opens those whom the children meet.
func openOthers(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, meetings []family.Meeting, profiles map[family.ChildID]likeness.Profile) error {
	var others []family.ChildID
	for _, m := range meetings {
		for _, id := range []family.ChildID{m.Low, m.High} {
			if _, opened := profiles[id]; !opened {
				others = append(others, id)
			}
		}
	}
	slices.Sort(others)
	more, err := family.Profiles(ctx, tx, who, keys, slices.Compact(others))
	for id, p := range more {
		profiles[id] = p
	}
	return err
}

func weigh(meetings []family.Meeting, profiles map[family.ChildID]likeness.Profile, in likeness.Caseload) []likeness.Pair {
	var pairs []likeness.Pair
	for _, m := range meetings {
		a, knowsA := profiles[m.Low]
		b, knowsB := profiles[m.High]
		if !knowsA || !knowsB { // the erased are nobody's twin
			continue
		}
		if l, worthy := likeness.Alike(a, b, in); worthy {
			pairs = append(pairs, likeness.Pair{A: int64(m.Low), B: int64(m.High), Likeness: l})
		}
	}
	return likeness.Sift(pairs)
}

// withdraw takes back the proposals about children that a search no longer makes.
func withdraw(ctx context.Context, tx *sqlx.Tx, ids []family.ChildID, worthy []likeness.Pair) (int, error) {
	lows, highs := make([]int64, len(worthy)), make([]int64, len(worthy))
	for i, p := range worthy {
		lows[i], highs[i] = p.A, p.B
	}
	const query = `
		UPDATE duplicate_pairs SET state = 'withdrawn'
		WHERE state = 'proposed' AND (low_child = ANY ($1) OR high_child = ANY ($1))
		  AND (low_child, high_child) NOT IN (SELECT a, b FROM unnest(CAST($2 AS bigint[]), CAST($3 AS bigint[])) AS w (a, b))`
	res, err := tx.ExecContext(ctx, query, pq.Array(ids), pq.Array(lows), pq.Array(highs))
	if err != nil {
		return 0, fmt.Errorf("withdraw pairs of %d children: %w", len(ids), err)
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// propose stores the worthy pairs; a pair that people decided about is left as
// it is, and one that says the same as before is not written again.
func propose(ctx context.Context, tx *sqlx.Tx, who store.Who, worthy []likeness.Pair, at time.Time) (int, error) {
	slices.SortFunc(worthy, func(x, y likeness.Pair) int { return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B)) })
	lows, highs, scores := make([]int64, len(worthy)), make([]int64, len(worthy)), make([]int64, len(worthy))
	cautions, evidence := make([]string, len(worthy)), make([]string, len(worthy))
	for i, p := range worthy {
		text, err := json.Marshal(p.Evidence)
		if err != nil {
			return 0, fmt.Errorf("evidence of %d and %d: %w", p.A, p.B, err)
		}
		lows[i], highs[i], scores[i], cautions[i], evidence[i] = p.A, p.B, int64(p.Score), string(p.Caution), string(text)
	}
	const query = `
		WITH found AS (
			SELECT a, b, score, caution, evidence
			FROM unnest(CAST($4 AS bigint[]), CAST($5 AS bigint[]), CAST($6 AS integer[]), CAST($7 AS text[]), CAST($8 AS text[]))
			     AS f (a, b, score, caution, evidence)
		), again AS (
			SELECT p.low_child, p.high_child FROM duplicate_pairs p JOIN found f ON p.low_child = f.a AND p.high_child = f.b WHERE p.state = 'proposed'
		), put AS (
			INSERT INTO duplicate_pairs AS p (tenant_id, low_child, high_child, score, caution, evidence, state, found_by, found_at)
			SELECT $1, a, b, score, caution, evidence, 'proposed', $2, $3 FROM found
			ON CONFLICT ON CONSTRAINT duplicate_pairs_pkey DO UPDATE
			SET score = EXCLUDED.score, caution = EXCLUDED.caution, evidence = EXCLUDED.evidence, state = 'proposed'
			WHERE p.state NOT IN ('distinct', 'joined') AND (p.state, p.evidence) IS DISTINCT FROM ('proposed', EXCLUDED.evidence)
			RETURNING low_child, high_child
		)
		SELECT count(*) FROM put WHERE (low_child, high_child) NOT IN (SELECT low_child, high_child FROM again)`
	var n int
	err := tx.GetContext(ctx, &n, query, who.Tenant, who.Actor, at, pq.Array(lows), pq.Array(highs), pq.Array(scores), pq.Array(cautions), pq.Array(evidence))
	if err != nil {
		return 0, fmt.Errorf("propose %d pairs: %w", len(worthy), err)
	}
	return n, nil
}

const columns = `low_child, high_child, score, caution, evidence, found_by, found_at`

// Open returns the proposed pairs in which a child of a program is, the likest
// first.
func Open(ctx context.Context, q sqlx.QueryerContext, program int64, limit int) ([]Pair, error) {
	const query = `
		SELECT ` + columns + `
		FROM duplicate_pairs p
		WHERE state = 'proposed' AND EXISTS (
			SELECT FROM enrollments e WHERE e.program_id = $1 AND e.child_id IN (p.low_child, p.high_child))
		ORDER BY score DESC, low_child, high_child
		LIMIT $2`
	var out []Pair
	if err := sqlx.SelectContext(ctx, q, &out, query, program, limit); err != nil {
		return nil, fmt.Errorf("open pairs: %w", err)
	}
	return out, nil
}

// Of returns the proposed pairs that a child is in, the likest first.
func Of(ctx context.Context, q sqlx.QueryerContext, child family.ChildID) ([]Pair, error) {
	const query = `
		SELECT ` + columns + `
		FROM duplicate_pairs
		WHERE state = 'proposed' AND $1 IN (low_child, high_child)
		ORDER BY score DESC, low_child, high_child`
	var out []Pair
	if err := sqlx.SelectContext(ctx, q, &out, query, child); err != nil {
		return nil, fmt.Errorf("pairs of child %d: %w", child, err)
	}
	return out, nil
}

// Distinct says that a proposed pair is two children, for good: it is not
// proposed again whatever becomes of their records. Saying it twice is ErrNone.
func Distinct(ctx context.Context, tx *sqlx.Tx, who store.Who, a, b family.ChildID, at time.Time) error {
	const query = `
		UPDATE duplicate_pairs SET state = 'distinct', decided_by = $3, decided_at = $4
		WHERE low_child = $1 AND high_child = $2 AND state = 'proposed'`
	low, high := min(a, b), max(a, b)
	res, err := tx.ExecContext(ctx, query, low, high, who.Actor, at)
	if err != nil {
		return fmt.Errorf("tell %d from %d: %w", low, high, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return cmp.Or(err, error(ErrNone))
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "duplicate.distinct", Kind: "child", Subject: int64(low),
		Before: map[string]any{"state": "proposed"}, After: map[string]any{"state": "distinct", "other": high},
	}}, at)
}

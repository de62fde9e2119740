package roster

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/program"
	"seedbook/service/store"
)

// Commitment is what an approver of a roster approves: this file, compared with
// this state of its source, with what it would do and cost.
type Commitment struct {
	Batch    ID          `json:"batch"`
	Source   int64       `json:"source"`
	Revision int         `json:"revision"`
	SHA256   string      `json:"sha256"`
	EnrollOn ledger.Date `json:"enroll_on"`
	Counts   Counts      `json:"counts"`
	Preview  Preview     `json:"preview"`
	// Settled is a digest of what people said of doubtful rows, and Later how many
	// of them are applied after the rest of the roster was.
	Settled string `json:"settled,omitempty"`
	Later   int    `json:"later,omitempty"`
}

// Subject is what a request about a roster is about.
func Subject(id ID) string { return "roster/" + strconv.FormatInt(int64(id), 10) }

// CommitContent is what applying a staged roster would do, or the rows of an
// applied one that people settled since. One of which nothing is to be applied is
// ErrState, one whose comparison is out of date ErrStale.
func CommitContent(ctx context.Context, q sqlx.QueryerContext, p program.ID, id ID) (out approval.Content, err error) {
	const query = `
		SELECT b.source_id, b.revision, s.revision, b.sha256, b.enroll_on, b.counts, b.preview, b.state
		FROM roster_batches b JOIN roster_sources s ON s.tenant_id = b.tenant_id AND s.id = b.source_id
		WHERE b.program_id = $1 AND b.id = $2`
	a := Commitment{Batch: id}
	var now int
	var sum []byte
	var counts, preview, state string
	err = q.QueryRowxContext(ctx, query, p, id).Scan(&a.Source, &a.Revision, &now, &sum, &a.EnrollOn, &counts, &preview, &state)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return out, ErrNone
	case err != nil:
		return out, fmt.Errorf("content of roster %d: %w", id, err)
	case state == string(Applied):
		now = a.Revision
	case state != string(Staged):
		return out, ErrState
	}
	if a.Revision != now {
		return out, ErrStale
	}
	a.SHA256 = hex.EncodeToString(sum)
	if err := errors.Join(json.Unmarshal([]byte(counts), &a.Counts), json.Unmarshal([]byte(preview), &a.Preview)); err != nil {
		return out, fmt.Errorf("content of roster %d: %w", id, err)
	}
	if a.Settled, err = settledDigest(ctx, q, id); err != nil {
		return out, err
	}
	out.Affected = a.Counts.By[New] + a.Counts.By[Changed] + a.Counts.Settled[Fresh] + a.Counts.Settled[Same]
	if state == string(Applied) {
		if err := a.later(ctx, q); err != nil {
			return out, err
		}
		out.Affected = a.Later
	}
	for _, c := range a.Preview.Cost {
		out.Total = out.Total.Add(c.Amount)
		out.Effects = append(out.Effects, approval.Effect{What: c.Benefit, Fund: c.Fund, Children: c.Children, After: c.Amount})
	}
	out.Difference = out.Total
	out.Details, err = json.Marshal(a)
	return out, err
}

// settledDigest stands for every answer of people about rows of a roster.
func settledDigest(ctx context.Context, q sqlx.QueryerContext, id ID) (string, error) {
	const query = `
		SELECT coalesce(encode(sha256(convert_to(string_agg(n || ' ' || settled || ' ' || coalesce(settled_child, 0), ',' ORDER BY n), 'UTF8')), 'hex'), '')
		FROM roster_rows
		WHERE batch_id = $1 AND finding IN ('doubtful', 'review') AND settled <> ''`
	var digest string
	if err := sqlx.GetContext(ctx, q, &digest, query, id); err != nil {
		return "", fmt.Errorf("answers of roster %d: %w", id, err)
	}
	return digest, nil
}

// later narrows what is said of an applied roster to the rows that people settled
// since and that are not applied.
func (a *Commitment) later(ctx context.Context, q sqlx.QueryerContext) error {
	const query = `
		SELECT effect FROM roster_rows
		WHERE batch_id = $1 AND finding IN ('doubtful', 'review') AND settled IN ('same', 'new') AND NOT applied ORDER BY n`
	var effects []string
	if err := sqlx.SelectContext(ctx, q, &effects, query, a.Batch); err != nil {
		return fmt.Errorf("settled rows of roster %d: %w", a.Batch, err)
	}
	if a.Later = len(effects); a.Later == 0 {
		return ErrState
	}
	a.Preview = Preview{}
	for _, text := range effects {
		var e effect
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			return fmt.Errorf("settled rows of roster %d: %w", a.Batch, err)
		}
		a.Preview.add(e, 1)
	}
	return nil
}

// ProposeCommit has applying a roster wait for another person.
func ProposeCommit(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, id ID, reason string, at time.Time) (approval.ID, error) {
	content, err := CommitContent(ctx, tx, p.ID, id)
	if err != nil {
		return 0, err
	}
	return approval.Propose(ctx, tx, who, approval.Proposal{Program: int64(p.ID), Kind: approval.Roster, Subject: Subject(id), Reason: reason, Content: content}, at)
}

// CommitAlone reports that the roles of who applies a staged roster let them do
// so without another person.
func CommitAlone(ctx context.Context, q sqlx.QueryerContext, who store.Who, p program.Program, id ID) (bool, error) {
	content, err := CommitContent(ctx, q, p.ID, id)
	if err != nil {
		return false, err
	}
	return approval.Alone(ctx, q, who, approval.Roster, content.Affected, content.Total)
}

// authorize lets a staged roster be begun: by who may alone, or where another
// person approved exactly this. It is asked once, by the first chunk.
func authorize(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, id ID, at time.Time) error {
	content, err := CommitContent(ctx, tx, p.ID, id)
	if err != nil {
		return err
	}
	alone, err := approval.Alone(ctx, tx, who, approval.Roster, content.Affected, content.Total)
	if err != nil || alone {
		return err
	}
	r, err := approval.Open(ctx, tx, approval.Roster, Subject(id))
	if errors.Is(err, approval.ErrNone) {
		return approval.ErrNeeded
	}
	if err != nil {
		return err
	}
	_, err = approval.Execute(ctx, tx, who, r.ID, content, at)
	return err
}

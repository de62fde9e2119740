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
}

// Subject is what a request about a roster is about.
func Subject(id ID) string { return "roster/" + strconv.FormatInt(int64(id), 10) }

// CommitContent is what applying a staged roster would do. One that is not
// staged any more is ErrState, one whose comparison is out of date ErrStale.
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
	case state != string(Staged):
		return out, ErrState
	case a.Revision != now:
		return out, ErrStale
	}
	a.SHA256 = hex.EncodeToString(sum)
	if err := errors.Join(json.Unmarshal([]byte(counts), &a.Counts), json.Unmarshal([]byte(preview), &a.Preview)); err != nil {
		return out, fmt.Errorf("content of roster %d: %w", id, err)
	}
	out.Affected = a.Counts.By[New] + a.Counts.By[Changed]
	for _, c := range a.Preview.Cost {
		out.Total = out.Total.Add(c.Amount)
		out.Effects = append(out.Effects, approval.Effect{What: c.Benefit, Fund: c.Fund, Children: c.Children, After: c.Amount})
	}
	out.Difference = out.Total
	out.Details, err = json.Marshal(a)
	return out, err
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

package roster

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Faults of settling.
var (
	// ErrNoRow reports a row that waits for nobody, or that the roster does not have.
	ErrNoRow = fault.New(fault.NotFound, "roster.no_row")
	// ErrSettled reports that somebody else settled the row since it was shown.
	ErrSettled = fault.New(fault.Conflict, "roster.settled_meanwhile")
	// ErrUsed reports an answer about a row that was applied by the one before.
	ErrUsed = fault.New(fault.Conflict, "roster.row_used")
	// ErrNotNew reports a row that cannot become a new child: its name or birth
	// date is missing, it says only what changed, or the child has died.
	ErrNotNew = fault.New(fault.Invalid, "roster.not_new")
	// ErrOptedOut reports a row about a child whose family opted out.
	ErrOptedOut = fault.New(fault.Invalid, "roster.opted_out")
	// ErrWho reports a child who is none of those that the row may be about.
	ErrWho = fault.New(fault.Invalid, "roster.settle_who")
	// ErrOutWhy reports a row that is left out without a reason.
	ErrOutWhy = fault.New(fault.Invalid, "roster.settle_why")
)

// Answer is what a person says of a doubtful row.
type Answer string

// The answers. Unsaid takes one back.
const (
	Unsaid Answer = ""
	Same   Answer = "same" // it is a child on record
	Fresh  Answer = "new"
	Out    Answer = "out" // it is left out
)

// Why a row is left out.
const (
	OutTwice = "twice"     // it stands in the file twice
	OutOther = "not_ours"  // no child of this program
	OutWrong = "wrong"     // its sender has to mend it
	OutNote  = "something" // as the note says
)

// Outs are all reasons to leave a row out, in the order people are offered them.
var Outs = []string{OutTwice, OutOther, OutWrong, OutNote}

// Settled is what a person said of a row, and when.
type Settled struct {
	Answer  Answer
	Child   family.ChildID // of Same
	Why     string         // of Out: one of Outs
	Note    string
	By      string
	At      time.Time
	No      int  // how often somebody said something of it
	Applied bool // and it was used
}

// Settling is a person's answer to a row as it was shown.
type Settling struct {
	Row  int
	Seen int // Settled.No when it was shown
	Answer
	Child     family.ChildID
	Why, Note string
}

// Settle keeps what a person says of a doubtful row: before the roster is applied
// it becomes part of what is approved; afterwards it waits to be applied like a
// roster of its own. Whoever saw the row before somebody else settled it is
// refused (ErrSettled), and an applied row is settled for good.
func Settle(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, id ID, s Settling, at time.Time) error {
	b, err := lockBatch(ctx, tx, p.ID, id)
	if err != nil {
		return err
	}
	if err := settleable(ctx, tx, b); err != nil {
		return err
	}
	r, err := loadRow(ctx, tx, who, keys, id, s.Row)
	switch {
	case err != nil:
		return err
	case r.Settled.No != s.Seen:
		return ErrSettled
	case r.Settled.Applied:
		return ErrUsed
	}
	if err := s.check(ctx, tx, who, keys, p.ID, r); err != nil {
		return err
	}
	effect, err := effectOf(ctx, tx, who, keys, p, b, r, s, at)
	if err != nil {
		return err
	}
	if err := r.settle(ctx, tx, who, id, s, effect, at); err != nil {
		return err
	}
	if err := b.settle(ctx, tx, r, s, effect); err != nil {
		return err
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "roster.settled", Kind: "roster", Subject: int64(id), Program: int32(p.ID),
		Before: map[string]any{"row": s.Row, "answer": r.Settled.Answer, "child": r.Settled.Child},
		After:  map[string]any{"row": s.Row, "answer": s.Answer, "child": s.Child, "why": s.Why}}}, at)
}

// settleable refuses a batch that is being applied, or after which its source
// sent another list: the newer one asks about the same rows.
func settleable(ctx context.Context, q sqlx.QueryerContext, b batchRow) error {
	if b.State == Applying {
		return ErrState
	}
	const query = `SELECT EXISTS (SELECT FROM roster_batches WHERE source_id = $1 AND id > $2 AND state IN ('applying', 'applied'))`
	var later bool
	if err := sqlx.GetContext(ctx, q, &later, query, b.Source, b.ID); err != nil {
		return fmt.Errorf("rosters after %d: %w", b.ID, err)
	}
	if later {
		return ErrStale
	}
	return nil
}

// doubtful is a row that waits for a person, or did.
type doubtful struct {
	Row
	effect string
}

func loadRow(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, id ID, n int) (r doubtful, err error) {
	const query = `WHERE batch_id = $1 AND n = $2 AND finding IN ('doubtful', 'review') AND sealed IS NOT NULL`
	rows, err := readRows(ctx, q, who, keys, id, rowColumns+" "+query, id, n)
	if err != nil {
		return r, err
	}
	if len(rows) == 0 {
		return r, ErrNoRow
	}
	r.Row = rows[0]
	const effect = `SELECT effect FROM roster_rows WHERE batch_id = $1 AND n = $2`
	if err := sqlx.GetContext(ctx, q, &r.effect, effect, id, n); err != nil {
		return r, fmt.Errorf("row %d of roster %d: %w", n, id, err)
	}
	return r, nil
}

// check refuses an answer that cannot be carried out.
func (s *Settling) check(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, r doubtful) error {
	switch s.Answer {
	case Same:
		s.Why, s.Note = "", ""
		return s.checkSame(ctx, q, who, keys, p, r)
	case Fresh:
		s.Child, s.Why, s.Note = 0, "", ""
		return checkNew(ctx, q, who, keys, p, r.Said)
	case Out:
		s.Child = 0
		if !slices.Contains(Outs, s.Why) || s.Why == OutNote && s.Note == "" {
			return ErrOutWhy.At("why")
		}
	case Unsaid:
		s.Child, s.Why, s.Note = 0, "", ""
	default:
		return ErrWho
	}
	return nil
}

// checkSame lets a row be about a child it may be about, or one that takes part
// in the program: people know more than records say.
func (s *Settling) checkSame(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, r doubtful) error {
	likely, err := candidates(ctx, q, who, keys, r.Row)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(likely, func(c Candidate) bool { return c.Child == s.Child }) {
		return nil
	}
	const query = `
		SELECT EXISTS (
			SELECT FROM enrollments e
			JOIN children c ON c.tenant_id = e.tenant_id AND c.id = e.child_id
			JOIN families f ON f.tenant_id = c.tenant_id AND f.id = c.family_id
			WHERE e.program_id = $1 AND e.child_id = $2 AND f.wrapped_key IS NOT NULL)`
	var known bool
	if err := sqlx.GetContext(ctx, q, &known, query, p, s.Child); err != nil {
		return fmt.Errorf("child %d: %w", s.Child, err)
	}
	if !known {
		return ErrWho.At("account")
	}
	return nil
}

func checkNew(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, c rosterfile.Child) error {
	if c.Given == "" || c.Family == "" || c.BornOn.IsZero() || c.Partial || !c.DiedOn.IsZero() {
		return ErrNotNew
	}
	refused, err := family.Buried(ctx, q, who, keys, p, []family.Person{person(c)})
	if err != nil {
		return err
	}
	if refused[0] {
		return ErrOptedOut
	}
	return nil
}

func (r doubtful) settle(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, s Settling, e effect, at time.Time) error {
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("effect of row %d: %w", s.Row, err)
	}
	const query = `
		UPDATE roster_rows
		SET settled = $3, settled_child = nullif(CAST($4 AS bigint), 0), settled_why = $5, settled_note = $6, settled_by = nullif($7, ''), settled_at = $8,
		    settled_no = settled_no + 1, effect = $9
		WHERE batch_id = $1 AND n = $2`
	by, when := who.Actor, sql.NullTime{Time: at, Valid: s.Answer != Unsaid}
	if s.Answer == Unsaid {
		by = ""
	}
	if _, err := tx.ExecContext(ctx, query, id, s.Row, string(s.Answer), s.Child, s.Why, s.Note, by, when, string(text)); err != nil {
		return fmt.Errorf("settle row %d of roster %d: %w", s.Row, id, err)
	}
	return nil
}

// settle has the batch say what the answer adds, in place of the one before.
func (b batchRow) settle(ctx context.Context, tx *sqlx.Tx, r doubtful, s Settling, now effect) error {
	var counts Counts
	var preview Preview
	var before effect
	err := errors.Join(json.Unmarshal([]byte(b.Counts), &counts), json.Unmarshal([]byte(b.Preview), &preview))
	if r.effect != "" {
		err = errors.Join(err, json.Unmarshal([]byte(r.effect), &before))
	}
	if err != nil {
		return fmt.Errorf("preview of roster %d: %w", b.ID, err)
	}
	if counts.Settled == nil {
		counts.Settled = map[Answer]int{}
	}
	if r.Settled.Answer != Unsaid {
		counts.Settled[r.Settled.Answer]--
	}
	if s.Answer != Unsaid {
		counts.Settled[s.Answer]++
	}
	preview.add(before, -1)
	preview.add(now, 1)
	if preview.Clocks != nil && now.As == New {
		preview.Clocks.meet(r.BornOn)
	}
	c, err := json.Marshal(counts)
	if err != nil {
		return fmt.Errorf("counts of roster %d: %w", b.ID, err)
	}
	v, err := json.Marshal(preview)
	if err != nil {
		return fmt.Errorf("preview of roster %d: %w", b.ID, err)
	}
	const query = `UPDATE roster_batches SET counts = $2, preview = $3 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, b.ID, string(c), string(v)); err != nil {
		return fmt.Errorf("preview of roster %d: %w", b.ID, err)
	}
	return nil
}

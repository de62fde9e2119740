package family

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/store"
)

// Faults of joining records.
var (
	// ErrNoJoin reports a join that does not exist or is not in that state.
	ErrNoJoin = fault.New(fault.NotFound, "family.no_join")
	// ErrJoined reports records that are one child already, or one of which is
	// being joined to another.
	ErrJoined = fault.New(fault.Conflict, "family.joined")
	// ErrJoinSamePerson reports an approval by whoever proposed the join.
	ErrJoinSamePerson = fault.New(fault.Denied, "family.join_same_person")
)

// JoinID identifies a join within its organization.
type JoinID int64

// JoinState is how far a join has come.
type JoinState string

// The states of a join.
const (
	JoinProposed JoinState = "proposed"
	JoinDone     JoinState = "joined"
	JoinRefused  JoinState = "refused"
	JoinParted   JoinState = "parted"
)

// Join says that two records are one child.
type Join struct {
	ID         JoinID     `db:"id"`
	Survivor   ChildID    `db:"survivor"` // goes on
	Absorbed   ChildID    `db:"absorbed"` // is the same child
	State      JoinState  `db:"state"`
	Why        string     `db:"why"`
	Money      bool       `db:"money"`  // a second person decides
	Effect     string     `db:"effect"` // hash of what the join does, as it was shown
	ProposedBy string     `db:"proposed_by"`
	ProposedAt time.Time  `db:"proposed_at"`
	DecidedBy  string     `db:"decided_by"`
	DecidedAt  *time.Time `db:"decided_at"`
	PartedBy   string     `db:"parted_by"`
	PartedAt   *time.Time `db:"parted_at"`
	PartedWhy  string     `db:"parted_why"`
}

const joinColumns = `id, survivor, absorbed, state, why, money, effect, proposed_by, proposed_at,
	coalesce(decided_by, '') AS decided_by, decided_at, coalesce(parted_by, '') AS parted_by, parted_at, coalesce(parted_why, '') AS parted_why`

// Records returns, of those children who are on record more than once, all
// records of the child, the one under which it goes on first. Who is on record
// once is left out. Any record of a child may be asked for.
func Records(ctx context.Context, q sqlx.QueryerContext, ids []ChildID) (map[ChildID][]ChildID, error) {
	into := map[ChildID]ChildID{}
	for ask := ids; len(ask) > 0; {
		more, err := joinsOf(ctx, q, ask, into)
		if err != nil {
			return nil, err
		}
		ask = more
	}
	if len(into) == 0 {
		return nil, nil
	}
	together := map[ChildID][]ChildID{}
	for absorbed := range into {
		r := rootOf(into, absorbed)
		together[r] = append(together[r], absorbed)
	}
	out := make(map[ChildID][]ChildID, len(together))
	for r, absorbed := range together {
		slices.Sort(absorbed)
		together[r] = append([]ChildID{r}, absorbed...)
	}
	for _, id := range ids {
		if all := together[rootOf(into, id)]; all != nil {
			out[id] = all
		}
	}
	return out, nil
}

// joinsOf adds the joins in which records are, and returns the records that it
// met for the first time.
func joinsOf(ctx context.Context, q sqlx.QueryerContext, ids []ChildID, into map[ChildID]ChildID) (met []ChildID, err error) {
	const query = store.Kept + `
		SELECT survivor, absorbed FROM child_joins WHERE state = 'joined' AND survivor = ANY ($1)
		UNION
		SELECT survivor, absorbed FROM child_joins WHERE state = 'joined' AND absorbed = ANY ($1)`
	var found []struct {
		Survivor ChildID `db:"survivor"`
		Absorbed ChildID `db:"absorbed"`
	}
	if err := sqlx.SelectContext(ctx, q, &found, query, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("records of %d children: %w", len(ids), err)
	}
	for _, j := range found {
		if _, known := into[j.Absorbed]; !known {
			into[j.Absorbed] = j.Survivor
			met = append(met, j.Survivor, j.Absorbed)
		}
	}
	return met, nil
}

func rootOf(into map[ChildID]ChildID, id ChildID) ChildID {
	for {
		next, absorbed := into[id]
		if !absorbed {
			return id
		}
		id = next
	}
}

// WithRecords returns the children and, behind them, the further records of
// those on record more than once.
func WithRecords(ids []ChildID, records map[ChildID][]ChildID) []ChildID {
	if len(records) == 0 {
		return ids
	}
	out := slices.Clone(ids)
	in := make(map[ChildID]bool, len(ids))
	for _, id := range ids {
		in[id] = true
	}
	for _, id := range ids {
		for _, r := range records[id] {
			if !in[r] {
				in[r] = true
				out = append(out, r)
			}
		}
	}
	return out
}

// LockRecords has one join or parting of records happen at a time, so that no two
// make a ring. A record that does not exist is ErrNone.
func LockRecords(ctx context.Context, tx *sqlx.Tx, ids []ChildID) error {
	const query = `SELECT id FROM children WHERE id = ANY ($1) ORDER BY id FOR UPDATE`
	var found []ChildID
	if err := tx.SelectContext(ctx, &found, query, pq.Array(ids)); err != nil {
		return fmt.Errorf("lock records: %w", err)
	}
	if len(found) < len(ids) {
		return ErrNone
	}
	return nil
}

// ProposeJoin says that two records are one child. Where money is concerned a
// second person decides; otherwise they are joined at once.
func ProposeJoin(ctx context.Context, tx *sqlx.Tx, who store.Who, j Join, at time.Time) (JoinID, error) {
	records, err := Records(ctx, tx, []ChildID{j.Survivor, j.Absorbed})
	if err != nil {
		return 0, err
	}
	for _, id := range []ChildID{j.Survivor, j.Absorbed} {
		if r := records[id]; r != nil && (r[0] != id || slices.Contains(r, j.Survivor) && slices.Contains(r, j.Absorbed)) {
			return 0, ErrJoined
		}
	}
	const query = `
		INSERT INTO child_joins (tenant_id, survivor, absorbed, state, why, money, effect, proposed_by, proposed_at, decided_by, decided_at)
		VALUES ($1, $2, $3, CASE WHEN $4 THEN 'proposed' ELSE 'joined' END, $5, $4, $6, $7, $8,
		        CASE WHEN NOT $4 THEN CAST($7 AS text) END, CASE WHEN NOT $4 THEN CAST($8 AS timestamptz) END)
		RETURNING id`
	var id JoinID
	err = tx.GetContext(ctx, &id, query, who.Tenant, j.Survivor, j.Absorbed, j.Money, j.Why, j.Effect, who.Actor, at)
	if store.Violates(err, "child_joins_one_open") {
		return 0, ErrJoined
	}
	if err != nil {
		return 0, fmt.Errorf("propose to join %d and %d: %w", j.Survivor, j.Absorbed, err)
	}
	state := JoinProposed
	if !j.Money {
		state = JoinDone
	}
	return id, recordJoin(ctx, tx, who, "family.join_"+string(state), id, "", map[string]any{"state": state, "survivor": j.Survivor, "absorbed": j.Absorbed, "why": j.Why}, at)
}

// DecideJoin approves or refuses a proposed join. Whoever proposed it may refuse
// it, and not approve it.
func DecideJoin(ctx context.Context, tx *sqlx.Tx, who store.Who, id JoinID, state JoinState, at time.Time) error {
	const query = `UPDATE child_joins SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1 AND state = 'proposed'`
	res, err := tx.ExecContext(ctx, query, id, string(state), who.Actor, at)
	if store.Violates(err, "child_joins_second_person_check") {
		return ErrJoinSamePerson
	}
	if err := changedOne(res, err); err != nil {
		return err
	}
	return recordJoin(ctx, tx, who, "family.join_"+string(state), id, JoinProposed, map[string]any{"state": state}, at)
}

// Part says that joined records are two children after all.
func Part(ctx context.Context, tx *sqlx.Tx, who store.Who, id JoinID, why string, at time.Time) error {
	const query = `UPDATE child_joins SET state = 'parted', parted_by = $2, parted_at = $3, parted_why = $4 WHERE id = $1 AND state = 'joined'`
	res, err := tx.ExecContext(ctx, query, id, who.Actor, at, why)
	if err := changedOne(res, err); err != nil {
		return err
	}
	return recordJoin(ctx, tx, who, "family.join_parted", id, JoinDone, map[string]any{"state": JoinParted, "why": why}, at)
}

func changedOne(res sql.Result, err error) error {
	if err != nil {
		return fmt.Errorf("decide about a join: %w", err)
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		return ErrNoJoin
	}
	return err
}

func recordJoin(ctx context.Context, tx *sqlx.Tx, who store.Who, verb string, id JoinID, before JoinState, after map[string]any, at time.Time) error {
	e := audit.Event{Verb: verb, Kind: "child_join", Subject: int64(id), After: after}
	if before != "" {
		e.Before = map[string]any{"state": before}
	}
	return audit.Record(ctx, tx, who, []audit.Event{e}, at)
}

// JoinByID returns a join, or ErrNoJoin.
func JoinByID(ctx context.Context, q sqlx.QueryerContext, id JoinID) (j Join, err error) {
	err = sqlx.GetContext(ctx, q, &j, `SELECT `+joinColumns+` FROM child_joins WHERE id = $1`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return Join{}, ErrNoJoin
	}
	if err != nil {
		return Join{}, fmt.Errorf("join %d: %w", id, err)
	}
	return j, nil
}

// JoinsOf returns the joins in which records ever were, newest first.
func JoinsOf(ctx context.Context, q sqlx.QueryerContext, ids []ChildID) ([]Join, error) {
	const query = store.Kept + `SELECT ` + joinColumns + ` FROM child_joins WHERE survivor = ANY ($1) OR absorbed = ANY ($1) ORDER BY id DESC`
	var out []Join
	if err := sqlx.SelectContext(ctx, q, &out, query, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("joins of %d records: %w", len(ids), err)
	}
	return out, nil
}

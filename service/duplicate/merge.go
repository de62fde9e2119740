package duplicate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Faults of joining and parting.
var (
	// ErrWhy reports a join or a parting without a reason.
	ErrWhy = fault.New(fault.Invalid, "duplicate.why")
	// ErrChanged reports that a join or a parting would do something else than
	// what was shown.
	ErrChanged = fault.New(fault.Conflict, "duplicate.changed")
	// ErrErased reports a record of which nothing is known any more.
	ErrErased = fault.New(fault.Conflict, "duplicate.erased")
)

// Desk is who works on duplicates, with what and when.
type Desk struct {
	Who  store.Who
	Keys *vault.Keyring
	At   time.Time
}

// PreviewJoin says what joining two records would do. It does it and takes it
// back again, so that what is shown is what happens.
func PreviewJoin(ctx context.Context, tx *sqlx.Tx, d Desk, survivor, absorbed family.ChildID) (e Effect, err error) {
	err = tentatively(ctx, tx, func() error {
		e, err = d.join(ctx, tx, d.Who.Actor, survivor, absorbed, func() (family.JoinID, error) {
			return family.ProposeJoin(ctx, tx, d.Who, family.Join{Survivor: survivor, Absorbed: absorbed, Why: "preview", Effect: "preview"}, d.At)
		})
		return err
	})
	return e, err
}

// ProposeJoin says that two records are one child, and returns whether a second
// person has to agree: where a record that is absorbed has money, something would
// be taken back, or a guardian would see more of the child than before. Otherwise they are joined at once. Seen is the hash of
// the effect that was shown; another effect is ErrChanged.
func ProposeJoin(ctx context.Context, tx *sqlx.Tx, d Desk, survivor, absorbed family.ChildID, why, seen string) (waits bool, err error) {
	if strings.TrimSpace(why) == "" {
		return false, ErrWhy.At("why")
	}
	e, err := PreviewJoin(ctx, tx, d, survivor, absorbed)
	if err != nil {
		return false, err
	}
	if e.Hash() != seen {
		return false, ErrChanged
	}
	j := family.Join{Survivor: survivor, Absorbed: absorbed, Why: strings.TrimSpace(why), Money: e.Waits(), Effect: e.Hash()}
	if j.Money {
		_, err = family.ProposeJoin(ctx, tx, d.Who, j, d.At)
		return true, err
	}
	_, err = d.join(ctx, tx, d.Who.Actor, survivor, absorbed, func() (family.JoinID, error) { return family.ProposeJoin(ctx, tx, d.Who, j, d.At) })
	return false, err
}

// ApproveJoin joins what somebody else proposed, if it still does what it was
// shown to do (ErrChanged).
func ApproveJoin(ctx context.Context, tx *sqlx.Tx, d Desk, id family.JoinID) error {
	j, err := family.JoinByID(ctx, tx, id)
	if err != nil {
		return err
	}
	if j.State != family.JoinProposed {
		return family.ErrNoJoin
	}
	e, err := d.join(ctx, tx, j.ProposedBy, j.Survivor, j.Absorbed, func() (family.JoinID, error) {
		return id, family.DecideJoin(ctx, tx, d.Who, id, family.JoinDone, d.At)
	})
	if err == nil && e.Hash() != j.Effect {
		err = ErrChanged
	}
	return err
}

// RefuseJoin leaves the records as they are. The pair stays a question.
func RefuseJoin(ctx context.Context, tx *sqlx.Tx, d Desk, id family.JoinID) error {
	return family.DecideJoin(ctx, tx, d.Who, id, family.JoinRefused, d.At)
}

// join has two records be one child: first the books are locked, then the
// enrollments joined, then the records, and at last what they were given is
// settled. Maker answers for what is settled and may not decide about what it
// proposes to take back.
func (d Desk) join(ctx context.Context, tx *sqlx.Tx, maker string, survivor, absorbed family.ChildID, say func() (family.JoinID, error)) (Effect, error) {
	records, err := d.lock(ctx, tx, survivor, absorbed)
	if err != nil {
		return Effect{}, err
	}
	e, err := d.before(ctx, tx, records)
	if err != nil {
		return Effect{}, err
	}
	e.Survivor, e.Absorbed = survivor, absorbed
	for i := range e.Programs {
		p := &e.Programs[i]
		if p.Joined, err = enroll.JoinIn(ctx, tx, p.Program.ID, survivor, absorbed, d.At); err != nil {
			return Effect{}, err
		}
	}
	id, err := say()
	if err != nil {
		return Effect{}, err
	}
	for i := range e.Programs {
		if e.Programs[i].Joined {
			if err := d.settle(ctx, tx, e.Programs[i].Program, maker, "child_joins/"+strconv.FormatInt(int64(id), 10)+" "+d.Who.Actor, survivor); err != nil {
				return Effect{}, err
			}
		}
	}
	if err := markPairs(ctx, tx, records, "joined"); err != nil {
		return Effect{}, err
	}
	return e, d.after(ctx, tx, records, &e)
}

// lock locks the records and the books in which they may have money, in the
// order in which everybody locks them, and returns all records of both.
func (d Desk) lock(ctx context.Context, tx *sqlx.Tx, ids ...family.ChildID) ([]family.ChildID, error) {
	if err := family.LockRecords(ctx, tx, ids); err != nil {
		return nil, err
	}
	records, err := family.Records(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	all := family.WithRecords(ids, records)
	people, err := family.Load(ctx, tx, d.Who, d.Keys, all)
	if err != nil {
		return nil, err
	}
	for _, c := range people {
		if c.Erased {
			return nil, ErrErased
		}
	}
	programs, err := programsOf(ctx, tx, all)
	if err != nil {
		return nil, err
	}
	for _, p := range programs {
		if err := ledger.Lock(ctx, tx, p.Book); err != nil {
			return nil, fmt.Errorf("join in %s: %w", p.Code, err)
		}
	}
	return all, nil
}

// programsOf are the programs that know any of the records, by book.
func programsOf(ctx context.Context, q sqlx.QueryerContext, ids []family.ChildID) ([]program.Program, error) {
	const query = `SELECT DISTINCT program_id FROM enrollments WHERE child_id = ANY ($1)`
	var known []program.ID
	if err := sqlx.SelectContext(ctx, q, &known, query, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("programs of %d records: %w", len(ids), err)
	}
	all, err := program.All(ctx, q)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p program.Program) bool { return !slices.Contains(known, p.ID) })
	if len(all) < len(known) {
		return nil, program.ErrNone // one of them is beyond the reach of who asks
	}
	slices.SortFunc(all, func(a, b program.Program) int { return int(a.Book - b.Book) })
	return all, nil
}

// settle brings children to what they are entitled to by the rules in effect.
// Without rules nothing was promised that could be settled.
func (d Desk) settle(ctx context.Context, tx *sqlx.Tx, p program.Program, maker, approval string, survivor family.ChildID) error {
	on := p.Day(d.At)
	book, err := program.RulesOn(ctx, tx, p.ID, on)
	if errors.Is(err, program.ErrNoRules) {
		return nil
	}
	if err != nil {
		return err
	}
	holder, err := enroll.Holders(ctx, tx, p.ID, []family.ChildID{survivor})
	if err != nil {
		return err
	}
	children, err := enroll.Facts(ctx, tx, d.Who, d.Keys, p.ID, []family.ChildID{holder[survivor]})
	if err != nil {
		return err
	}
	who := d.Who
	who.Actor = maker
	return savings.Rejoin(ctx, tx, who, p, book, children, approval, on, d.At)
}

// PreviewPart says what parting joined records would do.
func PreviewPart(ctx context.Context, tx *sqlx.Tx, d Desk, id family.JoinID) (e Effect, err error) {
	err = tentatively(ctx, tx, func() error {
		e, err = d.part(ctx, tx, id, "preview")
		return err
	})
	return e, err
}

// PartJoin has joined records be two children again: each as it was, with what
// happened since under its own number. Distinct remembers for good that they
// are two; otherwise the pair is a question again.
func PartJoin(ctx context.Context, tx *sqlx.Tx, d Desk, id family.JoinID, why, seen string, distinct bool) error {
	if strings.TrimSpace(why) == "" {
		return ErrWhy.At("why")
	}
	e, err := d.part(ctx, tx, id, strings.TrimSpace(why))
	if err != nil {
		return err
	}
	if e.Hash() != seen {
		return ErrChanged
	}
	if !distinct {
		return nil
	}
	err = Distinct(ctx, tx, d.Who, e.Survivor, e.Absorbed, d.At)
	if errors.Is(err, ErrNone) {
		return nil // they were never found alike
	}
	return err
}

func (d Desk) part(ctx context.Context, tx *sqlx.Tx, id family.JoinID, why string) (Effect, error) {
	j, err := family.JoinByID(ctx, tx, id)
	if err != nil {
		return Effect{}, err
	}
	if j.State != family.JoinDone {
		return Effect{}, family.ErrNoJoin
	}
	records, err := d.lock(ctx, tx, j.Survivor, j.Absorbed)
	if err != nil {
		return Effect{}, err
	}
	e, err := d.before(ctx, tx, records)
	if err != nil {
		return Effect{}, err
	}
	e.Survivor, e.Absorbed, e.Since = j.Survivor, j.Absorbed, *j.DecidedAt
	if err := markPairs(ctx, tx, records, "proposed"); err != nil {
		return Effect{}, err
	}
	if err := family.Part(ctx, tx, d.Who, id, why, d.At); err != nil {
		return Effect{}, err
	}
	stayed, left, err := parted(ctx, tx, records, j.Absorbed)
	if err != nil {
		return Effect{}, err
	}
	for _, side := range [][]family.ChildID{stayed, left} { // what is still joined on one side stays so
		if err := markPairs(ctx, tx, side, "joined"); err != nil {
			return Effect{}, err
		}
	}
	for i := range e.Programs {
		if err := d.partIn(ctx, tx, &e.Programs[i], id, stayed, left); err != nil {
			return Effect{}, err
		}
	}
	return e, d.after(ctx, tx, records, &e)
}

// parted are the records on both sides of a parting, whichever goes on first.
func parted(ctx context.Context, q sqlx.QueryerContext, records []family.ChildID, absorbed family.ChildID) (stayed, left []family.ChildID, err error) {
	now, err := family.Records(ctx, q, records)
	if err != nil {
		return nil, nil, err
	}
	if left = now[absorbed]; left == nil {
		left = []family.ChildID{absorbed}
	}
	for _, r := range records {
		if !slices.Contains(left, r) {
			stayed = append(stayed, r)
		}
	}
	return stayed, left, nil
}

// partIn gives the records that leave their own participation again and settles
// both sides.
func (d Desk) partIn(ctx context.Context, tx *sqlx.Tx, p *ProgramEffect, id family.JoinID, stayed, left []family.ChildID) error {
	for _, side := range [][]family.ChildID{stayed, left} {
		if err := enroll.PartIn(ctx, tx, p.Program.ID, side, d.At); err != nil {
			return err
		}
	}
	on := p.Program.Day(d.At)
	book, err := program.RulesOn(ctx, tx, p.Program.ID, on)
	if errors.Is(err, program.ErrNoRules) {
		return nil
	}
	if err != nil {
		return err
	}
	ids, err := participants(ctx, tx, p.Program.ID, append(slices.Clone(stayed), left...))
	if err != nil || len(ids) == 0 {
		return err
	}
	children, err := enroll.Facts(ctx, tx, d.Who, d.Keys, p.Program.ID, ids)
	if err != nil {
		return err
	}
	approval := "child_joins/" + strconv.FormatInt(int64(id), 10) + " parted " + d.Who.Actor
	return savings.Unjoin(ctx, tx, d.Who, p.Program, book, children, stayed, left, approval, on, d.At)
}

// participants are the records under which somebody takes part.
func participants(ctx context.Context, q sqlx.QueryerContext, p program.ID, ids []family.ChildID) ([]family.ChildID, error) {
	const query = `
		SELECT child_id FROM enrollments
		WHERE program_id = $1 AND child_id = ANY ($2) AND state <> 'joined' AND enrolled_on IS NOT NULL
		ORDER BY child_id`
	var out []family.ChildID
	if err := sqlx.SelectContext(ctx, q, &out, query, p, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("who takes part of %d records: %w", len(ids), err)
	}
	return out, nil
}

// markPairs notes that pairs among some records are settled, or a question again.
func markPairs(ctx context.Context, tx *sqlx.Tx, records []family.ChildID, state string) error {
	const query = `
		UPDATE duplicate_pairs SET state = $2
		WHERE low_child = ANY ($1) AND high_child = ANY ($1) AND state IN ('proposed', 'withdrawn', 'joined') AND state <> $2
		  AND ($2 = 'joined' OR state = 'joined')`
	if _, err := tx.ExecContext(ctx, query, pq.Array(records), state); err != nil {
		return fmt.Errorf("mark pairs of %d records: %w", len(records), err)
	}
	return nil
}

// tentatively does something and takes it back.
func tentatively(ctx context.Context, tx *sqlx.Tx, do func() error) error {
	if _, err := tx.ExecContext(ctx, `SAVEPOINT tentative`); err != nil {
		return fmt.Errorf("preview: %w", err)
	}
	err := do()
	if _, back := tx.ExecContext(ctx, `ROLLBACK TO SAVEPOINT tentative`); back != nil && err == nil {
		err = fmt.Errorf("preview: %w", back)
	}
	if _, back := tx.ExecContext(ctx, `RELEASE SAVEPOINT tentative`); back != nil && err == nil {
		err = fmt.Errorf("preview: %w", back)
	}
	return err
}

// PreviewWaiting says what a join that waits for a second person would do now.
func PreviewWaiting(ctx context.Context, tx *sqlx.Tx, d Desk, j family.Join) (e Effect, err error) {
	err = tentatively(ctx, tx, func() error {
		if err := family.DecideJoin(ctx, tx, d.Who, j.ID, family.JoinRefused, d.At); err != nil {
			return err
		}
		e, err = PreviewJoin(ctx, tx, d, j.Survivor, j.Absorbed)
		return err
	})
	return e, err
}

package savings

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/store"
)

// Desk takes deposits that come one at a time and from many sides, and posts
// those that wait together in one transaction: the book's lock and the flush to
// disk are paid once for all of them. Under light load a deposit is a
// transaction of its own and waits for nothing.
type Desk struct {
	program program.Program
	batcher *store.Batcher[slip, receipt]
}

// deskBatch is how many deposits one transaction of a desk posts at most.
const deskBatch = 512

// slip is a deposit handed in, and by whom.
type slip struct {
	Deposit
	actor string
	at    time.Time
}

// receipt is what became of a slip.
type receipt struct {
	outcome Outcome
	err     error
}

// OpenDesk opens a program's desk. Close it: deposits that wait are posted.
func OpenDesk(db *store.DB, tenant int32, p program.Program) *Desk {
	d := &Desk{program: p}
	d.batcher = store.NewBatcher(db, store.Who{Tenant: tenant, Actor: "desk"}, deskBatch, func(ctx context.Context, tx *sqlx.Tx, slips []slip) ([]receipt, error) {
		return d.post(ctx, tx, tenant, slips)
	})
	return d
}

// Close takes no more deposits, posts those that wait, and returns.
func (d *Desk) Close() { d.batcher.Close() }

// Post records one deposit, as PostDeposits does, and returns when it is on
// disk. It may be called by many at once; actor answers for the deposit. It
// returns ErrReference, ErrAmount, ErrNoChild, or store.ErrBusy where too many
// wait. After any other error it may or may not be posted: hand it in again
// with its reference.
func (d *Desk) Post(ctx context.Context, actor string, deposit Deposit, at time.Time) (Outcome, error) {
	if err := deposit.check(); err != nil {
		return "", err
	}
	r, err := d.batcher.Do(ctx, slip{deposit, actor, at})
	if err != nil {
		return "", err
	}
	return r.outcome, r.err
}

// post records a batch. A slip for a child that does not take part is answered
// by itself and holds nobody up.
func (d *Desk) post(ctx context.Context, tx *sqlx.Tx, tenant int32, slips []slip) ([]receipt, error) {
	children := make([]family.ChildID, len(slips))
	for i, s := range slips {
		children[i] = s.Child
	}
	known, err := participants(ctx, tx, d.program.ID, children)
	if err != nil {
		return nil, err
	}
	receipts := make([]receipt, len(slips))
	var actors []string
	places := make(map[string][]int)
	for i, s := range slips {
		if s.Child != 0 && known[i] == 0 {
			receipts[i].err = ErrNoChild
			continue
		}
		if places[s.actor] == nil {
			actors = append(actors, s.actor)
		}
		places[s.actor] = append(places[s.actor], i)
	}
	for _, actor := range actors {
		if err := d.postOf(ctx, tx, store.Who{Tenant: tenant, Actor: actor}, slips, places[actor], receipts); err != nil {
			return nil, err
		}
	}
	return receipts, nil
}

// postOf records one actor's slips of a batch.
func (d *Desk) postOf(ctx context.Context, tx *sqlx.Tx, who store.Who, slips []slip, places []int, receipts []receipt) error {
	deposits := make([]Deposit, len(places))
	var at time.Time
	for i, place := range places {
		deposits[i] = slips[place].Deposit
		if slips[place].at.After(at) {
			at = slips[place].at
		}
	}
	outcomes, err := PostDeposits(ctx, tx, who, d.program, deposits, 0, at)
	if err != nil {
		return err
	}
	for i, place := range places {
		receipts[place].outcome = outcomes[i]
	}
	return nil
}

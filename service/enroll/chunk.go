package enroll

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// ChunkSize is how many children one transaction of a run takes: enough to
// spread the cost of a commit, few enough that the book's lock is held for a
// fraction of a second.
const ChunkSize = 1000

// Walk is a run over a program's caseload: the same for every chunk.
type Walk struct {
	Who     store.Who
	Keys    *vault.Keyring
	Program program.Program
	Rules   *rules.Book
	AsOf    ledger.Date // the day the run is for
	At      time.Time   // the instant it happens
}

// AwardChunk awards the next chunk of participants after a child and returns
// the last child of the chunk, or 0 where none was left. A chunk may be
// repeated: nothing is given twice (see savings.Award).
func AwardChunk(ctx context.Context, tx *sqlx.Tx, w Walk, after family.ChildID) (last family.ChildID, t savings.Tally, err error) {
	ids, err := Caseload(ctx, tx, w.Program.ID, []State{Enrolled}, after, ChunkSize)
	if err != nil || len(ids) == 0 {
		return 0, savings.Tally{}, err
	}
	children, err := Facts(ctx, tx, w.Who, w.Keys, w.Program.ID, ids)
	if err != nil {
		return 0, savings.Tally{}, err
	}
	t, err = savings.Award(ctx, tx, w.Who, w.Program, w.Rules, children, w.AsOf, w.At)
	return ids[len(ids)-1], t, err
}

// CheckChunk looks again at the eligibility of the next chunk of children, the
// participants and the ineligible, and returns as AwardChunk does.
func CheckChunk(ctx context.Context, tx *sqlx.Tx, w Walk, after family.ChildID) (last family.ChildID, c Counts, err error) {
	ids, err := Caseload(ctx, tx, w.Program.ID, []State{Enrolled, Ineligible}, after, ChunkSize)
	if err != nil || len(ids) == 0 {
		return 0, Counts{}, err
	}
	c, err = Check(ctx, tx, w.Who, w.Keys, w.Program, w.Rules, ids, w.AsOf, w.At)
	return ids[len(ids)-1], c, err
}

// ReturnDeposit records that the bank took a deposit back, and reverses what
// the deposit had earned where the rule book says so (P20, P21). Recording the
// same return again changes nothing.
func ReturnDeposit(ctx context.Context, tx *sqlx.Tx, w Walk, r savings.BankReturn) error {
	child, err := savings.Return(ctx, tx, w.Who, w.Program, r, w.At)
	if err != nil || child == 0 {
		return err
	}
	children, err := Facts(ctx, tx, w.Who, w.Keys, w.Program.ID, []family.ChildID{child})
	if err != nil {
		return err
	}
	_, err = savings.TakeBack(ctx, tx, w.Who, w.Program, w.Rules, children, []savings.DepositID{r.Deposit}, w.AsOf, w.At)
	return err
}

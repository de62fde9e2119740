package enroll

import (
	"context"
	"slices"
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

// Funding is where AwardChunk goes on when everybody was looked at and money is
// handed out.
const Funding family.ChildID = -1

// fundSize is how many awards one transaction of a run pays from funds.
const fundSize = 2000

// AwardChunk looks at the next chunk of the participants after a child whom the
// run has to look at (family.Due) and notes what they lack; once all were looked
// at it hands out the funds' money, to whoever earned first (savings.Draw). It
// returns where the next chunk begins: behind a child, at Funding, or 0 where
// nothing is left. A chunk may be repeated: nothing is given twice.
func AwardChunk(ctx context.Context, tx *sqlx.Tx, w Walk, after family.ChildID) (next family.ChildID, total savings.Tally, err error) {
	if after == 0 {
		if err := nameClasses(ctx, tx, w); err != nil {
			return 0, savings.Tally{}, err
		}
	}
	if after != Funding {
		last, n, t, err := look(ctx, tx, w, after)
		if err != nil || n == ChunkSize {
			return last, t, err
		}
		total = t
	}
	paid, more, err := savings.Draw(ctx, tx, w.Who, w.Program, w.AsOf, w.At, fundSize)
	if more {
		next = Funding
	}
	return next, total.Plus(paid), err
}

// look assesses the next children who are due after one and returns the last of
// them and how many there were. Of an erased family nothing is known any more:
// what it has stays as it is.
func look(ctx context.Context, tx *sqlx.Tx, w Walk, after family.ChildID) (last family.ChildID, n int, t savings.Tally, err error) {
	watches, children, err := due(ctx, tx, w, after)
	if err != nil || len(watches) == 0 {
		return 0, 0, savings.Tally{}, err
	}
	joined, err := joinClasses(ctx, tx, w, children)
	if err == nil && joined { // they are touched, and have something new to them
		watches, children, err = due(ctx, tx, w, after)
	}
	if err != nil {
		return 0, 0, savings.Tally{}, err
	}
	t, err = savings.Assess(ctx, tx, w.Who, w.Program, w.Rules, children, watches, w.AsOf, w.At)
	return watches[len(watches)-1].Child, len(watches), t, err
}

// due reads who is due after a child, and then what is known of them.
func due(ctx context.Context, tx *sqlx.Tx, w Walk, after family.ChildID) ([]family.Watch, []rules.Child, error) {
	watches, err := family.Due(ctx, tx, w.Program.ID, w.Rules.Hash(), w.AsOf, after, ChunkSize)
	if err != nil || len(watches) == 0 {
		return nil, nil, err
	}
	known, erased, err := gather(ctx, tx, w.Who, w.Keys, w.Program.ID, childrenOf(watches))
	return watches, slices.DeleteFunc(known, func(c rules.Child) bool { return erased[family.ChildID(c.ID)] }), err
}

// CountDue is how many children a run has to look at.
func CountDue(ctx context.Context, q sqlx.QueryerContext, w Walk) (int, error) {
	return family.CountDue(ctx, q, w.Program.ID, w.Rules.Hash(), w.AsOf)
}

// CheckChunk asks again whether children are eligible: the next chunk after a
// child of those of whom something changed since they were asked about, or whose
// day has come (family.DueCheck), participants and ineligible. It returns as
// AwardChunk does.
func CheckChunk(ctx context.Context, tx *sqlx.Tx, w Walk, after family.ChildID) (last family.ChildID, c Counts, err error) {
	watches, err := family.DueCheck(ctx, tx, w.Program.ID, w.Rules.Hash(), w.AsOf, after, ChunkSize)
	if err != nil || len(watches) == 0 {
		return 0, Counts{}, err
	}
	children, err := Facts(ctx, tx, w.Who, w.Keys, w.Program.ID, childrenOf(watches))
	if err != nil {
		return 0, Counts{}, err
	}
	found, looks := make([]finding, len(watches)), make([]family.Look, len(watches))
	for i, child := range children {
		if found[i], err = examine(w.Rules, child, w.AsOf); err != nil {
			return 0, Counts{}, err
		}
		looks[i] = family.Look{Watch: watches[i], Next: rules.NextEligible(w.Rules, child, w.AsOf)}
	}
	if c, err = record(ctx, tx, w.Who, w.Program.ID, found, w.At); err != nil {
		return 0, Counts{}, err
	}
	err = family.Checked(ctx, tx, w.Program.ID, w.Rules.Hash(), w.AsOf, looks)
	return watches[len(watches)-1].Child, c, err
}

// CountDueCheck is how many children CheckChunk has to ask about.
func CountDueCheck(ctx context.Context, q sqlx.QueryerContext, w Walk) (int, error) {
	return family.CountDueCheck(ctx, q, w.Program.ID, w.Rules.Hash(), w.AsOf)
}

func childrenOf(watches []family.Watch) []family.ChildID {
	ids := make([]family.ChildID, len(watches))
	for i, watch := range watches {
		ids[i] = watch.Child
	}
	return ids
}

// ReturnDeposit records that the bank took a deposit back, and reverses what
// the deposit had earned where the rule book says so (P20, P21). Recording the
// same return again changes nothing.
func ReturnDeposit(ctx context.Context, tx *sqlx.Tx, w Walk, r savings.BankReturn) error {
	child, err := savings.Return(ctx, tx, w.Who, w.Program, r, w.At)
	if err != nil || child == 0 {
		return err
	}
	holder, err := Holders(ctx, tx, w.Program.ID, []family.ChildID{child})
	if err != nil {
		return err
	}
	children, err := Facts(ctx, tx, w.Who, w.Keys, w.Program.ID, []family.ChildID{holder[child]})
	if err != nil {
		return err
	}
	_, err = savings.TakeBack(ctx, tx, w.Who, w.Program, w.Rules, children, []savings.DepositID{r.Deposit}, w.AsOf, w.At)
	return err
}

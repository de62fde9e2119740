package fund

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/program"
	"seedbook/service/store"
)

// Available is what each of a program's funds can still award at an instant:
// its uncommitted net assets less what is held. Read it under the book's lock
// to act on it.
func Available(ctx context.Context, q sqlx.QueryerContext, p program.Program, at time.Time) (map[ledger.FundID]ledger.Amount, error) {
	balances, err := ledger.Balances(ctx, q, p.Book, ledger.Query{Charts: []ledger.Chart{ledger.Uncommitted}})
	if err != nil {
		return nil, fmt.Errorf("available funds of %s: %w", p.Code, err)
	}
	out := make(map[ledger.FundID]ledger.Amount, len(balances))
	fundOf := make(map[ledger.AccountID]ledger.FundID, len(balances))
	accounts := make([]ledger.AccountID, 0, len(balances))
	for _, b := range balances {
		out[b.Fund], fundOf[b.ID], accounts = b.Amount, b.Fund, append(accounts, b.ID)
	}
	if len(accounts) == 0 {
		return out, nil
	}
	holds, err := ledger.OpenHolds(ctx, q, p.Book, accounts, at)
	if err != nil {
		return nil, fmt.Errorf("held funds of %s: %w", p.Code, err)
	}
	for _, h := range holds {
		f := fundOf[h.Account]
		out[f] = out[f].Sub(h.Amount)
	}
	return out, nil
}

// Settlement is the cash that one fund moved to or from the custodian.
type Settlement struct {
	Fund   Fund
	Amount ledger.Amount // to the custodian; negative: swept back
}

// owed are the lines of what a fund owes to payees: as long as it is not paid, the
// custodian holds the cash for it.
var owed = []ledger.Chart{ledger.WithdrawalsPayable, ledger.DisbursementsTransit, ledger.TransfersTransit, ledger.UnclaimedProperty}

// Settle moves each restricted fund's cash so that the custodian holds what is
// designated to children from that fund, or owed to their payees (P8, P16, and the sweep back of what
// was reversed), as far as the fund has cash: a pledge that is not paid yet
// cannot be wired. It returns what moved; where nothing is out of step it moves
// nothing, so it may be repeated.
func Settle(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, on ledger.Date, at time.Time) ([]Settlement, error) {
	if err := ledger.Lock(ctx, tx, p.Book); err != nil {
		return nil, fmt.Errorf("settle %s: %w", p.Code, err)
	}
	settlements, err := due(ctx, tx, p)
	if err != nil || len(settlements) == 0 {
		return nil, err
	}
	cut, err := ledger.KnownCut(ctx, tx, p.Book)
	if err != nil {
		return nil, err
	}
	accounts := make([]ledger.Account, 0, 2*len(settlements))
	for _, s := range settlements {
		accounts = append(accounts, ledger.Account{Chart: ledger.RestrictedCash, Fund: s.Fund.ID}, ledger.Account{Chart: ledger.CustodialCash, Fund: s.Fund.ID})
	}
	ids, err := ledger.EnsureAccounts(ctx, tx, p.Book, accounts)
	if err != nil {
		return nil, fmt.Errorf("settle %s: %w", p.Code, err)
	}
	days, err := OpenDays(ctx, tx, p)
	if err != nil {
		return nil, err
	}
	effective, concerns := days.Place(on)
	postings := make([]ledger.Posting, len(settlements))
	for i, s := range settlements {
		postings[i] = ledger.Posting{
			// The newest transaction stands for the state that is being settled.
			Key:       "settle/" + strconv.Itoa(int(s.Fund.ID)) + "/" + strconv.FormatInt(int64(cut), 10),
			Kind:      "custodian_funding",
			Effective: effective,
			Concerns:  concerns,
			Entries:   []ledger.Entry{{Account: ids[2*i], Amount: s.Amount}, {Account: ids[2*i+1], Amount: s.Amount.Neg()}},
			Maker:     who.Actor,
		}
	}
	if _, err := ledger.Post(ctx, tx, p.Book, at, postings); err != nil {
		return nil, fmt.Errorf("settle %s: %w", p.Code, err)
	}
	return settlements, nil
}

// due is what each fund has to move now.
func due(ctx context.Context, q sqlx.QueryerContext, p program.Program) ([]Settlement, error) {
	funds, err := All(ctx, q, p.ID)
	if err != nil {
		return nil, err
	}
	charts := append(append(ledger.Designated(), owed...), ledger.CustodialCash, ledger.RestrictedCash)
	balances, err := ledger.Balances(ctx, q, p.Book, ledger.Query{Charts: charts})
	if err != nil {
		return nil, fmt.Errorf("designated money of %s: %w", p.Code, err)
	}
	// Cash is debit, hence negative: what is designated and what the custodian
	// holds for it add up to what is missing there.
	missing, cash := make(map[ledger.FundID]ledger.Amount), make(map[ledger.FundID]ledger.Amount)
	for _, b := range balances {
		if b.Chart == ledger.RestrictedCash {
			cash[b.Fund] = cash[b.Fund].Sub(b.Amount)
			continue
		}
		missing[b.Fund] = missing[b.Fund].Add(b.Amount)
	}
	var out []Settlement
	for _, f := range funds {
		amount := missing[f.ID].Min(cash[f.ID].Max(ledger.Amount{}))
		if f.Kind == Restricted && !amount.IsZero() {
			out = append(out, Settlement{f, amount})
		}
	}
	return out, nil
}

package report

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/fund"
	"seedbook/service/program"
)

// RollForward follows a fund's uncommitted money through a period: opening plus
// every movement is closing, to the cent.
type RollForward struct {
	Fund       fund.Fund
	In         ledger.Period
	Opening    ledger.Amount
	Received   ledger.Amount // pledges and grants
	Awarded    ledger.Amount // to children, as a negative amount
	GivenBack  ledger.Amount // reversed and cancelled awards
	Other      ledger.Amount // corrections and everything else
	Closing    ledger.Amount
	Balance    ledger.Amount // uncommitted by the trial balance, which Closing must be
	Designated ledger.Amount // on children's accounts at the period's end
	Promised   ledger.Amount // accrued, not paid at the period's end
	Cash       ledger.Amount // at the program's bank at the period's end
	Custodied  ledger.Amount // at the custodian at the period's end
	Receivable ledger.Amount // pledged, not paid at the period's end
}

// RollForwards returns the roll-forward of every restricted fund of a program.
func RollForwards(ctx context.Context, q sqlx.QueryerContext, p program.Program, in ledger.Period) ([]RollForward, error) {
	funds, err := fund.All(ctx, q, p.ID)
	if err != nil {
		return nil, err
	}
	byFund := make(map[ledger.FundID]*RollForward)
	var order []*RollForward
	for _, f := range funds {
		if f.Kind == fund.Restricted {
			r := &RollForward{Fund: f, In: in}
			byFund[f.ID], order = r, append(order, r)
		}
	}
	if err := addMovements(ctx, q, p, in, byFund); err != nil {
		return nil, err
	}
	if err := addPosition(ctx, q, p, in.Last, byFund); err != nil {
		return nil, err
	}
	out := make([]RollForward, len(order))
	for i, r := range order {
		r.Closing = ledger.Sum(r.Opening, r.Received, r.Awarded, r.GivenBack, r.Other)
		out[i] = *r
	}
	return out, nil
}

func addMovements(ctx context.Context, q sqlx.QueryerContext, p program.Program, in ledger.Period, byFund map[ledger.FundID]*RollForward) error {
	before, err := ledger.Turnovers(ctx, q, p.Book, ledger.SumQuery{Chart: ledger.Uncommitted, In: ledger.Period{Last: in.First.AddDays(-1)}})
	if err != nil {
		return fmt.Errorf("roll forward %s: %w", p.Code, err)
	}
	within, err := ledger.Turnovers(ctx, q, p.Book, ledger.SumQuery{Chart: ledger.Uncommitted, In: in})
	if err != nil {
		return fmt.Errorf("roll forward %s: %w", p.Code, err)
	}
	for _, t := range before {
		if r := byFund[t.Fund]; r != nil {
			r.add("", t.Net())
		}
	}
	for _, t := range within {
		if r := byFund[t.Fund]; r != nil {
			r.add(t.Kind, t.Net())
		}
	}
	return nil
}

// add sorts a movement by the kind of its transaction; "" is before the period.
func (r *RollForward) add(kind string, amount ledger.Amount) {
	switch kind {
	case "":
		r.Opening = r.Opening.Add(amount)
	case string(fund.Pledge), string(fund.Grant):
		r.Received = r.Received.Add(amount)
	case "award", "accrue":
		r.Awarded = r.Awarded.Add(amount)
	case "reverse", "cancel":
		r.GivenBack = r.GivenBack.Add(amount)
	default:
		r.Other = r.Other.Add(amount)
	}
}

// addPosition fills in where the fund's money is at the period's end. Cash and
// receivables are debit, hence negative in the books.
func addPosition(ctx context.Context, q sqlx.QueryerContext, p program.Program, on ledger.Date, byFund map[ledger.FundID]*RollForward) error {
	trial, err := TrialBalance(ctx, q, p, on)
	if err != nil {
		return err
	}
	for _, l := range trial.Lines {
		r := byFund[l.Fund]
		if r == nil {
			continue
		}
		switch {
		case l.Chart.Layer() != "":
			r.Designated = r.Designated.Add(l.Balance)
		case l.Chart == ledger.Uncommitted:
			r.Balance = r.Balance.Add(l.Balance)
		case l.Chart == ledger.Accrued:
			r.Promised = r.Promised.Add(l.Balance)
		case l.Chart == ledger.RestrictedCash:
			r.Cash = r.Cash.Sub(l.Balance)
		case l.Chart == ledger.CustodialCash:
			r.Custodied = r.Custodied.Sub(l.Balance)
		case l.Chart == ledger.PledgesReceivable:
			r.Receivable = r.Receivable.Sub(l.Balance)
		}
	}
	return nil
}

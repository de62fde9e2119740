package forecast

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
)

// Supply is what a program has of what a rule book asks for: the facts of the
// book that a feed has brought of any child, and what its funds can still give.
func Supply(ctx context.Context, q sqlx.QueryerContext, p program.Program, book *rules.Book, at time.Time) (rules.Supply, error) {
	has, err := family.FactsFed(ctx, q, book.FactNames())
	if err != nil {
		return rules.Supply{}, err
	}
	funds, err := fund.All(ctx, q, p.ID)
	if err != nil {
		return rules.Supply{}, err
	}
	left, err := fund.Available(ctx, q, p, at)
	if err != nil {
		return rules.Supply{}, err
	}
	out := rules.Supply{Facts: has, Funds: map[string]ledger.Amount{}}
	for _, f := range funds {
		out.Funds[f.Code] = left[f.ID]
	}
	return out, nil
}

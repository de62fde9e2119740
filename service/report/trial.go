package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/fund"
	"seedbook/service/program"
)

// Moment is a state of the books: what counted by the end of a day, as far as it
// was known. No day and no number are the books as they stand.
type Moment struct {
	On    ledger.Date
	Known ledger.TxNo
}

// KnownOn is the newest transaction known by the end of a day, 0 where there was
// none.
func KnownOn(ctx context.Context, q sqlx.QueryerContext, p program.Program, day ledger.Date) (ledger.TxNo, error) {
	next := day.AddDays(1)
	midnight := time.Date(next.Year(), next.Month(), next.Day(), 0, 0, 0, 0, p.Zone())
	return ledger.KnownAt(ctx, q, p.Book, midnight.Add(-time.Microsecond))
}

// Line is one line of a trial balance: an account of the chart in a fund.
type Line struct {
	Chart   ledger.Chart
	Fund    ledger.FundID
	Code    string // the fund's
	Balance ledger.Amount
	Entries int64
}

// Debit is the line's balance in the debit column, or zero.
func (l Line) Debit() ledger.Amount { return l.Balance.Neg().Max(ledger.Amount{}) }

// Credit is the line's balance in the credit column, or zero.
func (l Line) Credit() ledger.Amount { return l.Balance.Max(ledger.Amount{}) }

// Trial is a trial balance: its two columns are equal.
type Trial struct {
	Moment // Known is never 0 where the book has a transaction
	Lines  []Line
	Debit  ledger.Amount
	Credit ledger.Amount
}

// TrialBalance sums a program's book by line of the chart and fund, as of the
// end of a day, or now for no day.
func TrialBalance(ctx context.Context, q sqlx.QueryerContext, p program.Program, on ledger.Date) (Trial, error) {
	return TrialAsOf(ctx, q, p, Moment{On: on})
}

// TrialAsOf is the trial balance of a moment.
func TrialAsOf(ctx context.Context, q sqlx.QueryerContext, p program.Program, m Moment) (t Trial, err error) {
	if t.Moment = m; m.Known == 0 {
		if t.Known, err = ledger.KnownCut(ctx, q, p.Book); err != nil {
			return Trial{}, err
		}
	}
	sums, err := ledger.Turnovers(ctx, q, p.Book, ledger.SumQuery{In: ledger.Period{Last: m.On}, KnownNo: t.Known})
	if err != nil {
		return Trial{}, fmt.Errorf("trial balance of %s: %w", p.Code, err)
	}
	codes, err := fundCodes(ctx, q, p.ID)
	if err != nil {
		return Trial{}, err
	}
	for _, s := range sums {
		if n := len(t.Lines); n == 0 || t.Lines[n-1].Chart != s.Chart || t.Lines[n-1].Fund != s.Fund {
			t.Lines = append(t.Lines, Line{Chart: s.Chart, Fund: s.Fund, Code: codes[s.Fund]})
		}
		l := &t.Lines[len(t.Lines)-1]
		l.Balance, l.Entries = l.Balance.Add(s.Net()), l.Entries+s.Entries
	}
	slices.SortStableFunc(t.Lines, func(a, b Line) int { return cmp.Or(cmp.Compare(a.Chart, b.Chart), cmp.Compare(a.Code, b.Code)) })
	for _, l := range t.Lines {
		t.Debit, t.Credit = t.Debit.Add(l.Debit()), t.Credit.Add(l.Credit())
	}
	return t, nil
}

func fundCodes(ctx context.Context, q sqlx.QueryerContext, p program.ID) (map[ledger.FundID]string, error) {
	funds, err := fund.All(ctx, q, p)
	codes := make(map[ledger.FundID]string, len(funds))
	for _, f := range funds {
		codes[f.ID] = f.Code
	}
	return codes, err
}

// AccountsPage chooses accounts of one line of a trial balance.
type AccountsPage struct {
	Chart ledger.Chart
	Fund  ledger.FundID
	Moment
	// After continues behind an account; nil begins.
	After *ledger.Account
	Limit int
}

// Accounts are the accounts that a line of a trial balance is the sum of, by
// child, each with what it held at the moment. Every page costs the same.
func Accounts(ctx context.Context, q sqlx.QueryerContext, p program.Program, want AccountsPage) ([]ledger.Balance, error) {
	const query = `
		SELECT id FROM ledger_accounts
		WHERE book_id = $1 AND chart = $2 AND fund_id = $3
		  AND (child_id, benefit, custodian_id) > (CAST($4 AS bigint), CAST($5 AS text), CAST($6 AS integer))
		ORDER BY child_id, benefit, custodian_id
		LIMIT $7`
	after := ledger.Account{Custodian: -1} // before the first
	if want.After != nil {
		after = *want.After
	}
	var ids []ledger.AccountID
	if err := sqlx.SelectContext(ctx, q, &ids, query, p.Book, want.Chart, want.Fund, after.Child, after.Benefit, after.Custodian, want.Limit); err != nil {
		return nil, fmt.Errorf("accounts %d of %s: %w", want.Chart, p.Code, err)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	out, err := ledger.Balances(ctx, q, p.Book, ledger.Query{Accounts: ids, EffectiveOn: want.On, KnownNo: want.Known})
	if err != nil {
		return nil, err
	}
	place := make(map[ledger.AccountID]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(out, func(a, b ledger.Balance) int { return cmp.Compare(place[a.ID], place[b.ID]) })
	return out, nil
}

package report

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/store"
)

// FundMonths follows a fund's uncommitted money month by month.
type FundMonths struct {
	Benefits []string // that the fund gave by, in any of the months
	Months   []FundMonth
	Whole    FundMonth // all months together
}

// FundMonth is a month of a fund: opening, every movement in gross, closing.
type FundMonth struct {
	In        ledger.Period
	Opening   ledger.Amount
	Received  ledger.Amount
	Used      ledger.Amount // for children, before anything was taken back; never negative
	GivenBack ledger.Amount // reversed and cancelled awards, in gross; never negative
	Other     ledger.Amount
	Closing   ledger.Amount
	ByBenefit map[string]Use
}

// Use is what a benefit took from a fund and gave back, in gross.
type Use struct {
	Used      ledger.Amount
	GivenBack ledger.Amount
}

// Unexplained is what the benefits' uses and the fund's own account differ by:
// nothing, or the books are wrong.
func (m FundMonth) Unexplained() ledger.Amount {
	left := m.Used.Sub(m.GivenBack)
	for _, u := range m.ByBenefit {
		left = left.Sub(u.Used).Add(u.GivenBack)
	}
	return left
}

// OfFund returns a fund's months, from the one of a day to the one of another.
func OfFund(ctx context.Context, q sqlx.QueryerContext, p program.Program, f fund.Fund, in ledger.Period) (x FundMonths, err error) {
	in = ledger.Period{First: firstOf(in.First), Last: firstOf(in.Last).AddMonths(1).AddDays(-1)}
	before, err := ledger.Turnovers(ctx, q, p.Book, ledger.SumQuery{Chart: ledger.Uncommitted, Fund: f.ID, In: ledger.Period{Last: in.First.AddDays(-1)}})
	if err != nil {
		return x, fmt.Errorf("months of %s: %w", f.Code, err)
	}
	moved, err := ledger.TurnoversByMonth(ctx, q, p.Book, ledger.SumQuery{Chart: ledger.Uncommitted, Fund: f.ID, In: in})
	if err != nil {
		return x, fmt.Errorf("months of %s: %w", f.Code, err)
	}
	uses, err := usesOf(ctx, q, p, f, in)
	if err != nil {
		return x, fmt.Errorf("months of %s: %w", f.Code, err)
	}
	var opening ledger.Amount
	for _, t := range before {
		opening = opening.Add(t.Net())
	}
	x.Whole = FundMonth{In: in, Opening: opening, ByBenefit: map[string]Use{}}
	for first := in.First; first.Before(in.Last); first = first.AddMonths(1) {
		m := FundMonth{In: ledger.Period{First: first, Last: first.AddMonths(1).AddDays(-1)}, Opening: opening, ByBenefit: map[string]Use{}}
		for _, t := range moved {
			if t.Month == first {
				m.move(t.Kind, t.Net())
			}
		}
		for _, u := range uses {
			if u.Month == first {
				m.use(u)
			}
		}
		opening = ledger.Sum(m.Opening, m.Received, m.Used.Neg(), m.GivenBack, m.Other)
		m.Closing = opening
		x.Months = append(x.Months, m)
		x.Whole.join(m)
	}
	x.Whole.Closing = opening
	x.Benefits = slices.Sorted(maps.Keys(x.Whole.ByBenefit))
	return x, nil
}

func firstOf(d ledger.Date) ledger.Date { return ledger.NewDate(d.Year(), d.Month(), 1) }

// move adds a movement of the fund's own account, by the kind of its transaction.
func (m *FundMonth) move(kind string, amount ledger.Amount) {
	switch {
	case kind == string(fund.Pledge) || kind == string(fund.Grant):
		m.Received = m.Received.Add(amount)
	case isUse(kind):
		m.Used = m.Used.Sub(amount)
	case isReturn(kind):
		m.GivenBack = m.GivenBack.Add(amount)
	default:
		m.Other = m.Other.Add(amount)
	}
}

// use adds what a benefit gave or gave back.
func (m *FundMonth) use(u fundUse) {
	of := m.ByBenefit[u.Benefit]
	switch {
	case isUse(u.Kind):
		of.Used = of.Used.Add(u.Amount)
	case isReturn(u.Kind):
		of.GivenBack = of.GivenBack.Sub(u.Amount)
	default:
		return // it moved no uncommitted money, or stands among the other movements
	}
	m.ByBenefit[u.Benefit] = of
}

// join adds a month to a longer one.
func (m *FundMonth) join(o FundMonth) {
	m.Received, m.Used = m.Received.Add(o.Received), m.Used.Add(o.Used)
	m.GivenBack, m.Other = m.GivenBack.Add(o.GivenBack), m.Other.Add(o.Other)
	for id, u := range o.ByBenefit {
		of := m.ByBenefit[id]
		m.ByBenefit[id] = Use{of.Used.Add(u.Used), of.GivenBack.Add(u.GivenBack)}
	}
}

// isUse reports the kinds by which a fund gives, isReturn those by which it gets back.
func isUse(kind string) bool    { return kind == "award" || kind == "accrue" }
func isReturn(kind string) bool { return kind == "reverse" || kind == "cancel" }

// fundUse is what transactions of one kind came to on children's accounts.
type fundUse struct {
	Month   ledger.Date   `db:"month"`
	Benefit string        `db:"benefit"`
	Kind    string        `db:"kind"`
	Amount  ledger.Amount `db:"amount"`
}

// usedEntries are the entries on accounts of children that hold a fund's money,
// promised or given.
const usedEntries = `
	FROM ledger_entries e
	JOIN ledger_transactions t ON t.book_id = e.book_id AND t.no = e.tx_no
	JOIN ledger_accounts a ON a.book_id = e.book_id AND a.id = e.account_id`

// usesOf reads the sums, and adds the entries that came after them.
func usesOf(ctx context.Context, q sqlx.QueryerContext, p program.Program, f fund.Fund, in ledger.Period) (out []fundUse, err error) {
	upto, err := summedUpTo(ctx, q, p)
	if err != nil {
		return nil, err
	}
	const query = `
		SELECT month, benefit, kind, sum(amount) AS amount
		FROM (
			SELECT month, benefit, kind, amount FROM fund_uses WHERE program_id = $1 AND fund_id = $2
			UNION ALL
			SELECT CAST(date_trunc('month', CAST(e.effective_on AS timestamp)) AS date), a.benefit, t.kind, e.amount` + usedEntries + `
			WHERE e.book_id = $3 AND e.tx_no > $4 AND a.child_id > 0 AND a.fund_id = $2 AND a.chart = ANY ($5)
		) u
		WHERE month BETWEEN $6 AND $7
		GROUP BY month, benefit, kind`
	err = sqlx.SelectContext(ctx, q, &out, query, p.ID, f.ID, p.Book, upto, pq.Array(committed()), in.First, in.Last)
	return out, err
}

func summedUpTo(ctx context.Context, q sqlx.QueryerContext, p program.Program) (upto ledger.TxNo, err error) {
	err = sqlx.GetContext(ctx, q, &upto, `SELECT coalesce(max(upto_no), 0) FROM fund_uses WHERE program_id = $1`, p.ID)
	return upto, err
}

// committed are the lines of money that is promised to children or given to them.
func committed() []int64 {
	out := []int64{int64(ledger.Accrued)}
	for _, c := range ledger.Designated() {
		out = append(out, int64(c))
	}
	return out
}

// SumUses adds what funds gave since the last call to the sums of their pages. It
// locks the book meanwhile, and may be repeated.
func SumUses(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program) error {
	if err := ledger.Lock(ctx, tx, p.Book); err != nil {
		return fmt.Errorf("sum the uses of %s: %w", p.Code, err)
	}
	cut, err := ledger.KnownCut(ctx, tx, p.Book)
	if err != nil {
		return fmt.Errorf("sum the uses of %s: %w", p.Code, err)
	}
	upto, err := summedUpTo(ctx, tx, p)
	if err != nil || cut == upto {
		return err
	}
	const query = `
		INSERT INTO fund_uses (tenant_id, program_id, upto_no, fund_id, benefit, kind, month, amount)
		SELECT $1, $2, $3, a.fund_id, a.benefit, t.kind, CAST(date_trunc('month', CAST(e.effective_on AS timestamp)) AS date), sum(e.amount)` + usedEntries + `
		WHERE e.book_id = $4 AND e.tx_no > $5 AND e.tx_no <= $3 AND a.child_id > 0 AND a.chart = ANY ($6)
		GROUP BY a.fund_id, a.benefit, t.kind, 7`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, p.ID, cut, p.Book, upto, pq.Array(committed())); err != nil {
		return fmt.Errorf("sum the uses of %s: %w", p.Code, err)
	}
	return nil
}

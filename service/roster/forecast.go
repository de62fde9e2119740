package roster

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
)

// forecast adds up what applying a batch would do.
type forecast struct {
	schools map[string]*SchoolLine
	cost    map[[2]string]*CostLine // benefit and fund
	p       Preview
}

func newForecast(funds map[string]string) *forecast {
	return &forecast{
		schools: map[string]*SchoolLine{}, cost: map[[2]string]*CostLine{},
		p: Preview{Reasons: map[string]int{}, Funds: funds},
	}
}

// fundBalances is what each fund has available, by code, as decimal text.
func fundBalances(ctx context.Context, q sqlx.QueryerContext, p program.Program) (map[string]string, error) {
	funds, err := fund.All(ctx, q, p.ID)
	if err != nil {
		return nil, err
	}
	balances, err := ledger.Balances(ctx, q, p.Book, ledger.Query{Charts: []ledger.Chart{ledger.Uncommitted}})
	if err != nil {
		return nil, err
	}
	byID := make(map[ledger.FundID]ledger.Amount, len(balances))
	for _, b := range balances {
		byID[b.Fund] = b.Amount
	}
	out := make(map[string]string)
	for _, f := range funds {
		if f.Kind == fund.Restricted {
			out[f.Code] = byID[f.ID].String()
		}
	}
	return out, nil
}

func (f *forecast) school(r staged) {
	if r.finding == Gone {
		return
	}
	line := f.schools[r.school.Code]
	if line == nil {
		line = &SchoolLine{Code: r.school.Code, Name: r.school.Name, District: r.school.District}
		f.schools[r.school.Code] = line
	}
	line.Children++
	switch r.finding {
	case New:
		line.New++
	case Changed:
		line.Changed++
	case Unchanged:
		line.Unchanged++
	default:
		line.Open++
	}
}

// child evaluates one new child. What it would be given at once is counted
// against the first fund that may pay it.
func (f *forecast) child(book *rules.Book, c rules.Child, on ledger.Date) {
	ok, why := rules.Eligible(book, c, on)
	if !ok {
		f.p.Ineligible++
		f.p.Reasons[string(why.Reason)]++
		return
	}
	f.p.Eligible++
	for _, e := range rules.Evaluate(book, c, on) {
		if e.Amount.Sign() <= 0 {
			continue
		}
		code := ""
		for _, choice := range e.Funds {
			if choice.Allowed {
				code = choice.Code
				break
			}
		}
		key := [2]string{e.Benefit, code}
		if f.cost[key] == nil {
			f.cost[key] = &CostLine{Benefit: e.Benefit, Fund: code}
		}
		f.cost[key].Children++
		f.cost[key].Amount = f.cost[key].Amount.Add(e.Amount)
	}
}

func (f *forecast) preview() Preview {
	for _, l := range slices.SortedFunc(maps.Values(f.schools), func(a, b *SchoolLine) int { return cmp.Compare(a.Name, b.Name) }) {
		f.p.Schools = append(f.p.Schools, *l)
	}
	for _, l := range slices.SortedFunc(maps.Values(f.cost), func(a, b *CostLine) int {
		return cmp.Or(cmp.Compare(a.Benefit, b.Benefit), cmp.Compare(a.Fund, b.Fund))
	}) {
		f.p.Cost = append(f.p.Cost, *l)
	}
	return f.p
}

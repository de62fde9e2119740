package enroll

import (
	"maps"
	"slices"

	"seedbook/ledger"
	"seedbook/service/rules"
)

// Cost is what something would bring children by one benefit, from the fund that
// comes first.
type Cost struct {
	Benefit  string        `json:"benefit"`
	Fund     string        `json:"fund"` // "" where no fund may pay
	Children int           `json:"children"`
	Amount   ledger.Amount `json:"amount"`
}

// Price works out what children would be entitled to on a day beyond what they
// are, if after were known of them in place of before, by benefit and the fund
// that comes first.
func Price(book *rules.Book, before, after []rules.Child, on ledger.Date) []Cost {
	sums := map[[2]string]*Cost{}
	for i := range before {
		was := map[[2]string]ledger.Amount{}
		for _, e := range rules.Evaluate(book, before[i], on) {
			was[[2]string{e.Benefit, e.Period}] = e.Amount
		}
		for _, e := range rules.Evaluate(book, after[i], on) {
			more := e.Amount.Sub(was[[2]string{e.Benefit, e.Period}])
			if more.IsZero() {
				continue
			}
			k := [2]string{e.Benefit, firstFund(e)}
			if sums[k] == nil {
				sums[k] = &Cost{Benefit: k[0], Fund: k[1]}
			}
			sums[k].Children++
			sums[k].Amount = sums[k].Amount.Add(more)
		}
	}
	var out []Cost
	for _, k := range slices.SortedFunc(maps.Keys(sums), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		out = append(out, *sums[k])
	}
	return out
}

func firstFund(e rules.Entitlement) string {
	for _, choice := range e.Funds {
		if choice.Allowed {
			return choice.Code
		}
	}
	return ""
}

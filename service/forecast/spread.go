package forecast

import (
	"math/big"
	"slices"

	"seedbook/ledger"
)

// quantile is the place of a percentile among n sorted values: the nearest one,
// halves up.
func quantile(n, percent int) int { return (percent*(n-1) + 50) / 100 }

// spreadOf is how amounts in cents are distributed. It sorts them.
func spreadOf(cents []int64) Spread {
	if len(cents) == 0 {
		return Spread{}
	}
	sum := new(big.Int)
	for _, c := range cents {
		sum.Add(sum, big.NewInt(c))
	}
	slices.Sort(cents)
	at := func(percent int) ledger.Amount { return ledger.Minor(cents[quantile(len(cents), percent)]) }
	return Spread{Mean: ledger.Minor(divide(sum, int64(len(cents)))), P10: at(10), P50: at(50), P90: at(90)}
}

// divide is a quotient rounded to the nearest whole number, halves away from
// zero.
func divide(a *big.Int, by int64) int64 {
	twice := new(big.Int).Lsh(a, 1)
	half := big.NewInt(by)
	if a.Sign() < 0 {
		half.Neg(half)
	}
	return twice.Add(twice, half).Quo(twice, big.NewInt(2*by)).Int64()
}

// dryOf is the distribution of the days on which a fund ran dry; no day is
// later than any.
func dryOf(days []ledger.Date) Dry {
	var d Dry
	for _, on := range days {
		if !on.IsZero() {
			d.Paths++
		}
	}
	slices.SortFunc(days, func(a, b ledger.Date) int {
		if a.IsZero() != b.IsZero() {
			return map[bool]int{true: 1, false: -1}[a.IsZero()]
		}
		return a.Cmp(b)
	})
	if n := len(days); n > 0 {
		d.P10, d.P50, d.P90 = days[quantile(n, 10)], days[quantile(n, 50)], days[quantile(n, 90)]
	}
	return d
}

// stratum is a part of the caseload that is drawn for by some of its children:
// those who paid in, and those who did not.
type stratum struct {
	children int // there are
	drawn    int // of them
}

// scale is what the children drawn for come to for all of the stratum.
func (s stratum) scale(cents int64) int64 {
	if s.drawn == 0 || s.drawn == s.children {
		return cents
	}
	product := new(big.Int).Mul(big.NewInt(cents), big.NewInt(int64(s.children)))
	return divide(product, int64(s.drawn))
}

// moments gather the sum and the sum of squares of what each child drawn for
// comes to over all futures.
type moments struct{ sum, squares big.Int }

func (m *moments) add(cents int64) {
	x := big.NewInt(cents)
	m.sum.Add(&m.sum, x)
	m.squares.Add(&m.squares, x.Mul(x, x))
}

// variance is the sampling variance of the stratum's total, in square cents
// times the square of the number of futures: N² (1 − n/N) s² / n, where
// s² = (n Σx² − (Σx)²) / (n (n − 1)).
func (s stratum) variance(m *moments) *big.Int {
	if s.drawn < 2 || s.drawn == s.children {
		return new(big.Int)
	}
	n, all := big.NewInt(int64(s.drawn)), big.NewInt(int64(s.children))
	spread := new(big.Int).Mul(n, &m.squares)
	spread.Sub(spread, new(big.Int).Mul(&m.sum, &m.sum))
	spread.Mul(spread, all).Mul(spread, new(big.Int).Sub(all, n))
	below := new(big.Int).Mul(n, n)
	below.Mul(below, big.NewInt(int64(s.drawn-1)))
	return spread.Quo(spread, below)
}

// deviation is the square root of a variance, over the number of futures.
func deviation(variance *big.Int, paths int) ledger.Amount {
	return ledger.Minor(divide(new(big.Int).Sqrt(variance), int64(paths)))
}

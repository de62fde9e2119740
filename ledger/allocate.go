package ledger

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/shopspring/decimal"
)

// Allocate splits a total in proportion to weights so that the parts sum to it
// exactly (domain/money.md, Allocation & rounding). Each part is first rounded
// down to whole cents; the cents that are left go one each to the largest
// fractions, equal fractions to the earlier weight. So of a gain the earlier
// gets the odd cent, and of a loss the earlier is spared it. A weight of 0 gets
// 0.00.
//
// It panics for a negative weight, and for a total that is not 0.00 where there
// is no weight above 0: whose it is then only the caller can say.
func Allocate(total Amount, weights []decimal.Decimal) []Amount {
	parts := make([]Amount, len(weights))
	if total.IsZero() {
		return parts
	}
	shares, sum := integers(weights)
	if sum.Sign() == 0 {
		panic(fmt.Sprintf("allocate %s over %d weights, none above zero", total, len(weights)))
	}
	minor := big.NewInt(total.Minor())
	fractions := make([]*big.Int, len(weights))
	left := total.Minor()
	for i, w := range shares {
		// DivMod rounds towards minus infinity: the fraction is never negative.
		part, fraction := new(big.Int).DivMod(w.Mul(w, minor), sum, new(big.Int))
		parts[i], fractions[i] = Minor(part.Int64()), fraction
		left -= part.Int64()
	}
	for _, i := range byFraction(fractions)[:left] {
		parts[i].minor++
	}
	return parts
}

// integers scales weights by a common power of ten to whole numbers and adds
// them up.
func integers(weights []decimal.Decimal) (scaled []*big.Int, sum *big.Int) {
	var exponent int32
	for _, w := range weights {
		if w.Sign() < 0 {
			panic("allocate by a negative weight " + w.String())
		}
		exponent = min(exponent, w.Exponent())
	}
	sum = new(big.Int)
	for _, w := range weights {
		n := w.Shift(-exponent).BigInt()
		scaled = append(scaled, n)
		sum.Add(sum, n)
	}
	return scaled, sum
}

// byFraction is the order of places from the largest fraction down, earlier
// ones first among equals.
func byFraction(fractions []*big.Int) []int {
	order := make([]int, len(fractions))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return fractions[b].Cmp(fractions[a]) })
	return order
}

package rules

import (
	"cmp"
	"slices"

	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// What happens to what no fund has (funding.on_shortfall).
const (
	shortQueue   = "queue"    // it waits for money
	shortProRata = "pro_rata" // all who ask on a day share what is left; the rest falls away
	shortDeny    = "deny"     // it falls away
)

// Want is what one award still lacks: money that is asked of funds.
type Want struct {
	Child   int64
	Benefit string
	Order   int // the benefit's place in the book
	Period  string
	Amount  ledger.Amount
	Funds   []string    // that may be asked, the first first
	On      ledger.Date // the day that earned the latest part
	Seq     int64       // and its event's instant on that day
	// OnShortfall is queue, pro_rata or deny; "" is queue.
	OnShortfall string
	// Household is whose award this is where a benefit comes once to a
	// household; "" otherwise. The first of a household has it.
	Household string
	// Held marks an award that was given before. It keeps its household's
	// place, whoever else asks.
	Held bool
}

// Grant is the answer to a Want.
type Grant struct {
	Parts   []Part        // by fund, in the order in which they were asked
	Waits   ledger.Amount // for money
	Refused ledger.Amount // fell away for good
	// Household reports that another child of the household has the award.
	Household bool
}

// Part is what one fund gives.
type Part struct {
	Fund   string
	Amount ledger.Amount
}

// Sum is what all funds give.
func (g Grant) Sum() (total ledger.Amount) {
	for _, p := range g.Parts {
		total = total.Add(p.Amount)
	}
	return total
}

// Fund answers wants from what funds have left, which it leaves as it is; a
// fund that the purse does not name has nothing. The grants are in the order of
// the wants, but that order decides nothing: who comes first is the one who
// earned first, by day, then instant, then the child's number, then the
// benefit's place in the book, then the period.
//
// Each want takes what it can from its funds, one after the other. Those that
// share (pro_rata) come after the others of their day and take from each fund
// in proportion to what they lack, by largest remainder.
func Fund(wants []Want, purse map[string]ledger.Amount) []Grant {
	p := payout{wants: wants, grants: make([]Grant, len(wants)), left: make(map[string]ledger.Amount, len(purse))}
	for fund, amount := range purse {
		p.left[fund] = amount
	}
	order := p.order()
	p.households(order)
	for i := 0; i < len(order); {
		if w := &wants[order[i]]; w.OnShortfall != shortProRata {
			p.single(order[i])
			i++
			continue
		}
		day := i
		for i < len(order) && p.shares(order[i]) && wants[order[i]].On == wants[order[day]].On {
			i++
		}
		p.together(order[day:i])
	}
	return p.grants
}

// payout is the state of one Fund.
type payout struct {
	wants  []Want
	grants []Grant
	left   map[string]ledger.Amount
}

func (p *payout) shares(i int) bool { return p.wants[i].OnShortfall == shortProRata }

// order is the wants' places in the order in which they come.
func (p *payout) order() []int {
	order := make([]int, len(p.wants))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &p.wants[i], &p.wants[j]
		if c := a.On.Cmp(b.On); c != 0 {
			return c
		}
		if x, y := p.shares(i), p.shares(j); x != y {
			if x {
				return 1
			}
			return -1
		}
		return cmp.Or(
			cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Child, b.Child), cmp.Compare(a.Order, b.Order),
			cmp.Compare(a.Period, b.Period), cmp.Compare(a.Benefit, b.Benefit), cmp.Compare(a.Household, b.Household),
			a.Amount.Cmp(b.Amount),
		)
	})
	return order
}

// households refuses those who come after another child of their household.
func (p *payout) households(order []int) {
	type award struct {
		household, benefit, period string
	}
	first := map[award]int64{}
	take := func(held bool) {
		for _, i := range order {
			w := &p.wants[i]
			if w.Household == "" || w.Held != held {
				continue
			}
			k := award{w.Household, w.Benefit, w.Period}
			switch child, taken := first[k]; {
			case !taken:
				first[k] = w.Child
			case !held && child != w.Child:
				p.grants[i] = Grant{Refused: w.Amount.Max(ledger.Amount{}), Household: true}
			}
		}
	}
	take(true)
	take(false)
}

// lacks is what a want still asks for.
func (p *payout) lacks(i int) ledger.Amount {
	g := &p.grants[i]
	return p.wants[i].Amount.Sub(g.Sum()).Sub(g.Refused).Max(ledger.Amount{})
}

// give hands a want a part of what a fund has left.
func (p *payout) give(i int, fund string, amount ledger.Amount) {
	if amount.Sign() <= 0 {
		return
	}
	p.left[fund] = p.left[fund].Sub(amount)
	p.grants[i].Parts = append(p.grants[i].Parts, Part{fund, amount})
}

// single gives a want what its funds have, one after the other.
func (p *payout) single(i int) {
	for _, fund := range p.wants[i].Funds {
		p.give(i, fund, p.lacks(i).Min(p.left[fund]))
	}
	if p.wants[i].OnShortfall == shortDeny {
		p.grants[i].Refused = p.grants[i].Refused.Add(p.lacks(i))
	} else {
		p.grants[i].Waits = p.lacks(i)
	}
}

// together lets wants share. In each round every want asks the first of its
// funds that has something; a fund that cannot give all that is asked of it is
// shared out, and those who got less ask their next in the round after.
func (p *payout) together(group []int) {
	for {
		asked := map[string][]int{}
		for _, i := range group {
			if p.lacks(i).Sign() <= 0 {
				continue
			}
			for _, fund := range p.wants[i].Funds {
				if p.left[fund].Sign() > 0 {
					asked[fund] = append(asked[fund], i)
					break
				}
			}
		}
		if len(asked) == 0 {
			break
		}
		for _, fund := range sortedKeys(asked) {
			p.shareOut(fund, asked[fund])
		}
	}
	for _, i := range group {
		p.grants[i].Refused = p.grants[i].Refused.Add(p.lacks(i))
	}
}

// shareOut gives each want all that it lacks or, where the fund has less, its
// share.
func (p *payout) shareOut(fund string, group []int) {
	var total ledger.Amount
	weights := make([]decimal.Decimal, len(group))
	for k, i := range group {
		total = total.Add(p.lacks(i))
		weights[k] = p.lacks(i).Decimal()
	}
	parts := ledger.Allocate(total.Min(p.left[fund]), weights)
	for k, i := range group {
		p.give(i, fund, parts[k])
	}
}

package forecast

import (
	"cmp"
	"maps"
	"slices"

	"seedbook/ledger"
	"seedbook/service/rules"
)

// tally gathers what children add to a trial. Every worker has its own; they
// are merged at the end. Nothing in it depends on the order of adding.
type tally struct {
	children      int
	before, after ledger.Amount

	benefits, schools, funds, months groups

	gain, lose                           affected
	admitted, excluded, flagged, cleared changed
	approved, draft                      outlook
}

func newTally() *tally {
	return &tally{
		benefits: groups{}, schools: groups{}, funds: groups{}, months: groups{},
		approved: newOutlook(), draft: newOutlook(),
	}
}

func (t *tally) merge(u *tally, largest int) {
	t.children += u.children
	t.before, t.after = t.before.Add(u.before), t.after.Add(u.after)
	t.benefits.merge(u.benefits)
	t.schools.merge(u.schools)
	t.funds.merge(u.funds)
	t.months.merge(u.months)
	t.gain.merge(u.gain, largest)
	t.lose.merge(u.lose, largest)
	t.admitted.merge(u.admitted, largest)
	t.excluded.merge(u.excluded, largest)
	t.flagged.merge(u.flagged, largest)
	t.cleared.merge(u.cleared, largest)
	t.approved.merge(&u.approved)
	t.draft.merge(&u.draft)
}

// group is a Difference that is being gathered.
type group struct {
	Difference
	last int64 // the child added last: one child counts once
}

type groups map[string]*group

func (gs groups) of(name string) *group {
	g := gs[name]
	if g == nil {
		g = &group{Difference: Difference{Name: name}, last: -1}
		gs[name] = g
	}
	return g
}

// add counts what the two books say of one award. A child's awards come one
// after the other.
func (g *group) add(child int64, before, after ledger.Amount) {
	g.Before, g.After = g.Before.Add(before), g.After.Add(after)
	switch net := after.Sub(before); net.Sign() {
	case 0:
		return
	case 1:
		g.Gained = g.Gained.Add(net)
	default:
		g.Lost = g.Lost.Sub(net)
	}
	if g.last != child {
		g.Children++
		g.last = child
	}
}

func (gs groups) merge(other groups) {
	for name, o := range other {
		g := gs.of(name)
		g.Children += o.Children
		g.Before, g.After = g.Before.Add(o.Before), g.After.Add(o.After)
		g.Gained, g.Lost = g.Gained.Add(o.Gained), g.Lost.Add(o.Lost)
	}
}

// sorted are the groups in which something is, by name.
func (gs groups) sorted() []Difference {
	out := make([]Difference, 0, len(gs))
	for _, name := range slices.Sorted(maps.Keys(gs)) {
		if d := gs[name].Difference; !d.Before.IsZero() || !d.After.IsZero() || d.Children > 0 {
			out = append(out, d)
		}
	}
	return out
}

// affected gathers children and keeps the largest.
type affected struct {
	children int
	amount   ledger.Amount
	largest  []ChildChange
}

func (a *affected) add(c ChildChange, by ledger.Amount, keep int) {
	a.children++
	a.amount = a.amount.Add(by)
	a.largest = append(a.largest, c)
	if len(a.largest) > 2*keep+64 {
		a.trim(keep)
	}
}

func (a *affected) trim(keep int) {
	slices.SortFunc(a.largest, func(x, y ChildChange) int {
		return cmp.Or(y.Net().Abs().Cmp(x.Net().Abs()), cmp.Compare(x.Child, y.Child))
	})
	if len(a.largest) > keep {
		clear(a.largest[keep:])
		a.largest = a.largest[:keep]
	}
}

func (a *affected) merge(b affected, keep int) {
	a.children += b.children
	a.amount = a.amount.Add(b.amount)
	a.largest = append(a.largest, b.largest...)
	a.trim(keep)
}

// changed gathers children whose eligibility changes and keeps the first.
type changed struct {
	children int
	first    []Answer
}

func (c *changed) add(a Answer, keep int) {
	c.children++
	c.first = append(c.first, a)
	if len(c.first) > 2*keep+64 {
		c.trim(keep)
	}
}

func (c *changed) trim(keep int) {
	slices.SortFunc(c.first, func(x, y Answer) int { return cmp.Compare(x.Child, y.Child) })
	c.first = c.first[:min(keep, len(c.first))]
}

func (c *changed) merge(d changed, keep int) {
	c.children += d.children
	c.first = append(c.first, d.first...)
	c.trim(keep)
}

// outlook gathers what one book would give.
type outlook struct {
	children  int
	calls     []call
	held      holders
	cancelled ledger.Amount
	excess    ledger.Amount
	excesses  int
	most      map[costKey]ledger.Amount
	noLimit   map[string]bool
}

// costKey is a benefit and the fund asked first for it.
type costKey struct{ benefit, fund string }

func newOutlook() outlook {
	return outlook{held: holders{}, most: map[costKey]ledger.Amount{}, noLimit: map[string]bool{}}
}

// ask notes that an award asks its funds for money.
func (o *outlook) ask(t *trialOf, p *pupil, book *rules.Book, e *rules.Entitlement, c call) {
	if c.amount.IsZero() {
		return
	}
	c.child, c.order, c.path = p.ID, int16(placeOf(book, e.Benefit)), t.paths.id(allowed(e.Funds)...)
	c.home = t.homes.id(home{award{e.Benefit, e.Period}, e.Household})
	c.denied, c.shares = e.OnShortfall == "deny" || e.OnShortfall == "pro_rata", e.OnShortfall == "pro_rata"
	o.calls = append(o.calls, c)
}

func (o *outlook) merge(p *outlook) {
	o.children += p.children
	o.calls = append(o.calls, p.calls...)
	o.cancelled, o.excess = o.cancelled.Add(p.cancelled), o.excess.Add(p.excess)
	o.excesses += p.excesses
	for home, child := range p.held {
		o.held.hold(home, child)
	}
	for k, a := range p.most {
		o.most[k] = o.most[k].Add(a)
	}
	maps.Copy(o.noLimit, p.noLimit)
}

// costs sums amounts by benefit in the book's order and by fund, without the
// benefits left out.
func costs(book *rules.Book, amounts map[costKey]ledger.Amount, without map[string]bool) (sum ledger.Amount, byBenefit, byFund []Cost) {
	benefits, funds := map[string]ledger.Amount{}, map[string]ledger.Amount{}
	for k, a := range amounts {
		if without[k.benefit] {
			continue
		}
		sum = sum.Add(a)
		benefits[k.benefit], funds[k.fund] = benefits[k.benefit].Add(a), funds[k.fund].Add(a)
	}
	for _, name := range inBook(book, benefits) {
		byBenefit = append(byBenefit, Cost{name, benefits[name]})
	}
	for _, code := range slices.Sorted(maps.Keys(funds)) {
		byFund = append(byFund, Cost{code, funds[code]})
	}
	return sum, byBenefit, byFund
}

// inBook are the keys of a map, in the order of a book's benefits; what the book
// does not have comes last, by name.
func inBook[T any](book *rules.Book, of map[string]T) []string {
	return slices.SortedFunc(maps.Keys(of), func(a, b string) int {
		return cmp.Or(cmp.Compare(placeOf(book, a), placeOf(book, b)), cmp.Compare(a, b))
	})
}

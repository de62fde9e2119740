package report

import (
	"math"

	"seedbook/service/suppress"
)

// Share is how many of a group did something, with how sure that is as a rate,
// and how far the group is from all others.
type Share struct {
	Hidden bool // too few, or it would give away who are too few
	Count  int
	Of     int
	Rate   Likely
	Gap    Likely // the group's rate less that of all other children
	HasGap bool   // false for the total, where the others are not shown, and where there are none
}

// Likely is a rate, or a difference of two, in parts of one, with its 95%
// confidence interval. It is no money.
type Likely struct{ Value, Low, High float64 }

// Group is children told apart by one thing. Groups that are too small are one.
type Group struct {
	Names     []string // keys of the groups that are in it
	Children  int
	Activated Share
	Savers    Share
	Matched   Share
}

// Equity is a table for others: who of whom takes part, with the total last.
// Nothing in it is about fewer children than the least, and no subtraction
// finds what is hidden.
type Equity struct {
	Groups []Group
	Total  Group
	None   bool // all together are too few
}

// EquityOf hides what must be hidden of some groups. What is told of savers and
// of matches comes from one table, for whoever has a match is a saver.
func EquityOf(tallies []Tally, smallest int) (Equity, error) {
	sizes := make([]int64, len(tallies))
	for i, t := range tallies {
		sizes[i] = int64(t.Children)
	}
	pooled, ok := suppress.Pool(sizes, int64(smallest))
	if !ok {
		return Equity{None: true}, nil
	}
	groups := pool(tallies, pooled)
	activation, savings := make([][]int64, len(groups)), make([][]int64, len(groups))
	for i, g := range groups {
		activation[i] = []int64{int64(g.Activated.Count), int64(g.Children - g.Activated.Count)}
		savings[i] = []int64{int64(g.Matched.Count), int64(g.Savers.Count - g.Matched.Count), int64(g.Children - g.Savers.Count)}
	}
	first, err := suppress.Shares(activation, int64(smallest))
	if err != nil {
		return Equity{}, err
	}
	second, err := suppress.Shares(savings, int64(smallest))
	if err != nil {
		return Equity{}, err
	}
	var e Equity
	hiddenFirst, hiddenSecond := first.Hide(), second.Hide()
	groups = append(groups, totalOf(groups))
	for i := range groups {
		g := &groups[i]
		g.Activated.Hidden = hiddenFirst.At(i, 0)
		g.Matched.Hidden = hiddenSecond.At(i, 0)
		g.Savers.Hidden = hiddenSecond.At(i, 2)
	}
	e.Groups, e.Total = groups[:len(groups)-1], groups[len(groups)-1]
	e.compare()
	return e, nil
}

// pool makes groups of tallies, the small ones as one at the end.
func pool(tallies []Tally, small []int) (groups []Group) {
	var rest Group
	next := 0
	for i, t := range tallies {
		if next < len(small) && small[next] == i {
			next++
			rest.take(t)
		} else if t.Children > 0 {
			var g Group
			g.take(t)
			groups = append(groups, g)
		}
	}
	if len(rest.Names) > 0 {
		groups = append(groups, rest)
	}
	return groups
}

func (g *Group) take(t Tally) {
	g.Names = append(g.Names, t.Key)
	g.add(t.Children, t.Activated, t.Savers, t.Matched)
}

func (g *Group) add(children, activated, savers, matched int) {
	g.Children += children
	g.Activated.Count += activated
	g.Savers.Count += savers
	g.Matched.Count += matched
}

func totalOf(groups []Group) (all Group) {
	for _, g := range groups {
		all.add(g.Children, g.Activated.Count, g.Savers.Count, g.Matched.Count)
	}
	return all
}

// compare fills in the rates and gaps of what is shown, and forgets what is not.
func (e *Equity) compare() {
	for _, of := range []func(*Group) *Share{
		func(g *Group) *Share { return &g.Activated },
		func(g *Group) *Share { return &g.Savers },
		func(g *Group) *Share { return &g.Matched },
	} {
		all := of(&e.Total)
		for i := range e.Groups {
			g := &e.Groups[i]
			of(g).rate(g.Children)
			if s := of(g); !s.Hidden && !all.Hidden && e.Total.Children > g.Children {
				s.Gap, s.HasGap = Difference(s.Count, s.Of, all.Count-s.Count, e.Total.Children-g.Children), true
			}
		}
		all.rate(e.Total.Children)
	}
}

func (s *Share) rate(of int) {
	if s.Hidden {
		*s = Share{Hidden: true}
		return
	}
	s.Of, s.Rate = of, Wilson(s.Count, of)
}

// z is the quantile of the normal distribution for 95%.
const z = 1.959963984540054

// Wilson is a rate with its score interval (Wilson 1927), which stays between
// none and all and holds for small groups too.
func Wilson(count, of int) Likely {
	if of == 0 {
		return Likely{High: 1}
	}
	n, p := float64(of), float64(count)/float64(of)
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return Likely{p, max(0, middle-half), min(1, middle+half)}
}

// Difference is the first rate less the second, with Newcombe's interval (1998,
// method 10), which is made of the two rates' own.
func Difference(count, of, otherCount, otherOf int) Likely {
	a, b := Wilson(count, of), Wilson(otherCount, otherOf)
	d := a.Value - b.Value
	return Likely{d, d - math.Hypot(a.Value-a.Low, b.High-b.Value), d + math.Hypot(a.High-a.Value, b.Value-b.Low)}
}

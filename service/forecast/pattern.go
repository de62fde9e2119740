package forecast

import (
	"cmp"
	"slices"
	"strconv"

	"seedbook/ledger"
	"seedbook/service/rules"
)

// historyMonths is how far back a family's pattern of saving is looked for: two
// years, so that a school year that went unusually is half of it.
const historyMonths = 24

// ownWeight is how many months of a child's own weigh as much as what other
// children of its grade did. A child with a year of history follows it in four
// futures of five; a child that just joined has nothing to follow but others.
const ownWeight = 3

// pattern is how a family paid in, month by month: what its futures are drawn
// from.
type pattern struct {
	child  int64
	cohort string // grade; "" where it is not known
	months int    // looked back over
	saved  []saved
}

// saved is a deposit of one of the months.
type saved struct {
	month   int // 0 is the newest
	day     int // of the month, from 0
	amount  ledger.Amount
	channel string
}

// patternOf reads a child's pattern up to a day, the deposits that the bank took
// back aside. The month that is not over yet does not count.
func patternOf(c *rules.Child, asOf ledger.Date) pattern {
	p := pattern{child: c.ID, cohort: gradeOf(c, asOf)}
	end := ledger.NewDate(asOf.Year(), asOf.Month(), 1)
	if next := asOf.AddDays(1); next.Day() == 1 {
		end = next
	}
	start := joined(c)
	if start.IsZero() {
		return p
	}
	p.months = max(0, min(historyMonths, monthsBetween(start, end)))
	back := map[string]bool{}
	for _, e := range c.Events {
		if e.Kind == rules.Return {
			back[e.Of] = true
		}
	}
	for _, e := range c.Events {
		if e.Kind != rules.Deposit || back[e.Key] || !e.On.Before(end) {
			continue
		}
		if m := monthsBetween(e.On, end) - 1; m < p.months {
			p.saved = append(p.saved, saved{m, e.On.Day() - 1, e.Amount, e.Channel})
		}
	}
	return p
}

// monthsBetween counts the months that begin with a day's own and end before
// another's.
func monthsBetween(from, end ledger.Date) int {
	return 12*(end.Year()-from.Year()) + int(end.Month()) - int(from.Month())
}

// gradeOf is the grade that a child is in on a day.
func gradeOf(c *rules.Child, on ledger.Date) string { return textFact(c, "grade", on) }

// cohorts are the patterns that children may be drawn from beside their own: of
// their grade, or of everybody where the grade is small.
type cohorts struct {
	all     []*pattern
	byGrade map[string][]*pattern
}

// smallCohort is below how many patterns a grade says little.
const smallCohort = 20

// cohortsOf sorts patterns by grade and child, so that what is drawn does not
// depend on the order in which they were read.
func cohortsOf(patterns []pattern) cohorts {
	slices.SortFunc(patterns, func(a, b pattern) int { return cmp.Compare(a.child, b.child) })
	c := cohorts{byGrade: map[string][]*pattern{}}
	for i := range patterns {
		if p := &patterns[i]; p.months > 0 {
			c.all = append(c.all, p)
			c.byGrade[p.cohort] = append(c.byGrade[p.cohort], p)
		}
	}
	return c
}

func (c *cohorts) of(grade string) []*pattern {
	if own := c.byGrade[grade]; len(own) >= smallCohort {
		return own
	}
	return c.all
}

// die is a source of random whole numbers below n.
type die interface{ IntN(n int) int }

// future draws one child's deposits for the days after asOf, up to until: it
// follows its own months or, the more likely the fewer it has, those of another
// child of its grade. Each coming month is one of the past ones.
func (c *cohorts) future(own *pattern, r die, asOf, until ledger.Date) []rules.Event {
	follow := own
	if others := c.of(own.cohort); len(others) > 0 && r.IntN(own.months+ownWeight) >= own.months {
		follow = others[r.IntN(len(others))]
	}
	if follow.months == 0 {
		return nil
	}
	var out []rules.Event
	for first := ledger.NewDate(asOf.Year(), asOf.Month(), 1); !first.After(until); first = first.AddMonths(1) {
		month := r.IntN(follow.months)
		last := first.AddMonths(1).AddDays(-1)
		for _, s := range follow.saved {
			on := first.AddDays(min(s.day, last.Day()-1))
			if s.month != month || !on.After(asOf) || on.After(until) {
				continue
			}
			n := int64(len(out)) + again
			out = append(out, rules.Event{Key: "drawn/" + strconv.FormatInt(n, 10), Kind: rules.Deposit, On: on, Seq: n, Amount: s.amount, Channel: s.channel})
		}
	}
	return out
}

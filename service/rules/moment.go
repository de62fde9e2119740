package rules

import (
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"

	"seedbook/ledger"
)

// Moment is a day that follows from what is known of a child, as a book writes
// it: age(26), grade(12), years_after(enrolled, 20), 2043-06-30, or an
// expression of the condition language that comes out as a day.
type Moment struct {
	Text string
	// LastDay says whether the day itself is still in time. Only deadlines
	// have it.
	LastDay string
}

// Whether the last day itself is still in time.
const (
	lastDayIncluded = "included"
	lastDayExcluded = "excluded"
)

// moment is a Moment, compiled.
type moment struct {
	Moment
	kind momentKind
	n    int         // years, months or days; or the grade
	slot int         // from which day they count
	day  ledger.Date // of momentDay
	expr *predicate
	// reads are the slots that it depends on.
	reads uint64
}

type momentKind int8

const (
	momentDay    momentKind = iota // a day of the calendar
	momentAge                      // the n-th birthday
	momentGrade                    // the last day of the school year in which the child is in grade n
	momentYears                    // n years after a day that is known of the child
	momentMonths                   // n months after it
	momentDays                     // n days after it
	momentExpr                     // what an expression says
)

// momentForms are what a moment may look like, for reports.
var momentForms = []string{"age(26)", "grade(12)", "years_after(enrolled, 20)", "months_after(enrolled, 6)", "days_after(enrolled, 30)", "2043-06-30"}

// moment reads a moment, or returns nil for an absent or wrong one. The book
// remembers it: Next looks at every one.
func (c *compiler) moment(b *Book, n *node) *moment {
	m := c.readMoment(b, n)
	if m != nil && !slices.ContainsFunc(b.moments, func(o *moment) bool { return o.Text == m.Text }) {
		b.moments = append(b.moments, m)
	}
	return m
}

func (c *compiler) readMoment(b *Book, n *node) *moment {
	s, ok := c.plain(n)
	if !ok {
		return nil
	}
	m := &moment{Moment: Moment{Text: s}}
	if strings.Count(s, "-") == 2 && strings.Trim(s, "0123456789-") == "" {
		m.day = c.date(n)
		return m
	}
	name, args, isCall := call(s)
	switch {
	case isNumber(s, 1<<30):
	case !isCall || args == nil || name != "age" && name != "grade" && afterUnits[name].most == 0:
		return c.momentExpr(n, m)
	case name == "age" && len(args) == 1 && isNumber(args[0], 130):
		m.kind, m.n, m.reads = momentAge, atoi(args[0]), 1<<c.words.index["born_on"]
		return m
	case name == "grade" && len(args) == 1:
		return c.momentGrade(b, n, m, args[0])
	case afterUnits[name].most > 0 && len(args) == 2 && isNumber(args[1], 50_000):
		return c.momentAfter(n, m, name, args)
	}
	forms := momentForms
	if isNumber(s, 130) {
		forms = append([]string{"age(" + s + ")"}, momentForms[1:]...)
	}
	c.unknown(n, s, forms)
	return nil
}

func atoi(s string) int {
	i, _ := strconv.Atoi(s)
	return i
}

func (c *compiler) momentGrade(b *Book, n *node, m *moment, code string) *moment {
	g, ok := gradeNumber(code)
	if !ok {
		c.unknown(n, m.Text, momentForms)
		return nil
	}
	c.checkYear(b, n, SchoolYear)
	m.kind, m.n, m.reads = momentGrade, int(g), 1<<c.words.index["grade"]
	return m
}

// afterUnits are the words of what counts from a day, and how far it may go.
var afterUnits = map[string]struct {
	kind momentKind
	most int
}{"years_after": {momentYears, 130}, "months_after": {momentMonths, 1_560}, "days_after": {momentDays, 50_000}}

// momentAfter reads what counts from an event's first day or a fact of a day.
func (c *compiler) momentAfter(n *node, m *moment, unit string, args []string) *moment {
	u := afterUnits[unit]
	m.kind, m.n = u.kind, atoi(args[1])
	if m.n > u.most {
		c.report(n, "not_whole", map[string]any{"value": args[1], "least": 0, "most": u.most})
	}
	m.slot = c.daySlot(n, args[0])
	m.reads = 1 << m.slot
	return m
}

// daySlot is the slot of a day that is known of a child: an event's first day,
// by the event's name, or a fact of a day.
func (c *compiler) daySlot(n *node, name string) int {
	var known []string
	for i, s := range c.words.slots {
		if s.typ != DateFact || c.words.calendar&(1<<i) != 0 {
			continue
		}
		word := s.name
		if s.from == fromFirstEvent {
			word = string(s.event)
		}
		if word == name || s.name == name {
			return i
		}
		known = append(known, word)
	}
	c.unknown(n, name, known)
	return 0
}

// momentExpr compiles a moment of the condition language. It is one day for
// the child and cannot speak of the day for which something is judged.
func (c *compiler) momentExpr(n *node, m *moment) *moment {
	m.kind, m.expr = momentExpr, c.expression(n, dateType)
	if m.expr == nil {
		return nil
	}
	m.Text, m.reads = n.text, m.expr.reads
	for i, s := range c.words.slots {
		if m.expr.reads&c.words.calendar&(1<<i) != 0 {
			c.report(n, "no_day_here", map[string]any{"fact": s.name})
		}
	}
	return m
}

// deadline reads a moment and, beside it, whether its own day is in time.
func (c *compiler) deadline(b *Book, o *object, key string) *moment {
	at, last := o.may(key), o.may("last_day")
	m := c.moment(b, at)
	included := choice(c.decoder, last, lastDayIncluded, lastDayExcluded)
	if last != nil && at == nil {
		c.report(last, "missing_key", map[string]any{"key": key})
	}
	if m != nil {
		if m.LastDay = included; included == "" {
			m.LastDay = lastDayIncluded
		}
	}
	return m
}

// last is the last day in time, given a deadline's day.
func (m *moment) last(day ledger.Date) ledger.Date {
	if m.LastDay == lastDayExcluded {
		return day.AddDays(-1)
	}
	return day
}

// moment is the day of a moment by what is known as of the evaluation, or
// false where that is not known: v.missing names what would have to be. An
// event that has not happened is such a thing too.
func (v *view) moment(m *moment) (ledger.Date, bool) {
	was := v.day
	v.day, v.missing = v.asOf, 0
	day := v.momentOn(m)
	v.day = was
	return day, !day.IsZero()
}

func (v *view) momentOn(m *moment) ledger.Date {
	switch m.kind {
	case momentAge:
		return v.after(v.words.index["born_on"], func(d ledger.Date) ledger.Date { return birthday(d, m.n, v.words.leap) })
	case momentYears:
		return v.after(m.slot, func(d ledger.Date) ledger.Date { return birthday(d, m.n, v.words.leap) })
	case momentMonths:
		return v.after(m.slot, func(d ledger.Date) ledger.Date { return d.AddMonths(m.n) })
	case momentDays:
		return v.after(m.slot, func(d ledger.Date) ledger.Date { return d.AddDays(m.n) })
	case momentGrade:
		return v.gradeEnds(int64(m.n))
	case momentExpr:
		return v.dayOf(m.expr)
	}
	return m.day
}

// after moves a slot's day, where it is known.
func (v *view) after(slot int, move func(ledger.Date) ledger.Date) ledger.Date {
	value, ok := v.value(slot)
	if !ok {
		v.missing |= 1 << slot
		return ledger.Date{}
	}
	return move(value.(celDate).Date)
}

// gradeEnds is the last day of the school year in which the child is in a
// grade: of the latest in which it was known to be. Until then a child is taken
// to go up by one grade a year from the latest that is known.
func (v *view) gradeEnds(grade int64) ledger.Date {
	best, of := v.gradeFact(grade)
	if best == nil {
		v.missing |= 1 << v.words.index["grade"]
		return ledger.Date{}
	}
	from := best.From
	if from.IsZero() { // always so: it was when the child joined
		if from = v.firstEvent(Enrolled); from.IsZero() {
			v.missing |= 1 << v.words.index[string(Enrolled)+"_on"]
			return from
		}
	}
	year := v.words.years.periodOf(SchoolYear, from)
	return v.words.years.periodOf(SchoolYear, birthday(year.First, int(grade-of), v.words.leap)).Last
}

// gradeFact is the latest fact that says a grade, or the latest of any grade
// where none says it, and the grade it says.
func (v *view) gradeFact(grade int64) (best *Fact, of int64) {
	for i := range v.child.Facts {
		f := &v.child.Facts[i]
		g, ok := gradeValue(f.Value).(types.Int)
		if f.Name != "grade" || !ok || f.From.After(v.asOf) || f.Known.After(v.asOf) || v.corrected(f) {
			continue
		}
		fits, fitted := int64(g) == grade, best != nil && of == grade
		if best == nil || fits && !fitted || fits == fitted && laterFact(f, best) {
			best, of = f, int64(g)
		}
	}
	return best, of
}

// corrected reports a fact in whose place another of the same day was learned.
func (v *view) corrected(f *Fact) bool {
	for i := range v.child.Facts {
		g := &v.child.Facts[i]
		if g.Name == f.Name && g.From == f.From && !g.Known.After(v.asOf) && laterFact(g, f) {
			return true
		}
	}
	return false
}

// dayOf is the day that an expression says, or no day where a fact is missing
// or the day is none that a program can mean.
func (v *view) dayOf(p *predicate) ledger.Date {
	out, _, err := p.program.Eval(v)
	d, ok := out.(celDate)
	if err != nil || !ok {
		v.blame(p, err)
		return ledger.Date{}
	}
	return d.Date
}

package rules

import (
	"strings"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"seedbook/ledger"
)

// wording looks at what a condition asks: names, ages, months, and edges of
// dates.
func (l *linter) wording(n *node, e celast.Expr) {
	walk(e, func(e celast.Expr) {
		switch e.Kind() {
		case celast.IdentKind:
			l.uses.name(n, strings.TrimPrefix(e.AsIdent(), knownPrefix))
		case celast.CallKind:
			l.callWording(n, e)
		}
	})
}

func (u *uses) name(n *node, name string) {
	if u.names == nil {
		u.names = map[string]*node{}
	}
	if u.names[name] == nil {
		u.names[name] = n
	}
}

func (u *uses) age(n *node) {
	if u.ages == nil {
		u.ages = n
	}
}

func (l *linter) callWording(n *node, e celast.Expr) {
	c := e.AsCall()
	switch c.FunctionName() {
	case ageFunction:
		l.uses.age(n)
	case "add_years":
		if _, fixed := l.constant(c.Args()[0]); !fixed {
			l.uses.age(n)
		}
	case "add_months":
		from, fixed := l.constant(c.Args()[0])
		if !fixed || (ledger.Date{}).AddDays(int(from.n)).Day() > 28 {
			l.find(n, "month_end", Advice, map[string]any{"what": clip(exprText(e))})
		}
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		l.edge(n, e, c)
	}
}

// edge finds a comparison that leaves out the very day that people name: before
// the last day of a month, after the first.
func (l *linter) edge(n *node, e celast.Expr, c celast.CallExpr) {
	op, args := c.FunctionName(), c.Args()
	at, ok := l.constant(args[1])
	if !ok {
		at, ok = l.constant(args[0])
		op = mirrored[op]
	}
	if !ok || at.typ != DateFact {
		return
	}
	day := ledger.Date{}.AddDays(int(at.n))
	last, first := day.AddDays(1).Day() == 1, day.Day() == 1
	if op == operators.Less && last || op == operators.Greater && first {
		l.find(n, "edge", Risk, map[string]any{"part": clip(exprText(e)), "day": day})
	}
}

// moment looks at a day that follows from what is known of a child.
func (l *linter) moment(n *node, k keyed, s *shape) {
	text := k.value.text
	name, _, _ := strings.Cut(text, "(")
	switch name {
	case "age", "years_after":
		l.uses.age(k.value)
	case "months_after":
		l.find(k.value, "month_end", Advice, map[string]any{"what": clip(text)})
	case "grade", "days_after":
	default:
		if checked, issues := l.book.facts.env.Compile(text); issues.Err() == nil {
			l.wording(k.value, checked.NativeRep().Expr())
		}
	}
	if _, may := s.behind["last_day"]; may && n.get("last_day") == nil {
		l.find(k.value, "deadline_day", Advice, map[string]any{"moment": clip(text)})
	}
}

// calendars looks at leap days and at the ends of months.
func (l *linter) calendars() {
	if c := l.root.get("calendar"); c != nil {
		for _, k := range c.keys {
			if day := strings.TrimSpace(k.value.text); k.value.kind == scalar && len(day) == 5 && day[3:] > "28" {
				l.find(k.value, "month_end", Risk, map[string]any{"what": k.key.text + ": " + day})
			}
		}
	}
	for i := range l.book.plans {
		at := l.benefitNode(i)
		if p := &l.book.plans[i]; p.months > 0 {
			l.find(at.get("period"), "month_end", Advice, map[string]any{"what": string(p.period)})
		} else if p.period == "birthday_year" {
			l.uses.age(at.get("period"))
		}
		for _, t := range l.book.plans[i].in {
			if t != nil && t.Trigger.Kind == AtAge {
				l.uses.age(at.get("trigger"))
			}
		}
	}
	if program := l.root.get("program"); l.uses.ages != nil && program.get("leap_day") == nil {
		l.find(program, "leap_day", Risk, map[string]any{"line": l.uses.ages.line})
	}
}

func (l *linter) benefitNode(i int) *node { return l.root.get("benefits").items[i] }

// rounding says what the choice of rounding does where a ratio makes half
// cents, unless a comment beside it says why it was made.
func (l *linter) rounding() {
	program := l.root.get("program")
	at := program.get("rounding")
	if at == nil || l.book.Program.Rounding == ledger.Down || l.justified(program) {
		return
	}
	for i := range l.book.plans {
		for _, t := range l.book.plans[i].in {
			if t == nil {
				continue
			}
			for _, u := range append([]*terms{t}, t.tierTerms()...) {
				if args := halfCents(u); args != nil {
					args["rounding"] = string(l.book.Program.Rounding)
					l.find(at, "rounding_half", Advice, args)
					return
				}
			}
		}
	}
}

func (t *terms) tierTerms() (out []*terms) {
	for i := range t.tiers {
		out = append(out, t.tiers[i].terms)
	}
	return out
}

// largestHalf is the largest deposit, in cents, for which a half cent is worth
// a word.
const largestHalf = 1_000_000

// halfCents is the smallest deposit for which half_up and half_even part ways,
// and what they give. With the ratio p/q in lowest terms a deposit of n cents
// earns np/q: a half only if q is even, and first at n = q/2.
func halfCents(t *terms) map[string]any {
	if t.Amount.Ratio == nil {
		return nil
	}
	r := t.Amount.Ratio.Rat()
	q := r.Denom()
	if q.Bit(0) != 0 || !q.IsInt64() || !r.Num().IsInt64() {
		return nil
	}
	n, earned := q.Int64()/2, r.Num().Int64() // in half cents, and odd
	if earned/2%2 != 0 {
		n, earned = 3*n, 3*earned
	}
	if n > largestHalf {
		return nil
	}
	return map[string]any{
		"ratio": t.Amount.Ratio.String(), "deposit": ledger.Minor(n), "up": ledger.Minor(earned/2 + 1), "even": ledger.Minor(earned / 2),
	}
}

// justified reports a comment beside the choice of rounding.
func (l *linter) justified(program *node) bool {
	notes := notesOf(l.src, l.root)
	for _, k := range program.keys {
		if k.key.text == "rounding" && (notes.after[k.key] != "" || len(notes.above[k.key]) > 0) {
			return true
		}
	}
	for _, k := range l.root.keys {
		if k.key.text == "program" && program.flow && notes.after[k.key] != "" {
			return true
		}
	}
	return false
}

// facts looks for facts that no feed brings, and for those that nothing reads.
func (l *linter) facts() {
	supplied := map[string]bool{}
	for _, name := range l.supplied {
		supplied[name] = true
	}
	l.otherUses(l.root, "book")
	facts := l.root.get("facts")
	for i, f := range l.book.Facts {
		switch at := facts.items[i]; {
		case l.uses.names[f.Name] == nil:
			l.find(at, "fact_unused", Advice, map[string]any{"fact": f.Name})
		case !supplied[f.Name]:
			l.find(at, "fact_not_supplied", Risk, map[string]any{"fact": f.Name})
		}
	}
	for _, s := range l.book.facts.slots[:len(builtin)] {
		if at := l.uses.names[s.name]; at != nil && (s.from == fromFact || s.from == fromBirth) && !supplied[s.name] {
			l.find(at, "fact_not_supplied", Risk, map[string]any{"fact": s.name})
		}
	}
}

// otherUses finds facts that are named outside conditions: phase_out.fact,
// each_period(fact), years_after(fact, 2), and the like.
func (l *linter) otherUses(n *node, key string) {
	switch n.kind {
	case scalar:
		name, args, ok := call(n.text)
		if !ok {
			return
		}
		for _, word := range append(args, name) {
			if _, declared := l.book.facts.index[word]; declared {
				l.uses.name(n, word)
			}
		}
	case list:
		for _, item := range n.items {
			l.otherUses(item, key)
		}
	}
	for _, k := range n.keys {
		if k.key.text != "facts" && k.key.text != "examples" && k.key.text != "id" && k.key.text != "says" && k.key.text != "kind" && k.key.text != "fund" {
			l.otherUses(k.value, k.key.text)
		}
	}
}

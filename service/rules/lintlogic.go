package rules

import (
	"slices"
	"strings"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// formula is a condition as logic: ands, ors and nots of atoms.
type formula struct {
	op   formulaOp
	kids []*formula
	atom atom
	expr celast.Expr // of a whole condition
}

type formulaOp int8

const (
	opTrue formulaOp = iota
	opFalse
	opAnd
	opOr
	opNot
	opAtom
)

// atom is a statement about one thing: a fact, or an expression of facts,
// lies in a set. What cannot be taken apart is a thing of its own that is true
// or false.
type atom struct {
	about  string // the thing
	typ    FactType
	values set
	domain set      // all values that the thing can have
	known  []string // the facts that have to be known for it to hold, or not to
	steady bool     // about something that stays with the child
	plain  bool     // a fact compared with constants
	text   string   // as people read it
}

// opposite is the atom that holds where this one does not.
func (a atom) opposite() atom {
	a.values = a.domain.without(a.values)
	return a
}

// formula takes a condition apart. It is nil for one that no longer compiles
// by itself.
func (l *linter) formula(text string) *formula {
	if f, again := l.formulas[text]; again {
		return f
	}
	var f *formula
	if checked, issues := l.book.facts.env.Compile(text); issues.Err() == nil {
		e := checked.NativeRep().Expr()
		f = l.take(e)
		f.expr = e
	}
	l.formulas[text] = f
	return f
}

// take turns an expression of yes or no into a formula.
func (l *linter) take(e celast.Expr) *formula {
	switch e.Kind() {
	case celast.LiteralKind:
		if e.AsLiteral() == types.True {
			return &formula{op: opTrue}
		}
		return &formula{op: opFalse}
	case celast.IdentKind:
		return l.flagAtom(e)
	}
	if e.Kind() != celast.CallKind {
		return l.opaque(e)
	}
	args := e.AsCall().Args()
	switch name := e.AsCall().FunctionName(); name {
	case operators.LogicalAnd, operators.LogicalOr:
		op := opAnd
		if name == operators.LogicalOr {
			op = opOr
		}
		return &formula{op: op, kids: []*formula{l.take(args[0]), l.take(args[1])}}
	case operators.LogicalNot:
		return &formula{op: opNot, kids: []*formula{l.take(args[0])}}
	case operators.Conditional:
		when, then, otherwise := l.take(args[0]), l.take(args[1]), l.take(args[2])
		return &formula{op: opOr, kids: []*formula{
			{op: opAnd, kids: []*formula{when, then}},
			{op: opAnd, kids: []*formula{{op: opNot, kids: []*formula{when}}, otherwise}},
		}}
	case operators.In:
		return l.oneOf(e, args)
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return l.compare(e, name, args)
	}
	return l.opaque(e)
}

// compare takes a comparison with a constant apart.
func (l *linter) compare(e celast.Expr, op string, args []celast.Expr) *formula {
	left, right := args[0], args[1]
	c, ok := l.constant(right)
	if !ok {
		if c, ok = l.constant(left); !ok {
			return l.compareTwo(e, op, left, right)
		}
		left, op = right, mirrored[op]
	}
	if _, both := l.constant(left); both {
		return l.opaque(e)
	}
	if c.typ == YesNoFact {
		f := l.take(left)
		if (c.n == 1) != (op == operators.Equals) {
			f = &formula{op: opNot, kids: []*formula{f}}
		}
		return f
	}
	return l.about(e, left, c.typ, func(domain set) (set, bool) { return c.side(op, domain) })
}

// compareTwo takes apart a comparison of two things that depend on the child.
// a < b and a >= b are about the same.
func (l *linter) compareTwo(e celast.Expr, op string, left, right celast.Expr) *formula {
	negative := op == operators.NotEquals || op == operators.GreaterEquals || op == operators.LessEquals
	switch op {
	case operators.Greater, operators.LessEquals:
		left, right = right, left
	case operators.Equals, operators.NotEquals:
		if exprText(right) < exprText(left) {
			left, right = right, left
		}
		f := l.opaqueNamed(e, exprText(left)+" == "+exprText(right))
		return negated(f, negative)
	}
	return negated(l.opaqueNamed(e, exprText(left)+" < "+exprText(right)), negative)
}

func negated(f *formula, negative bool) *formula {
	if negative {
		return &formula{op: opNot, kids: []*formula{f}}
	}
	return f
}

var mirrored = map[string]string{
	operators.Equals: operators.Equals, operators.NotEquals: operators.NotEquals,
	operators.Less: operators.Greater, operators.LessEquals: operators.GreaterEquals,
	operators.Greater: operators.Less, operators.GreaterEquals: operators.LessEquals,
}

// oneOf takes x in ["A", "B"] apart.
func (l *linter) oneOf(e celast.Expr, args []celast.Expr) *formula {
	if args[1].Kind() != celast.ListKind {
		return l.opaque(e)
	}
	var all []constant
	for _, item := range args[1].AsList().Elements() {
		c, ok := l.constant(item)
		if !ok || c.typ == YesNoFact {
			return l.opaque(e)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return &formula{op: opFalse}
	}
	return l.about(e, args[0], all[0].typ, func(domain set) (set, bool) {
		values := domain.without(domain)
		for _, c := range all {
			one, ok := c.side(operators.Equals, domain)
			if !ok {
				return set{}, false
			}
			values = values.with(one)
		}
		return values, true
	})
}

// about is the atom that something lies in a set, or the whole as one thing
// where sets do not say it.
func (l *linter) about(e, thing celast.Expr, typ FactType, values func(domain set) (set, bool)) *formula {
	a := l.blank(e, exprText(thing))
	a.domain, a.typ, a.steady = l.domainOf(thing, typ)
	a.plain = true
	var ok bool
	if a.values, ok = values(a.domain); !ok {
		return l.opaque(e)
	}
	return &formula{op: opAtom, atom: a}
}

// flagAtom is a fact of yes or no, or whether one is known.
func (l *linter) flagAtom(e celast.Expr) *formula {
	f := l.opaque(e)
	if strings.HasPrefix(e.AsIdent(), knownPrefix) {
		f.atom.known = nil
		f.atom.steady = l.isSteady(strings.TrimPrefix(e.AsIdent(), knownPrefix))
	}
	return f
}

func (l *linter) opaque(e celast.Expr) *formula { return l.opaqueNamed(e, exprText(e)) }

func (l *linter) opaqueNamed(e celast.Expr, name string) *formula {
	a := l.blank(e, name)
	a.domain, a.values, a.typ = between(0, 1), between(1, 1), YesNoFact
	return &formula{op: opAtom, atom: a}
}

// blank is an atom about a thing, with the facts that it needs.
func (l *linter) blank(e celast.Expr, about string) atom {
	a := atom{about: about, text: exprText(e), steady: true}
	walk(e, func(e celast.Expr) {
		if e.Kind() != celast.IdentKind || e.AsIdent() == "PK" || e.AsIdent() == "KG" {
			return
		}
		name := strings.TrimPrefix(e.AsIdent(), knownPrefix)
		a.steady = a.steady && l.isSteady(name)
		i, declared := l.book.facts.index[name]
		if declared && (l.book.facts.slots[i].from == fromFact || l.book.facts.slots[i].from == fromFirstEvent) && !slices.Contains(a.known, name) {
			a.known = append(a.known, name)
		}
	})
	return a
}

// isSteady reports a fact that hardly ever changes while a child takes part,
// so that what the child had to be to join still holds later. A grade and the
// days of the question move.
func (l *linter) isSteady(name string) bool {
	i, declared := l.book.facts.index[name]
	if !declared {
		return false
	}
	s := l.book.facts.slots[i]
	return s.from == fromBirth || s.from == fromFact && s.typ != gradeFact && s.typ != NumberFact && s.typ != MoneyFact
}

// domainOf is every value that a thing can have.
func (l *linter) domainOf(thing celast.Expr, typ FactType) (set, FactType, bool) {
	everything := between(least, most)
	if typ == TextFact {
		everything = allTexts
	}
	if thing.Kind() == celast.CallKind {
		switch thing.AsCall().FunctionName() {
		case ageFunction:
			return between(-150, 150), typ, false
		case "month":
			return between(1, 12), typ, false
		case "day_of_month":
			return between(1, 31), typ, false
		}
	}
	if thing.Kind() != celast.IdentKind {
		return everything, typ, false
	}
	name := thing.AsIdent()
	i, declared := l.book.facts.index[name]
	if !declared {
		return everything, typ, false
	}
	if s := l.book.facts.slots[i]; s.typ == gradeFact {
		return between(-1, 13), gradeFact, false
	}
	for _, f := range l.book.Facts {
		if f.Name == name && typ == TextFact && len(f.OneOf) > 0 {
			everything = texts(f.OneOf...)
		}
	}
	return everything, typ, l.isSteady(name)
}

// constant is a value that a condition writes out.
type constant struct {
	typ  FactType
	n    int64 // a number, cents, days or yes (1) and no (0)
	text string
}

// constant reads a value that does not depend on the child.
func (l *linter) constant(e celast.Expr) (constant, bool) {
	switch e.Kind() {
	case celast.IdentKind:
		switch e.AsIdent() {
		case "PK":
			return constant{typ: NumberFact, n: -1}, true
		case "KG":
			return constant{typ: NumberFact}, true
		}
	case celast.LiteralKind:
		switch v := e.AsLiteral().(type) {
		case types.Int:
			return constant{typ: NumberFact, n: int64(v)}, true
		case types.String:
			return constant{typ: TextFact, text: string(v)}, true
		case types.Bool:
			c := constant{typ: YesNoFact}
			if v {
				c.n = 1
			}
			return c, true
		}
	case celast.CallKind:
		return l.constantCall(e.AsCall())
	}
	return constant{}, false
}

func (l *linter) constantCall(call celast.CallExpr) (constant, bool) {
	args := call.Args()
	switch call.FunctionName() {
	case operators.Negate:
		c, ok := l.constant(args[0])
		c.n = -c.n
		return c, ok && c.typ == NumberFact
	case "date", "money":
		c, ok := l.constant(args[0])
		if !ok {
			return c, false
		}
		if d, isDate := parseCelDate(types.String(c.text)).(celDate); isDate && call.FunctionName() == "date" {
			return constant{typ: DateFact, n: dayNumber(d.Date)}, true
		}
		if m, isMoney := parseCelMoney(types.String(c.text)).(celMoney); isMoney && call.FunctionName() == "money" {
			return constant{typ: MoneyFact, n: m.Minor()}, true
		}
	case "ymd":
		return l.constantDay(args)
	}
	return constant{}, false
}

func (l *linter) constantDay(args []celast.Expr) (constant, bool) {
	var parts [3]types.Int
	for i, a := range args {
		c, ok := l.constant(a)
		if !ok || i > 2 {
			return constant{}, false
		}
		parts[i] = types.Int(c.n)
	}
	d, ok := ymd(parts[0], parts[1], parts[2], l.book.Program.LeapDay).(celDate)
	return constant{typ: DateFact, n: dayNumber(d.Date)}, ok
}

// side is the set of values on one side of a constant.
func (c constant) side(op string, domain set) (set, bool) {
	if c.typ == TextFact {
		switch op {
		case operators.Equals:
			return domain.common(texts(c.text)), true
		case operators.NotEquals:
			return domain.without(texts(c.text)), true
		}
		return set{}, false
	}
	switch op {
	case operators.Equals:
		return domain.common(between(c.n, c.n)), true
	case operators.NotEquals:
		return domain.without(between(c.n, c.n)), true
	case operators.Less:
		return domain.common(between(least, c.n-1)), true
	case operators.LessEquals:
		return domain.common(between(least, c.n)), true
	case operators.Greater:
		return domain.common(between(c.n+1, most)), true
	}
	return domain.common(between(c.n, most)), true
}

// exprText writes an expression on one line, much as it was written.
func exprText(e celast.Expr) string {
	switch e.Kind() {
	case celast.IdentKind:
		if of, isKnown := strings.CutPrefix(e.AsIdent(), knownPrefix); isKnown {
			return "known(" + of + ")"
		}
		return e.AsIdent()
	case celast.LiteralKind:
		if s, ok := e.AsLiteral().(types.String); ok {
			return string(appendJSON(nil, string(s)))
		}
		return textOf(e.AsLiteral().Value())
	case celast.ListKind:
		return "[" + joinExprs(e.AsList().Elements()) + "]"
	case celast.CallKind:
		return callText(e.AsCall())
	}
	return "?"
}

func callText(c celast.CallExpr) string {
	name, args := c.FunctionName(), c.Args()
	sign, isOperator := operators.FindReverse(name)
	switch {
	case name == ageFunction:
		return "age_on(" + exprText(args[1]) + ")"
	case name == operators.Conditional:
		return exprText(args[0]) + " ? " + exprText(args[1]) + " : " + exprText(args[2])
	case c.IsMemberFunction():
		return exprText(c.Target()) + "." + name + "(" + joinExprs(args) + ")"
	case isOperator && len(args) == 1:
		return sign + exprText(args[0])
	case isOperator && len(args) == 2 && (name == operators.LogicalAnd || name == operators.LogicalOr):
		return "(" + exprText(args[0]) + " " + sign + " " + exprText(args[1]) + ")"
	case isOperator && len(args) == 2:
		return exprText(args[0]) + " " + sign + " " + exprText(args[1])
	}
	return name + "(" + joinExprs(args) + ")"
}

func joinExprs(list []celast.Expr) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = exprText(e)
	}
	return strings.Join(parts, ", ")
}

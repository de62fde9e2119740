package rules

import (
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"seedbook/ledger"
)

// Bounds of one predicate. There are no loops in the language we offer, so
// these bound its cost as well, which is estimated and checked all the same.
const (
	maxPredicate = 2_000 // characters
	maxCelNodes  = 400
	maxCelDepth  = 40
	maxCelCost   = 5_000 // units of CEL's cost model; one comparison is 1 to 3
)

// celLibrary is the part of CEL's standard library that predicates may use:
// no floating point, no time zones, no loops, nothing that builds texts.
var celLibrary = &env.LibrarySubset{
	DisableMacros: true,
	IncludeFunctions: []*env.Function{
		allowed(operators.LogicalAnd), allowed(operators.LogicalOr), allowed(operators.LogicalNot),
		allowed(operators.Conditional), allowed(operators.Equals), allowed(operators.NotEquals),
		allowed(operators.In, overloads.InList),
		allowed(operators.Less, overloads.LessInt64, overloads.LessString),
		allowed(operators.LessEquals, overloads.LessEqualsInt64, overloads.LessEqualsString),
		allowed(operators.Greater, overloads.GreaterInt64, overloads.GreaterString),
		allowed(operators.GreaterEquals, overloads.GreaterEqualsInt64, overloads.GreaterEqualsString),
		allowed(operators.Add, overloads.AddInt64), allowed(operators.Subtract, overloads.SubtractInt64),
		allowed(operators.Negate, overloads.NegateInt64),
		allowed(overloads.StartsWith), allowed(overloads.EndsWith), allowed(overloads.Contains),
	},
}

func allowed(function string, ids ...string) *env.Function {
	f := &env.Function{Name: function}
	for _, id := range ids {
		f.Overloads = append(f.Overloads, &env.Overload{ID: id})
	}
	return f
}

// newEnv declares a book's names and our functions.
func newEnv(words *vocabulary, tables []Table) (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(celLibrary)),
		cel.HomogeneousAggregateLiterals(),
		cel.ParserExpressionSizeLimit(maxPredicate),
		cel.ParserRecursionLimit(maxCelDepth),
		cel.ParserErrorRecoveryLimit(4),
		cel.ExpressionNodeLimit(maxCelNodes),
		cel.ExpressionNestingDepthLimit(maxCelDepth),
		cel.Constant("PK", cel.IntType, types.Int(-1)),
		cel.Constant("KG", cel.IntType, types.Int(0)),
		cel.Macros(
			cel.GlobalMacro("known", 1, knownMacro),
			cel.GlobalMacro("age_on", 1, ageMacro),
			cel.GlobalMacro("date", 1, literalMacro(func(s string) error { _, err := ledger.ParseDate(s); return err })),
			cel.GlobalMacro("money", 1, literalMacro(func(s string) error { _, err := ledger.ParseAmount(s); return err })),
		),
	}
	for _, s := range words.slots {
		if s.from == fromTable {
			continue
		}
		options = append(options, cel.Variable(s.name, celType(s.typ)), cel.Variable(knownPrefix+s.name, cel.BoolType))
	}
	options = append(options, comparisons("date", dateType)...)
	options = append(options, comparisons("money", moneyType)...)
	options = append(options, savedFunctions()...)
	for i := range tables {
		options = append(options, tables[i].function(words.index[tables[i].Name]))
	}
	return cel.NewCustomEnv(append(options, functions(words.leap, words.years)...)...)
}

func celType(t FactType) *cel.Type {
	switch t {
	case TextFact:
		return cel.StringType
	case NumberFact, gradeFact:
		return cel.IntType
	case YesNoFact:
		return cel.BoolType
	case MoneyFact:
		return moneyType
	case DateFact:
		return dateType
	}
	panic("rules: unknown type of fact " + string(t))
}

// comparisons lets two values of a type be ordered; CEL's own operators call
// the values' Compare.
func comparisons(name string, t *cel.Type) []cel.EnvOption {
	var options []cel.EnvOption
	for _, op := range []string{operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals} {
		options = append(options, cel.Function(op, cel.Overload(op+name, []*cel.Type{t, t}, cel.BoolType)))
	}
	return options
}

// functions are ours: calendar arithmetic without time zones.
func functions(leap LeapDay, years Calendar) []cel.EnvOption {
	day := []*cel.Type{dateType}
	dayAndNumber := []*cel.Type{dateType, cel.IntType}
	move := func(name string, by func(ledger.Date, int) ledger.Date) cel.EnvOption {
		return cel.Function(name, cel.Overload(name+"_date_int", dayAndNumber, dateType, cel.BinaryBinding(func(d, n ref.Val) ref.Val {
			if n := n.(types.Int); n >= -200 && n <= 200 || name == "add_days" && n >= -80_000 && n <= 80_000 {
				return celDate{by(d.(celDate).Date, int(n))}
			}
			return types.NewErr("%s: too far", name)
		})))
	}
	part := func(name string, of func(ledger.Date) int) cel.EnvOption {
		return cel.Function(name, cel.Overload(name+"_date", day, cel.IntType, cel.UnaryBinding(func(d ref.Val) ref.Val {
			return types.Int(of(d.(celDate).Date))
		})))
	}
	return []cel.EnvOption{
		cel.Function("date", cel.Overload("date_string", []*cel.Type{cel.StringType}, dateType, cel.UnaryBinding(parseCelDate))),
		cel.Function("money", cel.Overload("money_string", []*cel.Type{cel.StringType}, moneyType, cel.UnaryBinding(parseCelMoney))),
		cel.Function(ageFunction, cel.Overload("age_date_date", []*cel.Type{dateType, dateType}, cel.IntType, cel.BinaryBinding(func(born, on ref.Val) ref.Val {
			return types.Int(ageOn(born.(celDate).Date, on.(celDate).Date, leap))
		}))),
		move("add_years", func(d ledger.Date, n int) ledger.Date { return birthday(d, n, leap) }),
		move("add_months", ledger.Date.AddMonths),
		move("add_days", ledger.Date.AddDays),
		cel.Function("ymd", cel.Overload("ymd_int_int_int", []*cel.Type{cel.IntType, cel.IntType, cel.IntType}, dateType, cel.FunctionBinding(func(args ...ref.Val) ref.Val {
			return ymd(args[0].(types.Int), args[1].(types.Int), args[2].(types.Int), leap)
		}))),
		part("year", ledger.Date.Year),
		part("month", func(d ledger.Date) int { return int(d.Month()) }),
		part("day_of_month", ledger.Date.Day),
		part(schoolYearOf, func(d ledger.Date) int { return years.periodOf(SchoolYear, d).First.Year() }),
	}
}

// ymd is a day by its parts. There is none that a calendar does not have, but
// 29 February of a common year follows the leap-day rule.
func ymd(y, m, d types.Int, leap LeapDay) ref.Val {
	if y < 1850 || y > 2300 || m < 1 || m > 12 || d < 1 || d > 31 {
		return types.NewErr("ymd: no day")
	}
	day := ledger.NewDate(int(y), time.Month(m), int(d))
	switch {
	case day.Day() == int(d):
		return celDate{day}
	case m == 2 && d == 29:
		return celDate{birthday(ledger.NewDate(2000, 2, 29), int(y)-2000, leap)}
	}
	return types.NewErr("ymd: no day")
}

func parseCelDate(s ref.Val) ref.Val {
	d, err := ledger.ParseDate(string(s.(types.String)))
	if err != nil {
		return types.NewErr("not a date")
	}
	return celDate{d}
}

func parseCelMoney(s ref.Val) ref.Val {
	a, err := ledger.ParseAmount(string(s.(types.String)))
	if err != nil {
		return types.NewErr("not an amount")
	}
	return celMoney{a}
}

// Names that no author can write, for what macros expand to.
const (
	knownPrefix = "@known_"
	ageFunction = "@age"
)

const schoolYearOf = "school_year_of"

// knownMacro turns known(grade) into the name of whether the grade is known.
func knownMacro(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	if args[0].Kind() != ast.IdentKind {
		return nil, eh.NewError(args[0].ID(), "known() takes the name of a fact")
	}
	return eh.NewIdent(knownPrefix + args[0].AsIdent()), nil
}

// ageMacro gives age_on(day) the child's birthday.
func ageMacro(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	return eh.NewCall(ageFunction, eh.NewIdent("born_on"), args[0]), nil
}

// literalMacro checks a constant when the book is loaded, not when a child is
// evaluated.
func literalMacro(check func(string) error) cel.MacroFactory {
	return func(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
		var text types.String
		ok := args[0].Kind() == ast.LiteralKind
		if ok {
			text, ok = args[0].AsLiteral().(types.String)
		}
		if !ok {
			return nil, eh.NewError(args[0].ID(), `write the value itself, like date("2026-09-01") or money("25.00")`)
		}
		if err := check(string(text)); err != nil {
			return nil, eh.NewError(args[0].ID(), err.Error())
		}
		return nil, nil // not expanded: a plain call of a known-good constant
	}
}

// textSizes tells CEL's cost model how long a fact can be: a text is bounded,
// a day or an amount is one thing.
type textSizes struct{}

func (textSizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	if n.Type().Kind() == types.StringKind {
		size := cost.RangedSizeEstimate(0, maxFactText)
		return &size
	}
	if t := n.Type(); t.IsExactType(dateType) || t.IsExactType(moneyType) {
		size := cost.RangedSizeEstimate(1, 1)
		return &size
	}
	return nil
}

func (textSizes) EstimateCallCost(function, overload string, target *cost.AstNode, args []cost.AstNode) *cost.CallEstimate {
	return nil
}

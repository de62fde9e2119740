package rulebook

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"seedbook/service/i18n"
)

// grammar reads the condition language without judging it: rules did that when
// the book was read.
var grammar = sync.OnceValue(func() *cel.Env {
	env, err := cel.NewCustomEnv()
	if err != nil {
		panic(err) // it has no options
	}
	return env
})

// sentence says a condition in words, or "" where it is none.
func (t *teller) sentence(text string) string {
	parsed, issues := grammar().Parse(text)
	if issues.Err() != nil {
		return ""
	}
	return t.contracted(t.statement(parsed.NativeRep().Expr(), true))
}

// noun says an expression that comes out as a day or an amount.
func (t *teller) noun(text string) string {
	parsed, issues := grammar().Parse(text)
	if issues.Err() != nil {
		return ""
	}
	return t.contracted(t.value(parsed.NativeRep().Expr(), ""))
}

// contracted writes what Spanish draws together where one phrase stands inside
// of another: "de el año" is "del año".
func (t *teller) contracted(said string) string {
	if t.w.Lang() != "es" {
		return said
	}
	return strings.NewReplacer(" de el ", " del ", " a el ", " al ").Replace(said)
}

// statement says that an expression of yes or no holds, or that it does not. A
// "not" goes to the parts: that is how people say it, and it means the same.
func (t *teller) statement(e ast.Expr, holds bool) string {
	if e.Kind() != ast.CallKind {
		return t.flag(e, holds)
	}
	c := e.AsCall()
	switch name := c.FunctionName(); name {
	case operators.LogicalNot:
		return t.statement(c.Args()[0], !holds)
	case operators.LogicalAnd, operators.LogicalOr:
		return t.joined(e, name, holds)
	case operators.Conditional:
		return t.w.T("rulebook.cel.choice", i18n.Args{"when": t.statement(c.Args()[0], true), "then": t.statement(c.Args()[1], holds), "else": t.statement(c.Args()[2], holds)})
	case operators.In:
		return t.oneOf(c, holds)
	case "known":
		return t.isKnown(c.Args()[0], holds)
	}
	if op, ok := comparisons[c.FunctionName()]; ok {
		return t.comparison(c, op, holds)
	}
	if c.IsMemberFunction() {
		return t.w.T("rulebook.cel."+sign(strings.ToLower(c.FunctionName()), holds), i18n.Args{"a": t.value(c.Target(), ""), "b": t.value(c.Args()[0], "text")})
	}
	return t.flag(e, holds)
}

// sign is the key of a phrase, or of its opposite.
func sign(key string, holds bool) string {
	if holds {
		return key
	}
	return "not_" + key
}

// flag says that something of yes or no is one of them.
func (t *teller) flag(e ast.Expr, holds bool) string {
	return t.w.T("rulebook.cel."+sign("flag", holds), i18n.Args{"a": t.value(e, "")})
}

// joined says a chain of ands or of ors. Inside of the other kind it stands in
// brackets.
func (t *teller) joined(e ast.Expr, op string, holds bool) string {
	key := "rulebook.cel.and"
	if (op == operators.LogicalAnd) != holds {
		key = "rulebook.cel.or"
	}
	said := ""
	for _, part := range chain(e, op) {
		one := t.statement(part, holds)
		if compound(part) {
			one = "(" + one + ")"
		}
		if said == "" {
			said = one
			continue
		}
		said = t.w.T(key, i18n.Args{"a": said, "b": one})
	}
	return said
}

// compound reports an expression that is said in several parts.
func compound(e ast.Expr) bool {
	for isCall(e, operators.LogicalNot) {
		e = e.AsCall().Args()[0]
	}
	return isCall(e, operators.LogicalAnd, operators.LogicalOr)
}

// chain takes a && b && c apart.
func chain(e ast.Expr, op string) []ast.Expr {
	if !isCall(e, op) {
		return []ast.Expr{e}
	}
	args := e.AsCall().Args()
	return append(chain(args[0], op), chain(args[1], op)...)
}

func isCall(e ast.Expr, names ...string) bool {
	if e.Kind() != ast.CallKind {
		return false
	}
	return slices.Contains(names, e.AsCall().FunctionName())
}

// comparison is how two things compare, and how they do where that is not so.
type comparison struct{ is, not string }

var comparisons = map[string]comparison{
	operators.Equals: {"is", "is_not"}, operators.NotEquals: {"is_not", "is"},
	operators.Less: {"less", "least"}, operators.GreaterEquals: {"least", "less"},
	operators.Greater: {"more", "most"}, operators.LessEquals: {"most", "more"},
}

func (t *teller) comparison(c ast.CallExpr, op comparison, holds bool) string {
	a, b := c.Args()[0], c.Args()[1]
	key := op.is
	if !holds {
		key = op.not
	}
	typ := t.typeOf(a)
	if typ == "" || typ == "number" && t.typeOf(b) != "" {
		typ = t.typeOf(b)
	}
	for _, more := range []string{"_" + typ, ""} { // days come earlier and later, grades lie higher and lower
		if full := "rulebook.cel." + key + more; t.w.Has(full) {
			return t.w.T(full, i18n.Args{"a": t.valueOf(a, typ, b), "b": t.valueOf(b, typ, a)})
		}
	}
	return ""
}

// valueOf says a value beside another: a school's code as its name.
func (t *teller) valueOf(e ast.Expr, typ string, beside ast.Expr) string {
	if beside.Kind() == ast.IdentKind && beside.AsIdent() == "school" {
		typ = "school"
	}
	return t.value(e, typ)
}

func (t *teller) oneOf(c ast.CallExpr, holds bool) string {
	a, list := c.Args()[0], c.Args()[1]
	var all []string
	if list.Kind() == ast.ListKind {
		for _, item := range list.AsList().Elements() {
			all = append(all, t.valueOf(item, t.typeOf(a), a))
		}
	}
	return t.w.T("rulebook.cel."+sign("one_of", holds), i18n.Args{"a": t.value(a, ""), "list": strings.Join(all, ", ")})
}

// isKnown says that a fact is known, or that an event has happened.
func (t *teller) isKnown(e ast.Expr, holds bool) string {
	if e.Kind() != ast.IdentKind {
		return ""
	}
	name := e.AsIdent()
	if kind, isDay := strings.CutSuffix(name, "_on"); isDay && t.isEvent(kind) {
		return t.w.T("rulebook.cel."+sign("happened", holds), i18n.Args{"a": t.event(kind)})
	}
	return t.w.T("rulebook.cel."+sign("known", holds), i18n.Args{"a": t.named(name)})
}

// isEvent reports the name of an event of the book or of every book.
func (t *teller) isEvent(kind string) bool {
	_, own := t.events[kind]
	return own || kind != "born" && t.types[kind+"_on"] == "" && t.w.Has("rules.name."+kind)
}

// named says a name of a condition as a noun.
func (t *teller) named(name string) string {
	if says := t.facts[name]; says != "" {
		return says
	}
	if t.types[name] == "" {
		if key := "rulebook.cel.name." + name; t.w.Has(key) {
			return t.w.T(key)
		}
		if key := "rules.name." + name; t.w.Has(key) {
			return t.w.T(key)
		}
		if kind, isDay := strings.CutSuffix(name, "_on"); isDay && t.isEvent(kind) {
			return t.w.T("rulebook.cel.day_of", i18n.Args{"event": t.event(kind)})
		}
	}
	return "“" + name + "”"
}

// value says what an expression comes out as.
func (t *teller) value(e ast.Expr, typ string) string {
	switch e.Kind() {
	case ast.LiteralKind:
		return t.literal(e, typ)
	case ast.IdentKind:
		if name := e.AsIdent(); name == "PK" || name == "KG" {
			return t.grade(name)
		}
		return t.named(e.AsIdent())
	case ast.CallKind:
		if answers(e.AsCall()) {
			return "(" + t.statement(e, true) + ")"
		}
		return t.called(e.AsCall(), typ)
	}
	return ""
}

// answers reports a call whose answer is yes or no, and that is said as a
// statement.
func answers(c ast.CallExpr) bool {
	_, compares := comparisons[c.FunctionName()]
	return compares || c.IsMemberFunction() || slices.Contains([]string{operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.In, "known"}, c.FunctionName())
}

func (t *teller) literal(e ast.Expr, typ string) string {
	switch v := e.AsLiteral().(type) {
	case types.String:
		if typ == "school" {
			return named(t.names.Schools, string(v))
		}
		return "“" + string(v) + "”"
	case types.Int:
		switch {
		case typ == "grade" && v == -1:
			return t.grade("PK")
		case typ == "grade" && v == 0:
			return t.grade("KG")
		}
		return strconv.FormatInt(int64(v), 10)
	case types.Bool:
		return t.w.T("rulebook.cel." + map[bool]string{true: "yes", false: "no"}[bool(v)])
	}
	return ""
}

// called says a call of a function, or an operator between values.
func (t *teller) called(c ast.CallExpr, typ string) string {
	name, args := c.FunctionName(), c.Args()
	switch name {
	case "date":
		return t.w.Date(date(text(args[0])))
	case "money":
		return t.money(text(args[0]))
	case "add_years", "add_months", "add_days":
		return t.moved(args[0], args[1], strings.TrimPrefix(name, "add_"))
	case "ymd":
		return t.dayOf(args)
	case operators.Conditional:
		return t.w.T("rulebook.cel.choice", i18n.Args{"when": t.statement(args[0], true), "then": t.value(args[1], typ), "else": t.value(args[2], typ)})
	case operators.Negate:
		return "−" + t.value(args[0], typ)
	case operators.Add, operators.Subtract:
		key := map[string]string{operators.Add: "plus", operators.Subtract: "minus"}[name]
		return t.w.T("rulebook.cel."+key, i18n.Args{"a": t.value(args[0], typ), "b": t.value(args[1], typ)})
	}
	if table, ok := t.tables[name]; ok {
		return t.asked(table, args)
	}
	if len(args) == 0 || len(args) > 2 || !t.w.Has("rulebook.cel."+name) {
		return t.asked(object{"name": name}, args)
	}
	return t.w.T("rulebook.cel."+name, i18n.Args{"day": t.value(args[len(args)-1], ""), "least": t.value(args[0], "")})
}

// asked says a question to a table of the book.
func (t *teller) asked(table object, args []ast.Expr) string {
	var said []string
	keys := table.objects("keys")
	for i, a := range args {
		if said = append(said, t.value(a, "")); i < len(keys) {
			said[i] = keys[i].text("name") + ": " + said[i]
		}
	}
	return t.w.T("rulebook.cel.table", i18n.Args{"table": t.tableName(table), "keys": strings.Join(said, "; ")})
}

// moved says a day so many years, months or days from another.
func (t *teller) moved(day, by ast.Expr, unit string) string {
	args := i18n.Args{"day": t.value(day, "")}
	n, ok := number(by)
	switch {
	case !ok:
		args["n"] = t.value(by, "")
		return t.w.T("rulebook.cel."+unit+"_plus", args)
	case n < 0:
		return t.w.N("rulebook.cel."+unit+"_before", -n, args)
	}
	return t.w.N("rulebook.cel."+unit+"_after", n, args)
}

// dayOf says a day by its parts.
func (t *teller) dayOf(args []ast.Expr) string {
	year, knownYear := number(args[0])
	month, ok := number(args[1])
	day, okDay := number(args[2])
	if !ok || !okDay {
		return t.w.T("rulebook.cel.ymd", i18n.Args{"year": t.value(args[0], ""), "month": t.value(args[1], ""), "day": t.value(args[2], "")})
	}
	if d := date(padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2)); knownYear && !d.IsZero() {
		return t.w.Date(d)
	}
	return t.w.T("rulebook.cel.day_in_year", i18n.Args{"day": t.monthDay(padded(month, 2) + "-" + padded(day, 2)), "year": t.value(args[0], "")})
}

func padded(n, width int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, width-len(s))) + s
}

// number reads a whole number that is written out.
func number(e ast.Expr) (int, bool) {
	if isCall(e, operators.Negate) {
		n, ok := number(e.AsCall().Args()[0])
		return -n, ok
	}
	if e.Kind() != ast.LiteralKind {
		return 0, false
	}
	v, ok := e.AsLiteral().(types.Int)
	return int(v), ok
}

func text(e ast.Expr) string {
	if e.Kind() == ast.LiteralKind {
		if s, ok := e.AsLiteral().(types.String); ok {
			return string(s)
		}
	}
	return ""
}

// typeOf is what sort of thing an expression comes out as; "" where that makes
// no difference to how it is said.
func (t *teller) typeOf(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		name := e.AsIdent()
		switch {
		case t.types[name] != "":
			return t.types[name]
		case name == "grade" || name == "PK" || name == "KG":
			return "grade"
		case name == "day" || name == "census_day" || strings.HasSuffix(name, "_on") || strings.HasPrefix(name, "period_"):
			return "date"
		}
	case ast.CallKind:
		switch name := e.AsCall().FunctionName(); name {
		case "date", "ymd", "add_years", "add_months", "add_days":
			return "date"
		case operators.Conditional:
			return t.typeOf(e.AsCall().Args()[1])
		}
	}
	return ""
}

// typeOfName is typeOf for a name alone.
func (t *teller) typeOfName(name string) string {
	if t.types[name] != "" || name != "grade" {
		return t.types[name]
	}
	return name
}

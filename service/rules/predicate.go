package rules

import (
	"math"
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"

	"seedbook/ledger"
)

// predicate is a compiled CEL condition.
type predicate struct {
	program cel.Program
	reads   uint64 // slots it may read, one bit each
	timed   bool   // depends on the day it is judged for, beyond the facts of the day
}

// maxPredicates bounds the different conditions of one book.
const maxPredicates = 500

// compiler compiles the conditions of one book, each text once.
type compiler struct {
	*decoder
	words *vocabulary
	done  map[string]*predicate
}

// predicate compiles a condition, or returns nil for an absent or wrong one.
func (c *compiler) predicate(n *node) *predicate { return c.expression(n, cel.BoolType) }

// expression compiles an expression that comes out as a type, or returns nil
// for an absent or wrong one.
func (c *compiler) expression(n *node, out *cel.Type) *predicate {
	src, ok := c.plain(n)
	if !ok {
		return nil
	}
	src = tidyCel(src)
	n.text = src
	key := out.String() + " " + src
	if p, again := c.done[key]; again {
		return p
	}
	switch {
	case len(src) > maxPredicate:
		c.report(n, "cel_long", map[string]any{"limit": maxPredicate})
		return nil
	case len(c.done) == maxPredicates:
		c.report(n, "too_many_parts", map[string]any{"limit": maxPredicates})
		return nil
	}
	p := c.compile(n, src, out)
	c.done[key] = p
	return p
}

func (c *compiler) compile(n *node, src string, out *cel.Type) *predicate {
	checked, issues := c.words.env.Compile(src)
	if err := issues.Err(); err != nil {
		c.reportCel(n, issues)
		return nil
	}
	if !checked.OutputType().IsExactType(out) {
		c.reportOutput(n, out)
		return nil
	}
	estimate, err := c.words.env.EstimateCost(checked, textSizes{})
	if err != nil || estimate.Max > maxCelCost {
		c.report(n, "cel_cost", map[string]any{"limit": maxCelCost})
		return nil
	}
	program, err := c.words.env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CustomDecorator(foldConstants))
	if err != nil {
		c.report(n, "cel_syntax", map[string]any{"what": clip(err.Error())})
		return nil
	}
	p := &predicate{program: program}
	p.timed = readsSavings(checked)
	for _, name := range names(checked) {
		i, ok := c.words.index[strings.TrimPrefix(name, knownPrefix)]
		if !ok { // a function of ours
			c.checkCall(n, name)
			continue
		}
		p.reads |= 1 << i
		p.timed = p.timed || c.words.slots[i].ofTheQuestion()
		c.checkCall(n, name)
	}
	if p.reads == 0 && c.failsAlways(p) {
		c.report(n, "cel_syntax", map[string]any{"what": "it has no answer for any child"})
	}
	return p
}

// failsAlways reports an expression without a name that has no answer.
func (c *compiler) failsAlways(p *predicate) bool {
	_, _, err := p.program.Eval(&view{words: c.words, child: &Child{}})
	return err != nil
}

// reportOutput says what an expression should have come out as.
func (c *compiler) reportOutput(n *node, out *cel.Type) {
	switch out {
	case dateType:
		c.report(n, "cel_not_day", nil)
		return
	case moneyType:
		c.report(n, "cel_not_money", nil)
		return
	}
	c.report(n, "cel_not_yes_no", nil)
}

// names lists what an expression reads and the functions that it calls.
func names(checked *cel.Ast) []string {
	var found []string
	root := ast.NavigateAST(checked.NativeRep())
	for _, e := range ast.MatchDescendants(root, ast.KindMatcher(ast.IdentKind)) {
		if name := e.AsIdent(); name != "PK" && name != "KG" && name != childName {
			found = append(found, name)
		}
	}
	for _, e := range ast.MatchDescendants(root, ast.KindMatcher(ast.CallKind)) {
		found = append(found, e.AsCall().FunctionName())
	}
	return found
}

// readsSavings reports an expression that asks what the family saved.
func readsSavings(checked *cel.Ast) bool {
	root := ast.NavigateAST(checked.NativeRep())
	return len(ast.MatchDescendants(root, func(e ast.NavigableExpr) bool {
		return e.Kind() == ast.IdentKind && e.AsIdent() == childName
	})) > 0
}

// checkCall refuses what speaks of a school year or a census day that the
// calendar does not have.
func (c *compiler) checkCall(n *node, name string) {
	switch {
	case name == schoolYearOf && c.words.years.SchoolYear.Month == 0:
		c.report(n, "no_year_start", map[string]any{"period": string(SchoolYear)})
	case name == "census_day" && c.words.years.CensusDay.Month == 0:
		c.report(n, "no_census_day", nil)
	}
}

// foldConstants reads date("2026-09-01") once, when the book is loaded.
func foldConstants(i interpreter.Interpretable) (interpreter.Interpretable, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok || call.Function() != "date" && call.Function() != "money" {
		return i, nil
	}
	if arg, ok := call.Args()[0].(interpreter.InterpretableConst); ok {
		if call.Function() == "date" {
			return interpreter.NewConstValue(call.ID(), parseCelDate(arg.Value())), nil
		}
		return interpreter.NewConstValue(call.ID(), parseCelMoney(arg.Value())), nil
	}
	return i, nil
}

var (
	undeclared = regexp.MustCompile(`undeclared reference to '([^']*)'`)
	noOverload = regexp.MustCompile(`found no matching overload for '([^']*)' applied to '([^']*)'`)
)

// reportCel turns CEL's complaints into ours.
func (c *compiler) reportCel(n *node, issues *cel.Issues) {
	for i, e := range issues.Errors() {
		if i == 4 {
			return
		}
		if m := undeclared.FindStringSubmatch(e.Message); m != nil {
			c.undeclared(n, strings.TrimPrefix(m[1], knownPrefix))
			continue
		}
		if m := noOverload.FindStringSubmatch(e.Message); m != nil {
			if !strings.Contains(m[2], "!error!") { // it follows from another problem
				c.report(n, "cel_types", map[string]any{"operator": strings.Trim(m[1], "_@"), "types": plainTypes.Replace(m[2])})
			}
			continue
		}
		if code := celSlip(e.Message); code != "" {
			c.report(n, code, nil)
			return // of what cannot be read, the rest means nothing
		}
		what, _, _ := strings.Cut(e.Message, "\n")
		c.report(n, "cel_syntax", map[string]any{"what": strings.ToValidUTF8(what[:min(len(what), 200)], "")})
	}
}

// plainTypes says the types of CEL in our words.
var plainTypes = strings.NewReplacer("int", "whole number", "double", "number with decimals", "string", "text", "bool", "yes or no", "date", "day")

// celSlip is the code of a slip that many make, or "".
func celSlip(message string) string {
	switch {
	case strings.Contains(message, "token recognition error at: '= "), strings.Contains(message, "token recognition error at: '='"):
		return "cel_equals"
	case strings.Contains(message, "input 'and'"), strings.Contains(message, "input 'or'"), strings.Contains(message, "input 'AND'"), strings.Contains(message, "input 'OR'"):
		return "cel_words"
	case strings.Contains(message, "input '<EOF>'"):
		return "cel_breaks_off"
	}
	return ""
}

// undeclared reports what a condition speaks of and nobody declared: an
// operator that conditions do not have, a function, or a fact.
func (c *compiler) undeclared(n *node, name string) {
	if operator := strings.Trim(name, "_[]"); operator == "/" || operator == "*" || operator == "%" {
		c.report(n, "cel_operator", map[string]any{"operator": operator})
		return
	}
	if strings.Contains(n.text, name+"(") {
		c.report(n, "unknown_function", map[string]any{"function": clip(name), "nearest": nearest(name, c.functions()), "allowed": strings.Join(c.functions(), ", ")})
		return
	}
	c.unknownFact(n, name)
}

// functions are the names that conditions can ask like functions.
func (c *compiler) functions() []string {
	names := []string{"age_on", "add_years", "add_months", "add_days", "date", "money", "ymd", "year", "month", "day_of_month", schoolYearOf, "known", "saved_by", "years_saving"}
	for i := range c.words.slots {
		if s := &c.words.slots[i]; s.from == fromTable {
			names = append(names, s.name)
		}
	}
	return names
}

func (c *compiler) unknownFact(n *node, name string) {
	var known []string
	for _, s := range c.words.slots {
		known = append(known, s.name)
	}
	c.report(n, "unknown_fact", map[string]any{"fact": clip(name), "nearest": nearest(name, known)})
}

// tidyCel joins a condition's lines, leaving quoted texts alone, so that
// layout does not change a book's hash. A condition with comments, escapes or
// long quotes keeps its layout: joining its lines could change its meaning.
func tidyCel(src string) string {
	for _, special := range []string{"//", `\`, `"""`, "'''"} {
		if strings.Contains(src, special) {
			return strings.TrimSpace(src)
		}
	}
	var b strings.Builder
	var quote rune
	space := false
	for _, r := range src {
		if quote == 0 && (r == ' ' || r == '\n' || r == '\t' || r == '\r') {
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		switch {
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case r == quote:
			quote = 0
		}
		b.WriteRune(r)
	}
	return b.String()
}

// truth is the answer of a predicate.
type truth int8

const (
	no      truth = iota
	yes           // it holds
	unknown       // a fact is missing that would decide
)

// judge asks a predicate about the child on the bench. A nil predicate holds.
func (v *view) judge(p *predicate) truth {
	if p == nil {
		return yes
	}
	v.missing = 0
	out, _, err := p.program.Eval(v)
	v.read |= p.reads
	switch {
	case err == nil && out == types.True:
		return yes
	case err == nil:
		return no
	}
	v.blame(p, err)
	return unknown
}

// view is the bench: what predicates can see of one child on one day. It is
// CEL's activation, reused from child to child.
type view struct {
	words   *vocabulary
	child   *Child
	asOf    ledger.Date
	day     ledger.Date
	period  ledger.Period
	events  []Event // sorted, none after asOf
	read    uint64  // slots that predicates could read since the last reset
	missing uint64  // slots that were asked for and not known
}

// ResolveName answers CEL. A name without a value makes the terms that read it
// undecided, and those alone.
func (v *view) ResolveName(name string) (any, bool) {
	if name == childName {
		return celChild{v}, true
	}
	if len(name) > len(knownPrefix) && name[0] == '@' {
		i := v.words.index[name[len(knownPrefix):]]
		_, ok := v.value(i)
		return types.Bool(ok), true
	}
	i, declared := v.words.index[name]
	if !declared {
		return nil, false
	}
	value, ok := v.value(i)
	if !ok {
		v.missing |= 1 << i
	}
	return value, ok
}

// Parent is part of CEL's activation; there is none.
func (v *view) Parent() interpreter.Activation { return nil }

// value is what a slot holds for the child and the day.
func (v *view) value(i int) (any, bool) {
	s := &v.words.slots[i]
	switch s.from {
	case fromFact:
		if f := v.fact(s.name); f != nil {
			if value := factValue(s.typ, f.Value); value != nil {
				return value, true
			}
		}
		return nil, false
	case fromFirstEvent:
		on := v.firstEvent(s.event)
		return celDate{on}, !on.IsZero()
	}
	if s.from == fromTable {
		return nil, false
	}
	d := v.dateOf(s.from)
	return celDate{d}, !d.IsZero()
}

// firstEvent is the day of the first event of a kind, or no day.
func (v *view) firstEvent(k EventKind) ledger.Date {
	for i := range v.events {
		if v.events[i].Kind == k {
			return v.events[i].On
		}
	}
	return ledger.Date{}
}

func (v *view) dateOf(from source) ledger.Date {
	switch from {
	case fromBirth:
		return v.child.BornOn
	case fromDay:
		return v.day
	case fromPeriodStart:
		return v.period.First
	case fromCensus:
		return v.words.years.censusOf(v.day)
	}
	return v.period.Last
}

// fact is the fact of a name that was true on the day and known by asOf: the
// latest to begin and, of those, the latest learned.
func (v *view) fact(name string) *Fact {
	var best *Fact
	for i := range v.child.Facts {
		f := &v.child.Facts[i]
		if f.Name != name || f.From.After(v.day) || f.From.After(v.asOf) || f.Known.After(v.asOf) {
			continue
		}
		if best == nil || laterFact(f, best) {
			best = f
		}
	}
	return best
}

// money is a fact of money, or false where it is not known.
func (v *view) money(name string) (ledger.Amount, bool) {
	f := v.fact(name)
	if f == nil {
		return ledger.Amount{}, false
	}
	a, ok := f.Value.(ledger.Amount)
	return a, ok
}

// laterFact orders facts of one name so that neither the order in which they
// are given nor a repetition matters.
func laterFact(f, than *Fact) bool {
	if c := f.From.Cmp(than.From); c != 0 {
		return c > 0
	}
	if c := f.Known.Cmp(than.Known); c != 0 {
		return c > 0
	}
	return textOf(f.Value) > textOf(than.Value)
}

// steadyUntil is the first day after v.day on which a fact that the predicate
// reads changes.
func (v *view) steadyUntil(p *predicate) ledger.Date {
	next := farAway
	for i := range v.child.Facts {
		f := &v.child.Facts[i]
		if j, declared := v.words.index[f.Name]; declared && p.reads&(1<<j) != 0 && f.From.After(v.day) && f.From.Before(next) {
			next = f.From
		}
	}
	return next
}

var farAway = ledger.NewDate(math.MaxInt16, 1, 1)

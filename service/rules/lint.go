package rules

import (
	"cmp"
	"slices"

	celast "cel.dev/cel-go/common/ast"

	"seedbook/ledger"
)

// Severity says how much a finding matters.
type Severity string

// The severities.
const (
	Risk   Severity = "risk"   // children may be paid what nobody meant
	Advice Severity = "advice" // the book works; somebody will ask what it means
)

// Finding is a place in a rule book that can be read in two ways, or that does
// not do what its author will have meant.
type Finding struct {
	Line, Column int    // from 1
	Path         string // like "benefits[2].caps.per_period"
	Code         string // catalogue key under rules.lint
	Severity     Severity
	Args         map[string]any
}

// Phrase is the finding in a language.
func (f Finding) Phrase(w Words) string { return w.T("rules.lint."+f.Code, f.Args) }

// Supplied are the facts that enrollment gathers of every child
// (service/enroll, Facts): a condition on any other waits for a feed.
var Supplied = []string{"born_on", "school", "district", "grade", "zip", "city", "state", "language"}

// How much Lint says and how long it looks. Comparing conditions is work that
// grows with their product; past the limit the comparison stops and says so.
const (
	maxFindings = 300
	maxLintWork = 400_000
)

// Lint looks for what is ambiguous in a rule book, or cannot be meant, before
// anybody approves it, by what the program has. Findings come in the order of
// the lines. A book that cannot be read gives its Problems. Lint is bounded in
// time whatever it reads.
func Lint(src []byte, has Supply) ([]Finding, error) {
	b, root, err := parseTree(src)
	if err != nil {
		return nil, err
	}
	l := &linter{
		book: b, src: src, root: root, supplied: append(slices.Clone(Supplied), has.Facts...), funds: has.Funds,
		formulas: map[string]*formula{}, work: maxLintWork, seen: map[string]bool{},
	}
	l.conditions(root, "book")
	l.calendars()
	l.rounding()
	l.facts()
	l.versionTerms()
	l.benefits()
	l.money()
	l.examples()
	if l.work <= 0 {
		l.find(root, "work", Advice, nil)
	}
	slices.SortStableFunc(l.findings, func(x, y Finding) int {
		return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column), cmp.Compare(x.Code, y.Code))
	})
	return l.findings, nil
}

// linter looks through one book.
type linter struct {
	book     *Book
	src      []byte
	root     *node
	supplied []string
	funds    map[string]ledger.Amount // what each can still give; nil where that is not known
	findings []Finding
	seen     map[string]bool     // place and code of what was found
	formulas map[string]*formula // of the conditions, by their text
	uses     uses
	work     int // steps left for comparing conditions
}

// uses is what the conditions of the book speak of.
type uses struct {
	names map[string]*node // name → where first
	ages  *node            // where an age is first asked
}

// find notes a finding, once a place and code.
func (l *linter) find(n *node, code string, s Severity, args map[string]any) {
	key := n.path + "\x00" + code
	if l.seen[key] || len(l.findings) == maxFindings {
		return
	}
	l.seen[key] = true
	if args == nil {
		args = map[string]any{}
	}
	l.findings = append(l.findings, Finding{n.line, n.column, n.path, code, s, args})
}

// conditions looks at every condition and moment of the book, wherever the
// schema says that one stands.
func (l *linter) conditions(n *node, kind string) {
	s := shapes()[kind]
	if s == nil {
		return
	}
	for _, k := range n.keys {
		behind := s.behind[k.key.text]
		switch {
		case behind == "condition" && k.value.kind == scalar:
			l.condition(k.value)
		case behind == "moment" && k.value.kind == scalar:
			l.moment(n, k, s)
		case s.each[k.key.text]:
			for _, v := range k.value.keys {
				l.conditions(v.value, behind)
			}
		case k.value.kind == list:
			for _, item := range k.value.items {
				l.conditions(item, behind)
			}
		default:
			l.conditions(k.value, behind)
		}
	}
}

// condition looks at one condition for itself.
func (l *linter) condition(n *node) {
	f := l.formula(n.text)
	if f == nil {
		return
	}
	l.wording(n, f.expr)
	switch cubes, ok := l.expand(f, true); {
	case ok && len(cubes) == 0:
		l.find(n, "never_holds", Risk, map[string]any{"condition": clip(n.text)})
	case ok:
		l.comparisons(n, f)
		if rest, ok := l.expand(f, false); ok && len(rest) == 0 && f.op != opTrue && !l.needsKnown(f) {
			l.find(n, "always_holds", Advice, map[string]any{"condition": clip(n.text)})
		}
	}
}

// comparisons finds the parts of a condition that can never hold or always do.
func (l *linter) comparisons(n *node, f *formula) {
	if f.op == opAtom {
		switch {
		case f.atom.values.empty():
			l.find(n, "part_never_holds", Risk, map[string]any{"part": clip(f.atom.text)})
		case f.atom.opposite().values.empty():
			l.find(n, "part_always_holds", Advice, map[string]any{"part": clip(f.atom.text)})
		}
	}
	for _, k := range f.kids {
		l.comparisons(n, k)
	}
}

// needsKnown reports a condition that asks a fact at all: of a child without
// the fact it does not hold, so it says something even if every value will do.
func (l *linter) needsKnown(f *formula) bool {
	if f.op == opAtom && len(f.atom.known) > 0 {
		return true
	}
	return slices.ContainsFunc(f.kids, l.needsKnown)
}

// walk visits an expression and what it is made of.
func walk(e celast.Expr, visit func(celast.Expr)) {
	visit(e)
	switch e.Kind() {
	case celast.CallKind:
		c := e.AsCall()
		if c.IsMemberFunction() {
			walk(c.Target(), visit)
		}
		for _, a := range c.Args() {
			walk(a, visit)
		}
	case celast.ListKind:
		for _, item := range e.AsList().Elements() {
			walk(item, visit)
		}
	}
}

package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"seedbook/service/fault"
)

// ErrBook reports a rule book that cannot be used; its details are the
// problems, in the order of the lines.
var ErrBook = fault.New(fault.Invalid, "rules.book")

// maxProblems bounds a report: past it, the first ones have to be mended
// before the rest means anything.
const maxProblems = 100

// Problem is one thing wrong with a rule book.
type Problem struct {
	Line, Column int    // from 1; 0 where the whole book is meant
	Path         string // like "benefits[2].caps.per_period"
	Code         string // catalogue key under rules.problem
	Args         map[string]any
}

// Fault is the problem in words that every language has.
func (p Problem) Fault() *fault.Fault {
	args := map[string]any{"line": p.Line, "path": cmp.Or(p.Path, "rulebook")}
	for name, value := range p.Args {
		args[name] = value
	}
	return fault.New(fault.Invalid, "rules.problem."+p.words()).With(args)
}

// words is the key of the words: without a guess where nothing is near, and
// without a list where there is none.
func (p Problem) words() string {
	guess, guesses := p.Args["nearest"]
	switch {
	case guesses && p.Args["allowed"] == "":
		return p.Code + "_none"
	case guesses && guess == "":
		return p.Code + "_far"
	}
	return p.Code
}

// String is for logs and tests: "line 12: benefits[0].cap: unknown_key nearest=caps".
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "line %d: %s: %s", p.Line, p.Path, p.Code)
	for _, name := range sortedKeys(p.Args) {
		fmt.Fprintf(&b, " %s=%v", name, p.Args[name])
	}
	return b.String()
}

// Problems are all that is wrong with a rule book, by line, each once. It is the error
// that Parse returns; fault.Of finds ErrBook in it, with the problems as
// details.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Unwrap is the fault that doors phrase.
func (ps Problems) Unwrap() error {
	details := make([]*fault.Fault, len(ps))
	for i, p := range ps {
		details[i] = p.Fault()
	}
	return ErrBook.With(map[string]any{"n": len(ps)}).Among(details...)
}

func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Code, b.Code))
	})
	ps = slices.CompactFunc(ps, func(a, b Problem) bool {
		return a.Line == b.Line && a.Column == b.Column && a.Code == b.Code && a.String() == b.String()
	})
	return ps[:min(len(ps), maxProblems)]
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

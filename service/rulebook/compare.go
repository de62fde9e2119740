package rulebook

import (
	"strings"

	"seedbook/service/i18n"
	"seedbook/service/rules"
)

// Change is something that two books say differently.
type Change struct {
	Section string // its title
	Term    string
	Before  string // "" where the older book does not say it
	After   string // "" where the newer one does not
	Code    bool
}

// Phrase is the change on one line.
func (c Change) Phrase(w *i18n.Words) string {
	kind := rules.Changed
	switch {
	case c.Before == "":
		kind = rules.Added
	case c.After == "":
		kind = rules.Removed
	}
	return w.T("rulebook.diff."+string(kind), i18n.Args{"where": c.Section + " › " + c.Term, "from": c.Before, "to": c.After})
}

// Compare lists what another book says differently, in words: in the newer
// book's order, then what only the older one says, then what words do not tell
// and rules.Diff finds: the order of things, and examples. It is empty exactly
// where both say the same, whatever their layout.
func Compare(w *i18n.Words, before, after *rules.Book, names Names) []Change {
	changes := rules.Diff(before, after)
	if len(changes) == 0 {
		return nil
	}
	out := clauses(w, Describe(w, before, names), Describe(w, after, names))
	for _, c := range changes {
		if !inWords(w, c) {
			out = append(out, Change{Section: section(w, c), Term: c.Where(w), Before: c.From, After: c.To, Code: true})
		}
	}
	return out
}

// inWords reports a difference that the words of a language tell: not an
// example, not what is read in another language, and not the order of things;
// a list of words is told in its order.
func inWords(w *i18n.Words, c rules.Change) bool {
	otherLanguage := c.About == rules.Wording && strings.Contains(c.Path, ".says.") && !strings.HasSuffix(c.Path, ".says."+w.Lang())
	moved := c.Kind == rules.Moved && !strings.HasPrefix(c.From, `"`)
	return c.About != rules.Evidence && !otherLanguage && !moved
}

// section is the heading of what words do not tell.
func section(w *i18n.Words, c rules.Change) string {
	switch {
	case c.About == rules.Evidence:
		return w.T("rulebook.term.examples")
	case c.Kind == rules.Moved:
		return w.T("rulebook.section.order")
	}
	return w.T("rulebook.section.wording")
}

// clauses are what the words of two books tell differently.
func clauses(w *i18n.Words, old, now []Section) (out []Change) {
	type place struct{ section, key string }
	was, titles := map[place]Clause{}, map[string]string{}
	for _, s := range old {
		titles[s.ID] = s.Title
		for _, c := range s.Clauses {
			was[place{s.ID, c.Key}] = c
		}
	}
	for _, s := range now {
		if title, had := titles[s.ID]; had && title != s.Title {
			out = append(out, Change{s.Title, w.T("rulebook.term.name"), title, s.Title, false})
		}
		for _, c := range s.Clauses {
			at := place{s.ID, c.Key}
			had, ok := was[at]
			delete(was, at)
			switch {
			case !ok || had.Value != c.Value:
				out = append(out, Change{s.Title, c.Term, had.Value, c.Value, c.Code})
			case had.Term != c.Term: // it names what it is about
				out = append(out, Change{s.Title, w.T("rulebook.term.about"), had.Term, c.Term, c.Code})
			}
		}
	}
	for _, s := range old {
		for _, c := range s.Clauses {
			if _, gone := was[place{s.ID, c.Key}]; gone {
				out = append(out, Change{s.Title, c.Term, c.Value, "", c.Code})
			}
		}
	}
	return out
}

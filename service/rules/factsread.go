package rules

// FactsRead are the facts that a book's conditions and amounts read, each with
// its type and words: those of the book's own in its order, and then those that
// every book knows. A birth date is one.
func (b *Book) FactsRead() []FactDecl {
	parsed, root, err := parseTree(b.normal)
	if err != nil {
		return b.Facts // a book that was read can be read again
	}
	l := &linter{book: parsed, src: b.normal, root: root, formulas: map[string]*formula{}, work: maxLintWork, seen: map[string]bool{}}
	l.conditions(root, "book")
	l.otherUses(root, "book")
	var out []FactDecl
	for _, f := range b.Facts {
		if l.uses.names[f.Name] != nil {
			out = append(out, f)
		}
	}
	for _, s := range builtin {
		if (s.from == fromFact || s.from == fromBirth) && l.uses.names[s.name] != nil {
			out = append(out, FactDecl{Name: s.name, Type: s.typ})
		}
	}
	return out
}

// In is the fact in people's words.
func (f FactDecl) In(w Words) string { return nameOf(w, f.Name, f.Says) }

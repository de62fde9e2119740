package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// errNotRead keeps a caller from mistaking a book that could not be read for
// one without problems.
var errNotRead = errors.New("rules: nothing was read")

// Parse reads a rule book. Every problem is reported at once, as Problems, by
// line. It is bounded in time and memory whatever it is given.
func Parse(src []byte) (*Book, error) {
	root, problems := readYAML(src)
	if root == nil {
		return nil, orNotRead(problems)
	}
	d := &decoder{problems: problems}
	b := d.book(root)
	if len(d.problems) > 0 {
		return nil, d.problems.sorted()
	}
	b.finish(root)
	return b, nil
}

func orNotRead(problems Problems) error {
	if len(problems) == 0 {
		return errNotRead
	}
	return problems.sorted()
}

// finish ties what was read together and seals it under its hash.
func (b *Book) finish(root *node) {
	for i, c := range b.SharedCaps {
		for _, name := range c.Benefits {
			p := b.plan(name)
			p.shared = append(p.shared, i)
		}
	}
	b.normal = appendNormal(nil, root)
	sum := sha256.Sum256(b.normal)
	b.hash = hex.EncodeToString(sum[:])
}

// appendNormal writes a tree as JSON with sorted keys and every scalar as the
// text that its decoder left: amounts with two decimals, conditions on one
// line. It is itself a rule book that Parse reads, with the same hash.
func appendNormal(b []byte, n *node) []byte {
	switch n.kind {
	case nothing:
		return append(b, "null"...)
	case scalar:
		return appendJSON(b, n.text)
	case list:
		b = append(b, '[')
		for i, item := range n.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendNormal(b, item)
		}
		return append(b, ']')
	}
	keys := slices.Clone(n.keys)
	slices.SortFunc(keys, func(x, y keyed) int { return strings.Compare(x.key.text, y.key.text) })
	b = append(b, '{')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSON(b, k.key.text), ':')
		b = appendNormal(b, k.value)
	}
	return append(b, '}')
}

// Hash identifies what a book says: layout and comments do not change it. It
// is 64 hexadecimal digits, the SHA-256 of Normal.
func (b *Book) Hash() string { return b.hash }

// Normal is the book as JSON without layout or comments. Parse reads it back
// to a book of the same hash.
func (b *Book) Normal() []byte { return slices.Clone(b.normal) }

// Benefit is a benefit in the latest terms, or false where the book has none
// of that name.
func (b *Book) Benefit(id string) (Benefit, bool) {
	p := b.plan(id)
	if p == nil {
		return Benefit{}, false
	}
	return p.latest(), true
}

// ReversesOnReturn reports whether a benefit says that what a returned deposit
// earned is taken back without asking (undo.on_return: reverse_full).
func (b *Book) ReversesOnReturn(benefit string) bool {
	t, _ := b.Benefit(benefit)
	return t.Undo.OnReturn == undoReverse
}

// FundCodes are the funds that the book draws on, in any version and tier,
// sorted.
func (b *Book) FundCodes() []string {
	codes := map[string]bool{}
	for i := range b.plans {
		for _, t := range b.plans[i].in {
			t.addFunds(codes)
		}
	}
	return sortedKeys(codes)
}

func (t *terms) addFunds(codes map[string]bool) {
	if t == nil {
		return
	}
	for _, s := range t.sources {
		codes[s.Fund] = true
	}
	for i := range t.tiers {
		t.tiers[i].terms.addFunds(codes)
	}
}

// FactNames are the facts that conditions of the book may read, its own and
// those of every book.
func (b *Book) FactNames() (names []string) {
	for _, s := range b.facts.slots {
		if s.from == fromFact {
			names = append(names, s.name)
		}
	}
	return names
}

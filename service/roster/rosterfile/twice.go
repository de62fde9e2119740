package rosterfile

import (
	"slices"
	"strings"

	"seedbook/ledger"
	"seedbook/service/vault"
)

// findTwice leaves to a person the children who stand in the file twice under
// different ids, and children who share a student number. Twins have different
// given names and are not touched.
func (in *reader) findTwice() {
	type who struct {
		born ledger.Date
		name string
	}
	children := in.file.Children
	first := make(map[who]int, len(children))
	numbers := make(map[string]int, len(children))
	for i := range children {
		c := &children[i]
		if c.Partial {
			continue
		}
		if j, taken := numbers[c.StudentNumber]; taken && c.StudentNumber != "" {
			in.doubtBoth(i, j, numberTwice)
		} else {
			numbers[c.StudentNumber] = i
		}
		if c.BornOn.IsZero() {
			continue
		}
		key := who{c.BornOn, nameKey(c)}
		if j, taken := first[key]; taken {
			in.doubtBoth(i, j, sameChild)
		} else {
			first[key] = i
		}
	}
}

// nameKey is the same for spellings of a name with or without accents, and with
// its parts in another order.
//
// Children who were born together may have no names yet: the order in which they
// were born tells them apart.
func nameKey(c *Child) string {
	words := vault.Words(vault.Fold(c.Given + " " + c.Family))
	slices.Sort(words)
	if c.BirthOrder != "" && c.Plurality != "1" {
		words = append(words, "#"+c.BirthOrder)
	}
	return strings.Join(words, " ")
}

func (in *reader) doubtBoth(i, j int, code string) {
	a, b := &in.file.Children[i], &in.file.Children[j]
	in.doubtChild(a, code, line(b.Line))
	in.doubtChild(b, code, line(a.Line))
}

// Package rules is the pure arithmetic of rule books: what a child is entitled
// to, and why.
//
// A rule book is data that a program director writes (REFERENCE.md explains
// every key). Parse reads and checks it, Evaluate turns what is known about one
// child into entitlements, Explain phrases the reasons, and Test runs the
// examples that a book carries.
//
// Everything here is a function of its arguments: no database, no clock, no
// randomness, no floating point, no order of a map. Posting the difference
// between an entitlement and what was given is service/savings' work.
package rules

import "seedbook/ledger"

// maxSource bounds a rule book. The richest real program needs about 30 KB.
const maxSource = 1 << 20

// Eligible reports whether a child may take part, by what is known of it on a
// day. The Why tells which requirement decided; a requirement that cannot be
// judged because a fact is missing is a no with that reason.
func Eligible(b *Book, c Child, on ledger.Date) (bool, Why) {
	panic("not yet")
}

// Evaluate returns what a child is entitled to as of a day under every benefit
// of the book: one Entitlement for each period in which something happened and
// for the current one, zeros with their reasons included. Events and facts
// after the day, or known only after it, do not count; their order does not
// matter. An award given earlier that Evaluate no longer mentions is one the
// child is entitled to nothing of.
func Evaluate(b *Book, c Child, asOf ledger.Date) []Entitlement {
	panic("not yet")
}

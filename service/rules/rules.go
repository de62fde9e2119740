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

// maxSource bounds a rule book. The richest real program needs about 30 KB.
const maxSource = 1 << 20

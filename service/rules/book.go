package rules

// Book is a rule book that was read and checked, ready to evaluate. It is
// immutable and safe for concurrent use.
type Book struct{ hash string }

// Parse reads a rule book. Every problem is reported at once, as Problems.
func Parse(src []byte) (*Book, error) { panic("not yet") }

// Hash identifies what a book says: layout and comments do not change it. It
// is 64 hexadecimal digits.
func (b *Book) Hash() string { return b.hash }

// ReversesOnReturn reports whether a benefit says that what a returned deposit
// earned is taken back without asking (undo.on_return: reverse_full).
func (b *Book) ReversesOnReturn(benefit string) bool { panic("not yet") }

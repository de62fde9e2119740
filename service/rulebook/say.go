package rulebook

import (
	"cmp"

	"seedbook/service/i18n"
	"seedbook/service/rules"
)

// Say is a condition of a book in words; one that there are no words for is said
// to stand in the book, never shown as it is written there.
func Say(w *i18n.Words, book *rules.Book, cel string, names Names) string {
	return cmp.Or(newTeller(w, tree(book), names).judged(cel), w.T("rulebook.paid.unsaid"))
}

package rulebook

import (
	"seedbook/service/i18n"
	"seedbook/service/rules"
)

// Payment is something that a fund may pay for by a book.
type Payment struct {
	Benefit string // what it is called
	Within  string // the version or tier that says so; "" for the benefit itself
	Turn    string // when the fund is asked
	Whom    string // for which children
}

// PaidFrom tells in plain words what a book lets a fund pay for, and for whom, in
// the book's order. Nothing is shown as it is written in the book: what there are
// no words for says that the rule book has it.
func PaidFrom(w *i18n.Words, book *rules.Book, fund string, names Names) []Payment {
	t := newTeller(w, tree(book), names)
	var out []Payment
	for _, b := range tree(book).objects("benefits") {
		name := t.benefits[b.text("id")]
		out = append(out, t.payments(b, fund, name, "")...)
		for _, id := range b.sub("by_version").keys() {
			out = append(out, t.payments(b.sub("by_version").sub(id), fund, name, w.T("rulebook.in_version", i18n.Args{"version": id}))...)
		}
	}
	return out
}

// payments are those of one benefit's terms and of its tiers.
func (t *teller) payments(terms object, fund, name, within string) (out []Payment) {
	for i, s := range inOrder(terms.sub("funding").objects("sources")) {
		if s.text("fund") != fund {
			continue
		}
		p := Payment{Benefit: name, Within: within, Turn: t.w.T("rulebook.paid.first"), Whom: t.w.T("rulebook.paid.everybody")}
		if i > 0 {
			p.Turn = t.w.T("rulebook.paid.then", i18n.Args{"n": i + 1})
		}
		if when := s.text("when"); when != "" {
			p.Whom = t.w.T("rulebook.paid.by_book")
			if said := t.judged(when); said != "" {
				p.Whom = t.w.T("rulebook.paid.only", i18n.Args{"condition": said})
			}
		}
		out = append(out, p)
	}
	for _, tier := range terms.objects("tiers") {
		out = append(out, t.payments(tier, fund, name, t.w.T("rulebook.tier", i18n.Args{"id": tier.text("id")}))...)
	}
	return out
}

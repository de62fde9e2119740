package rulebook

import (
	"slices"
	"strings"
	"testing"

	"seedbook/service/i18n"
	"seedbook/service/rules"
)

func TestWhatAFundMayPayIsSaidInWords(t *testing.T) {
	got := PaidFrom(i18n.For("en"), pack(t, "city"), "SMITH", names)
	if len(got) == 0 {
		t.Fatal("the fund pays nothing")
	}
	if !strings.Contains(got[0].Whom, "Harbor View") && !strings.Contains(got[0].Whom, "every") && !strings.Contains(got[0].Whom, "Every") {
		t.Errorf("for whom: %+v", got)
	}
	if none := PaidFrom(i18n.For("en"), pack(t, "city"), "NOBODY", names); len(none) != 0 {
		t.Errorf("a fund that no benefit names pays %+v", none)
	}
}

// No condition of a fund in any book that we have is shown as it is written.
func TestNoFundsConditionIsShownAsItIsWritten(t *testing.T) {
	told := 0
	for name, source := range everyBook(t) {
		book := parse(t, source)
		for _, f := range fundsOf(book) {
			for _, l := range i18n.Languages {
				w := i18n.For(l.Code)
				for _, p := range PaidFrom(w, book, f, names) {
					told++
					if p.Whom == w.T("rulebook.paid.by_book") || strings.ContainsAny(p.Whom, "=&|!<>") {
						t.Errorf("%s, %s, %s: %s", name, f, l.Code, p.Whom)
					}
				}
			}
		}
	}
	if told < 100 {
		t.Errorf("only %d were told", told)
	}
}

func fundsOf(book *rules.Book) (out []string) {
	for _, b := range book.Benefits {
		for _, s := range b.Funding.Sources {
			if !slices.Contains(out, s.Fund) {
				out = append(out, s.Fund)
			}
		}
	}
	return out
}

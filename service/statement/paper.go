package statement

import (
	"io"
	"strings"

	"seedbook/ledger"
	"seedbook/service/i18n"
	"seedbook/service/pdf"
)

// WritePDF writes a statement as an accessible PDF in a language. The same
// statement gives the same bytes.
func WritePDF(w io.Writer, d Drawn, lang string) error {
	words := i18n.For(lang)
	doc := pdf.New(pdf.Options{
		Title:   words.T("statement.title", i18n.Args{"program": d.Program.Name, "period": PeriodName(words, d.Span())}),
		Lang:    words.Lang() + "-US",
		Author:  d.Program.Name,
		Created: d.IssuedAt,
		Foot: func(page, pages int) (string, string) {
			return words.T("statement.foot", i18n.Args{"code": d.Code}), words.T("statement.page", i18n.Args{"page": page, "pages": pages})
		},
	})
	p := paper{doc, words, d}
	p.head()
	p.accounts()
	p.summary()
	p.lines("statement.own", d.OpeningOwn, d.ClosingOwn, d.Own)
	p.lines("statement.given", d.OpeningProgram, d.ClosingProgram, d.Given)
	p.coming()
	p.foot()
	_, err := doc.WriteTo(w)
	return err
}

// paper is a statement being written.
type paper struct {
	doc   *pdf.Document
	words *i18n.Words
	d     Drawn
}

func (p paper) head() {
	p.doc.Note(pdf.Plain(p.d.Program.Name))
	p.doc.H1(p.words.T("statement.heading", i18n.Args{"period": PeriodName(p.words, p.d.Span())}))
	name := p.d.Person.DisplayName()
	if p.d.Erased {
		name = p.words.T("statement.erased")
	}
	p.doc.P(pdf.Bold(name), pdf.Plain(" · "+p.words.T("statement.account", i18n.Args{"account": p.d.Account.String()})))
}

// accounts says what was on each account of a child who is on record more than
// once: the statements before and after go on from there.
func (p paper) accounts() {
	rows := AccountRows(p.words, p.d)
	if len(rows) == 0 {
		return
	}
	p.doc.P(pdf.Plain(p.words.T("statement.joint")))
	var items [][]pdf.Span
	for _, r := range rows {
		items = append(items, []pdf.Span{pdf.Bold(r[0] + " "), pdf.Plain(r[1])})
	}
	p.doc.Bullets(items...)
}

// summary shows whose the money is before any line of how it came.
func (p paper) summary() {
	money := p.words.Money
	p.doc.Panels(
		pdf.Panel{Pairs: []pdf.Pair{
			{Label: p.words.T("statement.closing", i18n.Args{"last": p.d.Last}), Value: money(p.d.Closing()), Strong: true},
			{Label: p.words.T("statement.opening", i18n.Args{"first": p.d.First}), Value: money(p.d.Opening())},
		}},
		pdf.Panel{Pairs: []pdf.Pair{
			{Label: p.words.T("statement.closing_own"), Value: money(p.d.ClosingOwn)},
			{Label: p.words.T("statement.closing_given"), Value: money(p.d.ClosingProgram), Note: p.words.T("statement.use")},
		}},
	)
}

// lines shows one kind of money from what there was to what there is, so that
// anybody can add it up.
func (p paper) lines(key string, opening, closing ledger.Amount, lines []Line) {
	p.doc.H2(p.words.T(key))
	if len(lines) == 0 {
		p.doc.P(pdf.Plain(p.words.T("statement.none_moved")))
		return
	}
	rows := [][]pdf.Cell{{{}, {Text: p.words.T("statement.opening", i18n.Args{"first": p.d.First})}, {Text: p.words.Money(opening)}}}
	for _, l := range lines {
		rows = append(rows, []pdf.Cell{
			{Text: p.words.DateShort(l.On)},
			{Text: LineName(p.words, l), Note: strings.Join(LineNotes(p.words, l), " ")},
			{Text: p.words.Money(l.Amount)},
		})
	}
	p.doc.Table(pdf.Table{ // the heading is its caption
		Columns: []pdf.Column{
			{Header: p.words.T("statement.day"), Width: 2},
			{Header: p.words.T("statement.what"), Width: 6},
			{Header: p.words.T("statement.amount"), Align: pdf.Number, Width: 2},
		},
		Rows: rows,
		Foot: [][]pdf.Cell{{{}, {Text: p.words.T("statement.closing", i18n.Args{"last": p.d.Last})}, {Text: p.words.Money(closing)}}},
	})
}

func (p paper) coming() {
	if len(p.d.Coming) == 0 {
		return
	}
	p.doc.H2(p.words.T("statement.coming"))
	p.doc.P(pdf.Plain(p.words.T("statement.coming_note")))
	var items [][]pdf.Span
	for _, c := range p.d.Coming {
		items = append(items, []pdf.Span{pdf.Bold(p.words.Money(c.Amount) + " "), pdf.Plain(ComingText(p.words, c))})
	}
	p.doc.Bullets(items...)
}

func (p paper) foot() {
	p.doc.Rule()
	p.doc.Note(pdf.Plain(p.words.T("statement.program_money")))
	p.doc.Note(pdf.Plain(p.words.T("statement.checked", i18n.Args{"code": p.d.Code, "no": int64(p.d.Known)})))
}

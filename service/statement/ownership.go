package statement

import (
	"io"
	"time"

	"seedbook/ledger"
	"seedbook/service/i18n"
	"seedbook/service/pdf"
	"seedbook/service/program"
)

// Ownership says whose each dollar on a child's account is, for an office that
// asks a family what it owns. Program money is the program's until it is used as
// the program says; the letter never adds it to the family's.
type Ownership struct {
	Program program.Program
	Name    string // the child's
	Account string
	On      ledger.Date
	At      time.Time
	Own     ledger.Amount
	Given   ledger.Amount
	Coming  ledger.Amount
	// Code is that of the newest statement, by which anybody can check that the
	// account is as it says; Period is the statement's. "" where there is none.
	Code   string
	Period string
}

// Says are the letter's paragraphs.
func (o Ownership) Says(w *i18n.Words) []string {
	args := i18n.Args{"program": o.Program.Name, "name": o.Name, "own": o.Own, "given": o.Given, "coming": o.Coming, "on": o.On, "code": o.Code, "period": o.Period}
	out := []string{w.T("ownership.intro", args), w.T("ownership.own_says", args), w.T("ownership.given_says", args)}
	if o.Coming.Sign() > 0 {
		out = append(out, w.T("ownership.coming_says", args))
	}
	if o.Code != "" {
		out = append(out, w.T("ownership.check", args))
	}
	return append(out, w.T("ownership.advice", args))
}

// Rows are the letter's figures: whose, how much, and who may take it out.
func (o Ownership) Rows(w *i18n.Words) [][3]string {
	return [][3]string{
		{w.T("ownership.family"), w.Money(o.Own), w.T("ownership.family_takes")},
		{w.T("ownership.program", i18n.Args{"program": o.Program.Name}), w.Money(o.Given), w.T("ownership.program_takes")},
		{w.T("ownership.not_yet"), w.Money(o.Coming), w.T("ownership.not_yet_takes")},
	}
}

// WriteOwnership writes the letter as an accessible PDF.
func WriteOwnership(out io.Writer, o Ownership, lang string) error {
	w := i18n.For(lang)
	doc := pdf.New(pdf.Options{Title: w.T("ownership.title") + ", " + o.Program.Name, Lang: w.Lang() + "-US", Author: o.Program.Name, Created: o.At})
	doc.Note(pdf.Plain(o.Program.Name))
	doc.H1(w.T("ownership.title"))
	doc.P(pdf.Bold(o.Name), pdf.Plain(" · "+w.T("statement.account", i18n.Args{"account": o.Account})+" · "+w.Date(o.On)))
	doc.P(pdf.Plain(w.T("ownership.to_whom")))
	t := pdf.Table{Caption: w.T("ownership.caption", i18n.Args{"on": o.On}), RowHeader: true,
		Columns: []pdf.Column{{Header: w.T("ownership.whose"), Width: 2}, {Header: w.T("statement.amount"), Align: pdf.Number}, {Header: w.T("ownership.takes"), Width: 3}}}
	for _, r := range o.Rows(w) {
		t.Rows = append(t.Rows, []pdf.Cell{{Text: r[0]}, {Text: r[1]}, {Text: r[2]}})
	}
	doc.Table(t)
	for _, p := range o.Says(w) {
		doc.P(pdf.Plain(p))
	}
	_, err := doc.WriteTo(out)
	return err
}

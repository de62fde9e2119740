package activation

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"

	"seedbook/ledger"
	"seedbook/service/i18n"
	"seedbook/service/pdf"
)

// Mailing is a set of letters in one language.
type Mailing struct {
	Program string
	Address string // of the families' pages, like https://csa.example.org/family
	Lang    string
	Until   ledger.Date // the last day on which the codes work
	At      time.Time
	To      []Addressee
}

// WriteLetters writes letters as one accessible PDF, each on a sheet of its own.
func WriteLetters(w io.Writer, m Mailing) error {
	words := i18n.For(m.Lang)
	doc := pdf.New(pdf.Options{
		Title: words.T("letters.file", i18n.Args{"program": m.Program}), Lang: words.Lang() + "-US", Author: m.Program, Created: m.At,
	})
	for i, a := range m.To {
		if i > 0 {
			doc.Section(pdf.Section{Sheet: true})
		}
		if err := m.letter(doc, words, a); err != nil {
			return err
		}
	}
	_, err := doc.WriteTo(w)
	return err
}

// letter writes one letter. Of the child it tells the name, school and grade,
// which whoever hands it out must know, and no money.
func (m Mailing) letter(doc *pdf.Document, w *i18n.Words, a Addressee) error {
	args := i18n.Args{"name": a.Name, "given": a.Given, "program": m.Program, "until": m.Until, "address": bare(m.Address)}
	doc.Note(pdf.Plain(m.Program))
	doc.H1(w.T("letters.heading", args))
	to := []string{w.T("letters.family", args)}
	if a.School != "" {
		to = append(to, a.School)
	}
	if grade := gradeName(w, a.Grade); grade != "" {
		to = append(to, grade)
	}
	doc.P(pdf.Bold(to[0]), pdf.Plain(strings.Join(append([]string{""}, to[1:]...), " · ")))
	doc.P(pdf.Plain(w.T("letters.body", args)))
	modules, err := square(m.Address + "/activate#" + a.Code)
	if err != nil {
		return err
	}
	doc.Matrix(pdf.Matrix{Modules: modules, Alt: w.T("letters.qr", args), Size: 130, Beside: [][]pdf.Span{
		{pdf.Plain(w.T("letters.scan", args))},
		{pdf.Plain(w.T("letters.or", args) + " "), {Text: bare(m.Address), Bold: true, Link: m.Address}},
		{pdf.Plain(w.T("letters.code", args))},
		{pdf.Bold(a.Code)},
	}})
	doc.H2(w.T("letters.steps"))
	doc.Numbered([]pdf.Span{pdf.Plain(w.T("letters.step1", args))}, []pdf.Span{pdf.Plain(w.T("letters.step2", args))}, []pdf.Span{pdf.Plain(w.T("letters.step3", args))})
	doc.H2(w.T("letters.safe"))
	doc.P(pdf.Plain(w.T("letters.safe_note", args)))
	doc.Note(pdf.Plain(w.T("letters.until", args)))
	return nil
}

// gradeName is a grade's CEDS code in words, "" where it has none here.
func gradeName(w *i18n.Words, code string) string {
	switch number := strings.TrimLeft(code, "0"); {
	case code == "PK":
		return w.T("letters.prekindergarten")
	case code == "KG":
		return w.T("letters.kindergarten")
	case number != "" && strings.Trim(number, "0123456789") == "":
		return w.T("letters.grade", i18n.Args{"grade": number})
	}
	return ""
}

// bare is an address as people type it.
func bare(address string) string {
	return strings.TrimPrefix(strings.TrimPrefix(address, "https://"), "http://")
}

// square is a QR code's modules. The code of the letter stands behind the #,
// which browsers keep to themselves: no server, proxy or log sees it.
func square(text string) ([][]bool, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	size := code.Bounds().Dx()
	out := make([][]bool, size)
	for y := range out {
		out[y] = make([]bool, size)
		for x := range out[y] {
			r, _, _, _ := code.At(x, y).RGBA()
			out[y][x] = r == 0
		}
	}
	return out, nil
}

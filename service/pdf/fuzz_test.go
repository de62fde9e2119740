package pdf_test

import (
	"strings"
	"testing"

	"seedbook/service/pdf"
	"seedbook/service/pdf/pdftest"
	"seedbook/service/pdf/typeset"
)

// FuzzText puts any text anywhere: the document is valid, and every letter is
// read where it was put.
func FuzzText(f *testing.F) {
	for _, n := range hardNames {
		f.Add(n.text, "en", "https://example.org", uint8(3))
		f.Add(n.text+" "+n.what, "ar", "x", uint8(40))
	}
	f.Fuzz(func(t *testing.T, text, lang, link string, size uint8) {
		if len(text) > 5000 {
			return
		}
		want := strings.ReplaceAll(typeset.Clean(text), "\n", " ")
		d := pdf.New(pdf.Options{
			Title: "x" + text, Lang: "x" + lang, Author: text, Subject: text, Scale: float64(size) / 64,
			Foot: func(int, int) (string, string) { return text, text },
		})
		d.H1(text)
		d.P(pdf.Plain(text), pdf.Span{Text: text, Lang: lang, Link: link}, pdf.Bold(text))
		d.Bullets([]pdf.Span{pdf.Plain(text)})
		d.Panels(pdf.Panel{Title: text, Pairs: []pdf.Pair{{Label: text, Value: text, Note: text, Strong: size%2 == 0}}})
		d.Table(pdf.Table{
			Caption: text, Columns: []pdf.Column{{Header: text, Width: float64(size)}, {Align: pdf.Number}}, RowHeader: size%3 == 0,
			Rows: [][]pdf.Cell{{{Text: text, Note: text}, {Text: text}}, {{Text: text, Span: 2}}},
		})
		d.Matrix(pdf.Matrix{Modules: checkered(3), Alt: "x" + text, Beside: [][]pdf.Span{{pdf.Plain(text)}}})
		got := checkText(t, d, text+lang)
		if want == "" {
			return
		}
		if s := got.All("P")[0].Text(); s != want+want+want {
			t.Errorf("the paragraph reads\n %+q, want thrice\n %+q", s, want)
		}
		if s := got.All("Caption")[0].Text(); s != want {
			t.Errorf("the caption reads\n %+q, want\n %+q", s, want)
		}
		if s := got.All("LBody")[0].Text(); s != want {
			t.Errorf("the item reads\n %+q, want\n %+q", s, want)
		}
	})
}

// checkText is check, but for the one character that pdfcpu 0.15 takes for half
// of another.
func checkText(t testing.TB, d *pdf.Document, text string) *pdftest.Document {
	t.Helper()
	if !strings.ContainsRune(text, 0xE000) {
		return check(t, d)
	}
	return open(t, d)
}

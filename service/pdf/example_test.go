package pdf_test

import (
	"fmt"
	"io"
	"time"

	"seedbook/service/pdf"
)

func ExampleDocument() {
	d := pdf.New(pdf.Options{
		Title: "Savings statement", Lang: "en-US", Created: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC),
		Foot: func(page, pages int) (string, string) { return "", fmt.Sprintf("Page %d of %d", page, pages) },
	})
	d.H1("Savings statement")
	d.P(pdf.Plain("For "), pdf.Bold("Ana Peña"), pdf.Plain(", July to September 2026."))
	d.Panels(pdf.Panel{Title: "On September 30", Pairs: []pdf.Pair{
		{Label: "Your money", Value: "$340.00", Strong: true},
		{Label: "Program money", Value: "$900.10", Note: "Yours when it is used for school"},
	}})
	d.H2("What happened")
	d.Table(pdf.Table{
		Caption: "Every movement, oldest first", RowHeader: true,
		Columns: []pdf.Column{{Header: "Date"}, {Header: "What", Width: 3}, {Header: "Amount", Align: pdf.Number}},
		Rows:    [][]pdf.Cell{{{Text: "July 4, 2026"}, {Text: "Your deposit", Note: "Cash day"}, {Text: "$25.00"}}},
		Foot:    [][]pdf.Cell{{{Text: "Change", Span: 2}, {Text: "$25.00"}}},
	})
	_, err := d.WriteTo(io.Discard)
	fmt.Println(err)
	// Output: <nil>
}

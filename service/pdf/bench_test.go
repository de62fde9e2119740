package pdf_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"seedbook/service/pdf"
)

// statement is a page like those that families get: two panels and a table of
// twelve rows.
func statement(child string, number int) *pdf.Document {
	d := pdf.New(pdf.Options{
		Title: "Savings statement for " + child, Lang: "en-US", Author: "Harbor City Children’s Savings",
		Created: time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC),
		Foot: func(page, pages int) (string, string) {
			return fmt.Sprintf("Statement %d", number), fmt.Sprintf("Page %d of %d", page, pages)
		},
	})
	d.H1("Savings statement")
	d.P(pdf.Plain("For "), pdf.Bold(child), pdf.Plain(", July 1 to September 30, 2026"))
	d.Panels(
		pdf.Panel{Title: "On September 30", Pairs: []pdf.Pair{
			{Label: "All together", Value: fmt.Sprintf("$1,%03d.10", number%1000), Strong: true},
			{Label: "Your money", Value: fmt.Sprintf("$%d.00", number%500)},
			{Label: "Program money", Value: "$900.10", Note: "Yours when used for school"},
		}},
		pdf.Panel{Title: "On its way", Pairs: []pdf.Pair{
			{Label: "Match for September", Value: "$25.00", Note: "Paid by October 15"},
			{Label: "Birthday bonus", Value: "$10.00", Note: "In November"},
		}},
	)
	d.H2("What happened")
	t := pdf.Table{
		Caption: "Every movement, oldest first",
		Columns: []pdf.Column{
			{Header: "Date", Width: 1.3}, {Header: "What", Width: 4},
			{Header: "Amount", Align: pdf.Number, Width: 1.2}, {Header: "Balance", Align: pdf.Number, Width: 1.2},
		},
		RowHeader: true,
	}
	for i := range 12 {
		t.Rows = append(t.Rows, []pdf.Cell{
			{Text: fmt.Sprintf("Jul %d, 2026", i+1)}, {Text: "Family deposit, cash day at Lincoln School"},
			{Text: fmt.Sprintf("$%d.%02d", 10+number%90, i)}, {Text: fmt.Sprintf("$1,%03d.%02d", i*31, number%100)},
		})
	}
	t.Foot = [][]pdf.Cell{{{Text: "Total"}, {}, {Text: "$300.00"}, {Text: "$1,240.10"}}}
	d.Table(t)
	d.Note(pdf.Plain("This money is set aside for school after high school. Questions? Call (555) 010-0199 or write to "),
		pdf.Span{Text: "help@example.org", Link: "mailto:help@example.org"}, pdf.Plain("."))
	return d
}

// report prints the size of a file and how many a core makes in a second of its
// own time, which is what remains true on a machine that does other work.
func report(b *testing.B, size int, start time.Duration) {
	used := processorTime(b) - start
	b.ReportMetric(float64(size), "bytes/file")
	b.ReportMetric(float64(b.N)/used.Seconds(), "files/core-s")
}

// processorTime is the time that this process has used on all cores.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkStatement makes statements of one page, each for another child.
func BenchmarkStatement(b *testing.B) {
	size, start := 0, processorTime(b)
	b.ReportAllocs()
	for i := range b.N {
		file, err := statement(fmt.Sprintf("Ana María Peña O’Brien %d", i), i).Bytes()
		if err != nil {
			b.Fatal(err)
		}
		size = len(file)
	}
	report(b, size, start)
}

// BenchmarkStatementForeignName is the same with a name that needs the full
// shaper and glyphs outside the shared subset.
func BenchmarkStatementForeignName(b *testing.B) {
	size, start := 0, processorTime(b)
	b.ReportAllocs()
	for i := range b.N {
		name := "Nguyễn Thị " + strings.Repeat("ễ", i%7+1) + " محمد"
		file, err := statement(name, i).Bytes()
		if err != nil {
			b.Fatal(err)
		}
		size = len(file)
	}
	report(b, size, start)
}

// BenchmarkStatementArabic makes statements of two pages, all of whose letters
// lie outside the shared subset.
func BenchmarkStatementArabic(b *testing.B) {
	size, start := 0, processorTime(b)
	b.ReportAllocs()
	for i := range b.N {
		file, err := sample(arabic, fmt.Sprintf("محمد عبد الله %d", i)).Bytes()
		if err != nil {
			b.Fatal(err)
		}
		size = len(file)
	}
	report(b, size, start)
}

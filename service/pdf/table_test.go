package pdf_test

import (
	"fmt"
	"strings"
	"testing"

	"seedbook/service/pdf"
)

func ledgerTable(rows int) pdf.Table {
	t := pdf.Table{
		Caption: "Movements", RowHeader: true,
		Columns: []pdf.Column{{Header: "Date"}, {Header: "What", Width: 3}, {Header: "Amount", Align: pdf.Number}},
	}
	for i := range rows {
		what := fmt.Sprintf("Deposit %d", i+1)
		if i%7 == 0 {
			what = strings.Repeat(what+", a long story. ", 6)
		}
		t.Rows = append(t.Rows, []pdf.Cell{{Text: fmt.Sprintf("Day %d", i+1)}, {Text: what}, {Text: fmt.Sprintf("$%d.00", i)}})
	}
	t.Foot = [][]pdf.Cell{{{Text: "Total", Span: 2}, {Text: "$19,900.00"}}}
	return t
}

func TestALongTableRepeatsItsHeadersForEyesOnly(t *testing.T) {
	d := pdf.New(pdf.Options{Title: "Movements", Lang: "en"})
	d.H1("Movements")
	d.Table(ledgerTable(200))
	got := check(t, d)
	if got.Pages < 5 {
		t.Fatalf("%d pages, want a table over several", got.Pages)
	}
	if n := len(got.All("Table")); n != 1 {
		t.Errorf("%d tables, want one that goes on", n)
	}
	if n := len(got.All("THead")[0].Kids); n != 1 {
		t.Errorf("headers are read %d times", n)
	}
	for page := 1; page <= got.Pages; page++ {
		want := "DateWhatAmount"
		if page == 1 {
			want = ""
		}
		if s := strings.Join(got.Artifacts(page), "/"); s != want {
			t.Errorf("page %d repeats %q, want %q", page, s, want)
		}
	}
	if n := len(got.All("TBody")[0].Kids); n != 200 {
		t.Errorf("%d rows, want 200", n)
	}
	for i, row := range got.All("TBody")[0].Kids {
		if s := row.Element.Kids[0].Element.Text(); s != fmt.Sprintf("Day %d", i+1) {
			t.Errorf("row %d is %q", i+1, s)
		}
	}
}

// A row stays together: its cells are all on one page, so that each cell is one
// piece of content.
func TestARowStaysOnOnePage(t *testing.T) {
	d := pdf.New(pdf.Options{Title: "Movements", Lang: "en"})
	d.Table(ledgerTable(200))
	for _, e := range check(t, d).All("TD", "TH") {
		if len(e.Kids) != 1 {
			t.Errorf("cell %q is in %d pieces", e.Text(), len(e.Kids))
		}
	}
}

func TestTotalsStayWithTheLastRow(t *testing.T) {
	for rows := 20; rows < 60; rows++ {
		d := pdf.New(pdf.Options{Title: "Movements", Lang: "en"})
		d.Table(ledgerTable(rows))
		got := open(t, d)
		body := got.All("TBody")[0].Kids
		last, total := body[len(body)-1].Element.Page(), got.All("TFoot")[0].Page()
		if last != total {
			t.Errorf("%d rows: the last is on page %d, the total on page %d", rows, last, total)
		}
	}
}

func TestAHeadingStaysWithWhatFollows(t *testing.T) {
	for lines := range 45 {
		d := pdf.New(pdf.Options{Title: "Headings", Lang: "en"})
		d.H1("First")
		for range lines {
			d.P(pdf.Plain("A line."))
		}
		d.H2("Second")
		d.Table(ledgerTable(3))
		got := open(t, d)
		heading, table := got.All("H2")[0].Page(), got.All("TBody")[0].Page()
		if heading != table {
			t.Errorf("after %d lines the heading is on page %d and its table on page %d", lines, heading, table)
		}
	}
}

func TestNoLineOfAParagraphStandsAlone(t *testing.T) {
	long := strings.Repeat("A paragraph that takes a number of lines and goes on over the end of a page. ", 8)
	for lines := range 45 {
		d := pdf.New(pdf.Options{Title: "Lines", Lang: "en"})
		for range lines {
			d.P(pdf.Plain("A line."))
		}
		d.P(pdf.Plain(long))
		got := open(t, d)
		p := got.All("P")[lines]
		if p.Text() != long {
			t.Errorf("reads %q", p.Text())
		}
		for _, k := range p.Kids {
			if len(p.Kids) > 1 && len(k.Text) < 95 {
				t.Errorf("after %d lines %q stands alone on page %d", lines, k.Text, k.Page)
			}
		}
	}
}

func TestARowHigherThanAPageGoesOn(t *testing.T) {
	long := strings.Repeat("A very long explanation indeed. ", 700)
	d := pdf.New(pdf.Options{Title: "Long", Lang: "en"})
	d.Table(pdf.Table{
		Columns: []pdf.Column{{Header: "What"}, {Header: "Why", Width: 2}, {Header: "Note"}}, RowHeader: true,
		Rows: [][]pdf.Cell{{{Text: "first"}, {Text: "short"}}, {{Text: "second"}, {Text: long}, {Text: "x", Note: long}}, {{Text: "third"}}},
	})
	got := check(t, d)
	cells := got.All("TBody")[0].Kids[1].Element.Kids
	if text := cells[1].Element.Text(); text != long {
		t.Errorf("of %d letters %d are read", len(long), len(text))
	}
	var note strings.Builder
	for _, k := range cells[2].Element.Kids {
		note.WriteString(k.Element.Text())
	}
	if note.String() != "x"+long {
		t.Errorf("of the note's %d letters %d are read", len(long), note.Len()-1)
	}
}

func TestColumnsOfNumbersAreNotBroken(t *testing.T) {
	d := pdf.New(pdf.Options{Title: "Wide", Lang: "en"})
	table := pdf.Table{Columns: []pdf.Column{{Header: "What", Width: 20}}}
	row := []pdf.Cell{{Text: strings.Repeat("Wolfeschlegelsteinhausen", 4)}}
	for range 4 {
		table.Columns = append(table.Columns, pdf.Column{Header: "A header of words", Align: pdf.Number})
		row = append(row, pdf.Cell{Text: "−$1,234,567.89"})
	}
	table.Rows = [][]pdf.Cell{row}
	d.Table(table)
	out := output(t, "pdftotext", "-layout", save(t, d), "-")
	if n := strings.Count(out, "−$1,234,567.89"); n != 4 {
		t.Errorf("%d of 4 numbers are whole:\n%s", n, out)
	}
}

func TestPanelsThatNoPageCanHoldBecomeTables(t *testing.T) {
	d := pdf.New(pdf.Options{Title: "Panels", Lang: "en"})
	d.H1("Panels")
	long := strings.Repeat("word ", 3000)
	d.Panels(pdf.Panel{Title: "First", Pairs: []pdf.Pair{{Label: "Name", Value: long, Note: "note"}}}, pdf.Panel{Title: "Second"})
	got := check(t, d)
	if !strings.Contains(got.Text(), long) {
		t.Errorf("the value is not read whole")
	}
}

func TestLargePrintKeepsEverything(t *testing.T) {
	d := pdf.New(pdf.Options{Title: "Large", Lang: "en", Scale: 2})
	d.H1("Large print")
	d.Table(ledgerTable(30))
	d.Numbered([]pdf.Span{pdf.Plain("one")}, []pdf.Span{pdf.Plain("two")})
	got := check(t, d)
	if s := got.Text(); !strings.Contains(s, "Deposit 30\n") || !strings.Contains(s, "2.\ntwo\n") {
		t.Errorf("reads\n%s", s)
	}
}

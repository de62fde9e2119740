package sheet

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"seedbook/ledger"
	"seedbook/service/tabular"
)

var everyKind = []Column{{"Name", Text}, {"Saved", Money}, {"Children", Number}, {"Born", Day}, {"Seen", Moment}}

func write(t testing.TB, f Format, columns []Column, rows ...[]any) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := New(&b, f, "A list", columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Row(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t testing.TB, book []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(book))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestCellsThatDoNotFitTheirColumnsAreRefused(t *testing.T) {
	for _, f := range []Format{CSV, XLSX} {
		for _, row := range [][]any{
			{"one"},
			{"Ana", "12.00"},
			{"Ana", 12.5},
			{1, ledger.Minor(1)},
			{"Ana", ledger.Minor(1), 3},
		} {
			w, err := New(io.Discard, f, "", []Column{{"Name", Text}, {"Saved", Money}})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Row(row...); err == nil {
				t.Errorf("%s: %v was written", f, row)
			}
		}
	}
	if _, err := New(io.Discard, "pdf", "", nil); err == nil {
		t.Error("a table in an unknown format was begun")
	}
}

func TestEveryKindIsWrittenAsItself(t *testing.T) {
	row := []any{"Ana Peña", ledger.Minor(-1234_50), int64(7), ledger.NewDate(2019, 9, 1), time.Date(2026, 9, 1, 14, 5, 6, 0, time.FixedZone("", -5*3600))}
	none := []any{nil, nil, nil, ledger.Date{}, time.Time{}}
	got := string(write(t, CSV, everyKind, row, none))
	want := "\ufeffName,Saved,Children,Born,Seen\r\nAna Peña,-1234.50,7,2019-09-01,2026-09-01 14:05:06\r\n,,,,\r\n"
	if got != want {
		t.Errorf("CSV is\n%q, want\n%q", got, want)
	}
	book := open(t, write(t, XLSX, everyKind, row, none))
	if name := book.GetSheetName(0); name != "A list" {
		t.Errorf("the sheet is called %q", name)
	}
	for cell, want := range map[string]string{"A1": "Name", "A2": "Ana Peña", "B2": "-1234.5", "C2": "7", "D2": "43709", "A3": "", "B3": "", "D3": ""} {
		got, err := book.GetCellValue("A list", cell, excelize.Options{RawCellValue: true})
		if err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", cell, got, err, want)
		}
	}
	if got, _ := book.GetCellValue("A list", "D2"); got != "2019-09-01" {
		t.Errorf("the day is shown as %q", got)
	}
	if got, _ := book.GetCellValue("A list", "E2"); got != "2026-09-01 14:05:06" {
		t.Errorf("the moment is shown as %q", got)
	}
}

// TestHostileTextIsNeitherLostNorAFormula takes every naughty string through
// both forms and back.
func TestHostileTextIsNeitherLostNorAFormula(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/fixtures/hostile/naughty_strings.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	all = append(all, "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "'=1", " =1", "\"=1\"")
	var rows [][]any
	for _, s := range all {
		rows = append(rows, []any{s})
	}
	column := []Column{{"Text", Text}}
	book := open(t, write(t, XLSX, column, rows...))
	cells, err := book.GetRows("A list", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range all {
		got := ""
		if i+1 < len(cells) && len(cells[i+1]) > 0 {
			got = cells[i+1][0]
		}
		if back := tabular.UnescapeFormula(got); back != showable(s) && !hasControls(s) {
			t.Errorf("%q came back from a workbook as %q", s, back)
		}
		if strings.HasPrefix(got, "=") {
			t.Errorf("%q is a formula", got)
		}
		address, _ := excelize.CoordinatesToCellName(1, i+2)
		if f, _ := book.GetCellFormula("A list", address); f != "" {
			t.Errorf("%q became the formula %q", s, f)
		}
	}
}

func hasControls(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }

// showable is a text without what XML cannot hold.
func showable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 0xfffe || r == 0xffff {
			return '\ufffd'
		}
		return r
	}, s)
}

// TestAmountsStayExactInWorkbooks: whatever a program can hold, to the cent.
func TestAmountsStayExactInWorkbooks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var rows [][]any
		for range 50 {
			rows = append(rows, []any{ledger.Minor(rapid.Int64Range(-999_999_999_999_999_999, 999_999_999_999_999_999).Draw(rt, "any"))},
				[]any{ledger.Minor(rapid.Int64Range(-maxExact, maxExact).Draw(rt, "exact"))})
		}
		book := open(t, write(t, XLSX, []Column{{"Saved", Money}}, rows...))
		cells, err := book.GetRows("A list", excelize.Options{RawCellValue: true})
		if err != nil {
			rt.Fatal(err)
		}
		for i, row := range rows {
			want := row[0].(ledger.Amount)
			if got := cells[i+1][0]; got != want.String() && got != strings.TrimSuffix(want.Decimal().String(), ".00") {
				rt.Fatalf("%s became %s", want, got)
			}
		}
	})
}

func TestASheetIsNamedAsWorkbooksAllow(t *testing.T) {
	for title, want := range map[string]string{
		"":                         "Sheet1",
		"Children [1/2]: who?":     "Children  1 2   who",
		strings.Repeat("Peña ", 9): strings.TrimSpace(string([]rune(strings.Repeat("Peña ", 9))[:31])),
		"'":                        "Sheet1",
	} {
		if got := sheetName(title); got != want {
			t.Errorf("%q became %q, want %q", title, got, want)
		}
	}
}

func BenchmarkRows(b *testing.B) {
	for _, f := range []Format{CSV, XLSX} {
		b.Run(string(f), func(b *testing.B) {
			w, err := New(io.Discard, f, "A list", everyKind)
			if err != nil {
				b.Fatal(err)
			}
			day, at := ledger.NewDate(2019, 9, 1), time.Date(2026, 9, 1, 14, 5, 6, 0, time.UTC)
			for range b.N {
				if err := w.Row("Ana Peña", ledger.Minor(1234_50), 7, day, at); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

package tabular

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"seedbook/migrations/pgtest"
	"seedbook/service/fault"
)

// book has the library that programs like ours write workbooks with write one.
func book(t *testing.T, fill func(*excelize.File)) string {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func cells(t *testing.T, text string) [][]string {
	t.Helper()
	plain, err := Plain("book.xlsx", text, Default)
	if err != nil {
		t.Fatal(err)
	}
	table, err := Open(plain.Name, plain.Text, Default)
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]string{slices.Clone(table.Header)}
	for {
		row, err := table.Next()
		if err != nil {
			return rows
		}
		rows = append(rows, append(slices.Clone(row.Cells), fmt.Sprint("line ", row.Line)))
	}
}

func TestAWorkbookIsReadAsItsCellsAreMeant(t *testing.T) {
	text := book(t, func(f *excelize.File) {
		day, _ := f.NewStyle(&excelize.Style{NumFmt: 14})
		own := "d. mmm yyyy"
		custom, _ := f.NewStyle(&excelize.Style{CustomNumFmt: &own})
		money := `"US$ "#,##0.00`
		dollars, _ := f.NewStyle(&excelize.Style{CustomNumFmt: &money})
		f.SetSheetRow("Sheet1", "A2", &[]any{"id", "name", "born", "paid", "amount", "yes"})
		f.SetSheetRow("Sheet1", "A4", &[]any{"007", "Ana \"Ani\", Peña", 42064, 42064.5, 1234.5, true})
		f.SetCellStyle("Sheet1", "C4", "C4", day)
		f.SetCellStyle("Sheet1", "D4", "D4", custom)
		f.SetCellStyle("Sheet1", "E4", "E4", dollars)
		f.SetCellRichText("Sheet1", "B5", []excelize.RichTextRun{{Text: "Li"}, {Text: "nh"}})
		f.SetCellValue("Sheet1", "E5", 0.1+0.2)
		f.SetCellValue("Sheet1", "A6", "two\nlines")
	})
	got := cells(t, text)
	want := [][]string{
		{"id", "name", "born", "paid", "amount", "yes"},
		{"007", "Ana \"Ani\", Peña", "2015-03-01", "2015-03-01 12:00:00", "1234.5", "true", "line 4"},
		{"", "Linh", "", "", "0.3", "", "line 5"},
		{"two lines", "", "", "", "", "", "line 6"},
	}
	for i := range got {
		for len(got[i]) < len(want[i]) {
			got[i] = slices.Insert(got[i], len(got[i])-1, "")
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("read\n%q, want\n%q", got, want)
	}
}

func TestAHiddenFirstSheetIsPassedOver(t *testing.T) {
	text := book(t, func(f *excelize.File) {
		f.SetCellValue("Sheet1", "A1", "secret")
		f.NewSheet("Children")
		f.SetCellValue("Children", "A1", "id")
		f.SetActiveSheet(1)
		f.SetSheetVisible("Sheet1", false)
	})
	if got := cells(t, text); got[0][0] != "id" {
		t.Errorf("read %q", got)
	}
}

func TestNaughtyStringsComeBackFromAWorkbook(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(pgtest.Fixtures(t), "hostile/naughty_strings.json"))
	if err != nil {
		t.Fatal(err)
	}
	var naughty []string
	if err := json.Unmarshal(raw, &naughty); err != nil {
		t.Fatal(err)
	}
	text := book(t, func(f *excelize.File) {
		f.SetSheetRow("Sheet1", "A1", &[]any{"n", "text"})
		for i, s := range naughty {
			f.SetCellValue("Sheet1", fmt.Sprint("A", i+2), i)
			f.SetCellStr("Sheet1", fmt.Sprint("B", i+2), s)
		}
	})
	plain, err := Plain("naughty.xlsx", text, Default)
	if err != nil {
		t.Fatal(err)
	}
	table, err := Open(plain.Name, plain.Text, Default)
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for i, s := range naughty {
		row, err := table.Next()
		if err != nil {
			t.Fatal(err)
		}
		if row.Line != i+2 {
			t.Fatalf("%q is at line %d, want %d", s, row.Line, i+2)
		}
		if row.Flaw == nil && row.At(1) != s {
			changed++ // the writer itself cannot say characters that XML does not know
			if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0xfffe || r == 0xffff }) {
				t.Errorf("%q was read as %q", s, row.At(1))
			}
		}
	}
	if changed > 12 {
		t.Errorf("%d of %d strings changed", changed, len(naughty))
	}
}

// packed zips files as they are.
func packed(t *testing.T, files ...[2]string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		part, err := w.Create(f[0])
		if err != nil {
			t.Fatal(err)
		}
		part.Write([]byte(f[1]))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// sheetOf is the smallest workbook with a sheet.
func sheetOf(sheet string, more ...[2]string) [][2]string {
	return append([][2]string{
		{"[Content_Types].xml", "<Types/>"},
		{"xl/workbook.xml", `<workbook><sheets><sheet name="a" id="r1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", sheet},
	}, more...)
}

const laughs = `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`

func TestHostileWorkbooksAreRefusedQuicklyAndInLittleMemory(t *testing.T) {
	wide := strings.Repeat("<c t=\"n\"><v>1</v></c>", 300)
	shared := "<sst><si><t>" + noise(2<<20) + "</t></si></sst>"
	repeated := "<sheetData>" + strings.Repeat(`<row><c t="s"><v>0</v></c></row>`, 100) + "</sheetData>"
	for _, test := range []struct {
		name, text string
		want       *fault.Fault
	}{
		{"macros", packed(t, sheetOf("<a/>", [2]string{"xl/vbaProject.bin", "x"})...), ErrWorkbookMacros},
		{"links to other files", packed(t, sheetOf("<a/>", [2]string{"xl/externalLinks/externalLink1.xml", "x"})...), ErrWorkbookLinks},
		{"a password, or an old one", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", ErrWorkbookOld},
		{"a billion laughs", packed(t, sheetOf(laughs+`<sheetData><row><c t="inlineStr"><is><t>&b;</t></is></c></row></sheetData>`)...), ErrWorkbook},
		{"an entity of nobody", packed(t, sheetOf(`<sheetData><row><c t="inlineStr"><is><t>&b;</t></is></c></row></sheetData>`)...), ErrWorkbook},
		{"no sheet", packed(t, [2]string{"[Content_Types].xml", "<Types/>"}), ErrWorkbook},
		{"a sheet cut off", packed(t, sheetOf(`<sheetData><row><c><v>1`)...), ErrWorkbook},
		{"a text that is not there", packed(t, sheetOf(`<sheetData><row><c t="s"><v>9</v></c></row></sheetData>`)...), ErrWorkbook},
		{"rows that go back", packed(t, sheetOf(`<sheetData><row r="5"/><row r="5"/></sheetData>`)...), ErrWorkbook},
		{"a row beyond all", packed(t, sheetOf(`<sheetData><row r="900000"><c><v>1</v></c></row></sheetData>`)...), ErrTooManyRows},
		{"300 columns", packed(t, sheetOf("<sheetData><row>"+wide+"</row></sheetData>")...), ErrTooManyColumns},
		{"one cell over and over", packed(t, sheetOf(repeated, [2]string{"xl/sharedStrings.xml", shared})...), ErrTooLarge},
		{"17 MB of one part", packed(t, sheetOf("<a>"+noise(17<<20)+"</a>")...), ErrWorkbookLarge},
		{"1000:1", packed(t, sheetOf("<a>"+strings.Repeat(" ", 8<<20)+"</a>")...), ErrZipRatio},
		{"a name that climbs", packed(t, sheetOf("<a/>", [2]string{"../../etc/passwd", "x"})...), ErrZipName},
		{"two tables", packed(t, [2]string{"a.csv", "a"}, [2]string{"b.xlsx", "b"}), ErrSeveralTables},
		{"gzip", "\x1f\x8b\x08", ErrCompressed},
		{"a zip called xlsx in a zip", packed(t, [2]string{"a.xlsx", packed(t, [2]string{"b.csv", "b"})}), ErrZipNested},
	} {
		t.Run(test.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			begun := time.Now()
			_, err := Plain("x.xlsx", test.text, Default)
			took := time.Since(begun)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, test.want) {
				t.Errorf("%v, want %s", err, test.want.Key)
			}
			// Allocated in all, of which what is outgrown is free again.
			if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 320 || took > 3*time.Second {
				t.Errorf("took %v and %d MB", took, used)
			}
		})
	}
}

// noise is text that does not pack well.
func noise(n int) string {
	b, x := make([]byte, n), uint32(1)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = 'a' + byte(x%26)
	}
	return string(b)
}

func TestAZipMayHoldOneWorkbook(t *testing.T) {
	inner := book(t, func(f *excelize.File) { f.SetCellValue("Sheet1", "A1", "id") })
	plain, err := Plain("../../x.zip", packed(t, [2]string{"a/children.xlsx", inner}), Default)
	if err != nil || plain.Name != "children.xlsx" || plain.Text != "id\n" || plain.Format != Zip {
		t.Errorf("%+v, %v", plain, err)
	}
}

func TestColumnsAreRenamedAndLinesStay(t *testing.T) {
	got, err := Rename("f.csv", "\n\nRef No;Fecha;Amount;Money\n1;2;3;4\n", Default, map[string]string{"Ref No": "reference", "Money": "amount"})
	want := "\n\n\"reference\";\"Fecha\";\"\";\"amount\"\n1;2;3;4\n"
	if err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if _, err := Rename("f.csv", "a,b\n", Default, map[string]string{"c": "reference"}); !errors.Is(err, ErrMissingColumn) {
		t.Errorf("a column that is not there: %v", err)
	}
}

func FuzzWorkbook(f *testing.F) {
	f.Add(`<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData>`, `<sst><si><t>a</t></si></sst>`)
	f.Add(`<sheetData><row><c t="inlineStr"><is><r><t>x</t></r><rPh><t>y</t></rPh></is></c><c r="ZZ1"><v>1e300</v></c></row></sheetData>`, ``)
	f.Fuzz(func(t *testing.T, sheet, shared string) {
		plain, err := Plain("f.xlsx", packed(t, sheetOf(sheet, [2]string{"xl/sharedStrings.xml", shared})...), Limits{Bytes: 1 << 16, Rows: 100, Columns: 8, Cell: 64, Record: 128})
		if _, ok := fault.Of(err); err != nil && !ok {
			t.Fatalf("%v is no fault", err)
		}
		_ = plain
	})
}

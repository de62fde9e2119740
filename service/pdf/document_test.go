package pdf_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-fonts/dejavu/dejavumathtexgyre"

	"seedbook/service/pdf"
	"seedbook/service/pdf/pdftest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (run with -update to write it anew)\ngot:\n%s", path, got)
	}
}

// TestGoldenStatements shows what a screen reader walks through.
func TestGoldenStatements(t *testing.T) {
	for _, test := range []struct {
		name, child string
		words       words
	}{
		{"statement.en", "Ana María Peña O’Brien", english},
		{"statement.es", "Nguyễn Thị Phượng", spanish},
		{"statement.ar", "محمد عبد الله", arabic},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := check(t, sample(test.words, test.child))
			var b strings.Builder
			b.WriteString("Title: " + d.Title + "\nLanguage: " + d.Lang + "\n\n" + d.Outline() + "\nNot read:\n")
			for page := 1; page <= d.Pages; page++ {
				for _, a := range d.Artifacts(page) {
					b.WriteString(a + "\n")
				}
			}
			golden(t, test.name, b.String())
		})
	}
}

func TestWhatAScreenReaderCouldNotAnnounceIsRefused(t *testing.T) {
	for _, test := range []struct {
		options pdf.Options
		want    error
	}{
		{pdf.Options{Lang: "en"}, pdf.ErrNoTitle},
		{pdf.Options{Title: "Statement"}, pdf.ErrNoLang},
		{pdf.Options{Title: "\ufeff ", Lang: "en"}, pdf.ErrNoTitle},
		{pdf.Options{Title: "Statement", Lang: "en"}, pdf.ErrNoAlt},
	} {
		d := pdf.New(test.options)
		d.Matrix(pdf.Matrix{Modules: checkered(2)}) // the first mistake is reported
		if _, err := d.Bytes(); !errors.Is(err, test.want) {
			t.Errorf("%+v: got error %v, want %v", test.options, err, test.want)
		}
	}
}

func TestMistakenShapesAreRefused(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(d *pdf.Document)
	}{
		{"a table without columns", func(d *pdf.Document) { d.Table(pdf.Table{}) }},
		{"a row of more cells than columns", func(d *pdf.Document) {
			d.Table(pdf.Table{Columns: make([]pdf.Column, 2), Rows: [][]pdf.Cell{make([]pdf.Cell, 3)}})
		}},
		{"a cell that spans beyond the last column", func(d *pdf.Document) {
			d.Table(pdf.Table{Columns: make([]pdf.Column, 2), Foot: [][]pdf.Cell{{{Text: "a"}, {Text: "b", Span: 2}}}})
		}},
		{"margins wider than the page", func(d *pdf.Document) {
			*d = *pdf.New(pdf.Options{Title: "Statement", Lang: "en", Margins: pdf.Margins{Sides: 300}})
		}},
		{"a matrix that is not square", func(d *pdf.Document) { d.Matrix(pdf.Matrix{Modules: make([][]bool, 3)}) }},
	} {
		d := pdf.New(pdf.Options{Title: "Statement", Lang: "en"})
		test.make(d)
		d.P(pdf.Plain("afterwards"))
		if _, err := d.Bytes(); !errors.Is(err, pdf.ErrShape) {
			t.Errorf("%s: got error %v, want %v", test.name, err, pdf.ErrShape)
		}
	}
}

func TestAnEmptyDocumentIsValid(t *testing.T) {
	d := check(t, pdf.New(pdf.Options{Title: "Nothing", Lang: "en", Page: pdf.A4}))
	if d.Pages != 1 {
		t.Errorf("%d pages, want 1", d.Pages)
	}
}

func TestTheSameCallsGiveTheSameBytes(t *testing.T) {
	want := make([][]byte, 3)
	for i, w := range []words{english, spanish, arabic} {
		file, err := sample(w, "Ana Nguyễn محمد 王").Bytes()
		if err != nil {
			t.Fatal(err)
		}
		want[i] = file
	}
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for i, w := range []words{english, spanish, arabic} {
				// Other documents in between must leave no trace.
				statement("Ọlásẹ̀hìndé שרה", n).Bytes()
				var b bytes.Buffer
				if _, err := sample(w, "Ana Nguyễn محمد 王").WriteTo(&b); err != nil {
					t.Error(err)
				}
				if !bytes.Equal(b.Bytes(), want[i]) {
					t.Errorf("%s: another file for the same calls", w.lang)
				}
			}
		})
	}
	all.Wait()
}

func TestAFinishedDocumentStaysAsItIs(t *testing.T) {
	d := statement("Ana", 1)
	first, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	kept := bytes.Clone(first)
	statement("Another child", 2).Bytes() // takes over the memory that d worked in
	again, err := d.Bytes()
	if err != nil || !bytes.Equal(again, kept) {
		t.Errorf("asking again gave another file, error %v", err)
	}
}

func TestStatementsAreSmall(t *testing.T) {
	for _, child := range []string{"Ana María Peña", "François Œuvré Žižek", "Nguyễn Thị Phượng", "محمد عبد الله"} {
		file, err := statement(child, 1).Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if len(file) > 40_000 {
			t.Errorf("the statement of %s is %d bytes, want at most 40,000", child, len(file))
		}
	}
}

func TestLinksLeadOnlyWherePeopleShouldGo(t *testing.T) {
	d := pdf.New(pdf.Options{Title: "Links", Lang: "en"})
	long := strings.Repeat("a long way to go, ", 20)
	d.P(pdf.Plain("See "), pdf.Span{Text: long, Link: "https://example.org/ñ?q=(1) 2"}, pdf.Plain("or "),
		pdf.Span{Text: "this", Link: "javascript:alert(1)"}, pdf.Span{Text: " and that", Link: "file:///etc/passwd"})
	d.Bullets([]pdf.Span{{Text: "write", Link: "mailto:help@example.org"}}, []pdf.Span{{Text: "call", Link: "tel:+15550100199"}})
	got := check(t, d)
	links := got.All("Link")
	if len(links) != 3 {
		t.Fatalf("%d links, want 3:\n%s", len(links), got.Outline())
	}
	if text := links[0].Text(); text != long {
		t.Errorf("the link over several lines reads %q", text)
	}
	addresses := map[string]int{}
	for _, l := range links {
		for _, k := range l.Kids {
			if k.Address != "" {
				addresses[k.Address]++
			}
		}
	}
	// Four lines need four places to click.
	if addresses["https://example.org/%C3%B1?q=(1)%202"] != 4 || addresses["mailto:help@example.org"] != 1 {
		t.Errorf("addresses are %v", addresses)
	}
	if text := got.All("P")[0].Text(); !strings.HasSuffix(text, "or this and that") {
		t.Errorf("the paragraph reads %q", text)
	}
}

func TestSectionsCountTheirOwnPagesAndHaveTheirOwnLanguage(t *testing.T) {
	foot := func(page, pages int) (string, string) {
		return strings.Repeat("i", page), strings.Repeat("n", pages)
	}
	d := pdf.New(pdf.Options{Title: "Letters", Lang: "en", Foot: foot})
	d.H1("One")
	d.PageBreak()
	d.PageBreak() // an empty page is not left
	d.P(pdf.Plain("more"))
	d.Section(pdf.Section{Lang: "ar", Foot: foot})
	d.H1("اثنان")
	got := check(t, d)
	if got.Pages != 3 {
		t.Errorf("%d pages, want 3", got.Pages)
	}
	var feet []string
	for page := 1; page <= got.Pages; page++ {
		feet = append(feet, strings.Join(got.Artifacts(page), "/"))
	}
	if s := strings.Join(feet, " "); s != "i/nn ii/nn i/n" {
		t.Errorf("feet are %q", s)
	}
	if s := got.All("Sect"); len(s) != 1 || s[0].Lang != "ar" {
		t.Errorf("sections are %v", s)
	}
}

func TestASectionOnANewSheetLeavesTheBackBlank(t *testing.T) {
	d := pdf.New(pdf.Options{Title: "Letters", Lang: "en"})
	d.H1("One")
	d.Section(pdf.Section{Sheet: true})
	d.H1("Two")
	d.PageBreak()
	d.P(pdf.Plain("more"))
	d.Section(pdf.Section{Sheet: true})
	d.H1("Three")
	got := check(t, d)
	if got.Pages != 5 || d.Pages() != 5 {
		t.Errorf("%d pages, want 5", got.Pages)
	}
	for i, page := range []int{1, 3, 5} {
		if p := got.All("H1")[i].Page(); p != page {
			t.Errorf("letter %d begins on page %d, want %d", i+1, p, page)
		}
	}
}

func TestANumberedListReadsRightToLeftInArabic(t *testing.T) {
	d := pdf.New(pdf.Options{Title: "List", Lang: "ar"})
	d.Numbered([]pdf.Span{pdf.Plain("أ")})
	if got := check(t, d).All("Lbl")[0].Text(); got != "1.\u200f" {
		t.Errorf("the label reads %+q", got)
	}
}

func TestLettersThatNoFontHasAreBoxesWithTheirNumber(t *testing.T) {
	d := pdf.New(pdf.Options{Title: "Boxes", Lang: "zh"})
	d.P(pdf.Plain("王小明 👩‍👧"))
	file, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	got := pdftest.Open(t, file)
	if text := got.All("P")[0].Text(); text != "王小明 👩‍👧" {
		t.Errorf("reads %q", text)
	}
	if !bytes.Contains(file, []byte("+Boxes")) {
		t.Error("the font of boxes is not embedded")
	}
}

func TestOperatorsFontsFillGaps(t *testing.T) {
	if _, err := pdf.ParseFonts([]byte("OTTO is not TrueType")); err == nil {
		t.Error("a file that is no font was taken")
	}
	fonts, err := pdf.ParseFonts(dejavumathtexgyre.TTF)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		fonts *pdf.Fonts
		boxes bool
	}{{nil, true}, {fonts, false}} {
		d := pdf.New(pdf.Options{Title: "Letters", Lang: "en", Fonts: test.fonts})
		d.P(pdf.Plain("𝒜𝓃𝒶"))
		file, err := d.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		strict(t, file)
		if got := bytes.Contains(file, []byte("+Boxes")); got != test.boxes {
			t.Errorf("boxes: %v, want %v", got, test.boxes)
		}
		if text := pdftest.Open(t, file).All("P")[0].Text(); text != "𝒜𝓃𝒶" {
			t.Errorf("reads %q", text)
		}
	}
}

func TestAMissingHeadingSkipsNoLevel(t *testing.T) {
	d := pdf.New(pdf.Options{Title: "Headings", Lang: "en"})
	d.Panels(pdf.Panel{Title: "Before any heading"})
	d.H1("\ufeff") // nothing to show
	d.H2("Second")
	d.Panels(pdf.Panel{Title: "Panel"})
	if got := check(t, d).Outline(); !strings.Contains(got, "P: Before any heading\n  H1: Second\n  H2: Panel\n") {
		t.Errorf("outline:\n%s", got)
	}
}

// A print run is one document of many families' letters.
func TestAPrintRun(t *testing.T) {
	d := pdf.New(pdf.Options{Title: "Letters of Lincoln School", Lang: "en"})
	for i := range 60 {
		child := fmt.Sprintf("Nguyễn %d محمد", i)
		if i > 0 {
			d.Section(pdf.Section{Lang: []string{"en", "es", "ar"}[i%3], Foot: func(page, pages int) (string, string) {
				return child, fmt.Sprintf("%d/%d", page, pages)
			}})
		}
		d.H1("Letter")
		d.P(pdf.Plain("For " + child))
		d.Table(ledgerTable(1 + i%60))
	}
	got := check(t, d)
	if n := len(got.All("H1")); n != 60 {
		t.Errorf("%d letters, want 60", n)
	}
	if s := got.Artifacts(got.Pages); s[len(s)-1] != "3/3" {
		t.Errorf("the last foot is %q", s)
	}
}

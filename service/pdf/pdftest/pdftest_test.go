package pdftest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"seedbook/service/pdf"
)

func document(t *testing.T) []byte {
	t.Helper()
	d := pdf.New(pdf.Options{Title: "Statement", Lang: "en-US", Foot: func(int, int) (string, string) { return "foot", "" }})
	d.H1("First")
	d.P(pdf.Plain("Hello "), pdf.Span{Text: "link", Link: "https://example.org"})
	d.H2("Second")
	d.Table(pdf.Table{
		Columns: []pdf.Column{{Header: "One"}, {Header: "Two"}},
		Rows:    [][]pdf.Cell{{{Text: "a"}, {Text: "b"}}},
	})
	d.Bullets([]pdf.Span{pdf.Plain("item")})
	d.Matrix(pdf.Matrix{Modules: [][]bool{{true}}, Alt: "code"})
	file, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// spoilt writes the file anew, every object on its own and uncompressed, with
// one text replaced once; within a stream, by one of the same length.
func spoilt(t *testing.T, data []byte, from, to string) []byte {
	t.Helper()
	f, found := open(data), false
	out := bytes.NewBufferString("%PDF-1.7\n")
	rows := make([]byte, 7)
	put := func(n int, object string) {
		if !found && strings.Contains(object, from) {
			object, found = strings.Replace(object, from, to, 1), true
		}
		rows = append(rows, 1)
		rows = binary.BigEndian.AppendUint32(rows, uint32(out.Len()))
		rows = append(rows, 0, 0)
		fmt.Fprintf(out, "%d 0 obj\n%s\nendobj\n", n, object)
	}
	for n := 1; n < int(f.trailer["Size"].(float64))-1; n++ {
		put(n, source(f, n))
	}
	if !found {
		t.Fatalf("no object holds %q", from)
	}
	start, n := out.Len(), len(rows)/7
	rows = append(rows, 1, byte(start>>24), byte(start>>16), byte(start>>8), byte(start), 0, 0)
	fmt.Fprintf(out, "%d 0 obj\n<</Type/XRef/Size %d/W[1 4 2]/Root %d 0 R/Info %d 0 R/Length %d>>stream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n",
		n, n+1, f.trailer["Root"], f.trailer["Info"], len(rows), rows, start)
	return out.Bytes()
}

// source returns an object as it is written, its stream uncompressed.
func source(f *file, n int) string {
	place, ok := f.packed[n]
	if !ok {
		return direct(f, f.offsets[n])
	}
	s := f.at(f.offsets[place[0]]).(stream)
	data := s.inflated()
	index, at := &lexer{data: data}, 0
	for i := 0; i <= place[1]; i++ {
		index.next()
		offset, _ := index.next()
		at = int(s.dict["First"].(float64) + offset.(float64))
	}
	l := &lexer{data: data, at: at}
	l.next()
	return string(data[at:l.at])
}

func direct(f *file, offset int) string {
	l := &lexer{data: f.data, at: offset}
	for range 3 {
		l.next()
	}
	l.space()
	from := l.at
	l.next()
	dictionary := string(f.data[from:l.at])
	s, ok := f.at(offset).(stream)
	if !ok {
		return dictionary
	}
	data := s.inflated()
	dictionary = strings.Replace(dictionary, "/Filter/FlateDecode", "", 1)
	cut := strings.LastIndex(dictionary, "/Length ")
	return fmt.Sprintf("%s/Length %d>>stream\n%s\nendstream", dictionary[:cut], len(data), data)
}

// A checker that finds nothing is worth nothing: each line spoils a document in
// one way that must be noticed.
func TestWhatIsWrongIsNoticed(t *testing.T) {
	file := document(t)
	for _, test := range []struct{ from, to, want string }{
		{"/Marked true", "/Marked false", "not marked as tagged"},
		{"/DisplayDocTitle true", "/DisplayDocTitle false", "does not show its title"},
		{"/MarkInfo<</Marked true>>/Lang(en-US)", "/MarkInfo<</Marked true>>", "has no language"},
		{"/Title(Statement)", "", "has no title"},
		{"/Title(Statement)", "/Title(Another)", "another title"},
		{"/Tabs/S", "/Tabs/R", "tabs do not follow"},
		{"/Scope/Column", "", "has no scope"},
		{"/S/H2", "/S/H3", "skips from level 1 to 3"},
		{"/S/TD", "/S/TX", "not one of our tags"},
		{"/S/TD", "/S/LI", "LI in TR"},
		{"/Alt(code)", "", "no alternative text"},
		{"/ListNumbering", "/ListMumbering", "how it is numbered"},
		{"/Contents(link)", "", "says nothing"},
		{"/StructParent 1", "/StructParent 0", "does not lead back"},
		{"/Annots[", "/Annotx[", "not on its page"},
		{"/Artifact<<", "/Artifice<<", "neither marked nor an artifact"},
		{"<</MCID 1>>BDC", "<</MCID 0>>BDC", "marked content 0 twice"},
		{"/K 0>>", "/K 99>>", "which its page does not have"},
		{"/K 0>>", ">>", "is in no element"},
		{"\nEMC\n", "\n   \n", "marked content within marked content"},
		{"BT\n", "  \n", "text outside of marked content"},
		{"/CIDToGIDMap ", "/CIDToGIDMax ", "has no CIDToGIDMap"},
		{"/W[10[278]32[278", "/W[10[278]32[378", "in the document"},
		{"<0020><007E><0020>", "<0020><0040><0020>", "means no text"},
		{"/Subtype/Type0", "/Subtype/Type3", "not of type 0"},
		{"/ParentTreeNextKey", "/P 4 0 R/ParentTreeNextKey", ""},
	} {
		d, err := read(spoilt(t, file, test.from, test.to))
		if err != nil {
			t.Errorf("%s -> %s: %v", test.from, test.to, err)
			continue
		}
		if all := strings.Join(d.faults, "\n"); !strings.Contains(all, test.want) || (test.want == "") != (all == "") {
			t.Errorf("%s -> %s: found %q, want %q", test.from, test.to, all, test.want)
		}
	}
}

func TestDamagedFilesAreErrors(t *testing.T) {
	file := document(t)
	for n := 0; n < len(file); n += 1 + len(file)/300 {
		if _, err := read(file[:n]); err == nil {
			t.Errorf("the first %d bytes were read without error", n)
		}
	}
}

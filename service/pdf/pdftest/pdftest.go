// Package pdftest reads the documents that package pdf writes and fails a test
// when a screen reader, a search or a strict viewer would stumble over one.
//
// It shares no code with the writer: it has its own parser, follows codes to
// text through the embedded maps, and checks the rules of PDF/UA-1 (ISO
// 14289-1) that we rely on. Rooms that make documents use it for their golden
// files: Outline is what a screen reader walks through, as text.
package pdftest

import (
	"fmt"
	"strings"
	"testing"
)

// Document is a document that was read and found in order.
type Document struct {
	Title, Lang string
	Pages       int

	file   *file
	pages  []page
	root   *Element
	faults []string
}

// Element is one element of the structure tree.
type Element struct {
	Tag, Lang, Alt, Scope string
	Kids                  []Kid
	number                int // of its object
	attributes            []dict
}

// Kid is a child of an element: another element, or text. A link's annotation
// is a kid without either.
type Kid struct {
	Element *Element
	Text    string
	Page    int    // of the text, from 1
	Address string // where a link leads
}

// Open reads a document, reports everything that is wrong with it as test
// errors, and returns it.
func Open(t testing.TB, data []byte) *Document {
	t.Helper()
	d, err := read(data)
	if err != nil {
		t.Fatalf("read document: %v", err)
	}
	for _, f := range d.faults {
		t.Errorf("document %q: %s", d.Title, f)
	}
	return d
}

func read(data []byte) (d *Document, err error) {
	defer func() {
		// The parser panics on anything that the writer would not write, which
		// keeps it short.
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	d = &Document{file: open(data)}
	d.checkCatalog()
	d.readPages()
	d.readTree()
	d.checkTree()
	return d, nil
}

func fail(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// fault notes something that is wrong with the document.
func (d *Document) fault(format string, args ...any) {
	d.faults = append(d.faults, fmt.Sprintf(format, args...))
}

// Outline returns the structure tree as indented text: tags with their language,
// scope and alternative text, and what is read in them.
func (d *Document) Outline() string {
	var b strings.Builder
	d.root.outline(&b, "")
	return b.String()
}

func (e *Element) outline(b *strings.Builder, indent string) {
	b.WriteString(indent + e.Tag)
	for _, a := range []struct{ name, value string }{{"lang", e.Lang}, {"scope", e.Scope}, {"alt", e.Alt}} {
		if a.value != "" {
			fmt.Fprintf(b, " %s=%q", a.name, a.value)
		}
	}
	if len(e.Kids) == 1 && e.Kids[0].Element == nil { // a leaf on one line
		fmt.Fprintf(b, ": %s\n", e.Kids[0].Text)
		return
	}
	b.WriteString("\n")
	for _, k := range e.Kids {
		switch {
		case k.Element != nil:
			k.Element.outline(b, indent+"  ")
		case k.Address != "":
			fmt.Fprintf(b, "%s  -> %s\n", indent, k.Address)
		default:
			fmt.Fprintf(b, "%s  %s\n", indent, k.Text)
		}
	}
}

// Text returns everything that is read, in order, with a newline after each
// element that holds text of its own.
func (d *Document) Text() string {
	var b strings.Builder
	for _, e := range d.All() {
		if s := e.Text(); s != "" {
			b.WriteString(s + "\n")
		}
	}
	return b.String()
}

// All returns every element in reading order.
func (d *Document) All(tags ...string) (found []*Element) {
	var walk func(*Element)
	walk = func(e *Element) {
		wanted := len(tags) == 0
		for _, tag := range tags {
			wanted = wanted || e.Tag == tag
		}
		if wanted {
			found = append(found, e)
		}
		for _, k := range e.Kids {
			if k.Element != nil {
				walk(k.Element)
			}
		}
	}
	walk(d.root)
	return found
}

// Page returns the first page on which text of an element stands, from 1; 0 if
// it has none.
func (e *Element) Page() int {
	for _, k := range e.Kids {
		if k.Page > 0 {
			return k.Page
		}
		if k.Element != nil && k.Element.Page() > 0 {
			return k.Element.Page()
		}
	}
	return 0
}

// Text returns the text directly in an element, and in the spans and links of
// its line.
func (e *Element) Text() string {
	var b strings.Builder
	for _, k := range e.Kids {
		switch {
		case k.Element == nil:
			b.WriteString(k.Text)
		case e.Tag != "Span" && e.Tag != "Link" && (k.Element.Tag == "Span" || k.Element.Tag == "Link"):
			b.WriteString(k.Element.Text())
		}
	}
	return b.String()
}

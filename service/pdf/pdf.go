// Package pdf writes statements, letters and reports as tagged PDF, so that a
// screen reader reads them as well as an eye does.
//
// A document is filled from top to bottom with headings, paragraphs, lists,
// tables and panels, and then written. Every word is part of a structure tree
// (PDF/UA-1, ISO 14289-1): headings are headings, table cells know their
// headers, languages are marked, and what is mere decoration, or repeats on
// every page, is kept out of the reader's way. Fonts are embedded, and the text
// that a reader copies or searches is the text that was put in, in any script;
// a letter that no font has becomes a box that shows its number and still
// carries the letter.
//
// The package knows nothing of children and money. It reads no clock, draws no
// random numbers and stores nothing: the same calls give the same bytes. It may
// not phrase anything; even "page 2 of 3" is its caller's to say.
package pdf

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"seedbook/service/pdf/typeset"
)

var (
	// ErrNoTitle and ErrNoLang report a document, and ErrNoAlt a matrix, that a
	// screen reader could not announce.
	ErrNoTitle = errors.New("a document needs a title")
	ErrNoLang  = errors.New("a document needs a language")
	ErrNoAlt   = errors.New("a matrix needs a text that says what it is for")
	// ErrShape reports a table with a row of more cells than columns, a matrix
	// that is not square, or margins as wide as the page: a mistake of the
	// program.
	ErrShape = errors.New("the parts do not fit together")
	// ErrTooMany reports a document of more different letters than a font can
	// have in one file; make two documents of it.
	ErrTooMany = errors.New("too many different letters")
)

// Options describe a document. Title and Lang are required.
type Options struct {
	Title string // what a reader's window shows
	// Lang is the language of the whole document (BCP 47: "en-US", "es",
	// "ar"). It decides from which side the document is read.
	Lang            string
	Author, Subject string
	// Created is when the facts of the document were made; zero leaves it out.
	Created time.Time
	Page    PageSize // zero is Letter
	Margins Margins  // zero is three quarters of an inch
	// Scale enlarges all type, up to 3 times: 1.5 is large print. Zero is 1.
	Scale float64
	// Head and Foot are for the first section; see Section.
	Head, Foot Running
	// Fonts are used for letters that the built-in fonts lack; nil for none.
	Fonts *Fonts
}

// Running gives the line at the head or foot of a page, in two parts: one at
// the side where reading starts, one at the side where it ends. Page counts
// from 1 to pages within the section. A screen reader skips these lines, and a
// part longer than three fifths of the page is cut, so they may only repeat
// what is said elsewhere.
type Running func(page, pages int) (start, end string)

// PageSize is the size of the paper.
type PageSize uint8

// The sizes of paper.
const (
	Letter PageSize = iota // 8.5 by 11 inches
	A4                     // 210 by 297 millimetres
)

func (p PageSize) points() (width, height float64) {
	if p == A4 {
		return 595.28, 841.89
	}
	return 612, 792
}

// Margins are the white edges of a page, in points of 1/72 inch. Head and foot
// lines stand inside them.
type Margins struct{ Top, Bottom, Sides float64 }

// Fonts are additional fonts, parsed once for the life of the program. They are
// safe for concurrent use.
type Fonts = typeset.Fonts

// ParseFonts reads TrueType files, or collections of which the first font is
// taken, to be tried in order for letters that the built-in fonts lack
// (Chinese, say). Fonts with PostScript outlines (.otf) are refused.
func ParseFonts(files ...[]byte) (*Fonts, error) { return typeset.NewFonts(files...) }

// Span is a stretch of text in one style and language. See Plain, Bold.
type Span struct {
	Text         string
	Bold, Italic bool
	Lang         string // BCP 47, where it differs from the document's
	// Link makes the text lead to a web, mail or telephone address (https,
	// http, mailto, tel). Any other address is ignored and the text remains.
	Link string
}

// Plain is text in the ordinary face.
func Plain(text string) Span { return Span{Text: text} }

// Bold is text in the bold face.
func Bold(text string) Span { return Span{Text: text, Bold: true} }

// Document is a PDF in the making. It is not safe for concurrent use; many may
// be made at once.
type Document struct {
	options Options
	fonts   *Fonts
	*workspace
	pages    []*page
	sections []section
	page     *page
	y        float64 // how far down the page is filled, in points
	width    float64 // between the margins
	rtl      bool    // the section is read from right to left
	heading  int     // level of the last heading
	// headlines are headings that wait for what they stand above.
	headlines []headline
	err       error  // the first mistake
	done      []byte // the finished file
}

// New starts a document.
func New(o Options) *Document {
	if o.Margins == (Margins{}) {
		o.Margins = Margins{Top: 54, Bottom: 60, Sides: 54}
	}
	if o.Scale <= 0 {
		o.Scale = 1
	}
	o.Scale = min(o.Scale, 3)
	fonts := o.Fonts
	if fonts == nil {
		fonts = builtin()
	}
	d := &Document{options: o, fonts: fonts, workspace: takeWorkspace(fonts)}
	paper, _ := o.Page.points()
	d.width = paper - 2*o.Margins.Sides
	switch {
	case blank(o.Title):
		d.fail(ErrNoTitle)
	case blank(o.Lang):
		d.fail(ErrNoLang)
	case d.width < 144 || d.full() < 144:
		d.fail(fmt.Errorf("margins leave no room: %w", ErrShape))
	}
	d.tree.start(o.Lang)
	d.open(Section{Lang: o.Lang, Head: o.Head, Foot: o.Foot})
	return d
}

// Pages is the number of pages so far.
func (d *Document) Pages() int { return len(d.pages) }

// Bytes finishes the document and returns the file. It fails if a call before
// was mistaken. Nothing can be added afterwards; asking again gives the same.
func (d *Document) Bytes() ([]byte, error) {
	if d.err == nil && d.done == nil {
		d.closeSection()
		d.done = d.file()
		d.workspace.give()
		d.workspace = nil
	}
	if d.err != nil {
		return nil, fmt.Errorf("write document: %w", d.err)
	}
	return d.done, nil
}

// WriteTo finishes the document as Bytes does and writes it.
func (d *Document) WriteTo(w io.Writer) (int64, error) {
	file, err := d.Bytes()
	if err != nil {
		return 0, err
	}
	n, err := w.Write(file)
	return int64(n), err
}

// blank tells whether a text would show nothing.
func blank(text string) bool { return strings.TrimSpace(typeset.Clean(text)) == "" }

// fail keeps the first mistake for Bytes to report.
func (d *Document) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

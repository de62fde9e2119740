// Package typeset turns text into lines of placed glyphs: it chooses fonts,
// shapes (ligatures, combining marks, Arabic joining), orders text of both
// directions, and breaks lines where Unicode allows.
//
// Its first promise is that no letter is lost. Every character of the input is
// the text of exactly one glyph, in the order of the input, so a reader that
// copies the page gets the input back; and a character that no font has becomes
// a visible box that still carries the character.
//
// It knows nothing of PDF. Lengths are thousandths of an em: multiply by the
// type size and divide by 1,000. Nothing here depends on time or chance.
package typeset

import "seedbook/service/pdf/truetype"

// Style chooses a face of the family.
type Style uint8

// The styles. Where a script has no such face, the nearest one is taken.
const (
	Regular Style = iota
	Bold
	Italic
)

// Span is a stretch of a paragraph in one style and language.
type Span struct {
	Text  string
	Style Style
	Lang  string // BCP 47; empty: as the paragraph
}

// Direction is the direction of a paragraph's base line.
type Direction uint8

// A paragraph that is Auto runs right to left when its first letter does.
// Mostly right to left is for documents in such a language: a paragraph runs
// right to left as soon as it holds a letter that does, since it may well begin
// with a foreign name. Without any letter (dates, amounts) both run left to
// right.
const (
	Auto Direction = iota
	MostlyRightToLeft
)

// Glyph is one glyph of a paragraph and the text it stands for.
type Glyph struct {
	Font Font
	// Code says which glyph: a core code in a core font, else the font's own
	// number, or an index in Composed; 0 in the font of boxes, where the text
	// decides.
	Code uint16
	// Start and End bound the glyph's text in the paragraph's source, in bytes.
	Start, End uint32
	// Width is the glyph's own width; Advance is how far the pen moves, which
	// kerning and marks make different; DX and DY move the glyph off the pen.
	Width, Advance, DX, DY int16
	Flags                  Flag
}

// Flag marks what the line breaker and the writer must know of a glyph.
type Flag uint8

const (
	// Space glyphs hang over the end of a line.
	Space Flag = 1 << iota
	// Newline ends a line. It looks and reads as a space.
	Newline
	// Attached glyphs must stay on the line of the glyph before.
	Attached
	// Composed glyphs are put together from others.
	Composed
	// Blank glyphs show nothing and have no width; they only carry text.
	Blank
)

// Text is a shaped paragraph.
type Text struct {
	// Source is the text as it will be read: the input with control characters
	// replaced.
	Source string
	// Glyphs are in the order of the source, in every direction of writing.
	Glyphs []Glyph
	// Width is the sum of the advances.
	Width int
	// RightToLeft is the direction of the base line.
	RightToLeft bool
	// Composed are glyphs put together from others, because only together they
	// show their text: a letter and its vowel marks, say.
	Composed []truetype.Outline
	// ends are the byte offsets in Source at which the spans end.
	ends []uint32
	// runs divide the glyphs by direction; none means left to right throughout.
	runs []run
}

// run is a stretch of glyphs at one level of the bidirectional algorithm; odd
// levels run right to left.
type run struct {
	end   int // glyph after the last
	level int8
}

// SpanAt returns which span of the input a glyph belongs to.
func (t *Text) SpanAt(glyph int) int {
	at := t.Glyphs[glyph].Start
	for i, end := range t.ends {
		if at < end {
			return i
		}
	}
	return max(0, len(t.ends)-1)
}

// TextOf returns the text that a glyph stands for.
func (t *Text) TextOf(glyph int) string {
	g := &t.Glyphs[glyph]
	return t.Source[g.Start:g.End]
}

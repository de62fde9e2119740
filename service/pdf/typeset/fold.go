package typeset

import (
	"unicode/utf8"

	"github.com/go-text/typesetting/harfbuzz"

	"seedbook/service/pdf/truetype"
)

// boxes appends a box for each rune that no font has.
func (s *Setter) boxes(p *paragraph, start, end int) {
	for i := start; i < end; i++ {
		g := Glyph{Font: Boxes, Start: p.offsets[i], End: p.offsets[i+1], Flags: p.flags(i)}
		g.Width = int16(truetype.BoxAdvance(p.runes[i]))
		if g.Flags&ignorable != 0 {
			g.Width = 0
		}
		g.Flags &^= Attached // a mark in a box of its own may stand anywhere
		g.Advance = g.Width
		s.arena = append(s.arena, g)
	}
}

// fold gives the text of glyphs that show nothing (joiners, direction marks) to
// a neighbour that does, so that it is read but takes no glyph. It returns how
// many glyphs are left.
func fold(glyphs []Glyph, source string) int {
	n := 0
	pending := -1 // start of text that waits for the first glyph to show
	for _, g := range glyphs {
		hidden := g.Flags&ignorable != 0 && g.Advance == 0
		switch {
		case hidden && n > 0:
			owner := n - 1
			for owner > 0 && glyphs[owner].Start == glyphs[owner].End {
				owner--
			}
			glyphs[owner].End = g.End
			for i := owner + 1; i < n; i++ {
				glyphs[i].Start, glyphs[i].End = g.End, g.End
			}
			continue
		case hidden && pending < 0:
			pending = int(g.Start)
		case !hidden && pending >= 0:
			g.Start = uint32(pending)
			pending = -1
		}
		if !hidden {
			glyphs[n] = g
			n++
		}
	}
	if n == 0 && len(glyphs) > 0 { // nothing shows: keep one glyph for all of it
		glyphs[0].Start, glyphs[0].End = 0, uint32(len(source))
		glyphs[0].Flags &^= ignorable
		return 1
	}
	return n
}

// toCore gives glyphs that a core font has, and whose text is their own
// character alone, to the core font, which documents share.
func (s *Setter) toCore(t *Text) {
	for i := range t.Glyphs {
		g := &t.Glyphs[i]
		if g.Font < WholeRegular || g.Font > WholeItalic || g.Flags&Group != 0 {
			continue
		}
		r, size := utf8.DecodeRuneInString(t.Source[g.Start:g.End])
		code, ok := coreCode(r)
		f := g.Font - WholeRegular
		if ok && size == int(g.End-g.Start) && (code == newlineCode || cores[f]().glyph[code] == g.Code) {
			g.Font, g.Code = f, uint16(code)
		}
	}
}

// BoxRune returns the character whose number a glyph of the font of boxes
// shows, given the glyph's text.
func BoxRune(text string) rune {
	for _, r := range text {
		if !harfbuzz.IsDefaultIgnorable(r) {
			return r
		}
	}
	r, _ := utf8.DecodeRuneInString(text)
	return r
}

package typeset

import (
	"unicode/utf8"

	"github.com/go-text/typesetting/harfbuzz"

	"seedbook/service/pdf/truetype"
)

// boxes appends a box for each rune that no font has.
func (s *Setter) boxes(p *paragraph, start, end int) {
	for i := start; i < end; i++ {
		if harfbuzz.IsDefaultIgnorable(p.runes[i]) {
			s.blanks(p, Boxes, i, i+1)
			continue
		}
		wide := int16(truetype.BoxAdvance(p.runes[i]))
		s.arena = append(s.arena, Glyph{
			Font: Boxes, Start: p.offsets[i], End: p.offsets[i+1], Width: wide, Advance: wide,
		})
	}
}

// toCore gives glyphs that a core font has, and whose text is their own
// character alone, to the core font, which documents share.
func (s *Setter) toCore(t *Text) {
	for i := range t.Glyphs {
		g := &t.Glyphs[i]
		if g.Font < WholeRegular || g.Font > WholeItalic || g.Flags&(Composed|Blank) != 0 {
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

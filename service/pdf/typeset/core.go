package typeset

import (
	"sync"
	"sync/atomic"
)

// The core repertoire is Windows code page 1252, in which English, Spanish,
// Portuguese, French and Haitian Creole are written, with four of its unused
// places given to signs that statements need. A core code is the place in that
// page; it is also the character code in the document. The soft hyphen is left
// out, since it is not always visible.

// coreHigh are the characters at 0x80 to 0x9F; 0 is unused.
var coreHigh = [32]rune{
	'€', '−', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 'ʻ', 'Ž', 0,
	'→', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u202f', 'ž', 'Ÿ',
}

var coreHighCode = func() map[rune]uint8 {
	m := map[rune]uint8{}
	for i, r := range coreHigh {
		if r != 0 {
			m[r] = uint8(0x80 + i)
		}
	}
	return m
}()

// newlineCode is the code of a line end, which is shown and read as a space.
const newlineCode = '\n'

// coreCode returns the core code of a character.
func coreCode(r rune) (uint8, bool) {
	switch {
	case r >= 0x20 && r <= 0x7E, r == newlineCode:
		return uint8(r), true
	case r < 0xA0 || r == 0xAD:
		return 0, false
	case r <= 0xFF:
		return uint8(r), true
	}
	c, ok := coreHighCode[r]
	return c, ok
}

// CoreRune returns the character that a core code is read as.
func CoreRune(code uint8) (rune, bool) {
	switch {
	case code == newlineCode:
		return ' ', true
	case code < 0x20 || code == 0x7F || code == 0xAD:
		return 0, false
	case code >= 0x80 && code < 0xA0:
		r := coreHigh[code-0x80]
		return r, r != 0
	}
	return rune(code), true
}

// spanish are the letters and signs that English and Spanish need beyond ASCII.
const spanish = "áéíóúüñÁÉÍÓÚÜÑ¿¡ªº«»°·–—‘’“”•…−→\u00a0"

var common = func() (c [256]bool) {
	for code := byte(0x20); code < 0x7F; code++ {
		c[code] = true
	}
	for _, r := range spanish {
		code, _ := coreCode(r)
		c[code] = true
	}
	c[newlineCode] = true
	return c
}()

// Common tells whether a core code is one that English and Spanish need. Most
// documents use no others, and can do with a smaller subset of the font.
func Common(code uint8) bool { return common[code] }

// core is what the fast path needs to know of a core font.
type core struct {
	face *Face
	// Glyph is the number in the whole font, by core code.
	glyph [256]uint16
	width [256]int16
	// advance is the pen's move after the first code of a pair (first<<8 |
	// second), shifted by one and marked with the lowest bit once known. It is
	// filled as pairs are met: asking the shaper for all of them would take
	// longer than most programs run.
	advance [1 << 16]atomic.Int32
}

var cores = [...]func() *core{
	CoreRegular: sync.OnceValue(func() *core { return newCore(builtin[WholeRegular]()) }),
	CoreBold:    sync.OnceValue(func() *core { return newCore(builtin[WholeBold]()) }),
	CoreItalic:  sync.OnceValue(func() *core { return newCore(builtin[WholeItalic]()) }),
}

func newCore(face *Face) *core {
	c := &core{face: face}
	for code := range 256 {
		r, ok := CoreRune(uint8(code))
		if !ok {
			continue
		}
		g, ok := face.shape.NominalGlyph(r)
		if !ok {
			panic("core font lacks " + string(r)) // the file is part of the program
		}
		c.glyph[code] = uint16(g)
		c.width[code] = face.width(uint16(g))
	}
	return c
}

// CoreGlyphs returns the glyph number of each core code in the whole font, and
// its width; 0, 0 where there is no such code.
func CoreGlyphs(f Font) (glyphs [256]uint16, widths [256]int16) {
	c := cores[f]()
	return c.glyph, c.width
}

// shapeCore appends the glyphs of text in a core font. It returns false, and
// glyphs to be thrown away, when the text holds a character outside the core
// repertoire. The result is that of the full shaper, about thirty times faster.
func (s *Setter) shapeCore(glyphs []Glyph, f Font, text string, start uint32) ([]Glyph, bool) {
	c := cores[f]()
	first := len(glyphs)
	for i, r := range text {
		code, ok := coreCode(r)
		if !ok {
			return glyphs, false
		}
		n := len(glyphs)
		if n > first {
			before := &glyphs[n-1]
			before.End = start + uint32(i)
			before.Advance = s.pair(f, c, uint8(before.Code), code)
		}
		glyphs = append(glyphs, Glyph{
			Font: f, Code: uint16(code), Start: start + uint32(i), Flags: coreFlags(code),
			Width: c.width[code], Advance: c.width[code],
		})
	}
	if n := len(glyphs); n > first {
		glyphs[n-1].End = start + uint32(len(text))
	}
	return glyphs, true
}

func coreFlags(code uint8) Flag {
	switch code {
	case ' ':
		return Space
	case newlineCode:
		return Space | Newline
	}
	return 0
}

// pair returns the advance of the first code of a pair.
func (s *Setter) pair(f Font, c *core, first, second uint8) int16 {
	slot := &c.advance[int(first)<<8|int(second)]
	v := slot.Load()
	if v&1 == 0 {
		v = int32(s.shapePair(f, c, first, second))<<1 | 1
		slot.Store(v)
	}
	return int16(v >> 1)
}

package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"strconv"
	"unicode/utf8"

	"seedbook/service/pdf/truetype"
	"seedbook/service/pdf/typeset"
)

// fontsInUse notes which fonts a document needs and which glyphs of them. A
// core font is embedded as one of two subsets that all documents share and that
// were compressed once; of any other font a document carries only the glyphs it
// shows.
type fontsInUse struct {
	fonts *Fonts
	core  [3]extent
	extra map[typeset.Font]*extraFont
	order []typeset.Font // of extra, as they were first met
	full  bool           // there were not codes enough
}

// extent is how much of a core font is needed.
type extent uint8

const (
	unused extent = iota
	common        // what English and Spanish need
	entire
	extents
)

// extraFont is the part of a font that one document shows. A character code is
// made for each pair of glyph and text, so that codes translate back exactly
// even where two characters look alike.
type extraFont struct {
	code     map[glyphText]uint16
	outlines []truetype.Outline
	texts    []string
	widths   []int16
}

// glyphText is a glyph, by its number or by what it is composed of, and what it
// stands for.
type glyphText struct {
	glyph    uint16
	blank    bool
	composed string
	text     string
}

func (u *fontsInUse) reset(f *Fonts) {
	u.fonts = f
	u.core, u.full = [3]extent{}, false
	u.extra = map[typeset.Font]*extraFont{}
	u.order = u.order[:0]
}

// code returns the character code of a glyph in its font and notes its use.
func (u *fontsInUse) code(t *typeset.Text, i int) uint16 {
	g := &t.Glyphs[i]
	if g.Font.IsCore() {
		u.core[g.Font] = max(u.core[g.Font], extentOf(g.Code))
		return g.Code
	}
	f := u.extra[g.Font]
	if f == nil {
		f = &extraFont{code: map[glyphText]uint16{}}
		u.extra[g.Font] = f
		u.order = append(u.order, g.Font)
	}
	key := glyphText{glyph: g.Code, blank: g.Flags&typeset.Blank != 0, text: t.TextOf(i)}
	if g.Flags&typeset.Composed != 0 {
		key.glyph, key.composed = 0, composedKey(t.Composed[g.Code])
	}
	code, ok := f.code[key]
	if !ok {
		if len(f.texts) == maxCodes {
			u.full = true
			return maxCodes
		}
		code = uint16(len(f.texts) + 1)
		f.code[key] = code
		f.texts = append(f.texts, key.text)
		f.widths = append(f.widths, g.Width)
		f.outlines = append(f.outlines, u.outline(t, g))
	}
	return code
}

// maxCodes is how many codes one font can have.
const maxCodes = 0xFFFF

func extentOf(code uint16) extent {
	if typeset.Common(uint8(code)) {
		return common
	}
	return entire
}

func (u *fontsInUse) outline(t *typeset.Text, g *typeset.Glyph) truetype.Outline {
	switch {
	case g.Flags&typeset.Blank != 0 || g.Font == typeset.Boxes:
		return truetype.Outline{}
	case g.Flags&typeset.Composed != 0:
		return t.Composed[g.Code]
	}
	return u.fonts.Face(g.Font).File.Single(g.Code)
}

// composedKey names a composed glyph by what it is made of.
func composedKey(c truetype.Outline) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(c.Advance))
	for _, p := range c.Parts {
		b = binary.BigEndian.AppendUint16(b, p.Glyph)
		b = binary.BigEndian.AppendUint16(b, uint16(p.X))
		b = binary.BigEndian.AppendUint16(b, uint16(p.Y))
	}
	return string(b)
}

// subset is a font as it is embedded: everything that its objects need.
type subset struct {
	name      string
	file      []byte // compressed
	size      int    // before compression
	widths    string // array W
	toUnicode []byte // compressed
	cidToGID  []byte // compressed; nil: the codes are the glyphs
	metrics   truetype.Metrics
	em        int
	italic    bool
}

// embed makes the subset of an extra font.
func (u *fontsInUse) embed(w *workspace, of typeset.Font) (subset, error) {
	f := u.extra[of]
	s := subset{widths: widthList(f.widths), italic: of == typeset.WholeItalic}
	var file []byte
	var err error
	if of == typeset.Boxes {
		file, s.name, s.metrics, s.em = truetype.Boxes(f.boxes()), "Boxes", truetype.BoxMetrics(), 1000
	} else {
		face := u.fonts.Face(of)
		file, err = face.File.Subset(f.outlines)
		s.name, s.metrics, s.em = face.Name, face.File.Metrics, face.File.UnitsPerEm
	}
	if err != nil {
		return s, fmt.Errorf("embed font %s: %w", s.name, err)
	}
	s.name, s.size = tagged(s.name, file), len(file)
	s.file = append([]byte(nil), w.compress(file)...)
	s.toUnicode = append([]byte(nil), w.compress(f.unicodeMap())...)
	return s, nil
}

// boxes are the characters whose numbers the boxes show; 0 for a blank.
func (f *extraFont) boxes() []rune {
	runes := make([]rune, len(f.texts))
	for i, text := range f.texts {
		if f.widths[i] > 0 {
			runes[i], _ = utf8.DecodeRuneInString(text)
		}
	}
	return runes
}

// tagged puts the six letters before a font's name that say it is a subset, and
// which (ISO 32000-1, 9.6.4).
func tagged(name string, file []byte) string {
	h := fnv.New32a()
	h.Write(file)
	var tag [6]byte
	for i, sum := 0, h.Sum32(); i < len(tag); i, sum = i+1, sum/26 {
		tag[i] = byte('A' + sum%26)
	}
	return string(tag[:]) + "+" + name
}

func widthList(widths []int16) string {
	b := []byte("[1[")
	for _, w := range widths {
		b = append(strconv.AppendInt(b, int64(w), 10), ' ')
	}
	return string(append(b, "]]"...))
}

func (f *extraFont) unicodeMap() []byte {
	m := unicodeMap{}
	for i, text := range f.texts {
		m.add(uint16(i+1), text)
	}
	return m.bytes()
}

// coreSubset makes the shared subset of a core font, packed as tightly as can
// be, since that happens once.
func coreSubset(of typeset.Font, much extent) subset {
	face := builtin().Face(of)
	numbers, widths := typeset.CoreGlyphs(of)
	var outlines []truetype.Outline
	m := unicodeMap{}
	toGID := make([]byte, 512)
	place := map[uint16]int{}
	for code := range 256 {
		r, ok := typeset.CoreRune(uint8(code))
		if !ok || extentOf(uint16(code)) > much {
			continue
		}
		m.add(uint16(code), string(r))
		g := numbers[code]
		if place[g] == 0 {
			outlines = append(outlines, face.File.Single(g))
			place[g] = len(outlines)
		}
		binary.BigEndian.PutUint16(toGID[2*code:], uint16(place[g]))
	}
	file, err := face.File.Subset(outlines)
	if err != nil {
		panic(err) // the font is part of the program
	}
	return subset{
		name: tagged(face.Name, file), file: packed(file), size: len(file),
		widths: coreWidths(widths), toUnicode: packed(m.bytes()), cidToGID: packed(toGID),
		metrics: face.File.Metrics, em: face.File.UnitsPerEm, italic: of == typeset.CoreItalic,
	}
}

// coreWidths is array W for core codes; codes that are not used are nowhere
// shown, so their zero width does not matter.
func coreWidths(widths [256]int16) string {
	b := []byte("[10[")
	b = append(strconv.AppendInt(b, int64(widths['\n']), 10), "]32["...)
	for _, w := range widths[32:] {
		b = append(strconv.AppendInt(b, int64(w), 10), ' ')
	}
	return string(append(b, "]]"...))
}

func packed(data []byte) []byte {
	var b bytes.Buffer
	z, _ := zlib.NewWriterLevel(&b, zlib.BestCompression) // the level is known to be right
	z.Write(data)
	z.Close()
	return b.Bytes()
}

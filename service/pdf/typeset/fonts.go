package typeset

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansitalic"
	"github.com/go-fonts/liberation/liberationsansregular"
	"github.com/go-text/typesetting/font"

	"seedbook/service/pdf/truetype"
)

// Font names one of the fonts that a glyph is taken from. The three core fonts
// are parts of the first three whole ones: the letters of western Europe under
// codes of our own, so that their subset can be made once for all documents.
type Font uint8

// The built-in fonts. Fonts that the operator adds follow after Extra.
const (
	CoreRegular Font = iota
	CoreBold
	CoreItalic
	WholeRegular
	WholeBold
	WholeItalic
	FallbackRegular
	FallbackBold
	Boxes
	Extra
)

// IsCore tells whether the codes of the font's glyphs are core codes.
func (f Font) IsCore() bool { return f <= CoreItalic }

// whole returns the font that a core font is a part of.
func (f Font) whole() Font { return f + WholeRegular }

// Face is one parsed font file.
type Face struct {
	// Name is the PostScript name, without spaces.
	Name string
	// File cuts subsets.
	File *truetype.Font
	// shape is what the shaper needs; it is safe for concurrent use.
	shape *font.Font
}

func parse(name string, data []byte) (*Face, error) {
	file, err := truetype.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("parse font %s: %w", name, err)
	}
	faces, err := font.ParseTTC(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("parse font %s: %w", name, err)
	}
	return &Face{Name: name, File: file, shape: faces[0].Font}, nil
}

// width returns a glyph's width in thousandths, rounded as it is written into
// the document, so that what we place is what a reader places.
func (f *Face) width(glyph uint16) int16 { return f.thousandths(f.File.Advance(int(glyph))) }

func (f *Face) thousandths(units int) int16 {
	em := f.File.UnitsPerEm
	v := units * 1000
	if v < 0 {
		return int16((v - em/2) / em)
	}
	return int16((v + em/2) / em)
}

// builtin parses the fonts that come with the program, each when it is first
// needed: most documents need two of them.
var builtin = map[Font]func() *Face{
	WholeRegular:    embedded("LiberationSans", liberationsansregular.TTF),
	WholeBold:       embedded("LiberationSans-Bold", liberationsansbold.TTF),
	WholeItalic:     embedded("LiberationSans-Italic", liberationsansitalic.TTF),
	FallbackRegular: embedded("DejaVuSans", dejavusans.TTF),
	FallbackBold:    embedded("DejaVuSans-Bold", dejavusansbold.TTF),
}

func embedded(name string, data []byte) func() *Face {
	return sync.OnceValue(func() *Face {
		f, err := parse(name, data)
		if err != nil {
			panic(err) // the file is part of the program
		}
		return f
	})
}

// chains list the fonts to try for a style, in order.
var chains = [...][]Font{
	Regular: {WholeRegular, FallbackRegular},
	Bold:    {WholeBold, FallbackBold, WholeRegular, FallbackRegular},
	Italic:  {WholeItalic, WholeRegular, FallbackRegular},
}

// Fonts is a set of fonts to typeset with: the built-in ones and those that the
// operator adds. It is safe for concurrent use and meant to live as long as the
// program.
type Fonts struct {
	extra []*Face
	setup sync.Pool // of *Setter
	// remembered holds the shapes of texts that needed the full shaper.
	remembered   sync.Map // memo -> *Text
	rememberedNo atomic.Int32
}

// NewFonts returns the built-in fonts and, after them, the given TrueType files
// (or the first font of TrueType collections), which are tried in order for
// what the built-in ones lack. Fonts with PostScript outlines are refused.
func NewFonts(files ...[]byte) (*Fonts, error) {
	f := &Fonts{}
	for i, data := range files {
		face, err := parse(fmt.Sprintf("Extra%d", i+1), data)
		if err != nil {
			return nil, err
		}
		f.extra = append(f.extra, face)
	}
	f.setup.New = func() any { return newSetter(f) }
	return f, nil
}

// Face returns the parsed file of a font; of a core font, the whole file.
func (f *Fonts) Face(of Font) *Face {
	if of.IsCore() {
		of = of.whole()
	}
	if of >= Extra {
		return f.extra[of-Extra]
	}
	return builtin[of]()
}

// chain calls visit with the fonts to try for a style until it returns true.
func (f *Fonts) chain(style Style, visit func(Font) bool) {
	for _, of := range chains[style] {
		if visit(of) {
			return
		}
	}
	for i := range f.extra {
		if visit(Extra + Font(i)) {
			return
		}
	}
}

package typeset

import (
	"strings"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/segmenter"
)

// Setter typesets one paragraph after another for one document. It is not safe
// for concurrent use. The texts it returns are valid until Reset or Release.
type Setter struct {
	fonts  *Fonts
	shaper map[Font]*harfbuzz.Font
	buffer *harfbuzz.Buffer
	bidi   bidi.Paragraph
	breaks segmenter.Segmenter
	arena  []Glyph
	texts  []Text // filled up to its capacity, then replaced
	order  []placed
	after  []uint32
	para   paragraph
}

func newSetter(f *Fonts) *Setter {
	return &Setter{fonts: f, shaper: map[Font]*harfbuzz.Font{}, buffer: harfbuzz.NewBuffer()}
}

// Setter returns a setter to be given back with Release.
func (f *Fonts) Setter() *Setter { return f.setup.Get().(*Setter) }

// Reset takes back the memory of the texts shaped so far.
func (s *Setter) Reset() {
	s.arena = s.arena[:0]
	clear(s.texts)
	s.texts = s.texts[:0]
}

// Release resets the setter and gives it back.
func (s *Setter) Release() {
	s.Reset()
	s.fonts.setup.Put(s)
}

// Shape shapes a paragraph. The same input gives the same glyphs.
func (s *Setter) Shape(d Direction, lang string, spans ...Span) *Text {
	if len(spans) == 1 && spans[0].Lang == "" {
		return s.shapeOne(d, lang, spans[0].Style, spans[0].Text)
	}
	t := s.text()
	t.join(spans)
	if !s.fast(t, spans) {
		s.full(t, d, lang, spans)
	}
	t.measure()
	return t
}

// memo is what the shape of a paragraph in one span depends on.
type memo struct {
	text, lang string
	style      Style
	direction  Direction
}

// maxRemembered bounds the shapes kept by Fonts, and maxRememberedText the
// length of each: labels and names, not letters.
const (
	maxRemembered     = 4096
	maxRememberedText = 400
)

// shapeOne shapes a paragraph of one span. Labels in Arabic, say, recur in
// every document and cost much to shape, so they are remembered; what the fast
// path can do is not, because it is as fast as looking it up.
func (s *Setter) shapeOne(d Direction, lang string, style Style, text string) *Text {
	t := s.text()
	t.Source = Clean(text)
	spans := []Span{{Text: t.Source, Style: style}}
	if s.fast(t, spans) {
		t.measure()
		return t
	}
	key := memo{t.Source, lang, style, d}
	if known, ok := s.fonts.remembered.Load(key); ok {
		return known.(*Text)
	}
	s.full(t, d, lang, spans)
	t.measure()
	s.fonts.remember(key, t)
	return t
}

// remember keeps a shaped text; when there are too many it starts anew.
func (f *Fonts) remember(key memo, t *Text) {
	if len(t.Source) > maxRememberedText {
		return
	}
	if f.rememberedNo.Add(1) > maxRemembered {
		f.remembered.Clear()
		f.rememberedNo.Store(0)
	}
	kept := *t
	kept.Source = strings.Clone(t.Source)
	kept.Glyphs = append([]Glyph(nil), t.Glyphs...)
	key.text = kept.Source
	f.remembered.Store(key, &kept)
}

// text returns an empty text from the setter's memory.
func (s *Setter) text() *Text {
	if len(s.texts) == cap(s.texts) {
		s.texts = make([]Text, 0, 128)
	}
	s.texts = append(s.texts, Text{})
	return &s.texts[len(s.texts)-1]
}

// join makes the spans' texts the source.
func (t *Text) join(spans []Span) {
	var b strings.Builder
	for i := range spans {
		b.WriteString(Clean(spans[i].Text))
		t.ends = append(t.ends, uint32(b.Len()))
	}
	t.Source = b.String()
}

func (t *Text) measure() {
	for i := range t.Glyphs {
		t.Width += int(t.Glyphs[i].Advance)
	}
}

// span returns the bounds of span i in the source.
func (t *Text) span(i int) (start, end uint32) {
	if len(t.ends) == 0 {
		return 0, uint32(len(t.Source))
	}
	if i > 0 {
		start = t.ends[i-1]
	}
	return start, t.ends[i]
}

// fast shapes text that lies within the core repertoire.
func (s *Setter) fast(t *Text, spans []Span) bool {
	from := len(s.arena)
	for i := range spans {
		start, end := t.span(i)
		var ok bool
		s.arena, ok = s.shapeCore(s.arena, coreOf(spans[i].Style), t.Source[start:end], start)
		if !ok {
			s.arena = s.arena[:from]
			return false
		}
	}
	t.Glyphs = s.arena[from:len(s.arena):len(s.arena)]
	return true
}

func coreOf(style Style) Font {
	switch style {
	case Bold:
		return CoreBold
	case Italic:
		return CoreItalic
	}
	return CoreRegular
}

// hb returns this setter's shaper for a font.
func (s *Setter) hb(f Font) *harfbuzz.Font {
	h, ok := s.shaper[f]
	if !ok {
		h = harfbuzz.NewFont(font.NewFace(s.fonts.Face(f).shape))
		s.shaper[f] = h
	}
	return h
}

// shapePair asks the full shaper for the advance of the first of two letters.
func (s *Setter) shapePair(f Font, c *core, first, second uint8) int16 {
	a, _ := CoreRune(first)
	b, _ := CoreRune(second)
	s.run(f.whole(), []rune{a, b}, 0, 2, harfbuzz.LeftToRight, language.Latin, "")
	own := c.face.File.Advance(int(c.glyph[first]))
	return c.width[first] + c.face.thousandths(int(s.buffer.Pos[0].XAdvance)-own)
}

// run shapes text[start:end], leaving the result in the buffer in visual order
// with clusters that are rune indexes. What shows nothing is left out; its
// runes fall to a neighbour's cluster.
func (s *Setter) run(f Font, text []rune, start, end int, d harfbuzz.Direction, script language.Script, lang string) {
	s.buffer.Clear()
	s.buffer.ClusterLevel = harfbuzz.MonotoneGraphemes
	s.buffer.Flags = harfbuzz.RemoveDefaultIgnorables
	s.buffer.Props = harfbuzz.SegmentProperties{
		Direction: d, Script: script, Language: language.NewLanguage(lang),
	}
	s.buffer.AddRunes(text, start, end-start)
	s.buffer.Shape(s.hb(f), nil)
}

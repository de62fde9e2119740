package typeset

import (
	"unicode"

	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"

	"seedbook/service/pdf/truetype"
)

// paragraph is the working state of the full shaper; its slices are reused.
type paragraph struct {
	runes   []rune   // the source
	offsets []uint32 // of each rune in the source, and its length at the end
	levels  []int8   // of each rune
	fonts   []Font   // of each rune
	style   []Style
	script  []language.Script
	lang    []string
}

// full shapes any text: it divides the paragraph into items of one direction,
// script, language and font, and asks the shaper for each.
func (s *Setter) full(t *Text, d Direction, lang string, spans []Span) {
	p := &s.para
	p.load(t, lang, spans)
	t.RightToLeft = s.levels(p, d)
	p.scripts()
	s.chooseFonts(p)
	from := len(s.arena)
	for start := 0; start < len(p.runes); {
		end := p.itemEnd(start)
		s.item(t, p, start, end)
		start = end
	}
	t.Glyphs = s.arena[from:len(s.arena):len(s.arena)]
	s.toCore(t)
	t.runs = p.runsOf(t)
}

func (p *paragraph) load(t *Text, lang string, spans []Span) {
	p.runes, p.offsets = p.runes[:0], p.offsets[:0]
	p.style, p.lang = p.style[:0], p.lang[:0]
	for i := range spans {
		start, end := t.span(i)
		own := spans[i].Lang
		if own == "" {
			own = lang
		}
		for at, r := range t.Source[start:end] {
			p.runes = append(p.runes, r)
			p.offsets = append(p.offsets, start+uint32(at))
			p.style = append(p.style, spans[i].Style)
			p.lang = append(p.lang, own)
		}
	}
	p.offsets = append(p.offsets, uint32(len(t.Source)))
}

// scripts gives every rune a script: what is common to all scripts takes that
// of the letters before it, or after it at the start.
func (p *paragraph) scripts() {
	p.script = p.script[:0]
	last := language.Latin
	for _, r := range p.runes {
		if own := language.LookupScript(r); own.Strong() {
			last = own
			break
		}
	}
	for _, r := range p.runes {
		if own := language.LookupScript(r); own.Strong() {
			last = own
		}
		p.script = append(p.script, last)
	}
}

// chooseFonts gives every rune a font. Letters keep their combining marks: the
// first font that has a whole cluster is taken, and only when none has, each
// rune goes its own way, at worst into a box.
func (s *Setter) chooseFonts(p *paragraph) {
	p.fonts = append(p.fonts[:0], make([]Font, len(p.runes))...)
	s.breaks.Init(p.runes)
	clusters := s.breaks.GraphemeIterator()
	for clusters.Next() {
		c := clusters.Grapheme()
		from, to := c.Offset, c.Offset+len(c.Text)
		if neutral(c.Text) {
			fill(p.fonts[from:to], p.blankFont(from))
			continue
		}
		if f, ok := s.fontFor(p, from, to); ok {
			fill(p.fonts[from:to], f)
			continue
		}
		for i := from; i < to; i++ {
			p.fonts[i] = s.fontForRune(p, i, from)
		}
	}
}

func fill(fonts []Font, f Font) {
	for i := range fonts {
		fonts[i] = f
	}
}

// neutral tells whether a cluster shows nothing, so that any font will do.
func neutral(cluster []rune) bool {
	for _, r := range cluster {
		if !unicode.IsSpace(r) && !harfbuzz.IsDefaultIgnorable(r) {
			return false
		}
	}
	return true
}

// blankFont returns the font for a space: that of the text before it, unless it
// is of another style or the font of boxes.
func (p *paragraph) blankFont(i int) Font {
	if i > 0 && p.style[i-1] == p.style[i] && p.fonts[i-1] != Boxes {
		return p.fonts[i-1]
	}
	return chains[p.style[i]][0]
}

// fontFor returns the first font that has all of a cluster, as its letters
// stand or composed.
func (s *Setter) fontFor(p *paragraph, from, to int) (found Font, ok bool) {
	s.fonts.chain(p.style[from], func(f Font) bool {
		ok = s.hasEach(f, p.runes[from:to]) || to-from > 1 && s.shapesAll(f, p, from, to)
		found = f
		return ok
	})
	return found, ok
}

func (s *Setter) hasEach(f Font, cluster []rune) bool {
	face := s.hb(f).Face()
	for _, r := range cluster {
		if _, ok := face.NominalGlyph(r); !ok && !harfbuzz.IsDefaultIgnorable(r) {
			return false
		}
	}
	return true
}

func (s *Setter) shapesAll(f Font, p *paragraph, from, to int) bool {
	s.run(f, p.runes[from:to], 0, to-from, harfbuzz.LeftToRight, p.script[from], p.lang[from])
	for i := range s.buffer.Info {
		if s.buffer.Info[i].Glyph == 0 {
			return false
		}
	}
	return true
}

// fontForRune finds a font for one rune of a cluster that no font has whole.
func (s *Setter) fontForRune(p *paragraph, i, first int) (found Font) {
	if i > first && harfbuzz.IsDefaultIgnorable(p.runes[i]) {
		return p.fonts[i-1]
	}
	found = Boxes
	s.fonts.chain(p.style[i], func(f Font) bool {
		if s.hasEach(f, p.runes[i:i+1]) {
			found = f
		}
		return found == f
	})
	return found
}

// itemEnd returns the end of the item that starts at a rune.
func (p *paragraph) itemEnd(start int) int {
	for i := start + 1; i < len(p.runes); i++ {
		if p.levels[i] != p.levels[start] || p.fonts[i] != p.fonts[start] ||
			p.script[i] != p.script[start] || p.lang[i] != p.lang[start] {
			return i
		}
	}
	return len(p.runes)
}

// item appends the glyphs of runes start to end in the order of the text.
func (s *Setter) item(t *Text, p *paragraph, start, end int) {
	if p.fonts[start] == Boxes {
		s.boxes(p, start, end)
		return
	}
	rtl, d := p.levels[start]%2 == 1, harfbuzz.LeftToRight
	if rtl {
		d = harfbuzz.RightToLeft
	}
	s.run(p.fonts[start], p.runes, start, end, d, p.script[start], p.lang[start])
	if len(s.buffer.Info) == 0 { // nothing but joiners and direction marks
		s.blanks(p, p.fonts[start], start, end)
		return
	}
	s.clusters(rtl, end, func(glyphs, runes bounds) {
		if rtl {
			s.leftward(t, p, glyphs, runes)
		} else {
			s.rightward(t, p, glyphs, runes)
		}
	})
}

// bounds are the start and end of a stretch.
type bounds struct{ from, to int }

func (b bounds) len() int { return b.to - b.from }

// clusters visits the clusters of the shaped buffer in the order of the text:
// glyphs that show something together, with the runes that they show.
func (s *Setter) clusters(rtl bool, end int, visit func(glyphs, runes bounds)) {
	info := s.buffer.Info
	if !rtl {
		for from := 0; from < len(info); {
			to := from + 1
			for to < len(info) && info[to].Cluster == info[from].Cluster {
				to++
			}
			after := end
			if to < len(info) {
				after = info[to].Cluster
			}
			visit(bounds{from, to}, bounds{info[from].Cluster, after})
			from = to
		}
		return
	}
	for to := len(info); to > 0; {
		from := to - 1
		for from > 0 && info[from-1].Cluster == info[to-1].Cluster {
			from--
		}
		after := end
		if from > 0 {
			after = info[from-1].Cluster
		}
		visit(bounds{from, to}, bounds{info[from].Cluster, after})
		to = from
	}
}

// rightward appends a cluster of text that runs left to right: a glyph for each
// rune if there are as many, else one glyph for all.
func (s *Setter) rightward(t *Text, p *paragraph, glyphs, runes bounds) {
	if glyphs.len() > 1 && glyphs.len() == runes.len() {
		for i := range glyphs.len() {
			s.arena = append(s.arena, s.glyph(p, glyphs.from+i, bounds{runes.from + i, runes.from + i + 1}))
		}
		return
	}
	// Joiners and the like get glyphs of their own, since some readers throw away
	// a glyph whose text ends in one.
	last := min(runes.to, runes.from+maxCarried)
	for last > runes.from+1 && harfbuzz.IsDefaultIgnorable(p.runes[last-1]) {
		last--
	}
	s.arena = append(s.arena, s.whole(t, p, glyphs, bounds{runes.from, last}))
	s.blanks(p, p.fonts[runes.from], last, runes.to)
}

// maxCarried bounds the runes that one glyph carries; readers of documents have
// limits of their own.
const maxCarried = 16

// leftward appends a cluster of text that runs right to left: one glyph that
// carries the first rune, and a blank for each further one, each a little left
// of the one before. Readers of documents sort letters by place to find out the
// order of such text, and they turn round the letters of a glyph that carries
// several.
func (s *Setter) leftward(t *Text, p *paragraph, glyphs, runes bounds) {
	g := s.whole(t, p, glyphs, bounds{runes.from, runes.from + 1})
	s.arena = append(s.arena, g)
	first := len(s.arena)
	s.blanks(p, g.Font, runes.from+1, runes.to)
	for i := first; i < len(s.arena); i++ {
		s.arena[i].DX = int16(first - i - 1)
	}
}

// glyph returns one glyph of the shaped buffer.
func (s *Setter) glyph(p *paragraph, i int, runes bounds) Glyph {
	f := p.fonts[runes.from]
	face, pos, code := s.fonts.Face(f), &s.buffer.Pos[i], uint16(s.buffer.Info[i].Glyph)
	return Glyph{
		Font: f, Code: code, Width: face.width(code), Flags: p.flags(runes.from),
		Start: p.offsets[runes.from], End: p.offsets[runes.to],
		Advance: face.thousandths(int(pos.XAdvance)),
		DX:      face.thousandths(int(pos.XOffset)), DY: face.thousandths(int(pos.YOffset)),
	}
}

// whole returns one glyph for all glyphs of a cluster.
func (s *Setter) whole(t *Text, p *paragraph, glyphs, runes bounds) Glyph {
	g := s.glyph(p, glyphs.from, runes)
	if glyphs.len() == 1 {
		return g
	}
	var c truetype.Outline
	for i := glyphs.from; i < glyphs.to; i++ {
		pos := &s.buffer.Pos[i]
		c.Parts = append(c.Parts, truetype.Part{
			Glyph: uint16(s.buffer.Info[i].Glyph),
			X:     int16(c.Advance + int(pos.XOffset)), Y: int16(pos.YOffset),
		})
		c.Advance += int(pos.XAdvance)
	}
	g.Code, g.Flags = uint16(len(t.Composed)), g.Flags|Composed
	g.Advance = s.fonts.Face(g.Font).thousandths(c.Advance)
	g.Width, g.DX, g.DY = g.Advance, 0, 0
	t.Composed = append(t.Composed, c)
	return g
}

// blanks appends a glyph that shows nothing for each rune.
func (s *Setter) blanks(p *paragraph, f Font, from, to int) {
	for i := from; i < to; i++ {
		s.arena = append(s.arena, Glyph{
			Font: f, Start: p.offsets[i], End: p.offsets[i+1], Flags: Blank | Attached,
		})
	}
}

// flags returns what the line breaker must know of a rune.
func (p *paragraph) flags(i int) Flag {
	switch r := p.runes[i]; {
	case r == newlineCode:
		return Space | Newline
	case r == 0xA0, r == 0x202F, r == 0x2007:
	case unicode.IsSpace(r):
		return Space
	case unicode.In(r, unicode.Mn, unicode.Me):
		return Attached
	}
	return 0
}

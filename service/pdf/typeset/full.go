package typeset

import (
	"unicode"

	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
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
	s.arena = s.arena[:from+fold(s.arena[from:], t.Source)]
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
	last := WholeRegular
	for clusters.Next() {
		c := clusters.Grapheme()
		from, to := c.Offset, c.Offset+len(c.Text)
		if neutral(c.Text) {
			if from > 0 {
				last = p.fonts[from-1]
			}
			last = s.blankFont(last, p.style[from])
			fill(p.fonts[from:to], last)
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

// blankFont returns the font for spaces after text in font last: the same one,
// unless that is the font of boxes or of another style.
func (s *Setter) blankFont(last Font, style Style) Font {
	for _, f := range chains[style] {
		if f == last {
			return last
		}
	}
	return chains[style][0]
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
	f := p.fonts[start]
	if f == Boxes {
		s.boxes(p, start, end)
		return
	}
	d := harfbuzz.LeftToRight
	if p.levels[start]%2 == 1 {
		d = harfbuzz.RightToLeft
	}
	s.run(f, p.runes, start, end, d, p.script[start], p.lang[start])
	info, pos := s.buffer.Info, s.buffer.Pos
	if d == harfbuzz.RightToLeft { // from the order seen to the order read
		for i, j := 0, len(info)-1; i < j; i, j = i+1, j-1 {
			info[i], info[j] = info[j], info[i]
			pos[i], pos[j] = pos[j], pos[i]
		}
	}
	face := s.fonts.Face(f)
	for i := 0; i < len(info); {
		n := 1
		for i+n < len(info) && info[i+n].Cluster == info[i].Cluster {
			n++
		}
		after := end
		if i+n < len(info) {
			after = info[i+n].Cluster
		}
		s.cluster(p, f, face, info[i:i+n], pos[i:i+n], after)
		i += n
	}
}

// cluster appends the glyphs that show the runes from their cluster to after.
func (s *Setter) cluster(p *paragraph, f Font, face *Face, info []harfbuzz.GlyphInfo, pos []harfbuzz.GlyphPosition, after int) {
	first := info[0].Cluster
	each := after-first == len(info) // a glyph for every rune
	for i := range info {
		g := Glyph{
			Font: f, Code: uint16(info[i].Glyph), Width: face.width(uint16(info[i].Glyph)),
			Advance: face.thousandths(int(pos[i].XAdvance)),
			DX:      face.thousandths(int(pos[i].XOffset)), DY: face.thousandths(int(pos[i].YOffset)),
		}
		switch {
		case each:
			g.Start, g.End = p.offsets[first+i], p.offsets[first+i+1]
			g.Flags = p.flags(first + i)
		case i == 0:
			g.Start, g.End = p.offsets[first], p.offsets[after]
			g.Flags = p.flags(first)
			if len(info) > 1 {
				g.Flags |= Group
			}
		default:
			g.Start, g.End = p.offsets[after], p.offsets[after]
			g.Flags = Group | Attached
		}
		s.arena = append(s.arena, g)
	}
}

// flags returns what the line breaker must know of a rune.
func (p *paragraph) flags(i int) (f Flag) {
	switch r := p.runes[i]; {
	case r == newlineCode:
		f = Space | Newline
	case r == 0xA0, r == 0x202F, r == 0x2007:
	case unicode.IsSpace(r):
		f = Space
	case unicode.In(r, unicode.Mn, unicode.Me):
		f = Attached
	case harfbuzz.IsDefaultIgnorable(r):
		f = ignorable | Attached
	}
	return f
}

package typeset

import (
	"unicode"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/language"
)

// levels gives every rune its level and returns whether the base line runs
// right to left.
func (s *Setter) levels(p *paragraph, d Direction) bool {
	base := p.base(d)
	p.levels = append(p.levels[:0], make([]int8, len(p.runes))...)
	def := bidi.LeftToRight
	if base {
		def = bidi.RightToLeft
	}
	runs := s.bidi.Segment(p.harmless(), def)
	for i := range runs.NumRuns() {
		r := runs.Run(i)
		for j := r.Start; j < r.End; j++ {
			p.levels[j] = int8(r.Level)
		}
		if r.Level == 2 && !base {
			p.lower(p.numberEnd(r.Start, r.End), r.End)
		}
		if r.Level == 0 && i+1 < runs.NumRuns() {
			p.raise(r.Start, r.End)
		}
	}
	return base
}

// lower and raise part what the library joins: a number beside text that runs
// right to left is at level 2, the text left to right around it at level 0, and
// the library makes one run of the two, which would move the text with the
// number.
func (p *paragraph) lower(from, to int) {
	for i := from; i < to; i++ {
		p.levels[i] = 0
	}
}

func (p *paragraph) raise(from, to int) {
	at := to
	for at > from && (isArabicDigit(p.runes[at-1]) || at < to && isSeparator(p.runes[at-1])) {
		at--
	}
	for at < to && !isArabicDigit(p.runes[at]) {
		at++
	}
	for ; at < to; at++ {
		p.levels[at] = 2
	}
}

// numberEnd returns the end of the number at the start of a run.
func (p *paragraph) numberEnd(from, to int) int {
	end := from
	for i := from; i < to; i++ {
		r := p.runes[i]
		switch {
		case unicode.IsDigit(r), unicode.Is(unicode.Sc, r), r == '%', r == '#', r == '°':
			end = i + 1
		case !isSeparator(r) && !unicode.Is(unicode.Mn, r):
			return end
		}
	}
	return end
}

func isArabicDigit(r rune) bool { return r >= 0x0660 && r <= 0x0669 || r == 0x066B || r == 0x066C }

func isSeparator(r rune) bool {
	return r == '.' || r == ',' || r == ':' || r == '/' || r == '-' || r == '+' || r == 0xA0
}

// base tells whether the paragraph's base line runs right to left. Where the
// first letter decides, isolated text does not count (UAX #9, P2).
func (p *paragraph) base(d Direction) bool {
	isolated := 0
	for _, r := range p.runes {
		switch {
		case r >= 0x2066 && r <= 0x2068:
			isolated++
		case r == 0x2069:
			isolated = max(0, isolated-1)
		case d == Auto && isolated > 0:
		case runsRightToLeft(r):
			return true
		case d == Auto && (unicode.IsLetter(r) || r == 0x200E):
			return false
		}
	}
	return false
}

// runsRightToLeft tells whether a character is a letter written right to left,
// or a mark that says so.
func runsRightToLeft(r rune) bool {
	if r == 0x200F || r == 0x061C {
		return true
	}
	switch {
	case r < 0x0590, r > 0x08FF && r < 0xFB1D, r > 0xFEFC && r < 0x10800:
		return false
	}
	return unicode.IsLetter(r) && rightToLeft(language.LookupScript(r))
}

func rightToLeft(script language.Script) bool {
	switch script {
	case language.Arabic, language.Hebrew, language.Syriac, language.Thaana, language.Nko,
		language.Samaritan, language.Mandaic, language.Adlam, language.Hanifi_Rohingya:
		return true
	}
	return false
}

// harmless returns the runes without embeddings and overrides, with which a
// name could turn the text around it; they stay in the source, without effect.
// Isolates, which formatted messages use, are kept.
func (p *paragraph) harmless() []rune {
	out := p.runes
	for i, r := range p.runes {
		if r < 0x202A || r > 0x202E {
			continue
		}
		if &out[0] == &p.runes[0] {
			out = append([]rune(nil), p.runes...)
		}
		out[i] = 0x2060 // word joiner: as invisible, and without direction
	}
	return out
}

// runsOf divides the glyphs by level; nil when all run left to right.
func (p *paragraph) runsOf(t *Text) (runs []run) {
	at, rtl := 0, false
	for i := range t.Glyphs {
		g := &t.Glyphs[i]
		for p.offsets[at+1] <= g.Start {
			at++
		}
		level := p.levels[at]
		rtl = rtl || level%2 == 1
		if n := len(runs); n > 0 && runs[n-1].level == level {
			runs[n-1].end = i + 1
			continue
		}
		runs = append(runs, run{i + 1, level})
	}
	if !rtl {
		return nil
	}
	return runs
}

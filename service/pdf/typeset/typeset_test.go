package typeset

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

func fonts(t testing.TB) *Fonts {
	t.Helper()
	f, err := NewFonts()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestTheFastPathGivesWhatTheFullShaperGives compares the two over random text
// of the core repertoire.
func TestTheFastPathGivesWhatTheFullShaperGives(t *testing.T) {
	s := fonts(t).Setter()
	random := rand.New(rand.NewPCG(1, 2))
	var letters []rune
	for code := range 256 {
		if r, ok := CoreRune(uint8(code)); ok && code != newlineCode {
			letters = append(letters, r)
		}
	}
	for range 300 {
		text := make([]rune, 1+random.IntN(40))
		for i := range text {
			text[i] = letters[random.IntN(len(letters))]
		}
		for style := Regular; style <= Italic; style++ {
			spans := []Span{{Text: string(text), Style: style}}
			fast, full := &Text{}, &Text{}
			fast.join(spans)
			full.join(spans)
			if !s.fast(fast, spans) {
				t.Fatalf("%q is not taken by the fast path", string(text))
			}
			s.full(full, Auto, "en", spans)
			if len(fast.Glyphs) != len(full.Glyphs) {
				t.Fatalf("%q: %d glyphs, full shaper %d", string(text), len(fast.Glyphs), len(full.Glyphs))
			}
			for i, g := range fast.Glyphs {
				if g != full.Glyphs[i] {
					t.Errorf("%q, glyph %d: %+v, full shaper %+v", string(text), i, g, full.Glyphs[i])
				}
			}
		}
	}
}

func TestEveryCharacterIsTheTextOfOneGlyph(t *testing.T) {
	s := fonts(t).Setter()
	for _, text := range []string{
		"Ana", "é", "e\u0301", "x\u0301\u0323", "ﬁ", "محمد سلام", "שָׂרָה", "पिता", "👩‍👧", "\u200d", "a\u00adb", "\u202eabc", "", "王",
		"a\nb", " ", "a " + "שלום" + " 12 abc",
	} {
		at := uint32(0)
		shaped := s.Shape(Auto, "", Span{Text: text})
		for i, g := range shaped.Glyphs {
			if g.Start != at || g.End <= g.Start {
				t.Errorf("%+q: glyph %d is for bytes %d to %d, want from %d", text, i, g.Start, g.End, at)
			}
			at = g.End
		}
		if int(at) != len(shaped.Source) {
			t.Errorf("%+q: glyphs end at byte %d of %d", text, at, len(shaped.Source))
		}
	}
}

// seen returns a line's text from left to right, as it is seen.
func seen(s *Setter, t *Text, l Line) string {
	at := s.Place(nil, t, l)
	for i := range at {
		at[i] += int(t.Glyphs[l.Start+i].DX)
	}
	order := make([]int, len(at))
	for i := range order {
		order[i] = i
	}
	for i := range order { // by place, and what stands at one place in the order read
		for j := i; j > 0 && at[order[j]] < at[order[j-1]]; j-- {
			order[j], order[j-1] = order[j-1], order[j]
		}
	}
	var b strings.Builder
	for _, i := range order {
		b.WriteString(t.TextOf(l.Start + i))
	}
	return b.String()
}

func TestTextOfBothDirectionsIsOrderedAsSeen(t *testing.T) {
	s := fonts(t).Setter()
	for _, test := range []struct {
		direction  Direction
		text, want string
		rtl        bool
	}{
		{Auto, "abc", "abc", false},
		{Auto, "אבג", "גבא", true},
		{Auto, "ab אבג cd", "ab גבא cd", false},
		{Auto, "אבג cd", "cd גבא", true},
		{MostlyRightToLeft, "cd אבג", "גבא cd", true},
		{MostlyRightToLeft, "only english", "only english", false},
		{MostlyRightToLeft, "$1,234.50", "$1,234.50", false},
		{Auto, "−$5.00", "−$5.00", false},
		{Auto, "ab אבג 12 cd", "ab 12 גבא cd", false},
		{Auto, "ab אבג 12.50, cd ef", "ab 12.50 גבא, cd ef", false},
		{Auto, "ab ١٢ אבג", "ab גבא ١٢", false},
		{Auto, "א (b) ג", "ג )b( א", true}, // with the glyphs of the other bracket
		{Auto, "\u2068אב\u2069 (Ali)", "\u2068בא\u2069 (Ali)", false},
		{Auto, "ab\u202ecd", "ab\u202ecd", false}, // overrides have no effect
		{Auto, "دولار \u2068$25\u2069 x", "x $25\u2069\u2068 رالود", true},
	} {
		shaped := s.Shape(test.direction, "", Span{Text: test.text})
		got := seen(s, shaped, s.Break(nil, shaped, 1<<20)[0])
		if strip(got) != strip(test.want) || shaped.RightToLeft != test.rtl {
			t.Errorf("%+q is seen as %+q (right to left: %v), want %+q", test.text, got, shaped.RightToLeft, test.want)
		}
	}
}

// strip drops characters that are not seen.
func strip(s string) string {
	return strings.NewReplacer("\u2068", "", "\u2069", "", "\u202e", "").Replace(s)
}

func TestLinesBreakWhereUnicodeAllows(t *testing.T) {
	s := fonts(t).Setter()
	for _, test := range []struct {
		text  string
		width int // thousandths of an em
		want  string
	}{
		{"one two three", 100000, "one two three"},
		{"one two three", 4000, "one two |three"},
		{"one two three", 2300, "one |two |three"},
		{"one   two", 1700, "one   |two"},
		{"a\u00a0b c", 1500, "a\u00a0b |c"},
		{"well-known", 3000, "well-|known"},
		{"$1,234.50", 1000, "$|1,|2|3|4.|5|0"}, // wider than the line: anywhere
		{"abcdef", 1200, "ab|cd|ef"},
		{"a\nb", 9000, "a\n|b"},
		{"\n\n", 9000, "\n|\n"},
		{"e\u0301e\u0301e\u0301", 700, "e\u0301|e\u0301|e\u0301"},
		{"שלום עולם טוב", 5000, "שלום עולם |טוב"},
		{"王小明", 1700, "王小|明"},
		{"", 10, ""},
	} {
		shaped := s.Shape(Auto, "", Span{Text: test.text})
		var got []string
		for _, l := range s.Break(nil, shaped, test.width) {
			text := ""
			for i := l.Start; i < l.End; i++ {
				text += shaped.TextOf(i)
			}
			if l.Width > test.width && utf8.RuneCountInString(text) > 2 {
				t.Errorf("%q: line %q is %d wide, of %d", test.text, text, l.Width, test.width)
			}
			got = append(got, text)
		}
		if s := strings.Join(got, "|"); s != test.want {
			t.Errorf("%q in %d: %q, want %q", test.text, test.width, s, test.want)
		}
	}
}

func TestSpansKeepTheirStyle(t *testing.T) {
	s := fonts(t).Setter()
	shaped := s.Shape(Auto, "en", Span{Text: "ab"}, Span{Text: "ễc", Style: Bold}, Span{Text: ""}, Span{Text: "d", Style: Italic})
	want := []struct {
		font Font
		span int
	}{{CoreRegular, 0}, {CoreRegular, 0}, {WholeBold, 1}, {CoreBold, 1}, {CoreItalic, 3}}
	for i, w := range want {
		if g := shaped.Glyphs[i]; g.Font != w.font || shaped.SpanAt(i) != w.span {
			t.Errorf("glyph %d is of font %d, span %d, want %+v", i, g.Font, shaped.SpanAt(i), w)
		}
	}
}

func TestRememberedShapesStayBounded(t *testing.T) {
	f := fonts(t)
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			s := f.Setter()
			defer s.Release()
			for i := range maxRemembered {
				name := "ễ" + strings.Repeat("a", i%50) + string(rune('a'+n)) + string(rune(0x1EA0+i%80))
				if got := s.Shape(Auto, "vi", Span{Text: name}); got.Source != name {
					t.Errorf("%q became %q", name, got.Source)
				}
			}
		})
	}
	all.Wait()
	kept := 0
	f.remembered.Range(func(any, any) bool { kept++; return true })
	if kept > maxRemembered+8 {
		t.Errorf("%d shapes are remembered", kept)
	}
}

func FuzzShape(f *testing.F) {
	f.Add("ab שלום 12 \u0301 محمد ễ", uint16(3000), false)
	f.Add("\u2067\u202eabc\u2069١٢ x", uint16(10), true)
	set := fonts(f)
	f.Fuzz(func(t *testing.T, text string, width uint16, rtl bool) {
		if len(text) > 2000 {
			return
		}
		d := Auto
		if rtl {
			d = MostlyRightToLeft
		}
		s := set.Setter()
		defer s.Release()
		shaped := s.Shape(d, "en", Span{Text: text, Style: Bold}, Span{Text: text, Lang: "ar"})
		end := 0
		for _, l := range s.Break(nil, shaped, int(width)) {
			if l.Start != end {
				t.Fatalf("a line begins at glyph %d, the one before ended at %d", l.Start, end)
			}
			end = l.End
			if n := len(s.Place(nil, shaped, l)); n != l.End-l.Start {
				t.Fatalf("%d places for %d glyphs", n, l.End-l.Start)
			}
		}
		if end != len(shaped.Glyphs) {
			t.Fatalf("lines end at glyph %d of %d", end, len(shaped.Glyphs))
		}
		at := uint32(0)
		for i, g := range shaped.Glyphs {
			if g.Start != at || g.End <= at {
				t.Fatalf("glyph %d is for bytes %d to %d, want from %d", i, g.Start, g.End, at)
			}
			at = g.End
		}
		if int(at) != len(shaped.Source) {
			t.Fatalf("text ends at %d of %d", at, len(shaped.Source))
		}
	})
}

package truetype

import (
	"bytes"
	"testing"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/liberation/liberationsansregular"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype/tables"
)

func parsed(t testing.TB, data []byte) (*Font, *font.Face) {
	t.Helper()
	f, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	face, err := font.ParseTTF(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return f, face
}

// outlines reads the outlines of a subset, which lacks the tables that a whole
// font needs, through the library's own reader of glyphs.
func outlines(t testing.TB, subset []byte) tables.Glyf {
	t.Helper()
	parts, err := directory(subset)
	if err != nil {
		t.Fatal(err)
	}
	loca := make([]uint32, len(parts["loca"])/4)
	for i := range loca {
		loca[i] = uint32(u16(parts["loca"], 4*i))<<16 | uint32(u16(parts["loca"], 4*i+2))
	}
	glyf, err := tables.ParseGlyf(parts["glyf"], loca)
	if err != nil {
		t.Fatal(err)
	}
	return glyf
}

func TestASubsetHasTheSameOutlinesWithoutInstructions(t *testing.T) {
	f, face := parsed(t, liberationsansregular.TTF)
	var wanted []Outline
	var ids []uint16
	for _, r := range "Aé ñỄ" {
		g, _ := face.NominalGlyph(r)
		wanted, ids = append(wanted, f.Single(uint16(g))), append(ids, uint16(g))
	}
	subset, err := f.Subset(wanted)
	if err != nil {
		t.Fatal(err)
	}
	if len(subset) > 4000 {
		t.Errorf("a subset of five letters is %d bytes", len(subset))
	}
	glyf := outlines(t, subset)
	for i, id := range ids {
		whole, err := f.outline(int(id))
		if err != nil {
			t.Fatal(err)
		}
		got := glyf[i+1]
		if len(whole) == 0 {
			if got.Data != nil {
				t.Errorf("glyph %d should be blank", id)
			}
			continue
		}
		if simple, ok := got.Data.(tables.SimpleGlyph); ok && (len(simple.Instructions) > 0 || len(simple.EndPtsOfContours) != i16(whole, 0)) {
			t.Errorf("glyph %d: %d instructions, %d contours", id, len(simple.Instructions), len(simple.EndPtsOfContours))
		}
		if int(got.XMin) != i16(whole, 2) || int(got.YMax) != i16(whole, 8) {
			t.Errorf("glyph %d has other bounds", id)
		}
	}
}

func TestCompositesBringTheirParts(t *testing.T) {
	f, face := parsed(t, dejavusans.TTF)
	for _, r := range "éñÅộ" {
		g, _ := face.NominalGlyph(r)
		subset, err := f.Subset([]Outline{f.Single(uint16(g))})
		if err != nil {
			t.Fatal(err)
		}
		glyf := outlines(t, subset)
		c, ok := glyf[1].Data.(tables.CompositeGlyph)
		if !ok {
			continue
		}
		for _, part := range c.Glyphs {
			if int(part.GlyphIndex) >= len(glyf) || glyf[part.GlyphIndex].Data == nil {
				t.Errorf("%c: part %d is not in the subset of %d glyphs", r, part.GlyphIndex, len(glyf))
			}
		}
	}
}

func TestGlyphsArePutTogether(t *testing.T) {
	f, face := parsed(t, liberationsansregular.TTF)
	a, _ := face.NominalGlyph('a')
	acute, _ := face.NominalGlyph('\u0301')
	space, _ := face.NominalGlyph(' ')
	subset, err := f.Subset([]Outline{
		{Parts: []Part{{Glyph: uint16(a)}, {Glyph: uint16(acute), X: 900, Y: -100}, {Glyph: uint16(space)}}, Advance: 1139},
		{},
		{Parts: []Part{{Glyph: uint16(space)}, {Glyph: uint16(space), X: 5}}, Advance: 7},
	})
	if err != nil {
		t.Fatal(err)
	}
	glyf := outlines(t, subset)
	c, ok := glyf[1].Data.(tables.CompositeGlyph)
	if !ok || len(c.Glyphs) != 2 {
		t.Fatalf("glyph 1 is %T", glyf[1].Data)
	}
	if x, y := c.Glyphs[1].ArgsAsTranslation(); x != 900 || y != -100 {
		t.Errorf("the accent is moved by %d, %d", x, y)
	}
	if glyf[2].Data != nil || glyf[3].Data != nil {
		t.Error("blanks have outlines")
	}
	parts, _ := directory(subset)
	if w := u16(parts["hmtx"], 4); w != 1139 {
		t.Errorf("the width is %d", w)
	}
}

func TestBoxesShowTheirNumber(t *testing.T) {
	subset := Boxes([]rune{'王', 0x1F600, 0})
	glyf := outlines(t, subset)
	if len(glyf) != 4 || glyf[3].Data != nil {
		t.Fatalf("%d glyphs", len(glyf))
	}
	// 738B: the frame is two contours, and the digits have 3, 5, 7 and 5 strokes.
	if n := len(glyf[1].Data.(tables.SimpleGlyph).EndPtsOfContours); n != 2+3+5+7+5 {
		t.Errorf("U+738B is drawn with %d contours", n)
	}
	if BoxAdvance('王') >= BoxAdvance(0x1F600) || BoxAdvance(0) != 0 {
		t.Error("six digits need more room than four, and none needs none")
	}
}

func TestDamagedFontsAreRefused(t *testing.T) {
	whole := liberationsansregular.TTF
	for n := 0; n < len(whole); n += 1 + n/3 {
		if f, err := Parse(whole[:n]); err == nil {
			if _, err := f.Subset([]Outline{f.Single(36)}); err == nil && n < len(whole)/2 {
				t.Errorf("half a font of %d bytes was taken", n)
			}
		}
	}
	f, _ := parsed(t, whole)
	if _, err := f.Subset([]Outline{{Parts: []Part{{Glyph: 65000}}}}); err == nil {
		t.Error("a glyph that the font does not have was taken")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Boxes([]rune{'a', 'b'}), uint16(1))
	f.Add([]byte("ttcf\x00\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0c"), uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, glyph uint16) {
		font, err := Parse(data)
		if err != nil {
			return
		}
		font.Subset([]Outline{font.Single(glyph), {Parts: []Part{{glyph, 1, 1}, {glyph, 2, 2}}}})
	})
}

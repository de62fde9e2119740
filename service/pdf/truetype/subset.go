package truetype

import (
	"encoding/binary"
	"fmt"
)

// Composite glyph flags (OpenType, table glyf).
const (
	argsAreWords     = 0x0001
	argsAreXY        = 0x0002
	haveScale        = 0x0008
	moreComponents   = 0x0020
	haveXYScale      = 0x0040
	haveTwoByTwo     = 0x0080
	haveInstructions = 0x0100
)

// Outline is a glyph for a subset: one glyph of the font, several put together,
// or none at all for a blank.
type Outline struct {
	Parts   []Part
	Advance int // font units
}

// Part is a glyph of the font, moved by so many font units.
type Part struct {
	Glyph uint16
	X, Y  int16
}

// Single is the outline that is one glyph of the font as it stands.
func (f *Font) Single(glyph uint16) Outline {
	return Outline{Parts: []Part{{Glyph: glyph}}, Advance: f.Advance(int(glyph))}
}

// Subset returns a font file that holds the given outlines, numbered in their
// order from 1, with the font's box for a missing glyph as number 0. The parts
// of composite glyphs follow at the end. The file has the tables that a PDF
// reader needs and no others; the same outlines give the same bytes.
func (f *Font) Subset(outlines []Outline) ([]byte, error) {
	c := &cut{from: f, number: map[int]int{}}
	c.append(f.Single(0), 0)
	for _, o := range outlines {
		glyph := -1
		if len(o.Parts) == 1 && o.Parts[0].X == 0 && o.Parts[0].Y == 0 {
			glyph = int(o.Parts[0].Glyph)
		}
		c.append(o, glyph)
	}
	// The parts of composites are appended while the list is walked.
	for i := 0; i < len(c.list); i++ {
		if err := c.add(i); err != nil {
			return nil, err
		}
	}
	return c.file(), nil
}

// cut is a subset in the making.
type cut struct {
	from   *Font
	list   []entry
	number map[int]int // glyph in the original font -> in the subset
	glyf   []byte
	ends   []int
	hmtx   []byte
	bounds limits
}

// entry is one glyph of the subset.
type entry struct {
	Outline
	glyph int // in the original font; -1 when it is none of its glyphs
}

func (c *cut) append(o Outline, glyph int) {
	if _, ok := c.number[glyph]; !ok && glyph >= 0 {
		c.number[glyph] = len(c.list)
	}
	c.list = append(c.list, entry{o, glyph})
}

// limits are the greatest values of anything in the glyphs, for table maxp.
type limits struct {
	points, contours, parts int
}

// add writes the outline and the metrics of one glyph.
func (c *cut) add(i int) (err error) {
	e := c.list[i]
	bearing := c.from.leftSideBearing(e.glyph)
	if e.glyph >= 0 {
		err = c.copy(e.glyph)
	} else {
		bearing, err = c.compose(e.Parts)
	}
	if err != nil {
		return err
	}
	for len(c.glyf)%4 != 0 {
		c.glyf = append(c.glyf, 0)
	}
	c.ends = append(c.ends, len(c.glyf))
	c.hmtx = binary.BigEndian.AppendUint16(c.hmtx, uint16(e.Advance))
	c.hmtx = binary.BigEndian.AppendUint16(c.hmtx, uint16(bearing))
	return nil
}

func (c *cut) copy(glyph int) error {
	data, err := c.from.outline(glyph)
	if err != nil || len(data) < 10 {
		return err
	}
	if i16(data, 0) >= 0 {
		err = c.addSimple(data)
	} else {
		err = c.addComposite(data)
	}
	if err != nil {
		return fmt.Errorf("glyph %d: %w", glyph, err)
	}
	return nil
}

// compose writes a composite glyph of parts and returns its left edge.
func (c *cut) compose(parts []Part) (left int, err error) {
	box, shown := [4]int{}, parts[:0:0]
	for _, p := range parts {
		data, err := c.from.outline(int(p.Glyph))
		if err != nil {
			return 0, err
		}
		if len(data) < 10 {
			continue // a part that shows nothing
		}
		own := [4]int{
			i16(data, 2) + int(p.X), i16(data, 4) + int(p.Y), i16(data, 6) + int(p.X), i16(data, 8) + int(p.Y),
		}
		if len(shown) == 0 {
			box = own
		}
		box = [4]int{min(box[0], own[0]), min(box[1], own[1]), max(box[2], own[2]), max(box[3], own[3])}
		shown = append(shown, p)
	}
	if len(shown) == 0 {
		return 0, nil
	}
	c.put(-1, box[0], box[1], box[2], box[3])
	for i, p := range shown {
		flags := argsAreWords | argsAreXY
		if i < len(shown)-1 {
			flags |= moreComponents
		}
		c.put(flags, c.renumber(int(p.Glyph)), int(p.X), int(p.Y))
	}
	c.bounds.parts = max(c.bounds.parts, len(shown))
	return box[0], nil
}

func (c *cut) put(values ...int) {
	for _, v := range values {
		c.glyf = binary.BigEndian.AppendUint16(c.glyf, uint16(v))
	}
}

// addSimple copies contours without their instructions.
func (c *cut) addSimple(data []byte) error {
	contours := i16(data, 0)
	ends := 10 + 2*contours
	if len(data) < ends+2 {
		return ErrGlyph
	}
	rest := ends + 2 + u16(data, ends)
	if rest > len(data) {
		return ErrGlyph
	}
	if contours > 0 {
		c.bounds.points = max(c.bounds.points, u16(data, ends-2)+1)
	}
	c.bounds.contours = max(c.bounds.contours, contours)
	c.glyf = append(c.glyf, data[:ends]...)
	c.glyf = append(c.glyf, 0, 0)
	c.glyf = append(c.glyf, data[rest:]...)
	return nil
}

// addComposite copies the list of parts, renumbered, without instructions.
func (c *cut) addComposite(data []byte) error {
	c.glyf = append(c.glyf, data[:10]...)
	parts := 0
	for at, more := 10, true; more; parts++ {
		if len(data) < at+4 {
			return ErrGlyph
		}
		flags := u16(data, at)
		more = flags&moreComponents != 0
		length := 4 + argumentLength(flags)
		if len(data) < at+length {
			return ErrGlyph
		}
		c.glyf = binary.BigEndian.AppendUint16(c.glyf, uint16(flags&^haveInstructions))
		c.glyf = binary.BigEndian.AppendUint16(c.glyf, uint16(c.renumber(u16(data, at+2))))
		c.glyf = append(c.glyf, data[at+4:at+length]...)
		at += length
	}
	c.bounds.parts = max(c.bounds.parts, parts)
	return nil
}

func argumentLength(flags int) int {
	n := 2
	if flags&argsAreWords != 0 {
		n = 4
	}
	switch {
	case flags&haveScale != 0:
		n += 2
	case flags&haveXYScale != 0:
		n += 4
	case flags&haveTwoByTwo != 0:
		n += 8
	}
	return n
}

func (c *cut) renumber(glyph int) int {
	if _, ok := c.number[glyph]; !ok {
		c.append(c.from.Single(uint16(glyph)), glyph)
	}
	return c.number[glyph]
}

func (c *cut) file() []byte {
	head := append([]byte(nil), c.from.head[:54]...)
	binary.BigEndian.PutUint32(head[8:], 0)  // checksum adjustment, set by assemble
	binary.BigEndian.PutUint16(head[50:], 1) // long offsets
	hhea := append([]byte(nil), c.from.hhea[:36]...)
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(c.list)))
	return assemble(map[string][]byte{
		"head": head, "hhea": hhea, "hmtx": c.hmtx, "glyf": c.glyf,
		"loca": locations(c.ends), "maxp": c.bounds.maxp(len(c.list)),
	})
}

func locations(ends []int) []byte {
	loca := make([]byte, 4, 4+4*len(ends))
	for _, end := range ends {
		loca = binary.BigEndian.AppendUint32(loca, uint32(end))
	}
	return loca
}

// maxp is the table of limits, version 1.0, for glyphs without instructions.
// What a composite adds up to is bounded from above: the greatest of
// everything, times the parts.
func (l limits) maxp(glyphs int) []byte {
	parts := max(1, l.parts)
	values := []int{
		1, 0, glyphs, l.points, l.contours, l.points * parts, l.contours * parts,
		1, 0, 0, 0, 0, 0, 0, l.parts, 4,
	}
	var t []byte
	for _, v := range values {
		t = binary.BigEndian.AppendUint16(t, uint16(min(v, 0xFFFF)))
	}
	return t
}

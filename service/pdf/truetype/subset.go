package truetype

import (
	"encoding/binary"
	"fmt"
)

// Composite glyph flags (OpenType, table glyf).
const (
	argsAreWords     = 0x0001
	haveScale        = 0x0008
	moreComponents   = 0x0020
	haveXYScale      = 0x0040
	haveTwoByTwo     = 0x0080
	haveInstructions = 0x0100
)

// Subset returns a font file that holds the given glyphs, renumbered in their
// order from 1, with the box for a missing glyph as number 0. The parts of
// composite glyphs follow at the end. The file has the tables that a PDF reader
// needs and no others; the same glyphs give the same bytes.
func (f *Font) Subset(glyphs []uint16) ([]byte, error) {
	c := &cut{from: f, number: map[int]int{0: 0}, order: []int{0}}
	for _, g := range glyphs {
		c.order = append(c.order, int(g))
		if _, ok := c.number[int(g)]; !ok {
			c.number[int(g)] = len(c.order) - 1
		}
	}
	// Composite parts are appended to the order while it is walked.
	for i := 0; i < len(c.order); i++ {
		if err := c.add(c.order[i]); err != nil {
			return nil, err
		}
	}
	return c.file(), nil
}

// cut is a subset in the making.
type cut struct {
	from   *Font
	number map[int]int // glyph in the original font -> in the subset
	order  []int       // glyph in the subset -> in the original font
	glyf   []byte
	ends   []int
	bounds limits
}

// limits are the greatest values of anything in the glyphs, for table maxp.
type limits struct {
	points, contours, parts int
}

func (c *cut) add(glyph int) error {
	data, err := c.from.outline(glyph)
	if err != nil {
		return err
	}
	if len(data) >= 10 {
		if i16(data, 0) >= 0 {
			err = c.addSimple(data)
		} else {
			err = c.addComposite(data)
		}
	}
	if err != nil {
		return fmt.Errorf("glyph %d: %w", glyph, err)
	}
	for len(c.glyf)%4 != 0 {
		c.glyf = append(c.glyf, 0)
	}
	c.ends = append(c.ends, len(c.glyf))
	return nil
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
	if n, ok := c.number[glyph]; ok {
		return n
	}
	c.order = append(c.order, glyph)
	c.number[glyph] = len(c.order) - 1
	return len(c.order) - 1
}

func (c *cut) file() []byte {
	head := append([]byte(nil), c.from.head[:54]...)
	binary.BigEndian.PutUint32(head[8:], 0)  // checksum adjustment, set by assemble
	binary.BigEndian.PutUint16(head[50:], 1) // long offsets
	hhea := append([]byte(nil), c.from.hhea[:36]...)
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(c.order)))
	hmtx := make([]byte, 0, 4*len(c.order))
	for _, g := range c.order {
		hmtx = binary.BigEndian.AppendUint16(hmtx, uint16(c.from.Advance(g)))
		hmtx = binary.BigEndian.AppendUint16(hmtx, uint16(c.from.leftSideBearing(g)))
	}
	return assemble(map[string][]byte{
		"head": head, "hhea": hhea, "hmtx": hmtx, "glyf": c.glyf,
		"loca": locations(c.ends), "maxp": c.bounds.maxp(len(c.order)),
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

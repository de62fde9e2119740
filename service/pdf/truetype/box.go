package truetype

import "encoding/binary"

// The font of boxes is drawn on an em of 1,000 units. A box stands on the
// baseline, is as high as a capital, and holds the character's number in
// hexadecimal, four digits in two columns or six in three, so that two
// different letters that no font has still look different on paper.
const (
	boxEm     = 1000
	boxHeight = 730
	boxStroke = 34
	// boxBearing is the white left and right of a box.
	boxBearing = 45
	// boxPad is the white between the frame and the digits, with the bearing.
	boxPad    = 75
	digitWide = 150
	digitHigh = 250
	digitStep = 215
	digitPen  = 42
)

// BoxAdvance returns the width of a character's box in thousandths of the em.
// Character 0 has none.
func BoxAdvance(r rune) int {
	if r == 0 {
		return 0
	}
	return 2*(boxStroke+boxPad) + digitStep*boxColumns(r)
}

func boxColumns(r rune) int {
	if r > 0xFFFF {
		return 3
	}
	return 2
}

// BoxMetrics are the measures of the font of boxes.
func BoxMetrics() Metrics {
	return Metrics{
		Box:    [4]int{0, 0, BoxAdvance(0x10FFFF), boxHeight},
		Ascent: boxHeight, Descent: 0, CapHeight: boxHeight,
	}
}

// Boxes returns a font file with one box for each character, numbered in their
// order from 1. Character 0 is a blank.
func Boxes(characters []rune) []byte {
	var glyf, hmtx []byte
	var ends []int
	var bounds limits
	for i, r := range append([]rune{' '}, characters...) {
		rects := boxRects(r)
		if i == 0 { // the glyph that is no character's stays empty inside
			rects = rects[:2]
		}
		glyf = appendRects(glyf, rects)
		ends = append(ends, len(glyf))
		hmtx = binary.BigEndian.AppendUint16(hmtx, uint16(BoxAdvance(r)))
		hmtx = binary.BigEndian.AppendUint16(hmtx, boxBearing)
		bounds.points = max(bounds.points, 4*len(rects))
		bounds.contours = max(bounds.contours, len(rects))
	}
	return assemble(map[string][]byte{
		"head": boxHead(), "hhea": boxHhea(len(ends)), "hmtx": hmtx, "glyf": glyf,
		"loca": locations(ends), "maxp": bounds.maxp(len(ends)),
	})
}

// rect is a filled rectangle, or a hole when its direction is turned.
type rect struct {
	x0, y0, x1, y1 int
	hole           bool
}

func boxRects(r rune) []rect {
	if r == 0 {
		return nil
	}
	left, right := boxBearing, BoxAdvance(r)-boxBearing
	rects := []rect{
		{left, 0, right, boxHeight, false},
		{left + boxStroke, boxStroke, right - boxStroke, boxHeight - boxStroke, true},
	}
	columns := boxColumns(r)
	for i := range 2 * columns {
		digit := int(r>>(4*(2*columns-1-i))) & 15
		x := boxStroke + boxPad + (i%columns)*digitStep + (digitStep-digitWide)/2
		y := 400 - (i/columns)*320
		rects = append(rects, digitRects(digit, x, y)...)
	}
	return rects
}

// segments holds, for each hexadecimal digit, which of the seven strokes of a
// pocket calculator are lit: bit 0 top, then clockwise, bit 6 the middle.
var segments = [16]byte{
	0x3F, 0x06, 0x5B, 0x4F, 0x66, 0x6D, 0x7D, 0x07,
	0x7F, 0x6F, 0x77, 0x7C, 0x39, 0x5E, 0x79, 0x71,
}

func digitRects(digit, x, y int) []rect {
	const w, h, p, half = digitWide, digitHigh, digitPen, digitHigh / 2
	strokes := [7]rect{
		{x, y + h - p, x + w, y + h, false},
		{x + w - p, y + half, x + w, y + h - p, false},
		{x + w - p, y + p, x + w, y + half, false},
		{x, y, x + w, y + p, false},
		{x, y + p, x + p, y + half, false},
		{x, y + half, x + p, y + h - p, false},
		{x + p, y + half - p/2, x + w - p, y + half + p/2, false},
	}
	var lit []rect
	for i, s := range strokes {
		if segments[digit]>>i&1 == 1 {
			lit = append(lit, s)
		}
	}
	return lit
}

// appendRects appends a simple glyph of rectangles; of none, nothing.
func appendRects(glyf []byte, rects []rect) []byte {
	if len(rects) == 0 {
		return glyf
	}
	outer := rects[0]
	put := func(v int) { glyf = binary.BigEndian.AppendUint16(glyf, uint16(v)) }
	for _, v := range []int{len(rects), outer.x0, outer.y0, outer.x1, outer.y1} {
		put(v)
	}
	for i := range rects {
		put(4*i + 3)
	}
	put(0) // no instructions
	for range 4 * len(rects) {
		glyf = append(glyf, 1) // on the curve, both coordinates as words
	}
	for axis := range 2 {
		last := 0
		for _, r := range rects {
			for _, corner := range r.corners() {
				put(corner[axis] - last)
				last = corner[axis]
			}
		}
	}
	for len(glyf)%4 != 0 {
		glyf = append(glyf, 0)
	}
	return glyf
}

// corners go clockwise for ink and the other way for a hole.
func (r rect) corners() [4][2]int {
	c := [4][2]int{{r.x0, r.y0}, {r.x0, r.y1}, {r.x1, r.y1}, {r.x1, r.y0}}
	if r.hole {
		c[1], c[3] = c[3], c[1]
	}
	return c
}

func boxHead() []byte {
	head := make([]byte, 54)
	binary.BigEndian.PutUint32(head[0:], 0x00010000)
	binary.BigEndian.PutUint32(head[12:], 0x5F0F3CF5) // the magic number of every font
	binary.BigEndian.PutUint16(head[16:], 0x0003)     // baseline and left bearing at zero
	binary.BigEndian.PutUint16(head[18:], boxEm)
	for i, v := range BoxMetrics().Box {
		binary.BigEndian.PutUint16(head[36+2*i:], uint16(v))
	}
	binary.BigEndian.PutUint16(head[46:], 8) // smallest readable size
	binary.BigEndian.PutUint16(head[48:], 2) // left to right
	binary.BigEndian.PutUint16(head[50:], 1) // long offsets
	return head
}

func boxHhea(glyphs int) []byte {
	hhea := make([]byte, 36)
	binary.BigEndian.PutUint32(hhea[0:], 0x00010000)
	binary.BigEndian.PutUint16(hhea[4:], boxHeight)
	binary.BigEndian.PutUint16(hhea[10:], uint16(BoxAdvance(0x10FFFF)))
	binary.BigEndian.PutUint16(hhea[34:], uint16(glyphs))
	return hhea
}

package pdf

import (
	"strconv"

	"seedbook/service/pdf/typeset"
)

// canvas writes the drawing instructions of one page. Lengths are points and
// run upwards from the lower left corner of the page, as PDF has it.
type canvas struct {
	out     []byte
	fonts   *fontsInUse
	font    typeset.Font
	size    float64 // 0: no font is set
	rise    int16
	ink     color
	inked   bool // a color is set
	showing bool // a string is open
}

// number appends a number with at most two decimals, and a space.
func (c *canvas) number(v float64) { c.out = append(appendNumber(c.out, v), ' ') }

func appendNumber(out []byte, v float64) []byte {
	n := int64(v*100 + 0.5)
	if v < 0 {
		n = int64(v*100 - 0.5)
	}
	if n < 0 {
		out = append(out, '-')
		n = -n
	}
	out = strconv.AppendInt(out, n/100, 10)
	if n%100 == 0 {
		return out
	}
	out = append(out, '.', byte('0'+n%100/10))
	if n%10 != 0 {
		out = append(out, byte('0'+n%10))
	}
	return out
}

func (c *canvas) op(s string) { c.out = append(append(c.out, s...), '\n') }

// paint sets the color of what follows.
func (c *canvas) paint(to color) {
	if c.inked && c.ink == to {
		return
	}
	c.ink, c.inked = to, true
	for _, v := range []uint8{to.r, to.g, to.b} {
		c.out = append(c.out, shades[v]...)
	}
	c.op("rg")
}

// shades are the 256 parts of a color as PDF writes them.
var shades = func() (s [256]string) {
	for i := range s {
		s[i] = strconv.FormatFloat(float64(i)/255, 'f', 3, 64) + " "
	}
	return s
}()

// rect adds a rectangle, given by its lower left corner, to the shape that fill
// paints.
func (c *canvas) rect(x, y, w, h float64) {
	c.number(x)
	c.number(y)
	c.number(w)
	c.number(h)
	c.op("re")
}

func (c *canvas) fill() { c.op("f") }

// mark begins content that belongs to the structure tree.
func (c *canvas) mark(tag string, id int) {
	c.out = append(append(append(c.out, '/'), tag...), "<</MCID "...)
	c.out = strconv.AppendInt(c.out, int64(id), 10)
	c.op(">>BDC")
}

// decorate begins content that a screen reader skips.
func (c *canvas) decorate(kind string) { c.op("/Artifact<<" + kind + ">>BDC") }

// The kinds of artifacts (ISO 32000-1, 14.8.2.2.2).
const (
	layoutArtifact = "/Type/Layout"
	headerArtifact = "/Type/Pagination/Subtype/Header"
	footerArtifact = "/Type/Pagination/Subtype/Footer"
)

// unmark ends what mark or decorate began.
func (c *canvas) unmark() { c.op("EMC") }

// beginText and endText enclose letters.
func (c *canvas) beginText() { c.op("BT") }
func (c *canvas) endText()   { c.op("ET") }

// moveTo sets where the line of the following glyphs begins.
func (c *canvas) moveTo(x, y float64) {
	c.out = append(c.out, "1 0 0 1 "...)
	c.number(x)
	c.number(y)
	c.op("Tm")
}

// glyphs shows the glyphs from to to of a text at the positions at, which are
// thousandths of the size from the start of the line.
func (c *canvas) glyphs(t *typeset.Text, from, to int, at []int, size float64) {
	pen := 0
	for i := from; i < to; i++ {
		g := &t.Glyphs[i]
		if g.Font != c.font || size != c.size || g.DY != c.rise {
			c.closeString()
			c.state(g, size)
		}
		x := at[i-from] + int(g.DX)
		c.show(c.fonts.code(t, i), pen-x)
		pen = x + int(g.Width)
	}
	c.closeString()
}

// state sets font, size and rise for a glyph.
func (c *canvas) state(g *typeset.Glyph, size float64) {
	if g.Font != c.font || size != c.size {
		c.font, c.size = g.Font, size
		c.out = append(c.out, "/F"...)
		c.out = strconv.AppendInt(c.out, int64(g.Font), 10)
		c.out = append(c.out, ' ')
		c.number(size)
		c.op("Tf")
	}
	if g.DY != c.rise {
		c.rise = g.DY
		c.number(float64(g.DY) * size / 1000)
		c.op("Ts")
	}
}

// show shows one character code after moving the pen back by so many
// thousandths.
func (c *canvas) show(code uint16, back int) {
	switch {
	case !c.showing:
		c.showing = true
		c.out = append(c.out, '[')
		if back != 0 {
			c.out = strconv.AppendInt(c.out, int64(back), 10)
		}
		c.out = append(c.out, '(')
	case back != 0:
		c.out = append(c.out, ')')
		c.out = strconv.AppendInt(c.out, int64(back), 10)
		c.out = append(c.out, '(')
	}
	c.out = appendEscaped(appendEscaped(c.out, byte(code>>8)), byte(code))
}

func (c *canvas) closeString() {
	if c.showing {
		c.showing = false
		c.op(")]TJ")
	}
}

// appendEscaped appends a byte of a literal string.
func appendEscaped(out []byte, b byte) []byte {
	switch b {
	case '(', ')', '\\':
		return append(out, '\\', b)
	case '\r':
		return append(out, '\\', 'r')
	}
	return append(out, b)
}

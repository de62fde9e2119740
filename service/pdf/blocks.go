package pdf

import "strconv"

// H1 adds the heading of a document or section.
func (d *Document) H1(text string) { d.headline(1, h1Face, 16, 6, text) }

// H2 adds a heading below H1. Where there is no H1 to stand below, a screen
// reader hears it as one, since levels may not be skipped.
func (d *Document) H2(text string) { d.headline(2, h2Face, 16, 4, text) }

// headline is a heading that waits for the block after it, to stand on the same
// page.
type headline struct {
	tag          string
	text         block
	above, below float64
}

func (d *Document) headline(level int, f face, above, below float64, text string) {
	b := d.paragraph(d.scaled(f), d.width, Plain(text))
	if b.blank() {
		return
	}
	d.heading = min(level, d.heading+1)
	d.headlines = append(d.headlines, headline{headingTags[d.heading], b, above * d.options.Scale, below * d.options.Scale})
}

var headingTags = [...]string{"P", "H1", "H2", "H3"}

// place makes room for a block of the given height, or for so much of it as
// must not stand alone, on this page or else on the next, and leaves white
// above it. Headings that wait are drawn first. Every block begins with it.
func (d *Document) place(above, height float64) {
	above *= d.options.Scale
	total := above + height
	for i := range d.headlines {
		h := &d.headlines[i]
		total += h.above + h.text.height() + h.below
	}
	if d.room() < total && total <= d.full() {
		d.fresh()
	}
	waiting := d.headlines
	d.headlines = nil
	for i := range waiting {
		h := &waiting[i]
		d.gap(h.above)
		d.flow(d.tree.add(d.here(), h.tag), &h.text, d.options.Margins.Sides, d.width)
		d.y += h.below
	}
	d.gap(above)
}

// P adds a paragraph.
func (d *Document) P(spans ...Span) { d.prose(bodyFace, 7, spans) }

// Note adds a paragraph in small, quiet type.
func (d *Document) Note(spans ...Span) { d.prose(noteFace, 5, spans) }

func (d *Document) prose(f face, below float64, spans []Span) {
	b := d.paragraph(d.scaled(f), d.width, spans...)
	if b.blank() {
		return
	}
	d.place(0, b.least())
	d.flow(d.tree.add(d.here(), "P"), &b, d.options.Margins.Sides, d.width)
	d.y += below * d.options.Scale
}

// flow draws a block down the page and over as many pages as it needs. A single
// line is not left alone at the foot or head of a page.
func (d *Document) flow(e node, b *block, x, width float64) {
	p := d.pen()
	for from := 0; from < len(b.lines); {
		fit := max(0, int((d.room()+0.01)/b.face.leading))
		to := min(from+fit, len(b.lines))
		left := len(b.lines) - to
		if left == 1 {
			to, left = max(from, to-1), 2
		}
		switch {
		case left > 0 && to-from < 2 && d.y > d.options.Margins.Top:
			to = from
		case to == from && d.y <= d.options.Margins.Top:
			to++ // a line higher than the page: draw it all the same
		}
		p.draw(e, b, from, to, x, d.y, width)
		d.y += float64(to-from) * b.face.leading
		from = to
		if from < len(b.lines) {
			p.close()
			d.turn()
		}
	}
	p.finish()
}

// Bullets adds a list. Each item is a paragraph of spans.
func (d *Document) Bullets(items ...[]Span) {
	d.list("/A<</O/List/ListNumbering/Disc>>", items, func(int) string { return "•" })
}

// Numbered adds a list of steps, numbered from 1.
func (d *Document) Numbered(items ...[]Span) {
	after := "."
	if d.rtl { // a mark that puts the point left of the number
		after += "\u200f"
	}
	d.list("/A<</O/List/ListNumbering/Decimal>>", items, func(i int) string { return strconv.Itoa(i+1) + after })
}

func (d *Document) list(attributes string, items [][]Span, label func(int) string) {
	f := d.scaled(bodyFace)
	if len(items) == 0 {
		return
	}
	d.place(0, 2*f.leading)
	list := d.tree.with(d.tree.add(d.here(), "L"), attributes)
	indent := 18 * d.options.Scale
	x, width := d.options.Margins.Sides, d.width-indent
	for i, spans := range items {
		lbl := d.set(d.shape(f, Plain(label(i))), f, indent)
		body := d.paragraph(f, width, spans...)
		labelX, bodyX := x, x+indent
		if d.rtl {
			labelX, bodyX = x+width, x
		}
		d.place(0, body.least())
		item := d.tree.add(list, "LI")
		p := d.pen()
		p.draw(d.tree.add(item, "Lbl"), &lbl, 0, len(lbl.lines), labelX, d.y, indent)
		p.finish()
		d.flow(d.tree.add(item, "LBody"), &body, bodyX, width)
		d.y += 3 * d.options.Scale
	}
	d.y += 4 * d.options.Scale
}

// Rule draws a hair line across the page. A screen reader skips it.
func (d *Document) Rule() {
	d.place(0, 9)
	d.fill(hair, d.options.Margins.Sides, d.y+4, d.width, 0.75)
	d.y += 9
}

// Space leaves white, in points; less at the foot of a page.
func (d *Document) Space(points float64) {
	d.place(0, 0)
	d.y = min(d.y+max(0, points), d.bottom())
}

// Matrix is a square of dark and light modules, such as a QR code.
type Matrix struct {
	Modules [][]bool // rows from the top; true is dark
	// Alt says what the matrix is for, to a reader who cannot scan it.
	Alt string
	// Size is the width in points, with the quiet zone of four modules; zero
	// is 90.
	Size float64
	// Beside are paragraphs that stand next to the matrix.
	Beside [][]Span
}

// Matrix adds a matrix, at the side where reading starts, with text beside it.
func (d *Document) Matrix(m Matrix) {
	n := len(m.Modules)
	for _, row := range m.Modules {
		if len(row) != n {
			d.fail(ErrShape)
			return
		}
	}
	if blank(m.Alt) {
		d.fail(ErrNoAlt)
		return
	}
	if m.Size <= 0 {
		m.Size = 90
	}
	m.Size = min(m.Size, d.width/2, d.full())
	x, textX := d.options.Margins.Sides, d.options.Margins.Sides+m.Size+12
	textWidth := d.width - m.Size - 12
	if d.rtl {
		x, textX = x+d.width-m.Size, x
	}
	blocks, high := d.beside(m, textWidth)
	d.place(6, max(m.Size, high))
	d.matrix(m, x)
	top := d.y
	d.y += max(0, (m.Size-high)/2)
	for i := range blocks {
		d.flow(d.tree.add(d.here(), "P"), &blocks[i], textX, textWidth)
		d.y += 4 * d.options.Scale
	}
	if d.y >= top { // unless the text went on to another page
		d.y = max(d.y, top+m.Size)
	}
	d.y += 6
}

// beside sets the paragraphs next to a matrix and returns their height.
func (d *Document) beside(m Matrix, width float64) (blocks []block, high float64) {
	for _, spans := range m.Beside {
		b := d.paragraph(d.scaled(bodyFace), width, spans...)
		blocks = append(blocks, b)
		high += b.height() + 4*d.options.Scale
	}
	return blocks, high
}

// matrix draws the modules, each run of dark ones in a row as one rectangle.
func (d *Document) matrix(m Matrix, x float64) {
	const quiet = 4
	e := d.tree.add(d.here(), "Figure")
	d.tree.elements[e].alt = m.Alt
	box := appendNumber([]byte("/A<</O/Layout/Placement/Block/BBox["), x)
	for _, v := range []float64{d.up(d.y + m.Size), x + m.Size, d.up(d.y)} {
		box = appendNumber(append(box, ' '), v)
	}
	d.tree.with(e, string(append(box, "]>>"...)))
	c := &d.page.canvas
	d.begin(e)
	c.paint(color{})
	step := m.Size / float64(len(m.Modules)+2*quiet)
	for row, modules := range m.Modules {
		y := d.up(d.y + float64(row+quiet+1)*step)
		for from := 0; from < len(modules); from++ {
			to := from
			for to < len(modules) && modules[to] {
				to++
			}
			if to > from {
				c.rect(x+float64(from+quiet)*step, y, float64(to-from)*step, step)
				from = to
			}
		}
	}
	c.fill()
	c.unmark()
}

package pdf

import "bytes"

// page is one page while it is filled.
type page struct {
	canvas  canvas
	content []node // the element of each piece of marked content, by its id
	packed  []byte // the finished instructions, compressed
}

// Section is a part of a document that is read on its own: one family's letter
// in a print run, say. It starts on a new page, counts its own pages and has
// its own language.
type Section struct {
	Lang       string // empty: the document's
	Head, Foot Running
	// Sheet starts the section on a new sheet of paper when the document is
	// printed on both sides: a blank page comes before it where needed.
	Sheet bool
}

type section struct {
	Section
	node  node
	first int // page
}

// Section starts a new section. A document begins with one, so this is only for
// documents of several.
func (d *Document) Section(s Section) {
	d.closeSection()
	if s.Sheet && len(d.pages)%2 == 1 {
		d.pages = append(d.pages, &page{packed: bytes.Clone(d.compress(nil))})
	}
	d.open(s)
}

func (d *Document) open(s Section) {
	e := node(0)
	if len(d.sections) > 0 {
		e = d.tree.add(0, "Sect")
		d.tree.elements[e].lang = s.Lang
	}
	if s.Lang == "" {
		s.Lang = d.options.Lang
	}
	d.rtl = readsRightToLeft(s.Lang)
	d.sections = append(d.sections, section{Section: s, node: e, first: len(d.pages)})
	d.heading = min(d.heading, 1)
	d.turn()
}

// here is the element that blocks are added to.
func (d *Document) here() node { return d.sections[len(d.sections)-1].node }

// turn starts a new page.
func (d *Document) turn() {
	d.page = &page{canvas: canvas{out: d.buffer(), fonts: &d.used}}
	d.pages = append(d.pages, d.page)
	d.y = d.options.Margins.Top
}

// PageBreak continues on a new page, unless this one is still empty.
func (d *Document) PageBreak() {
	d.place(0, 0)
	d.fresh()
}

// fresh turns the page unless it is still empty.
func (d *Document) fresh() {
	if d.y > d.options.Margins.Top {
		d.turn()
	}
}

// bottom is how far down a page may be filled.
func (d *Document) bottom() float64 {
	_, h := d.options.Page.points()
	return h - d.options.Margins.Bottom
}

// room is what is left on the page.
func (d *Document) room() float64 { return d.bottom() - d.y }

// full is the height of an empty page.
func (d *Document) full() float64 { return d.bottom() - d.options.Margins.Top }

// up turns a distance from the top of the page into one from its bottom.
func (d *Document) up(y float64) float64 {
	_, h := d.options.Page.points()
	return h - y
}

// gap leaves white above a block, except at the top of a page.
func (d *Document) gap(points float64) {
	if d.y > d.options.Margins.Top {
		d.y += points
	}
}

func (d *Document) scaled(f face) face { return f.scaled(d.options.Scale) }

// begin begins marked content on this page that belongs to an element.
func (d *Document) begin(e node) {
	id := len(d.page.content)
	d.page.content = append(d.page.content, e)
	d.tree.adopt(e, kid{kind: kidContent, number: int32(id), page: int32(len(d.pages) - 1)})
	d.page.canvas.mark(d.tree.elements[e].tag, id)
}

// fill draws a colored rectangle, given by its upper left corner, that means
// nothing.
func (d *Document) fill(with color, x, y, w, h float64) {
	c := &d.page.canvas
	c.decorate(layoutArtifact)
	c.paint(with)
	c.rect(x, d.up(y+h), w, h)
	c.fill()
	c.unmark()
}

// closeSection draws the head and foot lines of the section's pages, now that
// their number is known, and packs the pages away, so that a print run of
// thousands of letters does not fill the memory.
func (d *Document) closeSection() {
	d.place(0, 0)
	s := d.sections[len(d.sections)-1]
	pages := d.pages[s.first:]
	_, height := d.options.Page.points()
	for i, p := range pages {
		d.page = p
		if s.Head != nil {
			start, end := s.Head(i+1, len(pages))
			d.running(headerArtifact, d.options.Margins.Top*0.45, start, end)
		}
		if s.Foot != nil {
			start, end := s.Foot(i+1, len(pages))
			d.running(footerArtifact, height-d.options.Margins.Bottom*0.6, start, end)
		}
		p.packed = bytes.Clone(d.compress(p.canvas.out))
		d.reuse(p.canvas.out)
		p.canvas.out = nil
	}
	d.lines = d.lines[:0]
	d.setter.Reset()
}

// running draws a head or foot line at y, as much of each part as fits on it.
func (d *Document) running(kind string, y float64, start, end string) {
	f, x := d.scaled(runningFace), d.options.Margins.Sides
	for i, text := range []string{start, end} {
		if text == "" {
			continue
		}
		b := d.set(d.shape(f, Plain(text)), f, d.width*0.6)
		b.lines = b.lines[:1]
		if i == 1 {
			b.align = d.endEdge()
		}
		d.artifact(kind, &b, x, y, d.width)
	}
}

// artifact draws a block outside the structure tree.
func (d *Document) artifact(kind string, b *block, x, y, width float64) {
	c := &d.page.canvas
	c.decorate(kind)
	d.loose(b, x, y, width)
	c.unmark()
}

// loose draws a block's lines without marking them; the caller has.
func (d *Document) loose(b *block, x, y, width float64) {
	c := &d.page.canvas
	c.beginText()
	c.paint(b.face.color)
	for _, l := range b.lines {
		d.at = d.setter.Place(d.at[:0], b.text, l)
		left := x
		shown := float64(l.Width) * b.face.size / 1000
		switch b.align {
		case alignRight:
			left += width - shown
		case alignCenter:
			left += (width - shown) / 2
		}
		c.moveTo(left, d.up(y+b.face.baseline()))
		c.glyphs(b.text, l.Start, l.End, d.at, b.face.size)
		y += b.face.leading
	}
	c.endText()
}

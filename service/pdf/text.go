package pdf

import (
	"strings"

	"seedbook/service/pdf/typeset"
)

// block is a shaped and broken paragraph that waits for its place.
type block struct {
	text  *typeset.Text
	lines []typeset.Line
	face  face
	align alignment
	spans []Span // when there are several, or one leads somewhere
}

// alignment is the edge that lines keep to.
type alignment uint8

const (
	alignLeft alignment = iota
	alignRight
	alignCenter
)

func (b *block) height() float64 { return float64(len(b.lines)) * b.face.leading }

// least is the height of so many lines as may stand alone at the foot of a page.
func (b *block) least() float64 {
	if len(b.lines) == 3 { // two would leave one alone on the next page
		return b.height()
	}
	return min(b.height(), 2*b.face.leading)
}

// blank tells whether there is nothing to read.
func (b *block) blank() bool { return len(b.text.Glyphs) == 0 }

// shape shapes spans in a face.
func (d *Document) shape(f face, spans ...Span) *typeset.Text {
	dir := typeset.Auto
	if d.rtl {
		dir = typeset.MostlyRightToLeft
	}
	d.spans = d.spans[:0]
	for i := range spans {
		s := typeset.Span{Text: spans[i].Text, Style: f.style, Lang: spans[i].Lang}
		switch {
		case spans[i].Bold:
			s.Style = typeset.Bold
		case spans[i].Italic:
			s.Style = typeset.Italic
		}
		d.spans = append(d.spans, s)
	}
	return d.setter.Shape(dir, d.lang(), d.spans...)
}

// lang is the language of the section.
func (d *Document) lang() string { return d.sections[len(d.sections)-1].Lang }

// set breaks a shaped text into lines of a width.
func (d *Document) set(t *typeset.Text, f face, width float64) block {
	from := len(d.lines)
	d.lines = d.setter.Break(d.lines, t, int(width*1000/f.size))
	return block{text: t, lines: d.lines[from:len(d.lines):len(d.lines)], face: f, align: d.startEdge()}
}

// paragraph shapes and sets spans; a paragraph that runs the other way than the
// document keeps to the other edge.
func (d *Document) paragraph(f face, width float64, spans ...Span) block {
	b := d.set(d.shape(f, spans...), f, width)
	if b.text.RightToLeft {
		b.align = alignRight
	}
	for i := range spans {
		if len(spans) > 1 || spans[i].Lang != "" || spans[i].Link != "" {
			b.spans = append([]Span(nil), spans...)
			break
		}
	}
	return b
}

// startEdge is where lines begin in the section's direction, endEdge where they
// end.
func (d *Document) startEdge() alignment {
	if d.rtl {
		return alignRight
	}
	return alignLeft
}

func (d *Document) endEdge() alignment {
	if d.rtl {
		return alignLeft
	}
	return alignRight
}

// pen draws lines of blocks into elements of the structure tree and keeps track
// of which element's content is open.
type pen struct {
	d        *Document
	open     node
	children []node // elements of the spans, made when they are first met
	under    []rule // underlines of links, drawn once the text is closed
}

type rule struct{ x, y, w, h float64 }

func (d *Document) pen() pen { return pen{d: d, open: noNode} }

// draw draws lines from to to of a block, the first one's top at y, into
// element e. It leaves the content open for more of the same.
func (p *pen) draw(e node, b *block, from, to int, x, y, width float64) {
	for i := from; i < to; i++ {
		p.line(e, b, b.lines[i], x, y, width)
		y += b.face.leading
	}
}

func (p *pen) line(e node, b *block, l typeset.Line, x, y, width float64) {
	d := p.d
	d.at = d.setter.Place(d.at[:0], b.text, l)
	shown := float64(l.Width) * b.face.size / 1000
	switch b.align {
	case alignRight:
		x += width - shown
	case alignCenter:
		x += (width - shown) / 2
	}
	base := d.up(y + b.face.baseline())
	for from := l.Start; from < l.End; {
		to, span := l.End, Span{}
		owner := e
		if len(b.spans) > 0 {
			i := b.text.SpanAt(from)
			for to = from + 1; to < l.End && b.text.SpanAt(to) == i; to++ {
			}
			span = b.spans[i]
			owner = p.owner(e, i, b)
		}
		p.piece(owner, b, span, from, to, d.at[from-l.Start:to-l.Start], x, base)
		from = to
	}
}

// owner returns the element of a span: its own when it has a language or leads
// somewhere, else that of the paragraph.
func (p *pen) owner(e node, i int, b *block) node {
	span := &b.spans[i]
	if span.Lang == "" && !leads(span.Link) {
		return e
	}
	for len(p.children) < len(b.spans) {
		p.children = append(p.children, noNode)
	}
	if p.children[i] == noNode {
		tag := "Span"
		if leads(span.Link) {
			tag = "Link"
		}
		p.children[i] = p.d.tree.add(e, tag)
		p.d.tree.elements[p.children[i]].lang = span.Lang
	}
	return p.children[i]
}

// piece draws glyphs of one line that belong to one element.
func (p *pen) piece(owner node, b *block, span Span, from, to int, at []int, x, base float64) {
	c := &p.d.page.canvas
	if p.open != owner {
		p.close()
		p.d.begin(owner)
		c.beginText()
		p.open = owner
	}
	ink := b.face.color
	if leads(span.Link) {
		ink = linked
	}
	c.paint(ink)
	c.moveTo(x, base)
	c.glyphs(b.text, from, to, at, b.face.size)
	if leads(span.Link) {
		p.link(owner, b, span, from, to, at, x, base)
	}
}

// link makes the glyphs of a piece active and notes their underline.
func (p *pen) link(owner node, b *block, span Span, from, to int, at []int, x, base float64) {
	left, right := at[0], at[0]
	for i := from; i < to; i++ {
		left = min(left, at[i-from])
		if b.text.Glyphs[i].Flags&typeset.Space == 0 {
			right = max(right, at[i-from]+int(b.text.Glyphs[i].Advance))
		}
	}
	size := b.face.size
	x0, x1 := x+float64(left)*size/1000, x+float64(right)*size/1000
	p.under = append(p.under, rule{x0, base - 0.12*size, x1 - x0, 0.055 * size})
	p.d.tree.link(annot{
		owner: owner, page: int32(len(p.d.pages) - 1), address: span.Link, says: span.Text,
		x0: x0, y0: base - descent*size, x1: x1, y1: base + ascent*size,
	})
}

// close ends the open content and draws what decorates it.
func (p *pen) close() {
	c := &p.d.page.canvas
	if p.open != noNode {
		c.endText()
		c.unmark()
		p.open = noNode
	}
	if len(p.under) > 0 {
		c.decorate(layoutArtifact)
		c.paint(linked)
		for _, u := range p.under {
			c.rect(u.x, u.y, u.w, u.h)
		}
		c.fill()
		c.unmark()
		p.under = p.under[:0]
	}
}

// finish closes the content and forgets the spans, for the next block.
func (p *pen) finish() {
	p.close()
	p.children = p.children[:0]
}

// leads tells whether an address is of a kind that we let people follow.
func leads(address string) bool {
	for _, scheme := range []string{"https://", "http://", "mailto:", "tel:"} {
		if len(address) > len(scheme) && strings.EqualFold(address[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

package pdf

// Panel is a tinted box of labels and values, such as a child's balances.
type Panel struct {
	// Title is a heading one level below the last one; empty for none.
	Title string
	Pairs []Pair
}

// Pair is one label and its value.
type Pair struct {
	Label, Value string
	Note         string // a line of small type below
	// Strong shows the value large, under its label: the number to see first.
	Strong bool
}

// The white inside and between panels, in points.
const (
	panelPad = 11
	panelGap = 12
	panelBar = 3
	pairGap  = 4
)

// Panels adds panels side by side, read one after the other; a screen reader
// hears each as a table of two columns whose labels are headers. Three beside
// each other are the most that stay readable.
func (d *Document) Panels(panels ...Panel) {
	if len(panels) == 0 || d.err != nil {
		return
	}
	scale := d.options.Scale
	gap := panelGap * scale
	width := (d.width - gap*float64(len(panels)-1)) / float64(len(panels))
	cards, high := make([]card, len(panels)), 0.0
	for i := range panels {
		cards[i] = d.card(&panels[i], width)
		high = max(high, cards[i].height)
	}
	d.place(4, high)
	if high > d.full() { // a box that no page can hold is set as a table instead
		d.unbox(panels)
		return
	}
	top := d.y
	for i := range cards {
		at := i
		if d.rtl {
			at = len(cards) - 1 - i
		}
		d.y = top
		d.drawCard(&cards[i], d.options.Margins.Sides+float64(at)*(width+gap), width, high)
	}
	d.y = top + high + 6*scale
}

// card is a panel while it is set.
type card struct {
	title  block
	pairs  []pair
	height float64
}

type pair struct {
	label, value, note block
	stacked            bool // the value stands below the label
	height             float64
}

func (d *Document) card(p *Panel, width float64) card {
	c := card{pairs: make([]pair, len(p.Pairs))}
	inner := width - 2*panelPad*d.options.Scale
	c.height = 2 * panelPad * d.options.Scale
	if p.Title != "" {
		c.title = d.paragraph(d.scaled(titleFace), inner, Plain(p.Title))
		c.title.align = d.startEdge()
		c.height += c.title.height() + 3*d.options.Scale
	}
	for i := range p.Pairs {
		c.pairs[i] = d.pair(&p.Pairs[i], inner)
		c.height += c.pairs[i].height
	}
	if len(p.Pairs) > 0 {
		c.height -= pairGap * d.options.Scale
	}
	return c
}

func (d *Document) pair(p *Pair, width float64) (out pair) {
	label, value := d.scaled(cellFace), d.scaled(cellFace.bold())
	if p.Strong {
		value = d.scaled(figureFace)
	}
	gap := 8 * d.options.Scale
	shaped := d.shape(value, Plain(p.Value))
	out.stacked = p.Strong || wide(shaped, value) > 0.6*width
	out.value = d.set(shaped, value, width)
	labelWidth := width
	if !out.stacked {
		out.value.align = d.endEdge()
		labelWidth -= wide(shaped, value) + gap
	}
	out.label = d.set(d.shape(label, Plain(p.Label)), label, labelWidth)
	out.height = out.label.height() + pairGap*d.options.Scale
	if out.stacked {
		out.height += out.value.height()
	}
	if p.Note != "" {
		f := d.scaled(noteFace)
		out.note = d.set(d.shape(f, Plain(p.Note)), f, width)
		out.height += out.note.height()
	}
	return out
}

func (d *Document) drawCard(c *card, x, width, high float64) {
	d.fill(ground, x, d.y, width, high)
	bar := x
	if d.rtl {
		bar = x + width - panelBar
	}
	d.fill(accent, bar, d.y, panelBar, high)
	pad := panelPad * d.options.Scale
	x, width = x+pad, width-2*pad
	d.y += pad
	p := d.pen()
	if c.title.text != nil {
		p.draw(d.tree.add(d.here(), d.panelHeading()), &c.title, 0, len(c.title.lines), x, d.y, width)
		p.finish()
		d.y += c.title.height() + 3*d.options.Scale
	}
	if len(c.pairs) == 0 {
		return
	}
	table := d.tree.add(d.here(), "Table")
	for i := range c.pairs {
		d.drawPair(d.tree.add(table, "TR"), &c.pairs[i], x, width)
	}
}

// panelHeading is the tag of a panel's title: the level below the last heading,
// since levels may not be skipped.
func (d *Document) panelHeading() string {
	if d.heading == 0 {
		return "P"
	}
	return headingTags[d.heading+1]
}

func (d *Document) drawPair(tr node, c *pair, x, width float64) {
	p := d.pen()
	th := d.tree.with(d.tree.add(tr, "TH"), "/A<</O/Table/Scope/Row>>")
	p.draw(th, &c.label, 0, len(c.label.lines), x, d.y, width)
	p.finish()
	td := d.tree.add(tr, "TD")
	value, y := td, d.y
	if c.note.text != nil {
		value = d.tree.add(td, "P")
	}
	if c.stacked {
		y += c.label.height()
	}
	p.draw(value, &c.value, 0, len(c.value.lines), x, y, width)
	p.finish()
	if c.note.text != nil {
		y = d.y + c.height - pairGap*d.options.Scale - c.note.height()
		p.draw(d.tree.add(td, "P"), &c.note, 0, len(c.note.lines), x, y, width)
		p.finish()
	}
	d.y += c.height
}

// unbox sets panels as tables down the page.
func (d *Document) unbox(panels []Panel) {
	for _, p := range panels {
		t := Table{Caption: p.Title, Columns: []Column{{Width: 2}, {Align: End}}, RowHeader: true}
		for _, pair := range p.Pairs {
			t.Rows = append(t.Rows, []Cell{{Text: pair.Label}, {Text: pair.Value, Note: pair.Note, Bold: true}})
		}
		d.Table(t)
	}
}

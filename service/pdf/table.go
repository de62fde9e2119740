package pdf

import (
	"fmt"

	"seedbook/service/pdf/typeset"
)

// Table is rows of cells under column headers. It goes on over as many pages as
// it needs, with its headers repeated (a screen reader hears them once); a row
// stays on one page unless it is higher than a page.
type Table struct {
	// Caption says what the table holds; a screen reader announces it.
	Caption string
	Columns []Column
	// Rows fill the columns from the first on; what is missing stays empty.
	Rows [][]Cell
	// Foot are rows of totals, which stay with the last row.
	Foot [][]Cell
	// RowHeader makes the first cell of each row the header of that row.
	RowHeader bool
}

// Column describes one column of a table.
type Column struct {
	Header string
	Align  Align
	// Width is the column's share of the page, relative to the others; zero is
	// 1. A column of numbers takes at least what its longest number needs.
	Width float64
}

// Align says to which edge of a column its cells keep.
type Align uint8

// The alignments. Start is where reading starts: the left side in English, the
// right side in Arabic. Numbers are aligned right in every language, so that
// units stand under units.
const (
	Start Align = iota
	End
	Center
	Number
)

// Cell is one cell of a table.
type Cell struct {
	Text string
	Note string // a line of small type below, such as an explanation
	Lang string // BCP 47, where it differs from the document's
	Bold bool
	Span int // how many columns the cell covers; zero is 1
}

// The white inside a cell, in points.
const (
	cellPadX = 5
	cellPadY = 4
)

// Table adds a table.
func (d *Document) Table(t Table) {
	if len(t.Columns) == 0 {
		d.fail(fmt.Errorf("table without columns: %w", ErrShape))
		return
	}
	g := grid{d: d, table: &t, pad: cellPadX * d.options.Scale, padY: cellPadY * d.options.Scale}
	if g.load() {
		g.measure()
		g.draw()
	}
	d.y += 10 * d.options.Scale
}

// grid is a table while it is set.
type grid struct {
	d         *Document
	table     *Table
	pad, padY float64
	head      []row // the row of headers, if there are any
	rows      []row
	foot      []row
	widths    []float64
	edges     []float64 // left edge of each column
	node      node
}

// row is one row of set cells.
type row struct {
	cells  []set
	height float64
}

// set is a cell: its text and the note below.
type set struct {
	Cell
	text, note block
	header     bool // of its column or row
	column     int  // the first that it covers
	// The elements of its text and of its note.
	textNode, noteNode node
}

// load shapes every cell. A table whose columns have no headers gets no row of
// them.
func (g *grid) load() bool {
	header, named := row{cells: make([]set, len(g.table.Columns))}, false
	for i, c := range g.table.Columns {
		header.cells[i] = g.cell(Cell{Text: c.Header}, headerFace, i)
		header.cells[i].header = true
		named = named || c.Header != ""
	}
	if named {
		g.head = []row{header}
	}
	g.rows = g.loadRows(g.table.Rows, cellFace)
	g.foot = g.loadRows(g.table.Foot, cellFace.bold())
	return g.d.err == nil
}

func (g *grid) loadRows(rows [][]Cell, f face) []row {
	out := make([]row, len(rows))
	cells := make([]set, 0, len(rows)*len(g.table.Columns))
	for i, r := range rows {
		from, column := len(cells), 0
		for _, c := range r {
			cells = append(cells, g.cell(c, f, column))
			cells[len(cells)-1].header = g.table.RowHeader && column == 0
			column += max(1, c.Span)
		}
		for ; column < len(g.table.Columns); column++ {
			cells = append(cells, g.cell(Cell{}, f, column))
		}
		if column > len(g.table.Columns) {
			g.d.fail(fmt.Errorf("row %d of a table of %d columns: %w", i+1, len(g.table.Columns), ErrShape))
			return nil
		}
		out[i].cells = cells[from:len(cells):len(cells)]
	}
	return out
}

func (g *grid) cell(c Cell, f face, column int) set {
	s := set{Cell: c, column: column}
	s.text.face = g.d.scaled(f)
	if c.Bold {
		s.text.face.style = typeset.Bold
	}
	s.text.text = g.d.shape(s.text.face, Plain(c.Text))
	if c.Note != "" {
		s.note.face = g.d.scaled(noteFace)
		s.note.text = g.d.shape(s.note.face, Plain(c.Note))
	}
	return s
}

// measure decides the columns' widths, breaks every cell to them, and so knows
// the height of every row.
func (g *grid) measure() {
	g.widths = g.columnWidths()
	g.edges = make([]float64, len(g.widths))
	x := g.d.options.Margins.Sides
	for i := range g.widths {
		column := i
		if g.d.rtl { // the first column is the rightmost
			column = len(g.widths) - 1 - i
		}
		g.edges[column] = x
		x += g.widths[column]
	}
	for _, rows := range [][]row{g.head, g.rows, g.foot} {
		for i := range rows {
			g.breakRow(&rows[i])
		}
	}
}

func (g *grid) breakRow(r *row) {
	for i := range r.cells {
		c := &r.cells[i]
		_, width := g.place(c)
		c.text = g.d.set(c.text.text, c.text.face, width)
		c.text.align = g.edge(g.table.Columns[c.column].Align)
		high := c.text.height()
		if c.note.text != nil {
			c.note = g.d.set(c.note.text, c.note.face, width)
			c.note.align = c.text.align
			high += c.note.height()
		}
		r.height = max(r.height, high+2*g.padY)
	}
}

// place returns where a cell's text begins, from the left, and how wide it may
// be.
func (g *grid) place(c *set) (x, width float64) {
	x = g.edges[c.column]
	for i := c.column; i < c.column+max(1, c.Span); i++ {
		x = min(x, g.edges[i])
		width += g.widths[i]
	}
	return x + g.pad, width - 2*g.pad
}

func (g *grid) edge(a Align) alignment {
	switch a {
	case Number:
		return alignRight
	case Center:
		return alignCenter
	case End:
		return g.d.endEdge()
	}
	return g.d.startEdge()
}

// draw draws the caption, the headers and the rows.
func (g *grid) draw() {
	d := g.d
	caption := d.paragraph(d.scaled(captionFace), d.width, Plain(g.table.Caption))
	first := g.headHeight()
	if len(g.rows) > 0 {
		first += g.rows[0].height
	}
	d.place(6, caption.height()+first+2)
	g.node = d.tree.add(d.here(), "Table")
	if !caption.blank() {
		d.flow(d.tree.add(g.node, "Caption"), &caption, d.options.Margins.Sides, d.width)
		d.y += 2 * d.options.Scale
	}
	g.header()
	g.body("TBody", g.rows, true)
	g.body("TFoot", g.foot, false)
}

func (g *grid) header() {
	for i := range g.head {
		part := g.d.tree.add(g.node, "THead")
		g.drawRow(g.d.tree.add(part, "TR"), &g.head[i], "Column")
		g.line(heading, 1)
	}
}

func (g *grid) headHeight() (high float64) {
	for i := range g.head {
		high += g.head[i].height
	}
	return high
}

// line draws a rule below the row just drawn.
func (g *grid) line(c color, thick float64) {
	g.d.fill(c, g.d.options.Margins.Sides, g.d.y-thick/2, g.d.width, thick)
}

func (g *grid) body(tag string, rows []row, last bool) {
	if len(rows) == 0 {
		return
	}
	d := g.d
	part := d.tree.add(g.node, tag)
	for i := range rows {
		need := rows[i].height
		if last && i == len(rows)-1 { // totals stay with the last row
			for _, f := range g.foot {
				need += f.height
			}
		}
		if d.room() < need {
			g.newPage(need)
		}
		if tag == "TFoot" && i == 0 {
			g.line(heading, 1)
		}
		g.drawRow(d.tree.add(part, "TR"), &rows[i], "Row")
		if tag == "TBody" {
			g.line(hair, 0.5)
		}
	}
}

// newPage turns the page and repeats the headers, unless there is hardly
// anything on this one and a new page would not help.
func (g *grid) newPage(need float64) {
	d := g.d
	if need > d.full()-g.headHeight() && d.room() > d.full()/2 {
		return
	}
	d.turn()
	for i := range g.head {
		g.repeat(&g.head[i])
	}
}

// repeat draws a row of headers again, for eyes only.
func (g *grid) repeat(r *row) {
	d := g.d
	c := &d.page.canvas
	c.decorate(headerArtifact)
	for i := range r.cells {
		s := &r.cells[i]
		x, width := g.place(s)
		d.loose(&s.text, x, d.y+g.padY, width)
	}
	c.unmark()
	d.y += r.height
	g.line(heading, 1)
}

// drawRow draws a row on this page, or, if it is higher than what is left, as
// much of it as fits on this page and on those that follow.
func (g *grid) drawRow(tr node, r *row, scope string) {
	d := g.d
	for i := range r.cells {
		c := &r.cells[i]
		c.textNode = g.cellNode(tr, c, scope)
		if c.note.text != nil { // two paragraphs in the cell
			cell := c.textNode
			c.textNode, c.noteNode = d.tree.add(cell, "P"), d.tree.add(cell, "P")
		}
	}
	if r.height <= d.room()+0.01 {
		g.drawCells(r, 0, maxLines)
		d.y += r.height
		return
	}
	g.splitRow(r)
}

func (g *grid) cellNode(tr node, c *set, scope string) node {
	tag, attributes := "TD", ""
	if c.header {
		tag, attributes = "TH", "/Scope/"+scope
	}
	if c.Span > 1 {
		attributes += fmt.Sprintf("/ColSpan %d", c.Span)
	}
	n := g.d.tree.add(tr, tag)
	if attributes != "" {
		g.d.tree.with(n, "/A<</O/Table"+attributes+">>")
	}
	g.d.tree.elements[n].lang = c.Lang
	return n
}

// maxLines is more than any cell has.
const maxLines = 1 << 30

// splitRow draws a row that is higher than a page.
func (g *grid) splitRow(r *row) {
	d := g.d
	total, leading := 0, 0.0
	for i := range r.cells {
		c := &r.cells[i]
		total = max(total, len(c.text.lines)+len(c.note.lines))
		leading = max(leading, c.text.face.leading)
	}
	for from := 0; from < total; {
		to := min(total, from+max(1, int((d.room()-2*g.padY)/leading)))
		g.drawCells(r, from, to)
		d.y += float64(to-from)*leading + 2*g.padY
		if from = to; from < total {
			g.newPage(0)
		}
	}
}

// drawCells draws lines from to to of each cell of a row, counting the lines of
// the text and then those of the note.
func (g *grid) drawCells(r *row, from, to int) {
	for i := range r.cells {
		g.drawCell(&r.cells[i], from, to)
	}
}

func (g *grid) drawCell(c *set, from, to int) {
	d := g.d
	x, width := g.place(c)
	y, n := d.y+g.padY, len(c.text.lines)
	p := d.pen()
	if from < n {
		p.draw(c.textNode, &c.text, from, min(to, n), x, y, width)
		y += float64(min(to, n)-from) * c.text.face.leading
	}
	p.finish()
	if c.note.text != nil && to > n {
		p.draw(c.noteNode, &c.note, max(0, from-n), min(to-n, len(c.note.lines)), x, y, width)
		p.finish()
	}
}

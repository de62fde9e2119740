package parts

import (
	"github.com/a-h/templ"

	"seedbook/ledger"
)

// Table is a list of things of one kind. On a phone each row becomes a small
// list of its own, every cell under its column's name.
type Table struct {
	Caption string
	// Quiet hides the caption from sight where the heading above says the same.
	Quiet   bool
	Columns []Column
	Rows    []TableRow
	Foot    []TableRow // totals
	// First and Next lead to the first and the next page; "" on the first and
	// the last. (The page before is the browser's own way back.)
	First, Next string
	Count       string // how many there are in all, in words
	// Pick names the boxes that choose rows; "" for none. The table stands in a
	// form then.
	Pick string
}

// Column is a column's name and kind.
type Column struct {
	Name   string
	Number bool // right-aligned figures
	// Sort is where the heading leads to have the table sorted by this column;
	// "" where it cannot be.
	Sort   string
	Sorted string // "ascending" or "descending" where it is
}

// TableRow is one thing; its first cell names it.
type TableRow struct {
	Cells  []Cell
	Strong bool // a total
	// Value is what choosing the row sends, and Choose what its box says.
	Value, Choose string
	Chosen        bool
}

// Cell is one value, with more to it where more is needed.
type Cell struct {
	Text string
	To   string // "" for no link
	Note string // small print below
	Tag  Tone   // shows the text as a tag; "" for plain
	More templ.Component
}

func (c Cell) nothing() bool { return c.Text == "" && c.Note == "" && c.More == nil }

// Text is a plain cell.
func Text(s string) Cell { return Cell{Text: s} }

// Linked is a cell that leads somewhere.
func Linked(s, to string) Cell { return Cell{Text: s, To: to} }

// Tagged is a state's cell.
func Tagged(s Status) Cell { return Cell{Text: s.Text, Tag: s.Tone} }

// Money is an amount's cell in the page's language.
func (p *Page) MoneyCell(a ledger.Amount) Cell { return Cell{Text: p.Money(a)} }

// sorted is a column's aria-sort.
func (c Column) sorted() string {
	if c.Sorted == "" {
		return "none"
	}
	return c.Sorted
}

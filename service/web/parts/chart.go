package parts

import (
	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// Chart is money over time as stacked bars, with a table that says the same.
type Chart struct {
	ID      string // the element's id, unique in its page
	Title   string
	Summary string // one sentence: what the reader should see in it
	Parts   []string
	Bars    []Bar
	Period  string // the name of the table's first column
}

// Bar is one period's amounts, in the order of the chart's parts. Amounts below
// zero are drawn as nothing and told by the table.
type Bar struct {
	Label   string // in the table: "September 2026"
	Short   string // below the bar: "Sep"
	Amounts []ledger.Amount
}

// The drawing's heights in pixels. Widths are percentages, so that bars fit a
// phone and their words keep their size.
const (
	chartHeight = 260
	chartBottom = 28
	chartTop    = 12
	chartSpan   = chartHeight - chartBottom - chartTop
)

// slab is one drawn rectangle: x and w are percentages, y and h pixels.
type slab struct {
	x, y, w, h string
	part       int
}

// tick is one line of the scale, or one word below the bars.
type tick struct {
	at, textAt string
	text       string
	odd        bool // left out on a phone
}

// scale is the smallest round number of minor units that holds every bar: 1, 2
// or 5 times a power of ten, in four steps.
func (c Chart) scale() int64 {
	var most int64 = 1
	for _, b := range c.Bars {
		most = max(most, b.total())
	}
	for step := int64(25); ; step *= 10 {
		for _, times := range []int64{1, 2, 4} {
			if step*times*4 >= most {
				return step * times * 4
			}
		}
	}
}

func (b Bar) total() (sum int64) {
	for _, a := range b.Amounts {
		sum += max(a.Minor(), 0)
	}
	return sum
}

// height is an amount's height in pixels, exact to a tenth.
func height(minor, scale int64) decimal.Decimal {
	return decimal.New(minor, 0).Mul(decimal.New(chartSpan, 0)).DivRound(decimal.New(scale, 0), 1)
}

// across is a bar's place: hundredths of its slot from the left, in percent.
func (c Chart) across(bar, hundredths int) string {
	whole := decimal.New(int64(bar*100+hundredths), 0)
	return whole.DivRound(decimal.New(int64(len(c.Bars)), 0), 2).String() + "%"
}

func (c Chart) slabs() []slab {
	scale := c.scale()
	var out []slab
	for i, b := range c.Bars {
		top := decimal.New(chartHeight-chartBottom, 0)
		for part, a := range b.Amounts {
			h := height(max(a.Minor(), 0), scale)
			top = top.Sub(h)
			if h.Sign() > 0 {
				wide := decimal.New(64, 0).DivRound(decimal.New(int64(len(c.Bars)), 0), 2)
				out = append(out, slab{c.across(i, 18), top.String(), wide.String() + "%", h.String(), part})
			}
		}
	}
	return out
}

// gutter is how wide the scale is, so that its longest amount has room: a figure
// takes at most eight pixels.
func (c Chart) gutter(p *Page) int {
	widest := 64
	for _, t := range c.ticks(p) {
		widest = max(widest, 8*len(t.text)+8)
	}
	return widest
}

func (c Chart) ticks(p *Page) []tick {
	scale := c.scale()
	var out []tick
	for i := range int64(5) {
		y := decimal.New(chartHeight-chartBottom, 0).Sub(height(scale*i/4, scale))
		text := p.Money(ledger.Minor(scale * i / 4))
		if scale >= 40000 {
			text = text[:len(text)-3] // whole dollars
		}
		out = append(out, tick{at: y.String(), textAt: y.Add(decimal.New(4, 0)).String(), text: text})
	}
	return out
}

// labels are the bars' short names.
func (c Chart) labels() []tick {
	var out []tick
	for i, b := range c.Bars {
		out = append(out, tick{at: c.across(i, 50), text: b.Short, odd: len(c.Bars) > 6 && i%2 == 1})
	}
	return out
}

func (c Chart) table(p *Page) Table {
	t := Table{Caption: c.Title, Columns: []Column{{Name: c.Period}}}
	for _, part := range c.Parts {
		t.Columns = append(t.Columns, Column{Name: part, Number: true})
	}
	for _, b := range c.Bars {
		row := TableRow{Cells: []Cell{Text(b.Label)}}
		for _, a := range b.Amounts {
			row.Cells = append(row.Cells, p.MoneyCell(a))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

package parts

import (
	"fmt"
	"strconv"

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
	Label   string
	Amounts []ledger.Amount
}

// The drawing's own coordinates; the page scales it to its width.
const (
	chartWidth, chartHeight = 720, 260
	chartLeft, chartBottom  = 70, 30
	chartTop                = 12
)

// slab is one drawn rectangle.
type slab struct {
	x, y, w, h string
	part       int
}

// tick is one line of the scale.
type tick struct {
	y, textY string
	text     string
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

// at is a height in the drawing, exact to a tenth.
func at(minor, scale int64, length int) decimal.Decimal {
	return decimal.New(minor, 0).Mul(decimal.New(int64(length), 0)).DivRound(decimal.New(scale, 0), 1)
}

func (c Chart) slabs() []slab {
	if len(c.Bars) == 0 {
		return nil
	}
	scale, length := c.scale(), chartHeight-chartBottom-chartTop
	slot := (chartWidth - chartLeft) / len(c.Bars)
	wide := min(slot*7/10, 64)
	var out []slab
	for i, b := range c.Bars {
		x := chartLeft + i*slot + (slot-wide)/2
		top := decimal.New(int64(chartHeight-chartBottom), 0)
		for part, a := range b.Amounts {
			h := at(max(a.Minor(), 0), scale, length)
			top = top.Sub(h)
			if h.Sign() > 0 {
				out = append(out, slab{strconv.Itoa(x), top.String(), strconv.Itoa(wide), h.String(), part})
			}
		}
	}
	return out
}

func (c Chart) ticks(p *Page) []tick {
	scale, length := c.scale(), chartHeight-chartBottom-chartTop
	var out []tick
	for i := range int64(5) {
		y := decimal.New(int64(chartHeight-chartBottom), 0).Sub(at(scale*i/4, scale, length))
		text := p.Money(ledger.Minor(scale * i / 4))
		if scale >= 40000 {
			text = text[:len(text)-3] // whole dollars
		}
		out = append(out, tick{y.String(), y.Add(decimal.New(4, 0)).String(), text})
	}
	return out
}

// labels are the bars' names, thinned so that they do not run together.
func (c Chart) labels() []tick {
	if len(c.Bars) == 0 {
		return nil
	}
	slot := (chartWidth - chartLeft) / len(c.Bars)
	every := max(1, (70+slot-1)/slot)
	var out []tick
	for i := 0; i < len(c.Bars); i += every {
		out = append(out, tick{y: strconv.Itoa(chartLeft + i*slot + slot/2), text: c.Bars[i].Label})
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

func viewBox() string { return fmt.Sprintf("0 0 %d %d", chartWidth, chartHeight) }

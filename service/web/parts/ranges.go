package parts

import (
	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// Range is money to come, period by period: what is certain as a bar, and what
// is likely as a bar from low to high with its middle. A table says the same.
type Range struct {
	ID      string // the element's id, unique in its page
	Title   string
	Summary string // one sentence: what the reader should see in it
	Sure    string // what the first bar is called
	Likely  string // what the second is
	Middle  string // what its line is
	Spans   []Span
	Table   Table
}

// Span is one period of a range.
type Span struct {
	Short             string // below the bars: "2026-Q4"
	Sure              ledger.Amount
	Low, Middle, High ledger.Amount
}

// chart is the range's frame: a chart with one bar as high as the highest.
func (r Range) chart() Chart {
	c := Chart{Bars: make([]Bar, len(r.Spans))}
	for i, s := range r.Spans {
		c.Bars[i] = Bar{Short: s.Short, Amounts: []ledger.Amount{s.Sure.Max(s.High)}}
	}
	return c
}

// thin is the least height of a likely bar in pixels: what is certain has a low
// as high as its high, and must be seen.
const thin = 2

// mark is a drawn line across a bar.
type mark struct{ x1, x2, y string }

// draw are the bars and the middles.
func (r Range) draw() (bars []slab, middles []mark) {
	c := r.chart()
	scale := c.scale()
	y := func(a ledger.Amount) decimal.Decimal {
		return decimal.New(chartHeight-chartBottom, 0).Sub(height(max(a.Minor(), 0), scale))
	}
	wide := func(hundredths int64) string {
		return decimal.New(hundredths, 0).DivRound(decimal.New(int64(len(r.Spans)), 0), 2).String() + "%"
	}
	for i, s := range r.Spans {
		if s.Sure.Sign() > 0 {
			top := y(s.Sure)
			bars = append(bars, slab{c.across(i, 12), top.String(), wide(30), decimal.New(chartHeight-chartBottom, 0).Sub(top).String(), 1})
		}
		if s.High.Sign() > 0 {
			top := y(s.High)
			tall := decimal.Max(y(s.Low).Sub(top), decimal.New(thin, 0))
			bars = append(bars, slab{c.across(i, 50), top.String(), wide(36), tall.String(), 2})
			middles = append(middles, mark{c.across(i, 50), c.across(i, 86), y(s.Middle).String()})
		}
	}
	return bars, middles
}

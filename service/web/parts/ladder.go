package parts

import "github.com/shopspring/decimal"

// Ladder is a few numbers as bars that lie below each other, each with its name
// and its value in words. A table says the same, and more where it can.
type Ladder struct {
	ID      string // the element's id, unique in its page
	Title   string
	Summary string // one sentence: what the reader should see in it
	Rungs   []Rung
	Table   Table
}

// Rung is one bar of a ladder.
type Rung struct {
	Label  string
	Value  string          // in words: "412 of 500 (82%)"
	Share  decimal.Decimal // of the whole width, 0 to 1
	Part   int             // the color, as in the other charts
	Head   string          // a heading above it; "" for none
	Within bool            // drawn as a point with a line from Low to High
	Low    decimal.Decimal
	High   decimal.Decimal
	Hidden bool // there is no bar: the value says why
}

// percent is a share of the width, to a tenth.
func percent(share decimal.Decimal) string {
	share = decimal.Max(decimal.Zero, decimal.Min(share, decimal.New(1, 0)))
	return share.Mul(decimal.New(100, 0)).Round(1).String() + "%"
}

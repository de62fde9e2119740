package pdf

import (
	"strings"

	"seedbook/service/pdf/typeset"
)

// columnWidths divides the page's width among the columns by their shares,
// after giving each column what it cannot do without: a column of numbers its
// longest number, any other its longest word, within reason.
func (g *grid) columnWidths() []float64 {
	n := len(g.table.Columns)
	widths, least := make([]float64, n), make([]float64, n)
	for i := range widths {
		least[i] = g.least(i)
	}
	fixed := make([]bool, n)
	for range n { // each round fixes at least one column, or is the last
		left, shares := g.d.width, 0.0
		for i, c := range g.table.Columns {
			if fixed[i] {
				left -= widths[i]
			} else {
				shares += share(c)
			}
		}
		again := false
		for i, c := range g.table.Columns {
			if fixed[i] {
				continue
			}
			widths[i] = max(0, left) * share(c) / shares
			if widths[i] < least[i] {
				widths[i], fixed[i], again = least[i], true, true
			}
		}
		if !again {
			break
		}
	}
	return g.squeeze(widths)
}

func share(c Column) float64 {
	if c.Width <= 0 {
		return 1
	}
	return c.Width
}

// squeeze scales the columns to the page when together they want more.
func (g *grid) squeeze(widths []float64) []float64 {
	sum := 0.0
	for _, w := range widths {
		sum += w
	}
	for i := range widths {
		widths[i] *= g.d.width / sum
	}
	return widths
}

// least is the width below which a column should not go.
func (g *grid) least(column int) float64 {
	limit := g.d.width / float64(len(g.table.Columns))
	least := 0.0
	if len(g.head) > 0 {
		least = g.longestWord(&g.head[0].cells[column], limit)
	}
	for _, rows := range [][]row{g.rows, g.foot} {
		for i := range rows {
			least = max(least, g.leastCell(&rows[i], column))
		}
	}
	if g.table.Columns[column].Align != Number {
		least = max(least, min(limit, 4*g.d.scaled(cellFace).size))
	}
	return min(least, g.d.width/2) + 2*g.pad
}

// leastCell is what a row's cell in a column of numbers needs.
func (g *grid) leastCell(r *row, column int) float64 {
	if g.table.Columns[column].Align != Number {
		return 0
	}
	for i := range r.cells {
		if c := &r.cells[i]; c.column == column && c.Span <= 1 {
			return wide(c.text.text, c.text.face)
		}
	}
	return 0
}

func wide(t *typeset.Text, f face) float64 { return float64(t.Width) * f.size / 1000 }

// longestWord is the width of the longest word of a header, up to a limit.
func (g *grid) longestWord(c *set, limit float64) (longest float64) {
	for _, word := range strings.Fields(c.Text) {
		longest = max(longest, wide(g.d.shape(c.text.face, Plain(word)), c.text.face))
	}
	return min(longest, limit)
}

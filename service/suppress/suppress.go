// Package suppress decides which numbers of a table must stay hidden when it
// leaves the house, so that nobody can work out what few children did: small
// counts, sums of money that are mostly one child's, and as many other numbers
// as keep those from being found by subtraction.
//
// A table has rows, columns and their totals. Whoever reads it knows all of
// them but the hidden ones, that each total is the sum of its parts, and that
// nothing is below zero. A number is safe where, for all that this tells, it
// could be as low as its Low and as high as its High; both are chosen so wide
// that the reader learns no more than that it was hidden. Within one table that
// is exact, for whole numbers too: the bounds of a cell are flows in a network
// (Gusfield 1988), and a flow of whole numbers is as large as any other.
//
// It sees one table. Two tables that share a number must be made so that the
// shared numbers are published in both or in neither (see Pool), or else be one
// table; and a table about nearly the same children a month later is another
// table about them. The package is pure: no database, no clock, no words.
package suppress

import (
	"cmp"
	"slices"
)

// Cell is one number of a table.
type Cell struct {
	Value int64 // a count, or cents; never negative
	// Low and High are what a reader must hold possible if the number is
	// sensitive: that it is Low or less, and that it is High or more. High is
	// zero for a number that may be known.
	Low, High int64
}

// Sensitive reports whether the number must not be known.
func (c Cell) Sensitive() bool { return c.High > c.Value || c.High > 0 && c.Low < c.Value }

// Table is numbers with their totals: the last row is the sum of the rows, and
// the last number of each row the sum of the row.
type Table struct {
	cells         []Cell
	rows, columns int  // with the totals
	told          bool // the totals of rows are known to everybody
}

// At is the number in a row and a column; the one past the last is the total.
func (t *Table) At(row, column int) Cell { return t.cells[row*t.columns+column] }

// Rows and Columns count them without the totals.
func (t *Table) Rows() int    { return t.rows - 1 }
func (t *Table) Columns() int { return t.columns - 1 }

// Hidden says which numbers of a table are not shown.
type Hidden struct {
	cells   []bool
	columns int
}

// At reports whether the number in a row and a column is hidden; the one past
// the last is the total.
func (h Hidden) At(row, column int) bool { return h.cells[row*h.columns+column] }

// Count is how many numbers are hidden.
func (h Hidden) Count() (n int) {
	for _, hidden := range h.cells {
		if hidden {
			n++
		}
	}
	return n
}

// Hide chooses what to hide: every sensitive number, and of the others as few
// and as small ones as it finds. No other number of its choice could be shown
// without making a sensitive one known. The same table gives the same choice.
func (t *Table) Hide() Hidden {
	s := t.searcher()
	for _, target := range s.order {
		s.protect(target)
	}
	s.relax()
	return Hidden{s.hidden, t.columns}
}

// Interval is what can be known of a number: from Low to High, both possible.
type Interval struct {
	Low, High int64
	NoEnd     bool // nothing limits it above; High says nothing
}

// Known works out what a reader can know of a number when some are hidden.
func (t *Table) Known(h Hidden, row, column int) Interval {
	c := row*t.columns + column
	value := t.cells[c].Value
	if !h.cells[c] {
		return Interval{Low: value, High: value}
	}
	up, noEnd := t.slack(h.cells, c, true)
	down, _ := t.slack(h.cells, c, false)
	return Interval{Low: value - down, High: value + up, NoEnd: noEnd}
}

// slack is how far a hidden number could be from its value.
func (t *Table) slack(hidden []bool, target int, up bool) (far int64, noEnd bool) {
	f := newFlow(t, target, up, func(cell int) int64 {
		if hidden[cell] {
			return oneStep
		}
		return never
	})
	f.least = boundless
	if _, _, ok := f.path(); ok && f.room(target, up) >= boundless {
		return 0, true
	}
	f.least = 1
	for {
		path, most, ok := f.path()
		if !ok || most == 0 {
			return far, false
		}
		f.push(path, most)
		far += most
	}
}

// searcher is a choice in the making.
type searcher struct {
	*Table
	hidden []bool
	order  []int          // sensitive numbers, the hardest to protect first
	by     map[side][]int // what the proof of each side of a sensitive number rests on
	rests  map[int][]side // the other way round; may name proofs that were renewed since
	cost   []int64
}

// side is one of the two things a reader must hold possible of a number.
type side struct {
	cell int
	up   bool
}

func (t *Table) searcher() *searcher {
	s := &searcher{Table: t, hidden: make([]bool, len(t.cells)), by: map[side][]int{}, rests: map[int][]side{}, cost: make([]int64, len(t.cells))}
	for i, c := range t.cells {
		s.cost[i] = t.worth(i)
		if c.Sensitive() {
			s.hidden[i] = true
			s.order = append(s.order, i)
		}
	}
	need := func(i int) int64 { return max(t.cells[i].High-t.cells[i].Value, t.cells[i].Value-t.cells[i].Low) }
	slices.SortStableFunc(s.order, func(a, b int) int { return cmp.Compare(need(b), need(a)) })
	return s
}

// What it costs to hide a number: a total tells more than one of its parts, and
// a zero may be known from elsewhere, so that it hides little. What is hidden
// already costs a step, so that ways are short and found in few turns (Edmonds
// and Karp).
const (
	oneStep   = 1
	onePart   = 1 << 20
	oneZero   = onePart << 2
	oneTotal  = onePart << 6
	grandOnes = onePart << 14
)

func (t *Table) worth(cell int) int64 {
	row, column := cell/t.columns == t.rows-1, cell%t.columns == t.columns-1
	value := t.cells[cell].Value
	switch {
	case column && t.told:
		return never
	case row && column:
		return grandOnes
	case row || column:
		return oneTotal + min(value, onePart)
	case value == 0:
		return oneZero
	}
	return onePart + min(value, onePart)
}

// protect hides what it takes to protect a sensitive number.
func (s *searcher) protect(target int) {
	for _, up := range []bool{true, false} {
		path, _ := s.prove(side{target, up}, func(cell int) int64 {
			if s.hidden[cell] {
				return oneStep
			}
			return s.cost[cell]
		})
		for _, cell := range path {
			s.hidden[cell] = true
		}
		s.rest(side{target, up}, path)
	}
}

// prove finds a table that a reader must hold possible and in which the number
// is as far as it must be. It returns the numbers that differ in it.
func (s *searcher) prove(p side, cost func(int) int64) (differ []int, ok bool) {
	c := s.cells[p.cell]
	need := c.Value - c.Low
	if p.up {
		need = c.High - c.Value
	}
	f := newFlow(s.Table, p.cell, p.up, cost)
	for need > 0 {
		path, most, ok := f.path()
		if !ok || most == 0 {
			return nil, false
		}
		most = min(most, need)
		f.push(path, most)
		need -= most
	}
	return f.moved(), true
}

func (s *searcher) rest(p side, on []int) {
	s.by[p] = on
	for _, cell := range on {
		s.rests[cell] = append(s.rests[cell], p)
	}
}

// relax shows again what need not be hidden, the dearest first.
func (s *searcher) relax() {
	var extra []int
	for i, hidden := range s.hidden {
		if hidden && !s.cells[i].Sensitive() {
			extra = append(extra, i)
		}
	}
	slices.SortStableFunc(extra, func(a, b int) int { return cmp.Compare(s.cost[b], s.cost[a]) })
	for _, cell := range extra {
		s.hidden[cell] = false
		if !s.renew(cell) {
			s.hidden[cell] = true
		}
	}
}

// renew proves anew, with what is hidden now, whatever rested on a number.
func (s *searcher) renew(shown int) bool {
	fresh := map[side][]int{}
	for _, p := range s.rests[shown] {
		if _, done := fresh[p]; done || !slices.Contains(s.by[p], shown) {
			continue
		}
		path, ok := s.prove(p, func(cell int) int64 {
			if s.hidden[cell] {
				return oneStep
			}
			return never
		})
		if !ok {
			return false
		}
		fresh[p] = path
	}
	for p, path := range fresh {
		s.rest(p, path)
	}
	return true
}

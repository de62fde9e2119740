package suppress

import (
	"cmp"
	"fmt"
	"slices"
)

// Default is how many children a number must be of to be shown: the most common
// choice among states (NCES, SLDS Technical Brief 3).
const Default = 10

// Counts makes a table of numbers of children, in which whatever is from 1 to
// n-1 is sensitive, totals too. A reader of what Hide leaves must hold
// everything from 0 to n possible. Zero itself is shown: that nobody did
// something says nothing of any one child that its group does not say.
func Counts(values [][]int64, n int64) (*Table, error) {
	t, err := blank(len(values), width(values))
	if err != nil {
		return nil, err
	}
	for r, row := range values {
		if len(row) != t.Columns() {
			return nil, fmt.Errorf("suppress: row %d has %d numbers, not %d", r, len(row), t.Columns())
		}
		for c, v := range row {
			if v < 0 || v >= boundless/int64(len(t.cells)) {
				return nil, fmt.Errorf("suppress: %d in row %d is no count", v, r)
			}
			for _, cell := range t.shares(r, c) {
				t.cells[cell].Value += v
			}
		}
	}
	for i, c := range t.cells {
		if c.Value > 0 && c.Value < n {
			t.cells[i].High = n
		}
	}
	return t, nil
}

// Shares makes a table of groups whose sizes everybody knows, and none of which
// is smaller than n: each row is split by what its children did. As those who
// did not are known with those who did, a number is sensitive where either is
// from 1 to n-1. Sizes are never hidden, nor is the sum of all.
func Shares(values [][]int64, n int64) (*Table, error) {
	t, err := Counts(values, n)
	if err != nil {
		return nil, err
	}
	t.told = true
	for r := range t.rows {
		size := t.At(r, t.Columns()).Value
		if size < n {
			return nil, fmt.Errorf("suppress: row %d is of %d, fewer than %d", r, size, n)
		}
		for c := range t.Columns() {
			cell := &t.cells[r*t.columns+c]
			if others := size - cell.Value; others > 0 && others < n {
				if !cell.Sensitive() {
					cell.Low = size - n
				}
				cell.High = size
			}
		}
	}
	return t, nil
}

// Sum is money of some children: how much in all, of how many, and of the two
// with the most.
type Sum struct {
	Cents         int64
	Children      int64
	First, Second int64
}

// add is the sum of both. A child's money is in one of them alone.
func (s Sum) add(o Sum) Sum {
	top := []int64{s.First, s.Second, o.First, o.Second}
	slices.SortFunc(top, func(a, b int64) int { return cmp.Compare(b, a) })
	return Sum{Cents: s.Cents + o.Cents, Children: s.Children + o.Children, First: top[0], Second: top[1]}
}

// Dominance is when a sum of money gives a child away: where it is of fewer than
// N children, or where the child with the second most, who knows its own, could
// tell the most within P percent (the p% rule of Cox 1981).
type Dominance struct {
	N int64
	P int64
}

// Sums makes a table of money. Of a sensitive sum a reader must hold possible
// that it is P percent of the largest part higher, and lower; so nobody in it
// can tell another's money closer than that.
func Sums(values [][]Sum, rule Dominance) (*Table, error) {
	t, err := blank(len(values), width(values))
	if err != nil {
		return nil, err
	}
	all := make([]Sum, len(t.cells))
	for r, row := range values {
		if len(row) != t.Columns() {
			return nil, fmt.Errorf("suppress: row %d has %d sums, not %d", r, len(row), t.Columns())
		}
		for c, s := range row {
			if err := s.check(len(t.cells)); err != nil {
				return nil, fmt.Errorf("row %d: %w", r, err)
			}
			for _, cell := range t.shares(r, c) {
				all[cell] = all[cell].add(s)
			}
		}
	}
	for i, s := range all {
		t.cells[i].Value = s.Cents
		// In hundredths of cents, which P percent of a cent are.
		if s.Cents > 0 && (s.Children < rule.N || 100*(s.Cents-s.First-s.Second) < rule.P*s.First) {
			by := max((rule.P*s.First+99)/100, 1)
			t.cells[i].Low, t.cells[i].High = max(s.Cents-by, 0), s.Cents+by
		}
	}
	return t, nil
}

func (s Sum) check(cells int) error {
	most := boundless / int64(cells) / 1000
	if s.Cents < 0 || s.Cents > most || s.Second < 0 || s.Second > s.First || s.First+s.Second > s.Cents || s.Children < 0 {
		return fmt.Errorf("suppress: %+v is no sum", s)
	}
	return nil
}

func width[T any](rows [][]T) int {
	if len(rows) == 0 {
		return 0
	}
	return len(rows[0])
}

func blank(rows, columns int) (*Table, error) {
	if rows < 1 || columns < 1 {
		return nil, fmt.Errorf("suppress: %d rows of %d numbers are no table", rows, columns)
	}
	return &Table{cells: make([]Cell, (rows+1)*(columns+1)), rows: rows + 1, columns: columns + 1}, nil
}

// shares are the numbers that a part is in: itself and its totals.
func (t *Table) shares(row, column int) []int {
	last, bottom := t.columns-1, (t.rows-1)*t.columns
	return []int{row*t.columns + column, row*t.columns + last, bottom + column, bottom + last}
}

// Pool puts groups that are smaller than n together, so that every group has a
// size that may be shown, in whatever many tables. It returns the pooled groups'
// places, or none: where those below n are fewer than n together, the smallest
// of the others joins them. ok is false where all together are fewer than n, and
// nothing can be shown of them. Groups of nobody are left out of everything.
func Pool(sizes []int64, n int64) (pooled []int, ok bool) {
	var order []int
	var all int64
	for i, size := range sizes {
		if all += size; size > 0 {
			order = append(order, i)
		}
	}
	if all < n {
		return nil, false
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sizes[a], sizes[b]) })
	var together int64
	for _, i := range order {
		if sizes[i] >= n && (together == 0 || together >= n) {
			break
		}
		together += sizes[i]
		pooled = append(pooled, i)
	}
	slices.Sort(pooled)
	return pooled, true
}

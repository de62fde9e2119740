package suppress_test

import (
	"math/big"
	"testing"

	"seedbook/service/suppress"
)

// attacker is a stranger with a linear program: it knows what is published, that
// totals are sums and that nothing is below zero. It shares no code with the
// package and knows nothing of networks.
type attacker struct {
	rows    [][]*big.Rat // equations over the hidden numbers; the last column is the right side
	unknown int
	place   map[int]int // of a hidden number among the unknowns
	columns int
}

// see takes what a reader sees.
func see(t *suppress.Table, hidden func(row, column int) bool) *attacker {
	a := &attacker{place: map[int]int{}, columns: t.Columns() + 1}
	for r := range t.Rows() + 1 {
		for c := range t.Columns() + 1 {
			if hidden(r, c) {
				a.place[r*a.columns+c] = a.unknown
				a.unknown++
			}
		}
	}
	sum := func(cells [][2]int) { // the last one is the total of the others
		row := make([]*big.Rat, a.unknown+1)
		for i := range row {
			row[i] = new(big.Rat)
		}
		for i, cell := range cells {
			sign := int64(1)
			if i == len(cells)-1 {
				sign = -1
			}
			if at, ok := a.place[cell[0]*a.columns+cell[1]]; ok {
				row[at].SetInt64(sign)
			} else {
				row[a.unknown].Sub(row[a.unknown], big.NewRat(sign*t.At(cell[0], cell[1]).Value, 1))
			}
		}
		a.rows = append(a.rows, row)
	}
	for r := range t.Rows() + 1 {
		var cells [][2]int
		for c := range t.Columns() + 1 {
			cells = append(cells, [2]int{r, c})
		}
		sum(cells)
	}
	for c := range t.Columns() + 1 {
		var cells [][2]int
		for r := range t.Rows() + 1 {
			cells = append(cells, [2]int{r, c})
		}
		sum(cells)
	}
	return a
}

// bound is the least or the greatest that a hidden number can be; nil where
// nothing limits it.
func (a *attacker) bound(t *testing.T, row, column int, greatest bool) *big.Rat {
	t.Helper()
	target := a.place[row*a.columns+column]
	s := newSimplex(a.rows, a.unknown)
	if !s.feasible() {
		t.Fatal("no table at all agrees with what is published")
	}
	return s.extreme(target, greatest)
}

// simplex is a tableau of exact fractions, with one artificial variable for
// each equation, driven by Bland's rule, which never cycles.
type simplex struct {
	cells [][]*big.Rat
	basis []int
	n     int
}

func newSimplex(rows [][]*big.Rat, n int) *simplex {
	s := &simplex{n: n}
	for i, row := range rows {
		line := make([]*big.Rat, n+len(rows)+1)
		for j := range line {
			line[j] = new(big.Rat)
		}
		flip := row[n].Sign() < 0
		for j := range n {
			line[j].Set(row[j])
		}
		line[len(line)-1].Set(row[n])
		if flip {
			for _, x := range line {
				x.Neg(x)
			}
		}
		line[n+i].SetInt64(1)
		s.cells, s.basis = append(s.cells, line), append(s.basis, n+i)
	}
	return s
}

func (s *simplex) last() int { return len(s.cells[0]) - 1 }

// run minimizes a cost over the variables below limit; false: without end.
func (s *simplex) run(cost []*big.Rat, limit int) bool {
	for {
		enter := -1
		for j := 0; j < limit && enter < 0; j++ {
			if s.reduced(cost, j).Sign() < 0 {
				enter = j
			}
		}
		if enter < 0 {
			return true
		}
		leave := -1
		for i, row := range s.cells {
			if row[enter].Sign() <= 0 {
				continue
			}
			if leave < 0 {
				leave = i
				continue
			}
			a := new(big.Rat).Quo(row[s.last()], row[enter])
			b := new(big.Rat).Quo(s.cells[leave][s.last()], s.cells[leave][enter])
			if c := a.Cmp(b); c < 0 || c == 0 && s.basis[i] < s.basis[leave] {
				leave = i
			}
		}
		if leave < 0 {
			return false
		}
		s.pivot(leave, enter)
	}
}

func (s *simplex) reduced(cost []*big.Rat, j int) *big.Rat {
	d := new(big.Rat).Set(cost[j])
	for i, row := range s.cells {
		if row[j].Sign() != 0 && cost[s.basis[i]].Sign() != 0 {
			d.Sub(d, new(big.Rat).Mul(cost[s.basis[i]], row[j]))
		}
	}
	return d
}

func (s *simplex) pivot(at, enter int) {
	by := new(big.Rat).Inv(s.cells[at][enter])
	for _, x := range s.cells[at] {
		x.Mul(x, by)
	}
	for i, row := range s.cells {
		if i == at || row[enter].Sign() == 0 {
			continue
		}
		factor := new(big.Rat).Set(row[enter])
		for j, x := range s.cells[at] {
			if x.Sign() != 0 {
				row[j].Sub(row[j], new(big.Rat).Mul(factor, x))
			}
		}
	}
	s.basis[at] = enter
}

func (s *simplex) zeros() []*big.Rat {
	cost := make([]*big.Rat, s.last())
	for j := range cost {
		cost[j] = new(big.Rat)
	}
	return cost
}

// feasible finds one table, and takes the artificial variables out.
func (s *simplex) feasible() bool {
	cost := s.zeros()
	for j := s.n; j < s.last(); j++ {
		cost[j].SetInt64(1)
	}
	s.run(cost, s.last())
	for i := 0; i < len(s.cells); i++ {
		if s.basis[i] < s.n {
			continue
		}
		if s.cells[i][s.last()].Sign() != 0 {
			return false
		}
		enter := -1
		for j := range s.n {
			if s.cells[i][j].Sign() != 0 {
				enter = j
				break
			}
		}
		if enter >= 0 {
			s.pivot(i, enter)
			continue
		}
		s.cells = append(s.cells[:i], s.cells[i+1:]...) // says nothing new
		s.basis = append(s.basis[:i], s.basis[i+1:]...)
		i--
	}
	return true
}

func (s *simplex) extreme(target int, greatest bool) *big.Rat {
	if len(s.cells) == 0 {
		if greatest {
			return nil
		}
		return new(big.Rat)
	}
	cost := s.zeros()
	cost[target].SetInt64(1)
	if greatest {
		cost[target].SetInt64(-1)
	}
	if !s.run(cost, s.n) {
		return nil
	}
	for i, j := range s.basis {
		if j == target {
			return new(big.Rat).Set(s.cells[i][s.last()])
		}
	}
	return new(big.Rat)
}

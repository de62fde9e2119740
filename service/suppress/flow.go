package suppress

import "container/heap"

// never is the cost of a number that may not change, and boundless the room of
// one that may grow without end.
const (
	never     = int64(1) << 62
	boundless = int64(1) << 61
)

// flow changes a table so that all its sums stay right. Rows and columns are
// nodes, numbers are edges: to raise a number is to send something along its
// edge, from its row to its column, and what arrives in a column must leave it
// again along another number. Totals count against the sum, so along them it
// runs the other way.
type flow struct {
	t      *Table
	target int
	up     bool
	cost   func(cell int) int64
	change []int64 // of each number
	least  int64   // room that a number must have to be on a path
}

func newFlow(t *Table, target int, up bool, cost func(int) int64) *flow {
	return &flow{t: t, target: target, up: up, cost: cost, change: make([]int64, len(t.cells)), least: 1}
}

// total reports a number that is the total of a row or of a column, but not
// the total of all.
func (t *Table) total(cell int) bool {
	return (cell/t.columns == t.rows-1) != (cell%t.columns == t.columns-1)
}

// room is how far a number may still rise or fall.
func (f *flow) room(cell int, rise bool) int64 {
	if rise {
		return boundless
	}
	return f.t.cells[cell].Value + f.change[cell]
}

// step is one number along a path, and whether it rises.
type step struct {
	cell int
	rise bool
}

// path finds the cheapest way to bring what the target sends back to where it
// came from, and how much can go along it.
func (f *flow) path() (path []step, most int64, ok bool) {
	t := f.t
	row, column := f.target/t.columns, t.rows+f.target%t.columns
	// The target rises along its edge from row to column unless it is a total.
	from, to := column, row
	if f.up == t.total(f.target) {
		from, to = row, column
	}
	came, ok := f.search(from, to)
	if !ok {
		return nil, 0, false
	}
	most = f.room(f.target, f.up)
	path = append(path, step{f.target, f.up})
	for at := to; at != from; {
		s := came[at]
		path = append(path, s)
		most = min(most, f.room(s.cell, s.rise))
		at = f.across(s.cell, at)
	}
	return path, most, true
}

// across is the node at the other end of a number's edge.
func (f *flow) across(cell, node int) int {
	row, column := cell/f.t.columns, f.t.rows+cell%f.t.columns
	if node == row {
		return column
	}
	return row
}

// search is Dijkstra's; it returns by which number each node was reached.
func (f *flow) search(from, to int) (came []step, ok bool) {
	t := f.t
	nodes := t.rows + t.columns
	far := make([]int64, nodes)
	for i := range far {
		far[i] = never
	}
	came, done := make([]step, nodes), make([]bool, nodes)
	far[from] = 0
	queue := &frontier{{0, from}}
	for queue.Len() > 0 {
		at := heap.Pop(queue).(reached).node
		if at == to {
			return came, true
		}
		if done[at] {
			continue
		}
		done[at] = true
		f.each(at, func(cell, next int, rise bool) {
			price := f.cost(cell)
			if done[next] || price >= never || cell == f.target || f.room(cell, rise) < f.least || far[at]+price >= far[next] {
				return
			}
			far[next], came[next] = far[at]+price, step{cell, rise}
			heap.Push(queue, reached{far[next], next})
		})
	}
	return nil, false
}

// each calls fn for every edge at a node: from a row numbers rise and totals
// fall, from a column the other way round.
func (f *flow) each(node int, fn func(cell, next int, rise bool)) {
	t := f.t
	if node < t.rows {
		for c := range t.columns {
			cell := node*t.columns + c
			fn(cell, t.rows+c, !t.total(cell))
		}
		return
	}
	for r := range t.rows {
		cell := r*t.columns + node - t.rows
		fn(cell, r, t.total(cell))
	}
}

func (f *flow) push(path []step, amount int64) {
	for _, s := range path {
		if s.rise {
			f.change[s.cell] += amount
		} else {
			f.change[s.cell] -= amount
		}
	}
}

// moved are the numbers that differ now, but for the target.
func (f *flow) moved() (cells []int) {
	for cell, by := range f.change {
		if by != 0 && cell != f.target {
			cells = append(cells, cell)
		}
	}
	return cells
}

// reached is a node with what it costs to come there.
type reached struct {
	far  int64
	node int
}

// frontier is a heap of nodes, the nearest first.
type frontier []reached

func (q frontier) Len() int { return len(q) }
func (q frontier) Less(i, j int) bool {
	return q[i].far < q[j].far || q[i].far == q[j].far && q[i].node < q[j].node
}
func (q frontier) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *frontier) Push(x any)   { *q = append(*q, x.(reached)) }
func (q *frontier) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

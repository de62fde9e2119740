package suppress_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"seedbook/service/suppress"
)

// picture writes a table as a reader sees it.
func picture(t *suppress.Table, h suppress.Hidden) string {
	var b strings.Builder
	for r := range t.Rows() + 1 {
		for c := range t.Columns() + 1 {
			if h.At(r, c) {
				b.WriteString("    *")
			} else {
				fmt.Fprintf(&b, "%5d", t.At(r, c).Value)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func counts(t testing.TB, n int64, values ...[]int64) *suppress.Table {
	table, err := suppress.Counts(values, n)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestSmallCountsAndWhatWouldGiveThemAway(t *testing.T) {
	for _, c := range []struct {
		what   string
		values [][]int64
		want   string
	}{
		{"nothing small", [][]int64{{20, 30}, {40, 10}}, `
   20   30   50
   40   10   50
   60   40  100
`},
		{"a zero is no small count", [][]int64{{0, 30}, {40, 10}}, `
    0   30   30
   40   10   50
   40   40   80
`},
		{"one small count takes a rectangle of the smallest others", [][]int64{{4, 496}, {60, 40}, {300, 200}}, `
    *    *  500
    *    *  100
  300  200  500
  364  736 1100
`},
		// Two threes side by side would be known to be at most six.
		{"small ones do not protect each other", [][]int64{{3, 3, 94}, {3, 3, 94}, {30, 40, 30}}, `
    *    *    *  100
    *    *    *  100
    *    *   30  100
   36   46  218  300
`},
		{"a small total", [][]int64{{2, 40}, {3, 50}}, `
    *    *   42
    *    *   53
    *    *   95
`},
	} {
		table := counts(t, 10, c.values...)
		if got := "\n" + picture(table, table.Hide()); got != c.want {
			t.Errorf("%s: got%swant%s", c.what, got, c.want)
		}
	}
}

func TestOneChildsMoneyIsNotTold(t *testing.T) {
	rule := suppress.Dominance{N: 3, P: 10}
	// Of 1,000 one child has 900 and another 95: who has 95 would know 900 to
	// within 5, less than a tenth of it.
	sums := [][]suppress.Sum{
		{{Cents: 100000, Children: 12, First: 90000, Second: 9500}, {Cents: 70000, Children: 20, First: 9000, Second: 8000}},
		{{Cents: 80000, Children: 15, First: 9000, Second: 9000}, {Cents: 65000, Children: 18, First: 9000, Second: 8000}},
	}
	table, err := suppress.Sums(sums, rule)
	if err != nil {
		t.Fatal(err)
	}
	hidden := table.Hide()
	if !hidden.At(0, 0) || hidden.Count() != 4 || hidden.At(0, 2) || hidden.At(2, 2) {
		t.Errorf("got\n%s", picture(table, hidden))
	}
	sums[0][0].First, sums[0][0].Second = 20000, 19000
	if table, err = suppress.Sums(sums, rule); err != nil || table.Hide().Count() != 0 {
		t.Errorf("money of many: %v, hidden %d", err, table.Hide().Count())
	}
	sums[0][0].Children = 2
	if table, err = suppress.Sums(sums, rule); err != nil || !table.Hide().At(0, 0) {
		t.Errorf("money of two: %v", err)
	}
}

func TestWhatIsNoTableIsRefused(t *testing.T) {
	for what, values := range map[string][][]int64{"nothing": nil, "empty rows": {{}}, "below zero": {{1, -1}}, "ragged": {{1, 2}, {3}}, "beyond counting": {{1 << 61}}} {
		if _, err := suppress.Counts(values, 10); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
	for what, s := range map[string]suppress.Sum{"below zero": {Cents: -1}, "parts above the whole": {Cents: 5, First: 4, Second: 3}, "the second above the first": {Cents: 5, First: 1, Second: 2}} {
		if _, err := suppress.Sums([][]suppress.Sum{{s}}, suppress.Dominance{N: 3, P: 10}); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}

// aTable draws a table with many small numbers.
func aTable(r *rapid.T, most int) [][]int64 {
	rows, columns := rapid.IntRange(1, most).Draw(r, "rows"), rapid.IntRange(1, most).Draw(r, "columns")
	values := make([][]int64, rows)
	for i := range values {
		for range columns {
			values[i] = append(values[i], rapid.OneOf(rapid.Int64Range(0, 12), rapid.Int64Range(0, 3), rapid.Int64Range(5, 400)).Draw(r, "count"))
		}
	}
	return values
}

// theft is what the attacker learns of a table's sensitive numbers beyond that
// they are hidden; "" for nothing.
func theft(t *testing.T, table *suppress.Table, hidden func(r, c int) bool) string {
	t.Helper()
	a := see(table, hidden)
	for r := range table.Rows() + 1 {
		for c := range table.Columns() + 1 {
			cell := table.At(r, c)
			if !cell.Sensitive() {
				continue
			}
			if !hidden(r, c) {
				return fmt.Sprintf("%d, %d is shown", r, c)
			}
			least, greatest := a.bound(t, r, c, false), a.bound(t, r, c, true)
			if least == nil || least.Cmp(big.NewRat(cell.Low, 1)) > 0 {
				return fmt.Sprintf("%d, %d is at least %v", r, c, least)
			}
			if greatest != nil && greatest.Cmp(big.NewRat(cell.High, 1)) < 0 {
				return fmt.Sprintf("%d, %d is at most %v", r, c, greatest)
			}
			if !least.IsInt() || greatest != nil && !greatest.IsInt() {
				return fmt.Sprintf("%d, %d is bounded by fractions, %v to %v, so whole numbers may tell more", r, c, least, greatest)
			}
		}
	}
	return ""
}

func TestASolverLearnsNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.Int64Range(2, 12).Draw(r, "n")
		table := counts(t, n, aTable(r, 5)...)
		hidden := table.Hide()
		if found := theft(t, table, hidden.At); found != "" {
			r.Fatalf("%s of\n%s", found, picture(table, hidden))
		}
	})
}

func TestASolverLearnsNothingOfMoney(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rule := suppress.Dominance{N: rapid.Int64Range(1, 5).Draw(r, "n"), P: rapid.Int64Range(1, 50).Draw(r, "p")}
		rows, columns := rapid.IntRange(1, 4).Draw(r, "rows"), rapid.IntRange(1, 4).Draw(r, "columns")
		sums := make([][]suppress.Sum, rows)
		for i := range sums {
			for range columns {
				first := rapid.Int64Range(0, 90000).Draw(r, "first")
				second := rapid.Int64Range(0, first).Draw(r, "second")
				sums[i] = append(sums[i], suppress.Sum{Cents: first + second + rapid.Int64Range(0, 20000).Draw(r, "rest"), Children: rapid.Int64Range(0, 8).Draw(r, "children"), First: first, Second: second})
			}
		}
		table, err := suppress.Sums(sums, rule)
		if err != nil {
			r.Fatal(err)
		}
		hidden := table.Hide()
		if found := theft(t, table, hidden.At); found != "" {
			r.Fatalf("%s of\n%s", found, picture(table, hidden))
		}
	})
}

// Shares of groups whose sizes stand beside them: neither who did something nor
// who did not is found, and the sizes stay.
func TestASolverLearnsNothingOfShares(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.Int64Range(2, 12).Draw(r, "n")
		values := aTable(r, 5)
		for i := range values {
			values[i][0] += n
		}
		table, err := suppress.Shares(values, n)
		if err != nil {
			r.Fatal(err)
		}
		hidden := table.Hide()
		if found := theft(t, table, hidden.At); found != "" {
			r.Fatalf("%s of\n%s", found, picture(table, hidden))
		}
		for row := range table.Rows() + 1 {
			size := table.At(row, table.Columns()).Value
			if hidden.At(row, table.Columns()) {
				r.Fatalf("the size of group %d is hidden", row)
			}
			for column := range table.Columns() {
				v := table.At(row, column).Value
				if !hidden.At(row, column) && (v > 0 && v < n || size > v && size-v < n) {
					r.Fatalf("%d of %d is told", v, size)
				}
			}
		}
	})
	if _, err := suppress.Shares([][]int64{{3, 4}}, 10); err == nil {
		t.Error("a group of seven was taken")
	}
}

// The attacker would find out, if there was anything: hiding the small numbers
// alone, as people do by hand, is broken by subtraction.
func TestTheSolverBreaksWhatIsHiddenByHand(t *testing.T) {
	table := counts(t, 10, []int64{4, 496}, []int64{60, 40})
	byHand := func(r, c int) bool { return table.At(r, c).Sensitive() }
	if found := theft(t, table, byHand); found != "0, 0 is at least 4/1" {
		t.Errorf("found %q", found)
	}
	broken := 0
	rapid.Check(t, func(r *rapid.T) {
		table := counts(t, 10, aTable(r, 4)...)
		if theft(t, table, func(r, c int) bool { return table.At(r, c).Sensitive() }) != "" {
			broken++
		}
	})
	if broken < 20 {
		t.Errorf("only %d of 100 tables were broken", broken)
	}
}

// Nothing is hidden without need: show any one more, and the solver learns
// something.
func TestNothingIsHiddenWithoutNeed(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		table := counts(t, 10, aTable(r, 4)...)
		hidden := table.Hide()
		for row := range table.Rows() + 1 {
			for column := range table.Columns() + 1 {
				if !hidden.At(row, column) || table.At(row, column).Sensitive() {
					continue
				}
				but := func(r, c int) bool { return hidden.At(r, c) && (r != row || c != column) }
				if theft(t, table, but) == "" {
					r.Fatalf("%d, %d need not be hidden in\n%s", row, column, picture(table, hidden))
				}
			}
		}
	})
}

// What Known says is what the solver finds, for shown numbers and hidden ones.
func TestKnownIsWhatTheSolverFinds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		table := counts(t, 8, aTable(r, 4)...)
		hidden := table.Hide()
		a := see(table, hidden.At)
		for row := range table.Rows() + 1 {
			for column := range table.Columns() + 1 {
				known := table.Known(hidden, row, column)
				if !hidden.At(row, column) {
					if v := table.At(row, column).Value; known.Low != v || known.High != v || known.NoEnd {
						r.Fatalf("%d is shown and known as %+v", v, known)
					}
					continue
				}
				least, greatest := a.bound(t, row, column, false), a.bound(t, row, column, true)
				if least.Cmp(big.NewRat(known.Low, 1)) != 0 || (greatest == nil) != known.NoEnd || greatest != nil && greatest.Cmp(big.NewRat(known.High, 1)) != 0 {
					r.Fatalf("%d, %d: known %+v, solver %v to %v in\n%s", row, column, known, least, greatest, picture(table, hidden))
				}
			}
		}
	})
}

// Every whole number from 0 to n is possible, counted out one table at a time.
func TestEveryCountIsPossible(t *testing.T) {
	const n, most = 3, 14
	rapid.Check(t, func(r *rapid.T) {
		values := make([][]int64, 2)
		for i := range values {
			values[i] = []int64{rapid.Int64Range(0, 5).Draw(r, "left"), rapid.Int64Range(0, 5).Draw(r, "right")}
		}
		table := counts(t, n, values...)
		hidden := table.Hide()
		seen := [9]map[int64]bool{}
		for i := range seen {
			seen[i] = map[int64]bool{}
		}
		var x [4]int64
		for x[0] = range int64(most) {
			for x[1] = range int64(most) {
				for x[2] = range int64(most) {
					for x[3] = range int64(most) {
						note(table, hidden, x, &seen)
					}
				}
			}
		}
		for i, possible := range seen {
			if !table.At(i/3, i%3).Sensitive() {
				continue
			}
			for v := range int64(n + 1) {
				if !possible[v] {
					r.Fatalf("%d cannot stand at %d, %d of\n%s", v, i/3, i%3, picture(table, hidden))
				}
			}
		}
	})
}

// note remembers a table of four numbers where it agrees with what is shown.
func note(table *suppress.Table, hidden suppress.Hidden, x [4]int64, seen *[9]map[int64]bool) {
	all := [9]int64{x[0], x[1], x[0] + x[1], x[2], x[3], x[2] + x[3], x[0] + x[2], x[1] + x[3], x[0] + x[1] + x[2] + x[3]}
	for i, v := range all {
		if !hidden.At(i/3, i%3) && table.At(i/3, i%3).Value != v {
			return
		}
	}
	for i, v := range all {
		seen[i][v] = true
	}
}

func TestSmallGroupsArePooled(t *testing.T) {
	for _, c := range []struct {
		sizes []int64
		want  string
		ok    bool
	}{
		{[]int64{50, 20, 10}, "[]", true},
		{[]int64{50, 6, 20, 7}, "[1 3]", true},
		{[]int64{50, 6, 20}, "[1 2]", true}, // one alone is pooled with the next
		{[]int64{6, 3}, "[]", false},
		{[]int64{9, 0, 8}, "[0 2]", true},
		{nil, "[]", false},
	} {
		pooled, ok := suppress.Pool(c.sizes, 10)
		if fmt.Sprint(pooled) != c.want || ok != c.ok {
			t.Errorf("%v: %v %v, want %v %v", c.sizes, pooled, ok, c.want, c.ok)
		}
	}
}

// A city's schools are hidden in the time of a page.
func TestALargeTableIsQuick(t *testing.T) {
	values := make([][]int64, 300)
	for i := range values {
		for j := range 6 {
			values[i] = append(values[i], int64((i*37+j*101)%120)*int64((i+j)%4))
		}
	}
	table := counts(t, 10, values...)
	hidden := table.Hide()
	for r := range table.Rows() + 1 {
		for c := range table.Columns() + 1 {
			if cell := table.At(r, c); cell.Sensitive() {
				if k := table.Known(hidden, r, c); k.Low > cell.Low || !k.NoEnd && k.High < cell.High {
					t.Fatalf("%d, %d is known to be %+v", r, c, k)
				}
			}
		}
	}
}

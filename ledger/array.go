package ledger

import "strconv"

// array builds a PostgreSQL array literal. pq.Array does the same through
// reflection, at several times the cost of the posting itself.
type array struct{ b []byte }

func (a *array) sep() {
	if a.b == nil {
		a.b = append(make([]byte, 0, 256), '{')
	} else {
		a.b = append(a.b, ',')
	}
}

func (a *array) int(n int64) {
	a.sep()
	a.b = strconv.AppendInt(a.b, n, 10)
}

// raw adds an element that needs no quoting.
func (a *array) raw(s string) {
	a.sep()
	a.b = append(a.b, s...)
}

func (a *array) text(s string) {
	a.sep()
	a.b = append(a.b, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			a.b = append(a.b, '\\')
		}
		a.b = append(a.b, s[i])
	}
	a.b = append(a.b, '"')
}

func (a *array) String() string {
	if a.b == nil {
		return "{}"
	}
	return string(append(a.b, '}'))
}

// column is an array whose elements are mostly equal: while they all are, only
// the first is sent.
type column struct {
	array
	first  string
	n      int
	varied bool
}

func (c *column) add(s string) {
	switch {
	case c.n == 0:
		c.first = s
		c.text(s)
	case !c.varied && s != c.first:
		for range c.n - 1 {
			c.text(c.first)
		}
		c.varied = true
		c.text(s)
	case c.varied:
		c.text(s)
	}
	c.n++
}

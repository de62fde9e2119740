package rules

import (
	"cmp"
	"errors"
	"slices"
	"sort"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"seedbook/ledger"
)

// Table is a lookup that a book gives a name: conditions ask it like a
// function.
type Table struct {
	Name string
	Keys []TableKey
	Type FactType // money, number or yes_no
	Says Text
	Rows []TableRow

	value []ref.Val // of the rows, as conditions take it
}

// TableKey is one of the whole numbers by which a table is asked.
type TableKey struct {
	Name  string
	Match string
}

// How a key of a table finds its row.
const (
	matchExact = "exact" // the row of that very number
	matchFrom  = "from"  // the row of the greatest number that is not above it
)

// TableRow is one line of a table, in the order of its keys.
type TableRow struct {
	At []int64
	Is any // an amount, int or bool, as the table says
}

// tables reads the book's tables.
func (d *decoder) tables(b *Book, n *node) (out []Table) {
	d.each(n, func(item *node) {
		o := d.object(item, "table")
		t := Table{Name: d.name(o.must("name")), Type: choice(d, o.must("type"), MoneyFact, NumberFact, YesNoFact), Says: d.says(o.may("says"))}
		d.tableKeys(&t, o.must("keys"))
		rows := o.must("rows")
		o.done()
		d.tableRows(&t, rows)
		taken := reserved[t.Name] || b.nameTaken(t.Name) || slices.ContainsFunc(out, func(u Table) bool { return u.Name == t.Name })
		if taken || !isIdent(t.Name) {
			d.report(item, "name_taken", map[string]any{"value": clip(t.Name)})
			return
		}
		if len(t.Keys) > 0 && len(t.Keys) <= maxTableKeys && slices.Contains([]FactType{MoneyFact, NumberFact, YesNoFact}, t.Type) {
			out = append(out, t)
		}
	})
	if len(out) > maxTables {
		d.report(n, "item_count", map[string]any{"least": 0, "most": maxTables})
		out = out[:maxTables]
	}
	return out
}

// How much one table may hold.
const (
	maxTables    = 30
	maxTableKeys = 2
	maxTableRows = 2_000
)

func (d *decoder) tableKeys(t *Table, n *node) {
	d.each(n, func(item *node) {
		o := d.object(item, "table_key")
		k := TableKey{Name: d.name(o.must("name")), Match: choice(d, o.may("match"), matchExact, matchFrom)}
		o.done()
		if k.Match == "" {
			k.Match = matchExact
		}
		if slices.ContainsFunc(t.Keys, func(j TableKey) bool { return j.Name == k.Name }) {
			d.report(item, "twice", map[string]any{"value": clip(k.Name)})
		}
		t.Keys = append(t.Keys, k)
	})
	if n != nil && n.kind == list && (len(t.Keys) == 0 || len(t.Keys) > maxTableKeys) {
		d.report(n, "item_count", map[string]any{"least": 1, "most": maxTableKeys})
	}
}

func (d *decoder) tableRows(t *Table, n *node) {
	if n != nil && n.kind == list && (len(n.items) == 0 || len(n.items) > maxTableRows) {
		d.report(n, "item_count", map[string]any{"least": 1, "most": maxTableRows})
		return
	}
	places := map[*node]TableRow{}
	d.each(n, func(item *node) {
		r := d.tableRow(t, item)
		places[item] = r
		t.Rows = append(t.Rows, r)
	})
	slices.SortStableFunc(t.Rows, func(a, b TableRow) int { return slices.Compare(a.At, b.At) })
	for i := 1; i < len(t.Rows); i++ {
		if slices.Equal(t.Rows[i].At, t.Rows[i-1].At) {
			d.report(n.twin(places, t.Rows[i].At), "twice", map[string]any{"value": t.Rows[i].At})
		}
	}
	for _, r := range t.Rows {
		t.value = append(t.value, factValue(t.Type, r.Is))
	}
}

// twin is the later of two rows of the same keys.
func (n *node) twin(rows map[*node]TableRow, at []int64) *node {
	for _, item := range slices.Backward(n.items) {
		if slices.Equal(rows[item].At, at) {
			return item
		}
	}
	return n
}

func (d *decoder) tableRow(t *Table, n *node) (r TableRow) {
	o := d.object(n, "table_row")
	at, is := o.must("at"), o.must("is")
	o.done()
	d.each(at, func(item *node) {
		r.At = append(r.At, d.key(item))
	})
	if at != nil && at.kind == list && len(r.At) != len(t.Keys) {
		d.report(at, "table_keys", map[string]any{"table": clip(t.Name), "n": len(t.Keys)})
	}
	switch t.Type {
	case MoneyFact:
		r.Is = d.value(d.amount(is))
	case NumberFact:
		r.Is = d.whole(is, 0, 999_999_999)
	case YesNoFact:
		if is != nil {
			r.Is = d.flag(is)
		}
	}
	return r
}

// key reads a whole number, or a grade's letters for the number they stand for.
func (d *decoder) key(n *node) int64 {
	if s, ok := d.plain(n); ok && (s == "PK" || s == "KG") {
		g, _ := gradeNumber(s)
		return g
	}
	return int64(d.whole(n, 0, 999_999_999))
}

// nameTaken reports a name that a condition of the book has already.
func (b *Book) nameTaken(name string) bool {
	is := func(s slot) bool { return s.name == name }
	return slices.ContainsFunc(builtin, is) ||
		slices.ContainsFunc(b.Facts, func(f FactDecl) bool { return f.Name == name }) ||
		slices.ContainsFunc(b.eventKinds(), func(k EventKind) bool { return string(k)+"_on" == name })
}

// find is the place of the row for some keys, or −1.
func (t *Table) find(keys ...int64) int {
	rows, first := t.Rows, 0
	for k, key := range keys {
		above := sort.Search(len(rows), func(i int) bool { return rows[i].At[k] > key })
		if above == 0 {
			return -1
		}
		hit := rows[above-1].At[k]
		if hit != key && t.Keys[k].Match == matchExact {
			return -1
		}
		start := sort.Search(above, func(i int) bool { return rows[i].At[k] >= hit })
		rows, first = rows[start:above], first+start
	}
	return first
}

// noRow is the answer of a table that has none; slot is the table's.
type noRow struct{ slot int }

func (noRow) Error() string { return "the table has no row" }

// function declares a table to the conditions of its book.
func (t *Table) function(slot int) cel.EnvOption {
	args := []*cel.Type{cel.IntType, cel.IntType}[:len(t.Keys)]
	look := func(keys ...int64) ref.Val {
		if i := t.find(keys...); i >= 0 {
			return t.value[i]
		}
		return types.WrapErr(noRow{slot})
	}
	bind := cel.UnaryBinding(func(a ref.Val) ref.Val { return look(int64(a.(types.Int))) })
	if len(args) == 2 {
		bind = cel.BinaryBinding(func(a, b ref.Val) ref.Val { return look(int64(a.(types.Int)), int64(b.(types.Int))) })
	}
	return cel.Function(t.Name, cel.Overload("@table_"+t.Name, args, celType(t.Type), bind))
}

// blame names what an expression without an answer would have to know: the
// facts that were not known, or the table that has no row for them. Where
// neither is at fault, a known fact has a value with which there is no answer.
func (v *view) blame(p *predicate, err error) {
	var none noRow
	switch {
	case v.missing != 0:
	case errors.As(err, &none):
		v.missing = 1 << none.slot
	default:
		v.missing = p.reads &^ v.words.calendar
	}
}

// AmountTable pays by where a number lies, a fact's or what a basis counts, or
// what one of the book's tables answers.
type AmountTable struct {
	By    string
	Rows  []AmountRow
	Value string // an expression that comes out as money, instead of By and Rows

	slot  int // of the fact, or −1
	value *predicate
}

// AmountRow pays from a number on: whole cents or hundredths for money and what
// is counted, the number itself for a fact that is one.
type AmountRow struct {
	From int64
	Pay  ledger.Amount
}

// byBase is the word of a table by what the basis counts.
const byBase = "base"

// row is the row for a number, or nothing below the first.
func (t *AmountTable) row(n int64) (AmountRow, bool) {
	i, found := slices.BinarySearchFunc(t.Rows, n, func(r AmountRow, n int64) int { return cmp.Compare(r.From, n) })
	if found {
		return t.Rows[i], true
	}
	if i == 0 {
		return AmountRow{}, false
	}
	return t.Rows[i-1], true
}

// amountTable reads a table of amounts. A benefit with a basis pays by it, one
// with a trigger by a fact.
func (c *compiler) amountTable(b *Book, n *node, counting bool) *AmountTable {
	if n == nil {
		return nil
	}
	o := c.object(n, "amount_table")
	by, rows, value := o.may("by"), o.may("rows"), o.may("value")
	o.done()
	t := &AmountTable{slot: -1}
	switch {
	case value != nil:
		c.tableValue(n, t, value, counting)
		return t
	case n.kind == mapping && by == nil:
		c.report(n, "missing_key", map[string]any{"key": "by"})
	case n.kind == mapping && rows == nil:
		c.report(n, "missing_key", map[string]any{"key": "rows"})
	}
	kind := MoneyFact
	if word, ok := c.plain(by); ok {
		t.By = word
		kind = c.tableBy(b, by, t, counting)
	}
	c.each(rows, func(item *node) {
		p := c.object(item, "amount_row")
		r := AmountRow{From: c.rowFrom(p.must("from"), kind), Pay: c.value(c.amount(p.must("pay")))}
		p.done()
		if k := len(t.Rows); k > 0 && r.From <= t.Rows[k-1].From {
			c.report(item, "rows_rise", nil)
		}
		t.Rows = append(t.Rows, r)
	})
	if rows != nil && rows.kind == list && (len(t.Rows) == 0 || len(t.Rows) > maxAmountRows) {
		c.report(rows, "item_count", map[string]any{"least": 1, "most": maxAmountRows})
	}
	return t
}

const maxAmountRows = 200

// tableValue reads an amount that a table of the book answers.
func (c *compiler) tableValue(n *node, t *AmountTable, value *node, counting bool) {
	t.value = c.expression(value, moneyType)
	t.Value = value.text
	if counting || len(n.keys) > 1 {
		c.report(value, "value_alone", nil)
	}
}

// tableBy is the type of what a table of amounts goes by.
func (c *compiler) tableBy(b *Book, n *node, t *AmountTable, counting bool) FactType {
	if counting {
		if t.By != byBase {
			c.unknown(n, t.By, []string{byBase})
		}
		return MoneyFact
	}
	s := c.factSlot(b, n, t.By)
	if s == nil {
		return ""
	}
	t.slot = c.words.index[s.name]
	if s.typ != NumberFact && s.typ != gradeFact && s.typ != MoneyFact {
		c.report(n, "needs_number", map[string]any{"fact": t.By})
	}
	return s.typ
}

func (c *compiler) rowFrom(n *node, kind FactType) int64 {
	switch kind {
	case MoneyFact:
		return c.value(c.amount(n)).Minor()
	case NumberFact, gradeFact:
		return c.key(n)
	}
	return 0
}

// number is what a table of amounts looks at in a fact, or false where it is
// not known.
func (v *view) number(slot int) (int64, bool) {
	value, ok := v.value(slot)
	switch n := value.(type) {
	case types.Int:
		return int64(n), ok
	case celMoney:
		return n.Minor(), ok
	}
	return 0, false
}

// decided reports whether what a table goes by is known on a day; v.missing
// names what is not.
func (t *AmountTable) decided(v *view, on ledger.Date) bool {
	v.day, v.missing = on, 0
	switch {
	case t.value != nil:
		_, ok := v.amountOf(t.value)
		return ok
	case t.slot >= 0:
		if _, known := v.number(t.slot); !known {
			v.missing = 1 << t.slot
			return false
		}
	}
	return true
}

// amountOf is what an expression of money says, or false where it has no
// answer.
func (v *view) amountOf(p *predicate) (ledger.Amount, bool) {
	out, _, err := p.program.Eval(v)
	if m, ok := out.(celMoney); ok && err == nil {
		return m.Amount, true
	}
	v.blame(p, err)
	return ledger.Amount{}, false
}

// worth is the least that a table pays something for.
func (t *AmountTable) worth() ledger.Amount {
	for _, r := range t.Rows {
		if r.Pay.Sign() > 0 {
			return ledger.Minor(r.From)
		}
	}
	return ledger.Amount{}
}

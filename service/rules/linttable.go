package rules

import (
	"slices"

	"seedbook/ledger"
)

// table looks at a table of amounts: rows that give less for more, rows that
// nobody comes to, and who lies below the first.
func (l *linter) table(p *plan, t *terms, tier string, ls layers) {
	table := t.Amount.Table
	if table == nil || len(table.Rows) == 0 {
		return
	}
	rows := ls.at("amount").value("table").value("rows")
	at := func(i int) *node {
		if rows == nil || i >= len(rows.items) {
			return ls.at("amount")
		}
		return rows.items[i]
	}
	if table.By == byBase {
		l.rowsByBase(table, t, at)
		return
	}
	asks, ok := l.asks(t, tier)
	if !ok || len(asks) == 0 {
		return
	}
	typ := l.book.facts.slots[table.slot].typ
	for i, r := range table.Rows {
		condition := table.By + " >= " + constantText(typ, r.From)
		if i+1 < len(table.Rows) {
			condition += " && " + table.By + " < " + constantText(typ, table.Rows[i+1].From)
		}
		if comes, known := l.together(asks, condition, true); known && len(comes) == 0 {
			l.find(at(i), "row_unreachable", Risk, map[string]any{"thing": table.By, "from": valueOf(typ, r.From)})
		}
	}
	below := table.By + " < " + constantText(typ, table.Rows[0].From)
	switch typ {
	case MoneyFact:
		below += " && " + table.By + " >= " + constantText(typ, 0)
	case NumberFact: // what is counted begins with one
		below += " && " + table.By + " >= 1"
	}
	if left, known := l.together(asks, below, true); known && len(left) > 0 {
		l.find(at(0), "row_below", Advice, map[string]any{"benefit": p.id, "thing": table.By, "from": valueOf(typ, table.Rows[0].From)})
	}
}

// rowsByBase looks at a table by what is counted.
func (l *linter) rowsByBase(table *AmountTable, t *terms, at func(int) *node) {
	for i, r := range table.Rows {
		if i > 0 && r.Pay.Less(table.Rows[i-1].Pay) {
			l.find(at(i), "row_falls", Risk, map[string]any{"from": ledger.Minor(r.From), "pay": r.Pay, "before": table.Rows[i-1].Pay})
		}
		for _, most := range []limit{{"cap_period", t.Base.CapPeriod}, {"cap_lifetime", t.Base.CapLife}} {
			if most.max != nil && most.max.Minor() < r.From {
				l.find(at(i), "threshold_out_of_reach", Risk, map[string]any{"at": ledger.Minor(r.From), "cap": most.key, "max": *most.max})
			}
		}
	}
}

// most is the largest amount of a table's rows, or nil where it has none.
func (t *AmountTable) most() *ledger.Amount {
	if t == nil || len(t.Rows) == 0 {
		return nil
	}
	largest := slices.MaxFunc(t.Rows, func(x, y AmountRow) int { return x.Pay.Cmp(y.Pay) })
	return &largest.Pay
}

// constantText is a number of a table as a condition has it.
func constantText(typ FactType, n int64) string {
	if typ == MoneyFact {
		return `money("` + ledger.Minor(n).String() + `")`
	}
	return textOf(n)
}

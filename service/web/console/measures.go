package console

import (
	"github.com/shopspring/decimal"

	"seedbook/ledger"
	"seedbook/service/report"
	"seedbook/service/web/parts"
)

// measure is a published number: what it is called and how it is defined stand
// in the catalogue under its name.
type measure struct {
	name  string
	group string // of the CFPB's common metrics for children's savings
	value string
}

// measures are the numbers that programs publish.
func (k *gallery) measures(v visit) []measure {
	w, t := v.words, k.all
	each := func(a ledger.Amount, n int) string {
		if n == 0 {
			return w.T("pictures.of_nobody")
		}
		return w.Money(a.Times(decimal.New(1, 0).DivRound(decimal.New(int64(n), 0), 16), v.program.Rounding))
	}
	rate := func(n int) string {
		if t.Children == 0 {
			return w.T("pictures.of_nobody")
		}
		return w.T("pictures.count_share", map[string]any{"n": n, "share": percentOf(v, n, t.Children)})
	}
	perSaver := w.T("pictures.of_nobody")
	if t.Savers > 0 {
		perSaver = w.Decimal(ratio(t.Deposits, t.Savers).Round(1))
	}
	return []measure{
		{"enrolled", "characteristics", w.Int(t.Children)},
		{"claim_rate", "engagement", rate(t.Claimed)},
		{"activation_rate", "engagement", rate(t.Activated)},
		{"saver_rate", "savings", rate(t.Savers)},
		{"match_rate", "savings", rate(t.MatchedEver)},
		{"deposits_per_saver", "savings", perSaver},
		{"amount_per_saver", "savings", each(t.Deposited, t.Savers)},
		{"aqns", "savings", quarterly(v, t)},
		{"accumulation", "savings", each(t.Own.Add(t.Program), t.Children)},
		{"program_per_child", "characteristics", each(t.Program, t.Children)},
	}
}

// quarterly is the average quarterly net savings.
func quarterly(v visit, t report.Tally) string {
	if t.Children == 0 {
		return v.words.T("pictures.of_nobody")
	}
	cents := t.Quarterly.Shift(2).DivRound(decimal.New(int64(t.Children), 0), 0)
	return v.words.Money(ledger.Minor(cents.IntPart()))
}

func measureTable(v visit, all []measure) parts.Table {
	w := v.words
	out := parts.Table{Caption: w.T("pictures.measures.title"), Quiet: true, Columns: []parts.Column{{Name: w.T("pictures.measures.measure")},
		{Name: w.T("pictures.measures.value"), Number: true}, {Name: w.T("pictures.measures.definition")}, {Name: w.T("pictures.measures.group")}}}
	for _, m := range all {
		out.Rows = append(out.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(w.T("pictures.measure." + m.name + ".name")), parts.Text(m.value),
			parts.Text(w.T("pictures.measure." + m.name + ".definition")), parts.Text(w.T("pictures.cfpb." + m.group))}})
	}
	return out
}

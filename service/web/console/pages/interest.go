package pages

import (
	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// Interest is a line's interest and how it would be shared out.
type Interest struct {
	Self                string
	First, Last, Policy string
	Policies            []parts.Choice
	Figures             []parts.Figure
	Groups              []InterestGroup
	Total               ledger.Amount
	Sentence            string // what sharing out does
}

// InterestGroup is what all shares of one kind and fund get together.
type InterestGroup struct {
	Layer, Fund string
	Shares      int
	Amount      ledger.Amount
}

func shareTable(p *parts.Page, v Interest) parts.Table {
	t := parts.Table{Caption: p.T("lines.shares"), Columns: []parts.Column{
		{Name: p.T("lines.whose")}, {Name: p.T("lines.fund")}, {Name: p.T("lines.parts"), Number: true}, {Name: p.T("lines.amount"), Number: true},
	}}
	n := 0
	for _, g := range v.Groups {
		n += g.Shares
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(g.Layer), parts.Text(g.Fund), parts.Text(p.Int(g.Shares)), p.MoneyCell(g.Amount)}})
	}
	t.Foot = []parts.TableRow{{Strong: true, Cells: []parts.Cell{parts.Text(p.T("console.total")), {}, parts.Text(p.Int(n)), p.MoneyCell(v.Total)}}}
	return t
}

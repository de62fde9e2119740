package console

import (
	"context"
	"io"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/sheet"
	"seedbook/service/web"
	"seedbook/service/web/parts"
)

// fundFiles are the downloads of a fund's page.
var fundFiles = []string{"months", "queue", "receipts", "given", "forecast"}

// waitingTaken is how many of those who wait a file holds: all of any program that
// we know of.
const waitingTaken = 1_000_000

func (f *fundFile) files(v visit) (out []parts.Link) {
	for _, name := range fundFiles {
		for _, format := range []sheet.Format{sheet.CSV, sheet.XLSX} {
			out = append(out, parts.Link{Text: v.words.T("money.fund.file."+name) + ", " + strings.ToUpper(string(format)),
				To: fundPath(v, f.Fund) + "/files/" + name + "." + string(format) + "?from=" + f.in.First.String() + "&to=" + f.in.Last.String()})
		}
	}
	return out
}

// fundList sends one of a fund's lists. Who waits is told by account number, and
// that it was taken out stands on the trail.
func (c *Console) fundList(g *gin.Context, v visit) error {
	name, ending, _ := strings.Cut(g.Param("file"), ".")
	format := sheet.Format(ending)
	if !format.Known() {
		return errNoFile
	}
	f, err := c.openFund(g, v, waitingTaken)
	if err != nil {
		return err
	}
	t, ok := f.table(v, name)
	if !ok {
		return errNoFile
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return audit.Record(ctx, tx, v.Who(), []audit.Event{{Verb: "fund.exported", Kind: "fund", Subject: int64(f.ID), Program: int32(v.program.ID),
			After: map[string]any{"list": name, "format": ending}}}, v.at)
	})
	if err != nil {
		return err
	}
	return web.Stream(g, format.Type(), f.Code+"-"+name+"-"+v.today().String()+"."+ending, func(w io.Writer) error {
		return t.write(w, format, v.words.T("money.fund.file."+name))
	})
}

// write writes a table as a file.
func (t table) write(w io.Writer, format sheet.Format, title string) error {
	out, err := sheet.New(w, format, title, t.columns)
	if err != nil {
		return err
	}
	for _, row := range t.rows {
		if err := out.Row(row...); err != nil {
			return err
		}
	}
	return out.Close()
}

func (f *fundFile) table(v visit, name string) (table, bool) {
	switch name {
	case "months":
		return f.monthsTable(v), true
	case "queue":
		return f.queueTable(v), true
	case "receipts":
		return f.receiptsTable(v), true
	case "given":
		return f.givenTable(v), true
	case "forecast":
		return f.forecastTable(v), true
	}
	return table{}, false
}

// headed begins a table with columns of a kind, by the keys of their names.
func headed(v visit, t *table, kind sheet.Kind, keys ...string) {
	for _, key := range keys {
		t.columns = append(t.columns, sheet.Column{Name: v.words.T(key), Kind: kind})
	}
}

// monthsTable has what each benefit used and gave back in a row of its own, below
// the month's.
func (f *fundFile) monthsTable(v visit) (t table) {
	headed(v, &t, sheet.Day, "money.fund.month")
	headed(v, &t, sheet.Text, "money.column.benefit")
	headed(v, &t, sheet.Money, "console.funds.opening", "console.funds.received", "money.fund.uses", "money.fund.given_back", "console.funds.rest", "console.funds.closing")
	for _, m := range f.months.Months {
		t.add(m.In.First, nil, m.Opening, m.Received, m.Used, m.GivenBack, m.Other, m.Closing)
		for _, id := range f.months.Benefits {
			if u, ok := m.ByBenefit[id]; ok {
				t.add(m.In.First, f.benefit(v, id), nil, nil, u.Used, u.GivenBack, nil, nil)
			}
		}
	}
	return t
}

func (f *fundFile) queueTable(v visit) (t table) {
	headed(v, &t, sheet.Number, "money.fund.place")
	headed(v, &t, sheet.Text, "money.column.child", "money.column.benefit", "money.fund.for")
	headed(v, &t, sheet.Day, "money.fund.since")
	headed(v, &t, sheet.Money, "money.periods.amount")
	headed(v, &t, sheet.Text, "money.fund.asked")
	for _, x := range f.queue.Waiting {
		t.add(x.N, x.Enrollment.Account().String(), f.benefit(v, x.Benefit), periodName(v, x.Period), x.Since, x.Amount, strings.ReplaceAll(x.Funds, ",", ", "))
	}
	return t
}

func (f *fundFile) receiptsTable(v visit) (t table) {
	headed(v, &t, sheet.Text, "money.column.reference", "money.column.kind")
	headed(v, &t, sheet.Day, "money.fund.day")
	headed(v, &t, sheet.Money, "money.periods.amount")
	headed(v, &t, sheet.Text, "money.column.by")
	for _, r := range f.receipts {
		t.add(r.Reference, v.words.T("console.receipt.kinds."+string(r.Kind)), r.On, r.Amount, actor(v, r.By))
	}
	return t
}

func (f *fundFile) givenTable(v visit) (t table) {
	headed(v, &t, sheet.Text, "money.column.account", "money.column.benefit")
	headed(v, &t, sheet.Number, "money.fund.children")
	headed(v, &t, sheet.Money, "money.periods.amount")
	for _, g := range f.given {
		t.add(chartName(v, g.Chart), f.benefit(v, g.Benefit), g.Children, g.Amount)
	}
	return t
}

// forecastTable is empty where nobody made a forecast.
func (f *fundFile) forecastTable(v visit) (t table) {
	headed(v, &t, sheet.Text, "console.forecast.period")
	headed(v, &t, sheet.Money, "console.forecast.promised", "console.forecast.most", "console.forecast.low", "console.forecast.middle", "console.forecast.high", "console.forecast.give")
	if i := f.foreseen(); i >= 0 {
		for _, q := range f.kept.found.Funds[i].Periods {
			t.add(periodName(v, q.Name), q.Accrued, q.Maximum, q.P10, q.P50, q.P90, q.Error)
		}
	}
	return t
}

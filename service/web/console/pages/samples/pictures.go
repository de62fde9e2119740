package samples

import (
	"github.com/a-h/templ"
	"github.com/shopspring/decimal"

	"seedbook/ledger"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func pictureFilters(p *parts.Page) pages.PictureFilters {
	return pages.PictureFilters{Self: base + "/pictures", From: "2025-10-01", Until: "2026-09-30",
		Cohorts:  []parts.Choice{{Text: p.T("pictures.all_cohorts")}, {Value: "2025", Text: "2025–26"}},
		Schools:  []parts.Choice{{Text: p.T("pictures.all_schools")}, {Value: "1", Text: "Alder Street Elementary"}, {Value: "0", Text: p.T("pictures.no_school")}},
		Channels: []parts.Choice{{Text: p.T("pictures.all_channels")}, {Value: "cash", Text: p.T("console.channel.cash")}}}
}

func share(p *parts.Page, n, of int64) (string, decimal.Decimal) {
	r := decimal.New(n, 0).DivRound(decimal.New(of, 0), 3)
	return p.T("pictures.count_share", map[string]any{"n": n, "share": p.Percent(r)}), r
}

func pictureFunnel(p *parts.Page) parts.Ladder {
	l := parts.Ladder{ID: "funnel", Title: p.T("pictures.funnel.caption"), Summary: p.T("pictures.funnel.says"),
		Table: parts.Table{Caption: p.T("pictures.funnel.by_cohort"), Columns: []parts.Column{{Name: p.T("pictures.cohort")}}}}
	row := parts.TableRow{Cells: []parts.Cell{parts.Text("2025–26")}}
	for i, name := range []string{"enrolled", "activated", "saving", "savers", "regular", "matched", "capped"} {
		n := []int64{9431, 4120, 2840, 2210, 812, 2105, 640}[i]
		value, r := share(p, n, 9431)
		l.Rungs = append(l.Rungs, parts.Rung{Label: p.T("pictures.stage." + name), Value: value, Share: r})
		l.Table.Columns = append(l.Table.Columns, parts.Column{Name: p.T("pictures.stage." + name), Number: true})
		row.Cells = append(row.Cells, parts.Text(p.Int(int(n))))
	}
	l.Table.Rows = []parts.TableRow{row}
	return l
}

func pictureSavings(p *parts.Page) (parts.Chart, parts.Table) {
	c := parts.Chart{ID: "savings", Title: p.T("pictures.savings.title"), Period: p.T("pictures.month"),
		Summary: p.T("pictures.savings.says", map[string]any{"from": money("512000.00"), "to": money("911440.50"), "own": money("231000.00")})}
	moved := parts.Table{Caption: p.T("pictures.savings.moved"), Columns: []parts.Column{{Name: p.T("pictures.month")}, {Name: p.T("pictures.net"), Number: true}, {Name: p.T("pictures.balance"), Number: true}}}
	for _, o := range []string{"family", "seed", "match", "incentive", "community", "earnings"} {
		c.Parts = append(c.Parts, p.T("pictures.owner."+o))
	}
	for i := range 12 {
		first := day("2025-10-01").AddMonths(i)
		n := int64(i)
		b := parts.Bar{Label: p.Month(first), Short: p.MonthShort(first), Amounts: []ledger.Amount{ledger.Minor(9_000_000 + n*1_300_000), ledger.Minor(40_000_000 + n*600_000), ledger.Minor(4_000_000 + n*900_000), ledger.Minor(n * 120_000), ledger.Minor(n * 60_000), ledger.Minor(n * 40_000)}}
		c.Bars = append(c.Bars, b)
		moved.Rows = append(moved.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(b.Label), p.MoneyCell(money("30200.00")), p.MoneyCell(ledger.Sum(b.Amounts...))}})
	}
	return c, moved
}

func pictureFunds(p *parts.Page) parts.Ladder {
	l := parts.Ladder{ID: "funds", Title: p.T("pictures.funds.caption"), Summary: p.T("pictures.funds.says", map[string]any{"on": day("2026-09-28"), "in": ledger.Period{First: day("2026-09-29"), Last: day("2027-09-28")}}),
		Table: parts.Table{Caption: p.T("pictures.funds.caption"), Columns: []parts.Column{{Name: p.T("pictures.funds.fund")}}}}
	row := parts.TableRow{Cells: []parts.Cell{parts.Text("City match fund")}}
	for i, name := range []string{"has", "promised", "likely", "most"} {
		a := []ledger.Amount{money("8214.25"), money("1240.00"), money("7480.00"), money("38400.00")}[i]
		r := parts.Rung{Label: p.T("pictures.funds." + name), Value: p.Money(a), Part: []int{0, 1, 2, 2}[i], Share: decimal.New(a.Minor(), 0).DivRound(decimal.New(3840000, 0), 4)}
		if i == 0 {
			r.Head = "City match fund"
		}
		l.Rungs = append(l.Rungs, r)
		l.Table.Columns = append(l.Table.Columns, parts.Column{Name: r.Label, Number: true})
		row.Cells = append(row.Cells, p.MoneyCell(a))
	}
	l.Table.Rows = []parts.TableRow{row}
	return l
}

func pictureActivity(p *parts.Page) parts.YearMap {
	m := parts.YearMap{ID: "activity", Title: p.T("pictures.activity.title"), Days: map[ledger.Date]int{},
		Summary: p.N("pictures.activity.says", 148, map[string]any{"day": day("2026-01-16"), "most": 212}),
		Table: parts.Table{Caption: p.T("pictures.activity.title"), Columns: []parts.Column{{Name: p.T("pictures.day")}, {Name: p.T("pictures.deposits"), Number: true}, {Name: p.T("pictures.amount"), Number: true}},
			Rows: []parts.TableRow{{Cells: []parts.Cell{parts.Text(p.Date(day("2026-01-16"))), parts.Text("212"), p.MoneyCell(money("5300.00"))}}}}}
	for i := range 12 {
		m.Months = append(m.Months, day("2025-10-01").AddMonths(i))
	}
	for i := range 365 {
		d := day("2025-10-01").AddDays(i)
		switch {
		case d.Day() == 16 && d.Month() != 7 && d.Month() != 8:
			m.Days[d] = 140 + i%73
		case i%7 < 5 && d.Month() != 7:
			m.Days[d] = i * 37 % 40
		}
	}
	return m
}

func pictures(p *parts.Page) templ.Component {
	in(p, "pictures", p.T("pictures.title"))
	p.Lead = p.T("pictures.lead")
	v := pages.Pictures{PictureFilters: pictureFilters(p), Says: p.T("pictures.says", map[string]any{"on": day("2026-09-30"), "at": noon, "n": 9431}), Equity: base + "/pictures/equity",
		Funnel: pictureFunnel(p), Funds: pictureFunds(p), Activity: pictureActivity(p)}
	v.Figures = []parts.Figure{{Label: p.T("pictures.stage.enrolled"), Value: p.Int(9431), Major: true}, {Label: p.T("pictures.stage.activated"), Value: p.Percent(decimal.New(437, -3))},
		{Label: p.T("pictures.stage.savers"), Value: p.Percent(decimal.New(234, -3))}, {Label: p.T("pictures.on_accounts"), Value: p.Money(money("911440.50")), Note: p.T("pictures.of_it_own", map[string]any{"own": money("231000.00")})}}
	v.Savings, v.Moved = pictureSavings(p)
	v.Measures = parts.Table{Caption: p.T("pictures.measures.title"), Quiet: true, Columns: []parts.Column{{Name: p.T("pictures.measures.measure")}, {Name: p.T("pictures.measures.value"), Number: true}, {Name: p.T("pictures.measures.definition")}, {Name: p.T("pictures.measures.group")}}}
	for _, m := range [][3]string{{"claim_rate", "engagement", "4,020 (42.6%)"}, {"activation_rate", "engagement", "4,120 (43.7%)"}, {"saver_rate", "savings", "2,210 (23.4%)"}, {"match_rate", "savings", "2,105 (22.3%)"},
		{"deposits_per_saver", "savings", "4.6"}, {"amount_per_saver", "savings", "$104.20"}, {"aqns", "savings", "$6.12"}, {"accumulation", "savings", "$96.64"}, {"program_per_child", "characteristics", "$72.15"}} {
		v.Measures.Rows = append(v.Measures.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(p.T("pictures.measure." + m[0] + ".name")), parts.Text(m[2]), parts.Text(p.T("pictures.measure." + m[0] + ".definition")), parts.Text(p.T("pictures.cfpb." + m[1]))}})
	}
	for _, name := range []string{"funnel", "savings", "funds", "activity", "measures"} {
		v.Files = append(v.Files, parts.Link{Text: p.T("pictures.file."+name) + ", CSV", To: base + "/pictures/files/" + name + ".csv"})
	}
	return pages.PicturesPage(p, v)
}

func picturesRefused(p *parts.Page) templ.Component {
	c := pictures(p)
	p.Problems = []parts.Problem{{Field: "from", Text: p.T("pictures.bad_period")}}
	return c
}

func picturesNone(p *parts.Page) templ.Component {
	in(p, "pictures", p.T("pictures.title"))
	return pages.PicturesPage(p, pages.Pictures{None: true, Jobs: base + "/jobs"})
}

func equity(p *parts.Page) templ.Component {
	in(p, "pictures", p.T("pictures.equity.title"))
	p.Lead = p.T("pictures.equity.lead")
	v := pages.PictureEquity{Self: base + "/pictures/equity", Rate: "activated", Says: p.T("pictures.equity.says", map[string]any{"on": day("2026-09-30"), "at": noon}),
		Rule: p.T("pictures.equity.rule", map[string]any{"n": 10}), Method: p.T("pictures.equity.method"), Files: []parts.Link{{Text: p.T("pictures.file.equity") + ", CSV", To: base + "/pictures/files/equity.csv"}}}
	cut := pages.EquityCut{Title: p.T("pictures.by.language"), Drawn: parts.Ladder{ID: "equity-language", Title: p.T("pictures.equity.caption", map[string]any{"rate": p.T("pictures.stage.activated"), "by": p.T("pictures.by.language")}), Summary: p.T("pictures.equity.drawn_as")},
		Table: parts.Table{Caption: p.T("pictures.by.language"), Quiet: true, Columns: []parts.Column{{Name: p.T("pictures.equity.group")}, {Name: p.T("pictures.stage.enrolled"), Number: true}}}}
	for _, name := range []string{"activated", "savers", "matched"} {
		v.Rates = append(v.Rates, parts.Choice{Value: name, Text: p.T("pictures.stage." + name)})
		cut.Table.Columns = append(cut.Table.Columns, parts.Column{Name: p.T("pictures.stage." + name), Number: true})
	}
	hidden := parts.Text(p.T("pictures.equity.hidden"))
	for i, name := range []string{"English", "Español", p.N("pictures.equity.together", 3)} {
		cell := parts.Cell{Text: p.T("pictures.count_share", map[string]any{"n": 2950, "share": p.Percent(decimal.New(45, -2))}),
			Note: p.T("pictures.equity.between", map[string]any{"low": p.Percent(decimal.New(438, -3)), "high": p.Percent(decimal.New(462, -3))}) + " " + p.T("pictures.equity.gap", map[string]any{"gap": p.Percent(decimal.New(41, -3)), "low": p.Percent(decimal.New(19, -3)), "high": p.Percent(decimal.New(63, -3))})}
		group := parts.Text(name)
		r := parts.Rung{Label: name, Within: true, Share: decimal.New(45-int64(i)*8, -2), Low: decimal.New(43-int64(i)*9, -2), High: decimal.New(47-int64(i)*7, -2),
			Value: p.T("pictures.equity.rate_between", map[string]any{"rate": p.Percent(decimal.New(45-int64(i)*8, -2)), "low": p.Percent(decimal.New(43-int64(i)*9, -2)), "high": p.Percent(decimal.New(47-int64(i)*7, -2))})}
		row := []parts.Cell{group, parts.Text(p.Int([]int{6560, 2821, 50}[i])), cell, cell, cell}
		if i == 2 {
			row[0].Note = p.T("pictures.unknown") + ", vi, so"
			row[2], row[3] = hidden, hidden
			r = parts.Rung{Label: name, Value: p.T("pictures.equity.hidden"), Hidden: true}
		}
		cut.Drawn.Rungs, cut.Table.Rows = append(cut.Drawn.Rungs, r), append(cut.Table.Rows, parts.TableRow{Cells: row})
	}
	v.Cuts = []pages.EquityCut{cut, {Title: p.T("pictures.by.district"), None: p.T("pictures.equity.none", map[string]any{"n": 10})}}
	return pages.PictureEquityPage(p, v)
}

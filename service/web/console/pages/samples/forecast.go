package samples

import (
	"github.com/a-h/templ"

	"seedbook/ledger"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func foreseenFund(p *parts.Page, id, name string) pages.FundForecast {
	f := pages.FundForecast{Name: name, Available: money("8214.25"), Promised: money("1240.00"), Queued: money("0.00"), Most: money("38400.00"),
		Low: money("6120.50"), Middle: money("7480.00"), High: money("8950.75"),
		Dry: parts.Cell{Text: p.Date(day("2027-09-14")), Note: p.T("console.forecast.dry_in", map[string]any{"n": 131, "of": 200}) + " " + p.T("console.forecast.dry_first", map[string]any{"first": day("2027-06-20")})}}
	f.Chart = parts.Range{ID: id, Title: name, Sure: p.T("console.forecast.promised"), Likely: p.T("console.forecast.likely"), Middle: p.T("console.forecast.middle"),
		Summary: p.T("console.forecast.fund_says", map[string]any{"low": f.Low, "middle": f.Middle, "high": f.High, "available": f.Available})}
	var periods []pages.PeriodForecast
	for _, q := range []struct {
		short, promised, low, middle, high string
	}{{"Q4 26", "1240.00", "1410.00", "1720.50", "2105.00"}, {"Q1 27", "0.00", "1380.25", "1650.00", "1990.00"}, {"Q2 27", "0.00", "905.00", "1205.00", "1480.00"},
		{"Q3 27", "0.00", "2010.00", "2540.00", "3015.50"}, {"Q4 27", "0.00", "60.00", "60.00", "60.00"}} {
		s := parts.Span{Short: q.short, Sure: money(q.promised), Low: money(q.low), Middle: money(q.middle), High: money(q.high)}
		f.Chart.Spans = append(f.Chart.Spans, s)
		periods = append(periods, pages.PeriodForecast{Name: q.short, Promised: s.Sure, Most: money("7680.00"), Low: s.Low, Middle: s.Middle, High: s.High, Give: money("41.20")})
	}
	f.Chart.Table = pages.ForecastTable(p, name, periods)
	return f
}

func forecastForms(p *parts.Page, v pages.Forecast) pages.Forecast {
	v.Post, v.Cost, v.Seed, v.Months = base+"/forecast", base+"/forecast/changes", "1", "12"
	v.Spans = []parts.Choice{{Value: "12", Text: p.N("console.forecast.span", 12)}, {Value: "24", Text: p.N("console.forecast.span", 24)}}
	ratio := p.T("console.forecast.term.ratio", map[string]any{"benefit": "Savings match"})
	v.Terms = []parts.Choice{{Value: "match.amount.ratio", Text: p.T("console.forecast.term_now", map[string]any{"now": "100%", "term": ratio})}}
	return v
}

func foreseeing(p *parts.Page) pages.Foreseeing {
	return pages.Foreseeing{Says: p.T("console.forecast.says", map[string]any{"by": "Ana Ruiz", "at": noon, "in": ledger.Period{First: day("2026-10-06"), Last: day("2027-10-05")}}),
		Drawn: p.T("console.forecast.drawn", map[string]any{"futures": 200, "seed": "1", "sampled": 2000, "of": 9431})}
}

func foreseen(p *parts.Page) templ.Component {
	in(p, "forecast", p.T("console.forecast.title"))
	p.Lead = p.T("console.forecast.lead")
	v := forecastForms(p, pages.Forecast{Foreseeing: foreseeing(p), NoLimit: p.T("console.forecast.no_limit", map[string]any{"benefits": "Birthday bonus"})})
	v.Old = p.T("console.forecast.old")
	v.Figures = []parts.Figure{
		{Label: p.T("console.forecast.total"), Value: p.Money(money("14960.00")), Note: p.T("console.forecast.between", map[string]any{"low": money("12300.00"), "high": money("17850.25")}), Major: true},
		{Label: p.T("console.forecast.children"), Value: p.Int(9431)}, {Label: p.T("console.forecast.savers"), Value: p.Int(2210)},
		{Label: p.T("console.forecast.futures"), Value: p.Int(200), Note: p.T("console.forecast.from_seed", map[string]any{"seed": "1"})}}
	v.Funds = []pages.FundForecast{foreseenFund(p, "fund-1", "City match fund"), foreseenFund(p, "fund-2", "Smith Family Fund")}
	v.Funds[1].Dry = parts.Text(p.T("console.forecast.lasts"))
	v.Costed = []pages.CostedChange{{Says: p.T("console.forecast.term.ratio", map[string]any{"benefit": "Savings match"}) + ": 75%", To: base + "/forecast/changes/match.amount.ratio=0.75", AsOf: day("2026-10-05"), Low: money("-4100.00"), Middle: money("-3740.00"), High: money("-3020.00")}}
	return pages.ForecastPage(p, v)
}

func forecastNone(p *parts.Page) templ.Component {
	in(p, "forecast", p.T("console.forecast.title"))
	p.Lead = p.T("console.forecast.lead")
	return pages.ForecastPage(p, forecastForms(p, pages.Forecast{Foreseeing: pages.Foreseeing{Failed: p.T("console.forecast.stopped")}}))
}

func forecastRunning(p *parts.Page) templ.Component {
	in(p, "forecast", p.T("console.forecast.title"))
	p.Lead, p.Reload = p.T("console.forecast.lead"), 3
	return pages.ForecastPage(p, pages.Forecast{Foreseeing: pages.Foreseeing{Cancel: base + "/forecast/cancel",
		Work: &parts.Work{ID: "work", Label: p.T("console.forecast.working"), Done: 4000, Of: 9431, Says: p.T("console.jobs.progress", map[string]any{"done": 4000, "of": 9431}), Running: true, Watch: base + "/forecast"}}})
}

func forecastRefused(p *parts.Page) templ.Component {
	in(p, "forecast", p.T("console.forecast.title"))
	p.Problems = []parts.Problem{{Field: "value", Text: p.T("console.forecast.value_fault")}}
	v := forecastForms(p, pages.Forecast{})
	v.Value = "-1"
	return pages.ForecastPage(p, v)
}

func forecastCost(p *parts.Page) templ.Component {
	in(p, "forecast", p.T("console.forecast.term.ratio", map[string]any{"benefit": "Savings match"})+": 75%")
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.forecast"), To: base + "/forecast"})
	p.Lead = p.T("console.forecast.cost_lead")
	return pages.CostPage(p, pages.Cost{Foreseeing: foreseeing(p), Post: base + "/forecast/changes", Term: "match.amount.ratio", Value: "0.75",
		Figures: []parts.Figure{{Label: p.T("console.forecast.more"), Value: p.Money(money("-3740.00")), Note: p.T("console.forecast.between", map[string]any{"low": money("-4100.00"), "high": money("-3020.00")}), Major: true},
			{Label: p.T("console.forecast.without"), Value: p.Money(money("14960.00"))}},
		Funds: []pages.FundCost{{Name: "City match fund", Low: money("-4100.00"), Middle: money("-3740.00"), High: money("-3020.00"),
			DryNow: parts.Text(p.Date(day("2027-09-14"))), DryThen: parts.Text(p.T("console.forecast.lasts"))}}})
}

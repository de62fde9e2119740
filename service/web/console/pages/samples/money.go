package samples

import (
	"strings"

	"github.com/a-h/templ"

	"seedbook/ledger"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func moneyFiles(p *parts.Page, of string) []parts.Link {
	return []parts.Link{{Text: p.T("money.file.csv"), To: base + of + ".csv"}, {Text: p.T("money.file.xlsx"), To: base + of + ".xlsx"}}
}

func journalView(p *parts.Page) pages.Journal {
	in(p, "books", p.T("money.journal.title"))
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.books"), To: base + "/books"})
	v := pages.Journal{Base: base, Typed: map[string]string{"chart": "3152", "fund": "7", "to": "2026-09-30", "known": "18233"},
		Charts: []parts.Choice{{Text: p.T("money.journal.any_account")}, {Value: "3152", Text: "3152 " + p.T("console.chart.3152")}}, Funds: []parts.Choice{{Text: p.T("money.journal.any_fund")}, {Value: "7", Text: "SMITH"}},
		Kinds: []parts.Choice{{Text: p.T("money.journal.any_kind")}, {Value: "award", Text: p.T("console.move.award")}}, Makers: []parts.Choice{{Text: p.T("money.journal.anybody")}},
		Reversals: []parts.Choice{{Text: p.T("money.journal.any_reversal")}}, Files: moneyFiles(p, "/journal"), ViewQuery: "chart=3152&fund=7"}
	for name, said := range map[string]string{"chart": "3152 " + p.T("console.chart.3152")} {
		v.Chips = append(v.Chips, parts.Link{Text: p.T("money.chip."+name, map[string]any{"is": said}), To: base + "/journal?fund=7"})
	}
	v.Chips = append(v.Chips, parts.Link{Text: p.T("money.chip.fund", map[string]any{"is": "SMITH"}), To: base + "/journal?chart=3152"})
	for _, name := range []string{"effective", "kind", "account", "fund", "child", "reference", "debit", "credit"} {
		v.AllColumns = append(v.AllColumns, pages.Box{Value: name, Text: p.T("money.column." + name), Checked: name != "reference"})
	}
	for _, name := range []string{"no", "effective", "kind", "account", "fund", "child", "debit", "credit"} {
		v.Columns = append(v.Columns, parts.Column{Name: p.T("money.column." + name), Number: name == "debit" || name == "credit"})
	}
	v.Views = []pages.ViewLink{{Link: parts.Link{Text: "Smith matches", To: base + "/journal?chart=3152&fund=7", Current: true}, Shared: true, Remove: base + "/journal/views/3/remove"}}
	return v
}

func journal(p *parts.Page) templ.Component {
	v := journalView(p)
	v.Totals = []parts.Figure{{Label: p.T("money.journal.lines"), Value: "1,204"}, {Label: p.T("money.journal.debits"), Value: p.Money(money("200.00"))},
		{Label: p.T("money.journal.credits"), Value: p.Money(money("30210.00"))}, {Label: p.T("money.journal.net"), Value: p.Money(money("30010.00")), Note: p.T("money.journal.net_note"), Major: true}}
	row := func(no, note, kind, debit, credit string) parts.TableRow {
		return parts.TableRow{Cells: []parts.Cell{{Text: no, To: base + "/journal/" + no, Note: note}, parts.Text(p.DateShort(day("2026-09-12"))), parts.Text(p.T("console.move." + kind)),
			parts.Text("3152 " + p.T("console.chart.3152")), parts.Text("SMITH"), parts.Linked("00004713", base+"/children/2"), parts.Text(debit), parts.Text(credit)}}
	}
	v.Rows = []parts.TableRow{
		row("17441", "", "award", "", p.Money(money("10.00"))), row("17120", p.T("console.move.reverses", map[string]any{"no": "16998"}), "reverse", p.Money(money("20.00")), ""),
		row("16998", p.T("money.journal.taken_back", map[string]any{"no": "17120"}), "award", "", p.Money(money("20.00"))),
	}
	v.Next = base + "/journal?chart=3152&fund=7&after=16998.44.1"
	return pages.JournalPage(p, v)
}

func journalSearched(p *parts.Page) templ.Component {
	v := journalView(p)
	v.Typed = map[string]string{"least": "5,000"}
	v.Further, v.Back = base+"/journal?least=5000&after=8233.0.0", "8233"
	return pages.JournalPage(p, v)
}

func journalNone(p *parts.Page) templ.Component {
	v := journalView(p)
	v.Typed = map[string]string{"from": "2027-01-01"}
	return pages.JournalPage(p, v)
}

func ledgerPage(p *parts.Page) templ.Component {
	in(p, "books", "3152 "+p.T("console.chart.3152")+", SMITH")
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.books"), To: base + "/books"})
	now := p.T("money.moment.on", map[string]any{"day": day("2026-09-30")})
	v := pages.Ledger{Moment: now, Lines: base + "/journal?chart=3152&fund=7", Next: base + "/books/3152/7?after=4713%3Amatch%3A0", Facts: []parts.Row{
		{Term: p.T("money.column.fund"), Value: "Smith Family Fund", To: base + "/funds/SMITH"}, {Term: p.T("money.ledger.moment"), Value: now},
		{Term: p.T("money.ledger.balance"), Value: p.Money(money("30010.00")) + " " + strings.ToLower(p.T("money.column.credit"))}, {Term: p.T("money.journal.lines"), Value: "1,204"}}}
	for _, number := range []string{"00004705", "00004713", "00004721"} {
		v.Rows = append(v.Rows, pages.LedgerAccount{Name: p.T("money.ledger.number", map[string]any{"no": "9" + number[5:]}) + ", match", To: base + "/journal?account=9" + number[5:],
			Holder: number, HolderTo: base + "/children/2", Credit: money("20.00")})
	}
	return pages.LedgerPage(p, v)
}

func periodsView(p *parts.Page) pages.Periods {
	in(p, "books", p.T("money.periods.title"))
	p.Lead = p.T("money.periods.lead")
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.books"), To: base + "/books"})
	v := pages.Periods{Month: p.Month(day("2026-09-01")), May: true, Explain: base + "/periods/2026-09/explain"}
	state := func(key string, tone parts.Tone) parts.Status {
		return parts.Status{Text: p.T("money.periods.state." + key), Tone: tone}
	}
	for i, s := range []parts.Status{state("running", parts.Quiet), state("open", parts.Caution), state("closed", parts.Good)} {
		v.Months = append(v.Months, pages.PeriodLine{Name: p.Month(day("2026-10-01").AddMonths(-i)), To: base + "/periods/2026-09", Current: i == 1, State: s})
	}
	point := func(name, state string, tone parts.Tone, says, amount, note string) {
		v.Points = append(v.Points, pages.PeriodPoint{Name: p.T("money.point." + name), To: base + "/deposits", State: parts.Status{Text: p.T("money.point_state." + state), Tone: tone}, Says: says, Amount: amount, Note: note})
	}
	point("jobs", "settled", parts.Good, "", "", "")
	point("statements", "settled", parts.Good, "", "", "")
	point("suspense", "explained", parts.Info, p.N("money.point_count", 1), p.Money(money("25.00")),
		p.T("money.point_note", map[string]any{"by": "Ana Ruiz", "at": p.Time(noon), "note": "The bank looks for the slip; ticket 881."}))
	point("queue", "open", parts.Caution, p.N("money.point_count", 12), p.Money(money("240.00")), "")
	point("balanced", "settled", parts.Good, "", "", "")
	v.Open = []parts.Choice{{Value: "queue", Text: p.T("money.point.queue")}}
	v.Locks = []pages.PeriodLock{{Act: p.T("money.periods.act.close"), Through: p.Date(day("2026-08-31")), By: "Ana Ruiz", At: noon,
		Approval: parts.Link{Text: p.T("console.tx.approved_by", map[string]any{"no": "17", "by": "Tom Baker"}), To: "/approvals/17"}, Reason: "August is settled."}}
	return v
}

func periods(p *parts.Page) templ.Component {
	v := periodsView(p)
	v.Close = base + "/periods/2026-09/close"
	p.Problems = []parts.Problem{{Text: p.T("period.open_points", map[string]any{"N": 1})}}
	return pages.PeriodsPage(p, v)
}

func periodsClosed(p *parts.Page) templ.Component {
	v := periodsView(p)
	v.Closed, v.Month, v.Reopen = true, p.Month(day("2026-08-01")), base+"/periods/2026-08/reopen"
	return pages.PeriodsPage(p, v)
}

func calendar(p *parts.Page) pages.Calendar {
	c := pages.Calendar{Month: p.Month(day("2026-10-01")), Months: []parts.Link{{Text: p.Month(day("2026-10-01")), To: base + "/jobs", Current: true}, {Text: p.Month(day("2026-11-01")), To: base + "/jobs?month=next"}}}
	for _, job := range []string{"awards", "statements"} {
		c.Rows = append(c.Rows, pages.JobDue{Job: p.T("console.job." + job), To: base + "/jobs?job=" + job, Newest: p.DateShort(day("2026-10-05")), Next: p.Time(noon),
			For: p.T("money.runs.for", map[string]any{"period": p.DateShort(day("2026-10-06"))}), Fared: p.N("money.runs.done", 4) + " · " + p.N("money.runs.failed", 1),
			ToCome: p.N("money.runs.to_come", 26, map[string]any{"first": day("2026-10-06"), "last": day("2026-10-31")})})
	}
	return c
}

func runLog(p *parts.Page) []pages.LogLine {
	return []pages.LogLine{
		{At: p.Time(noon), What: p.T("money.runs.event.chunk", map[string]any{"no": "2"}), Came: p.N("console.jobs.went_through", 300)},
		{At: p.Time(noon), What: p.T("money.runs.event.failed"), Came: "database 40001 serialization_failure"},
		{At: p.Time(noon), What: p.T("money.runs.event.taken", map[string]any{"by": "csa-1/4711"})},
	}
}

func runFailed(p *parts.Page) templ.Component {
	in(p, "jobs", p.T("console.job.awards")+", "+p.Date(day("2026-10-05")))
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.jobs"), To: base + "/jobs"})
	r := runs()[2]
	r.State = parts.Status{Text: p.T("console.run_state.failed"), Tone: parts.Bad}
	return pages.RunPageOf(p, pages.RunPage{Run: r, Resume: base + "/jobs/87/resume", Again: base + "/jobs?job=awards&as_of=2026-10-05", Log: runLog(p),
		Stands: p.T("money.runs.retried", map[string]any{"at": noon}),
		Work:   parts.Work{ID: "work", Label: p.T("console.job.awards"), Done: 600, Of: 1947, Says: p.T("console.jobs.progress", map[string]any{"done": 600, "of": 1947})}})
}

func fundSample(p *parts.Page) templ.Component {
	in(p, "funds", "Smith Family Fund")
	p.Lead = "Smith Family Foundation"
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.funds"), To: base + "/funds"})
	row := func(key, amount, to string) parts.Row {
		return parts.Row{Term: p.T("console.funds." + key), Value: p.Money(money(amount)), To: to}
	}
	lines := base + "/journal?chart=3100&fund=7"
	ahead := foreseenFund(p, "fund-1", "Smith Family Fund")
	v := pages.Fund{Self: base + "/funds/SMITH", From: "2026-08-01", To: "2026-09-30", In: ledger.Period{First: day("2026-08-01"), Last: day("2026-09-30")}, Purpose: "Matches at School A, at most 20.00 a child and school year.",
		Rules: base + "/rules/3", Ties: true, Benefits: []string{"Savings match"}, Foreseen: &ahead, Says: foreseeing(p).Says, Forecast: base + "/forecast",
		Runway: p.N("money.fund.pace", 212, map[string]any{"available": money("970.00"), "spent": money("30.00"), "days": 90}),
		Paid: []pages.FundPayment{{Benefit: "Savings match", Turn: p.T("rulebook.paid.first"),
			Whom: p.T("rulebook.paid.only", map[string]any{"condition": p.T("rulebook.condition.schools", map[string]any{"schools": "School A"})})}},
		Position: []parts.Row{row("on_accounts", "30.01", ""), row("cash", "570.00", lines), row("receivable", "400.00", lines)},
		Given:    []pages.FundGiven{{Account: "3152 " + p.T("console.chart.3152"), Benefit: "Savings match", Children: 2, Amount: money("30.00"), To: base + "/books/3152/7"}},
		Receipts: []pages.FundReceipt{{Reference: "Pledge letter 2026-09-01", To: base + "/journal/2", Kind: p.T("console.receipt.kinds.pledge"), By: "Ana Ruiz", Amount: money("1000.00"), On: day("2026-09-01")}}}
	month := func(name, opening, received, used, back, closing string) pages.FundMonth {
		return pages.FundMonth{Name: name, To: lines, Opening: money(opening), Received: money(received), Used: []ledger.Amount{money(used)}, GivenBack: money(back), Closing: money(closing)}
	}
	v.Months = []pages.FundMonth{month(p.Month(day("2026-08-01")), "0.00", "0.00", "0.00", "0.00", "0.00"), month(p.Month(day("2026-09-01")), "0.00", "1000.00", "50.00", "20.00", "970.00")}
	v.Whole = month(p.T("console.total"), "0.00", "1000.00", "50.00", "20.00", "970.00")
	v.Whole.To = ""
	v.QueueSays = p.N("money.fund.waits", 2, map[string]any{"amount": money("35.00")}) + " " + p.T("money.fund.elsewhere", map[string]any{"amount": money("20.00")})
	v.Queue = []pages.FundWaiting{
		{N: "1", Account: "00004713", To: base + "/children/2", Benefit: "Savings match", Award: base + "/children/2/awards/match/2026", Amount: money("15.00"), Since: day("2026-09-28")},
		{N: "2", Account: "00001289", To: base + "/children/5", Benefit: "Savings match", Award: base + "/children/5/awards/match/2026", Amount: money("20.00"), Since: day("2026-09-29"),
			Note: p.T("money.fund.also", map[string]any{"funds": "City seed fund"})},
	}
	v.Next = base + "/funds/SMITH?from=2026-08-01&to=2026-09-30&after=25#queue"
	for _, name := range []string{"months", "queue", "receipts", "given", "forecast"} {
		for _, f := range []string{"csv", "xlsx"} {
			v.Files = append(v.Files, parts.Link{Text: p.T("money.fund.file."+name) + ", " + strings.ToUpper(f), To: base + "/funds/SMITH/files/" + name + "." + f})
		}
	}
	return pages.FundPage(p, v)
}

// fundNew is a fund that nothing was received for and that no rule names.
func fundNew(p *parts.Page) templ.Component {
	in(p, "funds", "Harbor Fund")
	p.Lead = "Harbor Foundation"
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.funds"), To: base + "/funds"})
	return pages.FundPage(p, pages.Fund{Self: base + "/funds/HARBOR", From: "2026-01-01", To: "2026-10-31", In: ledger.Period{First: day("2026-01-01"), Last: day("2026-10-31")},
		Purpose: "Children of Harbor View.", Forecast: base + "/forecast", Runway: p.T("money.fund.no_pace", map[string]any{"available": money("0.00"), "days": 90}), Whole: pages.FundMonth{Name: p.T("console.total")}})
}

package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func worded(p *parts.Page, prefix string, keys ...string) []parts.Choice {
	out := make([]parts.Choice, len(keys))
	for i, key := range keys {
		out[i] = parts.Choice{Value: key, Text: p.T(prefix + key)}
	}
	return out
}

func requestName(p *parts.Page, kind, no string) string {
	return p.T("console.approvals.name", map[string]any{"kind": p.T("console.approvals.kinds." + kind), "no": no})
}

func approvalsView(p *parts.Page) pages.Approvals {
	in(p, "approvals", p.T("console.approvals.title"))
	p.Lead = p.T("console.approvals.lead")
	return pages.Approvals{To: "/approvals", Show: "asked", Limits: "/approvals/limits",
		Shows:  worded(p, "console.approvals.shows.", "asked", "mine", "all"),
		Kinds:  append([]parts.Choice{{Text: p.T("console.approvals.any_kind")}}, worded(p, "console.approvals.kinds.", "correction", "roster", "run", "receipt")...),
		States: append([]parts.Choice{{Text: p.T("console.approvals.any_state")}}, worded(p, "console.approvals.states.", "waiting", "executed", "returned")...)}
}

func approvals(p *parts.Page) templ.Component {
	view := approvalsView(p)
	waits := parts.Status{Text: p.T("console.approvals.states.waiting"), Tone: parts.Caution}
	view.Pending = []parts.Row{
		{Term: "Riverbend Starts", Value: p.T("console.approvals.rules", map[string]any{"book": p.T("console.rules.name", map[string]any{"no": 3})}), To: base + "/rules/3"},
		{Term: "Riverbend Starts", Value: p.N("console.approvals.excess", 4, map[string]any{"amount": money("62.00")}), To: base + "/excesses"},
	}
	view.Rows = []pages.RequestLine{
		{What: requestName(p, "roster", "19"), To: "/approvals/19", Program: "Riverbend Starts", By: "Ana Ruiz", At: noon, Total: money("48000.00"), Affected: 960, State: waits},
		{What: requestName(p, "correction", "18"), To: "/approvals/18", Program: "Riverbend Starts", By: "Tom Baker", At: noon.AddDate(0, 0, -1), Total: money("120.00"), Affected: 2, State: waits},
	}
	view.Next = "/approvals?show=asked&before=18"
	return pages.ApprovalsPage(p, view)
}

func approvalsNone(p *parts.Page) templ.Component {
	return pages.ApprovalsPage(p, approvalsView(p))
}

func correctionEffects(p *parts.Page) []pages.EffectLine {
	match := "Savings match, 2026-27"
	own := p.T("console.approval.effect.own")
	return []pages.EffectLine{
		{Who: "García López, María José", To: base + "/children/1", What: own, Before: money("45.00"), After: money("5.00")},
		{Who: "García López, María José", To: base + "/children/1", What: match, Explain: base + "/children/1/awards/match/2026-27", Before: money("45.00"), After: money("5.00")},
		{Who: "Nguyen, Anh", To: base + "/children/2", What: own, After: money("40.00")},
		{Who: "Nguyen, Anh", To: base + "/children/2", What: match, Explain: base + "/children/2/awards/match/2026-27", After: money("40.00")},
	}
}

func requestView(p *parts.Page) pages.Request {
	in(p, "approvals", requestName(p, "correction", "18"))
	p.Lead = "Riverbend Starts"
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.approvals"), To: "/approvals"})
	fact := func(key string) string { return p.T("console.approval.fact." + key) }
	booking := func(child, on string) string {
		return p.T("console.correct.booking", map[string]any{"child": child, "amount": money("40.00"), "on": day(on)})
	}
	return pages.Request{
		State: parts.Status{Text: p.T("console.approvals.states.waiting"), Tone: parts.Caution}, Stands: p.T("console.approval.stands.waiting"),
		Reason: "The slip of 7 September names the other account. Call 3381.",
		Figures: []parts.Figure{
			{Label: p.T("console.approval.total"), Value: p.Money(money("120.00")), Note: p.T("console.approval.total_note"), Major: true},
			{Label: p.T("console.approval.difference"), Value: p.Money(money("0.00")), Note: p.T("console.approval.difference_note")},
			{Label: p.T("console.approval.affected"), Value: "2"},
			{Label: p.T("console.approval.approvals"), Value: p.T("console.approval.of", map[string]any{"given": 0, "needed": 1})},
		},
		Facts: []parts.Row{
			{Term: p.T("console.approval.asked_by"), Value: "Tom Baker"}, {Term: p.T("console.approval.asked_at"), Value: p.Time(noon)},
			{Term: fact("mistake"), Value: p.T("console.correct.mistakes.wrong_child")},
			{Term: fact("booked"), Value: booking("García López, María José", "2026-09-07")}, {Term: fact("should"), Value: booking("Nguyen, Anh", "2026-09-07")},
			{Term: p.T("console.approval.fingerprint"), Value: "3f0a1c22b9de"},
		},
		Effects: correctionEffects(p),
		Reissue: []parts.Link{{Text: "2026-Q3", To: base + "/children/1/statements/2026-Q3"}},
		Steps:   []pages.RequestStep{{What: p.T("console.approval.step_of.requested"), By: "Tom Baker", At: noon}},
		Hash:    "3f0a", Approve: "/approvals/18/approve", Return: "/approvals/18/return", Refuse: "/approvals/18/refuse",
	}
}

func request(p *parts.Page) templ.Component { return pages.RequestPage(p, requestView(p)) }

func requestRenewed(p *parts.Page) templ.Component {
	view := requestView(p)
	view.Renewed = true
	view.Facts = append(view.Facts, parts.Row{Term: p.T("console.approval.revision"), Value: "2"})
	return pages.RequestPage(p, view)
}

// requestOwn is a large one that the reader asked for.
func requestOwn(p *parts.Page) templ.Component {
	view := requestView(p)
	p.Title = requestName(p, "roster", "19")
	view.Reason = p.T("console.preview.ask_reason")
	view.Approve, view.Return, view.Refuse, view.Reissue = "", "", "", nil
	view.Refused, view.Withdraw = p.T("console.approval.own"), "/approvals/19/withdraw"
	view.Figures[0].Value, view.Figures[1].Value, view.Figures[2].Value = p.Money(money("48000.00")), p.Money(money("48000.00")), "960"
	view.InWords = p.T("console.approval.in_words", map[string]any{"words": p.Spell(money("48000.00"))})
	view.Stale = p.T("console.approval.stale_note")
	view.Effects = []pages.EffectLine{{Who: p.N("console.approval.children", 960), What: "City seed deposit · City seed fund", After: money("48000.00")}}
	view.Facts = append(view.Facts[:2], parts.Row{Term: p.T("console.approval.fact.roster"), Value: "4", To: base + "/rosters/4"})
	return pages.RequestPage(p, view)
}

// requestDone is one that was approved and done.
func requestDone(p *parts.Page) templ.Component {
	view := requestView(p)
	view.Approve, view.Return, view.Refuse = "", "", ""
	view.State, view.Stands = parts.Status{Text: p.T("console.approvals.states.executed"), Tone: parts.Good}, p.T("console.approval.stands.executed")
	for _, step := range []string{"lapsed", "approved", "executed"} {
		view.Steps = append(view.Steps, pages.RequestStep{What: p.T("console.approval.step_of." + step), By: "Ana Ruiz", At: noon})
	}
	return pages.RequestPage(p, view)
}

func transaction(p *parts.Page) templ.Component {
	in(p, "books", p.T("console.tx.title", map[string]any{"no": "1204"}))
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.books"), To: base + "/books"})
	fact := func(key, value, to string) parts.Row {
		return parts.Row{Term: p.T("console.tx.fact." + key), Value: value, To: to}
	}
	return pages.TransactionPage(p, pages.Transaction{
		Facts: []parts.Row{fact("kind", p.T("console.move.deposit"), ""), fact("on", p.Date(day("2026-09-07")), ""), fact("posted", p.Time(noon), ""),
			fact("maker", "Tom Baker", ""), fact("approval", p.T("console.tx.approved_by", map[string]any{"no": "18", "by": "Ana Ruiz"}), "/approvals/18"),
			fact("source", "cash slip 4471", "")},
		Why: []string{p.T("rules.reason.eligible")},
		Entries: []pages.JournalEntry{
			{Account: "1100 " + p.T("console.chart.1100"), Lines: base + "/journal?account=12", Fund: "Families' own money", Debit: money("40.00"), After: money("-78214.50")},
			{Account: "2100 " + p.T("console.chart.2100"), Lines: base + "/journal?account=981", Fund: "Families' own money", Who: "Nguyen, Anh", To: base + "/children/2", Credit: money("40.00"), After: money("40.00")},
		},
		Proof: []parts.Row{{Term: p.T("console.tx.key"), Value: "deposit/1/slip 4471"}, {Term: p.T("console.tx.number"), Value: "1204"}, {Term: p.T("console.tx.checked"), Value: p.T("console.tx.verify"), To: base + "/books"},
			{Term: p.T("money.proof.block"), Value: "411"}, {Term: p.T("money.proof.holds"), Value: p.T("money.proof.sound")}, {Term: p.T("money.proof.checkpoint"), Value: "412-pV0mS4kQe1Zy"}},
		Outside: pages.ProofOutside{To: base + "/journal/1204/proof.json", Key: "seedbook+5f1c0a3e+AcOqk6Yy0Ck2YqkqQ2yW4o0f3m7m6N3v0l2c1J8s9dYf"},
		Correct: base + "/journal/1204/correct",
	})
}

func correctView(p *parts.Page) pages.Correct {
	in(p, "books", p.T("console.correct.title", map[string]any{"no": "1204"}))
	p.Lead = p.T("console.correct.lead")
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.books"), To: base + "/books"}, parts.Link{Text: p.T("console.tx.title", map[string]any{"no": "1204"}), To: base + "/journal/1204"})
	return pages.Correct{Post: base + "/journal/1204/correct", Mistake: "wrong_child", Account: "00000018", Amount: "40.00", On: "2026-09-07",
		Mistakes: worded(p, "console.correct.mistakes.", "wrong_child", "wrong_amount", "wrong_date"),
		Booked: []parts.Row{{Term: p.T("console.tx.child"), Value: "García López, María José", To: base + "/children/1"}, {Term: p.T("console.deposits.amount"), Value: "$40.00"},
			{Term: p.T("console.deposits.day"), Value: p.Date(day("2026-09-07"))}, {Term: p.T("console.deposits.reference"), Value: "slip 4471"}}}
}

func correct(p *parts.Page) templ.Component {
	view := correctView(p)
	p.Problems = []parts.Problem{{Field: "reason", Text: p.T("approval.reason")}, {Text: p.T("savings.nothing_wrong")}}
	return pages.CorrectPage(p, view)
}

func correctPreview(p *parts.Page) templ.Component {
	view := correctView(p)
	view.Account, view.Reason, view.Ready, view.Total = "00000026", "The slip names the other account. Call 3381.", true, money("120.00")
	view.Effects = correctionEffects(p)
	view.Reissue = []parts.Link{{Text: "2026-Q3", To: base + "/children/1/statements/2026-Q3"}}
	return pages.CorrectPage(p, view)
}

func receipt(p *parts.Page) templ.Component {
	in(p, "funds", p.T("console.receipt.title"))
	p.Lead = p.T("console.receipt.lead")
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.funds"), To: base + "/funds"})
	return pages.ReceiptPage(p, pages.FundForm{Post: base + "/funds/receive", On: "2026-10-05",
		Funds: []parts.Choice{{Value: "CITY", Text: "City seed fund"}}, Kinds: worded(p, "console.receipt.kinds.", "grant", "pledge", "pledge_payment")})
}

func newFund(p *parts.Page) templ.Component {
	in(p, "funds", p.T("console.new_fund.title"))
	p.Lead = p.T("console.new_fund.lead")
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.funds"), To: base + "/funds"})
	return pages.NewFundPage(p, pages.FundForm{Post: base + "/funds/new", Code: "SMITH", Name: "Smith Family Fund"})
}

func limits(p *parts.Page) templ.Component {
	in(p, "approvals", p.T("console.limits.title"))
	p.Lead = p.T("console.limits.lead")
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.approvals"), To: "/approvals"})
	duty := func(d string) string { return p.T("console.limits.duties." + d) }
	name := p.T("console.limits.name", map[string]any{"kind": p.T("console.approvals.kinds.roster"), "role": p.T("console.role.operator"), "duty": duty("alone")})
	return pages.LimitsPage(p, pages.Limits{Post: "/approvals/limits", Choices: []parts.Choice{{Value: "0", Text: name}}, Rows: []pages.LimitLine{
		{Kind: p.T("console.approvals.kinds.roster"), Role: p.T("console.role.operator"), Duty: duty("alone"), Children: "200", Amount: p.Money(money("10000.00")), Double: p.T("console.limits.never"), From: parts.Link{Text: p.T("console.limits.delivered")}},
		{Kind: p.T("console.approvals.kinds.correction"), Role: p.T("console.role.approver"), Duty: duty("approve"), Children: p.T("console.limits.any"), Amount: p.T("console.limits.any"), Double: p.Money(money("100000.00")), From: parts.Link{Text: "21", To: "/approvals/21"}},
	}})
}

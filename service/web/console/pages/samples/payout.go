package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func outChoices(p *parts.Page, prefix string, values ...string) (out []parts.Choice) {
	for _, v := range values {
		out = append(out, parts.Choice{Value: v, Text: p.T(prefix + v)})
	}
	return out
}

func withdrawalsPage(p *parts.Page, state string) pages.Withdrawals {
	in(p, "withdrawals", p.T("payments.out.title"))
	p.Lead = p.T("payments.out.lead")
	v := pages.Withdrawals{To: base + "/withdrawals", State: state, States: outChoices(p, "payments.out.group.", "open", "review", "pay", "all"), Purposes: append([]parts.Choice{{Text: p.T("payments.out.any_purpose")}}, outChoices(p, "payments.out.for.", "qualified", "transfer", "nonqualified", "emergency", "exit")...),
		Children: parts.Link{Text: p.T("payments.out.begin"), To: base + "/children"}, Payments: parts.Link{Text: p.T("payments.pay.title"), To: base + "/payments"}, Payee: parts.Link{Text: p.T("payments.payee.title"), To: base + "/payees"},
		Files: []parts.Link{{Text: p.T("payments.out.as.csv"), To: base + "/withdrawals.csv"}, {Text: p.T("payments.out.as.xlsx"), To: base + "/withdrawals.xlsx"}}}
	for _, f := range [][2]string{{"review", "3"}, {"approve", "1"}, {"pay", "12"}, {"out", "41"}, {"back", "2"}} {
		v.Figures = append(v.Figures, parts.Figure{Label: p.T("payments.out.count." + f[0]), Value: f[1], To: base + "/withdrawals?state=" + f[0]})
	}
	return v
}

func withdrawals(p *parts.Page) templ.Component {
	v := withdrawalsPage(p, "open")
	v.Chips = []parts.Link{{Text: p.T("payments.out.for.qualified"), To: base + "/withdrawals"}}
	v.Table = parts.Table{Caption: p.T("payments.out.caption"), Columns: []parts.Column{{Name: p.T("payments.out.no")}, {Name: p.T("payments.out.child")}, {Name: p.T("payments.out.purpose")}, {Name: p.T("payments.out.asked")}, {Name: p.T("payments.out.state")}, {Name: p.T("console.child.amount"), Number: true}}}
	for _, r := range [][5]string{{"W-118", "Lopez, Maya", "tuition", "docs_pending", "825.00"}, {"W-117", "Chen, Leo", "books", "returned", "140.00"}, {"W-112", "Okafor, Ada", "tuition", "sent", "1250.00"}} {
		tone := map[string]parts.Tone{"docs_pending": parts.Caution, "returned": parts.Caution}[r[3]]
		if tone == "" {
			tone = parts.Info
		}
		v.Table.Rows = append(v.Table.Rows, parts.TableRow{Cells: []parts.Cell{parts.Linked(r[0], base+"/withdrawals/1"), parts.Linked(r[1], base+"/children/7"), {Text: p.T("payments.out.for.qualified"), Note: p.T("payments.out.expense." + r[2])},
			parts.Text(p.DateShort(day("2026-10-02"))), parts.Tagged(parts.Status{Text: p.T("payments.out.is." + r[3]), Tone: tone}), p.MoneyCell(money(r[4]))}})
	}
	return pages.WithdrawalsPage(p, v)
}

func withdrawalsNone(p *parts.Page) templ.Component {
	return pages.WithdrawalsPage(p, withdrawalsPage(p, "open"))
}

func parcel(p *parts.Page, state string, here int) pages.Parcel {
	in(p, "withdrawals", p.T("payments.out.name", map[string]any{"no": "W-118"}))
	p.Trail, p.Lead = append(p.Trail, parts.Link{Text: p.T("payments.out.title"), To: base + "/withdrawals"}), "Lopez, Maya"
	v := pages.Parcel{State: parts.Status{Text: p.T("payments.out.is." + state), Tone: parts.Caution}, Stands: p.T("payments.out.stands." + state)}
	for i, s := range []string{"requested", "reviewed", "approved", "scheduled", "sent", "cleared"} {
		step := pages.TrackStep{Name: p.T("payments.out.is." + s), State: "to_come"}
		switch {
		case i < here:
			step.State, step.At = "done", p.DateShort(day("2026-10-02"))
		case i == here && s == "sent":
			step = pages.TrackStep{Name: p.T("payments.out.is.returned"), State: "off", At: p.DateShort(day("2026-10-05"))}
		case i == here:
			step.State, step.At = "here", p.DateShort(day("2026-10-05"))
		}
		v.Track = append(v.Track, step)
	}
	v.Figures = []parts.Figure{{Label: p.T("payments.out.paid"), Value: p.Money(money("825.00")), Major: true}, {Label: p.T("payments.out.whose.family"), Value: p.Money(money("325.00"))}, {Label: p.T("payments.out.whose.program"), Value: p.Money(money("500.00"))}}
	v.Facts = []parts.Row{{Term: p.T("payments.out.child"), Value: "Lopez, Maya", To: base + "/children/7"}, {Term: p.T("payments.out.purpose"), Value: p.T("payments.out.for.qualified") + " · " + p.T("payments.out.expense.tuition")}, {Term: p.T("payments.out.pay_to"), Value: "Riverbend College · " + p.T("payments.payee.by.ach") + " …6789", To: base + "/payees/3"}}
	v.Says = []string{p.T("payments.out.order.program_first"), p.N("payments.out.evidence", 1), p.T("payments.out.costs", map[string]any{"what": "Match", "amount": money("10.00")})}
	v.Parts = parts.Table{Caption: p.T("payments.out.from"), Columns: []parts.Column{{Name: p.T("childfile.owner")}, {Name: p.T("console.child.what")}, {Name: p.T("childfile.fund")}, {Name: p.T("console.child.amount"), Number: true}}}
	for _, r := range [][4]string{{"program", "Seed", "CITY", "50.00"}, {"program", "Match", "SMITH", "450.00"}, {"family", p.T("childfile.deposits"), "", "325.00"}} {
		v.Parts.Rows = append(v.Parts.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(p.T("childfile.owners." + r[0])), parts.Text(r[1]), parts.Text(r[2]), p.MoneyCell(money(r[3]))}})
	}
	v.Steps = parts.Table{Caption: p.T("console.approval.steps"), Columns: []parts.Column{{Name: p.T("console.approval.step")}, {Name: p.T("console.approval.by")}, {Name: p.T("console.approval.at")}, {Name: p.T("console.approval.note")}},
		Rows: []parts.TableRow{{Cells: []parts.Cell{parts.Text(p.T("payments.out.is.requested")), parts.Text("Ana Ruiz"), parts.Text(p.Time(noon)), parts.Text("")}}}}
	return v
}

func outAct(p *parts.Page, what string, quiet bool) pages.ActForm {
	return pages.ActForm{Title: p.T("payments.out.act." + what + ".title"), Lead: p.T("payments.out.act." + what + ".lead"), Post: base + "/withdrawals/1/act", What: what, Field: "why-" + what, Label: p.T("payments.out.reason"), Hint: p.T("payments.out.reason_hint"), Button: p.T("payments.out.act." + what + ".do"), Quiet: quiet}
}

func withdrawalOpen(p *parts.Page) templ.Component {
	v := parcel(p, "docs_pending", 0)
	p.Problems = []parts.Problem{{Field: "why-refuse", Text: p.T("payout.reason")}}
	v.Papers = []pages.PaperLine{{Name: p.T("payments.out.evidence_of.bill"), Code: "bill", Post: base + "/withdrawals/1/paper", Documents: []parts.Choice{{Value: "0", Text: p.T("payments.out.no_document")}, {Value: "4", Text: "Bill, fall term"}}},
		{Name: p.T("payments.out.evidence_of.enrollment"), Code: "enrollment", Seen: "Ana Ruiz · at the counter"}}
	v.Payee = &pages.Choosing{Post: base + "/withdrawals/1/payee", Choices: []parts.Choice{{Value: "0", Text: p.T("payments.out.payee_later")}, {Value: "3", Text: "Riverbend College"}}, Value: "3", Add: base + "/payees/new?child=7", Submit: p.T("payments.out.choose")}
	v.Acts = []pages.ActForm{outAct(p, "refuse", true), outAct(p, "cancel", true)}
	return pages.ParcelPage(p, v)
}

func withdrawalReturned(p *parts.Page) templ.Component {
	v := parcel(p, "returned", 4)
	v.Says = nil
	v.Acts = []pages.ActForm{outAct(p, "reissue", false), outAct(p, "cancel", true)}
	v.Tries = parts.Table{Caption: p.T("payments.out.tries"), Columns: []parts.Column{{Name: p.T("payments.out.attempt")}, {Name: p.T("payments.pay.batch")}, {Name: p.T("payments.pay.trace")}, {Name: p.T("payments.pay.sent_on")}, {Name: p.T("payments.out.state")}, {Name: p.T("console.child.amount"), Number: true}},
		Rows: []parts.TableRow{{Cells: []parts.Cell{parts.Text("1"), parts.Linked(p.T("payments.pay.no", map[string]any{"no": 9}), base+"/payments/9"), parts.Text("091000010000012"), parts.Text(p.DateShort(day("2026-10-02"))), {Text: p.T("payments.pay.is.returned"), Tag: parts.Caution, Note: "R03"}, p.MoneyCell(money("825.00"))}}}}
	return pages.ParcelPage(p, v)
}

func payeeList(p *parts.Page) templ.Component {
	in(p, "withdrawals", p.T("payments.payee.title"))
	p.Lead = p.T("payments.payee.lead")
	v := pages.Payees{Add: base + "/payees/new", Table: parts.Table{Caption: p.T("payments.payee.caption"), Columns: []parts.Column{{Name: p.T("payments.payee.name")}, {Name: p.T("payments.payee.kind")}, {Name: p.T("payments.payee.how")}, {Name: p.T("payments.out.state")}}}}
	for _, r := range [][4]string{{"Riverbend College", "institution", "ach", "ready"}, {"Rosa Lopez", "person", "check", "cooling"}, {"Rosa Lopez", "plan", "plan", "waiting"}} {
		tone := parts.Caution
		if r[3] == "ready" {
			tone = parts.Good
		}
		v.Table.Rows = append(v.Table.Rows, parts.TableRow{Cells: []parts.Cell{parts.Linked(r[0], base+"/payees/3"), parts.Text(p.T("payments.payee.is." + r[1])), parts.Text(p.T("payments.payee.by."+r[2]) + " …6789"), parts.Tagged(parts.Status{Text: p.T("payments.payee." + r[3]), Tone: tone})}})
	}
	return pages.PayeesPage(p, v)
}

func payeeNone(p *parts.Page) templ.Component {
	in(p, "withdrawals", p.T("payments.payee.title"))
	return pages.PayeesPage(p, pages.Payees{})
}

func payeeOne(p *parts.Page) templ.Component {
	in(p, "withdrawals", "Riverbend College")
	p.Trail = append(p.Trail, parts.Link{Text: p.T("payments.payee.title"), To: base + "/payees"})
	row := func(n, state string) parts.TableRow {
		return parts.TableRow{Cells: []parts.Cell{parts.Text(n), parts.Text(p.T("payments.payee.by.ach") + " …6789"), {Text: p.Time(noon), Note: "Ana Ruiz"}, parts.Text(p.Time(noon)), parts.Tagged(parts.Status{Text: p.T("payments.payee.entry." + state), Tone: parts.Quiet})}}
	}
	return pages.PayeePage(p, pages.PayeeFile{State: parts.Status{Text: p.T("payments.payee.cooling"), Tone: parts.Caution}, Stands: p.T("payments.payee.usable", map[string]any{"at": p.Time(noon)}), Facts: []parts.Row{{Term: p.T("payments.payee.kind"), Value: p.T("payments.payee.is.institution")}},
		Table:  parts.Table{Caption: p.T("payments.payee.entries"), Columns: []parts.Column{{Name: p.T("payments.payee.n")}, {Name: p.T("payments.payee.how")}, {Name: p.T("payments.payee.entered")}, {Name: p.T("payments.payee.usable_at")}, {Name: p.T("payments.out.state")}}, Rows: []parts.TableRow{row("2", "verified"), row("1", "verified")}},
		Change: base + "/payees/3/change"})
}

func paymentDesk(p *parts.Page) templ.Component {
	in(p, "withdrawals", p.T("payments.pay.title"))
	p.Lead = p.T("payments.pay.lead")
	p.Problems = []parts.Problem{{Field: "pay_on", Text: p.T("payout.field", map[string]any{"field": p.T("payments.pay.pay_on")})}}
	due := parts.Table{Caption: p.T("payments.pay.due"), Columns: []parts.Column{{Name: p.T("payments.out.no")}, {Name: p.T("payments.payee.how")}, {Name: p.T("console.child.amount"), Number: true}},
		Rows: []parts.TableRow{{Cells: []parts.Cell{parts.Linked("W-118", base+"/withdrawals/1"), parts.Text(p.T("payments.payee.by.ach")), p.MoneyCell(money("825.00"))}}}, Foot: []parts.TableRow{{Strong: true, Cells: []parts.Cell{parts.Text(p.T("console.total")), {}, p.MoneyCell(money("825.00"))}}}}
	stopped := parts.Table{Caption: p.T("payments.pay.stopped"), Columns: []parts.Column{{Name: p.T("payments.out.no")}, {Name: p.T("payments.pay.because")}, {Name: p.T("console.child.amount"), Number: true}},
		Rows: []parts.TableRow{{Cells: []parts.Cell{parts.Linked("W-117", base+"/withdrawals/2"), parts.Text(p.T("payout.payee_unready")), p.MoneyCell(money("140.00"))}}}}
	batches := parts.Table{Caption: p.T("payments.pay.batches"), Columns: []parts.Column{{Name: p.T("payments.pay.batch")}, {Name: p.T("payments.payee.how")}, {Name: p.T("payments.pay.pay_on")}, {Name: p.T("payments.out.state")}, {Name: p.T("payments.pay.payments"), Number: true}, {Name: p.T("console.total"), Number: true}},
		Rows: []parts.TableRow{{Cells: []parts.Cell{{Text: p.T("payments.pay.no", map[string]any{"no": 9}), To: base + "/payments/9", Note: "First Bank"}, parts.Text(p.T("payments.payee.by.ach")), parts.Text(p.DateShort(day("2026-10-02"))), parts.Tagged(parts.Status{Text: p.T("payments.pay.late"), Tone: parts.Bad}), parts.Text("41"), p.MoneyCell(money("21840.00"))}}}}
	payers := parts.Table{Caption: p.T("payments.pay.payers"), Columns: []parts.Column{{Name: p.T("console.custody.custodian")}, {Name: p.T("payments.pay.as")}, {Name: p.T("payments.pay.next_check")}}, Rows: []parts.TableRow{{Cells: []parts.Cell{parts.Linked("First Bank", base+"/payments/setup/first"), parts.Text("CITY SAVES · FIRST BANK"), parts.Text("1042")}}}}
	return pages.PaymentsPage(p, pages.Payments{Due: due, Stopped: stopped, Batches: batches, Payers: payers, Make: &pages.BatchForm{Post: base + "/payments", Methods: outChoices(p, "payments.payee.by.", "ach", "check", "plan"), Custodians: []parts.Choice{{Value: "first", Text: "First Bank"}}, Typed: map[string]string{"method": "ach", "pay_on": "2026-10-04"}}})
}

func batchPage(p *parts.Page) templ.Component {
	in(p, "withdrawals", p.T("payments.pay.no", map[string]any{"no": 9}))
	p.Trail = append(p.Trail, parts.Link{Text: p.T("payments.pay.title"), To: base + "/payments"})
	act := func(what string, quiet bool) pages.ActForm {
		return pages.ActForm{Title: p.T("payments.pay.act." + what + ".title"), Lead: p.T("payments.pay.act." + what + ".lead"), Post: base + "/payments/9/act", What: what, Field: "ref-" + what, Label: p.T("payments.pay.act." + what + ".label"), Button: p.T("payments.pay.act." + what + ".do"), Quiet: quiet, Short: true}
	}
	clear := act("clear", false)
	clear.On, clear.OnLabel = "2026-10-05", p.T("payments.pay.cleared_on")
	return pages.BatchPage(p, pages.BatchFile{State: parts.Status{Text: p.T("payments.pay.late"), Tone: parts.Bad}, Stands: p.T("payments.pay.stands.sent"), Late: p.T("payments.pay.late_why", map[string]any{"on": day("2026-10-02")}),
		Figures: []parts.Figure{{Label: p.T("console.total"), Value: p.Money(money("965.00")), Major: true}, {Label: p.T("payments.pay.payments"), Value: "2"}}, Work: parts.Work{ID: "batch", Label: p.T("payments.pay.progress"), Done: 1, Of: 2, Says: p.T("payments.pay.progress_says", map[string]any{"done": 1, "of": 2})},
		Facts: []parts.Row{{Term: p.T("payments.pay.file"), Value: "city-ach-2026-10-01-9.ach"}, {Term: "SHA-256", Value: "9f2c1d4e5a6b7c8d9f2c1d4e5a6b7c8d9f2c1d4e5a6b7c8d9f2c1d4e5a6b7c8d"}, {Term: p.T("payments.pay.hash"), Value: "0023300038"}},
		File:  parts.Link{Text: p.T("payments.pay.take"), To: base + "/payments/9/file"}, Acts: []pages.ActForm{act("acknowledge", false), clear, act("refused", true)},
		Table: parts.Table{Caption: p.T("payments.pay.in_batch"), Columns: []parts.Column{{Name: p.T("payments.out.no")}, {Name: p.T("payments.pay.trace")}, {Name: p.T("payments.out.state")}, {Name: p.T("payments.pay.cleared_on")}, {Name: p.T("console.child.amount"), Number: true}},
			Rows: []parts.TableRow{{Cells: []parts.Cell{parts.Linked("W-118", base+"/withdrawals/1"), parts.Text("091000010000012"), parts.Tagged(parts.Status{Text: p.T("payments.pay.is.cleared"), Tone: parts.Good}), parts.Text(p.DateShort(day("2026-10-05"))), p.MoneyCell(money("825.00"))}}}}})
}

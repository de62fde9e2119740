package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func bankLinesFrame(p *parts.Page, title string) {
	in(p, "custody", title)
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.custody.title"), To: base + "/custody"})
}

func bankLines(p *parts.Page) templ.Component {
	bankLinesFrame(p, p.T("lines.title"))
	p.Lead = p.T("lines.lead")
	fact := func(key, value string) parts.Row { return parts.Row{Term: p.T("lines." + key), Value: value} }
	return pages.BankLinesPage(p, pages.BankLines{Base: base, Left: 41, Run: base + "/custody/run", First: base + "/custody/lines",
		Item: &pages.BankItem{What: p.T("lines.nature.suspense"), Amount: money("25.00"), Post: base + "/custody/lines/decide", Line: "7", Deposit: "3", After: "2026-10-02.7.3", Later: base + "/custody/lines", May: true, Booked: true, In: true,
			Facts: []parts.Row{fact("booked", p.Date(day("2026-10-02"))), fact("reference", "R118"), fact("says", "FOR ANA 0000012-8"), fact("payer", "R OKONKWO"), fact("code", "165")},
			Suggestions: []pages.LineSuggestion{
				{Do: p.T("lines.suggest.child", map[string]any{"child": "Okonkwo-Reyes, Ana", "account": "00000018"}), Why: p.N("lines.evidence.number_near", 0) + " · " + p.N("lines.evidence.payer_before", 3, map[string]any{"on": day("2026-09-04")}), Act: "child", Account: "00000018", To: base + "/children/1"},
				{Do: p.T("lines.suggest.child", map[string]any{"child": "Okonkwo-Reyes, Ben", "account": "00000026"}), Why: p.N("lines.evidence.name", 0), Act: "child", Account: "00000026", To: base + "/children/2"},
			}},
		Next: []pages.BankItemLine{
			{To: base + "/custody/lines?after=2026-10-02.7.3", What: p.T("lines.nature.out"), Owner: p.T("lines.nobody"), On: day("2026-10-02"), Amount: money("-4.00")},
			{To: base + "/custody/lines?after=2026-10-02.9.0", What: p.T("lines.nature.interest"), Owner: p.T("lines.nobody"), On: day("2026-10-02"), Amount: money("12.31")},
		}})
}

func bankLineOut(p *parts.Page) templ.Component {
	bankLinesFrame(p, p.T("lines.title"))
	p.Problems = []parts.Problem{{Field: "reason", Text: p.T("reconcile.reason")}}
	return pages.BankLinesPage(p, pages.BankLines{Base: base, Left: 1, Item: &pages.BankItem{What: p.T("lines.nature.out"), Amount: money("-4.00"), Post: base + "/custody/lines/decide", Line: "9", Deposit: "0",
		After: "2026-10-02.9.0", Later: base + "/custody/lines", May: true, Out: true, Facts: []parts.Row{{Term: p.T("lines.booked"), Value: p.Date(day("2026-10-02"))}}}})
}

func bankLinesNone(p *parts.Page) templ.Component {
	bankLinesFrame(p, p.T("lines.title"))
	return pages.BankLinesPage(p, pages.BankLines{Base: base})
}

func reconBreaks(p *parts.Page) []pages.BreakLine {
	return []pages.BreakLine{
		{Name: p.T("lines.kind.in_bank"), To: base + "/custody/lines", What: p.T("lines.nature.out"), Since: day("2026-09-09"), Age: p.N("lines.days", 23), Owner: p.T("lines.nobody"), Amount: money("-4.00"), Box: "line", Value: "9"},
		{Name: p.T("lines.kind.in_books"), To: base + "/journal/41", What: p.T("console.move.custodian_funding"), Since: day("2026-10-01"), Age: p.N("lines.days", 1), Owner: "Dana Whitfield", Note: "Wire ordered", Amount: money("-120.00"), Box: "tx", Value: "41"},
		{Name: p.T("lines.kind.timing"), To: base + "/journal/44", What: p.T("lines.until", map[string]any{"on": day("2026-10-05")}), Since: day("2026-10-02"), Age: p.N("lines.days", 0), Owner: p.T("lines.nobody"), Amount: money("25.00"), Box: "match_id", Value: "5"},
	}
}

func reconTerms(p *parts.Page) []parts.Row {
	row := func(name, amount string) parts.Row {
		return parts.Row{Term: p.T("lines.term." + name), Value: p.Money(money(amount)), To: base + "/journal"}
	}
	return []parts.Row{row("suspense", "318.00"), row("family", "41210.44"), row("owed_by_operations", "-3.00"), row("program", "142100.00"), row("to_be_wired", "-120.00")}
}

func reconDay(p *parts.Page) templ.Component {
	bankLinesFrame(p, p.T("lines.day_title", map[string]any{"custodian": "First Bank", "day": day("2026-10-02")}))
	return pages.ReconDayPage(p, pages.ReconDay{Self: base + "/custody/days/first", Name: "First Bank", On: "2026-10-02", Stated: p.T("lines.stated", map[string]any{"on": day("2026-10-02")}),
		State: parts.Status{Text: p.T("lines.state.differs", map[string]any{"amount": money("-124.00")}), Tone: parts.Caution}, Terms: reconTerms(p),
		Apart: parts.Row{Term: p.T("lines.apart"), Value: p.Money(money("-99.00"))},
		Cash:  parts.Row{Term: p.T("lines.cash"), Value: p.Money(money("183505.44"))}, Bank: parts.Row{Term: p.T("lines.bank"), Value: p.Money(money("183406.44")), To: base + "/custody"},
		Breaks: reconBreaks(p), Ages: []parts.Figure{{Label: p.T("lines.age.new"), Value: "2", Note: p.Money(money("-95.00"))}, {Label: p.T("lines.age.month"), Value: "1", Note: p.Money(money("-4.00"))}},
		Queue: base + "/custody/lines", Match: base + "/custody/days/first/match", Sign: base + "/custody/days/first/sign",
		Certificates: []parts.Link{{Text: p.Date(day("2026-10-01")), To: base + "/custody/days/first/2026-10-01/certificate"}}})
}

func reconCertificate(p *parts.Page) templ.Component {
	bankLinesFrame(p, p.T("lines.certificate_title", map[string]any{"custodian": "First Bank", "day": day("2026-10-02")}))
	return pages.ReconCertificatePage(p, pages.ReconCertificate{Program: "Riverbend", Name: "First Bank", On: p.Date(day("2026-10-02")), PDF: base + "/custody/days/first/2026-10-02/certificate.pdf",
		Facts: []parts.Row{{Term: p.T("lines.program"), Value: "Riverbend"}, {Term: p.T("lines.custodian"), Value: "First Bank"}, {Term: p.T("lines.day"), Value: p.Date(day("2026-10-02"))}},
		Terms: reconTerms(p), Totals: []parts.Row{{Term: p.T("lines.cash"), Value: p.Money(money("183505.44"))}, {Term: p.T("lines.apart"), Value: p.Money(money("-99.00"))}, {Term: p.T("lines.bank"), Value: p.Money(money("183406.44"))}},
		Breaks: reconBreaks(p), Signatures: []parts.Row{{Term: p.T("lines.prepared"), Value: "Dana Whitfield"}, {Term: p.T("lines.agreed"), Value: "Ngozi Adeyemi"}, {Term: p.T("lines.fingerprint"), Value: "9f2c41"}}})
}

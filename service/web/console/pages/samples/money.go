package samples

import (
	"strings"

	"github.com/a-h/templ"

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

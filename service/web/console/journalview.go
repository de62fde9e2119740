package console

import (
	"slices"
	"strconv"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/report"
	"seedbook/service/sheet"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// journalColumn is something the journal can show beside the number.
type journalColumn struct {
	name   string
	usual  bool
	number bool
	kind   sheet.Kind
	value  func(v visit, f journalFound, l report.JournalLine) any
}

var journalColumns = []journalColumn{
	{name: "effective", usual: true, kind: sheet.Day, value: func(_ visit, _ journalFound, l report.JournalLine) any { return l.Effective }},
	{name: "concerns", kind: sheet.Day, value: func(_ visit, _ journalFound, l report.JournalLine) any { return l.Concerns }},
	{name: "posted", kind: sheet.Moment, value: func(v visit, _ journalFound, l report.JournalLine) any { return l.PostedAt.In(v.at.Location()) }},
	{name: "kind", usual: true, value: func(v visit, _ journalFound, l report.JournalLine) any { return kindOf(v, l.Kind) }},
	{name: "account", usual: true, value: func(v visit, _ journalFound, l report.JournalLine) any { return chartName(v, l.Chart) }},
	{name: "fund", usual: true, value: func(_ visit, f journalFound, l report.JournalLine) any { return f.fund(l.Fund) }},
	{name: "child", usual: true, value: func(_ visit, f journalFound, l report.JournalLine) any { return f.holder(l.Child) }},
	{name: "benefit", value: func(_ visit, _ journalFound, l report.JournalLine) any { return l.Benefit }},
	{name: "by", value: func(v visit, _ journalFound, l report.JournalLine) any { return actor(v, l.Maker) }},
	{name: "approval", value: func(_ visit, _ journalFound, l report.JournalLine) any { return l.Approval }},
	{name: "reference", value: func(_ visit, _ journalFound, l report.JournalLine) any { return l.Source }},
	{name: "debit", usual: true, number: true, kind: sheet.Money, value: func(_ visit, _ journalFound, l report.JournalLine) any { return column(l.Amount.Neg()) }},
	{name: "credit", usual: true, number: true, kind: sheet.Money, value: func(_ visit, _ journalFound, l report.JournalLine) any { return column(l.Amount) }},
}

// column is an amount that stands in a column, or nothing.
func column(a ledger.Amount) any {
	if a.Sign() <= 0 {
		return nil
	}
	return a
}

func kindOf(v visit, kind string) string { return named(v, "console.move.", kind) }

func chartName(v visit, chart ledger.Chart) string {
	code := strconv.Itoa(int(chart))
	return code + " " + v.words.T("console.chart."+code)
}

// holder is the account number of a child, or nothing.
func (f journalFound) holder(child int64) string {
	if a, ok := f.accounts[family.ChildID(child)]; ok && child != 0 {
		return a.String()
	}
	return ""
}

func journalColumnNames() []string {
	out := make([]string, len(journalColumns))
	for i, c := range journalColumns {
		out[i] = c.name
	}
	return out
}

// chosen are the columns that the journal shows.
func (s journalSearch) chosen() (out []journalColumn) {
	for _, c := range journalColumns {
		if slices.Contains(s.columns, c.name) || len(s.columns) == 0 && c.usual {
			out = append(out, c)
		}
	}
	return out
}

func (c journalColumn) cell(v visit, f journalFound, l report.JournalLine) parts.Cell {
	switch value := c.value(v, f, l).(type) {
	case ledger.Amount:
		return parts.Text(v.words.Money(value))
	case ledger.Date:
		if value.IsZero() {
			return parts.Cell{}
		}
		return parts.Text(v.words.DateShort(value))
	case string:
		if c.name == "child" && value != "" {
			return parts.Linked(value, childPath(v, family.ChildID(l.Child)))
		}
		return parts.Text(value)
	case nil:
		return parts.Cell{}
	}
	return parts.Text(v.words.Time(l.PostedAt.In(v.at.Location())))
}

func (s journalSearch) view(v visit, found journalFound) pages.Journal {
	w := v.words
	view := pages.Journal{Base: v.base(), Typed: s.typed,
		Charts: []parts.Choice{{Text: w.T("money.journal.any_account")}}, Funds: []parts.Choice{{Text: w.T("money.journal.any_fund")}},
		Kinds: []parts.Choice{{Text: w.T("money.journal.any_kind")}}, Makers: []parts.Choice{{Text: w.T("money.journal.anybody")}},
		Reversals: []parts.Choice{{Text: w.T("money.journal.any_reversal")}, {Value: report.Reversed, Text: w.T("money.journal.reversed")}, {Value: report.Reversals, Text: w.T("money.journal.reversals")}},
	}
	for _, line := range ledger.Charts() {
		view.Charts = append(view.Charts, parts.Choice{Value: strconv.Itoa(int(line.Chart)), Text: chartName(v, line.Chart)})
	}
	for _, f := range found.funds {
		view.Funds = append(view.Funds, parts.Choice{Value: strconv.Itoa(int(f.ID)), Text: f.Code})
	}
	for _, kind := range found.kinds {
		view.Kinds = append(view.Kinds, parts.Choice{Value: kind, Text: kindOf(v, kind)})
	}
	for _, maker := range found.makers {
		view.Makers = append(view.Makers, parts.Choice{Value: maker, Text: actor(v, maker)})
	}
	view.Chips = s.chips(v, found)
	s.fill(v, &view, found)
	s.keep(v, &view, found)
	if t := found.totals; t != nil {
		view.Totals = []parts.Figure{
			{Label: w.T("money.journal.lines"), Value: w.Int(int(t.Entries))}, {Label: w.T("money.journal.debits"), Value: w.Money(t.Debit)},
			{Label: w.T("money.journal.credits"), Value: w.Money(t.Credit)}, {Label: w.T("money.journal.net"), Value: w.Money(t.Net()), Note: w.T("money.journal.net_note"), Major: true},
		}
	}
	return view
}

// fill adds the lines in the columns chosen.
func (s journalSearch) fill(v visit, view *pages.Journal, found journalFound) {
	columns := s.chosen()
	for _, col := range journalColumns {
		view.AllColumns = append(view.AllColumns, pages.Box{Value: col.name, Text: v.words.T("money.column." + col.name),
			Checked: slices.ContainsFunc(columns, func(c journalColumn) bool { return c.name == col.name })})
	}
	view.Columns = []parts.Column{{Name: v.words.T("money.column.no")}}
	for _, col := range columns {
		view.Columns = append(view.Columns, parts.Column{Name: v.words.T("money.column." + col.name), Number: col.number})
	}
	for _, l := range found.Lines {
		no := parts.Linked(strconv.FormatInt(int64(l.No), 10), txPath(v, l.No))
		switch {
		case l.ReversedBy != 0:
			no.Note = v.words.T("money.journal.taken_back", map[string]any{"no": strconv.FormatInt(int64(l.ReversedBy), 10)})
		case l.Reverses != 0:
			no.Note = v.words.T("console.move.reverses", map[string]any{"no": strconv.FormatInt(int64(l.Reverses), 10)})
		}
		cells := []parts.Cell{no}
		for _, col := range columns {
			cells = append(cells, col.cell(v, found, l))
		}
		view.Rows = append(view.Rows, parts.TableRow{Cells: cells})
	}
	if s.after != (report.Place{}) {
		view.First = journalAddress(v, "", s.filters())
	}
	if found.Next == nil {
		return
	}
	q := s.filters()
	q.Set("after", placeText(*found.Next))
	if found.Searched {
		view.Further = journalAddress(v, "", q)
		view.Back = strconv.FormatInt(int64(found.Next.No), 10)
	} else {
		view.Next = journalAddress(v, "", q)
	}
}

// keep adds the ways to keep the list.
func (s journalSearch) keep(v visit, view *pages.Journal, found journalFound) {
	q := s.filters()
	for _, ending := range []string{"csv", "xlsx"} {
		view.Files = append(view.Files, parts.Link{Text: v.words.T("money.file." + ending), To: journalAddress(v, "."+ending, q)})
	}
	view.ViewQuery = q.Encode()
	for _, kept := range found.views {
		to := v.base() + "/journal"
		if kept.Query != "" {
			to += "?" + kept.Query
		}
		line := pages.ViewLink{Link: parts.Link{Text: kept.Name, To: to, Current: kept.Query == view.ViewQuery}, Shared: kept.Shared}
		if kept.Mine {
			line.Remove = v.base() + "/journal/views/" + strconv.FormatInt(int64(kept.ID), 10) + "/remove"
		}
		view.Views = append(view.Views, line)
	}
}

// chips are the filters in force, each leading to the journal without it.
func (s journalSearch) chips(v visit, found journalFound) (out []parts.Link) {
	w := v.words
	text := map[string]string{"kind": kindOf(v, s.Kind), "maker": actor(v, s.Maker), "fund": found.fund(s.Fund)}
	if _, ok := s.Chart.Line(); ok {
		text["chart"] = chartName(v, s.Chart)
	}
	for name, d := range map[string]ledger.Date{"from": s.Effective.First, "to": s.Effective.Last, "posted_from": s.Posted.First, "posted_to": s.Posted.Last} {
		text[name] = w.DateShort(d)
	}
	for name, a := range map[string]ledger.Amount{"least": s.Least, "most": s.Most} {
		text[name] = w.Money(a)
	}
	if s.Reversal != "" {
		text["reversal"] = w.T("money.journal." + s.Reversal)
	}
	for _, name := range journalFields {
		if s.typed[name] == "" {
			continue
		}
		said := text[name]
		if said == "" {
			said = s.typed[name]
		}
		out = append(out, parts.Link{Text: w.T("money.chip."+name, map[string]any{"is": said}), To: s.address(v, name, "")})
	}
	return out
}

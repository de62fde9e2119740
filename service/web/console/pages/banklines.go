package pages

import (
	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// BankLines is the queue of lines that wait for a person: one in hand, and those
// behind it.
type BankLines struct {
	Base   string
	Left   int
	Item   *BankItem // nil: nothing waits
	Next   []BankItemLine
	First  string // back to what was put off; "" at the beginning
	Run    string // where the lines are gone through again; "" where the reader may not
	Signed bool
}

// BankItemLine is an item in the list of what comes next.
type BankItemLine struct {
	To, What, Owner string
	On              ledger.Date
	Amount          ledger.Amount
}

// BankItem is the item in hand.
type BankItem struct {
	What                string // what kind it is, in a sentence
	Amount              ledger.Amount
	Facts               []parts.Row
	Post, Line, Deposit string
	After, Later        string // this place, and where putting it off leads
	Suggestions         []LineSuggestion
	Search              string // what somebody looked for
	May, Booked         bool
	In, Out             bool
	Interest            string // where it is shared out; "" where it is none
	Reason              string
	Found               bool // the suggestions are what was looked for
}

// LineSuggestion is something that a person may decide with one key.
type LineSuggestion struct {
	Do      string // the button
	Why     string // what speaks for it
	Act     string
	Account string
	Tx, Of  string
	To      string // what it is about
}

func itemTable(p *parts.Page, v BankLines) parts.Table {
	t := parts.Table{Caption: p.T("lines.next"), Columns: []parts.Column{
		{Name: p.T("lines.day")}, {Name: p.T("lines.what")}, {Name: p.T("lines.owner")}, {Name: p.T("lines.amount"), Number: true},
	}}
	for _, i := range v.Next {
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{{Text: p.DateShort(i.On), To: i.To}, parts.Text(i.What), parts.Text(i.Owner), p.MoneyCell(i.Amount)}})
	}
	return t
}

// ReconDay is one custodian's day: the bank, the books, and each difference.
type ReconDay struct {
	Self, Name, On string
	Stated         string // until when the bank's statements reach
	Title          string
	State          parts.Status
	Terms          []parts.Row
	Breaks         []BreakLine
	Ages           []parts.Figure
	Bank, Cash     parts.Row
	Apart          parts.Row
	Waits          parts.Link
	Certificate    string
	Certificates   []parts.Link
	Sign, Match    string // "" where the reader may not
	Queue          string
	Reason, Why    string
	None           bool // no statement reaches so far
}

// BreakLine is one difference.
type BreakLine struct {
	Name, To, What, Age, Owner, Note string
	Since                            ledger.Date
	Amount                           ledger.Amount
	Box, Value                       string // what a match by hand names it by; "" where it cannot be matched
}

func breakTable(p *parts.Page, v ReconDay) parts.Table {
	t := parts.Table{Caption: p.T("lines.breaks"), Columns: []parts.Column{
		{Name: p.T("lines.difference")}, {Name: p.T("lines.since")}, {Name: p.T("lines.owner")}, {Name: p.T("lines.amount"), Number: true},
	}}
	var sum ledger.Amount
	for _, b := range v.Breaks {
		sum = sum.Add(b.Amount)
		first := parts.Cell{Text: b.Name, To: b.To, Note: b.What}
		if v.Match != "" && b.Box != "" {
			first.More = breakBox(p, b)
		}
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{first, {Text: p.DateShort(b.Since), Note: b.Age}, {Text: b.Owner, Note: b.Note}, p.MoneyCell(b.Amount)}})
	}
	t.Foot = []parts.TableRow{{Strong: true, Cells: []parts.Cell{parts.Text(p.T("console.total")), {}, {}, p.MoneyCell(sum)}}}
	return t
}

// equationTable is what a custodian's cash is made of, and how that comes to what
// the bank has.
func equationTable(p *parts.Page, terms []parts.Row, totals ...parts.Row) parts.Table {
	t := parts.Table{Caption: p.T("lines.equation"), Columns: []parts.Column{{Name: p.T("lines.what")}, {Name: p.T("lines.amount"), Number: true}}}
	for _, r := range terms {
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(r.Term), {Text: r.Value, To: r.To}}})
	}
	for _, r := range totals {
		t.Foot = append(t.Foot, parts.TableRow{Strong: true, Cells: []parts.Cell{parts.Text(r.Term), {Text: r.Value, To: r.To}}})
	}
	return t
}

// ReconCertificate is a signed day as paper.
type ReconCertificate struct {
	Program, Name, On string
	Facts             []parts.Row
	Terms, Totals     []parts.Row
	Breaks            []BreakLine
	Signatures        []parts.Row
	PDF               string
}

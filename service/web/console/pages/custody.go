package pages

import (
	"strconv"
	"time"

	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// Custody shows who holds a program's money, what each had, and what they sent.
type Custody struct {
	Accounts []CustodyAccount
	Gaps     []CustodyGap
	Files    []BankFileLine
	Next     string
	Upload   string         // where a file goes; "" where the reader may not
	Choices  []parts.Choice // the custodians
	Chosen   string
	Lines    string // the queue of lines
	Add      string // where a custodian is set up; "" where the reader may not
}

// CustodyAccount is an account and what the bank had on it.
type CustodyAccount struct {
	Custodian, Kind, Ends string
	Stated                ledger.Date // none: nothing came yet
	Balance, Transit      ledger.Amount
	State                 parts.Status
	To                    string // its day against the books
}

// CustodyGap is a place where statements do not follow from each other.
type CustodyGap struct {
	Custodian, Ends    string
	After, Day         ledger.Date
	Said, Found, Apart ledger.Amount
}

// BankFileLine is a file in a list.
type BankFileLine struct {
	Name, To, Custodian, Format string
	At                          time.Time
	State                       parts.Status
	Lines, New, Aside           int
}

// BankFile is one file: what it held and what is wrong with it.
type BankFile struct {
	State    parts.Status
	Why      string
	Facts    []parts.Row
	Problems []ProblemLine
	Release  string // where letting it in posts to; "" where it cannot be, or the reader may not
	Reason   string
}

// NewCustodian asks who holds the money.
type NewCustodian struct {
	Post                                                string
	Code, Name, Kind, Account, Currency, CutOff, Format string
	Rhythm, Days                                        string
	Federal                                             bool
	Kinds, Formats, Rhythms                             []parts.Choice
}

func holdingTable(p *parts.Page, v Custody) parts.Table {
	t := parts.Table{Caption: p.T("console.custody.accounts"), Columns: []parts.Column{
		{Name: p.T("console.custody.custodian")}, {Name: p.T("console.custody.account")}, {Name: p.T("console.custody.stated")}, {Name: p.T("console.custody.state")},
		{Name: p.T("console.custody.transit"), Number: true}, {Name: p.T("console.custody.balance"), Number: true},
	}}
	for _, a := range v.Accounts {
		stated := p.T("console.custody.never")
		if !a.Stated.IsZero() {
			stated = p.DateShort(a.Stated)
		}
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{
			{Text: a.Custodian, To: a.To, Note: a.Kind}, parts.Text("…" + a.Ends), parts.Text(stated), parts.Tagged(a.State), p.MoneyCell(a.Transit), p.MoneyCell(a.Balance),
		}})
	}
	return t
}

func gapTable(p *parts.Page, v Custody) parts.Table {
	t := parts.Table{Caption: p.T("console.custody.gaps"), Columns: []parts.Column{
		{Name: p.T("console.custody.custodian")}, {Name: p.T("console.custody.between")}, {Name: p.T("console.custody.said"), Number: true},
		{Name: p.T("console.custody.found"), Number: true}, {Name: p.T("console.custody.apart"), Number: true},
	}}
	for _, g := range v.Gaps {
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{
			{Text: g.Custodian, Note: "…" + g.Ends}, parts.Text(p.DateShort(g.After) + " – " + p.DateShort(g.Day)), p.MoneyCell(g.Said), p.MoneyCell(g.Found), p.MoneyCell(g.Apart),
		}})
	}
	return t
}

func bankFileTable(p *parts.Page, v Custody) parts.Table {
	t := parts.Table{Caption: p.T("console.custody.files"), Next: v.Next, Columns: []parts.Column{
		{Name: p.T("console.custody.file")}, {Name: p.T("console.custody.custodian")}, {Name: p.T("console.custody.came")}, {Name: p.T("console.custody.state")},
		{Name: p.T("console.custody.lines"), Number: true}, {Name: p.T("console.custody.new"), Number: true}, {Name: p.T("console.custody.aside"), Number: true},
	}}
	for _, f := range v.Files {
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{
			{Text: f.Name, To: f.To, Note: f.Format}, parts.Text(f.Custodian), parts.Text(p.Time(f.At)), parts.Tagged(f.State),
			parts.Text(strconv.Itoa(f.Lines)), parts.Text(strconv.Itoa(f.New)), parts.Text(strconv.Itoa(f.Aside)),
		}})
	}
	return t
}

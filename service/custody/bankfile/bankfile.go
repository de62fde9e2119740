// Package bankfile is what every bank's file comes down to, whichever format it
// was written in: statements of an account with balances and lines, payments
// that came back, and corrections that a bank asks for.
//
// The readers beside it (bai2, camt, ofx, nacha, bankcsv) are pure: bytes in, a
// File or a refusal out, no clock, no table, no float. A file whose structure
// or money cannot be read is refused whole, with every reason and its line. One
// that can be read but contradicts itself (its control totals, its balances) is
// returned with what differs, and whoever takes it in decides; it is never
// silently put right.
package bankfile

import (
	"strconv"

	"seedbook/ledger"
	"seedbook/service/fault"
)

// Faults of reading.
var (
	// ErrRefused reports a file that cannot be used; its details say where and why.
	ErrRefused = fault.New(fault.Invalid, "bankfile.refused")
	// ErrTooLarge reports more bytes or lines than Limits.
	ErrTooLarge = fault.New(fault.TooLarge, "bankfile.too_large")
)

// Limits bound what one file may hold.
type Limits struct {
	Bytes int
	Lines int // physical lines of text, or entries and their details in XML
}

// Default are the limits for a bank's daily file: a million lines.
var Default = Limits{Bytes: 256 << 20, Lines: 1_000_000}

// Format is a file's format.
type Format string

// The formats.
const (
	BAI2  Format = "bai2"
	Camt  Format = "camt053"
	OFX   Format = "ofx"
	NACHA Format = "nacha"
	CSV   Format = "csv"
)

// Formats are all of them, in the order in which a page offers them.
var Formats = []Format{BAI2, Camt, OFX, NACHA, CSV}

// File is a bank's file as read.
type File struct {
	Format      Format
	ID          string // the sender's own name for it; may be empty
	Made        ledger.Date
	Statements  []Statement
	Returns     []Return
	Changes     []Change
	Quarantined []Problem // lines that are not used, and why
	Differs     []Problem // where the file contradicts itself
}

// Lines counts the statement lines of all accounts.
func (f *File) Lines() (n int) {
	for i := range f.Statements {
		n += len(f.Statements[i].Lines)
	}
	return n
}

// Quarantine sets a line aside.
func (f *File) Quarantine(line int, field, code string) {
	f.Quarantined = append(f.Quarantined, Problem{Line: line, Field: field, Code: code})
}

// Differ notes a figure that the file states and that its lines do not make.
func (f *File) Differ(line int, field, code, said, found string) {
	f.Differs = append(f.Differs, Problem{Line: line, Field: field, Code: code, Said: said, Found: found})
}

// Kind says how much a statement's lines can be relied on.
type Kind string

// The kinds.
const (
	Final   Kind = "final"   // the day is over
	Interim Kind = "interim" // of a day that goes on: its lines come again
)

// Statement is one account over some days.
type Statement struct {
	Line     int    // where it begins in the file
	Bank     string // routing number or BIC, where given
	Account  string // as the bank writes it
	ID       string // the bank's own number of the statement
	Currency string // ISO 4217, upper case; empty where the file does not say
	Kind     Kind
	From, To ledger.Date
	Opening  Balance
	Closing  Balance
	Balances []Balance // all that were given, those two included
	Lines    []Line
	Pending  int // entries announced and not booked: no lines
}

// Balance is what the bank says was on the account.
type Balance struct {
	Known  bool
	Code   string // as the format has it: 010, CLBD, LEDGERBAL
	Amount ledger.Amount
	On     ledger.Date
}

// Line is one movement on the account.
type Line struct {
	Line         int           // where it stands in the file
	Reference    string        // the bank's own; may be empty
	Booked       ledger.Date   // the day the bank put it on the account
	Value        ledger.Date   // the day the money counts; a later one is in transit until then
	Amount       ledger.Amount // above zero came in, below zero went out
	Type         string        // the format's own code
	Description  string
	Counterparty string
	Trace        string // what the payer or we gave along: ACH trace, end-to-end or check number
	Return       string // the reason of a return: R01, AC04
	Reversal     bool   // takes back an earlier line
	Parts        []Part // of a batch booked as one amount
	Later        []Part // how much of it is available only on a later day
}

// Part is one payment inside a line.
type Part struct {
	Reference    string
	Trace        string
	Amount       ledger.Amount
	On           ledger.Date // for a part available later: when
	Description  string
	Counterparty string
	Return       string
}

// Return is a payment of ours, or drawn on a family's account by us, that came
// back through the ACH network.
type Return struct {
	Line       int
	Code       string // R01 and so on
	Trace      string // of our original entry
	OurTrace   string // of the return itself: its own reference
	RDFI       string // the original receiving bank's identification
	Amount     ledger.Amount
	Debit      bool // what came back was a debit of ours: money leaves our account
	On         ledger.Date
	Individual string // our identification number of the person
	Name       string
	Info       string
	Kind       ReturnKind
}

// ReturnKind tells a return from the quarrel that may follow it.
type ReturnKind string

// The kinds of returns.
const (
	Returned   ReturnKind = "returned"   // R01–R60, R80–R85
	Dishonored ReturnKind = "dishonored" // R61–R70: the return was refused
	Contested  ReturnKind = "contested"  // R71–R77: and the refusal refused
)

// Change is a notification of change: an account or routing number that is to
// be corrected before the next entry.
type Change struct {
	Line       int
	Code       string // C01 and so on
	Trace      string // of our original entry
	OurTrace   string
	RDFI       string
	Corrected  string
	Individual string
	Name       string
}

// Problem is something wrong at a line that whoever sent the file can find. It
// holds no text of the file but its own control figures.
type Problem struct {
	Line  int    `json:"line,omitempty"`
	Field string `json:"field,omitempty"` // as the format names it
	Code  string `json:"code"`            // catalogue key
	Said  string `json:"said,omitempty"`
	Found string `json:"found,omitempty"`
}

// Fault is the problem as a detail of a refusal.
func (p Problem) Fault() *fault.Fault {
	return fault.New(fault.Invalid, p.Code).With(p.Args()).At("line " + strconv.Itoa(p.Line))
}

// Args are the arguments of the problem's phrase.
func (p Problem) Args() map[string]any {
	return map[string]any{"line": p.Line, "field": p.Field, "said": p.Said, "found": p.Found}
}

// What makes a file unusable.
const (
	NotThis       = "bankfile.problem.not_this"       // no file of the format field
	Structure     = "bankfile.problem.structure"      // field stands where it cannot, or is cut short
	Unended       = "bankfile.problem.unended"        // ends before field
	Missing       = "bankfile.problem.missing"        // field is missing or empty
	BadAmount     = "bankfile.problem.amount"         // field is no amount of money
	BadDate       = "bankfile.problem.date"           // field is no calendar day
	BadCode       = "bankfile.problem.code"           // field is no code of the format
	LongLine      = "bankfile.problem.long_line"      // beyond any line of the format
	Entity        = "bankfile.problem.entity"         // XML that reaches outside itself
	NoStatement   = "bankfile.problem.no_statement"   // nothing in it
	WrongCurrency = "bankfile.problem.wrong_currency" // field is in found, the account in said
)

// What keeps one line out.
const (
	UnknownType = "bankfile.problem.unknown_type" // neither a credit nor a debit
	Clash       = "bankfile.problem.clash"        // the reference of line said, with other content
)

// Where a file contradicts itself.
const (
	TotalDiffers   = "bankfile.differs.total"
	CountDiffers   = "bankfile.differs.count"
	BalanceDiffers = "bankfile.differs.balance" // opening and lines do not make closing
	PartsDiffer    = "bankfile.differs.parts"
	Repeated       = "bankfile.differs.repeated" // the same line twice; used once
	Deletion       = "bankfile.differs.deletion" // a part of the file that the bank takes back or only tests; not used
)

// mostReasons is how many reasons a refusal lists.
const mostReasons = 50

// Refuse is the refusal of a whole file.
func Refuse(problems ...Problem) error {
	details := make([]*fault.Fault, 0, min(len(problems), mostReasons))
	for _, p := range problems[:min(len(problems), mostReasons)] {
		details = append(details, p.Fault())
	}
	return ErrRefused.With(map[string]any{"n": len(problems)}).Among(details...)
}

// Net is the sum of the lines.
func (s *Statement) Net() (sum ledger.Amount) {
	for i := range s.Lines {
		sum = sum.Add(s.Lines[i].Amount)
	}
	return sum
}

// Totals are the credits and the debits of the lines, both without sign, and
// how many there are.
func (s *Statement) Totals() (credit, debit ledger.Amount, credits, debits int) {
	for i := range s.Lines {
		if a := s.Lines[i].Amount; a.Sign() < 0 {
			debit, debits = debit.Sub(a), debits+1
		} else {
			credit, credits = credit.Add(a), credits+1
		}
	}
	return credit, debit, credits, debits
}

// Tie notes a statement whose opening balance and lines do not make its closing
// balance.
func (f *File) Tie(s *Statement) {
	if !s.Opening.Known || !s.Closing.Known {
		return
	}
	if found := s.Opening.Amount.Add(s.Net()); found != s.Closing.Amount {
		f.Differ(s.Line, s.Closing.Code, BalanceDiffers, s.Closing.Amount.String(), found.String())
	}
}

// Single drops the lines of a statement that say again, under the same
// reference, what an earlier one says, and sets aside all lines of a reference
// that say different things: nobody can tell which is right.
func (f *File) Single(s *Statement) {
	first := make(map[string]int, len(s.Lines))
	drop := make(map[int]bool)
	for i, l := range s.Lines {
		if l.Reference == "" {
			continue
		}
		j, seen := first[l.Reference]
		switch {
		case !seen:
			first[l.Reference] = i
		case s.Lines[j].same(l):
			drop[i] = true
			f.Differ(l.Line, "", Repeated, strconv.Itoa(s.Lines[j].Line), "")
		default:
			f.clash(s, j, i, drop)
		}
	}
	if len(drop) == 0 {
		return
	}
	kept := s.Lines[:0]
	for i, l := range s.Lines {
		if !drop[i] {
			kept = append(kept, l)
		}
	}
	s.Lines = kept
}

func (f *File) clash(s *Statement, j, i int, drop map[int]bool) {
	if !drop[j] {
		drop[j] = true
		f.Quarantined = append(f.Quarantined, Problem{Line: s.Lines[j].Line, Code: Clash, Said: strconv.Itoa(s.Lines[i].Line)})
	}
	drop[i] = true
	f.Quarantined = append(f.Quarantined, Problem{Line: s.Lines[i].Line, Code: Clash, Said: strconv.Itoa(s.Lines[j].Line)})
}

func (l Line) same(m Line) bool {
	return l.Amount == m.Amount && l.Booked == m.Booked && l.Value == m.Value && l.Type == m.Type && l.Description == m.Description
}

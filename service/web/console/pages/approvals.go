package pages

import (
	"time"

	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// Approvals is the queue of what waits for a second person, and its history.
type Approvals struct {
	To       string // the list's own address, for its filters
	Show     string // asked, mine or all
	Kind     string
	State    string
	Shows    []parts.Choice
	Kinds    []parts.Choice
	States   []parts.Choice
	Filtered bool
	Rows     []RequestLine
	Pending  []parts.Row // what has a page of its own
	First    string
	Next     string
	Limits   string // to the limits by role
}

// RequestLine is a request in a list.
type RequestLine struct {
	What, To string
	Program  string
	By       string
	At       time.Time
	Total    ledger.Amount
	Affected int
	State    parts.Status
}

// Request is one request in full.
type Request struct {
	State     parts.Status
	Stands    string // where it stands, in a sentence
	Reason    string
	Figures   []parts.Figure
	InWords   string // the total, where it is large
	Facts     []parts.Row
	Effects   []EffectLine
	Steps     []RequestStep
	Stale     string // why it cannot be done as it stands; "" where it can
	Renewed   bool   // it was drawn up anew just now
	Refused   string // why the reader cannot decide; "" where they may
	Hash      string
	Approve   string // where approving posts to; "" where it is not the reader's
	Return    string
	Refuse    string
	Withdraw  string
	Go        parts.Link // what is still to be begun
	Reissue   []parts.Link
	Note, Why string // as typed before
}

// EffectLine is a figure before and after.
type EffectLine struct {
	Who, To       string
	What, Explain string
	Before, After ledger.Amount
}

// RequestStep is something that was done with a request.
type RequestStep struct {
	What string
	By   string
	At   time.Time
	Note string
}

// Transaction is one transaction of the journal.
type Transaction struct {
	Facts   []parts.Row
	Why     []string
	Entries []JournalEntry
	Proof   []parts.Row
	Correct string // where correcting it begins; "" where it does not
	Refused string // why it is not corrected by hand
	Request parts.Link
	Outside ProofOutside
}

// ProofOutside is what somebody needs to check a transaction elsewhere.
type ProofOutside struct {
	To  string // of the file; "" where there is no proof yet
	Key string
}

// JournalEntry is a line of a transaction.
type JournalEntry struct {
	Account string
	Lines   string // the account's own lines
	Fund    string
	Who, To string
	Debit   ledger.Amount
	Credit  ledger.Amount
	After   ledger.Amount
}

// Correct asks how a posting should have been booked.
type Correct struct {
	Post     string
	Mistake  string
	Mistakes []parts.Choice
	Account  string
	Nobody   bool // nobody knows whose it is
	Amount   string
	On       string
	Reason   string
	Booked   []parts.Row
	Effects  []EffectLine // what it would do; nil before it was worked out
	Total    ledger.Amount
	Reissue  []parts.Link
	Ready    bool
}

// FundForm asks for a receipt or for a new fund.
type FundForm struct {
	Post                              string
	Funds, Kinds                      []parts.Choice
	Fund, Kind, Amount, On, Reference string
	Code, Name, Funder, Purpose       string
	Reason                            string
	Attach                            string // where a document is attached
	Document                          string // that was attached
}

// Limits are who may do and approve how much.
type Limits struct {
	Rows    []LimitLine
	Post    string
	Choices []parts.Choice
	Limit   string // as typed before
	Shown   string
	Typed   LimitTyped
}

// LimitTyped is a limit as its form was sent.
type LimitTyped struct{ Children, Amount, Double, Reason string }

// LimitLine is a limit of one role.
type LimitLine struct {
	Kind, Role, Duty         string
	Children, Amount, Double string
	From                     parts.Link // the request that set it
}

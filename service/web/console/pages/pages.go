// Package pages is what staff read: one component and one view a page.
//
// A view holds plain values: words for what has no amount or day, ledger's own
// types for money and days, which the page writes in the reader's language.
// pages knows no room, no request and no session; the console fills the views.
package pages

import (
	"time"

	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// SignIn is the sign-in page.
type SignIn struct {
	Email string // as typed before
	Next  string // where to go afterwards
	Ask   string // the question for a passkey, as JSON; "" where there are none
	// Providers are the organizations' own sign-ins.
	Providers []parts.Link
}

// Link is the page behind a one-time link.
type Link struct {
	Token string
}

// Account is a person's own page.
type Account struct {
	Name         string
	Organization string
	Roles        []string
	Sessions     []Session
}

// Session is one of a person's sessions.
type Session struct {
	ID          int64
	Began, Seen time.Time // in a zone of the reader's
	ThisOne     bool
	By          string // what opened it, in words
}

// Home is a program at a glance.
type Home struct {
	Program  string // its name
	Children int    // enrolled
	Savers   int    // with a family deposit
	Total    ledger.Amount
	Own      ledger.Amount
	Awarded  ledger.Amount // program money on children's accounts
	Coming   ledger.Amount
	Work     []Task
	Chart    parts.Chart // no bars: none yet
	Funds    []FundLine
	Runs     []Run
	Base     string // address of the program's pages: "/p/riverbend"
}

// Task is something that waits for somebody.
type Task struct {
	Text string
	Note string
	To   string
	Tone parts.Tone
}

// FundLine is a fund in a list.
type FundLine struct {
	Name       string
	Funder     string
	To         string
	Available  ledger.Amount // uncommitted
	Designated ledger.Amount // on children's accounts
}

// Children is a page of the list of children.
type Children struct {
	Base      string
	Query     string
	School    string
	Grade     string
	State     string
	Language  string
	About     string
	Schools   []parts.Choice
	Grades    []parts.Choice
	States    []parts.Choice
	Languages []parts.Choice
	Abouts    []parts.Choice
	// AllColumns are the columns there are, and Columns those shown, the name's
	// first.
	AllColumns []Box
	Columns    []parts.Column
	Chips      []parts.Link // the filters in force, each leading to the list without it
	Rows       []parts.TableRow
	Similar    []parts.TableRow // whose names are spelled otherwise
	First      string           // to the first page; "" on it
	Next       string           // to the next; "" on the last
	Count      string           // how many match, in words; "" where nobody counted
	Filtered   bool
	// Views are lists kept under a name; ViewQuery is what keeping this one keeps.
	Views     []ViewLink
	ViewQuery string
	ViewName  string       // as typed, where it was refused
	Files     []parts.Link // the list to be taken out
	Add       string       // to where one is put on record; "" for who may not
	Letters   string       // to where letters to the families are made; "" for who may not see them
	Bulk      BulkChoice
}

// Box is one of several boxes to check.
type Box struct {
	Value, Text string
	Checked     bool
}

// ViewLink is a list kept under a name. Remove is where it is forgotten, for
// whose it is.
type ViewLink struct {
	parts.Link
	Shared bool
	Remove string
}

// Child is a child's own page.
type Child struct {
	ChildFrame
	Commands   []Command   // what can be done, or why it cannot
	Funds      parts.Table // the money by owner and fund
	Name       string
	State      parts.Status
	Own        ledger.Amount
	Awarded    ledger.Amount
	Coming     ledger.Amount
	Facts      []parts.Row
	AsOf       ledger.Date // the day for which the awards are told; none: no rules hold
	Awards     []AwardLine
	Lines      []MoneyLine
	OlderLines string // to older movements; "" where there are none
	Statements []StatementLine
	FactsTo    string     // to what the rule book reads about the child
	Masked     bool       // the reader's role does not see names
	Records    []string   // further accounts of the child
	History    []JoinLine // how its records were joined and parted
	Pairs      parts.Link // to others that may be the same child; empty for none
}

// JoinLine is a join of a child's records.
type JoinLine struct {
	Text string
	Then string     // how it ended; "" while it holds
	Part parts.Link // to part them; empty where the reader may not
}

// AwardLine is an award, or why there is none.
type AwardLine struct {
	Benefit string
	Period  string
	Amount  ledger.Amount
	State   parts.Status
	Why     string   // the decision in a sentence or two
	Note    string   // by which day's knowledge, where that is not today's
	How     []string // the arithmetic and what was looked at
	To      string   // to everything behind it
}

// MoneyLine is a movement on a child's account.
type MoneyLine struct {
	Account  string // which of the child's accounts, where it has several
	On       ledger.Date
	What     string
	Note     string // whose money, from which fund, what it reverses
	Amount   ledger.Amount
	After    ledger.Amount // what was on the account then
	Reversed bool
	To       string // to the award's explanation; "" for what is no award
}

// StatementLine is an issued statement.
type StatementLine struct {
	Name    string // the period, as people call it
	Issued  ledger.Date
	Closing ledger.Amount
	Page    string
	PDFs    []parts.Link // by language
}

// Rosters lists files of children.
type Rosters struct {
	Base     string
	Source   string      // who sent the last one
	EnrollOn ledger.Date // day from which new children take part
	Files    []FileLine
	May      bool // the reader may upload
}

// FileLine is a file that was sent in.
type FileLine struct {
	Name     string
	Received time.Time
	By       string
	State    parts.Status
	Rows     int
	To       string
	Told     parts.Status // of birth records: how the time to tell parents stands
	Open     int          // rows that wait for a person
	Doubts   string       // to them; "" for none
}

// Columns asks which column of a CSV is what.
type Columns struct {
	Post        string
	Fields      []ColumnField
	DateFormats []parts.Choice
	DateFormat  string
	School      string // the file's one school, where no column says it
	Header      []string
	Sample      [][]string
}

// ColumnField is something a roster can say of a child, and its column.
type ColumnField struct {
	Name, Label, Column string
}

// Preview is what applying a roster would do, or did.
type Preview struct {
	Name        string
	State       parts.Status
	Summary     string // one sentence
	Figures     []parts.Figure
	Cost        []CostLine
	Reasons     []parts.Row // why new children do not take part, with how many
	Schools     []SchoolLine
	Problems    []ProblemLine
	AllProblems string       // to the file with every problem; "" for none
	Commit      string       // where committing posts to; "" where it may not
	Confirm     string       // what the button promises
	Discard     string       // where discarding posts to; "" where it may not
	Large       bool         // committing asks another person first
	Doubts      parts.Link   // to the rows that wait for a person; To "" for none
	Clocks      []parts.Row  // of birth records: the two times of 90 days
	Told        parts.Status // how the second stands
	Letters     string       // to the letters that tell parents
	Undo        parts.Link   // to undoing it; To "" where that is past
	Some        bool         // the file is some rows of a list: who is not in it has not left
	Rejected    []parts.Link // files of the rows that were not used, to mend and send again
	Again       string       // where a mended file goes
	Later       string       // rows that were settled since, where the rest is applied
	Request     parts.Link   // that waits about it
	Work        *parts.Work  // while it is applied
}

// CostLine is what a benefit would take from a fund.
type CostLine struct {
	Benefit, Fund string
	Children      int
	Amount        ledger.Amount
	Left          ledger.Amount // in the fund afterwards
	Short         bool          // the fund does not have it
}

// SchoolLine is one school's part of a roster.
type SchoolLine struct {
	Name                              string
	Children, New, Changed, Unchanged int
	Open                              int // doubtful or to be reviewed
}

// ProblemLine is a row that somebody should look at.
type ProblemLine struct {
	File   string
	Line   int
	Column string
	Text   string
	Tone   parts.Tone
	Status string
}

// Deposits is the money whose owner nobody knows.
type Deposits struct {
	Base     string
	May      bool // the reader may upload
	Suspense []SuspenseLine
	Count    int           // in suspense, on all pages
	Held     ledger.Amount // their sum
	First    string        // the list's beginning; "" on the first page
	Next     string        // "" on the last one
}

// SuspenseLine is a deposit whose child nobody knows.
type SuspenseLine struct {
	Reference string
	On        ledger.Date
	Channel   string
	Amount    ledger.Amount
	To        string // where to say whose it is; "" where the reader may not
}

// Owner asks whose a deposit is.
type Owner struct {
	Deposit SuspenseLine
	Account string      // as typed before
	On      ledger.Date // the day it is found out
	Post    string
}

// Statement is an issued statement as a page.
type Statement struct {
	Name, Account string
	Accounts      []parts.Row // of a child on record more than once
	Figures       []parts.Figure
	Own, Given    []MoneyLine
	Coming        []parts.Row
	Code          string // how to check it
}

// Funds is the funds of a program in a period.
type Funds struct {
	Base    string
	Period  string // as chosen: "2026-Q3"
	Periods []parts.Choice
	In      ledger.Period
	Funds   []RollForward
	May     bool // the reader may ask for receipts and funds
}

// RollForward follows a fund through a period.
type RollForward struct {
	To                    string // the fund's own page
	Name, Funder, Purpose string
	Opening               ledger.Amount
	Received              ledger.Amount
	Awarded               ledger.Amount // below zero
	GivenBack             ledger.Amount
	Other                 ledger.Amount
	Closing               ledger.Amount
	Position              []parts.Row // where the money is at the period's end
}

// Jobs lists runs of jobs.
type Jobs struct {
	Base  string
	Names []parts.Choice
	Today ledger.Date
	Runs  []Run
	First string
	Next  string
	May   bool
	Ask   bool   // the run typed waits for another person
	Job   string // as typed before
	AsOf  string

	Calendar Calendar
}

// Calendar is what comes due in a month, job by job.
type Calendar struct {
	Month  string
	Months []parts.Link // this one and the next
	Rows   []JobDue
}

// JobDue is how a job stands.
type JobDue struct {
	Job, To string // To fills the job into the form
	Newest  string // the newest period that is done
	Next    string // when it comes due next
	For     string // what that run is for
	Fared   string // the runs of the month
	ToCome  string
}

// LogLine is a line of a run's log.
type LogLine struct{ At, What, Came string }

// Run is one run of a job.
type Run struct {
	Job    string
	Period string
	Began  time.Time
	State  parts.Status
	Says   string // what it did, or how far it is
	To     string
	DryRun bool
}

// RunPage is one run in full.
type RunPage struct {
	Run
	Work   parts.Work
	Facts  []parts.Row
	Cancel string // where stopping it posts to; "" where it may not
	Resume string // where having a failed one go on posts to
	Again  string // where the same is asked for again
	Stands string // what is the matter with it, in words; "" for nothing
	Log    []LogLine
	// Findings is where what a re-performance found is listed; "" of other jobs.
	Findings string
}

// Books is the trial balance.
type Books struct {
	Base     string
	On       ledger.Date // no day: now
	KnownOn  ledger.Date // no day: all that is known
	Fund     string
	Funds    []parts.Choice
	Moment   string // the two, in words
	Lines    []TrialLine
	Debit    ledger.Amount
	Credit   ledger.Amount
	Known    int64 // the newest transaction counted
	Journal  string
	Periods  string
	Files    []parts.Link
	Verify   string // where verifying posts to; "" where the reader may not
	Verified *Verification
}

// TrialLine is a line of the trial balance.
type TrialLine struct {
	Name, To      string
	Fund          string
	Debit, Credit ledger.Amount
	Entries       int
}

// Verification is what checking the books found.
type Verification struct {
	At     time.Time
	Sound  bool
	Checks []Check
	Wrong  []string // what is wrong, each with its place, in English
	More   int      // how many more there are
}

// Check is one kind of thing that was checked.
type Check struct {
	Name    string
	Checked int64
}

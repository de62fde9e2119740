package pages

import (
	"time"

	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// RuleBooks lists a program's rule books.
type RuleBooks struct {
	Classes string // where named lists are
	Books   []RuleLine
	Begin   string // where a new one posts to; "" where the reader may not
	Starts  []parts.Choice
}

// RuleLine is a rule book in a list.
type RuleLine struct {
	Name  string
	To    string
	State parts.Status
	Says  string // when it takes effect, or what was said last
	By    string
	At    time.Time
}

// RuleBook is one rule book in full.
type RuleBook struct {
	State    parts.Status
	Says     string // where it stands, in a sentence
	Refused  string // why the reader may not decide; "" where they may, or nobody can
	EditText string // to the editors; "" where the book is not edited any more
	EditForm string
	FormNote string // why the form is not for this book
	Copy     string // where a new draft from it posts to
	Submit   *Decision
	Approve  *Decision
	Return   *Decision
	Withdraw *Decision
	Checks   RuleChecks
	Sections []RuleSection
	Changes  *RuleChanges
	Source   []SourceLine
	Download string
	Steps    []RuleStep
}

// Decision is a form that moves a rule book on.
type Decision struct {
	Post string
	Key  string // of the words below console.rules.
	Hash string // what was shown; "" where nothing is bound to it
	// Revision is what was shown of a draft; 0 where there is none.
	Revision int
	Note     string // as typed before
	On       string // the day proposed or typed; "" where no day is asked
	Needs    bool   // the note must be filled in
}

// RuleChecks is what is known of a book before anybody decides about it.
type RuleChecks struct {
	Problems []parts.Problem // why the text is no rule book yet
	Passed   int
	Failed   []FailedExample
	Findings []Finding
	Try      string // to the trial; "" where the book cannot be tried
	Tried    string // what the last trial found, in a sentence
	Checked  bool   // the examples were run
}

// FailedExample is an expectation that does not hold, and why.
type FailedExample struct {
	Says string
	Line int
	Why  []string
}

// Finding is something that is worth a second look.
type Finding struct {
	Line   int
	Text   string
	Status parts.Status
}

// RuleSection is a part of the book in plain words.
type RuleSection struct {
	Title string
	Rows  []RuleClause
}

// RuleClause is one thing that the book says.
type RuleClause struct {
	Term, Value string
	Code        bool // as written in the book
}

// RuleChanges is what a book changes of another.
type RuleChanges struct {
	Against string // the other book's name
	To      string
	Rows    []RuleChange
}

// RuleChange is one clause before and after; "" where it is not said.
type RuleChange struct {
	Section, Term, Before, After string
}

// SourceLine is a line of a book's text.
type SourceLine struct {
	No     int
	Text   string
	Faulty bool
}

// RuleStep is a step of a book's history.
type RuleStep struct {
	What, By, Note, Hash string
	At                   time.Time
}

// RuleText is the text editor.
type RuleText struct {
	Post     string
	Text     string
	Revision int
	Form     string // to the form editor; "" where the book is beyond it
	FormNote string
	Book     string // to the book's page
	Source   []SourceLine
	Problems int
	// Theirs is what somebody else saved meanwhile, line by line beside what was
	// typed; nil for nothing.
	Theirs []DiffLine
	By     string
	At     time.Time
}

// DiffLine is a line of two texts: in both, or in one of them.
type DiffLine struct {
	Sign string // " ", "-" (theirs only) or "+" (mine only)
	Text string
}

// Excesses are proposals to take back what was given beyond an entitlement.
type Excesses struct {
	Rows []ExcessLine
	May  bool // the reader may decide
	More int  // how many more there are
}

// ExcessLine is one proposal.
type ExcessLine struct {
	Child, ChildTo  string
	Benefit, Period string
	Amount          ledger.Amount
	Why             []string // the decision first, then how it came about
	Explain         string   // to the award's explanation
	FoundBy         string
	FoundAt         time.Time
	Post            string // where deciding posts to; "" where the reader may not
	Refused         string // why the reader may not; "" where they may, or nobody asks
}

// Explanation is one award, paid or not, with everything behind it.
type Explanation struct {
	AsOf    string // by which day's knowledge and rules it is told
	Figures []parts.Figure
	Why     string   // "" where nobody can tell any more
	Steps   []string // the arithmetic
	Funds   []parts.Row
	Facts   []string
	Rule    []parts.Row // the book and version
	Moves   []AwardMove
	Excess  string // to the proposal to take a part back; "" for none
	Gone    bool   // given once, and the rules no longer mention it
}

// AwardMove is a movement of an award, with its transaction.
type AwardMove struct {
	On     ledger.Date
	What   string
	Fund   string
	Amount ledger.Amount // below zero where it was given back
	No     int64
	Rule   string
}

// RuleForm is the form for the common cases.
type RuleForm struct {
	Post     string
	Text     string // to the text editor
	Revision int
	Values   map[string]string // of the fields, as typed
	Who      bool              // the form may change who takes part
	Joining  bool              // and how long a family has to say no
	Funds    []parts.Choice
	Grades   []parts.Choice
	Periods  []parts.Choice
	Schools  []string // code and name, to look a code up
	Others   string   // what only the text can change; "" for nothing
	// MostFunds is how many funds a match may ask.
	MostFunds int
}

package pages

import (
	"time"

	"seedbook/service/web/parts"
)

// Staff lists an organization's accounts and what is proposed for them.
type Staff struct {
	May     bool // the reader may invite
	Members []MemberLine
	Open    []ProposalLine
}

// MemberLine is an account in a list.
type MemberLine struct {
	Name, Email, To string
	Roles           []string
	Reach           string // the programs it is limited to, or all
	State           parts.Status
	Factors         string
}

// ProposalLine is what is proposed for an account, or was decided about it.
type ProposalLine struct {
	ID       int64
	Who, To  string // the account
	What     string
	Reason   string
	By       string
	At       time.Time
	State    parts.Status
	Decide   string // where deciding posts to; "" where the reader may not
	Withdraw string // where taking back posts to; "" where the reader may not
	Why      string // why the reader may not decide; "" where he may, or never could
}

// Invite asks who is invited, to what.
type Invite struct {
	Name, Email, Reason string
	Lang                string
	Languages           []parts.Choice
	Roles, Programs     []Tick
	Persons             []parts.Choice // for a second account of somebody on the staff
	Person              string
}

// Tick is one of several checkboxes of a name.
type Tick struct {
	Value, Text string
	Checked     bool
}

// Member is an account's page.
type Member struct {
	Base    string
	Facts   []parts.Row
	History []ProposalLine
	Change  bool // the reader may propose roles
	Recover bool // … and a recovery
	Disable bool
	Welcome bool
	Roles   []Tick
	Reach   []Tick
	Reason  string
	Lost    string // why a recovery is proposed, as typed
	Shown   string
}

// Token shows a one-time link, once.
type Token struct {
	Address string
	Hours   int
	Back    string
}

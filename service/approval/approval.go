// Package approval keeps what waits for a second person: the request with
// exactly what would be done, who decided about it, and that it was done once.
//
// A request rides in the transaction of the room that asks. Approvals hold for
// the hash of the content that was shown; a room that executes draws the
// content up anew, and where it is not the approved one any more the request
// goes back to review. Who asked never decides, by person; that, the checker's
// role at that moment and the number of approvals are the database's to see to,
// so that no caller can forget them. This package does none of the things it
// keeps requests for.
package approval

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"seedbook/ledger"
	"seedbook/service/fault"
	"seedbook/service/store"
)

// Faults of this room.
var (
	// ErrNone reports a request that the organization does not have.
	ErrNone = fault.New(fault.NotFound, "approval.none")
	// ErrOpen reports that another request about the same thing still waits.
	ErrOpen = fault.New(fault.Conflict, "approval.open")
	// ErrSamePerson reports a decision by whoever asked, with whichever account.
	ErrSamePerson = fault.New(fault.Denied, "approval.same_person")
	// ErrRole reports a checker whose roles do not reach so far now.
	ErrRole = fault.New(fault.Denied, "approval.role")
	// ErrTwice reports a second approval by the same person.
	ErrTwice = fault.New(fault.Conflict, "approval.twice")
	// ErrDecided reports a request that is not open any more.
	ErrDecided = fault.New(fault.Conflict, "approval.decided")
	// ErrChanged reports that what would be done is not what was shown.
	ErrChanged = fault.New(fault.Conflict, "approval.changed")
	// ErrReason reports a missing or overlong reason.
	ErrReason = fault.New(fault.Invalid, "approval.reason")
	// ErrNeeded reports something that waits for another person's approval.
	ErrNeeded = fault.New(fault.Conflict, "approval.needed")
	// ErrNotMaker reports somebody who withdraws what another person asked for.
	ErrNotMaker = fault.New(fault.Denied, "approval.not_maker")
	// ErrPerson reports an actor that is no person of the staff.
	ErrPerson = fault.New(fault.Denied, "approval.person")
)

// ID identifies a request within its organization.
type ID int64

// Ref names the request where the ledger and other rooms keep it.
func (id ID) Ref() string { return "approval/" + strconv.FormatInt(int64(id), 10) }

// Kind is what a request asks for.
type Kind string

// The kinds.
const (
	Correction Kind = "correction" // of a posting: reversed and booked again
	Roster     Kind = "roster"     // applying a large roster
	Run        Kind = "run"        // a large run by hand
	Receipt    Kind = "receipt"    // a funder's promise or payment, entered by hand
	Fund       Kind = "fund"       // a new fund and its restriction
	Payee      Kind = "payee"
	RoleChange Kind = "role"
	Forfeiture Kind = "forfeiture"
	Merge      Kind = "merge"
	Undo       Kind = "undo"   // of an import
	Limits     Kind = "limits" // who may do and approve how much
	Bulk       Kind = "bulk"   // one thing done with many children
	Period     Kind = "period" // closing a month of the books
	Reopen     Kind = "reopen" // opening one again; it takes two approvals
	Withdrawal Kind = "withdrawal"
	Settings   Kind = "settings" // how a program is set up
	Payments   Kind = "payments" // a batch of payments, as a bank is handed it

	// Reconciliation is of a custodian's day: the bank and the books hold.
	Reconciliation Kind = "reconciliation"
)

// Kinds are all kinds, in the order people are offered them.
var Kinds = []Kind{Correction, Roster, Run, Receipt, Fund, Payee, RoleChange, Forfeiture, Merge, Undo, Limits, Bulk, Period, Reopen, Withdrawal, Payments, Settings}

// State is where a request stands.
type State string

// The states.
const (
	Waiting   State = "waiting"
	Approved  State = "approved" // by enough people, and not done yet
	Executed  State = "executed"
	Returned  State = "returned" // to whoever asked, with a reason
	Refused   State = "refused"
	Withdrawn State = "withdrawn"
)

// States are all states, in the order people are offered them.
var States = []State{Waiting, Approved, Executed, Returned, Refused, Withdrawn}

// Content is exactly what would be done. Two contents are the same where their
// canonical form is; anything that matters to an approver stands in it. It
// holds ids, amounts, days and codes, never personal data.
type Content struct {
	Difference ledger.Amount `json:"difference"` // by how much the money on accounts would change, signed
	Total      ledger.Amount `json:"total"`      // what would be moved in all
	Affected   int           `json:"affected"`   // children concerned
	Effects    []Effect      `json:"effects,omitempty"`
	// Details are the owning room's own: what it needs to do it, as it writes it.
	Details json.RawMessage `json:"details,omitempty"`
}

// Effect is a figure before and after. Of an affected crowd a content holds
// samples; Details stand for all.
type Effect struct {
	What     string        `json:"what"`             // "own", "fund", or the code of a benefit
	Period   string        `json:"period,omitempty"` // of a benefit
	Fund     string        `json:"fund,omitempty"`   // its code
	Child    int64         `json:"child,omitempty"`
	Children int           `json:"children,omitempty"` // how many the figures are the sum of
	Before   ledger.Amount `json:"before"`
	After    ledger.Amount `json:"after"`
}

// Proposal is what somebody asks for.
type Proposal struct {
	Program int64 // 0: of the whole organization
	Kind    Kind
	Subject string // what it is about: "deposit/12"
	Reason  string
	Content Content
}

// canonical is the text whose hash is approved.
func canonical(program int64, kind Kind, subject string, c Content) (string, error) {
	raw, err := json.Marshal(struct {
		Kind    Kind   `json:"kind"`
		Program int64  `json:"program,omitempty"`
		Subject string `json:"subject"`
		Content
	}{kind, program, subject, c})
	if err != nil {
		return "", fmt.Errorf("write down %s %s: %w", kind, subject, err)
	}
	return string(raw), nil
}

func hashOf(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// Request is a request as it stands.
type Request struct {
	ID         ID            `db:"id"`
	Program    int64         `db:"program_id"`
	Kind       Kind          `db:"kind"`
	Subject    string        `db:"subject"`
	Reason     string        `db:"reason"`
	Content    string        `db:"content"`
	Hash       []byte        `db:"content_sha256"`
	Revision   int           `db:"revision"`
	Difference ledger.Amount `db:"difference"`
	Total      ledger.Amount `db:"total"`
	Affected   int           `db:"affected"`
	Needed     int           `db:"needed"`
	Maker      int64         `db:"maker_id"`
	MadeAt     time.Time     `db:"made_at"`
	State      State         `db:"state"`
	ClosedAt   *time.Time    `db:"closed_at"`
	Given      int           `db:"given"` // approvals of the content as it stands
}

// Says reads the content.
func (r Request) Says() (c Content, err error) {
	if err := json.Unmarshal([]byte(r.Content), &c); err != nil {
		return c, fmt.Errorf("read request %d: %w", r.ID, err)
	}
	return c, nil
}

// MakerWho is who asked, as transactions and the trail know it.
func (r Request) MakerWho(tenant int32) store.Who {
	return store.Who{Tenant: tenant, Actor: actorOf(r.Maker)}
}

// Number reads the number of a subject of a kind: 12 of "deposit/12"; 0 for none.
func (r Request) Number() int64 {
	_, text, _ := strings.Cut(r.Subject, "/")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Decision is what somebody decided.
type Decision struct {
	Decision string    `db:"decision"`
	Staff    int64     `db:"staff_id"`
	Hash     []byte    `db:"content_sha256"`
	Reason   string    `db:"reason"`
	At       time.Time `db:"decided_at"`
}

// Actor is the person as the trail knows it.
func (d Decision) Actor() string { return actorOf(d.Staff) }

// Checker is a person who decides, and by which of their accounts.
type Checker struct {
	store.Who
	Account int64
}

func actorOf(staff int64) string { return "staff/" + strconv.FormatInt(staff, 10) }

// Person is the staff number of an actor; ErrPerson where it is none.
func Person(who store.Who) (int64, error) {
	text, ok := strings.CutPrefix(who.Actor, "staff/")
	n, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil {
		return 0, ErrPerson
	}
	return n, nil
}

// Same reports that a content is the one that the request holds.
func (r Request) Same(c Content) (bool, error) {
	text, err := canonical(r.Program, r.Kind, r.Subject, c)
	return err == nil && bytes.Equal(hashOf(text), r.Hash), err
}

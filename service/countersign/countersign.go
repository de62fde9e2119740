// Package countersign has done what a second person agrees to.
//
// It knows, for each kind of request, which room says what would be done now and
// which one does it. An approval draws the content up anew, counts only where it
// is still what was shown, and, with enough of them, has it done in the same
// transaction; what takes longer (a large roster, a run) is approved here and
// begun by whoever owns the clock. It decides nothing itself: that is
// service/approval's, and below it the database's.
package countersign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/jobs"
	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/fund"
	"seedbook/service/payout"
	"seedbook/service/program"
	"seedbook/service/roster"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// ErrNoHand reports a kind of request that nobody here can carry out.
var ErrNoHand = fault.New(fault.Conflict, "countersign.no_hand")

// Desk is where a person decides: who, by which account, and when.
type Desk struct {
	auth.Principal
	Keys *vault.Keyring
	Jobs *jobs.Runner // nil where runs cannot be asked for
	At   time.Time
}

func (d Desk) checker() approval.Checker {
	return approval.Checker{Who: d.Who(), Account: int64(d.Account)}
}

// hand is how one kind of request is carried out. later says that doing it is
// begun outside the transaction of the approval.
type hand struct {
	content func(ctx context.Context, q sqlx.QueryerContext, d Desk, p program.Program, r approval.Request) (approval.Content, error)
	do      func(ctx context.Context, tx *sqlx.Tx, d Desk, p program.Program, r approval.Request, ref string) error
	later   bool
}

var hands = map[approval.Kind]hand{
	approval.Correction: {correction, correct, false},
	approval.Roster:     {commit, nil, true},
	approval.Run:        {run, startRun, false},
	approval.Receipt:    {receipt, receive, false},
	approval.Fund:       {openFund, addFund, false},
	approval.Limits:     {limits, setLimit, false},
	approval.Forfeiture: {settling, settle, false},
	approval.Settings:   {settings, set, false},
	approval.Undo:       {undoContent, undo, false},
	approval.Bulk:       {bulkContent, nil, true},
	approval.Period:     {closing, closePeriod, false},
	approval.Reopen:     {opening, reopen, false},
	approval.Withdrawal: {withdrawal, withdraw, false},
	approval.Payee:      {payee, verifyPayee, false},
	approval.Payments:   {batch, sendBatch, false},

	approval.Reconciliation: {dayContent, signDay, false},
}

// Done is what came of an approval.
type Done struct {
	approval.Outcome
	// Later says that it is approved and still to be begun.
	Later bool
}

// Approve approves a request as it was shown and, once enough people did, has it
// done in the same transaction: neither is without the other.
func Approve(ctx context.Context, tx *sqlx.Tx, d Desk, id approval.ID, hash []byte, note string) (done Done, err error) {
	r, err := d.lock(ctx, tx, id)
	if err != nil {
		return done, err
	}
	h, p, err := handOf(ctx, tx, r)
	if err != nil {
		return done, err
	}
	if r.ClosedAt != nil {
		return done, approval.ErrDecided
	}
	fresh, err := h.content(ctx, tx, d, p, r)
	if err != nil {
		return done, err
	}
	done.Outcome, err = approval.Approve(ctx, tx, d.checker(), id, hash, fresh, note, d.At)
	if err != nil || done.Outcome != approval.Enough {
		return done, err
	}
	if done.Later = h.later; h.later {
		return done, nil
	}
	if _, err = approval.Execute(ctx, tx, d.Who(), id, fresh, d.At); err != nil {
		return done, err
	}
	return done, h.do(ctx, tx, d, p, r, r.ID.Ref()+" "+d.Who().Actor)
}

// Close returns, refuses or withdraws a request.
func Close(ctx context.Context, tx *sqlx.Tx, d Desk, id approval.ID, hash []byte, to approval.State, reason string) error {
	if _, err := d.lock(ctx, tx, id); err != nil {
		return err
	}
	return approval.Close(ctx, tx, d.checker(), id, hash, to, reason, d.At)
}

// lock is approval.Lock of a request in a program that the person reaches.
func (d Desk) lock(ctx context.Context, tx *sqlx.Tx, id approval.ID) (approval.Request, error) {
	r, err := approval.Lock(ctx, tx, id)
	if err == nil && r.Program != 0 && !d.Within(r.Program) {
		err = approval.ErrNone
	}
	return r, err
}

// Stale reports why a request could not be done as it stands: what would be done
// now is something else (approval.ErrChanged), or is refused by its room. nil
// where it still holds.
func Stale(ctx context.Context, q sqlx.QueryerContext, d Desk, r approval.Request) (fresh approval.Content, err error) {
	h, p, err := handOf(ctx, q, r)
	if err != nil {
		return fresh, err
	}
	return h.content(ctx, q, d, p, r)
}

func handOf(ctx context.Context, q sqlx.QueryerContext, r approval.Request) (h hand, p program.Program, err error) {
	h, ok := hands[r.Kind]
	if !ok {
		return h, p, ErrNoHand
	}
	if r.Program != 0 {
		p, err = program.Load(ctx, q, program.ID(r.Program))
	}
	return h, p, err
}

// details reads what a request's own room wrote into it.
func details[T any](r approval.Request) (t T, err error) {
	says, err := r.Says()
	if err == nil {
		err = json.Unmarshal(says.Details, &t)
	}
	if err != nil {
		err = fmt.Errorf("read request %d: %w", r.ID, err)
	}
	return t, err
}

// Walk is a walk over a program as of today with the rules in effect; without
// any, with none.
func Walk(ctx context.Context, q sqlx.QueryerContext, d Desk, p program.Program) (enroll.Walk, error) {
	return WalkOf(ctx, q, d.Who(), d.Keys, p, d.At)
}

// WalkOf is Walk for whoever has no desk: the server's owner at the command line.
func WalkOf(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.Program, at time.Time) (enroll.Walk, error) {
	w := enroll.Walk{Who: who, Keys: keys, Program: p, AsOf: p.Day(at), At: at}
	book, err := program.RulesOn(ctx, q, p.ID, w.AsOf)
	if errors.Is(err, program.ErrNoRules) {
		book, err = &rules.Book{}, nil
	}
	w.Rules = book
	return w, err
}

func correction(ctx context.Context, q sqlx.QueryerContext, d Desk, p program.Program, r approval.Request) (out approval.Content, err error) {
	c, err := enroll.ReadCorrection(r)
	if err != nil {
		return out, err
	}
	w, err := Walk(ctx, q, d, p)
	if err != nil {
		return out, err
	}
	return enroll.CorrectionContent(ctx, q, w, c.Correction)
}

func correct(ctx context.Context, tx *sqlx.Tx, d Desk, p program.Program, r approval.Request, _ string) error {
	w, err := Walk(ctx, tx, d, p)
	if err != nil {
		return err
	}
	return enroll.Correct(ctx, tx, w, r, r.MakerWho(d.Tenant))
}

func settling(ctx context.Context, q sqlx.QueryerContext, d Desk, p program.Program, r approval.Request) (out approval.Content, err error) {
	w, err := Walk(ctx, q, d, p)
	if err != nil {
		return out, err
	}
	return enroll.SettlingContent(ctx, q, w, family.ChildID(r.Number()))
}

func settle(ctx context.Context, tx *sqlx.Tx, d Desk, p program.Program, r approval.Request, _ string) error {
	w, err := Walk(ctx, tx, d, p)
	if err != nil {
		return err
	}
	if err := enroll.Settle(ctx, tx, w, r, r.MakerWho(d.Tenant)); err != nil {
		return err
	}
	return payout.Settle(ctx, tx, w, r, r.MakerWho(d.Tenant))
}

// ProposeCorrection has a correction wait for another person.
func ProposeCorrection(ctx context.Context, tx *sqlx.Tx, d Desk, p program.Program, c savings.Correction, reason string) (approval.ID, error) {
	w, err := Walk(ctx, tx, d, p)
	if err != nil {
		return 0, err
	}
	return enroll.ProposeCorrection(ctx, tx, w, c, reason)
}

// PreviewCorrection is what a correction would do, before anybody is asked.
func PreviewCorrection(ctx context.Context, q sqlx.QueryerContext, d Desk, p program.Program, c savings.Correction) (approval.Content, error) {
	w, err := Walk(ctx, q, d, p)
	if err != nil {
		return approval.Content{}, err
	}
	return enroll.CorrectionContent(ctx, q, w, c)
}

func commit(ctx context.Context, q sqlx.QueryerContext, _ Desk, p program.Program, r approval.Request) (approval.Content, error) {
	return roster.CommitContent(ctx, q, p.ID, roster.ID(r.Number()))
}

func receipt(ctx context.Context, q sqlx.QueryerContext, _ Desk, p program.Program, r approval.Request) (out approval.Content, err error) {
	e, err := details[fund.Entering](r)
	if err != nil {
		return out, err
	}
	return fund.ReceiptContent(ctx, q, p, e)
}

func receive(ctx context.Context, tx *sqlx.Tx, d Desk, p program.Program, r approval.Request, ref string) error {
	e, err := details[fund.Entering](r)
	if err != nil {
		return err
	}
	return fund.ReceiveApproved(ctx, tx, r.MakerWho(d.Tenant), p, e, ref, d.At)
}

func openFund(ctx context.Context, q sqlx.QueryerContext, _ Desk, p program.Program, r approval.Request) (out approval.Content, err error) {
	o, err := details[fund.Opening](r)
	if err != nil {
		return out, err
	}
	return fund.FundContent(ctx, q, p, o)
}

func addFund(ctx context.Context, tx *sqlx.Tx, d Desk, p program.Program, r approval.Request, ref string) error {
	o, err := details[fund.Opening](r)
	if err != nil {
		return err
	}
	return fund.AddApproved(ctx, tx, r.MakerWho(d.Tenant), p, o, ref, d.At)
}

// limits holds what was asked for: nothing about it can change meanwhile but
// another limit, which is another request.
func limits(_ context.Context, _ sqlx.QueryerContext, _ Desk, _ program.Program, r approval.Request) (approval.Content, error) {
	return r.Says()
}

func setLimit(ctx context.Context, tx *sqlx.Tx, d Desk, _ program.Program, r approval.Request, _ string) error {
	l, err := details[approval.Limit](r)
	if err != nil {
		return err
	}
	return approval.SetLimit(ctx, tx, d.Who(), r.ID, l, d.At)
}

// ProposeLimit has a change of a limit wait for another person.
func ProposeLimit(ctx context.Context, tx *sqlx.Tx, who store.Who, l approval.Limit, reason string, at time.Time) (approval.ID, error) {
	raw, err := json.Marshal(l)
	if err != nil {
		return 0, fmt.Errorf("write down a limit: %w", err)
	}
	subject := "limits/" + string(l.Kind) + "/" + l.Role + "/" + l.Duty
	return approval.Propose(ctx, tx, who, approval.Proposal{Kind: approval.Limits, Subject: subject, Reason: reason, Content: approval.Content{Details: raw}}, at)
}

// order is the run that a request is about.
func order(d Desk, p program.Program, r approval.Request) (o jobs.Order, err error) {
	said, err := details[jobs.Ordering](r)
	if err != nil {
		return o, err
	}
	if d.Jobs == nil {
		return o, ErrNoHand
	}
	job, err := d.Jobs.Job(said.Job)
	return jobs.Order{Program: jobs.Of(d.Tenant, p), Job: job, AsOf: said.AsOf}, err
}

func run(ctx context.Context, q sqlx.QueryerContext, d Desk, p program.Program, r approval.Request) (approval.Content, error) {
	o, err := order(d, p, r)
	if err != nil {
		return approval.Content{}, err
	}
	return jobs.RunContent(ctx, q, d.Who(), o, d.At)
}

func startRun(ctx context.Context, tx *sqlx.Tx, d Desk, p program.Program, r approval.Request, ref string) error {
	o, err := order(d, p, r)
	if err != nil {
		return err
	}
	o.Approval = ref
	_, err = jobs.Request(ctx, tx, r.MakerWho(d.Tenant), o, d.At)
	return err
}

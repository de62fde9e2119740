// Package request is what families ask for, and what becomes of it: their money
// for school, in an emergency or moved to an account of their own, a move,
// another guardian, a name, another phone, a line that is not right, to take
// part no more, to be forgotten.
//
// A request is a task with a day by which it has an answer and a path that its
// family can follow. Its guardian alone sees it: neither of two guardians learns
// where the other lives or what the other asks for. What changes where money or
// messages go is agreed to after three days at the earliest, and the old and the
// new contact are told. The package pays nothing out: a request for money that
// is agreed to is Approved, and whoever pays it says Done.
package request

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Faults of this room.
var (
	// ErrNone reports a request that does not exist, or is another guardian's.
	ErrNone = fault.New(fault.NotFound, "request.fault.none")
	// ErrMany reports a guardian with too many open requests.
	ErrMany = fault.New(fault.Limit, "request.fault.many")
	// ErrStep reports a step that the request's state does not allow (any more).
	ErrStep = fault.New(fault.Conflict, "request.fault.step")
	// ErrEarly reports a change of contact or payee agreed to before its days are over.
	ErrEarly = fault.New(fault.Conflict, "request.fault.early")
	// ErrPaper reports a request that lacks the paper it rests on.
	ErrPaper = fault.New(fault.Conflict, "request.fault.paper")
	// ErrWords reports a step that must say something to the family, and does not.
	ErrWords = fault.New(fault.Invalid, "request.fault.words")
	// ErrMissing reports a field that is not filled in.
	ErrMissing = fault.New(fault.Invalid, "request.fault.missing")
	// ErrTooMuch reports more money than the child has.
	ErrTooMuch = fault.New(fault.Limit, "request.fault.too_much")
	// ErrSign reports a missing signature.
	ErrSign = fault.New(fault.Invalid, "request.fault.sign")
)

// ID identifies a request within its organization.
type ID int64

// State is where a request stands.
type State string

// The states.
const (
	Asked     State = "asked"    // with the staff
	Back      State = "back"     // with the family, which has to answer
	Approved  State = "approved" // agreed to, and still to be carried out
	Done      State = "done"
	Refused   State = "refused"
	Withdrawn State = "withdrawn" // by the family
)

// States are all of them.
var States = []State{Asked, Back, Approved, Done, Refused, Withdrawn}

// Open reports a state from which a request goes on.
func (s State) Open() bool { return s == Asked || s == Back || s == Approved }

// Request is one thing that a guardian asked for.
type Request struct {
	ID         ID                   `db:"id"`
	Program    program.ID           `db:"program_id"`
	Child      family.ChildID       `db:"child_id"`
	Account    activation.AccountID `db:"account_id"`
	Kind       Kind                 `db:"kind"`
	State      State                `db:"state"`
	Amount     *ledger.Amount       `db:"amount"`
	AskedAt    time.Time            `db:"asked_at"`
	DueOn      ledger.Date          `db:"due_on"`
	WaitsUntil time.Time            `db:"waits_until"`
	HandledBy  string               `db:"handled_by"`
	ClosedAt   *time.Time           `db:"closed_at"`
	sealed     []byte
}

// Said is what a request says and what was signed.
type Said struct {
	Values    map[string]string `json:"values"` // by field; amounts and days as the API writes them
	Signature *Signature        `json:"signature,omitempty"`
	Lang      string            `json:"lang"` // of the guardian when it was asked
}

// LogValue keeps what families write out of logs.
func (s Said) LogValue() slog.Value { return slog.StringValue("[request]") }

// Signature is a name typed below a text, with the text.
type Signature struct {
	Name    string    `json:"name"`
	Text    string    `json:"text"` // as it was shown
	At      time.Time `json:"at"`
	Session int64     `json:"session"`
}

// columns are those of Request.
const columns = `id, program_id, child_id, account_id, kind, state, amount, asked_at, due_on, waits_until, handled_by, closed_at`

// of reads one request and what is sealed of it.
func of(ctx context.Context, q sqlx.QueryerContext, id ID, lock bool) (r Request, err error) {
	const read = `SELECT ` + columns + `, sealed FROM requests WHERE id = $1`
	const hold = `SELECT ` + columns + `, sealed FROM requests WHERE id = $1 FOR UPDATE`
	query := read
	if lock {
		query = hold
	}
	row := struct {
		Request
		Sealed []byte `db:"sealed"`
	}{}
	err = sqlx.GetContext(ctx, q, &row, query, id)
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNone
	}
	if err != nil {
		return r, fmt.Errorf("request %d: %w", id, err)
	}
	r = row.Request
	r.sealed = row.Sealed
	return r, nil
}

// Find returns a request of a program, for the staff.
func Find(ctx context.Context, q sqlx.QueryerContext, p program.ID, id ID) (Request, error) {
	r, err := of(ctx, q, id, false)
	if err == nil && r.Program != p {
		return Request{}, ErrNone
	}
	return r, err
}

// Own returns a guardian's own request about a child that it sees. Anybody
// else's is a request that does not exist.
func Own(ctx context.Context, q sqlx.QueryerContext, g activation.Guardian, id ID) (Request, error) {
	r, err := of(ctx, q, id, false)
	if err == nil && !r.mine(g) {
		return Request{}, ErrNone
	}
	return r, err
}

func (r Request) mine(g activation.Guardian) bool {
	return r.Account == g.Account && slices.ContainsFunc(g.Held, func(h activation.Held) bool { return h.Child == r.Child && h.Program == r.Program })
}

func place(reference string) string { return "requests/" + reference }

// stepPlace binds what was said in a step to its request.
func stepPlace(id ID) string { return "request_steps/" + strconv.FormatInt(int64(id), 10) }

// Open opens what a request says. Of an erased family nothing is left.
func (r Request) Open(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring) (s Said, err error) {
	var reference string
	if err := sqlx.GetContext(ctx, q, &reference, `SELECT reference FROM requests WHERE id = $1`, r.ID); err != nil {
		return s, fmt.Errorf("request %d: %w", r.ID, err)
	}
	err = family.OpenFor(ctx, q, who, keys, r.Child, place(reference), r.sealed, &s)
	if errors.Is(err, family.ErrNone) {
		return Said{}, nil
	}
	return s, err
}

// Step is something that happened to a request.
type Step struct {
	State State     `db:"state"`
	At    time.Time `db:"at"`
	By    string    `db:"by"`
	Words string    `db:"-"` // what was said to the other side
}

// Steps are those of a request, the oldest first.
func (r Request) Steps(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring) ([]Step, error) {
	var rows []struct {
		Step
		Sealed []byte `db:"words"`
	}
	const query = `SELECT state, at, by, words FROM request_steps WHERE request_id = $1 ORDER BY n`
	if err := sqlx.SelectContext(ctx, q, &rows, query, r.ID); err != nil {
		return nil, fmt.Errorf("steps of request %d: %w", r.ID, err)
	}
	out := make([]Step, len(rows))
	for i, row := range rows {
		out[i] = row.Step
		err := family.OpenFor(ctx, q, who, keys, r.Child, stepPlace(r.ID), row.Sealed, &out[i].Words)
		if err != nil && !errors.Is(err, family.ErrNone) {
			return nil, err
		}
	}
	return out, nil
}

// Documents are the papers that came with a request.
func (r Request) Documents(ctx context.Context, q sqlx.QueryerContext) (ids []family.DocumentID, err error) {
	const query = `SELECT document_id FROM request_documents WHERE request_id = $1 ORDER BY document_id`
	if err := sqlx.SelectContext(ctx, q, &ids, query, r.ID); err != nil {
		return nil, fmt.Errorf("papers of request %d: %w", r.ID, err)
	}
	return ids, nil
}

// Of are the requests of a guardian about children that it sees, the newest
// first.
func Of(ctx context.Context, q sqlx.QueryerContext, g activation.Guardian) (out []Request, err error) {
	const query = `SELECT ` + columns + ` FROM requests WHERE account_id = $1 ORDER BY id DESC LIMIT 100`
	if err := sqlx.SelectContext(ctx, q, &out, query, g.Account); err != nil {
		return nil, fmt.Errorf("requests of guardian %d: %w", g.Account, err)
	}
	return slices.DeleteFunc(out, func(r Request) bool { return !r.mine(g) }), nil
}

// Filter narrows the list of a program's requests.
type Filter struct {
	Open    bool  // those that are open, by the day on which they are due
	State   State // "": any
	Kind    Kind  // "": any
	Child   family.ChildID
	Overdue ledger.Date // those due before; no day: any
	After   ID          // behind this one; of open requests, in the order of the list
	Limit   int
}

// List lists requests of a program: open ones by the day on which they are due,
// others the newest first.
func List(ctx context.Context, q sqlx.QueryerContext, p program.ID, f Filter) (out []Request, err error) {
	const open = `
		SELECT ` + columns + ` FROM requests r
		WHERE program_id = $1 AND closed_at IS NULL AND ($2 = '' OR state = $2) AND ($3 = '' OR kind = $3) AND ($4 = 0 OR child_id = $4)
		  AND (CAST($5 AS date) IS NULL OR due_on < $5)
		  AND ($6 = 0 OR (due_on, id) > (SELECT b.due_on, b.id FROM requests b WHERE b.id = $6))
		ORDER BY due_on, id LIMIT $7`
	const any = `
		SELECT ` + columns + ` FROM requests r
		WHERE program_id = $1 AND ($2 = '' OR state = $2) AND ($3 = '' OR kind = $3) AND ($4 = 0 OR child_id = $4)
		  AND (CAST($5 AS date) IS NULL OR due_on < $5) AND ($6 = 0 OR id < $6)
		ORDER BY id DESC LIMIT $7`
	query := any
	if f.Open {
		query = open
	}
	if err := sqlx.SelectContext(ctx, q, &out, query, p, f.State, f.Kind, f.Child, f.Overdue, f.After, f.Limit); err != nil {
		return nil, fmt.Errorf("requests of program %d: %w", p, err)
	}
	return out, nil
}

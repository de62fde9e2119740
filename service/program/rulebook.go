package program

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/fault"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// Faults of rule books.
var (
	// ErrNoRules reports a program without a rule book in effect.
	ErrNoRules = fault.New(fault.NotFound, "program.no_rules")
	// ErrNoBook reports a number that no rule book of the program has.
	ErrNoBook = fault.New(fault.NotFound, "program.no_book")
	// ErrSamePerson reports an approval by whoever wrote the draft.
	ErrSamePerson = fault.New(fault.Denied, "program.same_person")
	// ErrUnknownFund reports a rule book that names a fund which the program does
	// not have: what it awards could never be paid.
	ErrUnknownFund = fault.New(fault.Invalid, "program.unknown_fund")
	// ErrOtherHash reports an approval of something other than what was shown.
	ErrOtherHash = fault.New(fault.Conflict, "program.other_hash")
	// ErrStale reports a draft that somebody else saved meanwhile.
	ErrStale = fault.New(fault.Conflict, "program.stale")
	// ErrFrozen reports a change to a book that is no draft any more.
	ErrFrozen = fault.New(fault.Conflict, "program.frozen")
	// ErrState reports a step that the book's state does not allow.
	ErrState = fault.New(fault.Conflict, "program.book_state")
	// ErrNote reports a step that needs to say why, and does not.
	ErrNote = fault.New(fault.Invalid, "program.note")
	// ErrExamples reports a book whose own examples fail.
	ErrExamples = fault.New(fault.Invalid, "program.examples")
	// ErrUnlike reports a book whose currency, zone or rounding are not the
	// program's.
	ErrUnlike = fault.New(fault.Invalid, "program.unlike")
	// ErrPast reports a book that would take effect on a day that has passed.
	ErrPast = fault.New(fault.Invalid, "program.past")
	// ErrInEffect reports the withdrawal of a book that is in effect already.
	ErrInEffect = fault.New(fault.Conflict, "program.in_effect")
	// ErrSubmitted reports a book that waits for approval already, in the same
	// words.
	ErrSubmitted = fault.New(fault.Conflict, "program.submitted")
	// ErrBookSize reports a text that is too large for a rule book.
	ErrBookSize = fault.New(fault.TooLarge, "program.book_size")
)

// State is where a rule book is on its way.
type State string

// The states. Approved, effective and superseded are one in the database: which
// of them it is depends on the day asked for.
const (
	Drafted    State = "draft"      // being written; its text may be no rule book yet
	Submitted  State = "submitted"  // waits for another person; never changes again
	Approved   State = "approved"   // waits for its day
	Effective  State = "effective"  // holds
	Superseded State = "superseded" // another one took its place
	Returned   State = "returned"   // not approved, with a reason
	Withdrawn  State = "withdrawn"  // taken back by whoever offered it
)

// Open reports a book on which something can still be decided.
func (s State) Open() bool { return s == Drafted || s == Submitted }

// BookNo counts a program's rule books.
type BookNo int32

// RuleBook is one of a program's rule books, as it stands on a day.
type RuleBook struct {
	No          BookNo       `db:"no"`
	State       State        `db:"state"`
	Revision    int          `db:"revision"` // grows with each saving
	Hash        string       `db:"hash"`     // "" while the text is no rule book
	Source      string       `db:"source"`
	BasedOn     BookNo       `db:"based_on"` // 0: none
	MadeBy      string       `db:"made_by"`
	MadeAt      time.Time    `db:"made_at"`
	ApprovedBy  string       `db:"approved_by"` // "" for nobody
	ApprovedAt  sql.NullTime `db:"approved_at"`
	EffectiveOn ledger.Date  `db:"effective_on"` // no day unless approved
	ClosedBy    string       `db:"closed_by"`
	ClosedAt    sql.NullTime `db:"closed_at"`
	// The last step that was taken.
	LastStep string    `db:"last_step"`
	LastBy   string    `db:"last_by"`
	LastAt   time.Time `db:"last_at"`
	LastNote string    `db:"last_note"`
}

// inEffect is the number of the book that holds on a day ($2): the approved one
// whose day came last.
const inEffect = `
	SELECT no FROM program_rule_books
	WHERE program_id = $1 AND state = 'approved' AND effective_on <= $2
	ORDER BY effective_on DESC, approved_at DESC, no DESC LIMIT 1`

const bookColumns = `
	r.no, r.revision, coalesce(r.hash, '') AS hash, r.source, coalesce(r.based_on, 0) AS based_on,
	r.made_by, r.made_at, coalesce(r.approved_by, '') AS approved_by, r.approved_at, r.effective_on,
	coalesce(r.closed_by, '') AS closed_by, r.closed_at,
	CASE WHEN r.state <> 'approved' OR r.effective_on > $2 THEN r.state
	     WHEN r.no = (` + inEffect + `) THEN 'effective'
	     ELSE 'superseded' END AS state,
	s.step AS last_step, s.actor AS last_by, s.at AS last_at, s.note AS last_note`

const bookTables = `
	program_rule_books r
	JOIN LATERAL (
		SELECT step, actor, at, note FROM program_rule_book_steps s
		WHERE s.tenant_id = r.tenant_id AND s.program_id = r.program_id AND s.no = r.no
		ORDER BY s.n DESC LIMIT 1) s ON true`

// RuleBooks returns a program's rule books as they stand on a day, the newest
// first.
func RuleBooks(ctx context.Context, q sqlx.QueryerContext, id ID, on ledger.Date) ([]RuleBook, error) {
	const query = `SELECT ` + bookColumns + ` FROM ` + bookTables + ` WHERE r.program_id = $1 ORDER BY r.no DESC`
	var bs []RuleBook
	if err := sqlx.SelectContext(ctx, q, &bs, query, id, on); err != nil {
		return nil, fmt.Errorf("rule books of program %d: %w", id, err)
	}
	return bs, nil
}

// RuleBookOf returns one of a program's rule books as it stands on a day, or
// ErrNoBook.
func RuleBookOf(ctx context.Context, q sqlx.QueryerContext, id ID, no BookNo, on ledger.Date) (b RuleBook, err error) {
	const query = `SELECT ` + bookColumns + ` FROM ` + bookTables + ` WHERE r.program_id = $1 AND r.no = $3`
	err = sqlx.GetContext(ctx, q, &b, query, id, on, no)
	if errors.Is(err, sql.ErrNoRows) {
		return b, ErrNoBook
	}
	if err != nil {
		return b, fmt.Errorf("rule book %d of program %d: %w", no, id, err)
	}
	return b, nil
}

// RuleBookOn returns the rule book in effect on a day, or ErrNoRules.
func RuleBookOn(ctx context.Context, q sqlx.QueryerContext, id ID, on ledger.Date) (b RuleBook, err error) {
	const query = `SELECT ` + bookColumns + ` FROM ` + bookTables + ` WHERE r.program_id = $1 AND r.no = (` + inEffect + `)`
	err = sqlx.GetContext(ctx, q, &b, query, id, on)
	if errors.Is(err, sql.ErrNoRows) {
		return b, fmt.Errorf("rules of program %d on %s: %w", id, on, ErrNoRules)
	}
	if err != nil {
		return b, fmt.Errorf("rules of program %d on %s: %w", id, on, err)
	}
	return b, nil
}

// parsed keeps compiled rule books by hash: compiling one costs more than
// evaluating a thousand children, and a hash never changes its meaning.
var parsed sync.Map // hash string → *rules.Book

// RulesOn returns the rule book in effect on a day, or ErrNoRules. Whoever
// evaluates children asks for the day for which it evaluates them.
func RulesOn(ctx context.Context, q sqlx.QueryerContext, id ID, on ledger.Date) (*rules.Book, error) {
	const query = store.Kept + `SELECT hash FROM program_rule_books WHERE program_id = $1 AND no = (` + inEffect + `)`
	return rulesBy(ctx, q, id, query, id, on)
}

// Rules returns the rule book that holds in the end: of all approved ones the
// one whose day comes last, even where that day is still to come. It returns
// ErrNoRules where there is none.
func Rules(ctx context.Context, q sqlx.QueryerContext, id ID) (*rules.Book, error) {
	const query = store.Kept + `
		SELECT hash FROM program_rule_books
		WHERE program_id = $1 AND state = 'approved'
		ORDER BY effective_on DESC, approved_at DESC, no DESC LIMIT 1`
	return rulesBy(ctx, q, id, query, id)
}

func rulesBy(ctx context.Context, q sqlx.QueryerContext, id ID, query string, args ...any) (*rules.Book, error) {
	var hash string
	err := sqlx.GetContext(ctx, q, &hash, query, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("rules of program %d: %w", id, ErrNoRules)
	}
	if err != nil {
		return nil, fmt.Errorf("rules of program %d: %w", id, err)
	}
	return RulesByHash(ctx, q, id, hash)
}

// RulesByHash returns one of the program's rule books, approved or not.
func RulesByHash(ctx context.Context, q sqlx.QueryerContext, id ID, hash string) (*rules.Book, error) {
	if b, ok := parsed.Load(hash); ok {
		return b.(*rules.Book), nil
	}
	const query = `SELECT source FROM program_rule_books WHERE program_id = $1 AND hash = $2 ORDER BY no LIMIT 1`
	var source string
	if err := sqlx.GetContext(ctx, q, &source, query, id, hash); err != nil {
		return nil, fmt.Errorf("rule book %.12s of program %d: %w", hash, id, err)
	}
	book, err := rules.Parse([]byte(source))
	if err != nil {
		return nil, fmt.Errorf("rule book %.12s of program %d no longer parses: %w", hash, id, err)
	}
	parsed.Store(hash, book)
	return book, nil
}

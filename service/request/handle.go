package request

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/activation"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// next is which states follow which: by the staff, and by the family.
var (
	byStaff = map[State][]State{
		Asked:    {Back, Approved, Done, Refused},
		Back:     {Refused},
		Approved: {Done, Refused},
	}
	byFamily = map[State][]State{Asked: {Withdrawn}, Back: {Asked, Withdrawn}}
)

// Next are the steps that the staff may take now. Money is agreed to before it
// is paid, and nothing else is.
func (r Request) Next() (out []State) {
	for _, s := range byStaff[r.State] {
		if r.State == Asked && (s == Approved) != r.Kind.Money() && (s == Approved || s == Done) {
			continue
		}
		out = append(out, s)
	}
	return out
}

func (r Request) allows(next []State, s State) error {
	for _, n := range next {
		if n == s {
			return nil
		}
	}
	return ErrStep
}

// Waiting reports that a request is not to be agreed to yet.
func (r Request) Waiting(at time.Time) bool { return at.Before(r.WaitsUntil) }

// Handling is a step of the staff.
type Handling struct {
	To    State
	Words string // to the family; must say something where it has to answer, or is refused
}

// Handle takes a step of the staff and tells the guardian. The same step taken
// again is ErrStep.
func Handle(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, id ID, h Handling, at time.Time) error {
	r, err := of(ctx, tx, id, true)
	if err != nil {
		return err
	}
	if r.Program != p.ID {
		return ErrNone
	}
	if err := r.mayGo(ctx, tx, h, at); err != nil {
		return err
	}
	if r.Kind == Contact && h.To == Done {
		if err := r.changeContact(ctx, tx, who, keys, at); err != nil {
			return err
		}
	}
	return r.take(ctx, tx, who, keys, h.To, h.Words, p, at)
}

func (r Request) mayGo(ctx context.Context, tx *sqlx.Tx, h Handling, at time.Time) error {
	if err := r.allows(r.Next(), h.To); err != nil {
		return err
	}
	if (h.To == Back || h.To == Refused) && strings.TrimSpace(h.Words) == "" {
		return ErrWords.At("words")
	}
	if h.To != Approved && h.To != Done {
		return nil
	}
	if r.Waiting(at) {
		return ErrEarly
	}
	if t := kinds[r.Kind]; t.act != "" { // a hold that came meanwhile
		if err := family.Permit(ctx, tx, r.Child, t.act); err != nil {
			return err
		}
	}
	papers, err := r.Documents(ctx, tx)
	if err == nil && r.Kind.NeedsPaper() && len(papers) == 0 {
		return ErrPaper
	}
	return err
}

// changeContact lets the guardian in with the new contact from now on.
func (r Request) changeContact(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, at time.Time) error {
	said, err := r.Open(ctx, tx, who, keys)
	if err != nil {
		return err
	}
	if err := activation.AddContact(ctx, tx, who, keys, r.Account, said.Values["contact"], at); err != nil || said.Values["old"] != "drop" {
		return err
	}
	return activation.DropContacts(ctx, tx, who, keys, r.Account, said.Values["contact"], at)
}

// take moves a request on. What the staff does the guardian is told.
func (r Request) take(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, to State, words string, p program.Program, at time.Time) error {
	answered := r.State == Back && to == Asked
	r.State = to
	if answered { // the staff has its days again, counted from the answer
		r.DueOn = p.Day(at).AddDays(r.Kind.Days())
	}
	const query = `
		UPDATE requests SET state = $2, due_on = $3, handled_by = CASE WHEN $4 THEN handled_by ELSE $5 END, closed_at = CASE WHEN $6 THEN NULL ELSE CAST($7 AS timestamptz) END
		WHERE id = $1`
	family := to == Withdrawn || answered
	if _, err := tx.ExecContext(ctx, query, r.ID, to, r.DueOn, family, who.Actor, to.Open(), at); err != nil {
		return fmt.Errorf("move request %d: %w", r.ID, err)
	}
	if err := r.step(ctx, tx, who, keys, words, at); err != nil || family {
		return err
	}
	word := activation.Word{About: "request_" + string(to), Cause: fmt.Sprintf("request/%d/%s/%d", r.ID, to, at.Unix()), Args: map[string]any{"no": int(r.ID)}}
	return activation.Tell(ctx, tx, who, keys, r.Account, word, at)
}

// Answer gives a request back to the staff with what the family says.
func Answer(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, g activation.Guardian, p program.Program, id ID, words string, at time.Time) error {
	r, err := ownLocked(ctx, tx, g, id, Asked)
	if err != nil {
		return err
	}
	if strings.TrimSpace(words) == "" {
		return ErrWords.At("words")
	}
	return r.take(ctx, tx, g.Who(), keys, Asked, words, p, at)
}

// Withdraw ends a request that nobody agreed to yet.
func Withdraw(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, g activation.Guardian, p program.Program, id ID, at time.Time) error {
	r, err := ownLocked(ctx, tx, g, id, Withdrawn)
	if err != nil {
		return err
	}
	return r.take(ctx, tx, g.Who(), keys, Withdrawn, "", p, at)
}

func ownLocked(ctx context.Context, tx *sqlx.Tx, g activation.Guardian, id ID, to State) (Request, error) {
	r, err := of(ctx, tx, id, true)
	if err != nil {
		return r, err
	}
	if !r.mine(g) {
		return r, ErrNone
	}
	return r, r.allows(byFamily[r.State], to)
}

// AddPaper hands a file in with an open request. The same file twice is one.
func AddPaper(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, g activation.Guardian, id ID, title string, content []byte, at time.Time) error {
	r, err := of(ctx, tx, id, true)
	if err != nil {
		return err
	}
	if !r.mine(g) {
		return ErrNone
	}
	if r.State != Asked && r.State != Back {
		return ErrStep
	}
	document, err := family.AddDocument(ctx, tx, g.Who(), keys, r.Child, family.Document{Kind: "other", Title: title}, content, at)
	if err != nil {
		return err
	}
	const query = `
		INSERT INTO request_documents (tenant_id, request_id, child_id, document_id, added_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT ON CONSTRAINT request_documents_pkey DO NOTHING`
	if _, err := tx.ExecContext(ctx, query, g.Tenant, r.ID, r.Child, document, at); err != nil {
		return fmt.Errorf("add a paper to request %d: %w", r.ID, err)
	}
	return nil
}

// Stage is a part of the way that a request goes, for who follows it.
type Stage struct {
	Name string // received, waits, looked_at, back, agreed, paid, done, refused, withdrawn
	At   time.Time
	Done bool // it is behind
	Now  bool // here it is
}

// Track is the way of a request: what is behind, where it is, what comes.
func (r Request) Track(steps []Step, at time.Time) (out []Stage) {
	when := map[State]time.Time{}
	for _, s := range steps {
		when[s.State] = s.At
	}
	out = append(out, Stage{Name: "received", At: r.AskedAt, Done: true})
	if r.Kind.Waits() {
		waiting := r.Waiting(at) && r.State.Open()
		out = append(out, Stage{Name: "waits", At: r.WaitsUntil, Done: !waiting, Now: waiting && r.State != Back})
	}
	if r.State == Back {
		return append(out, Stage{Name: "back", At: when[Back], Now: true}, Stage{Name: "looked_at"}, r.last())
	}
	looking := r.State == Asked && !r.Waiting(at)
	out = append(out, Stage{Name: "looked_at", Done: !r.State.Open() || r.State == Approved, Now: looking})
	if r.State == Refused || r.State == Withdrawn {
		return append(out, Stage{Name: string(r.State), At: when[r.State], Done: true, Now: true})
	}
	if r.Kind.Money() {
		out = append(out, Stage{Name: "agreed", At: when[Approved], Done: !when[Approved].IsZero(), Now: r.State == Approved})
	}
	last := r.last()
	last.At, last.Done, last.Now = when[Done], r.State == Done, r.State == Done
	return append(out, last)
}

func (r Request) last() Stage {
	if r.Kind.Money() {
		return Stage{Name: "paid"}
	}
	return Stage{Name: "done"}
}

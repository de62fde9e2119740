package request

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/audit"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// coolingOff is how long a change of contact or payee waits.
const coolingOff = 72 * time.Hour

// most bounds how many requests of one guardian are open at a time.
const most = 20

// Asking is a request as a guardian makes it.
type Asking struct {
	Kind   Kind
	Values map[string]string // by field
	Sign   *Signature        // of kinds that are signed
	// Reference names the form: sent again, it asks for nothing more.
	Reference string
}

// May reports, as activation.ErrMayNot, that a guardian may not ask for
// something now: it has no right to, or a hold keeps it from being done.
func May(ctx context.Context, q sqlx.QueryerContext, g activation.Guardian, h activation.Held, k Kind, at time.Time) error {
	t := kinds[k]
	if t.act != "" {
		if err := family.Permit(ctx, q, h.Child, t.act); err != nil {
			return activation.ErrMayNot
		}
	}
	return activation.May(ctx, q, g, h, t.right, at)
}

// Ask makes a request, in one transaction with what it tells the guardian. The
// same form sent again returns the same request.
func Ask(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, g activation.Guardian, h activation.Held, p program.Program, a Asking, at time.Time) (id ID, err error) {
	if err := May(ctx, tx, g, h, a.Kind, at); err != nil {
		return 0, err
	}
	if err := a.check(ctx, tx, h, p); err != nil {
		return 0, err
	}
	who := g.Who()
	said := Said{Values: a.Values, Signature: a.Sign, Lang: g.Lang}
	sealed, err := family.SealFor(ctx, tx, who, keys, h.Child, place(a.Reference), said)
	if err != nil {
		return 0, err
	}
	waits := at
	if a.Kind.Waits() {
		waits = at.Add(coolingOff)
	}
	const query = `
		INSERT INTO requests (tenant_id, program_id, child_id, account_id, kind, state, reference, amount, sealed, asked_at, due_on, waits_until)
		SELECT $1, $2, $3, $4, $5, 'asked', $6, CAST(nullif($7, '') AS numeric), $8, $9, $10, $11
		WHERE (SELECT count(*) FROM requests WHERE account_id = $4 AND closed_at IS NULL) < $12
		   OR EXISTS (SELECT FROM requests WHERE account_id = $4 AND reference = $6)
		ON CONFLICT ON CONSTRAINT requests_reference_key DO NOTHING
		RETURNING id`
	err = tx.GetContext(ctx, &id, query, who.Tenant, p.ID, h.Child, g.Account, a.Kind, a.Reference, a.Values["amount"], sealed, at,
		p.Day(at).AddDays(a.Kind.Days()), waits, most)
	if errors.Is(err, sql.ErrNoRows) {
		return a.again(ctx, tx, g)
	}
	if err != nil {
		return 0, fmt.Errorf("ask for %s: %w", a.Kind, err)
	}
	r := Request{ID: id, Program: p.ID, Child: h.Child, Account: g.Account, Kind: a.Kind, State: Asked}
	if err := r.step(ctx, tx, who, keys, "", at); err != nil {
		return 0, err
	}
	return id, r.tellAsked(ctx, tx, keys, g, a, waits.In(p.Zone()), at)
}

// again is the request that the same form made before.
func (a Asking) again(ctx context.Context, q sqlx.QueryerContext, g activation.Guardian) (id ID, err error) {
	const query = `SELECT id FROM requests WHERE account_id = $1 AND reference = $2`
	err = sqlx.GetContext(ctx, q, &id, query, g.Account, a.Reference)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrMany
	}
	return id, err
}

// check sees to it that a request says what its kind says, and asks for no more
// money than there is.
func (a *Asking) check(ctx context.Context, q sqlx.QueryerContext, h activation.Held, p program.Program) error {
	values := map[string]string{}
	for _, f := range a.Kind.Fields() {
		v := strings.TrimSpace(a.Values[f.Name])
		if err := f.check(v); err != nil {
			return err
		}
		if v != "" {
			values[f.Name] = v
		}
	}
	a.Values = values
	if a.Kind.Signs() && (a.Sign == nil || len([]rune(strings.TrimSpace(a.Sign.Name))) < 2 || a.Sign.Text == "") {
		return ErrSign.At("signature")
	}
	if !a.Kind.Money() {
		return nil
	}
	money, err := enroll.MoneyOf(ctx, q, p, []family.ChildID{h.Child})
	if err != nil {
		return err
	}
	there := money[h.Child].Total()
	if a.Kind == Emergency {
		there = money[h.Child].Own
	}
	asked, err := ledger.ParseAmount(values["amount"])
	if err != nil {
		return ErrMissing.At("amount")
	}
	if there.Less(asked) {
		return ErrTooMuch.With(map[string]any{"most": there}).At("amount")
	}
	return nil
}

func (f Field) check(v string) error {
	switch {
	case v == "" && f.Optional:
		return nil
	case v == "":
		return ErrMissing.At(f.Name)
	case f.As == Choice && !slices.Contains(f.Choices, v):
		return ErrMissing.At(f.Name)
	case f.As == Amount:
		if a, err := ledger.ParseAmount(v); err != nil || a.Sign() <= 0 {
			return ErrMissing.At(f.Name)
		}
	case f.As == Day:
		if _, err := ledger.ParseDate(v); err != nil {
			return ErrMissing.At(f.Name)
		}
	case f.As == Reach:
		if _, err := activation.ReadContact(v); err != nil {
			return activation.ErrContact.At(f.Name)
		}
	}
	return nil
}

// step writes down what happened, with what was said.
func (r Request) step(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, words string, at time.Time) error {
	sealed, err := family.SealFor(ctx, tx, who, keys, r.Child, stepPlace(r.ID), words)
	if err != nil {
		return err
	}
	const query = `INSERT INTO request_steps (tenant_id, request_id, state, at, by, words) VALUES ($1, $2, $3, $4, $5, $6)`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, r.ID, r.State, at, who.Actor, sealed); err != nil {
		return fmt.Errorf("step of request %d: %w", r.ID, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "request." + string(r.State), Kind: "child", Subject: int64(r.Child), Program: int32(r.Program),
		After: map[string]any{"request": r.ID, "kind": r.Kind}}}, at)
}

// tellAsked says to the guardian's contacts that a change was asked for, and of
// a new contact to that one, too: whoever did not ask has three days to say so.
func (r Request) tellAsked(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, g activation.Guardian, a Asking, waits, at time.Time) error {
	word := activation.Word{About: "request_asked", Cause: fmt.Sprintf("request/%d/asked", r.ID), Args: map[string]any{"no": int(r.ID)}}
	if r.Kind.Waits() {
		word.About, word.Args["until"] = cmp.Or(map[Kind]string{Contact: "contact_asked"}[r.Kind], "payee_asked"), waits
	}
	if err := activation.Tell(ctx, tx, g.Who(), keys, g.Account, word, at); err != nil || r.Kind != Contact {
		return err
	}
	word.About = "contact_new"
	return activation.TellContact(ctx, tx, g.Who(), keys, a.Values["contact"], g.Lang, word, at)
}

package payout

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// PayeeID identifies a payee within its organization.
type PayeeID int64

// PayeeKind is what a payee is.
type PayeeKind string

// The kinds.
const (
	Institution PayeeKind = "institution" // a school: any child's
	Person      PayeeKind = "person"      // of one child's family, or the child
	Plan        PayeeKind = "plan"        // a 529 account of one child's family
)

// PayeeKinds are all of them, in the order people are offered them.
var PayeeKinds = []PayeeKind{Institution, Person, Plan}

// Method is how a payee is paid.
type Method string

// The methods.
const (
	ByACH   Method = "ach"
	ByCheck Method = "check"
	ByPlan  Method = "plan" // a transfer to a plan, on a list
)

// Methods are all of them, in the order people are offered them.
var Methods = []Method{ByACH, ByCheck, ByPlan}

// Cooling is how long a change of details waits before it may be paid to.
const Cooling = 72 * time.Hour

// Route is how to pay somebody. It is sealed; nobody but the writer of a bank's
// file opens it.
type Route struct {
	Method  Method   `json:"method"`
	Routing string   `json:"routing,omitempty"`
	Account string   `json:"account,omitempty"`
	Savings bool     `json:"savings,omitempty"` // else a checking account
	Plan    string   `json:"plan,omitempty"`    // the 529 plan's name
	Address []string `json:"address,omitempty"` // of a check, or of the plan
	State   string   `json:"state,omitempty"`   // where the payee lives: whose law unclaimed money follows
}

// check refuses what no bank takes.
func (r Route) check(kind PayeeKind) error {
	digits := strings.Trim(r.Account, "0123456789")
	switch {
	case !slices.Contains(Methods, r.Method) || (r.Method == ByPlan) != (kind == Plan):
		return field("method")
	case r.Method == ByACH && !Routing(r.Routing):
		return ErrRouting.At("routing")
	case r.Method == ByACH && (r.Account == "" || len(r.Account) > 17 || digits != ""):
		return field("account")
	case r.Method == ByPlan && (strings.TrimSpace(r.Account) == "" || len(r.Account) > 40):
		return field("account")
	case r.Method == ByPlan && strings.TrimSpace(r.Plan) == "":
		return field("plan")
	case r.Method != ByACH && (len(r.Address) == 0 || len(r.Address) > 4):
		return field("address")
	case r.Method == ByCheck && len(r.State) != 2:
		return field("state")
	}
	return nil
}

// Routing reports a routing number of nine digits whose check digit is right
// (weights 3, 7, 1).
func Routing(s string) bool {
	if len(s) != 9 || strings.Trim(s, "0123456789") != "" {
		return false
	}
	sum := 0
	for i, weight := range []int{3, 7, 1, 3, 7, 1, 3, 7, 1} {
		sum += weight * int(s[i]-'0')
	}
	return sum%10 == 0 && sum > 0
}

// ends are the last places of an account number, at most half of it.
func (r Route) ends() string { return r.Account[len(r.Account)-min(4, len(r.Account)/2):] }

// Details is an entry of how a payee is paid, without what is sealed.
type Details struct {
	Payee     PayeeID   `db:"payee_id"`
	N         int       `db:"n"` // behind the first, each is a change
	Method    Method    `db:"method"`
	Digest    []byte    `db:"digest"`
	Ends      string    `db:"ends"`
	State     string    `db:"state"` // waiting, verified or refused
	EnteredBy string    `db:"entered_by"`
	EnteredAt time.Time `db:"entered_at"`
	UsableAt  time.Time `db:"usable_at"`
	DecidedBy string    `db:"decided_by"`
}

// Ready reports an entry that may be paid to.
func (d Details) Ready(at time.Time) bool { return d.State == "verified" && !d.UsableAt.After(at) }

const detailColumns = `payee_id, n, method, digest, ends, state, entered_by, entered_at, usable_at, coalesce(decided_by, '') AS decided_by`

// Payee is whom money is paid to, with every entry of how, the newest first.
type Payee struct {
	ID      PayeeID
	Kind    PayeeKind
	Child   family.ChildID // whose person or plan it is; 0 for an institution
	Name    string
	AddedBy string
	Details []Details
}

// Now is the entry that counts: the newest that was not refused.
func (p Payee) Now() (Details, bool) {
	i := slices.IndexFunc(p.Details, func(d Details) bool { return d.State != "refused" })
	if i < 0 {
		return Details{}, false
	}
	return p.Details[i], true
}

// NewPayee is a payee that somebody enters.
type NewPayee struct {
	Kind  PayeeKind
	Child family.ChildID
	Name  string
	Route Route
}

// AddPayee enters a payee and how it is paid, and asks another person to look at
// it.
func AddPayee(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, n NewPayee, reason string) (id PayeeID, err error) {
	n.Name = strings.TrimSpace(n.Name)
	switch {
	case !slices.Contains(PayeeKinds, n.Kind):
		return 0, field("kind")
	case n.Name == "" || utf8.RuneCountInString(n.Name) > 100:
		return 0, field("name")
	case (n.Kind == Institution) != (n.Child == 0):
		return 0, field("child")
	}
	if err := n.Route.check(n.Kind); err != nil {
		return 0, err
	}
	if n.Child != 0 {
		if err := family.Permit(ctx, tx, n.Child, family.ToWithdraw); err != nil {
			return 0, err
		}
	}
	name := w.Keys.Index(w.Who.Tenant, "payee_name", vault.Fold(n.Name))
	const query = `
		INSERT INTO payees (tenant_id, program_id, kind, child_id, name_key, name_sealed, added_by, added_at)
		VALUES ($1, $2, $3, nullif(CAST($4 AS bigint), 0), $5, $6, $7, $8) RETURNING id`
	err = tx.GetContext(ctx, &id, query, w.Who.Tenant, w.Program.ID, string(n.Kind), n.Child, name,
		w.Keys.Seal(namePlace(w.Who.Tenant, name), []byte(n.Name)), w.Who.Actor, w.At)
	if store.Violates(err, "payees_name_key") {
		return 0, ErrPayeeThere.At("name")
	}
	if err != nil {
		return 0, fmt.Errorf("add a payee: %w", err)
	}
	if err := audit.Record(ctx, tx, w.Who, []audit.Event{{Verb: "payout.payee_added", Kind: "payee", Subject: int64(id), Program: int32(w.Program.ID),
		After: map[string]any{"kind": n.Kind, "child": n.Child}}}, w.At); err != nil {
		return 0, err
	}
	_, err = enter(ctx, tx, w, Payee{ID: id, Kind: n.Kind, Child: n.Child}, n.Route, reason)
	return id, err
}

func namePlace(tenant int32, key []byte) string { return fmt.Sprintf("%d|payees|%x", tenant, key) }

func routePlace(tenant int32, id PayeeID, digest []byte) string {
	return fmt.Sprintf("%d|payee_details|%d|%x", tenant, id, digest)
}

// ChangePayee enters how a payee is paid from now on. What was there stays on
// record; until the change was looked at by another person and has cooled off,
// the payee is not paid.
func ChangePayee(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id PayeeID, r Route, reason string) (approval.ID, error) {
	p, err := PayeeByID(ctx, tx, w, id)
	if err != nil {
		return 0, err
	}
	if err := r.check(p.Kind); err != nil {
		return 0, err
	}
	if p.Child != 0 {
		if err := family.Permit(ctx, tx, p.Child, family.ToChange); err != nil {
			return 0, err
		}
	}
	if now, ok := p.Now(); ok && now.State == "waiting" {
		if err := lapse(ctx, tx, w, now); err != nil {
			return 0, err
		}
	}
	return enter(ctx, tx, w, p, r, reason)
}

// lapse gives up an entry whose request was closed without approval; while it
// waits, nothing else is entered.
func lapse(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, d Details) error {
	_, err := approval.Open(ctx, tx, approval.Payee, payeeSubject(d.Payee))
	if err == nil {
		return ErrPayeeOpen
	}
	if !errors.Is(err, approval.ErrNone) {
		return err
	}
	return decide(ctx, tx, w, d, "refused")
}

func decide(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, d Details, state string) error {
	const query = `UPDATE payee_details SET state = $3, decided_by = $4, decided_at = $5 WHERE payee_id = $1 AND n = $2 AND state = 'waiting'`
	_, err := tx.ExecContext(ctx, query, d.Payee, d.N, state, w.Who.Actor, w.At)
	if store.Violates(err, "payee_details_second_person_check") {
		return approval.ErrSamePerson
	}
	if err != nil {
		return fmt.Errorf("details %d of payee %d: %w", d.N, d.Payee, err)
	}
	return nil
}

func payeeSubject(id PayeeID) string { return fmt.Sprintf("payee/%d", id) }

// enter writes an entry of how a payee is paid, and has it looked at.
func enter(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, p Payee, r Route, reason string) (approval.ID, error) {
	plain, err := json.Marshal(r)
	if err != nil {
		return 0, fmt.Errorf("details of payee %d: %w", p.ID, err)
	}
	n, usable := len(p.Details)+1, w.At
	if n > 1 {
		usable = w.At.Add(Cooling)
	}
	digest := w.Keys.Index(w.Who.Tenant, fmt.Sprintf("payee_details/%d/%d", p.ID, n), string(plain))
	const query = `
		INSERT INTO payee_details (tenant_id, payee_id, n, method, digest, sealed, ends, state, entered_by, entered_at, usable_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $9, $10)`
	_, err = tx.ExecContext(ctx, query, w.Who.Tenant, p.ID, n, string(r.Method), digest, w.Keys.Seal(routePlace(w.Who.Tenant, p.ID, digest), plain), r.ends(), w.Who.Actor, w.At, usable)
	if store.Violates(err, "payee_details_open_key") || store.Violates(err, "payee_details_pkey") {
		return 0, ErrPayeeOpen
	}
	if err != nil {
		return 0, fmt.Errorf("details of payee %d: %w", p.ID, err)
	}
	if err := audit.Record(ctx, tx, w.Who, []audit.Event{{Verb: "payout.payee_details", Kind: "payee", Subject: int64(p.ID), Program: int32(w.Program.ID),
		After: map[string]any{"n": n, "method": r.Method, "usable": usable}}}, w.At); err != nil {
		return 0, err
	}
	content, err := PayeeContent(ctx, tx, w, p.ID)
	if err != nil {
		return 0, err
	}
	return approval.Propose(ctx, tx, w.Who, approval.Proposal{Program: int64(w.Program.ID), Kind: approval.Payee, Subject: payeeSubject(p.ID), Reason: reason, Content: content}, w.At)
}

// PayeeEntry is what people approve of a payee.
type PayeeEntry struct {
	Payee  PayeeID        `json:"payee"`
	Kind   PayeeKind      `json:"kind"`
	Child  family.ChildID `json:"child,omitempty"`
	N      int            `json:"n"`
	Method Method         `json:"method"`
	Ends   string         `json:"ends"`
	Digest string         `json:"digest"`
}

// PayeeContent draws up what waits about a payee, for approval.
func PayeeContent(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, id PayeeID) (c approval.Content, err error) {
	p, err := PayeeByID(ctx, q, w, id)
	if err != nil {
		return c, err
	}
	now, ok := p.Now()
	if !ok || now.State != "waiting" {
		return c, ErrState.With(map[string]any{"state": now.State})
	}
	c.Details, err = json.Marshal(PayeeEntry{Payee: id, Kind: p.Kind, Child: p.Child, N: now.N, Method: now.Method, Ends: now.Ends, Digest: hex.EncodeToString(now.Digest)})
	return c, err
}

// VerifyPayee does what was approved: the entry may be paid to, once it cooled
// off.
func VerifyPayee(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id PayeeID) error {
	p, err := PayeeByID(ctx, tx, w, id)
	if err != nil {
		return err
	}
	now, ok := p.Now()
	if !ok || now.State != "waiting" {
		return ErrState.With(map[string]any{"state": now.State})
	}
	if err := decide(ctx, tx, w, now, "verified"); err != nil {
		return err
	}
	return audit.Record(ctx, tx, w.Who, []audit.Event{{Verb: "payout.payee_verified", Kind: "payee", Subject: int64(id), Program: int32(w.Program.ID), After: map[string]any{"n": now.N}}}, w.At)
}

// PayeeByID opens a payee's name and lists its entries, or ErrNoPayee.
func PayeeByID(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, id PayeeID) (Payee, error) {
	all, err := payees(ctx, q, w.Who, w.Keys, `SELECT id, kind, coalesce(child_id, 0) AS child_id, name_key, name_sealed, added_by FROM payees WHERE program_id = $1 AND id = $2`, w.Program.ID, id)
	if err == nil && len(all) == 0 {
		err = ErrNoPayee
	}
	if err != nil {
		return Payee{}, err
	}
	return all[0], nil
}

// Payees opens the payees that a child may be paid through: institutions, and
// those of the child itself. Child 0: of everybody.
func Payees(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, child family.ChildID) ([]Payee, error) {
	var records []family.ChildID
	if child != 0 {
		joined, err := family.Records(ctx, q, []family.ChildID{child})
		if err != nil {
			return nil, err
		}
		records = family.WithRecords([]family.ChildID{child}, joined)
	}
	const query = `
		SELECT id, kind, coalesce(child_id, 0) AS child_id, name_key, name_sealed, added_by FROM payees
		WHERE program_id = $1 AND (CAST($2 AS bigint) = 0 OR child_id IS NULL OR child_id = ANY ($3)) ORDER BY id DESC LIMIT 1000`
	return payees(ctx, q, who, keys, query, p, child, pq.Array(records))
}

func payees(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, query string, args ...any) ([]Payee, error) {
	var rows []struct {
		ID      PayeeID        `db:"id"`
		Kind    PayeeKind      `db:"kind"`
		Child   family.ChildID `db:"child_id"`
		Key     []byte         `db:"name_key"`
		Sealed  []byte         `db:"name_sealed"`
		AddedBy string         `db:"added_by"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, query, args...); err != nil {
		return nil, fmt.Errorf("payees: %w", err)
	}
	out, place, ids := make([]Payee, len(rows)), map[PayeeID]*Payee{}, make([]int64, len(rows))
	for i, r := range rows {
		name, err := keys.Open(namePlace(who.Tenant, r.Key), r.Sealed)
		if err != nil {
			return nil, fmt.Errorf("payee %d: %w", r.ID, err)
		}
		out[i] = Payee{ID: r.ID, Kind: r.Kind, Child: r.Child, Name: string(name), AddedBy: r.AddedBy}
		place[r.ID], ids[i] = &out[i], int64(r.ID)
	}
	var details []Details
	if err := sqlx.SelectContext(ctx, q, &details, `SELECT `+detailColumns+` FROM payee_details WHERE payee_id = ANY ($1) ORDER BY payee_id, n DESC`, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("details of payees: %w", err)
	}
	for _, d := range details {
		place[d.Payee].Details = append(place[d.Payee].Details, d)
	}
	return out, nil
}

// ready is the entry by which a payee may be paid now, or ErrPayeeUnready.
func ready(ctx context.Context, q sqlx.QueryerContext, id PayeeID, at time.Time) (d Details, err error) {
	if id == 0 {
		return d, field("payee")
	}
	err = sqlx.GetContext(ctx, q, &d, `SELECT `+detailColumns+` FROM payee_details WHERE payee_id = $1 AND state <> 'refused' ORDER BY n DESC LIMIT 1`, id)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !d.Ready(at) {
		return d, ErrPayeeUnready.At("payee")
	}
	if err != nil {
		return d, fmt.Errorf("details of payee %d: %w", id, err)
	}
	return d, nil
}

// fits refuses a payee to whom the rule book does not pay a withdrawal.
func fits(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, a Asking, allowed string) error {
	p, err := PayeeByID(ctx, q, w, a.Payee)
	if err != nil {
		return err
	}
	if p.Child != 0 && p.Child != a.Child {
		records, err := family.Records(ctx, q, []family.ChildID{a.Child})
		if err != nil {
			return err
		}
		if !slices.Contains(records[a.Child], p.Child) {
			return ErrNoPayee.At("payee")
		}
	}
	switch {
	case (a.Purpose == Transfer) != (p.Kind == Plan):
	case p.Kind == Institution && allowed == "beneficiary":
	case p.Kind == Person && allowed == "institution":
	default:
		return nil
	}
	return ErrPayeeKind.At("payee")
}

package family

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Faults of guardians.
var (
	// ErrNoGuardian reports an adult that is not of the child's family.
	ErrNoGuardian = fault.New(fault.NotFound, "family.no_guardian")
	// ErrGuardianKnown reports a guardian of the same name in the family.
	ErrGuardianKnown = fault.New(fault.Conflict, "family.guardian_known")
	// ErrRightsDays reports rights that end before they begin.
	ErrRightsDays = fault.New(fault.Invalid, "family.rights_days")
)

// GuardianID identifies a guardian within its organization.
type GuardianID int64

// Right is something that a guardian may do for a child.
type Right string

// The rights.
const (
	MayView    Right = "view"    // sees the child's money
	MayDeposit Right = "deposit" // pays in
	MayNotify  Right = "notify"  // is written to
	MayRequest Right = "request" // asks for money
	MayChange  Right = "change"  // changes what is on record
)

// Rights are all of them, in the order people are offered them.
var Rights = []Right{MayView, MayDeposit, MayNotify, MayRequest, MayChange}

// Guardianship is what a guardian may do for a child from a day on. The newest
// that holds on a day decides, whole; where none of several holds, nothing may
// be done.
type Guardianship struct {
	ID        int64
	Guardian  GuardianID
	Rights    []Right // in the order of Rights; none: nothing
	From, To  ledger.Date
	Document  DocumentID // the order it rests on; 0: none
	Order     string     // its number
	Why       string
	Reference string // names the form that set it
	SetBy     string
	SetAt     time.Time
}

// order is what is sealed of a guardianship.
type order struct {
	Order string `json:"order,omitempty"`
	Why   string `json:"why,omitempty"`
}

func (g Guardianship) holds(day ledger.Date) bool {
	return !day.Before(g.From) && (g.To.IsZero() || !g.To.Before(day))
}

// Adult is a guardian of a child's family, with what it may do for this child.
type Adult struct {
	ID GuardianID
	Guardian
	Rights []Right
	// Set are its guardianships of the child, newest first; none: it may do
	// everything, as the school's records have it.
	Set  []Guardianship
	Seen string // of the record as it stands: given back with a change
}

// May reports a right.
func (a Adult) May(r Right) bool { return slices.Contains(a.Rights, r) }

// Adults opens the guardians of a child's family with their rights for the child
// on a day.
func Adults(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, child ChildID, day ledger.Date) ([]Adult, error) {
	homes, err := openHomes(ctx, q, who, keys, []ChildID{child})
	if err != nil || homes[child] == nil {
		return nil, err
	}
	set, err := guardianships(ctx, q, who, homes[child].key, child)
	if err != nil {
		return nil, err
	}
	var out []Adult
	for _, a := range homes[child].adults {
		adult := Adult{ID: GuardianID(a.id), Guardian: a.Guardian, Set: set[GuardianID(a.id)], Rights: Rights, Seen: a.Guardian.seen(keys, who.Tenant)}
		if len(adult.Set) > 0 {
			adult.Rights = nil
			if i := slices.IndexFunc(adult.Set, func(g Guardianship) bool { return g.holds(day) }); i >= 0 {
				adult.Rights = adult.Set[i].Rights
			}
		}
		out = append(out, adult)
	}
	return out, nil
}

func (g Guardian) seen(keys *vault.Keyring, tenant int32) string {
	text, err := json.Marshal(g)
	if err != nil {
		panic(err) // of strings
	}
	return hex.EncodeToString(keys.Index(tenant, "guardian_seen", string(text)))[:16]
}

// guardianships are those of a child by guardian, newest first.
func guardianships(ctx context.Context, q sqlx.QueryerContext, who store.Who, key vault.Key, child ChildID) (map[GuardianID][]Guardianship, error) {
	const query = `
		SELECT id, guardian_id, rights, from_on, to_on, coalesce(document_id, 0), reference, sealed, set_by, set_at
		FROM guardianships WHERE child_id = $1 ORDER BY id DESC`
	rows, err := q.QueryxContext(ctx, query, child)
	if err != nil {
		return nil, fmt.Errorf("guardianships of child %d: %w", child, err)
	}
	defer rows.Close()
	out := map[GuardianID][]Guardianship{}
	for rows.Next() {
		var g Guardianship
		var rights pq.StringArray
		var sealed []byte
		if err := rows.Scan(&g.ID, &g.Guardian, &rights, &g.From, &g.To, &g.Document, &g.Reference, &sealed, &g.SetBy, &g.SetAt); err != nil {
			return nil, fmt.Errorf("guardianships of child %d: %w", child, err)
		}
		for _, r := range rights {
			g.Rights = append(g.Rights, Right(r))
		}
		g.Rights = inRightOrder(g.Rights)
		var o order
		if err := openJSON(key, guardianshipPlace(who.Tenant, child, g), sealed, &o); err != nil {
			return nil, err
		}
		g.Order, g.Why = o.Order, o.Why
		out[g.Guardian] = append(out[g.Guardian], g)
	}
	return out, rows.Err()
}

func inRightOrder(rights []Right) []Right {
	return slices.DeleteFunc(slices.Clone(Rights), func(r Right) bool { return !slices.Contains(rights, r) })
}

// guardianshipPlace binds what is sealed to its row.
func guardianshipPlace(tenant int32, child ChildID, g Guardianship) string {
	return place(tenant, "guardianships/"+fmt.Sprint(g.Guardian)+"/"+g.Reference, int64(child))
}

// SetRights says what a guardian of the child's family may do for the child from
// a day on. The same form sent again changes nothing.
func SetRights(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, child ChildID, g Guardianship, at time.Time) error {
	if !g.To.IsZero() && g.To.Before(g.From) {
		return ErrRightsDays.At("to")
	}
	home, _, err := adultOf(ctx, tx, who, keys, child, g.Guardian)
	if err != nil {
		return err
	}
	sealed, err := sealJSON(home.key, guardianshipPlace(who.Tenant, child, g), order{g.Order, g.Why})
	if err != nil {
		return err
	}
	g.Rights = inRightOrder(g.Rights)
	const query = `
		INSERT INTO guardianships (tenant_id, child_id, guardian_id, rights, from_on, to_on, document_id, reference, sealed, set_by, set_at)
		VALUES ($1, $2, $3, $4, $5, $6, nullif(CAST($7 AS bigint), 0), $8, $9, $10, $11)
		ON CONFLICT ON CONSTRAINT guardianships_reference_key DO NOTHING`
	done, err := tx.ExecContext(ctx, query, who.Tenant, child, g.Guardian, pq.Array(g.Rights), g.From, g.To, g.Document, g.Reference, sealed, who.Actor, at)
	if store.Violates(err, "guardianships_document_fkey") {
		return ErrNoDocument.At("document")
	}
	if err != nil {
		return fmt.Errorf("rights of guardian %d for child %d: %w", g.Guardian, child, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "family.rights_set", Kind: "child", Subject: int64(child),
		After: map[string]any{"guardian": g.Guardian, "rights": g.Rights, "from": g.From, "to": g.To, "document": g.Document},
	}}, at)
}

// adultOf opens one guardian of a child's family.
func adultOf(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, child ChildID, id GuardianID) (*home, *adult, error) {
	homes, err := openHomes(ctx, q, who, keys, []ChildID{child})
	if err != nil {
		return nil, nil, err
	}
	h := homes[child]
	if h == nil {
		return nil, nil, ErrNone
	}
	for i := range h.adults {
		if h.adults[i].id == int64(id) {
			return h, &h.adults[i], nil
		}
	}
	return nil, nil, ErrNoGuardian
}

// AddGuardian adds an adult to a child's family. It says nothing of rights: until
// SetRights does, the adult may do everything for every child of the family.
func AddGuardian(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, child ChildID, g Guardian, at time.Time) (GuardianID, error) {
	if strings.TrimSpace(g.DisplayName()) == "" {
		return 0, ErrNameless.At("given")
	}
	if err := LockRecords(ctx, tx, []ChildID{child}); err != nil {
		return 0, err
	}
	homes, err := openHomes(ctx, tx, who, keys, []ChildID{child})
	if err != nil {
		return 0, err
	}
	h := homes[child]
	if h == nil {
		return 0, ErrNone
	}
	if h.named(g, 0) {
		return 0, ErrGuardianKnown.At("given")
	}
	ids, err := allocate(ctx, tx, "guardians_id_seq", 1)
	if err != nil {
		return 0, err
	}
	r := rows{tenant: who.Tenant, keys: keys}
	if _, err := r.family(h.key, New{Family: h.id, Guardians: []Guardian{g}}, nil, ids); err != nil {
		return 0, err
	}
	if err := r.insertGuardians(ctx, tx, at); err != nil {
		return 0, err
	}
	return GuardianID(ids[0]), audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "family.guardian_added", Kind: "child", Subject: int64(child), After: map[string]any{"guardian": ids[0], "agency": g.Agency}}}, at)
}

// named reports another adult of the same name.
func (h *home) named(g Guardian, but int64) bool {
	return slices.ContainsFunc(h.adults, func(a adult) bool {
		return a.id != but && vault.Fold(a.DisplayName()) == vault.Fold(g.DisplayName())
	})
}

// ChangeGuardian replaces what is known of a guardian, as it was seen before, and
// the indexes by which its children are found. It may be repeated.
func ChangeGuardian(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, child ChildID, id GuardianID, g Guardian, seen string, at time.Time) error {
	if strings.TrimSpace(g.DisplayName()) == "" {
		return ErrNameless.At("given")
	}
	if err := LockRecords(ctx, tx, []ChildID{child}); err != nil {
		return err
	}
	h, a, err := adultOf(ctx, tx, who, keys, child, id)
	switch {
	case err != nil:
		return err
	case a.Guardian == g:
		return nil
	case a.seen(keys, who.Tenant) != seen:
		return ErrMeanwhile
	case h.named(g, a.id):
		return ErrGuardianKnown.At("given")
	}
	sealed, err := sealJSON(h.key, place(who.Tenant, "guardians", a.id), g)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE guardians SET sealed = $2 WHERE id = $1`, id, sealed); err != nil {
		return fmt.Errorf("change guardian %d: %w", id, err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM guardian_keys WHERE guardian_id = $1`, id); err != nil {
		return fmt.Errorf("change guardian %d: %w", id, err)
	}
	r := rows{tenant: who.Tenant, keys: keys}
	r.indexGuardian(a.id, int64(h.id), g)
	if err := r.insertGuardianKeys(ctx, tx); err != nil {
		return err
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "family.guardian_changed", Kind: "child", Subject: int64(child), After: map[string]any{"guardian": id, "fields": a.Guardian.differs(g)}}}, at)
}

// differs names the details that are others.
func (g Guardian) differs(h Guardian) (fields []string) {
	for _, f := range []struct {
		name string
		same bool
	}{
		{"name", g.Given == h.Given && g.Family == h.Family}, {"phone", g.Phone == h.Phone}, {"email", g.Email == h.Email},
		{"relationship", g.Relationship == h.Relationship}, {"language", g.Language == h.Language}, {"address", g.Address == h.Address}, {"agency", g.Agency == h.Agency},
	} {
		if !f.same {
			fields = append(fields, f.name)
		}
	}
	return fields
}

// Reached reports whether a telephone number or an e-mail address is the
// guardian's.
func (g Guardian) Reached(contact string) bool {
	if strings.Contains(contact, "@") {
		return g.Email != "" && foldEmail(g.Email) == foldEmail(contact)
	}
	digits := phoneDigits(contact)
	return digits != "" && phoneDigits(g.Phone) == digits
}

// Siblings opens the other children of a child's family, the lower number first.
func Siblings(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, child ChildID) ([]Child, error) {
	const query = `
		SELECT s.id FROM children c JOIN children s ON s.tenant_id = c.tenant_id AND s.family_id = c.family_id AND s.id <> c.id
		WHERE c.id = $1 ORDER BY s.id`
	var ids []ChildID
	if err := sqlx.SelectContext(ctx, q, &ids, query, child); err != nil {
		return nil, fmt.Errorf("siblings of child %d: %w", child, err)
	}
	return Load(ctx, q, who, keys, ids)
}

// School is a child's time at a school.
type School struct {
	Name  string      `db:"name"`
	Grade string      `db:"grade"`
	From  ledger.Date `db:"from_on"`
	To    ledger.Date `db:"to_on"` // no day: still
	At    time.Time   `db:"recorded_at"`
}

// SchoolsOf are the schools of a child, the newest first.
func SchoolsOf(ctx context.Context, q sqlx.QueryerContext, child ChildID) (out []School, err error) {
	const query = `
		SELECT h.name, s.grade, s.from_on, s.to_on, s.recorded_at
		FROM schoolings s JOIN schools h ON h.tenant_id = s.tenant_id AND h.id = s.school_id
		WHERE s.child_id = $1 ORDER BY s.from_on DESC`
	if err := sqlx.SelectContext(ctx, q, &out, query, child); err != nil {
		return nil, fmt.Errorf("schools of child %d: %w", child, err)
	}
	return out, nil
}

// EndSchooling ends the open schooling of a child with a day. A child that is at
// no school stays so.
func EndSchooling(ctx context.Context, tx *sqlx.Tx, child ChildID, last ledger.Date, at time.Time) error {
	const query = `UPDATE schoolings SET to_on = greatest(CAST($2 AS date), from_on), recorded_at = $3 WHERE child_id = $1 AND to_on IS NULL`
	if _, err := tx.ExecContext(ctx, query, child, last, at); err != nil {
		return fmt.Errorf("end schooling of child %d: %w", child, err)
	}
	return nil
}

// SortAdults puts who may do more before who may do less.
func SortAdults(adults []Adult) {
	slices.SortStableFunc(adults, func(a, b Adult) int { return cmp.Compare(len(b.Rights), len(a.Rights)) })
}

// GuardiansOf opens the guardians of a child's family by number.
func GuardiansOf(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, child ChildID) (map[GuardianID]Guardian, error) {
	homes, err := openHomes(ctx, q, who, keys, []ChildID{child})
	if err != nil || homes[child] == nil {
		return nil, err
	}
	out := map[GuardianID]Guardian{}
	for _, a := range homes[child].adults {
		out[GuardianID(a.id)] = a.Guardian
	}
	return out, nil
}

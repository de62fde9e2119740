package duplicate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/family"
	"seedbook/service/likeness"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// office is a database with one organization.
type office struct {
	db   *store.DB
	who  store.Who
	keys *vault.Keyring
	at   time.Time
}

func newOffice(t *testing.T) *office {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	o := &office{db: db, keys: vault.Random(), at: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)}
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		o.who = store.Who{Actor: "staff/1"}
		return tx.GetContext(t.Context(), &o.who.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Riverbend', $1) RETURNING id`, o.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) do(t *testing.T, fn func(ctx context.Context, tx *sqlx.Tx) error) {
	t.Helper()
	if err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// add puts families of one child each in.
func (o *office) add(t *testing.T, people ...family.Person) (ids []family.ChildID) {
	t.Helper()
	families := make([]family.New, len(people))
	for i, p := range people {
		families[i] = family.New{Children: []family.NewChild{{Person: p}},
			Guardians: []family.Guardian{{Given: "Lucía", Family: p.Family, Phone: "312-" + phoneOf(p)}}}
	}
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		added, err := family.Add(ctx, tx, o.who, o.keys, families, o.at)
		for _, f := range added {
			ids = append(ids, f...)
		}
		return err
	})
	return ids
}

func (o *office) look(t *testing.T, ids ...family.ChildID) (found Found) {
	t.Helper()
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		found, err = Look(ctx, tx, o.who, o.keys, ids, o.at)
		return err
	})
	return found
}

func (o *office) of(t *testing.T, id family.ChildID) (pairs []Pair) {
	t.Helper()
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		pairs, err = Of(ctx, tx, id)
		return err
	})
	return pairs
}

func ana() family.Person {
	return family.Person{Given: "Ana", Family: "Núñez García", BornOn: ledger.NewDate(2016, 3, 14), Street: "12 Oak St", City: "Riverbend", ZIP: "60601"}
}

func TestAChildOnRecordTwiceIsFoundWhicheverComesFirst(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	second, twin := ana(), ana()
	second.Family, second.BornOn = "NUNEZ", ledger.NewDate(2016, 3, 15)
	twin.Given = "Eva"
	ids := o.add(t, ana(), second, twin)
	if found := o.look(t, ids[0]); found.Proposed != 0 {
		t.Errorf("alone: %+v", found)
	}
	if found := o.look(t, ids[1], ids[2]); found.Proposed != 1 || found.Compared < 1 {
		t.Fatalf("the second record: %+v, want one pair", found)
	}
	pairs := o.of(t, ids[0])
	if len(pairs) != 1 || pairs[0].Low != ids[0] || pairs[0].High != ids[1] || pairs[0].FoundBy != "staff/1" {
		t.Fatalf("pairs %+v, want Ana and her second record", pairs)
	}
	fields, err := pairs[0].Fields()
	if err != nil || !slices.ContainsFunc(fields, func(e likeness.Evidence) bool { return e.Field == likeness.Born && e.Level == likeness.Near }) {
		t.Errorf("evidence %+v, %v: the birth date is a slip away", fields, err)
	}
	if pairs := o.of(t, ids[2]); len(pairs) != 0 {
		t.Errorf("the twin is proposed: %+v", pairs)
	}
	if found := o.look(t, ids...); found.Proposed != 0 || found.Withdrawn != 0 {
		t.Errorf("looking again: %+v, want nothing new", found)
	}
}

func TestNotTheSameIsRememberedForGood(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ids := o.add(t, ana(), ana())
	if found := o.look(t, ids...); found.Proposed != 1 {
		t.Fatalf("%+v, want one pair", found)
	}
	distinct := func() error {
		return o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error { return Distinct(t.Context(), tx, o.who, ids[1], ids[0], o.at) })
	}
	if err := distinct(); err != nil {
		t.Fatal(err)
	}
	if err := distinct(); !errors.Is(err, ErrNone) {
		t.Errorf("twice: %v, want ErrNone", err)
	}
	p := ana()
	p.Street = "12 Oak Street"
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return family.Update(ctx, tx, o.who, o.keys, []family.Change{{Child: ids[1], Person: p}}, o.at)
	})
	if found := o.look(t, ids...); found.Proposed != 0 || len(o.of(t, ids[0])) != 0 {
		t.Errorf("after a change of the record: %+v, want nothing", found)
	}
}

func TestAProposalIsWithdrawnWhenItsReasonIsGone(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ids := o.add(t, ana(), ana())
	o.look(t, ids...)
	p := family.Person{Given: "Wren", Family: "Kowalski", BornOn: ledger.NewDate(2013, 11, 2)}
	change := func(p family.Person) {
		o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			return family.Update(ctx, tx, o.who, o.keys, []family.Change{{Child: ids[1], Person: p}}, o.at)
		})
	}
	change(p)
	if found := o.look(t, ids[1]); found.Withdrawn != 1 || len(o.of(t, ids[0])) != 0 {
		t.Errorf("another child by now: %+v", found)
	}
	change(ana())
	if found := o.look(t, ids[1]); found.Proposed != 1 || len(o.of(t, ids[0])) != 1 {
		t.Errorf("corrected: %+v, want the pair again", found)
	}
}

func TestAnErasedFamilyIsLikeNobody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ids := o.add(t, ana(), ana())
	o.look(t, ids...)
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		children, err := family.Load(ctx, tx, o.who, o.keys, ids[1:])
		if err != nil {
			return err
		}
		if err := family.Erase(ctx, tx, children[0].Family); err != nil {
			return err
		}
		var left int
		if err := tx.GetContext(ctx, &left, `SELECT count(*) FROM child_match_keys WHERE child_id = $1`, ids[1]); err != nil || left != 0 {
			t.Errorf("%d keys are left of the erased child, %v", left, err)
		}
		return nil
	})
	if found := o.look(t, ids...); found.Withdrawn != 1 || found.Proposed != 0 {
		t.Errorf("after the erasure: %+v", found)
	}
}

func TestTwentyThousandStrangersHardlyMeet(t *testing.T) {
	o := newOffice(t)
	random := rand.New(rand.NewPCG(1, 2))
	syllables := []string{"lan", "ri", "be", "shel", "kun", "do", "ma", "vi", "to", "ger", "nal", "pi", "su", "fra", "go", "xen", "ya", "tri"}
	name := func() string {
		return fmt.Sprintf("%c%s%s%s", 'A'+rune(random.IntN(26)), syllables[random.IntN(18)], syllables[random.IntN(18)], syllables[random.IntN(18)])
	}
	const children, chunk = 20_000, 1000
	var ids []family.ChildID
	for range children / chunk {
		people := make([]family.Person, chunk)
		for i := range people {
			people[i] = family.Person{Given: name(), Family: name() + " " + name(), BornOn: ledger.NewDate(2014, 1, 1).AddDays(random.IntN(1800)),
				Street: fmt.Sprintf("%d %s St", random.IntN(4000), name()), City: "Riverbend", ZIP: fmt.Sprintf("606%02d", random.IntN(40))}
		}
		ids = append(ids, o.add(t, people...)...)
	}
	if err := o.db.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, round := range []string{"first", "next"} {
		began, compared := time.Now(), 0
		for part := range slices.Chunk(ids, chunk) {
			compared += o.look(t, part...).Compared
		}
		t.Logf("the %s night: %d children, %d comparisons, %s", round, children, compared, time.Since(began))
		if compared > children { // strangers do not meet
			t.Errorf("the %s night compared %d pairs", round, compared)
		}
	}
}

// phoneOf is a telephone that nobody else has, and the same for one home.
func phoneOf(p family.Person) string {
	n := 0
	for _, r := range p.Street + p.Family {
		n = (n*31 + int(r)) % 10_000_000
	}
	return fmt.Sprintf("555%07d", n)
}

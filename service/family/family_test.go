package family

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/program"
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
	o.who = store.Who{Tenant: o.tenant(t, "Riverbend"), Actor: "test"}
	return o
}

func (o *office) tenant(t *testing.T, name string) (id int32) {
	t.Helper()
	err := o.db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &id, `INSERT INTO tenants (name, created_at) VALUES ($1, $2) RETURNING id`, name, o.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (o *office) do(t *testing.T, fn func(ctx context.Context, tx *sqlx.Tx) error) {
	t.Helper()
	if err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// add puts one family of given people in.
func (o *office) add(t *testing.T, people ...Person) (ids []ChildID) {
	t.Helper()
	f := New{Guardians: []Guardian{{Given: "Rosa", Family: people[0].Family, Phone: "+15035550100"}}}
	for _, p := range people {
		f.Children = append(f.Children, NewChild{Person: p, Language: "es"})
	}
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		got, err := Add(ctx, tx, o.who, o.keys, []New{f}, o.at)
		if err == nil {
			ids = got[0]
		}
		return err
	})
	return ids
}

func (o *office) search(t *testing.T, text string) (ids []ChildID) {
	t.Helper()
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		ids, err = Search(ctx, tx, o.who, o.keys, text, 0, 50)
		return err
	})
	return ids
}

func day(t *testing.T, s string) ledger.Date {
	t.Helper()
	d, err := ledger.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestChildrenAreReadBackAsTheyWereAdded(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	twins := []Person{
		{Given: "José", Family: "Núñez-García", BornOn: day(t, "2020-02-29"), StudentNumber: "004711", ZIP: "02134"},
		{Given: "Josefa", Family: "Núñez-García", BornOn: day(t, "2020-02-29"), StudentNumber: "004712"},
	}
	ids := o.add(t, twins...)
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		children, err := Load(ctx, tx, o.who, o.keys, []ChildID{ids[1], ids[0]})
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(children[0].Person, twins[1]) || !reflect.DeepEqual(children[1].Person, twins[0]) || children[0].Family != children[1].Family {
			t.Errorf("Load = %+v", children)
		}
		guardians, err := Guardians(ctx, tx, o.who, o.keys, ids[0])
		if err != nil {
			return err
		}
		if len(guardians) != 1 || guardians[0].DisplayName() != "Rosa Núñez-García" {
			t.Errorf("Guardians = %+v", guardians)
		}
		return nil
	})
}

func TestAStudentNumberBelongsToOneChild(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.add(t, Person{Given: "Ana", Family: "Lee", StudentNumber: "7"})
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		_, err := Add(t.Context(), tx, o.who, o.keys, []New{{Children: []NewChild{{Person: Person{Given: "Bo", Family: "Lee", StudentNumber: " 7 "}}}}}, o.at)
		return err
	})
	if !errors.Is(err, ErrStudentTaken) {
		t.Errorf("second child with a number: %v, want ErrStudentTaken", err)
	}
	if got := o.search(t, "Bo"); len(got) != 0 {
		t.Errorf("a refused child was kept: %v", got)
	}
}

func TestNamesAreFoundByAnyOfTheirWords(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	maria := o.add(t, Person{Given: "María José", Family: "García López", Preferred: "Majo"})[0]
	mario := o.add(t, Person{Given: "Mario", Family: "Garcia"})[0]
	li := o.add(t, Person{Given: "Li", Family: "O’Brien"})[0]
	for _, test := range []struct {
		text string
		want []ChildID
	}{
		{"garcia", []ChildID{maria, mario}},
		{"LOPEZ maria", []ChildID{maria}},
		{"majo", []ChildID{maria}},
		{"mario gar", []ChildID{mario}},
		{"mar", []ChildID{maria, mario}},
		{"li", []ChildID{li}},
		{"obrien", []ChildID{li}},
		{"O'Br", []ChildID{li}},
		{"garcez", nil},
		{"  ", nil},
	} {
		if got := o.search(t, test.text); !slices.Equal(got, test.want) {
			t.Errorf("Search(%q) = %v, want %v", test.text, got, test.want)
		}
	}
}

func TestAChangedNameIsFoundAndTheOldOneIsNot(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.add(t, Person{Given: "Before", Family: "Sam", StudentNumber: "1"})[0]
	for range 2 {
		o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			return Update(ctx, tx, o.who, o.keys, []Change{{id, Person{Given: "After", Family: "Sam", StudentNumber: "2"}, "en"}}, o.at)
		})
	}
	if got := o.search(t, "before"); len(got) != 0 {
		t.Errorf("the old name still finds %v", got)
	}
	if got := o.search(t, "after"); !slices.Equal(got, []ChildID{id}) {
		t.Errorf("the new name finds %v", got)
	}
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		found, err := Find(ctx, tx, o.who, o.keys, StudentScheme, []string{"1", "2", ""})
		if err == nil && !slices.Equal(found, []ChildID{0, id, 0}) {
			t.Errorf("Find = %v", found)
		}
		return err
	})
}

func TestAnotherOrganizationFindsNobody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.add(t, Person{Given: "Ana", Family: "Lee", StudentNumber: "7"})[0]
	other := *o
	other.who = store.Who{Tenant: o.tenant(t, "Other"), Actor: "test"}
	if got := other.search(t, "lee"); len(got) != 0 {
		t.Errorf("another organization found %v", got)
	}
	err := o.db.InTx(t.Context(), other.who, func(tx *sqlx.Tx) error {
		_, err := Load(t.Context(), tx, other.who, o.keys, []ChildID{id})
		return err
	})
	if !errors.Is(err, ErrNone) {
		t.Errorf("another organization loads the child: %v", err)
	}
}

func TestAnErasedFamilyCannotBeReadAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.add(t, Person{Given: "Ana", Family: "Lee", StudentNumber: "7"})[0]
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		children, err := Load(ctx, tx, o.who, o.keys, []ChildID{id})
		if err != nil {
			return err
		}
		return Erase(ctx, tx, children[0].Family)
	})
	if got := o.search(t, "lee"); len(got) != 0 {
		t.Errorf("an erased child is found: %v", got)
	}
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		children, err := Load(ctx, tx, o.who, o.keys, []ChildID{id})
		if err == nil && (!children[0].Erased || !reflect.DeepEqual(children[0].Person, Person{})) {
			t.Errorf("an erased child reads %+v", children[0])
		}
		return err
	})
}

func TestNoNameStandsInTheDatabaseInTheOpen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.add(t, Person{Given: "Canarygiven", Family: "Canaryfamily", StudentNumber: "canary99", Street: "Canary Street"})
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		for _, table := range []string{"families", "children", "guardians", "child_name_keys", "child_identifiers"} {
			rows := []string{}
			if err := tx.SelectContext(ctx, &rows, fmt.Sprintf(`SELECT encode(convert_to(CAST(t AS text), 'UTF8'), 'escape') FROM %s t`, table)); err != nil {
				return err
			}
			for _, r := range rows {
				if bytes.Contains(bytes.ToLower([]byte(r)), []byte("canary")) {
					t.Errorf("%s holds a name in the open", table)
				}
			}
		}
		return nil
	})
}

func TestASchoolingEndsWhereTheNextBegins(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.add(t, Person{Given: "Ana", Family: "Lee"})[0]
	var schools []program.School
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		schools, err = program.PutSchools(ctx, tx, o.who, []program.School{{Code: "01", Name: "North"}, {Code: "02", Name: "South"}, {Code: "01", Name: "North"}}, o.at)
		return err
	})
	north, south := schools[0].ID, schools[1].ID
	set := func(school program.SchoolID, grade, from string) {
		o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			return SetSchoolings(ctx, tx, o.who, []Schooling{{id, school, grade, day(t, from)}}, o.at)
		})
	}
	set(north, "KG", "2025-09-01")
	set(north, "KG", "2025-11-01") // the same again: nothing
	set(south, "KG", "2026-02-01")
	set(south, "01", "2026-02-01") // a correction on the same day
	set(north, "", "2026-03-01")   // another school, and nothing about the grade
	var got []string
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &got, `SELECT concat_ws(' ', school_id, grade, from_on, to_on) FROM schoolings WHERE child_id = $1 ORDER BY from_on`, id)
	})
	want := []string{fmt.Sprintf("%d KG 2025-09-01 2026-01-31", north), fmt.Sprintf("%d 01 2026-02-01 2026-02-28", south), fmt.Sprintf("%d 01 2026-03-01", north)}
	if !slices.Equal(got, want) {
		t.Errorf("schoolings = %q, want %q", got, want)
	}
}

func TestAMovedChildKeepsTheHomesBefore(t *testing.T) {
	old := Person{City: "Riverbend", State: "OH", ZIP: "43085"}
	moved := Person{City: "Lakeside", State: "OH", ZIP: "43101"}.Moved(old, day(t, "2026-09-01"))
	if want := []Home{{day(t, "2026-08-31"), "Riverbend", "OH", "43085"}}; !slices.Equal(moved.Before, want) {
		t.Errorf("after one move: %+v, want %+v", moved.Before, want)
	}
	if same := (Person{City: "Lakeside", State: "OH", ZIP: "43101"}).Moved(moved, day(t, "2026-10-01")); len(same.Before) != 1 {
		t.Errorf("without a move: %+v", same.Before)
	}
	if corrected := (Person{City: "Seaside"}).Moved(moved, day(t, "2026-09-01")); len(corrected.Before) != 1 {
		t.Errorf("corrected on the same day: %+v", corrected.Before)
	}
	if twice := (Person{City: "Seaside"}).Moved(moved, day(t, "2026-10-01")); len(twice.Before) != 2 || len(moved.Before) != 1 {
		t.Errorf("after two moves: %+v", twice.Before)
	}
}

func TestGuardiansAreBroughtUpToDateAndNobodyIsRemoved(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ids := o.add(t, Person{Given: "Ana", Family: "Cruz"}, Person{Given: "Luis", Family: "Cruz"})
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		for range 2 {
			err := PutGuardians(ctx, tx, o.who, o.keys, []Household{
				{ids[0], []Guardian{{Given: "ROSA", Family: "Cruz", Phone: "+15035550199"}, {Given: "Pedro", Family: "Cruz", Email: "p@example.org"}}},
				{ids[1], []Guardian{{Given: "Pedro", Family: "Cruz"}}},
			}, o.at)
			if err != nil {
				return err
			}
		}
		got, err := Guardians(ctx, tx, o.who, o.keys, ids[1])
		want := []Guardian{{Given: "Rosa", Family: "Cruz", Phone: "+15035550199"}, {Given: "Pedro", Family: "Cruz", Email: "p@example.org"}}
		if !slices.Equal(got, want) {
			t.Errorf("guardians = %+v, want %+v", got, want)
		}
		return err
	})
}

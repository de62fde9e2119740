package family

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jmoiron/sqlx"
)

func (o *office) similar(t *testing.T, text string) (ids []ChildID) {
	t.Helper()
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		ids, err = Similar(ctx, tx, o.who, o.keys, text, 25)
		return err
	})
	return ids
}

func TestAChildIsFoundByWhateverIsKnownOfIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ana := o.add(t, Person{Given: "Ana", Middle: "Lucía", Family: "de la Cruz", BornOn: day(t, "2019-09-01")})[0]
	ben := o.add(t, Person{Given: "Ben", Family: "Diaz", BornOn: day(t, "2019-01-09")})[0]
	for _, test := range []struct {
		text string
		want []ChildID
	}{
		{"delacruz", []ChildID{ana}},
		{"cruz, ana lucia", []ChildID{ana}},
		{"2019-09-01", []ChildID{ana}},
		{"9/1/2019", []ChildID{ana, ben}}, // September 1, or 9 January
		{"ben 9/1/2019", []ChildID{ben}},
		{"rosa 2019-09-01 lucia", []ChildID{ana}},
		{"diaz 9/1/2019 rosa", []ChildID{ben}},
		{"ben 2019-09-01", nil},
		{"2019-09-01 9/1/2019", []ChildID{ana}},
		{"13/1/2019", nil},
		{"31/2/2019", nil},
		{"rosa", []ChildID{ana, ben}}, // their guardians
		{"ben rosa", []ChildID{ben}},
		{"ana rosa diaz", nil},
		{"(503) 555-0100", []ChildID{ana, ben}},
		{"+1 503 555 0100", []ChildID{ana, ben}},
		{"5550100", []ChildID{ana, ben}},
		{"503-555-0199", nil},
		{"rosa@example.org", nil},
	} {
		if got := o.search(t, test.text); !slices.Equal(got, test.want) {
			t.Errorf("Search(%q) = %v, want %v", test.text, got, test.want)
		}
	}
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return PutGuardians(ctx, tx, o.who, o.keys, []Household{{Child: ben, Guardians: []Guardian{
			{Given: "Rosa", Family: "Diaz", Phone: "503-555-0199", Email: "Rosa@Example.org"}, {Given: "Omar", Family: "Haddad"}}}}, o.at)
	})
	for text, want := range map[string][]ChildID{
		"503-555-0199": {ben}, "503-555-0100": {ana}, "rosa@example.ORG": {ben}, "omar": {ben}, "ben haddad": {ben}, "ben rosa@example.org": {ben}, "ana rosa@example.org": nil,
	} {
		if got := o.search(t, text); !slices.Equal(got, want) {
			t.Errorf("after a change, Search(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestSpellingIsForgiven(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	miguel := o.add(t, Person{Given: "Miguel", Family: "González"})[0]
	migael := o.add(t, Person{Given: "Migael", Family: "Gonzales"})[0]
	john := o.add(t, Person{Given: "John", Family: "Nguyễn"})[0]
	grace := o.add(t, Person{Given: "Grace", Family: "Silva"})[0]
	garcia := o.add(t, Person{Given: "Ana", Family: "García"})[0]
	for _, test := range []struct {
		text string
		want []ChildID
	}{
		{"miguel gonzalez", []ChildID{migael}},         // the other one is found as he is
		{"Migeul Gonzales", []ChildID{miguel, migael}}, // two slips each
		{"jon nguyen", []ChildID{john}},
		{"nugyen", []ChildID{john}},
		{"miguel gonzalez perez", []ChildID{miguel, migael}}, // one of three is missing
		{"garsia", []ChildID{garcia, grace}},                 // both sound so; one is nearer
		{"perez", nil},
		{"john gonzalez", nil},
		{"2019-09-01", nil},
	} {
		if got := o.similar(t, test.text); !slices.Equal(got, test.want) {
			t.Errorf("Similar(%q) = %v, want %v", test.text, got, test.want)
		}
	}
}

func TestIndexesOfAnOlderProgramAreWrittenAnew(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ana := o.add(t, Person{Given: "Ana", Family: "Cruz", BornOn: day(t, "2019-09-01")})[0]
	ben := o.add(t, Person{Given: "Ben", Family: "Diaz"})[0]
	var before int
	count := func() (n int) {
		o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			return tx.GetContext(ctx, &n, `SELECT (SELECT count(*) FROM child_name_keys) + (SELECT count(*) FROM guardian_keys)`)
		})
		return n
	}
	before = count()
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM guardian_keys`); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM child_name_keys WHERE child_id = $1`, ana)
		return err
	})
	reindex := func(after ChildID) (ids []ChildID) {
		o.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			ids, err = Reindex(ctx, tx, o.who, o.keys, after, 10)
			return err
		})
		return ids
	}
	if got := reindex(ben); len(got) != 0 {
		t.Errorf("behind the last: %v", got)
	}
	if got := reindex(0); !slices.Equal(got, []ChildID{ana}) {
		t.Errorf("indexed %v, want Ana alone", got)
	}
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM child_name_keys WHERE child_id = $1`, ben)
		return err
	})
	if got := reindex(0); !slices.Equal(got, []ChildID{ben}) {
		t.Errorf("then indexed %v, want Ben alone", got)
	}
	if got := count(); got != before || !slices.Equal(o.search(t, "2019-09-01 rosa"), []ChildID{ana}) {
		t.Errorf("%d keys, want %d; Ana is found by %v", got, before, o.search(t, "2019-09-01 rosa"))
	}
}

func TestChildrenKeepTheKeysOfTheirGuardians(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	same := func(when string) {
		t.Helper()
		var differ int
		o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			return tx.GetContext(ctx, &differ, `
				WITH want AS (SELECT DISTINCT g.key, c.id FROM guardian_keys g JOIN children c ON c.tenant_id = g.tenant_id AND c.family_id = g.family_id),
				     have AS (SELECT key, child_id FROM child_kin_keys)
				SELECT (SELECT count(*) FROM (TABLE want EXCEPT TABLE have) x) + (SELECT count(*) FROM (TABLE have EXCEPT TABLE want) y)`)
		})
		if differ != 0 {
			t.Errorf("%s: %d keys differ from those of the guardians", when, differ)
		}
	}
	family := o.add(t, Person{Given: "Ana", Family: "Cruz"}, Person{Given: "Ben", Family: "Cruz"})
	o.add(t, Person{Given: "Cem", Family: "Demir"})
	same("added")
	if got := o.search(t, "rosa ben"); !slices.Equal(got, family[1:2]) {
		t.Errorf("Ben is found by his guardian: %v", got)
	}
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM guardian_keys WHERE guardian_id = (SELECT min(guardian_id) FROM guardian_keys)`)
		return err
	})
	same("a guardian less")
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO children (tenant_id, family_id, sealed, language, created_at, updated_at)
			SELECT tenant_id, family_id, sealed, language, created_at, updated_at FROM children WHERE id = $1`, family[0])
		return err
	})
	same("a brother more")
	if err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(t.Context(), `DELETE FROM guardian_keys`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	same("no guardian at all")
	if got := o.search(t, "rosa"); len(got) > 0 {
		t.Errorf("without guardians, Rosa finds %v", got)
	}
}

func TestACommonNameIsPagedToItsEnd(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var want []ChildID
	for i := range 75 { // more than are opened at first
		want = append(want, o.add(t, Person{Given: fmt.Sprintf("Kim%c", 'a'+i%26), Family: "Lee"})...)
	}
	o.add(t, Person{Given: "Kimberly", Family: "Leeds"})
	var got []ChildID
	for after := ChildID(0); ; {
		var page []ChildID
		o.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			page, err = Search(ctx, tx, o.who, o.keys, "lee kima", after, 2)
			return err
		})
		if got = append(got, page...); len(page) < 2 {
			break
		}
		after = page[1]
	}
	if len(got) != 3 || got[0] != want[0] || got[1] != want[26] || got[2] != want[52] {
		t.Errorf("found %v", got)
	}
}

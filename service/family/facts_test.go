package family

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

func (o *office) try(t *testing.T, fn func(tx *sqlx.Tx) error) error {
	t.Helper()
	return o.db.InTx(t.Context(), o.who, fn)
}

func (o *office) program(t *testing.T, code string) (p program.Program) {
	t.Helper()
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		p, err = program.Add(ctx, tx, o.who, program.Program{Code: code, Name: code, TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, o.at)
		return err
	})
	return p
}

func TestFactsOfEveryTypeComeBackAsTheyWereReported(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ids := o.add(t, Person{Given: "Ana", Family: "Reyes"}, Person{Given: "Ben", Family: "Reyes"})
	day := ledger.NewDate(2026, 8, 1)
	facts := []Fact{
		{Child: ids[0], Name: "children_in_family", Value: 4, From: day, Known: day, Reference: "r1", Source: "agency"},
		{Child: ids[0], Name: "foster", Value: true, Known: day, Reference: "r1", Source: "agency"},
		{Child: ids[0], Name: "income", Value: ledger.Minor(57375_00), From: day, Known: day, Reference: "r1", Source: "agency"},
		{Child: ids[0], Name: "income", From: day.AddDays(9), Known: day.AddDays(9), Reference: "r2", Source: "agency"},
		{Child: ids[1], Name: "adopted_on", Value: day, Known: day, Reference: "r1", Source: "court"},
		{Child: ids[1], Name: "program", Value: "snap", From: day, Known: day, Reference: "r9", Source: "agency"},
	}
	record := func(facts ...Fact) (done Recorded, err error) {
		err = o.try(t, func(tx *sqlx.Tx) (err error) {
			done, err = RecordFacts(t.Context(), tx, o.who, o.keys, facts, o.at)
			return err
		})
		return done, err
	}
	read := func() (known []Fact) {
		o.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			known, err = FactsOf(ctx, tx, o.who, o.keys, ids)
			return err
		})
		return known
	}
	if done, err := record(facts...); err != nil || done != (Recorded{New: 6}) {
		t.Fatalf("record: %+v, %v", done, err)
	}
	if got := read(); !reflect.DeepEqual(got, facts) {
		t.Errorf("known is %#v,\nreported was %#v", got, facts)
	}
	if done, err := record(facts[2], facts[5]); err != nil || done != (Recorded{Repeated: 2}) {
		t.Errorf("the same again: %+v, %v", done, err)
	}
	other := facts[2]
	other.Value = ledger.Minor(1)
	if _, err := record(facts[0], other); !errors.Is(err, ErrReferenceUsed) {
		t.Errorf("another income under the reference: %v, want ErrReferenceUsed", err)
	}
	for name, f := range map[string]Fact{
		"no reference": {Child: ids[0], Name: "income", Value: 1, Known: day},
		"no day":       {Child: ids[0], Name: "income", Value: 1, Reference: "x"},
		"a float":      {Child: ids[0], Name: "income", Value: 1.5, Known: day, Reference: "x"},
		"a bad name":   {Child: ids[0], Name: "Income!", Value: 1, Known: day, Reference: "x"},
	} {
		if _, err := record(f); !errors.Is(err, ErrFact) {
			t.Errorf("%s: %v, want ErrFact", name, err)
		}
	}
	if got := read(); len(got) != len(facts) {
		t.Errorf("%d facts are known, want %d", len(got), len(facts))
	}
}

func TestWhatIsKnownOfAChildIsSealedAndGoesWithTheFamily(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ids := o.add(t, Person{Given: "Ana", Family: "Reyes"})
	day := ledger.NewDate(2026, 8, 1)
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := RecordFacts(ctx, tx, o.who, o.keys, []Fact{{Child: ids[0], Name: "benefits", Value: "medicaid", Known: day, Reference: "r1", Source: "agency"}}, o.at)
		return err
	})
	var row string
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.GetContext(ctx, &row, `SELECT CAST(f AS text) || encode(f.sealed, 'escape') FROM child_facts f`)
	})
	if strings.Contains(row, "medicaid") {
		t.Errorf("the table shows the value: %s", row)
	}
	err := o.try(t, func(tx *sqlx.Tx) error {
		_, err := FactsOf(t.Context(), tx, o.who, vault.Random(), ids)
		return err
	})
	if !errors.Is(err, vault.ErrSealed) {
		t.Errorf("with other keys: %v, want ErrSealed", err)
	}
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := Erase(ctx, tx, 1); err != nil {
			return err
		}
		known, err := FactsOf(ctx, tx, o.who, o.keys, ids)
		if len(known) != 0 {
			t.Errorf("of an erased family %d facts are known", len(known))
		}
		return err
	})
}

func TestEventsCountOncePerReferenceAndCanBeTakenBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p, other := o.program(t, "one"), o.program(t, "two")
	ids := o.add(t, Person{Given: "Ana", Family: "Reyes"}, Person{Given: "Ben", Family: "Reyes"})
	day := ledger.NewDate(2026, 8, 1)
	events := []Event{
		{Child: ids[0], Kind: "claimed", On: day, Reference: "e1", Source: "portal"},
		{Child: ids[0], Kind: "chosen", On: day.AddDays(1), Account: "A", Choice: "transfer", Purpose: "qualified", Amount: ledger.Minor(5_00), Reference: "e2", Source: "desk"},
		{Child: ids[1], Kind: "claimed", On: day, Reference: "e1", Source: "portal"},
	}
	record := func(events ...Event) (done Recorded, err error) {
		err = o.try(t, func(tx *sqlx.Tx) (err error) {
			done, err = RecordEvents(t.Context(), tx, o.who, p.ID, events, o.at)
			return err
		})
		return done, err
	}
	read := func(p program.ID) (known []Event) {
		o.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			known, err = EventsOf(ctx, tx, p, ids)
			return err
		})
		return known
	}
	for _, want := range []Recorded{{New: 3}, {Repeated: 3}} {
		if done, err := record(events...); err != nil || done != want {
			t.Fatalf("record: %+v, %v, want %+v", done, err, want)
		}
	}
	got := read(p.ID)
	for i := range got {
		if !got[i].same(events[i]) || got[i].ID == 0 {
			t.Errorf("event %d is %+v, reported was %+v", i, got[i], events[i])
		}
	}
	if n := len(read(other.ID)); n != 0 {
		t.Errorf("the other program knows %d events", n)
	}
	moved := events[0]
	moved.On = day.AddDays(5)
	if _, err := record(moved); !errors.Is(err, ErrReferenceUsed) {
		t.Errorf("another day under the reference: %v", err)
	}
	back := Event{Child: ids[0], Kind: "claimed", On: day, Reference: "e3", Retracts: "e1", Source: "desk"}
	if _, err := record(back); err != nil {
		t.Fatal(err)
	}
	if got := read(p.ID); len(got) != 2 || got[0].Reference != "e2" || got[1].Child != ids[1] {
		t.Errorf("after e1 was taken back: %+v", got)
	}
	back.Reference, back.Retracts = "e4", "nothing"
	if _, err := record(back); !errors.Is(err, ErrFact) {
		t.Errorf("taking back what is not there: %v, want ErrFact", err)
	}
	stranger := Event{Child: 999, Kind: "claimed", On: day, Reference: "e1"}
	if _, err := record(stranger); !errors.Is(err, ErrNone) {
		t.Errorf("an event of nobody: %v, want ErrNone", err)
	}
	foreign := store.Who{Tenant: o.tenant(t, "Springfield"), Actor: "test"}
	if err := o.db.InTx(t.Context(), foreign, func(tx *sqlx.Tx) error {
		known, err := EventsOf(t.Context(), tx, p.ID, ids)
		if len(known) > 0 {
			t.Errorf("another organization sees %+v", known)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

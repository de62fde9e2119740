package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/migrations/pgtest"
	"seedbook/service/store"
)

var at = time.Date(2026, 9, 1, 14, 5, 0, 0, time.UTC)

// books is a database with two organizations, and the first one's clerk.
func books(t *testing.T) (*store.DB, store.Who) {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO tenants (id, name, created_at) VALUES (1, 'Here', $1), (2, 'Elsewhere', $1)`, at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return db, store.Who{Tenant: 1, Actor: "staff/7"}
}

func trail(t *testing.T, db *store.DB, who store.Who, f Filter) (events []Recorded) {
	t.Helper()
	err := db.Read(t.Context(), who, func(q sqlx.QueryerContext) (err error) {
		events, err = Trail(t.Context(), q, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestNobodyChangesTheTrail(t *testing.T) {
	t.Parallel()
	db, who := books(t)
	record(t, db, who, Event{Verb: "roster.commit", Kind: "roster", Subject: 3})
	for _, query := range []string{
		`UPDATE audit_events SET actor = 'staff/8'`,
		`DELETE FROM audit_events`,
		`TRUNCATE audit_events`,
	} {
		err := db.InTx(t.Context(), who, func(tx *sqlx.Tx) error {
			_, err := tx.ExecContext(t.Context(), query)
			return err
		})
		if err == nil {
			t.Errorf("%s was allowed", query)
		}
	}
}

func record(t *testing.T, db *store.DB, who store.Who, events ...Event) {
	t.Helper()
	ctx := From(t.Context(), Origin{Request: "r-42", Address: []byte{1, 2, 3}})
	err := db.InTx(ctx, who, func(tx *sqlx.Tx) error { return Record(ctx, tx, who, events, at) })
	if err != nil {
		t.Fatal(err)
	}
}

func TestEventsTellWhoDidWhatInOrder(t *testing.T) {
	t.Parallel()
	db, who := books(t)
	record(t, db, who,
		Event{Verb: "fund.receive", Kind: "fund", Subject: 1, Program: 9, After: map[string]any{"amount": "100.00"}},
		Event{Verb: "auth.roles_set", Kind: "account", Subject: 5, Before: map[string]any{"roles": []string{"support"}}, After: map[string]any{"roles": []string{`"quoted", {and} \ spelled`}}},
	)
	got := trail(t, db, who, Filter{})
	if len(got) != 2 {
		t.Fatalf("%d events, want 2", len(got))
	}
	newest, oldest := got[0], got[1]
	if newest.Verb != "auth.roles_set" || oldest.Verb != "fund.receive" || newest.ID <= oldest.ID {
		t.Errorf("order: %s, %s", newest.Verb, oldest.Verb)
	}
	if newest.Actor != "staff/7" || !newest.At.Equal(at) || newest.Request.String != "r-42" || newest.Program.Valid {
		t.Errorf("newest is %+v", newest)
	}
	if oldest.Program.Int32 != 9 || oldest.Before.Valid || oldest.After.String != `{"amount": "100.00"}` {
		t.Errorf("oldest is %+v", oldest)
	}
	if !strings.Contains(newest.After.String, `\"quoted\", {and} \\ spelled`) {
		t.Errorf("facts became %s", newest.After.String)
	}
}

func TestTheTrailIsReadInPages(t *testing.T) {
	t.Parallel()
	db, who := books(t)
	var events []Event
	for i := range 120 {
		events = append(events, Event{Verb: "roster.commit", Kind: "roster", Subject: int64(i % 3)})
	}
	record(t, db, who, events...)
	var seen []int64
	for before := int64(0); ; {
		page := trail(t, db, who, Filter{Kind: "roster", Subject: 1, Before: before, Limit: 7})
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			seen = append(seen, e.ID)
		}
		before = seen[len(seen)-1]
	}
	if len(seen) != 40 || !slices.IsSortedFunc(seen, func(a, b int64) int { return int(b - a) }) {
		t.Errorf("%d events in pages %v, want 40, newest first", len(seen), seen)
	}
	if got := len(trail(t, db, who, Filter{Actor: "staff/8"})); got != 0 {
		t.Errorf("%d events of somebody else", got)
	}
}

func TestTheTrailIsSearched(t *testing.T) {
	t.Parallel()
	db, who := books(t)
	record(t, db, who, Event{Verb: "roster.commit", Kind: "roster", Subject: 3, Program: 9}, Event{Verb: "roster.applied", Kind: "roster", Subject: 3}, Event{Verb: "rosters.other", Kind: "x"})
	for name, test := range map[string]struct {
		f    Filter
		want int
	}{
		"everything":         {Filter{}, 3},
		"a verb":             {Filter{Verb: "roster.commit"}, 1},
		"a room":             {Filter{Verb: "roster."}, 2},
		"half a verb":        {Filter{Verb: "roster.comm"}, 0},
		"a program":          {Filter{Program: 9}, 1},
		"a request":          {Filter{Request: "r-42"}, 3},
		"another request":    {Filter{Request: "r-43"}, 0},
		"from then on":       {Filter{From: at}, 3},
		"later":              {Filter{From: at.Add(time.Second)}, 0},
		"until then":         {Filter{Until: at}, 0},
		"until a bit later":  {Filter{Until: at.Add(time.Second)}, 3},
		"a pattern of LIKE%": {Filter{Verb: "%."}, 0},
	} {
		if got := len(trail(t, db, who, test.f)); got != test.want {
			t.Errorf("%s: %d events, want %d", name, got, test.want)
		}
	}
	if got := trail(t, db, who, Filter{Limit: 1}); string(got[0].Address) != "\x01\x02\x03" {
		t.Errorf("the network is %x", got[0].Address)
	}
	err := db.Read(t.Context(), who, func(q sqlx.QueryerContext) error {
		verbs, err := Verbs(t.Context(), q)
		if !slices.Equal(verbs, []string{"roster.applied", "roster.commit", "rosters.other"}) {
			t.Errorf("verbs are %v", verbs)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnotherOrganizationSeesNothing(t *testing.T) {
	t.Parallel()
	db, who := books(t)
	record(t, db, who, Event{Verb: "roster.commit", Kind: "roster", Subject: 3})
	if got := trail(t, db, store.Who{Tenant: 2, Actor: "staff/1"}, Filter{}); len(got) != 0 {
		t.Errorf("saw %v", got)
	}
}

func TestLookingAtChildrenIsRecordedChildByChild(t *testing.T) {
	t.Parallel()
	db, who := books(t)
	if err := Viewed(t.Context(), db, who, "child.viewed", []int64{11, 12}, at); err != nil {
		t.Fatal(err)
	}
	if err := Viewed(t.Context(), db, who, "child.viewed", nil, at); err != nil {
		t.Fatal(err)
	}
	got := trail(t, db, who, Filter{Kind: "child", Subject: 12})
	if len(got) != 1 || got[0].Verb != "child.viewed" || got[0].Actor != "staff/7" {
		t.Errorf("the trail of child 12 is %+v", got)
	}
}

func TestAnEventWithoutAProperVerbIsRefused(t *testing.T) {
	t.Parallel()
	db, who := books(t)
	for _, verb := range []string{"", "commit", "Roster.Commit", "roster.commit now"} {
		err := db.InTx(t.Context(), who, func(tx *sqlx.Tx) error {
			return Record(t.Context(), tx, who, []Event{{Verb: verb, Kind: "roster"}}, at)
		})
		if !store.Violates(err, "audit_events_verb_check") {
			t.Errorf("verb %q: %v", verb, err)
		}
	}
	err := db.InTx(t.Context(), who, func(tx *sqlx.Tx) error {
		return Record(t.Context(), tx, who, []Event{{Verb: "a.b", After: map[string]any{"f": func() {}}}}, at)
	})
	if err == nil || !strings.Contains(fmt.Sprint(err), "a.b") {
		t.Errorf("facts that are not data: %v", err)
	}
}

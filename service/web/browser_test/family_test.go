package browser_test

import (
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/migrations/pgtest"
	"seedbook/service/activation"
	"seedbook/service/demo"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/notify"
	"seedbook/service/store"
	"seedbook/service/vault"
	"seedbook/service/web"
	"seedbook/service/web/portal"
)

// whoever is what the script types of a child that saves.
type whoever struct {
	Letter string `json:"letter"`
	Spent  string `json:"spent"` // another child's code, to be tried wrongly
	Child  string `json:"child"`
	Born   born   `json:"born"`
}

type born struct {
	Day     int    `json:"day"`
	Month   int    `json:"month"`
	Year    int    `json:"year"`
	ZIP     string `json:"zip"`
	Student string `json:"student"`
}

// familyTown serves the families' portal over a small demonstration, whose
// messages go to a folder, and keeps the pages that were shown.
func familyTown(t *testing.T) (address, outbox string, w whoever, seen *recorder) {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	keys := vault.Random()
	at := time.Date(2026, 10, 5, 14, 5, 0, 0, time.UTC)
	made, err := demo.Load(t.Context(), db, keys, demo.Options{Children: 24, Seed: 3}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	hall, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	portal.Mount(hall, &portal.Portal{DB: db, Keys: keys, Now: func() time.Time { return at }})
	seen = record(hall.Handler())
	s := httptest.NewServer(seen)
	t.Cleanup(s.Close)
	outbox = t.TempDir()
	deliver(t, func() { _, _ = notify.Deliver(t.Context(), db, made.Who, keys, notify.Folder(outbox), at) }) // the script misses what is not sent
	return s.URL, outbox, whoSaves(t, db, keys, made, at), seen
}

// deliver has fn done again and again until the test ends.
func deliver(t *testing.T, fn func()) {
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
				fn()
			}
		}
	})
	t.Cleanup(func() { close(stop); done.Wait() })
}

func whoSaves(t *testing.T, db *store.DB, keys *vault.Keyring, made demo.Made, at time.Time) (w whoever) {
	t.Helper()
	var saver, other family.Child
	err := db.Read(t.Context(), made.Who, func(q sqlx.QueryerContext) error {
		ids, err := enroll.Caseload(t.Context(), q, made.Program.ID, []enroll.State{enroll.Enrolled}, 0, 50)
		if err != nil {
			return err
		}
		money, err := enroll.MoneyOf(t.Context(), q, made.Program, ids)
		if err != nil {
			return err
		}
		people, err := family.Load(t.Context(), q, made.Who, keys, ids)
		for _, c := range people {
			if money[c.ID].Own.Sign() > 0 {
				saver = c
			} else {
				other = c
			}
		}
		return err
	})
	if err != nil || saver.ID == 0 || other.ID == 0 {
		t.Fatalf("%v: nobody saves", err)
	}
	p := saver.Person
	w = whoever{Child: p.DisplayName(), Born: born{p.BornOn.Day(), int(p.BornOn.Month()), p.BornOn.Year(), p.ZIP, p.StudentNumber}}
	for _, of := range []struct {
		child family.Child
		code  *string
	}{{saver, &w.Letter}, {other, &w.Spent}} {
		if *of.code, err = activation.One(t.Context(), db, made.Who, keys, of.child.ID, at); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func TestAFamilyComesInOnAnOldPhone(t *testing.T) {
	browser(t)
	address, outbox, who, seen := familyTown(t)
	given, err := json.Marshal(who)
	if err != nil {
		t.Fatal(err)
	}
	script(t, "family.mjs", address, outbox, string(given))
	seen.look(t, 25)
}

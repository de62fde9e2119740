package demo

import (
	"bytes"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/enroll"
	"seedbook/service/report"
	"seedbook/service/statement"
	"seedbook/service/store"
	"seedbook/service/vault"
)

func TestASmallCityLivesThroughItsYear(t *testing.T) {
	t.Parallel()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	keys, o := vault.Random(), Options{Children: 60, Seed: 3}
	if _, ok, err := Find(t.Context(), db, o); ok || err != nil {
		t.Fatalf("found before it was made: %v, %v", ok, err)
	}
	made, err := Load(t.Context(), db, keys, o, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := Find(t.Context(), db, o); !ok || err != nil {
		t.Errorf("not found after it was made: %v, %v", ok, err)
	}
	err = db.Read(t.Context(), made.Who, func(q sqlx.QueryerContext) error {
		totals, err := report.Overview(t.Context(), q, made.Program)
		if err != nil {
			return err
		}
		if totals.Children[enroll.Enrolled] < 50 || totals.Own.Sign() <= 0 || totals.Program.Sign() <= 0 {
			t.Errorf("totals = %+v", totals)
		}
		verdict, err := ledger.Verify(t.Context(), q, made.Program.Book, nil)
		if err != nil {
			return err
		}
		if !verdict.OK() {
			t.Errorf("the books are wrong: %v", verdict.Findings)
		}
		for _, span := range []string{"2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3"} {
			parsed, err := statement.ParseSpan(span)
			if err != nil {
				return err
			}
			issued, err := statement.Batch(t.Context(), q, made.Program.ID, parsed, 0, 100)
			if err != nil {
				return err
			}
			if len(issued) != totals.Children[enroll.Enrolled] {
				t.Errorf("%s: %d statements for %d children", span, len(issued), totals.Children[enroll.Enrolled])
			}
			// Draw refuses a statement that does not add up.
			if _, err := statement.Draw(t.Context(), q, made.Who, keys, made.Program, issued); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTheSameSeedGivesTheSameBooks makes one city twice, in installations with
// other keys, and another city with another seed.
func TestTheSameSeedGivesTheSameBooks(t *testing.T) {
	t.Parallel()
	books := func(seed uint64) string {
		db, err := store.Open(pgtest.New(t).DSN, 8)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		made, err := Load(t.Context(), db, vault.Random(), Options{Children: 30, Seed: seed}, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		var journal bytes.Buffer
		err = db.Read(t.Context(), made.Who, func(q sqlx.QueryerContext) error {
			return ledger.Export(t.Context(), q, &journal, made.Program.Book, ledger.Hledger)
		})
		if err != nil {
			t.Fatal(err)
		}
		return journal.String()
	}
	first := books(5)
	if again := books(5); again != first {
		t.Error("the same seed gave other books")
	}
	if other := books(6); other == first {
		t.Error("another seed gave the same books")
	}
}

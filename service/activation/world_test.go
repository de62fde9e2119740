package activation

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/family"
	"seedbook/service/notify"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// town is a program with two children of one family, Ana and Leo, and Mia of
// another.
type town struct {
	t        *testing.T
	db       *store.DB
	keys     *vault.Keyring
	who      store.Who
	program  program.Program
	school   program.SchoolID
	children []family.ChildID
	at       time.Time
}

func newTown(t *testing.T) *town {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &town{t: t, db: db, keys: vault.Random(), who: store.Who{Actor: "test"}, at: time.Date(2026, 10, 5, 14, 0, 0, 0, time.UTC)}
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.Get(&w.who.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('City of Riverbend', $1) RETURNING id`, w.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.do(w.settle)
	return w
}

func (w *town) do(fn func(tx *sqlx.Tx) error) {
	w.t.Helper()
	if err := w.db.InTx(w.t.Context(), w.who, fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) settle(tx *sqlx.Tx) (err error) {
	ctx := w.t.Context()
	w.program, err = program.Add(ctx, tx, w.who, program.Program{Code: "riverbend", Name: "Riverbend Savings", TimeZone: "America/New_York", Currency: "USD", Rounding: ledger.HalfUp}, w.at)
	if err != nil {
		return err
	}
	schools, err := program.PutSchools(ctx, tx, w.who, []program.School{{Code: "R07", Name: "Harbor View", District: "RIVERBEND"}}, w.at)
	if err != nil {
		return err
	}
	w.school = schools[0].ID
	born := ledger.NewDate(2019, 5, 12)
	child := func(given, lang, student string) family.NewChild {
		return family.NewChild{Language: lang, Person: family.Person{Given: given, Family: "Peña", BornOn: born, StudentNumber: student, ZIP: "43085"}}
	}
	ids, err := family.Add(ctx, tx, w.who, w.keys, []family.New{
		{Children: []family.NewChild{child("Ana", "es", "0071"), child("Leo", "es", "0072")}},
		{Children: []family.NewChild{child("Mia", "en", "0073")}},
	}, w.at)
	if err != nil {
		return err
	}
	w.children = append(ids[0], ids[1]...)
	for _, c := range w.children {
		err := family.SetSchoolings(ctx, tx, w.who, []family.Schooling{{Child: c, School: w.school, Grade: "01", From: ledger.NewDate(2026, 9, 1)}}, w.at)
		if err != nil {
			return err
		}
		const enroll = `
			INSERT INTO enrollments (tenant_id, program_id, child_id, state, enrolled_on, created_at, updated_at)
			VALUES ($1, $2, $3, 'enrolled', '2026-09-01', $4, $4)`
		if _, err := tx.ExecContext(ctx, enroll, w.who.Tenant, w.program.ID, c, w.at); err != nil {
			return err
		}
	}
	return nil
}

// letters gives each child a code.
func (w *town) letters(children ...family.ChildID) (codes []string) {
	w.t.Helper()
	drafts, err := hashSecrets(w.t.Context(), w.keys, len(children))
	if err != nil {
		w.t.Fatal(err)
	}
	w.do(func(tx *sqlx.Tx) (err error) {
		codes, err = issue(w.t.Context(), tx, w.who, byLetter, children, drafts, LetterLife, w.at)
		return err
	})
	return codes
}

// kept is a sink that keeps the newest message of each recipient.
type kept map[string]notify.Message

func (k kept) Send(_ context.Context, m notify.Message, _ time.Time) error {
	k[m.To] = m
	return nil
}

var eightDigits = regexp.MustCompile(`[0-9]{4} [0-9]{4}`)

// codeSentTo delivers what waits and returns the code in the newest message to
// somebody; "" where there is none.
func (w *town) codeSentTo(to string) string {
	w.t.Helper()
	all := kept{}
	if _, err := notify.Deliver(w.t.Context(), w.db, w.who, w.keys, all, w.at); err != nil {
		w.t.Fatal(err)
	}
	return eightDigits.FindString(all[to].Text)
}

package custody

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/custody/bankfile/bankcsv"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// world is a program with a bank, for tests.
type world struct {
	db      *store.DB
	who     store.Who
	keys    *vault.Keyring
	program program.Program
	bank    Custodian
	at      time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{db: db, keys: vault.Random(), at: time.Date(2026, 9, 30, 12, 0, 0, 0, time.UTC)}
	w.who.Actor = "staff/1"
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &w.who.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Riverbend', $1) RETURNING id`, w.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		w.program, err = program.Add(ctx, tx, w.who, program.Program{
			Code: "riverbend", Name: "Riverbend", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, w.at)
		return err
	})
	w.bank = w.add(t, Custodian{Code: "first", Name: "First Bank", Kind: Omnibus, CutOff: "17:00", ValueDays: 1, Federal: true,
		Accounts: []Account{{Number: "0012345678", Currency: "USD"}},
		Files: []FileKind{{Gives: true, Format: "bai2", Expected: "business_day"}, {Gives: true, Format: "ofx", Expected: "on_event"},
			{Gives: true, Format: "nacha", Expected: "on_event"}, {Gives: true, Format: "camt053", Expected: "on_event"},
			{Gives: true, Format: "csv", Expected: "on_event", Profile: &bankcsv.Profile{Date: "Date", Amount: "Amount", Reference: "Ref", Account: "0012345678", Currency: "USD"}}},
		Holidays: []ledger.Date{day("2026-09-14")}})
	return w
}

func day(s string) ledger.Date {
	d, err := ledger.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func (w *world) do(t testing.TB, fn func(ctx context.Context, tx *sqlx.Tx) error) {
	t.Helper()
	if err := w.try(t, fn); err != nil {
		t.Fatal(err)
	}
}

func (w *world) try(t testing.TB, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	t.Helper()
	return w.db.InTx(t.Context(), w.who, func(tx *sqlx.Tx) error { return fn(t.Context(), tx) })
}

// add sets a custodian up and reads it back.
func (w *world) add(t testing.TB, c Custodian) Custodian {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := Add(ctx, tx, w.who, w.keys, w.program, c, w.at); err != nil {
			return err
		}
		var err error
		c, err = ByCode(ctx, tx, w.program.ID, c.Code)
		return err
	})
	return c
}

func (w *world) take(t testing.TB, name, text string) (Intake, error) {
	t.Helper()
	return Take(t.Context(), w.db, w.who, w.keys, w.program, w.bank, name, []byte(text), w.at)
}

func (w *world) taken(t testing.TB, text string) Intake {
	t.Helper()
	in, err := w.take(t, "file", text)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// movement is a line that the test's bank books.
type movement struct {
	cents int64
	ref   string
	text  string
}

// statement writes a BAI2 file of one day: the bank's side, by a hand that
// shares nothing with the reader.
func statement(account, on string, opening int64, moves ...movement) string {
	var b strings.Builder
	control, closing := opening, opening
	short := strings.ReplaceAll(on, "-", "")[2:]
	for _, m := range moves {
		code, cents := "165", m.cents
		if cents < 0 {
			code, cents = "475", -cents
		}
		fmt.Fprintf(&b, "16,%s,%d,V,%s,,%s,,%s\n", code, cents, short, m.ref, m.text)
		control, closing = control+cents, closing+m.cents
	}
	control += closing
	n := len(moves)
	return fmt.Sprintf("01,BANK,CSA,%s,0600,1,,,2/\n02,CSA,BANK,1,%s,,USD,2/\n03,%s,USD,010,%d,,,015,%d,,/\n", short, short, account, opening, closing) +
		b.String() + fmt.Sprintf("49,%d,%d/\n98,%d,1,%d/\n99,%d,1,%d/\n", control, n+2, control, n+4, control, n+6)
}

const account = "12345678"

package roster

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// district is the one that the rule book of these tests is for.
const district = "Grand Bend ISD"

var september = ledger.NewDate(2021, time.September, 15)

// world is a program with a rule book and a city's fund, and nobody in it.
type world struct {
	raw     *pgtest.DB
	db      *store.DB
	who     store.Who
	keys    *vault.Keyring
	program program.Program
	at      time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{raw: pgtest.New(t), keys: vault.Random(), at: time.Date(2021, 9, 15, 12, 0, 0, 0, time.UTC)}
	db, err := store.Open(w.raw.DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w.db = db
	w.who = store.Who{Tenant: w.tenant(t, "Grand Bend"), Actor: "test"}
	w.program = w.addProgram(t, "grandbend")
	return w
}

func (w *world) tenant(t testing.TB, name string) (id int32) {
	t.Helper()
	err := w.db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &id, `INSERT INTO tenants (name, created_at) VALUES ($1, $2) RETURNING id`, name, w.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// addProgram sets up a program of these tests' rule book, with 100,000.00 of
// the city's.
func (w *world) addProgram(t testing.TB, code string) (p program.Program) {
	t.Helper()
	book, err := os.ReadFile(filepath.Join("testdata", "grandbend.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	checker := store.Who{Tenant: w.who.Tenant, Actor: "checker"}
	var hash string
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		p, err = program.Add(ctx, tx, w.who, program.Program{
			Code: code, Name: "Grand Bend Savings", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, w.at)
		if err != nil {
			return err
		}
		if err := fund.Open(ctx, tx, w.who, p, w.at); err != nil {
			return err
		}
		city, err := fund.Add(ctx, tx, w.who, p, fund.Fund{Code: "CITY", Name: "City seed fund", Funder: "City of Grand Bend"}, w.at)
		if err != nil {
			return err
		}
		err = fund.Receive(ctx, tx, w.who, p, fund.Receipt{Fund: city, Kind: fund.Grant, Amount: ledger.Minor(100_000_00), On: september, Reference: "grant"}, w.at)
		if err != nil {
			return err
		}
		hash, err = program.Draft(ctx, tx, w.who, p.ID, book, w.at)
		return err
	})
	err = w.db.InTx(t.Context(), checker, func(tx *sqlx.Tx) error {
		return program.Approve(t.Context(), tx, checker, p.ID, hash, w.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (w *world) do(t testing.TB, fn func(ctx context.Context, tx *sqlx.Tx) error) {
	t.Helper()
	if err := w.db.InTx(t.Context(), w.who, func(tx *sqlx.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func (w *world) read(t testing.TB, fn func(ctx context.Context, q sqlx.QueryerContext) error) {
	t.Helper()
	if err := w.db.Read(t.Context(), w.who, func(q sqlx.QueryerContext) error { return fn(t.Context(), q) }); err != nil {
		t.Fatal(err)
	}
}

// receive stages a file.
func (w *world) receive(t testing.TB, u Upload) Batch {
	t.Helper()
	id, err := Receive(t.Context(), w.db, w.who, w.keys, w.program, u, w.at)
	if err != nil {
		t.Fatal(err)
	}
	return w.load(t, id)
}

func (w *world) load(t testing.TB, id ID) (b Batch) {
	t.Helper()
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		b, err = Load(ctx, q, w.program.ID, id)
		return err
	})
	return b
}

func (w *world) commit(t testing.TB, id ID) Done {
	t.Helper()
	done, err := w.tryCommit(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func (w *world) tryCommit(ctx context.Context, id ID) (Done, error) {
	return Commit(ctx, w.db, w.who, w.keys, w.program, id, w.at, func(int, int) {})
}

// apply stages and applies a file.
func (w *world) apply(t testing.TB, u Upload) (Batch, Done) {
	t.Helper()
	b := w.receive(t, u)
	done := w.commit(t, b.ID)
	return w.load(t, b.ID), done
}

// count counts the rows of a table that the organization has, of a condition
// where one is given.
func (w *world) count(t testing.TB, what string) (n int) {
	t.Helper()
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
		return sqlx.GetContext(ctx, q, &n, "SELECT count(*) FROM "+what)
	})
	return n
}

// children opens every child on record, in the order of numbers.
func (w *world) children(t testing.TB) (out []family.Child) {
	t.Helper()
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
		var ids []family.ChildID
		if err := sqlx.SelectContext(ctx, q, &ids, `SELECT id FROM children ORDER BY id`); err != nil {
			return err
		}
		children, err := family.Load(ctx, q, w.who, w.keys, ids)
		out = children
		return err
	})
	return out
}

// child is the one with a given name.
func (w *world) child(t testing.TB, given string) family.Child {
	t.Helper()
	for _, c := range w.children(t) {
		if c.Person.Given == given {
			return c
		}
	}
	t.Fatalf("there is no %s", given)
	return family.Child{}
}

func (w *world) rows(t testing.TB, id ID, f Finding) (out []Row) {
	t.Helper()
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		out, err = Rows(ctx, q, w.who, w.keys, id, f, 0, 5000)
		return err
	})
	return out
}

// fixture is a roster that others wrote, as its sender would upload it.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(pgtest.Fixtures(t), "rosters", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// edfi is the Ed-Fi district's package.
func edfi(t testing.TB) Upload {
	t.Helper()
	return Upload{Source: "Grand Bend", FileName: "edfi_oneroster12.zip", Data: fixture(t, "edfi_oneroster12.zip"), EnrollOn: september}
}

// pupil is a row of a class list: field by field.
type pupil map[rosterfile.Field]string

// kid is a pupil about whom a list says what one usually does.
func kid(number, given, surname string) pupil {
	return pupil{
		rosterfile.StudentNumber: number, rosterfile.Given: given, rosterfile.Family: surname, rosterfile.BornOn: "2015-03-04",
		rosterfile.Grade: "01", rosterfile.SchoolCode: "001", rosterfile.SchoolName: "Grand Bend Elementary School",
	}
}

// but is the pupil with other values: pairs of field and value.
func (p pupil) but(pairs ...any) pupil {
	out := maps.Clone(p)
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(rosterfile.Field)] = pairs[i+1].(string)
	}
	return out
}

// list is a district's class list in CSV with a column for every field.
func list(t testing.TB, pupils ...pupil) Upload {
	t.Helper()
	m := &rosterfile.Mapping{Name: "class list", Columns: map[rosterfile.Field]string{}}
	var header []string
	for _, f := range rosterfile.Fields {
		m.Columns[f] = string(f)
		header = append(header, string(f))
	}
	rows := [][]string{header}
	for _, p := range pupils {
		row := make([]string, len(rosterfile.Fields))
		for i, f := range rosterfile.Fields {
			row[i] = p[f]
		}
		rows = append(rows, row)
	}
	var buf bytes.Buffer
	if err := csv.NewWriter(&buf).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return Upload{Source: district, FileName: "list.csv", Data: buf.Bytes(), Mapping: m, EnrollOn: september}
}

// changes makes a list one of changes only.
func (u Upload) changes() Upload {
	m := *u.Mapping
	m.Mode = rosterfile.Delta
	u.Mapping = &m
	return u
}

func (u Upload) from(source string) Upload { u.Source = source; return u }

func (u Upload) since(on ledger.Date) Upload { u.EnrollOn = on; return u }

// many are n pupils; about a third have a sibling on the list.
func many(n int) []pupil {
	out := make([]pupil, n)
	for i := range out {
		home := i - i%3/2 // every third shares with the one before
		out[i] = kid(fmt.Sprintf("%06d", i), fmt.Sprintf("Child%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26), "Test").but(
			rosterfile.BornOn, ledger.NewDate(2012, 1, 1).AddDays(i%2000).String(),
			rosterfile.GuardianID, fmt.Sprintf("G%06d", home), rosterfile.GuardianGiven, "Parent", rosterfile.GuardianFamily, "Test",
		)
	}
	return out
}

func wantFindings(t testing.TB, b Batch, want map[Finding]int) {
	t.Helper()
	got := maps.Clone(b.Counts.By)
	maps.DeleteFunc(got, func(_ Finding, n int) bool { return n == 0 })
	if !maps.Equal(got, want) {
		t.Errorf("roster %d found %v, want %v", b.ID, got, want)
	}
}

func wantError(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// about is everything that applying a roster may touch, with every value, so
// that two moments can be compared.
func (w *world) about(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, table := range touched {
		w.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
			var sum string
			err := sqlx.GetContext(ctx, q, &sum, "SELECT count(*) || ' ' || coalesce(md5(string_agg(r.t, '|' ORDER BY r.t)), '') FROM (SELECT CAST(x AS text) AS t FROM "+table+" x) r")
			out[table] = sum
			return err
		})
	}
	return out
}

var touched = []string{
	"families", "children", "guardians", "child_name_keys", "child_identifiers", "schoolings", "schools", "enrollments", "roster_children",
	"awards", "award_moves", "deposits", "ledger_accounts", "ledger_transactions", "ledger_entries",
}

func differences(before, after map[string]string) (out []string) {
	for _, table := range slices.Sorted(maps.Keys(before)) {
		if before[table] != after[table] {
			out = append(out, table)
		}
	}
	return out
}

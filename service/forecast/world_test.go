package forecast

import (
	"context"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// approvedRules give a seed of 50.00 and match one for one, up to 40.00 a school
// year.
const approvedRules = `
program: {id: city, name: City, currency: USD, time_zone: America/Chicago, rounding: half_up}
calendar: {school_year: 07-01}
versions:
  - {id: v1, effective_from: 2020-07-01}
eligibility:
  - {id: residence, when: city == "Riverbend", says: {en: lives in Riverbend, es: vive en Riverbend}}
enrollment: {mode: auto_opt_out}
benefits:
  - id: seed
    kind: seed
    says: {en: Seed deposit, es: Primer depósito}
    trigger: event(enrolled)
    amount: {fixed: 50.00}
    period: once
    funding: {sources: [{fund: CITY}]}
  - id: match
    kind: match
    says: {en: Savings match, es: Aporte igual}
    basis: gross_deposits
    amount: {ratio: 1.00}
    caps: {per_period: 40.00}
    period: school_year
    funding: {sources: [{fund: MATCH}]}
`

// draftRules give 60.00 and half of what is saved, to children of Lakeside too.
const draftRules = `
program: {id: city, name: City, currency: USD, time_zone: America/Chicago, rounding: half_up}
calendar: {school_year: 07-01}
versions:
  - {id: v1, effective_from: 2020-07-01}
eligibility:
  - {id: residence, when: 'city in ["Riverbend", "Lakeside"]', says: {en: lives here, es: vive aquí}}
enrollment: {mode: auto_opt_out}
benefits:
  - id: seed
    kind: seed
    says: {en: Seed deposit, es: Primer depósito}
    trigger: event(enrolled)
    amount: {fixed: 60.00}
    period: once
    funding: {sources: [{fund: CITY}]}
  - id: match
    kind: match
    says: {en: Savings match, es: Aporte igual}
    basis: gross_deposits
    amount: {ratio: 0.50}
    caps: {per_period: 40.00}
    period: school_year
    funding: {sources: [{fund: MATCH}]}
`

// world is a program of four children whose figures can be worked by hand:
//
//	A  school R01, paid in 30.00 in August and 20.00 in September
//	B  school R02, paid in 10.00 on September 20
//	C  school R02, paid in nothing
//	D  school R01, lives in Lakeside: known, not taking part
//
// The three joined on July 15 and were given what the approved book says on
// October 1, 2026. CITY has 850.00 left, MATCH 40.00.
type world struct {
	t          *testing.T
	source     *source
	book       *rules.Book
	asOf       ledger.Date
	at         time.Time
	a, b, c, d family.ChildID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := newWorldOf(t, []savings.Deposit{
		{Reference: "1", Child: 1, Amount: ledger.Minor(30_00), On: day(t, "2026-08-10"), Channel: "cash"},
		{Reference: "2", Child: 1, Amount: ledger.Minor(20_00), On: day(t, "2026-09-10"), Channel: "cash"},
		{Reference: "3", Child: 2, Amount: ledger.Minor(10_00), On: day(t, "2026-09-20"), Channel: "ach"},
	})
	w.do(w.award)
	return w
}

// newWorldOf is the world with other deposits, of children 1 to 4 in the place
// of A to D, before anything is awarded.
func newWorldOf(t *testing.T, deposits []savings.Deposit) *world {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, asOf: day(t, "2026-10-01"), at: time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC), book: parse(t, approvedRules)}
	w.source = &source{db: db, keys: vault.Random(), chunk: chunk}
	w.source.who.Actor = "test"
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &w.source.who.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Riverbend', $1) RETURNING id`, w.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.do(w.setUp)
	w.do(w.live)
	for i := range deposits {
		deposits[i].Child = w.ids()[deposits[i].Child-1]
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := savings.PostDeposits(ctx, tx, w.source.who, w.source.program, deposits, 0, w.at)
		return err
	})
	return w
}

func (w *world) do(fn func(ctx context.Context, tx *sqlx.Tx) error) {
	w.t.Helper()
	if err := w.source.db.InTx(w.t.Context(), w.source.who, func(tx *sqlx.Tx) error { return fn(w.t.Context(), tx) }); err != nil {
		w.t.Fatal(err)
	}
}

// setUp makes the program, its funds, schools and rule book.
func (w *world) setUp(ctx context.Context, tx *sqlx.Tx) (err error) {
	s, at := w.source, w.at.AddDate(0, -3, 0)
	s.program, err = program.Add(ctx, tx, s.who, program.Program{Code: "city", Name: "City", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, at)
	if err != nil {
		return err
	}
	if err := fund.Open(ctx, tx, s.who, s.program, at); err != nil {
		return err
	}
	for code, amount := range map[string]int64{"CITY": 1000_00, "MATCH": 90_00} {
		f, err := fund.Add(ctx, tx, s.who, s.program, fund.Fund{Code: code, Name: code + " fund", Funder: "City"}, at)
		if err != nil {
			return err
		}
		r := fund.Receipt{Fund: f, Kind: fund.Grant, Amount: ledger.Minor(amount), On: day(w.t, "2026-07-01"), Reference: "grant " + code}
		if err := fund.Receive(ctx, tx, s.who, s.program, r, at); err != nil {
			return err
		}
	}
	hash, err := program.Draft(ctx, tx, s.who, s.program.ID, []byte(approvedRules), at)
	if err != nil {
		return err
	}
	return program.Approve(ctx, tx, store.Who{Tenant: s.who.Tenant, Actor: "approver"}, s.program.ID, hash, at)
}

// live adds the children.
func (w *world) live(ctx context.Context, tx *sqlx.Tx) error {
	s := w.source
	schools, err := program.PutSchools(ctx, tx, s.who, []program.School{{Code: "R01", Name: "North"}, {Code: "R02", Name: "South"}}, w.at)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		id     *family.ChildID
		school int
		city   string
	}{{&w.a, 0, "Riverbend"}, {&w.b, 1, "Riverbend"}, {&w.c, 1, "Riverbend"}, {&w.d, 0, "Lakeside"}} {
		ids, err := family.Add(ctx, tx, s.who, s.keys, []family.New{{Children: []family.NewChild{{Person: family.Person{
			Given: "Child", Family: "Test", BornOn: day(w.t, "2019-05-01"), City: c.city}}}}}, w.at)
		if err != nil {
			return err
		}
		*c.id = ids[0][0]
		if err := family.SetSchoolings(ctx, tx, s.who, []family.Schooling{{Child: *c.id, School: schools[c.school].ID, Grade: "01", From: day(w.t, "2026-07-01")}}, w.at); err != nil {
			return err
		}
	}
	joining := day(w.t, "2026-07-15")
	var applications []enroll.Application
	for _, id := range w.ids() {
		applications = append(applications, enroll.Application{Child: id, On: joining})
	}
	if _, err = enroll.Admit(ctx, tx, s.who, s.keys, s.program, w.book, applications, w.at); err != nil {
		return err
	}
	return nil
}

// award is the night of the day the tests look from.
func (w *world) award(ctx context.Context, tx *sqlx.Tx) error {
	s := w.source
	_, _, err := enroll.AwardChunk(ctx, tx, enroll.Walk{Who: s.who, Keys: s.keys, Program: s.program, Rules: w.book, AsOf: w.asOf, At: w.at}, 0)
	return err
}

func (w *world) ids() []family.ChildID { return []family.ChildID{w.a, w.b, w.c, w.d} }

func (w *world) try(source string) Trial {
	w.t.Helper()
	got, err := w.source.try(w.t.Context(), w.ids(), parse(w.t, source), TryOptions{AsOf: w.asOf, At: w.at, Largest: 10})
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func parse(t *testing.T, source string) *rules.Book {
	t.Helper()
	book, err := rules.Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func day(t *testing.T, s string) ledger.Date {
	t.Helper()
	d, err := ledger.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// rows counts the rows of every table and remembers each one's newest version.
func (w *world) rows() (out []string) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		var tables []string
		const all = `SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = CAST('public' AS regnamespace) AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1`
		if err := tx.SelectContext(ctx, &tables, all); err != nil {
			return err
		}
		for _, table := range tables {
			var line string
			if err := tx.GetContext(ctx, &line, `SELECT '`+table+` ' || count(*) || ' ' || coalesce(max(CAST(CAST(xmin AS text) AS bigint)), 0) FROM `+table); err != nil {
				return err
			}
			out = append(out, line)
		}
		return nil
	})
	return out
}

// approveAndRun puts a book into effect and lets a night pass.
func (w *world) approveAndRun(source string) (tally savings.Tally) {
	w.t.Helper()
	w.approve(source)
	s := w.source
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		_, tally, err = enroll.AwardChunk(ctx, tx, enroll.Walk{Who: s.who, Keys: s.keys, Program: s.program, Rules: parse(w.t, source), AsOf: w.asOf, At: w.at}, 0)
		return err
	})
	return tally
}

func (w *world) approve(source string) {
	w.t.Helper()
	s := w.source
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		hash, err := program.Draft(ctx, tx, s.who, s.program.ID, []byte(source), w.at)
		if err != nil {
			return err
		}
		return program.Approve(ctx, tx, store.Who{Tenant: s.who.Tenant, Actor: "approver"}, s.program.ID, hash, w.at)
	})
}

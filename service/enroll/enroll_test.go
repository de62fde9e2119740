package enroll

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// cityRules are for children of a city in kindergarten or later.
const cityRules = `
program: {id: city, name: City, currency: USD, time_zone: America/Chicago, rounding: half_up}
calendar: {school_year: 07-01}
versions:
  - {id: v1, effective_from: 2020-07-01}
eligibility:
  - {id: residence, when: city == "Riverbend", says: {en: lives in Riverbend, es: vive en Riverbend}}
  - {id: grade, when: grade >= KG, says: {en: is in kindergarten or later, es: está en kindergarten o después}}
enrollment: {mode: auto_opt_out}
benefits:
  - id: seed
    kind: seed
    trigger: event(enrolled)
    amount: {fixed: 50.00}
    period: once
    funding: {sources: [{fund: CITY}]}
  - id: match
    kind: match
    basis: gross_deposits
    amount: {ratio: 1.00}
    period: school_year
    pay: {when: quarter_end}
    funding: {sources: [{fund: CITY}]}
`

// world is a program with a school, for tests.
type world struct {
	t       *testing.T
	db      *store.DB
	who     store.Who
	keys    *vault.Keyring
	program program.Program
	rules   *rules.Book
	schools []program.School
	at      time.Time
	on      ledger.Date
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, db: db, keys: vault.Random(), at: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC), on: ledger.NewDate(2026, 9, 1)}
	if w.rules, err = rules.Parse([]byte(cityRules)); err != nil {
		t.Fatal(err)
	}
	w.who.Actor = "test"
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &w.who.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Riverbend', $1) RETURNING id`, w.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.program = w.addProgram("city")
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		w.schools, err = program.PutSchools(ctx, tx, w.who, []program.School{{Code: "R01", Name: "North"}, {Code: "R02", Name: "South"}}, w.at)
		return err
	})
	return w
}

func (w *world) addProgram(code string) (p program.Program) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		p, err = program.Add(ctx, tx, w.who, program.Program{Code: code, Name: code, TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, w.at)
		if err != nil {
			return err
		}
		if err := fund.Open(ctx, tx, w.who, p, w.at); err != nil {
			return err
		}
		city, err := fund.Add(ctx, tx, w.who, p, fund.Fund{Code: "CITY", Name: "City", Funder: "City"}, w.at)
		if err != nil {
			return err
		}
		return fund.Receive(ctx, tx, w.who, p, fund.Receipt{Fund: city, Kind: fund.Grant, Amount: ledger.Minor(10_000_00), On: w.on, Reference: "grant"}, w.at)
	})
	return p
}

func (w *world) do(fn func(ctx context.Context, tx *sqlx.Tx) error) {
	w.t.Helper()
	if err := w.db.InTx(w.t.Context(), w.who, func(tx *sqlx.Tx) error { return fn(w.t.Context(), tx) }); err != nil {
		w.t.Fatal(err)
	}
}

// child adds a child of the city in first grade, or with what is said instead.
func (w *world) child(given, surname string, change func(p *family.Person, grade *string)) (id family.ChildID) {
	w.t.Helper()
	p, grade := family.Person{Given: given, Family: surname, BornOn: ledger.NewDate(2019, 5, 1), City: "Riverbend"}, "01"
	if change != nil {
		change(&p, &grade)
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		ids, err := family.Add(ctx, tx, w.who, w.keys, []family.New{{Children: []family.NewChild{{Person: p}}}}, w.at)
		if err != nil {
			return err
		}
		id = ids[0][0]
		return family.SetSchoolings(ctx, tx, w.who, []family.Schooling{{Child: id, School: w.schools[0].ID, Grade: grade, From: w.on}}, w.at)
	})
	return id
}

func (w *world) admit(ids ...family.ChildID) (c Counts) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		applications := make([]Application, len(ids))
		for i, id := range ids {
			applications[i] = Application{id, w.on}
		}
		c, err = Admit(ctx, tx, w.who, w.keys, w.program, w.rules, applications, w.at)
		return err
	})
	return c
}

func (w *world) check(on ledger.Date, ids ...family.ChildID) (c Counts) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		applications := make([]Application, len(ids))
		for i, id := range ids {
			applications[i] = Application{id, on}
		}
		c, err = Admit(ctx, tx, w.who, w.keys, w.program, w.rules, applications, w.at)
		return err
	})
	return c
}

func (w *world) of(id family.ChildID) (e Enrollment) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		e, err = Of(ctx, tx, w.program.ID, id)
		return err
	})
	return e
}

func (w *world) list(f Filter) (out []Row) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		out, err = List(ctx, tx, w.who, w.keys, w.program.ID, f)
		return err
	})
	return out
}

func names(rows []Row) (out []string) {
	for _, r := range rows {
		out = append(out, r.Person.ListName())
	}
	return out
}

func (w *world) wantNames(what string, f Filter, want ...string) {
	w.t.Helper()
	if f.Limit == 0 {
		f.Limit = 100
	}
	if got := names(w.list(f)); !slices.Equal(got, want) {
		w.t.Errorf("%s: %q, want %q", what, got, want)
	}
	if f.Text != "" || f.After != 0 || len(want) == f.Limit {
		return
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error { // beside the list stands how many they are
		n, err := CountListed(ctx, tx, w.program.ID, f)
		if n != len(want) {
			w.t.Errorf("%s: counted %d, want %d", what, n, len(want))
		}
		return err
	})
}

func wantCounts(t *testing.T, what string, got Counts, enrolled, ineligible, unchanged, flagged int) {
	t.Helper()
	if got.Enrolled != enrolled || got.Ineligible != ineligible || got.Unchanged != unchanged || got.Flagged != flagged {
		t.Errorf("%s: %+v, want %d enrolled, %d ineligible, %d unchanged, %d flagged", what, got, enrolled, ineligible, unchanged, flagged)
	}
}

func TestAdmissionKnowsItsReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		name, city, grade string
		state             State
		reason            rules.Reason
	}{
		{"Elsewhere", "Lakeside", "01", Ineligible, rules.ReasonIneligible},
		{"Young", "Riverbend", "PK", Ineligible, rules.ReasonIneligible},
		{"Unknown", "", "01", Ineligible, rules.ReasonMissingFact},
		{"Right", "Riverbend", "KG", Enrolled, rules.ReasonEligible},
	} {
		id := w.child(test.name, "Test", func(p *family.Person, grade *string) { p.City, *grade = test.city, test.grade })
		counts := w.admit(id)
		e := w.of(id)
		if e.State != test.state || e.Reason != string(test.reason) || counts.Reasons[string(test.reason)] != 1 {
			t.Errorf("%s is %+v, counts %+v", test.name, e, counts)
		}
		why, err := rules.ParseWhy(e.Why)
		if err != nil || why.Reason != test.reason {
			t.Errorf("%s: why %+v, %v", test.name, why, err)
		}
		if (e.State == Enrolled) != (e.EnrolledOn == w.on) {
			t.Errorf("%s is enrolled on %s", test.name, e.EnrolledOn)
		}
		wantCounts(t, test.name+" again", w.admit(id), 0, 0, 1, 0)
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := Of(ctx, tx, w.program.ID, 999_999); !errors.Is(err, ErrNone) {
			t.Errorf("a stranger: %v", err)
		}
		counts, err := Count(ctx, tx, w.program.ID)
		if counts[Enrolled] != 1 || counts[Ineligible] != 3 {
			t.Errorf("counts = %v", counts)
		}
		return err
	})
}

func TestACheckEnrollsFlagsAndClears(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana := w.child("Ana", "Cruz", nil)
	leo := w.child("Leo", "Park", func(_ *family.Person, grade *string) { *grade = "PK" })
	wantCounts(t, "admitted", w.admit(ana, leo), 1, 1, 0, 0)
	wantCounts(t, "nothing has changed", w.check(w.on.AddDays(1), ana, leo), 0, 0, 2, 0)

	nextYear := w.on.AddYears(1)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		return family.SetSchoolings(ctx, tx, w.who, []family.Schooling{{Child: leo, School: w.schools[0].ID, Grade: "KG", From: nextYear}}, w.at)
	})
	wantCounts(t, "before the school year", w.check(nextYear.AddDays(-1), leo), 0, 0, 1, 0)
	wantCounts(t, "in kindergarten", w.check(nextYear, leo), 1, 0, 0, 0)
	if e := w.of(leo); e.State != Enrolled || e.EnrolledOn != nextYear {
		t.Errorf("Leo is %+v", e)
	}
	wantCounts(t, "checked again on the day of enrollment", w.check(nextYear, leo), 0, 0, 1, 0)

	move := func(city string, on ledger.Date) {
		w.do(func(ctx context.Context, tx *sqlx.Tx) error {
			known, err := family.Load(ctx, tx, w.who, w.keys, []family.ChildID{ana})
			if err != nil {
				return err
			}
			p := known[0].Person
			p.City = city
			return family.Update(ctx, tx, w.who, w.keys, []family.Change{{Child: ana, Person: p.Moved(known[0].Person, on)}}, w.at)
		})
	}
	move("Lakeside", nextYear)
	wantCounts(t, "the day before the move", w.check(nextYear.AddDays(-1), ana), 0, 0, 1, 0)
	wantCounts(t, "moved away", w.check(nextYear, ana), 0, 0, 0, 1)
	if e := w.of(ana); e.State != Enrolled || !e.Flagged || e.Reason != string(rules.ReasonIneligible) {
		t.Errorf("Ana is %+v: nothing ends by itself", e)
	}
	move("Riverbend", nextYear.AddMonths(1))
	w.check(nextYear.AddMonths(1), ana)
	if e := w.of(ana); e.Flagged || e.EnrolledOn != w.on {
		t.Errorf("back again, Ana is %+v", e)
	}
}

// A child who moved away keeps what it was given for living here then.
func TestAMoveTakesNothingBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana := w.child("Ana", "Cruz", nil)
	w.admit(ana)
	award := func(on ledger.Date) (tally savings.Tally) {
		w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
			_, tally, err = AwardChunk(ctx, tx, Walk{Who: w.who, Keys: w.keys, Program: w.program, Rules: w.rules, AsOf: on, At: w.at}, 0)
			return err
		})
		return tally
	}
	if got := award(w.on); got.Given != ledger.Minor(50_00) {
		t.Fatalf("seed: %+v", got)
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		known, err := family.Load(ctx, tx, w.who, w.keys, []family.ChildID{ana})
		if err != nil {
			return err
		}
		p := known[0].Person
		p.City = "Lakeside"
		return family.Update(ctx, tx, w.who, w.keys, []family.Change{{Child: ana, Person: p.Moved(known[0].Person, w.on.AddMonths(2))}}, w.at)
	})
	if got := award(w.on.AddMonths(3)); !got.Excess.IsZero() {
		t.Errorf("after the move, %s is to be taken back", got.Excess)
	}
}

func TestAccountNumbersAreNotUsedUpByChecks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana, leo := w.child("Ana", "Cruz", nil), w.child("Leo", "Park", nil)
	w.admit(ana)
	for i := range 20 {
		w.check(w.on.AddDays(i), ana)
	}
	w.admit(ana, leo)
	first, second := w.of(ana), w.of(leo)
	if second.ID != first.ID+1 {
		t.Errorf("the second account is %d, the first %d", second.ID, first.ID)
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		e, err := ByAccount(ctx, tx, w.program.ID, second.ID)
		if err != nil || e.Child != leo {
			t.Errorf("account %s is child %d, want %d", second.ID.Account(), e.Child, leo)
		}
		if _, err := ByAccount(ctx, tx, w.program.ID, second.ID+1); !errors.Is(err, ErrNone) {
			t.Errorf("an account that nobody has: %v", err)
		}
		return err
	})
	account, err := savings.ParseAccount(second.ID.Account().String())
	if err != nil || account != second.ID.Account() {
		t.Errorf("account %s is read as %d, %v", second.ID.Account(), account, err)
	}
}

func TestListsNarrowDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana := w.child("Ana", "Núñez", func(p *family.Person, _ *string) { p.StudentNumber = "004711" })
	w.child("Leo", "Nunez", func(_ *family.Person, grade *string) { *grade = "PK" })
	w.child("Mia", "Sato", func(_ *family.Person, grade *string) { *grade = "02" })
	w.child("Noah", "Elsewhere", nil) // known to the organization, not to the program
	w.admit(ana, ana+1, ana+2)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		return family.SetSchoolings(ctx, tx, w.who, []family.Schooling{{Child: ana + 2, School: w.schools[1].ID, From: w.on.AddDays(1)}}, w.at)
	})
	w.wantNames("everybody", Filter{}, "Núñez, Ana", "Nunez, Leo", "Sato, Mia")
	w.wantNames("participants", Filter{State: Enrolled}, "Núñez, Ana", "Sato, Mia")
	w.wantNames("not participants", Filter{State: Ineligible}, "Nunez, Leo")
	w.wantNames("one school", Filter{School: w.schools[1].ID}, "Sato, Mia")
	w.wantNames("one grade", Filter{Grade: "01"}, "Núñez, Ana")
	w.wantNames("a school and a grade that nobody is in", Filter{School: w.schools[1].ID, Grade: "01"})
	w.wantNames("a name without its accents", Filter{Text: "nunez"}, "Núñez, Ana", "Nunez, Leo")
	w.wantNames("a name and a state", Filter{Text: "nunez", State: Ineligible}, "Nunez, Leo")
	w.wantNames("a name in another order", Filter{Text: " Núñez  ana "}, "Núñez, Ana")
	w.wantNames("a name that nobody has", Filter{Text: "nobody"})
	w.wantNames("a child of no program", Filter{Text: "noah"})
	w.wantNames("a student number", Filter{Text: "004711"}, "Núñez, Ana")
	w.wantNames("a student number without its zeros", Filter{Text: "4711"})
	w.wantNames("an account number", Filter{Text: w.of(ana + 1).ID.Account().String()}, "Nunez, Leo")
	w.wantNames("signs only", Filter{Text: "%_'"})
	w.wantNames("a language", Filter{Language: "es"}, w.speaking("es")...)
	w.wantNames("who has saved", Filter{About: Saving})
	w.wantNames("who has not", Filter{About: NotSaving, State: Enrolled}, "Núñez, Ana", "Sato, Mia")
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := savings.PostDeposits(ctx, tx, w.who, w.program, []savings.Deposit{{Reference: "D1", Child: ana + 2, Amount: ledger.Minor(5_00), On: w.on, Channel: "ach"}}, 0, w.at)
		return err
	})
	w.wantNames("who has saved, then", Filter{About: Saving}, "Sato, Mia")
	w.wantNames("who waits for money", Filter{About: Waiting})
	w.wantNames("who is to be looked at", Filter{About: ToLookAt})
	w.wantNames("who is at no school", Filter{About: NoSchool})
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		n, err := CountListed(ctx, tx, w.program.ID, Filter{State: Enrolled, After: ana})
		if n != 2 {
			t.Errorf("counted %d participants, want 2, whichever page is shown", n)
		}
		similar, err2 := Similar(ctx, tx, w.who, w.keys, w.program.ID, "Nunyez", 10)
		if len(similar) != 2 || similar[0].Person.Given != "Ana" {
			t.Errorf("similar to Nunyez: %+v", similar)
		}
		return errors.Join(err, err2)
	})
	if rows := w.list(Filter{Text: "mia", Limit: 10}); len(rows) != 1 || rows[0].School != "South" || rows[0].Grade != "02" || rows[0].State != Enrolled {
		t.Errorf("rows = %+v", rows)
	}
}

// speaking are the names of the program's children who read a language.
func (w *world) speaking(code string) (out []string) {
	for _, r := range w.list(Filter{Limit: 100}) {
		if r.Language == code {
			out = append(out, r.Person.ListName())
		}
	}
	return out
}

func TestPagesStayRightWhileChildrenCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var want []family.ChildID
	add := func(n int) {
		for i := range n {
			id := w.child(fmt.Sprintf("Kim%d", i), "Test", nil)
			w.admit(id)
			want = append(want, id)
		}
	}
	add(7)
	for _, text := range []string{"", "kim"} {
		var got []family.ChildID
		f := Filter{Text: text, Limit: 3}
		for {
			page := w.list(f)
			for _, r := range page {
				got = append(got, r.Child)
			}
			if len(page) < f.Limit {
				break
			}
			f.After = page[len(page)-1].Child
			if len(got) == 3 {
				add(3)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("search %q: pages hold %v, want %v", text, got, want)
		}
	}
}

// A page of hits may hold few children of the program, and none of the state
// that is asked for.
func TestASearchGoesOnBehindHitsThatAreFilteredOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 9 {
		id := w.child(fmt.Sprintf("Kim%d", i), "Test", func(_ *family.Person, grade *string) {
			if i != 8 {
				*grade = "PK"
			}
		})
		w.admit(id)
	}
	w.wantNames("the ninth", Filter{Text: "kim", State: Enrolled, Limit: 2}, "Test, Kim8")
}

func TestMoneyIsTheFamilysTheProgramsAndWhatIsComing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana, leo := w.child("Ana", "Cruz", nil), w.child("Leo", "Park", nil)
	w.admit(ana, leo)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := savings.PostDeposits(ctx, tx, w.who, w.program, []savings.Deposit{{Reference: "D1", Child: ana, Amount: ledger.Minor(15_00), On: w.on, Channel: "cash"}}, 0, w.at)
		if err != nil {
			return err
		}
		_, _, err = AwardChunk(ctx, tx, Walk{Who: w.who, Keys: w.keys, Program: w.program, Rules: w.rules, AsOf: w.on.AddDays(1), At: w.at}, 0)
		return err
	})
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		got, err := MoneyOf(ctx, tx, w.program, []family.ChildID{ana, leo, 999_999})
		if want := (Money{ledger.Minor(15_00), ledger.Minor(50_00), ledger.Minor(15_00)}); got[ana] != want || got[ana].Total() != ledger.Minor(65_00) {
			t.Errorf("Ana has %+v, want %+v", got[ana], want)
		}
		if want := (Money{Program: ledger.Minor(50_00)}); got[leo] != want || got[999_999] != (Money{}) {
			t.Errorf("Leo has %+v, want %+v", got[leo], want)
		}
		return err
	})
}

func TestChunksWalkTheWholeCaseloadOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana, leo := w.child("Ana", "Cruz", nil), w.child("Leo", "Park", func(_ *family.Person, grade *string) { *grade = "PK" })
	w.admit(ana, leo)
	walk := Walk{Who: w.who, Keys: w.keys, Program: w.program, Rules: w.rules, AsOf: w.on, At: w.at}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		last, counts, err := CheckChunk(ctx, tx, walk, 0)
		if err != nil || last != leo || counts.Unchanged != 2 {
			t.Errorf("checked up to %d: %+v", last, counts)
		}
		if last, _, err = CheckChunk(ctx, tx, walk, last); err != nil || last != 0 {
			t.Errorf("behind the last: %d, %v", last, err)
		}
		next, tally, err := AwardChunk(ctx, tx, walk, 0)
		if next != 0 || tally.Children != 1 || tally.Given != ledger.Minor(50_00) {
			t.Errorf("then at %d: %+v; only participants are looked at", next, tally)
		}
		return err
	})
}

// A district's student number of eight digits may look like an account number,
// and may even be another child's.
func TestANumberThatMeansTwoChildrenIsNobodys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana, leo := w.child("Ana", "Cruz", nil), w.child("Leo", "Park", nil)
	w.admit(ana, leo)
	account, other := w.of(ana).ID.Account(), savings.Account(7_654_321) // nobody's account
	mia := w.child("Mia", "Sato", func(p *family.Person, _ *string) { p.StudentNumber = account.String() })
	zoe := w.child("Zoe", "Diaz", func(p *family.Person, _ *string) { p.StudentNumber = other.String() })
	w.admit(mia, zoe)
	file := "reference,account,student,date,amount\n" +
		"A," + account.String() + ",,2026-09-02,10\n" + // Ana's account, Mia's student number
		"B," + w.of(leo).ID.Account().String() + ",,2026-09-02,10\n" +
		"C," + other.String() + ",,2026-09-02,10\n" + // looks like an account
		"D," + w.of(leo).ID.Account().String() + "," + other.String() + ",2026-09-02,10\n" // Leo's account, Zoe's number
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		in, err := savings.Preview(ctx, tx, w.who, w.keys, w.program, "deposits.csv", strings.NewReader(file), w.on.AddDays(5))
		if err != nil {
			return err
		}
		var got []family.ChildID
		for _, d := range in.Deposits {
			got = append(got, d.Child)
		}
		if want := []family.ChildID{0, leo, zoe, 0}; !slices.Equal(got, want) {
			t.Errorf("deposits are for %v, want %v: %+v", got, want, in.File.Problems)
		}
		return nil
	})
}

package bulk

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/approval"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
	"seedbook/service/vault"
)

const townRules = `
program: {id: town, name: Town, currency: USD, time_zone: America/Chicago, rounding: half_up, leap_day: feb_28}
calendar: {school_year: 07-01}
versions: [{id: v1, effective_from: 2020-07-01}]
facts:
  - {name: low_income, type: yes_no, says: {en: low income, es: bajos ingresos}}
  - {name: foster, type: yes_no, says: {en: foster care, es: cuidado de crianza}}
events:
  - {name: workshop, says: {en: a workshop, es: un taller}}
enrollment: {mode: auto_opt_out}
benefits:
  - id: workshop
    kind: incentive
    trigger: event(workshop)
    amount: {fixed: 20.00}
    period: once
    funding: {sources: [{fund: CITY}]}
`

// town is a program of children at one school, with another school near by.
type town struct {
	t        *testing.T
	db       *store.DB
	desk     Desk // of who orders
	other    Desk // of somebody else
	book     *rules.Book
	schools  []program.School
	children []family.ChildID
	keys     int
}

func newTown(t *testing.T, n int) *town {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &town{t: t, db: db, desk: Desk{Keys: vault.Random(), At: time.Date(2026, 9, 15, 12, 0, 0, 0, time.UTC)}}
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &w.desk.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Town', $1) RETURNING id`, w.desk.At)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.desk.Actor = "maker"
	w.do(w.addProgram)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error { return w.enroll(ctx, tx, n) })
	w.other = w.desk
	w.other.Actor = "other"
	return w
}

func (w *town) addProgram(ctx context.Context, tx *sqlx.Tx) (err error) {
	d := &w.desk
	d.Program, err = program.Add(ctx, tx, d.Who, program.Program{Code: "town", Name: "Town", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, d.At)
	if err != nil {
		return err
	}
	if err := fund.Open(ctx, tx, d.Who, d.Program, d.At); err != nil {
		return err
	}
	city, err := fund.Add(ctx, tx, d.Who, d.Program, fund.Fund{Code: "CITY", Name: "City", Funder: "City"}, d.At)
	if err != nil {
		return err
	}
	if err := fund.Receive(ctx, tx, d.Who, d.Program, fund.Receipt{Fund: city, Kind: fund.Grant, Amount: ledger.Minor(1_000_00), On: ledger.NewDate(2026, 9, 1), Reference: "grant"}, d.At); err != nil {
		return err
	}
	hash, err := program.Draft(ctx, tx, d.Who, d.Program.ID, []byte(townRules), d.At)
	if err != nil {
		return err
	}
	if err := program.Approve(ctx, tx, store.Who{Tenant: d.Tenant, Actor: "checker"}, d.Program.ID, hash, d.At); err != nil {
		return err
	}
	if w.book, err = program.RulesOn(ctx, tx, d.Program.ID, d.today()); err != nil {
		return err
	}
	w.schools, err = program.PutSchools(ctx, tx, d.Who, []program.School{{Code: "1", Name: "Oak"}, {Code: "2", Name: "Elm"}}, d.At)
	return err
}

func (w *town) enroll(ctx context.Context, tx *sqlx.Tx, n int) error {
	d := w.desk
	var families []family.New
	for i := range n {
		person := family.Person{Given: "Ana", Family: fmt.Sprintf("Test %d", i), BornOn: ledger.NewDate(2019, 5, 1)}
		families = append(families, family.New{Children: []family.NewChild{{Person: person}}})
	}
	ids, err := family.Add(ctx, tx, d.Who, d.Keys, families, d.At)
	if err != nil {
		return err
	}
	var applications []enroll.Application
	var schoolings []family.Schooling
	for _, of := range ids {
		w.children = append(w.children, of[0])
		applications = append(applications, enroll.Application{Child: of[0], On: ledger.NewDate(2026, 8, 15)})
		schoolings = append(schoolings, family.Schooling{Child: of[0], School: w.schools[0].ID, Grade: "01", From: ledger.NewDate(2026, 8, 15)})
	}
	if _, err := enroll.Admit(ctx, tx, d.Who, d.Keys, d.Program, w.book, applications, d.At); err != nil {
		return err
	}
	return family.SetSchoolings(ctx, tx, d.Who, schoolings, d.At)
}

func (w *town) try(fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	w.t.Helper()
	return w.db.InTx(w.t.Context(), w.desk.Who, func(tx *sqlx.Tx) error { return fn(w.t.Context(), tx) })
}

func (w *town) do(fn func(ctx context.Context, tx *sqlx.Tx) error) {
	w.t.Helper()
	if err := w.try(fn); err != nil {
		w.t.Fatal(err)
	}
}

// choose begins an action with children.
func (w *town) choose(ids ...family.ChildID) (id ID) {
	w.t.Helper()
	w.keys++
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		id, err = Choose(ctx, tx, w.desk, Choosing{Key: fmt.Sprint(w.keys), IDs: ids})
		return err
	})
	return id
}

func (w *town) draw(id ID, o Order) error {
	return w.try(func(ctx context.Context, tx *sqlx.Tx) error { return Draw(ctx, tx, w.desk, id, o) })
}

func (w *town) load(id ID) (b Bulk) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		b, err = Load(ctx, tx, w.desk.Program.ID, id)
		return err
	})
	return b
}

// done chooses, orders and does.
func (w *town) done(o Order, ids ...family.ChildID) Bulk {
	w.t.Helper()
	id := w.choose(ids...)
	if err := w.draw(id, o); err != nil {
		w.t.Fatal(err)
	}
	if err := Apply(w.t.Context(), w.db, w.desk, id); err != nil {
		w.t.Fatal(err)
	}
	return w.load(id)
}

func (w *town) says(id ID) string {
	b := w.load(id)
	return fmt.Sprint(b.State, " ", b.Counts.By, " ", b.Counts.Why)
}

func (w *town) undo(id ID) {
	w.t.Helper()
	if err := Undo(w.t.Context(), w.db, w.other, id, "The wrong list."); err != nil {
		w.t.Fatal(err)
	}
}

var workshop = Order{Action: Event, What: "workshop", On: ledger.NewDate(2026, 9, 10)}

func TestWhatCannotBeDoneInBulkIsRefused(t *testing.T) {
	t.Parallel()
	w := newTown(t, 2)
	id := w.choose(w.children...)
	day := ledger.NewDate(2026, 9, 10)
	for what, o := range map[string]Order{
		"a milestone that the rules do not know": {Action: Event, What: "party", On: day},
		"a day to come":                          {Action: Event, What: "workshop", On: ledger.NewDate(2026, 9, 16)},
		"no day":                                 {Action: Event, What: "workshop"},
		"a fact for who needs to know":           {Action: Fact, What: "foster", Yes: true, On: day},
		"a purpose that there is not":            {Action: Consent, What: "party", On: day},
		"a death":                                {Action: Hold, What: "death", Why: "x"},
		"a school that there is not":             {Action: Transfer, School: 77, On: day},
		"leaving":                                {Action: "opt_out", On: day},
	} {
		if err := w.draw(id, o); !errors.Is(err, ErrOrder) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := w.draw(id, Order{Action: Hold, What: "legal"}); !errors.Is(err, family.ErrReason) {
		t.Errorf("a hold without a reason: %v", err)
	}
	if err := Apply(t.Context(), w.db, w.desk, id); !errors.Is(err, ErrState) {
		t.Errorf("begun before anybody saw it: %v", err)
	}
	w.desk.Program.ID += 77
	if err := w.draw(id, workshop); !errors.Is(err, ErrNone) {
		t.Errorf("from another program: %v", err)
	}
}

func TestAMilestoneIsRecordedOnceInBatchesAndTakenBack(t *testing.T) {
	t.Parallel()
	w := newTown(t, 3*batch/2)
	all := w.children
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := family.RecordEvents(ctx, tx, w.desk.Who, w.desk.Program.ID, []family.Event{{Child: all[0], Kind: "workshop", On: workshop.On, Reference: "slip 1", Source: "slip"}}, w.desk.At)
		return err
	})
	id := w.choose(append([]family.ChildID{9_999_999}, all...)...)
	if err := w.draw(id, workshop); err != nil {
		t.Fatal(err)
	}
	b := w.load(id)
	if b.Chosen != len(all) || b.Counts.By[Ready] != len(all)-1 || b.Counts.Why["known/happened"] != 1 {
		t.Fatalf("drawn: %d of %v %v", b.Chosen, b.Counts.By, b.Counts.Why)
	}
	if want := ledger.Minor(int64(len(all)-1) * 20_00); b.Counts.Total() != want || b.Counts.Cost[0].Fund != "CITY" || b.Counts.Funds["CITY"] != "1000.00" {
		t.Errorf("it costs %+v, has %v", b.Counts.Cost, b.Counts.Funds)
	}
	// Somebody stops it after the first batch; then it goes on.
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, _, err := begin(ctx, tx, w.desk, id)
		return err
	})
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		rows, err := next(ctx, tx, w.desk, w.load(id))
		if err != nil {
			return err
		}
		return note(ctx, tx, w.desk, id, rows)
	})
	w.do(func(ctx context.Context, tx *sqlx.Tx) error { return Stop(ctx, tx, w.desk, id) })
	if b := w.load(id); b.State != Stopped || b.Done != batch || b.Counts.By[Ready] != len(all)-1-batch {
		t.Fatalf("stopped: %s at %d, %v", b.State, b.Done, b.Counts.By)
	}
	for range 2 { // going on, and again when all is done
		if err := Apply(t.Context(), w.db, w.desk, id); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.says(id); got != fmt.Sprintf("done map[done:%d known:1] map[known/happened:1]", len(all)-1) {
		t.Errorf("in the end: %s", got)
	}
	count := func() (n int) {
		w.do(func(ctx context.Context, tx *sqlx.Tx) error {
			events, err := family.EventsOf(ctx, tx, w.desk.Program.ID, all)
			n = len(events)
			return err
		})
		return n
	}
	if n := count(); n != len(all) {
		t.Errorf("%d milestones of %d children", n, len(all))
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error { // one is taken back singly meanwhile
		_, err := family.UndoEvents(ctx, tx, w.desk.Who, w.desk.Program.ID, []family.Reported{{Child: all[5], Name: "workshop", Reference: id.Subject()}}, "by hand", w.desk.At)
		return err
	})
	late := w.other
	late.At = w.desk.At.AddDate(0, 0, UndoDays+1)
	if err := Undo(t.Context(), w.db, late, id, "Too late."); !errors.Is(err, ErrLate) {
		t.Errorf("undone after a month: %v", err)
	}
	if err := Undo(t.Context(), w.db, w.other, id, " "); !errors.Is(err, approval.ErrReason) {
		t.Errorf("undone for no reason: %v", err)
	}
	w.undo(id)
	w.undo(id) // again changes nothing
	if got := w.says(id); got != fmt.Sprintf("undone map[kept:1 known:1 undone:%d] map[kept/taken_back_since:1 known/happened:1]", len(all)-2) {
		t.Errorf("undone: %s", got)
	}
	if n := count(); n != 1 {
		t.Errorf("%d milestones are left, want the one from the slip", n)
	}
}

func TestWhatChangedSinceItWasShownIsShownAgain(t *testing.T) {
	t.Parallel()
	w := newTown(t, 2)
	id := w.choose(w.children...)
	if err := w.draw(id, workshop); err != nil {
		t.Fatal(err)
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := family.RecordEvents(ctx, tx, w.desk.Who, w.desk.Program.ID, []family.Event{{Child: w.children[0], Kind: "workshop", On: workshop.On, Reference: "slip", Source: "slip"}}, w.desk.At)
		return err
	})
	if err := Apply(t.Context(), w.db, w.desk, id); !errors.Is(err, ErrStale) {
		t.Errorf("done unseen: %v", err)
	}
	if got := w.says(id); got != "drawn map[known:1 ready:1] map[known/happened:1]" {
		t.Errorf("shown again: %s", got)
	}
	if err := Apply(t.Context(), w.db, w.desk, id); err != nil {
		t.Error(err)
	}
}

func TestConsentsFactsAndSchoolsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	w := newTown(t, 4)
	day := workshop.On
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		for _, c := range []family.Consent{{Child: w.children[0], Purpose: "photo", Given: true, From: ledger.NewDate(2026, 9, 1), Reference: "paper"}, {Child: w.children[1], Purpose: "photo", From: ledger.NewDate(2026, 9, 14), Reference: "paper"}} {
			if err := family.RecordConsent(ctx, tx, w.desk.Who, w.desk.Keys, c, w.desk.today(), w.desk.At); err != nil {
				return err
			}
		}
		return nil
	})
	no := w.done(Order{Action: Consent, What: "photo", On: day}, w.children...)
	if got := fmt.Sprint(no.Counts.By, no.Counts.Why); got != "map[done:3 refused:1] map[refused/later:1]" {
		t.Errorf("consents: %s", got)
	}
	poor := w.done(Order{Action: Fact, What: "low_income", Yes: true, On: day}, w.children[:2]...)
	moved := w.done(Order{Action: Transfer, School: w.schools[1].ID, On: day}, w.children[:3]...)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		if err := family.RecordConsent(ctx, tx, w.desk.Who, w.desk.Keys, family.Consent{Child: w.children[3], Purpose: "photo", Given: true, From: day, Reference: "later"}, w.desk.today(), w.desk.At); err != nil {
			return err
		}
		if _, err := family.RecordFacts(ctx, tx, w.desk.Who, w.desk.Keys, []family.Fact{{Child: w.children[1], Name: "low_income", Value: false, From: day, Known: w.desk.today(), Reference: "tax", Source: "tax"}}, w.desk.At.Add(time.Minute)); err != nil {
			return err
		}
		return family.SetSchoolings(ctx, tx, w.desk.Who, []family.Schooling{{Child: w.children[2], School: w.schools[0].ID, From: w.desk.today()}}, w.desk.At)
	})
	for _, b := range []Bulk{no, poor, moved} {
		w.undo(b.ID)
	}
	for id, want := range map[ID]string{
		no.ID:    "undone map[kept:1 refused:1 undone:2] map[kept/said_since:1 refused/later:1]",
		poor.ID:  "undone map[kept:1 undone:1] map[kept/said_since:1]",
		moved.ID: "undone map[kept:1 undone:2] map[kept/moved_since:1]",
	} {
		if got := w.says(id); got != want {
			t.Errorf("action %d: %s, want %s", id, got, want)
		}
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		now, err := family.ConsentsNow(ctx, tx, w.children, "photo")
		if err != nil {
			return err
		}
		if !now[w.children[0]].Given || len(now) != 3 || !now[w.children[3]].Given {
			t.Errorf("consents in the end: %+v", now)
		}
		facts, err := family.FactsOf(ctx, tx, w.desk.Who, w.desk.Keys, w.children)
		if err != nil {
			return err
		}
		for _, f := range facts {
			if f.Source == no.ID.Subject() && f.Child != w.children[3] || f.Source == poor.ID.Subject() && f.Child == w.children[0] {
				t.Errorf("a fact is left: %+v", f)
			}
		}
		schools, err := family.SchoolsNow(ctx, tx, w.children)
		for _, id := range w.children {
			if s := schools[id]; s.School != w.schools[0].ID || s.Grade != "01" {
				t.Errorf("child %d is at %d in grade %s", id, s.School, s.Grade)
			}
		}
		return err
	})
}

func TestHoldsAreLiftedByAnotherPerson(t *testing.T) {
	t.Parallel()
	w := newTown(t, 3)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		return family.PlaceHold(ctx, tx, w.other.Who, w.desk.Keys, w.children[0], family.Hold{Kind: family.LegalHold, Why: "A court's letter."}, w.desk.At)
	})
	held := w.done(Order{Action: Hold, What: "legal", Why: "A court's letter."}, w.children...)
	if got := fmt.Sprint(held.Counts.By, held.Counts.Why); got != "map[done:2 known:1] map[known/held:1]" {
		t.Errorf("held: %s", got)
	}
	lift := w.choose(w.children...)
	if err := w.draw(lift, Order{Action: Lift, What: "legal", Why: "The case is over."}); err != nil {
		t.Fatal(err)
	}
	if got := w.says(lift); got != "drawn map[ready:1 refused:2] map[refused/own_hold:2]" {
		t.Errorf("one's own holds: %s", got)
	}
	if err := Undo(t.Context(), w.db, w.desk, held.ID, "Not these."); !errors.Is(err, family.ErrHoldSamePerson) {
		t.Errorf("who placed them takes them back: %v", err)
	}
	if err := Apply(t.Context(), w.db, w.desk, lift); err != nil {
		t.Fatal(err)
	}
	w.undo(held.ID)
	w.undo(lift)
	if got := w.says(held.ID) + "; " + w.says(lift); got != "undone map[known:1 undone:2] map[known/held:1]; undone map[refused:2 undone:1] map[refused/own_hold:2]" {
		t.Errorf("taken back: %s", got)
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		open, err := family.OpenHolds(ctx, tx, w.children, family.LegalHold)
		if err == nil && (len(open) != 1 || open[w.children[0]].ID == 0) {
			t.Errorf("in the end held: %v", open)
		}
		return err
	})
}

func TestTheSameFormChoosesOnceAndAllIsASecondStep(t *testing.T) {
	t.Parallel()
	w := newTown(t, 5)
	id := w.choose(w.children[:2]...)
	w.keys--
	if again := w.choose(w.children...); again != id || w.load(id).Chosen != 2 {
		t.Errorf("the same form chose %d, then %d", id, again)
	}
	all := func(f enroll.Filter) error {
		return w.try(func(ctx context.Context, tx *sqlx.Tx) error { return TakeAll(ctx, tx, w.desk, id, f) })
	}
	if err := all(enroll.Filter{Text: "Ana"}); !errors.Is(err, ErrSearched) {
		t.Errorf("all of a search: %v", err)
	}
	if err := all(enroll.Filter{School: w.schools[1].ID}); !errors.Is(err, ErrNobody) {
		t.Errorf("all of nobody: %v", err)
	}
	if err := all(enroll.Filter{School: w.schools[0].ID, Limit: 2}); err != nil || w.load(id).Chosen != 5 || !w.load(id).Every {
		t.Errorf("all: %v, %+v", err, w.load(id))
	}
}

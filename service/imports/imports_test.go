package imports

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/approval"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/roster"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// town is a program with three children, for tests.
type town struct {
	db       *store.DB
	desk     Desk
	children []family.ChildID
	accounts []string
	book     *rules.Book
}

func newTown(t *testing.T) *town {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	at := time.Date(2026, 9, 15, 12, 0, 0, 0, time.UTC)
	w := &town{db: db, desk: Desk{Keys: vault.Random(), At: at}}
	w.desk.Actor = "test"
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &w.desk.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Riverbend', $1) RETURNING id`, at)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.addProgram(t)
	w.enroll(t)
	return w
}

// addProgram sets up a program of the roster's rule book, with a fund.
func (w *town) addProgram(t *testing.T) {
	t.Helper()
	book, err := os.ReadFile("testdata/town.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var hash string
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		w.desk.Program, err = program.Add(ctx, tx, w.desk.Who, program.Program{
			Code: "grandbend", Name: "Grand Bend Savings", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, w.desk.At)
		if err != nil {
			return err
		}
		if err := fund.Open(ctx, tx, w.desk.Who, w.desk.Program, w.desk.At); err != nil {
			return err
		}
		city, err := fund.Add(ctx, tx, w.desk.Who, w.desk.Program, fund.Fund{Code: "CITY", Name: "City seed fund", Funder: "City"}, w.desk.At)
		if err != nil {
			return err
		}
		err = fund.Receive(ctx, tx, w.desk.Who, w.desk.Program, fund.Receipt{Fund: city, Kind: fund.Grant, Amount: ledger.Minor(100_000_00), On: ledger.NewDate(2026, 9, 1), Reference: "grant"}, w.desk.At)
		if err != nil {
			return err
		}
		hash, err = program.Draft(ctx, tx, w.desk.Who, w.desk.Program.ID, book, w.desk.At)
		return err
	})
	checker := store.Who{Tenant: w.desk.Tenant, Actor: "checker"}
	err = w.db.InTx(t.Context(), checker, func(tx *sqlx.Tx) error {
		if err := program.Approve(t.Context(), tx, checker, w.desk.Program.ID, hash, w.desk.At); err != nil {
			return err
		}
		w.book, err = program.RulesOn(t.Context(), tx, w.desk.Program.ID, ledger.NewDate(2026, 9, 15))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// enroll adds children of different families, who take part.
func (w *town) enroll(t *testing.T) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		var families []family.New
		for i, name := range []string{"Ana", "Linh", "Omar"} {
			families = append(families, family.New{Children: []family.NewChild{{Person: family.Person{Given: name, Family: "Test", BornOn: ledger.NewDate(2020, 3, 1+i), StudentNumber: fmt.Sprintf("00%d", i+1)}}}})
		}
		ids, err := family.Add(ctx, tx, w.desk.Who, w.desk.Keys, families, w.desk.At)
		if err != nil {
			return err
		}
		for _, of := range ids {
			w.children = append(w.children, of...)
		}
		var applications []enroll.Application
		for _, id := range w.children {
			applications = append(applications, enroll.Application{Child: id, On: ledger.NewDate(2026, 9, 1)})
		}
		if _, err := enroll.Admit(ctx, tx, w.desk.Who, w.desk.Keys, w.desk.Program, w.book, applications, w.desk.At); err != nil {
			return err
		}
		accounts, err := enroll.Accounts(ctx, tx, w.desk.Program.ID, w.children)
		for _, id := range w.children {
			w.accounts = append(w.accounts, accounts[id].String())
		}
		return err
	})
}

func (w *town) do(t *testing.T, fn func(ctx context.Context, tx *sqlx.Tx) error) {
	t.Helper()
	if err := w.try(t, fn); err != nil {
		t.Fatal(err)
	}
}

func (w *town) try(t *testing.T, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	return w.db.InTx(t.Context(), w.desk.Who, func(tx *sqlx.Tx) error { return fn(t.Context(), tx) })
}

func (w *town) receive(t *testing.T, k Kind, name, data string) (Receipt, error) {
	t.Helper()
	return Receive(t.Context(), w.db, w.desk, Upload{Kind: k, Source: "Bank", FileName: name, Data: []byte(data)})
}

func (w *town) load(t *testing.T, id ID) (f File) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		f, err = Load(ctx, tx, w.desk, id)
		return err
	})
	return f
}

func (w *town) apply(t *testing.T, id ID) {
	t.Helper()
	if err := Apply(t.Context(), w.db, w.desk, id, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
}

// own is a child's own money.
func (w *town) own(t *testing.T, child family.ChildID) (sum ledger.Amount) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		money, err := enroll.MoneyOf(ctx, tx, w.desk.Program, []family.ChildID{child})
		sum = money[child].Own
		return err
	})
	return sum
}

func (w *town) deposits() string {
	return "reference,account,date,amount,channel\n" +
		"A1," + w.accounts[0] + ",2026-09-03,25.00,cash\n" +
		"A2,unknown,2026-09-03,5.00,cash\n" +
		"A3," + w.accounts[1] + ",2026-09-33,10.00,cash\n" +
		"A4," + w.accounts[2] + ",2026-09-04,ten,cash\n"
}

func TestGoodRowsAreAppliedAndRejectedOnesComeBackMended(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r, err := w.receive(t, Deposits, "bank.csv", w.deposits())
	if err != nil {
		t.Fatal(err)
	}
	f := w.load(t, r.File)
	if f.State != Checked || fmt.Sprint(f.Counts.By) != "map[new:1 rejected:2 suspense:1]" || f.Counts.Sums[New].String() != "25.00" {
		t.Fatalf("checked %+v", f.Counts)
	}
	if len(f.Counts.Cost) != 1 || f.Counts.Cost[0].Amount.String() != "12.50" || f.Counts.Cost[0].Fund != "CITY" {
		t.Errorf("it would earn %+v, want a match of 12.50 from CITY", f.Counts.Cost)
	}
	if got := w.own(t, w.children[0]); !got.IsZero() {
		t.Errorf("a preview posted %s", got)
	}
	w.apply(t, r.File)
	w.apply(t, r.File) // again changes nothing
	if got := w.own(t, w.children[0]); got.String() != "25.00" {
		t.Errorf("own money %s, want 25.00", got)
	}
	mended := "reference,account,date,amount,channel,Seedbook line,Seedbook reason\n" +
		"A3," + w.accounts[1] + ",2026-09-13,10.00,cash,4,unreadable\nA4," + w.accounts[2] + ",2026-09-04,10.00,cash,5,unreadable\n"
	r, err = w.receive(t, Deposits, "mended.csv", mended)
	if err != nil || fmt.Sprint(w.load(t, r.File).Counts.By) != "map[new:2]" {
		t.Fatalf("mended: %v, %+v", err, w.load(t, r.File).Counts)
	}
	w.apply(t, r.File)
	if got := w.own(t, w.children[1]); got.String() != "10.00" {
		t.Errorf("own money %s, want 10.00", got)
	}
}

func TestTheSameFileTwiceChangesNothingAndSaysSo(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	first, err := w.receive(t, Deposits, "bank.csv", w.deposits())
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.receive(t, Deposits, "again.csv", w.deposits())
	if f, _ := fault.Of(err); !errors.Is(err, ErrSame) || f.Args["id"] != int64(first.File) {
		t.Errorf("the same file again: %v", err)
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error { return Discard(ctx, tx, w.desk, first.File) })
	if _, err := w.receive(t, Deposits, "again.csv", w.deposits()); err != nil {
		t.Errorf("after it was put aside: %v", err)
	}
}

func TestAWholeImportIsUndoneAndTheSameFileComesAgain(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r, err := w.receive(t, Deposits, "bank.csv", w.deposits())
	if err != nil {
		t.Fatal(err)
	}
	w.apply(t, r.File)
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := UndoAlone(ctx, tx, w.desk, r.File); !errors.Is(err, approval.ErrNeeded) {
			t.Errorf("money moved by one person: %v", err)
		}
		return Undo(ctx, tx, w.desk, r.File, "approval/1")
	})
	if got := w.own(t, w.children[0]); !got.IsZero() {
		t.Errorf("own money %s after the undo", got)
	}
	if f := w.load(t, r.File); f.State != Undone || f.UndoRef != "approval/1" {
		t.Errorf("state %s, %q", f.State, f.UndoRef)
	}
	for range 2 { // the same file after each undo
		r, err = w.receive(t, Deposits, "bank.csv", w.deposits())
		if err != nil {
			t.Fatal(err)
		}
		if by := fmt.Sprint(w.load(t, r.File).Counts.By); by != "map[new:1 rejected:2 suspense:1]" {
			t.Fatalf("again: %s", by)
		}
		w.apply(t, r.File)
		if got := w.own(t, w.children[0]); got.String() != "25.00" {
			t.Errorf("own money %s, want 25.00", got)
		}
		w.do(t, func(ctx context.Context, tx *sqlx.Tx) error { return Undo(ctx, tx, w.desk, r.File, "approval/2") })
	}
	if got := w.own(t, w.children[0]); !got.IsZero() {
		t.Errorf("own money %s in the end", got)
	}
}

func TestWhatLaterDependsOnDepositsIsInTheWayOfTheirUndo(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r, err := w.receive(t, Deposits, "bank.csv", w.deposits())
	if err != nil {
		t.Fatal(err)
	}
	w.apply(t, r.File)
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		id, err := savings.DepositByReference(ctx, tx, w.desk.Program.ID, "A1")
		if err != nil {
			return err
		}
		if _, err := savings.Return(ctx, tx, w.desk.Who, w.desk.Program, savings.BankReturn{Deposit: id, On: ledger.NewDate(2026, 9, 10), Code: "R01"}, w.desk.At); err != nil {
			return err
		}
		id, err = savings.DepositByReference(ctx, tx, w.desk.Program.ID, "A2")
		if err != nil {
			return err
		}
		return savings.Identify(ctx, tx, w.desk.Who, w.desk.Program, savings.Identification{Deposit: id, Child: w.children[1], On: ledger.NewDate(2026, 9, 12)}, w.desk.At)
	})
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		u, err := UndoOf(ctx, tx, w.desk, r.File)
		if err != nil {
			return err
		}
		var codes []string
		for _, o := range u.Obstacles {
			codes = append(codes, fmt.Sprint(o.Code, o.N))
		}
		if got := strings.Join(codes, " "); got != "identified1 returned1 spent1" {
			t.Errorf("in the way: %s", got)
		}
		return nil
	})
	err = w.try(t, func(ctx context.Context, tx *sqlx.Tx) error { return Undo(ctx, tx, w.desk, r.File, "approval/1") })
	if !errors.Is(err, ErrDepended) {
		t.Errorf("undone all the same: %v", err)
	}
}

func TestFactsAndEvidenceAreRetractedAndComeAgain(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for _, test := range []struct {
		kind Kind
		text string
	}{
		{Facts, "student,fact,value,from,reference\n001,residence,in_area,2026-09-01,f1\n002,residence,in_area,2026-09-01,f2\n"},
		{Evidence, "student,event,period,quantity,verified\n001,claimed,2026-08,2,yes\n001,claimed,2026-08,1,yes\n002,claimed,2026-08,,no\n"},
	} {
		known := func() (n int) {
			w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
				facts, err := family.FactsOf(ctx, tx, w.desk.Who, w.desk.Keys, w.children)
				if err != nil {
					return err
				}
				events, err := family.EventsOf(ctx, tx, w.desk.Program.ID, w.children)
				n = len(facts) + len(events)
				return err
			})
			return n
		}
		for range 3 {
			r, err := w.receive(t, test.kind, "x.csv", test.text)
			if err != nil {
				t.Fatal(err)
			}
			if f := w.load(t, r.File); f.Counts.By[New] != 2 {
				t.Fatalf("%s: %+v", test.kind, f.Counts)
			}
			w.apply(t, r.File)
			if n := known(); n != 2 {
				t.Errorf("%s: %d known after it was applied", test.kind, n)
			}
			w.do(t, func(ctx context.Context, tx *sqlx.Tx) error { return UndoAlone(ctx, tx, w.desk, r.File) })
			if n := known(); n != 0 {
				t.Errorf("%s: %d known after the undo", test.kind, n)
			}
		}
	}
}

func TestAnAgreementThatHasEndedRefusesTheFile(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	note := func(until ledger.Date) {
		w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			return NoteAgreement(ctx, tx, w.desk, "Bank", "DSA-1", until)
		})
	}
	note(ledger.NewDate(2026, 9, 14))
	for _, k := range Kinds {
		if _, err := w.receive(t, k, "x.csv", w.deposits()); !errors.Is(err, ErrExpired) {
			t.Errorf("%s: %v", k, err)
		}
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		ended, soon, err := Expiring(ctx, tx, w.desk.Program.ID, ledger.NewDate(2026, 9, 15), 60)
		if ended != 1 || soon != 0 {
			t.Errorf("%d ended, %d soon", ended, soon)
		}
		return err
	})
	note(ledger.NewDate(2026, 9, 15)) // the last day is in time
	r, err := w.receive(t, Deposits, "x.csv", w.deposits())
	if err != nil {
		t.Fatal(err)
	}
	note(ledger.NewDate(2026, 9, 1))
	if err := Apply(t.Context(), w.db, w.desk, r.File, func(int, int) {}); !errors.Is(err, ErrExpired) {
		t.Errorf("applied under an agreement that ended since: %v", err)
	}
}

func TestColumnsAreRememberedForTheirSender(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	text := "No;Konto;Tag;Betrag\n%s;" + w.accounts[0] + ";3.9.2026;25.00\n"
	r, err := w.receive(t, Deposits, "x.csv", fmt.Sprintf(text, "K1"))
	if err != nil || r.State != Received {
		t.Fatalf("%v, %v", r, err)
	}
	m := Mapping{Columns: map[string]string{"reference": "No", "account": "Konto", "date": "Tag", "amount": "Betrag"}, DateFormat: "D.M.YYYY"}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		state, err := Explain(ctx, tx, w.desk, r.File, m)
		if state != Checked {
			t.Errorf("explained: %s", state)
		}
		return err
	})
	r, err = w.receive(t, Deposits, "y.csv", fmt.Sprintf(text, "K2"))
	if err != nil || r.State != Checked || w.load(t, r.File).Counts.By[New] != 1 {
		t.Errorf("the next file: %v, %v, %+v", r, err, w.load(t, r.File).Counts)
	}
}

func TestWhatHasChangedSinceItWasShownIsShownAgain(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	one, err := w.receive(t, Deposits, "x.csv", w.deposits())
	if err != nil {
		t.Fatal(err)
	}
	two, err := w.receive(t, Deposits, "y.csv", w.deposits()+"A5,"+w.accounts[0]+",2026-09-05,1.00,cash\n")
	if err != nil {
		t.Fatal(err)
	}
	w.apply(t, one.File)
	if err := Apply(t.Context(), w.db, w.desk, two.File, func(int, int) {}); !errors.Is(err, ErrStale) {
		t.Fatalf("applied what nobody has seen: %v", err)
	}
	if by := fmt.Sprint(w.load(t, two.File).Counts.By); by != "map[known:2 new:1 rejected:2]" {
		t.Errorf("checked again: %s", by)
	}
	w.apply(t, two.File)
}

func TestBirthRecordsCountFromTheBirthAndStandInTheList(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	if _, err := w.receive(t, Deposits, "x.csv", w.deposits()); err != nil {
		t.Fatal(err)
	}
	births := "state_file_number,first_name,last_name,birth_date,county,plurality,birth_order,death_date\n" +
		"S1,Baby,Brooks,2026-05-01,Cook,2,1,\nS2,Baby,Brooks,2026-05-01,Cook,2,2,\nS3,Cora,Brooks,2026-09-01,Cook,1,1,2026-09-02\n"
	m := rosterfile.Suggest(strings.Split(strings.SplitN(births, "\n", 2)[0], ","))
	m.Births = true
	r, err := Receive(t.Context(), w.db, w.desk, Upload{Kind: Births, Source: "Vital records", FileName: "births.csv", Data: []byte(births), Roster: &m, EnrollOn: ledger.NewDate(2026, 9, 15)})
	if err != nil {
		t.Fatal(err)
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		b, err := roster.Load(ctx, tx, w.desk.Program.ID, r.Roster)
		if err != nil {
			return err
		}
		// The twins without names of their own are told apart; who has died waits for a person.
		if b.Counts.By[roster.New] != 2 || b.Counts.By[roster.Review] != 1 || b.Preview.Clocks == nil || b.Preview.Clocks.Late != 2 || b.Preview.Clocks.TellBy != ledger.NewDate(2026, 12, 14) {
			t.Errorf("births: %+v, clocks %+v", b.Counts, b.Preview.Clocks)
		}
		all, err := List(ctx, tx, w.desk.Program.ID, Filter{}, 10)
		if len(all) != 2 {
			t.Errorf("listed %+v", all)
		}
		return err
	})
	if _, err := roster.Commit(t.Context(), w.db, w.desk.Who, w.desk.Keys, w.desk.Program, r.Roster, w.desk.At, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		var days []string
		const query = `SELECT CAST(enrolled_on AS text) FROM enrollments WHERE child_id > $1`
		if err := tx.SelectContext(ctx, &days, query, w.children[2]); err != nil {
			return err
		}
		if fmt.Sprint(days) != "[2026-05-01 2026-05-01]" {
			t.Errorf("they take part from %v, want their birth", days)
		}
		return nil
	})
}

func TestRowsArePurgedSomeTimeAfterAFileIsDoneWith(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r, err := w.receive(t, Deposits, "bank.csv", w.deposits())
	if err != nil {
		t.Fatal(err)
	}
	purge := func(days int) (p Purged) {
		later := w.desk
		later.At = later.At.AddDate(0, 0, days)
		w.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			p, err = Purge(ctx, tx, later, 100)
			return err
		})
		return p
	}
	if p := purge(200); p.Files != 0 {
		t.Errorf("a file that waits was purged: %+v", p)
	}
	w.apply(t, r.File)
	if p := purge(KeptDays); p.Files != 0 {
		t.Errorf("purged on the last day: %+v", p)
	}
	// What a court wants kept stays while it does.
	var about family.ChildID
	hold := func(fn func(ctx context.Context, tx *sqlx.Tx) error) { t.Helper(); w.do(t, fn) }
	hold(func(ctx context.Context, tx *sqlx.Tx) error {
		if err := tx.GetContext(ctx, &about, `SELECT child_id FROM import_rows WHERE file_id = $1 AND child_id IS NOT NULL LIMIT 1`, r.File); err != nil {
			return err
		}
		return family.PlaceHold(ctx, tx, w.desk.Who, w.desk.Keys, about, family.Hold{Kind: family.LegalHold, Why: "subpoena"}, w.desk.At)
	})
	if p := purge(KeptDays + 1); p.Files != 0 {
		t.Errorf("purged under a legal hold: %+v", p)
	}
	hold(func(ctx context.Context, tx *sqlx.Tx) error {
		holds, err := family.HoldsOf(ctx, tx, w.desk.Who, w.desk.Keys, about)
		if err != nil {
			return err
		}
		other := w.desk.Who
		other.Actor = "another"
		return family.LiftHold(ctx, tx, other, w.desk.Keys, about, holds[0].ID, "settled", w.desk.At)
	})
	if p := purge(KeptDays + 1); p.Files != 1 {
		t.Errorf("purged %+v, want the file", p)
	}
	f := w.load(t, r.File)
	if !f.Purged || f.Counts.By[New] != 1 || len(f.SHA256) != 32 {
		t.Errorf("left of it: %+v", f)
	}
	err = w.try(t, func(ctx context.Context, tx *sqlx.Tx) error {
		_, _, err := Table(ctx, tx, w.desk, r.File, nil, 3)
		return err
	})
	if !errors.Is(err, ErrPurged) {
		t.Errorf("its rows: %v", err)
	}
}

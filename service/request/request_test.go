package request_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/activation"
	"seedbook/service/family"
	"seedbook/service/notify"
	"seedbook/service/program"
	"seedbook/service/request"
	"seedbook/service/rules"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// town is a program with Ana, whom two guardians see, and Mia of another family.
type town struct {
	t       *testing.T
	db      *store.DB
	keys    *vault.Keyring
	who     store.Who
	program program.Program
	ana     family.ChildID
	at      time.Time
	mother  activation.Guardian
	father  activation.Guardian
	other   activation.Guardian
}

func newTown(t *testing.T) *town {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &town{t: t, db: db, keys: vault.Random(), who: store.Who{Actor: "staff/1"}, at: time.Date(2026, 10, 5, 14, 0, 0, 0, time.UTC)}
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.Get(&w.who.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Riverbend', $1) RETURNING id`, w.at)
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
	child := func(given string) family.NewChild {
		return family.NewChild{Language: "es", Person: family.Person{Given: given, Family: "Peña", BornOn: ledger.NewDate(2019, 5, 12), StudentNumber: "7" + given, ZIP: "43085"}}
	}
	ids, err := family.Add(ctx, tx, w.who, w.keys, []family.New{{Children: []family.NewChild{child("Ana")}}, {Children: []family.NewChild{child("Mia")}}}, w.at)
	if err != nil {
		return err
	}
	w.ana = ids[0][0]
	for i, g := range []struct {
		to    *activation.Guardian
		child family.ChildID
	}{{&w.mother, w.ana}, {&w.father, w.ana}, {&w.other, ids[1][0]}} {
		if *g.to, err = w.guardian(ctx, tx, g.child, i); err != nil {
			return err
		}
	}
	return nil
}

// guardian makes an account that sees a child, with a telephone.
func (w *town) guardian(ctx context.Context, tx *sqlx.Tx, child family.ChildID, n int) (g activation.Guardian, err error) {
	g = activation.Guardian{Tenant: w.who.Tenant, Lang: "es"}
	if err := tx.GetContext(ctx, &g.Account, `INSERT INTO guardian_accounts (tenant_id, language, pin_hash, created_at) VALUES ($1, 'es', 'none', $2) RETURNING id`, g.Tenant, w.at); err != nil {
		return g, err
	}
	if err := activation.AddContact(ctx, tx, w.who, w.keys, g.Account, "61455501"+strconv.Itoa(10+n), w.at); err != nil {
		return g, err
	}
	const sees = `INSERT INTO guardian_children (tenant_id, account_id, child_id, granted_at, granted_by) VALUES ($1, $2, $3, $4, 'letter')`
	if _, err := tx.ExecContext(ctx, sees, g.Tenant, g.Account, child, w.at); err != nil {
		return g, err
	}
	const enroll = `
		INSERT INTO enrollments (tenant_id, program_id, child_id, state, enrolled_on, created_at, updated_at)
		VALUES ($1, $2, $3, 'enrolled', '2026-09-01', $4, $4) ON CONFLICT DO NOTHING`
	if _, err := tx.ExecContext(ctx, enroll, g.Tenant, w.program.ID, child, w.at); err != nil {
		return g, err
	}
	g.Held = []activation.Held{{Child: child, Program: w.program.ID}}
	return g, nil
}

// ask asks as a guardian and returns what came of it.
func (w *town) ask(g activation.Guardian, a request.Asking) (id request.ID, err error) {
	err = w.db.InTx(w.t.Context(), g.Who(), func(tx *sqlx.Tx) error {
		id, err = request.Ask(w.t.Context(), tx, w.keys, g, g.Held[0], w.program, a, w.at)
		return err
	})
	return id, err
}

func (w *town) handle(id request.ID, to request.State, words string) error {
	return w.db.InTx(w.t.Context(), w.who, func(tx *sqlx.Tx) error {
		return request.Handle(w.t.Context(), tx, w.who, w.keys, w.program, id, request.Handling{To: to, Words: words}, w.at)
	})
}

func (w *town) own(g activation.Guardian, id request.ID) (r request.Request, err error) {
	err = w.db.Read(w.t.Context(), g.Who(), func(q sqlx.QueryerContext) error {
		r, err = request.Own(w.t.Context(), q, g, id)
		return err
	})
	return r, err
}

// sent are the messages that wait, by whom they are to.
func (w *town) sent() map[string][]string {
	w.t.Helper()
	got := sink{}
	if _, err := notify.Deliver(w.t.Context(), w.db, w.who, w.keys, got, w.at); err != nil {
		w.t.Fatal(err)
	}
	return got
}

type sink map[string][]string

func (s sink) Send(_ context.Context, m notify.Message, _ time.Time) error {
	s[m.To] = append(s[m.To], m.Text)
	return nil
}

var move = request.Asking{Kind: request.Move, Reference: "f1", Values: map[string]string{"street": "1 Main St", "town": "Riverbend", "state": "OH", "zip": "43085"}}

func TestARequestIsItsGuardiansAlone(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	id, err := w.ask(w.mother, move)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.ask(w.mother, move); err != nil || again != id {
		t.Errorf("sent again: request %d, %v; want %d", again, err, id)
	}
	if r, err := w.own(w.mother, id); err != nil || r.State != request.Asked || r.DueOn != ledger.NewDate(2026, 10, 12) {
		t.Errorf("own: %+v, %v", r, err)
	}
	for name, g := range map[string]activation.Guardian{"the child's other guardian": w.father, "another family": w.other} {
		if _, err := w.own(g, id); !errors.Is(err, request.ErrNone) {
			t.Errorf("%s: %v", name, err)
		}
		err := w.db.InTx(t.Context(), g.Who(), func(tx *sqlx.Tx) error { return request.Withdraw(t.Context(), tx, w.keys, g, w.program, id, w.at) })
		if !errors.Is(err, request.ErrNone) {
			t.Errorf("%s withdraws: %v", name, err)
		}
	}
	var plain int
	w.do(func(tx *sqlx.Tx) error {
		return tx.Get(&plain, `SELECT count(*) FROM requests WHERE encode(sealed, 'escape') LIKE '%Main%'`)
	})
	if plain != 0 {
		t.Error("an address stands in the open")
	}
}

func TestStaffAndFamilyHandARequestToAndFro(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	id, err := w.ask(w.mother, move)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.handle(id, request.Back, " "); !errors.Is(err, request.ErrWords) {
		t.Errorf("asked back with no words: %v", err)
	}
	if err := w.handle(id, request.Approved, ""); !errors.Is(err, request.ErrStep) {
		t.Errorf("agreed to a move: %v", err)
	}
	if err := w.handle(id, request.Back, "Which apartment?"); err != nil {
		t.Fatal(err)
	}
	w.at = w.at.Add(24 * time.Hour)
	err = w.db.InTx(t.Context(), w.mother.Who(), func(tx *sqlx.Tx) error {
		return request.Answer(t.Context(), tx, w.keys, w.mother, w.program, id, "Number 4", w.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.handle(id, request.Done, ""); err != nil {
		t.Fatal(err)
	}
	if err := w.handle(id, request.Done, ""); !errors.Is(err, request.ErrStep) {
		t.Errorf("done twice: %v", err)
	}
	r, err := w.own(w.mother, id)
	if err != nil || r.State != request.Done || r.DueOn != ledger.NewDate(2026, 10, 13) {
		t.Errorf("%+v, %v: want done, due a week after the answer", r, err)
	}
	var steps []request.Step
	w.do(func(tx *sqlx.Tx) error {
		steps, err = r.Steps(t.Context(), tx, w.who, w.keys)
		return err
	})
	var said []string
	for _, s := range steps {
		said = append(said, string(s.State)+":"+s.Words)
	}
	if got := strings.Join(said, " "); got != "asked: back:Which apartment? asked:Number 4 done:" {
		t.Errorf("steps %q", got)
	}
	if told := w.sent()["+16145550110"]; len(told) != 3 {
		t.Errorf("told %d times, want 3 (received, a question, done): %q", len(told), told)
	}
}

func TestANewContactWaitsThreeDaysAndBothAreTold(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	id, err := w.ask(w.mother, request.Asking{Kind: request.Contact, Reference: "f1", Values: map[string]string{"contact": "614-555-0199", "old": "drop"}})
	if err != nil {
		t.Fatal(err)
	}
	told := w.sent()
	if len(told["+16145550110"]) != 1 || len(told["+16145550199"]) != 1 || len(told["+16145550111"]) != 0 {
		t.Errorf("told: %v; want the old and the new contact, and not the other guardian", told)
	}
	for _, texts := range told {
		if strings.Contains(texts[0], "Ana") {
			t.Errorf("a message names the child: %s", texts[0])
		}
	}
	w.at = w.at.Add(72*time.Hour - time.Second)
	if err := w.handle(id, request.Done, ""); !errors.Is(err, request.ErrEarly) {
		t.Errorf("a second early: %v", err)
	}
	w.at = w.at.Add(time.Second)
	if err := w.handle(id, request.Done, ""); err != nil {
		t.Fatal(err)
	}
	var contacts []string
	w.do(func(tx *sqlx.Tx) error {
		seen, err := activation.Accesses(t.Context(), tx, w.who, w.keys, w.ana)
		for _, a := range seen {
			if a.Account == w.mother.Account {
				contacts = a.Contacts
			}
		}
		return err
	})
	if !slices.Equal(contacts, []string{"+16145550199"}) {
		t.Errorf("signs in with %v", contacts)
	}
}

func TestWhatAGuardianMayNotAskForIsRefused(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.do(func(tx *sqlx.Tx) error {
		return family.PlaceHold(t.Context(), tx, w.who, w.keys, w.ana, family.Hold{Kind: "custody", Why: "order"}, w.at)
	})
	if _, err := w.ask(w.mother, move); !errors.Is(err, activation.ErrMayNot) {
		t.Errorf("a move under a hold: %v", err)
	}
	if _, err := w.ask(w.mother, request.Asking{Kind: request.Dispute, Reference: "f2", Values: map[string]string{"wrong": "too little"}}); err != nil {
		t.Errorf("a dispute under a hold: %v", err)
	}
	_, err := w.ask(w.mother, request.Asking{Kind: request.Dispute, Reference: "f3", Values: map[string]string{"wrong": " "}})
	if !errors.Is(err, request.ErrMissing) {
		t.Errorf("a dispute of nothing: %v", err)
	}
}

func TestMoneyIsSignedForLimitedAndNeedsItsPaper(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	sign := &request.Signature{Name: "Rosa Peña", Text: "I ask", At: w.at}
	values := map[string]string{"institution": "State College", "expense": "tuition", "amount": "10.00"}
	if _, err := w.ask(w.mother, request.Asking{Kind: request.School, Reference: "f1", Values: values}); !errors.Is(err, request.ErrSign) {
		t.Errorf("unsigned: %v", err)
	}
	if _, err := w.ask(w.mother, request.Asking{Kind: request.School, Reference: "f1", Values: values, Sign: sign}); !errors.Is(err, request.ErrTooMuch) {
		t.Errorf("money that is not there: %v", err)
	}
}

func TestTrackShowsWhatIsBehindAndWhatComes(t *testing.T) {
	at := time.Date(2026, 10, 5, 14, 0, 0, 0, time.UTC)
	r := request.Request{Kind: request.School, State: request.Asked, AskedAt: at, WaitsUntil: at.Add(72 * time.Hour)}
	show := func(at time.Time, steps ...request.Step) string {
		var out []string
		for _, s := range r.Track(steps, at) {
			out = append(out, s.Name+map[bool]string{true: "!"}[s.Now]+map[bool]string{true: "+"}[s.Done])
		}
		return strings.Join(out, " ")
	}
	if got, want := show(at), "received+ waits! looked_at agreed paid"; got != want {
		t.Errorf("asked: %s, want %s", got, want)
	}
	if got, want := show(at.Add(73*time.Hour)), "received+ waits+ looked_at! agreed paid"; got != want {
		t.Errorf("after the wait: %s, want %s", got, want)
	}
	r.State = request.Approved
	if got, want := show(at.Add(80*time.Hour), request.Step{State: request.Approved, At: at}), "received+ waits+ looked_at+ agreed!+ paid"; got != want {
		t.Errorf("agreed: %s, want %s", got, want)
	}
	r.State = request.Refused
	if got, want := show(at.Add(80*time.Hour), request.Step{State: request.Refused, At: at}), "received+ waits+ looked_at+ refused!+"; got != want {
		t.Errorf("refused: %s, want %s", got, want)
	}
}

func TestTheCostOfTakingMoneyOutIsTheEngines(t *testing.T) {
	src, err := rules.Pack("city")
	if err != nil {
		t.Fatal(err)
	}
	amount := func(s string) ledger.Amount {
		a, err := ledger.ParseAmount(s)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, test := range []struct {
		name, take, own, unpaid, lost string
		change                        [2]string
	}{
		{name: "a book that undoes nothing", take: "10.00", own: "10.00", unpaid: "0.00", lost: "0.00"},
		{name: "a bonus that follows the savings down", take: "10.00", own: "10.00", unpaid: "0.00", lost: "25.00", change: [2]string{"    undo: {on_return: reverse_full}", "    undo: {on_return: reverse_full, on_withdrawal: reverse_ratio}"}},
		{name: "more than the family has", take: "80.00", own: "50.00", unpaid: "30.00", lost: "0.00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			book, err := rules.Parse([]byte(strings.Replace(string(src), test.change[0], test.change[1], 1)))
			if err != nil {
				t.Fatal(err)
			}
			in := func(y, m, d int) ledger.Date { return ledger.NewDate(y, time.Month(m), d) }
			child := rules.Child{BornOn: in(2020, 3, 14), Facts: []rules.Fact{
				{Name: "district", Value: "RIVERBEND"}, {Name: "school", Value: "R07"}, {Name: "grade", Value: "KG"}, {Name: "city", Value: "Riverbend"}},
				Events: []rules.Event{{Key: "e", Kind: rules.Enrolled, On: in(2026, 9, 1)}, {Key: "d1", Kind: rules.Deposit, On: in(2026, 9, 5), Amount: amount("15.00")}, {Key: "d2", Kind: rules.Deposit, On: in(2026, 10, 5), Amount: amount("35.00")}}}
			c := request.CostOf(book, child, request.Emergency, amount(test.take), ledger.NewDate(2026, 11, 2))
			if c.Own.String() != test.own || c.Unpaid.String() != test.unpaid || c.Lost().String() != test.lost || c.Program.Sign() != 0 {
				t.Errorf("own %s, program %s, unpaid %s, lost %s (%v); want %s, 0.00, %s, %s", c.Own, c.Program, c.Unpaid, c.Lost(), c.Loses, test.own, test.unpaid, test.lost)
			}
		})
	}
}

func TestNewsReachWhoWantsThemOnceAndNobodyAboutAChildThatDied(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	if _, err := activation.Answered(t.Context(), w.db, w.keys, "614-555-0111", "ALTO", w.at); err != nil {
		t.Fatal(err)
	}
	if told := w.sent()["+16145550111"]; len(told) != 1 || !strings.Contains(told[0], "ya no recibe mensajes") {
		t.Errorf("the answer to ALTO: %q", told)
	}
	news := activation.News{Program: w.program, Texts: map[string]string{"en": "Savings day is Friday.", "es": "El viernes es día de ahorro."}, Reference: "n1"}
	send := func(confirmed int) (id notify.SendID, err error) {
		err = w.db.InTx(t.Context(), w.who, func(tx *sqlx.Tx) error {
			id, err = activation.SendNews(t.Context(), tx, w.who, w.keys, news, confirmed, w.at)
			return err
		})
		return id, err
	}
	if _, err := send(3); !errors.Is(err, activation.ErrConfirm) {
		t.Errorf("three confirmed: %v; want two messages", err)
	}
	first, err := send(2)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := send(2); err != nil || again != first {
		t.Errorf("sent again: %d, %v; want %d", again, err, first)
	}
	w.do(func(tx *sqlx.Tx) error { // it became known before the message went out
		return family.PlaceHold(t.Context(), tx, w.who, w.keys, w.other.Held[0].Child, family.Hold{Kind: family.DeathHold, Why: "death"}, w.at)
	})
	told := w.sent()
	if len(told["+16145550110"]) != 1 || len(told["+16145550111"]) != 0 || len(told["+16145550112"]) != 0 {
		t.Errorf("told %v; want the mother alone", told)
	}
	if text := told["+16145550110"]; len(text) == 1 && (!strings.HasPrefix(text[0], "Riverbend Savings: El viernes") || !strings.Contains(text[0], "ALTO")) {
		t.Errorf("the text: %q", text[0])
	}
}

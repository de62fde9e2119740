package activation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/notify"
	"seedbook/service/store"
)

// letter is what the guardian of one of the children types.
func letter(code string) Letter { return Letter{Code: code, Month: 5, Year: 2019, Peer: "203.0.113.7"} }

const (
	phone = "(202) 555-0123"
	e164  = "+12025550123"
	pin   = "493817"
)

// activate walks the whole way in with a code and a contact.
func (w *town) activate(code, contact, folded, pin string) (SignedIn, error) {
	w.t.Helper()
	token, err := ByLetter(w.t.Context(), w.db, w.keys, letter(code), w.at)
	if err != nil {
		return SignedIn{}, err
	}
	return w.finish(token, contact, folded, pin)
}

func (w *town) finish(token, contact, folded, pin string) (SignedIn, error) {
	w.t.Helper()
	if err := SendCode(w.t.Context(), w.db, w.keys, token, Contact{Typed: contact, Lang: "es", Peer: "203.0.113.7"}, w.at); err != nil {
		return SignedIn{}, err
	}
	if err := CheckCode(w.t.Context(), w.db, w.keys, token, w.codeSentTo(folded), w.at); err != nil {
		return SignedIn{}, err
	}
	return Finish(w.t.Context(), w.db, w.keys, token, Chosen{PIN: pin, Lang: "es", Remember: true}, w.at)
}

func (g Guardian) sees() (ids []family.ChildID) {
	for _, h := range g.Held {
		ids = append(ids, h.Child)
	}
	return ids
}

func TestALetterLeadsToAnAccountThatSeesItsChildAlone(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	code := w.letters(w.children[0])[0]
	s, err := w.activate(strings.ToLower(strings.ReplaceAll(code, "-", " ")), phone, e164, pin)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.sees(); !slices.Equal(got, w.children[:1]) {
		t.Errorf("sees %v, want Ana alone: a brother in the roster is not proven", got)
	}
	g, err := Session(t.Context(), w.db, s.Token, w.at.Add(time.Minute))
	if err != nil || g.Account != s.Account || g.Lang != "es" || g.Organization != "City of Riverbend" {
		t.Errorf("%v: %+v", err, g)
	}
	if _, err := w.activate(code, phone, e164, pin); !errors.Is(err, ErrNoMatch) {
		t.Errorf("the code again: %v", err)
	}
	w.do(func(tx *sqlx.Tx) error {
		events, err := family.EventsOf(t.Context(), tx, w.program.ID, w.children[:1])
		if len(events) != 1 || events[0].Kind != "claimed" || events[0].On != ledger.NewDate(2026, 10, 5) {
			t.Errorf("the rule book is told %v", events)
		}
		return err
	})
}

func TestARefusalSaysNothing(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	code := w.letters(w.children[0])[0]
	wrong := []Letter{
		letter("0000-0000-0000"), letter(""), letter("no code at all"), letter(code[:13] + "0"),
		{Code: code, Month: 6, Year: 2019, Peer: "203.0.113.7"},
	}
	if strings.HasSuffix(code, "0") {
		wrong[3] = letter(code[:13] + "1")
	}
	for i, l := range wrong {
		if _, err := ByLetter(t.Context(), w.db, w.keys, l, w.at); !errors.Is(err, ErrNoMatch) || err.Error() != ErrNoMatch.Error() {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestACodeDiesOfFiveWrongTriesAndAPeerIsStopped(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	codes := w.letters(w.children...)
	for range wrongTries {
		if _, err := ByLetter(t.Context(), w.db, w.keys, letter(codes[0][:4]+"-00000000"), w.at); !errors.Is(err, ErrNoMatch) {
			t.Fatal(err)
		}
	}
	if _, err := ByLetter(t.Context(), w.db, w.keys, letter(codes[0]), w.at); !errors.Is(err, ErrNoMatch) {
		t.Errorf("the right code after five wrong ones: %v", err)
	}
	for range proofsOfPeer.tries {
		_, _ = ByLetter(t.Context(), w.db, w.keys, letter("0000-0000-0000"), w.at) // counted below
	}
	if _, err := ByLetter(t.Context(), w.db, w.keys, letter(codes[1]), w.at); !errors.Is(err, ErrTooMany) {
		t.Errorf("the twenty-first try of a peer: %v", err)
	}
	elsewhere := letter(codes[1])
	elsewhere.Peer = "198.51.100.9"
	if _, err := ByLetter(t.Context(), w.db, w.keys, elsewhere, w.at); err != nil {
		t.Errorf("somebody else, meanwhile: %v", err)
	}
	if _, err := ByLetter(t.Context(), w.db, w.keys, letter(codes[1]), w.at.Add(time.Hour)); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

// A school's evening sits behind one address: who succeeds is not counted.
func TestSuccessIsNotCounted(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	code := w.letters(w.children[0])[0]
	for i := range proofsOfPeer.tries + 5 {
		if _, err := ByLetter(t.Context(), w.db, w.keys, letter(code), w.at); err != nil {
			t.Fatalf("proof %d: %v", i+1, err)
		}
	}
}

func TestACodeRunsOutAndANewLetterWithdrawsIt(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	old := w.letters(w.children[0])[0]
	w.at = w.at.Add(time.Hour)
	fresh := w.letters(w.children[0])[0]
	if _, err := ByLetter(t.Context(), w.db, w.keys, letter(old), w.at); !errors.Is(err, ErrNoMatch) {
		t.Errorf("the letter before: %v", err)
	}
	if _, err := ByLetter(t.Context(), w.db, w.keys, letter(fresh), w.at.Add(LetterLife)); !errors.Is(err, ErrNoMatch) {
		t.Errorf("after 90 days: %v", err)
	}
	if _, err := ByLetter(t.Context(), w.db, w.keys, letter(fresh), w.at.Add(LetterLife-time.Minute)); err != nil {
		t.Errorf("on the ninetieth day: %v", err)
	}
}

func TestFactsOpenTooAndAllMustAgree(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	right := Facts{Tenant: w.who.Tenant, BornOn: ledger.NewDate(2019, 5, 12), ZIP: "43085", Student: "0072", Peer: "203.0.113.7"}
	for name, change := range map[string]func(*Facts){
		"birth date": func(f *Facts) { f.BornOn = f.BornOn.AddDays(1) }, "ZIP": func(f *Facts) { f.ZIP = "43086" },
		"student": func(f *Facts) { f.Student = "0099" }, "nothing": func(f *Facts) { f.Student, f.ZIP = "", "" },
		"tenant": func(f *Facts) { f.Tenant++ },
	} {
		f := right
		change(&f)
		if _, err := ByFacts(t.Context(), w.db, w.keys, f, w.at); !errors.Is(err, ErrNoMatch) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	token, err := ByFacts(t.Context(), w.db, w.keys, right, w.at)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Look(t.Context(), w.db, w.keys, token, w.at)
	if err != nil || p != (Pending{Stage: AskContact, Given: "Leo", School: "Harbor View"}) {
		t.Errorf("%v: shows %+v", err, p)
	}
	s, err := w.finish(token, "Pena@Example.org", "pena@example.org", pin)
	if err != nil || !slices.Equal(s.sees(), w.children[1:2]) {
		t.Errorf("%v: sees %v", err, s.sees())
	}
	for range proofsOfStudent.tries {
		f := right
		f.ZIP, f.Peer = "00000", "192.0.2.1"
		_, _ = ByFacts(t.Context(), w.db, w.keys, f, w.at) // counted below
	}
	if _, err := ByFacts(t.Context(), w.db, w.keys, right, w.at); !errors.Is(err, ErrTooMany) {
		t.Errorf("a student number tried too often: %v", err)
	}
}

func TestStepsCannotBeSkippedOrRepeated(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	token, err := ByLetter(t.Context(), w.db, w.keys, letter(w.letters(w.children[0])[0]), w.at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Finish(t.Context(), w.db, w.keys, token, Chosen{PIN: pin}, w.at); !errors.Is(err, ErrEntry) {
		t.Errorf("without a contact: %v", err)
	}
	if err := CheckCode(t.Context(), w.db, w.keys, token, "", w.at); !errors.Is(err, ErrCode) {
		t.Errorf("no code at all: %v", err)
	}
	if _, err := w.finish(token, phone, e164, "123456"); !errors.Is(err, ErrPIN) {
		t.Errorf("a bad PIN: %v", err)
	}
	if _, err := Finish(t.Context(), w.db, w.keys, token, Chosen{PIN: pin, Lang: "en"}, w.at); err != nil {
		t.Errorf("and then a good one: %v", err)
	}
	if _, err := Finish(t.Context(), w.db, w.keys, token, Chosen{PIN: pin}, w.at); !errors.Is(err, ErrEntry) {
		t.Errorf("twice: %v", err)
	}
	if _, err := Look(t.Context(), w.db, w.keys, "forged", w.at); !errors.Is(err, ErrEntry) {
		t.Errorf("forged: %v", err)
	}
}

func TestATypedCodeSurvivesFiveTriesAndTenMinutes(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	token, err := ByLetter(t.Context(), w.db, w.keys, letter(w.letters(w.children[0])[0]), w.at)
	if err != nil {
		t.Fatal(err)
	}
	send := func() string {
		if err := SendCode(t.Context(), w.db, w.keys, token, Contact{Typed: phone, Lang: "en", Peer: "p"}, w.at); err != nil {
			t.Fatal(err)
		}
		return w.codeSentTo(e164)
	}
	code := send()
	if err := CheckCode(t.Context(), w.db, w.keys, token, code, w.at.Add(typedLife)); !errors.Is(err, ErrCode) {
		t.Errorf("after ten minutes: %v", err)
	}
	for range typedTries {
		_ = CheckCode(t.Context(), w.db, w.keys, token, "0000 0000", w.at) // counted below
	}
	if err := CheckCode(t.Context(), w.db, w.keys, token, code, w.at); !errors.Is(err, ErrCode) {
		t.Errorf("the sixth try: %v", err)
	}
	if err := CheckCode(t.Context(), w.db, w.keys, token, send(), w.at); err != nil {
		t.Errorf("a new code: %v", err)
	}
}

func TestSigningInTakesTheCodeAndThePIN(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	first, err := w.activate(w.letters(w.children[0])[0], phone, e164, pin)
	if err != nil {
		t.Fatal(err)
	}
	w.at = w.at.Add(24 * time.Hour)
	begin := func(contact, device string) Begun {
		t.Helper()
		b, err := BeginSignIn(t.Context(), w.db, w.keys, Contact{Typed: contact, Lang: "es", Peer: "p"}, device, w.at)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	in := func(b Begun, code, pin string) error {
		s, err := SignIn(t.Context(), w.db, w.keys, b.Token, code, Chosen{PIN: pin}, w.at)
		if err == nil && s.Account != first.Account {
			t.Errorf("signed in as %d", s.Account)
		}
		return err
	}
	b := begin("202.555.0123", "")
	code := w.codeSentTo(e164)
	if err := in(b, code, "493818"); !errors.Is(err, ErrWrong) {
		t.Errorf("another PIN: %v", err)
	}
	if err := in(b, "00000000", pin); !errors.Is(err, ErrWrong) {
		t.Errorf("another code: %v", err)
	}
	if err := in(b, code, pin); err != nil {
		t.Errorf("both right: %v", err)
	}
	if err := in(b, code, pin); !errors.Is(err, ErrEntry) {
		t.Errorf("the same code again: %v", err)
	}
	if b := begin(phone, first.Device); !b.Remembered || in(b, "", pin) != nil {
		t.Error("a browser that is remembered needs the PIN alone")
	}
	w.at = w.at.Add(DeviceLife)
	if b := begin(phone, first.Device); b.Remembered {
		t.Error("a browser is remembered for longer than a month")
	}
	if b := begin("202-555-0199", ""); b.Remembered || w.codeSentTo("+12025550199") != "" || !errors.Is(in(b, "", pin), ErrWrong) {
		t.Error("a contact that nobody has")
	}
}

func TestAStrangerWithoutTheCodeLocksNobodyOut(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	if _, err := w.activate(w.letters(w.children[0])[0], phone, e164, pin); err != nil {
		t.Fatal(err)
	}
	w.at = w.at.Add(24 * time.Hour)
	for range 2 {
		b, err := BeginSignIn(t.Context(), w.db, w.keys, Contact{Typed: phone, Peer: "evil"}, "", w.at)
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			if _, err := SignIn(t.Context(), w.db, w.keys, b.Token, "00000000", Chosen{PIN: "000001"}, w.at); !errors.Is(err, ErrWrong) {
				t.Fatal(err)
			}
		}
	}
	b, err := BeginSignIn(t.Context(), w.db, w.keys, Contact{Typed: phone, Peer: "home"}, "", w.at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := SignIn(t.Context(), w.db, w.keys, b.Token, w.codeSentTo(e164), Chosen{PIN: pin}, w.at); err != nil {
		t.Errorf("the owner: %v", err)
	}
}

func TestAPINWithstandsTrying(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	s, err := w.activate(w.letters(w.children[0])[0], phone, e164, pin)
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for range 3 { // whoever has the phone and not the PIN, in one browser after the other
		b, err := BeginSignIn(t.Context(), w.db, w.keys, Contact{Typed: phone, Peer: "p"}, s.Device, w.at)
		if err != nil {
			t.Fatal(err)
		}
		for range typedTries {
			if _, err := SignIn(t.Context(), w.db, w.keys, b.Token, "", Chosen{PIN: "000001"}, w.at); errors.Is(err, ErrWrong) {
				wrong++
			}
		}
	}
	if wrong != pinsOfAccount.tries {
		t.Errorf("%d tries were judged, want %d", wrong, pinsOfAccount.tries)
	}
}

func TestASecondGuardianComesByInvitationAndASecondChildByItsLetter(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	codes := w.letters(w.children...)
	first, err := w.activate(codes[0], phone, e164, pin)
	if err != nil {
		t.Fatal(err)
	}
	invitation, err := Invite(t.Context(), w.db, w.keys, first.Guardian, first.Held[0], w.at)
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.activate(invitation, "abuela@example.org", "abuela@example.org", "718204")
	if err != nil || second.Account == first.Account || !slices.Equal(second.sees(), w.children[:1]) {
		t.Fatalf("%v: account %d sees %v", err, second.Account, second.sees())
	}
	all := kept{}
	if _, err := notify.Deliver(t.Context(), w.db, w.who, w.keys, all, w.at); err != nil {
		t.Fatal(err)
	}
	if m := all[e164]; !strings.Contains(m.Text, "Otro adulto") || strings.Contains(m.Text, "Ana") || m.Lang != "es" {
		t.Errorf("the first guardian is told %q", m.Text)
	}
	if m, told := all["abuela@example.org"]; told {
		t.Errorf("the second guardian is told of itself: %q", m.Text)
	}
	token, err := ByLetter(t.Context(), w.db, w.keys, letter(codes[1]), w.at)
	if err != nil {
		t.Fatal(err)
	}
	if err := AddChild(t.Context(), w.db, w.keys, first.Guardian, token, w.at); err != nil {
		t.Fatal(err)
	}
	g, err := Session(t.Context(), w.db, first.Token, w.at)
	if err != nil || !slices.Equal(g.sees(), w.children[:2]) {
		t.Errorf("%v: sees %v", err, g.sees())
	}
	if _, err := g.Sees(second.Held[0].Account + 1000); !errors.Is(err, ErrNotYours) {
		t.Errorf("another's child: %v", err)
	}
	// The same contact with another child's letter: its PIN is asked for.
	w.at = w.at.Add(time.Hour)
	if _, err := w.activate(codes[2], phone, e164, "718204"); !errors.Is(err, ErrWrong) {
		t.Errorf("with another PIN: %v", err)
	}
	w.at = w.at.Add(time.Hour)
	if s, err := w.activate(codes[2], phone, e164, pin); err != nil || s.Account != first.Account || len(s.Held) != 3 {
		t.Errorf("with its PIN: %v, account %d, %d children", err, s.Account, len(s.Held))
	}
}

func TestANewLetterRenewsAForgottenPINAndEndsWhatTheOldOneOpened(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	first, err := w.activate(w.letters(w.children[0])[0], phone, e164, pin)
	if err != nil {
		t.Fatal(err)
	}
	w.at = w.at.Add(time.Minute * 20)
	again, err := w.activate(w.letters(w.children[0])[0], phone, e164, "660417")
	if err != nil || again.Account != first.Account {
		t.Fatalf("%v: account %d", err, again.Account)
	}
	if _, err := Session(t.Context(), w.db, first.Token, w.at); !errors.Is(err, ErrSignedOut) {
		t.Errorf("the session before: %v", err)
	}
	b, err := BeginSignIn(t.Context(), w.db, w.keys, Contact{Typed: phone, Peer: "p"}, first.Device, w.at)
	if err != nil || b.Remembered {
		t.Errorf("%v: the browser before is remembered", err)
	}
}

func TestASessionEndsWhenIdleAndAtSignOut(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	s, err := w.activate(w.letters(w.children[0])[0], phone, e164, pin)
	if err != nil {
		t.Fatal(err)
	}
	at := w.at.Add(SessionIdle - time.Minute)
	if _, err := Session(t.Context(), w.db, s.Token, at); err != nil {
		t.Errorf("after 29 minutes: %v", err)
	}
	if _, err := Session(t.Context(), w.db, s.Token, at.Add(SessionIdle)); !errors.Is(err, ErrSignedOut) {
		t.Errorf("after 30 more: %v", err)
	}
	if err := SignOut(t.Context(), w.db, s.Guardian, at); err != nil {
		t.Fatal(err)
	}
	if _, err := Session(t.Context(), w.db, s.Token, at); !errors.Is(err, ErrSignedOut) {
		t.Errorf("signed out: %v", err)
	}
}

// What the database holds names nobody and opens nothing.
func TestNothingReadableStandsInTheTables(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	code := w.letters(w.children[0])[0]
	if _, err := w.activate(code, phone, e164, pin); err != nil {
		t.Fatal(err)
	}
	err := w.db.InTx(t.Context(), store.Who{Tenant: w.who.Tenant, Actor: "test"}, func(tx *sqlx.Tx) error {
		for _, table := range []string{"activation_codes", "activation_entries", "guardian_accounts", "guardian_contacts", "guardian_sessions", "guardian_devices", "outbox"} {
			var all string
			if err := tx.Get(&all, `SELECT coalesce(string_agg(CAST(x AS text), ' '), '') FROM `+table+` x`); err != nil {
				return err
			}
			for _, secret := range []string{code[5:9] + code[10:], code, e164, "5550123", pin, "Ana", "Peña"} {
				if strings.Contains(all, secret) {
					t.Errorf("%s holds %q", table, secret)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPINsThatEverybodyTriesAreRefused(t *testing.T) {
	for _, bad := range []string{"", "12345", "123456", "654321", "000000", "121212", "890123", "1234567890123", "49381a", "４９３８１７"} {
		if checkPIN(bad) == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	for _, good := range []string{pin, "718204", "135792", "493817493817"} {
		if err := checkPIN(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

func TestContactsAreReadAsTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"202-555-0123": e164, "+1 (202) 555.0123": e164, "12025550123": e164, " Ana.Pena@Example.ORG ": "ana.pena@example.org",
		"": "", "555-0123": "", "+52 55 1234 5678": "", "102-555-0123": "", "ana@": "", "Ana <ana@example.org>": "", "a@b": "", "ana@example.org\nBcc: x@y.z": "", "call 202-555-0123": "",
	} {
		got, _, err := foldContact(typed)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
}

// Unknown and wrong take the same work: neither is told from the other by the
// time it takes. Medians of alternating tries, a few rounds against noise.
func TestARefusalTakesTheSameTimeForSomebodyAndNobody(t *testing.T) {
	w := newTown(t)
	code := w.letters(w.children[0])[0]
	somebody := letter(code[:4] + "-00000000")
	nobody := letter("0000-0000-0000")
	took := func(l Letter, i int) time.Duration {
		l.Peer = fmt.Sprint("peer", i) // the limit is another test's
		began := time.Now()
		if _, err := ByLetter(t.Context(), w.db, w.keys, l, w.at); !errors.Is(err, ErrNoMatch) {
			t.Fatal(err)
		}
		return time.Since(began)
	}
	median := func(all []time.Duration) time.Duration { slices.Sort(all); return all[len(all)/2] }
	var ratio float64
	for round := range 4 {
		var some, none []time.Duration
		for i := range 15 {
			some, none = append(some, took(somebody, 100*round+i)), append(none, took(nobody, 1000+100*round+i))
		}
		if ratio = float64(median(some)) / float64(median(none)); ratio > 0.7 && ratio < 1.4 {
			return
		}
	}
	t.Errorf("a wrong secret takes %.2f times as long as a selector that nobody has", ratio)
}

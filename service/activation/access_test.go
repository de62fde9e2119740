package activation

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/notify"
	"seedbook/service/savings"
)

// guardian puts a guardian on record for a child's family.
func (w *town) guardian(child family.ChildID, g family.Guardian) (id family.GuardianID) {
	w.t.Helper()
	w.do(func(tx *sqlx.Tx) (err error) {
		id, err = family.AddGuardian(w.t.Context(), tx, w.who, w.keys, child, g, w.at)
		return err
	})
	return id
}

func (w *town) rights(child family.ChildID, guardian family.GuardianID, reference string, rights ...family.Right) {
	w.t.Helper()
	w.do(func(tx *sqlx.Tx) error {
		g := family.Guardianship{Guardian: guardian, Rights: rights, From: ledger.NewDate(2026, 10, 5), Reference: reference}
		return family.SetRights(w.t.Context(), tx, w.who, w.keys, child, g, w.at)
	})
}

func (w *town) seenBy(token string) []family.ChildID {
	w.t.Helper()
	g, err := Session(w.t.Context(), w.db, token, w.at)
	if err != nil {
		w.t.Fatal(err)
	}
	return g.sees()
}

func TestAnAccountShowsWhatTheRightsOfItsGuardianAllow(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ana, leo := w.children[0], w.children[1]
	rosa := w.guardian(ana, family.Guardian{Given: "Rosa", Family: "Peña", Phone: phone})
	hugo := w.guardian(ana, family.Guardian{Given: "Hugo", Family: "Peña", Email: "hugo@example.org"})
	codes := w.letters(ana, leo)
	s, err := w.activate(codes[0], phone, e164, pin)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.seenBy(s.Token); !slices.Equal(got, []family.ChildID{ana}) {
		t.Fatalf("sees %v", got)
	}
	w.do(func(tx *sqlx.Tx) error {
		all, err := Accesses(context.Background(), tx, w.who, w.keys, ana)
		if len(all) != 1 || all[0].Guardian != rosa || !slices.Equal(all[0].Contacts, []string{e164}) {
			t.Errorf("matched by the verified contact: %+v", all)
		}
		return err
	})
	w.rights(ana, hugo, "hugo", family.MayDeposit)
	if got := w.seenBy(s.Token); !slices.Equal(got, []family.ChildID{ana}) {
		t.Errorf("another guardian's rights: sees %v", got)
	}
	w.rights(ana, rosa, "rosa", family.MayDeposit)
	if got := w.seenBy(s.Token); len(got) != 0 {
		t.Errorf("without the right to see: sees %v", got)
	}
	w.rights(ana, rosa, "rosa again", family.MayView)
	if got := w.seenBy(s.Token); !slices.Equal(got, []family.ChildID{ana}) {
		t.Errorf("with it: sees %v", got)
	}
	if _, err := Invite(t.Context(), w.db, w.keys, s.Guardian, s.Held[0], w.at); !errors.Is(err, ErrMayNot) {
		t.Errorf("who may only see invites: %v", err)
	}
}

func TestWhomNobodyKnowsSeesNothingOnceRightsAreSet(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ana := w.children[0]
	rosa := w.guardian(ana, family.Guardian{Given: "Rosa", Family: "Peña"})
	s, err := w.activate(w.letters(ana)[0], phone, e164, pin)
	if err != nil {
		t.Fatal(err)
	}
	w.rights(ana, rosa, "rosa", family.Rights...)
	if got := w.seenBy(s.Token); len(got) != 0 {
		t.Errorf("of whom nobody knows whose it is: sees %v", got)
	}
	review := func(guardian family.GuardianID, on bool) error {
		return w.db.InTx(t.Context(), w.who, func(tx *sqlx.Tx) error { return Review(t.Context(), tx, w.who, ana, s.Account, guardian, on, w.at) })
	}
	if err := review(rosa, true); err != nil {
		t.Fatal(err)
	}
	if got := w.seenBy(s.Token); !slices.Equal(got, []family.ChildID{ana}) {
		t.Errorf("matched by a person: sees %v", got)
	}
	w.do(func(tx *sqlx.Tx) error { return Pause(t.Context(), tx, w.who, ana, w.at) })
	if got := w.seenBy(s.Token); len(got) != 0 {
		t.Errorf("until somebody decides: sees %v", got)
	}
	if err := review(rosa, false); err != nil {
		t.Fatal(err)
	}
	if err := review(rosa, true); !errors.Is(err, ErrNoAccess) {
		t.Errorf("what is ended: %v", err)
	}
	s, err = w.activate(w.letters(ana)[0], phone, e164, pin)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.seenBy(s.Token); len(got) != 0 {
		t.Errorf("back with another letter: sees %v", got)
	}
}

func TestNoCodeLetsAnybodyInAfterADeath(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ana := w.children[0]
	code := w.letters(ana)[0]
	choice := Choice{School: w.school, Lang: "es", Everybody: true}
	count := func() (n int) {
		w.do(func(tx *sqlx.Tx) (err error) {
			n, err = Count(t.Context(), tx, w.program.ID, choice)
			return err
		})
		return n
	}
	if n := count(); n != 2 {
		t.Fatalf("%d letters", n)
	}
	w.do(func(tx *sqlx.Tx) error {
		return family.PlaceHold(t.Context(), tx, w.who, w.keys, ana, family.Hold{Kind: family.DeathHold, Why: "certificate"}, w.at)
	})
	if n := count(); n != 1 {
		t.Errorf("%d letters on the same day", n)
	}
	if _, err := w.activate(code, phone, e164, pin); !errors.Is(err, ErrEntry) {
		t.Errorf("an old letter: %v", err)
	}
}

// Whoever is not to be written to is not told of another adult; with the right,
// from its first day on, the guardian is.
func TestOnlyWhoMayBeWrittenToIsTold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		rights []family.Right
		told   bool
	}{
		{"nothing was said of rights", nil, true},
		{"all but being written to", []family.Right{family.MayView, family.MayDeposit, family.MayRequest, family.MayChange}, false},
		{"being written to alone", []family.Right{family.MayNotify}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			ana := w.children[0]
			rosa := w.guardian(ana, family.Guardian{Given: "Rosa", Family: "Peña", Phone: phone})
			if _, err := w.activate(w.letters(ana)[0], phone, e164, pin); err != nil {
				t.Fatal(err)
			}
			if test.rights != nil {
				w.rights(ana, rosa, "order", test.rights...)
			}
			if _, err := w.activate(w.letters(ana)[0], "abuela@example.org", "abuela@example.org", "718204"); err != nil {
				t.Fatal(err)
			}
			all := kept{}
			if _, err := notify.Deliver(t.Context(), w.db, w.who, w.keys, all, w.at); err != nil {
				t.Fatal(err)
			}
			if _, told := all[e164]; told != test.told || strings.Contains(all[e164].Text, "abuela") {
				t.Errorf("told %t (%q), want %t", told, all[e164].Text, test.told)
			}
		})
	}
}

// While two adults dispute a child, nobody new is invited and nothing on record
// changes; what the bank has taken in is booked as ever.
func TestACustodyHoldStopsChangesAndNotDeposits(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ana := w.children[0]
	s, err := w.activate(w.letters(ana)[0], phone, e164, pin)
	if err != nil {
		t.Fatal(err)
	}
	w.do(func(tx *sqlx.Tx) error {
		if err := fund.Open(t.Context(), tx, w.who, w.program, w.at); err != nil {
			return err
		}
		return family.PlaceHold(t.Context(), tx, w.who, w.keys, ana, family.Hold{Kind: family.CustodyHold, Why: "both claim the child"}, w.at)
	})
	if _, err := Invite(t.Context(), w.db, w.keys, s.Guardian, s.Held[0], w.at); !errors.Is(err, ErrMayNot) {
		t.Errorf("an invitation: %v", err)
	}
	for act, want := range map[family.Act]error{family.ToChange: family.ErrHeldCustody, family.ToWithdraw: family.ErrHeldCustody, family.ToWrite: nil} {
		w.do(func(tx *sqlx.Tx) error {
			if err := family.Permit(t.Context(), tx, ana, act); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", act, err, want)
			}
			return nil
		})
	}
	w.do(func(tx *sqlx.Tx) error {
		d := savings.Deposit{Reference: "D1", Child: ana, Amount: ledger.Minor(1500), On: ledger.NewDate(2026, 10, 5), Channel: "ach"}
		done, err := savings.PostDeposits(t.Context(), tx, w.who, w.program, []savings.Deposit{d}, 0, w.at)
		if err == nil && len(done) != 1 {
			t.Errorf("a deposit under the hold: %+v", done)
		}
		return err
	})
	if got := w.seenBy(s.Token); !slices.Equal(got, []family.ChildID{ana}) {
		t.Errorf("who saw the child sees %v", got)
	}
}

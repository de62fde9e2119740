package family

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/paper"
	"seedbook/service/store"
)

// attempt is do that returns its error.
func (o *office) attempt(t *testing.T, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	t.Helper()
	return o.try(t, func(tx *sqlx.Tx) error { return fn(t.Context(), tx) })
}

func (o *office) adults(t *testing.T, child ChildID, on string) (all []Adult) {
	t.Helper()
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		all, err = Adults(ctx, tx, o.who, o.keys, child, day(t, on))
		return err
	})
	return all
}

func TestRightsOfAGuardianAreDatedAndForOneChild(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ids := o.add(t, Person{Given: "Ana", Family: "Peña"}, Person{Given: "Leo", Family: "Peña"})
	rosa := o.adults(t, ids[0], "2026-09-01")[0]
	if !slices.Equal(rosa.Rights, Rights) {
		t.Errorf("nobody said anything: %v", rosa.Rights)
	}
	set := func(from, to, reference string, rights ...Right) {
		t.Helper()
		g := Guardianship{Guardian: rosa.ID, Rights: rights, From: day(t, from), Order: "FC-17", Why: "by order", Reference: reference}
		if to != "" {
			g.To = day(t, to)
		}
		o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			return SetRights(ctx, tx, o.who, o.keys, ids[0], g, o.at)
		})
	}
	set("2026-10-01", "", "a", MayView, MayDeposit)
	set("2026-10-01", "", "a", MayChange) // the same form again
	set("2026-11-01", "2026-11-30", "b")
	for on, want := range map[string][]Right{
		"2026-09-30": nil, "2026-10-01": {MayView, MayDeposit}, "2026-11-15": nil, "2026-12-01": {MayView, MayDeposit},
	} {
		a := o.adults(t, ids[0], on)[0]
		if !slices.Equal(a.Rights, want) || len(a.Set) != 2 || a.Set[0].Order != "FC-17" {
			t.Errorf("on %s: %v, want %v", on, a.Rights, want)
		}
		o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			var may bool
			err := tx.GetContext(ctx, &may, `SELECT guardian_may($1, $2, $3, 'view', $4)`, o.who.Tenant, ids[0], rosa.ID, day(t, on))
			if err == nil && may != slices.Contains(want, MayView) {
				t.Errorf("on %s the database says %v", on, may)
			}
			return err
		})
	}
	if a := o.adults(t, ids[1], "2026-11-15")[0]; !slices.Equal(a.Rights, Rights) {
		t.Errorf("for the brother: %v", a.Rights)
	}
	bad := Guardianship{Guardian: rosa.ID, From: day(t, "2026-10-02"), To: day(t, "2026-10-01"), Reference: "c"}
	if err := o.attempt(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return SetRights(ctx, tx, o.who, o.keys, ids[0], bad, o.at)
	}); !errors.Is(err, ErrRightsDays) {
		t.Errorf("the wrong way round: %v", err)
	}
	bad.To, bad.Guardian = bad.From, 999
	if err := o.attempt(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return SetRights(ctx, tx, o.who, o.keys, ids[0], bad, o.at)
	}); !errors.Is(err, ErrNoGuardian) {
		t.Errorf("a stranger: %v", err)
	}
}

func TestAGuardianIsChangedAsSeenAndFoundByWhatIsNew(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	child := o.add(t, Person{Given: "Ana", Family: "Peña"})[0]
	rosa := o.adults(t, child, "2026-09-01")[0]
	change := func(g Guardian, seen string) error {
		return o.attempt(t, func(ctx context.Context, tx *sqlx.Tx) error {
			return ChangeGuardian(ctx, tx, o.who, o.keys, child, rosa.ID, g, seen, o.at)
		})
	}
	moved := rosa.Guardian
	moved.Phone, moved.Family = "+15035550199", "Quispe"
	if err := change(moved, rosa.Seen); err != nil {
		t.Fatal(err)
	}
	if got := o.search(t, "quispe"); !slices.Equal(got, []ChildID{child}) {
		t.Errorf("by the new name: %v", got)
	}
	if got := o.search(t, "503 555 0100"); len(got) != 0 {
		t.Errorf("by the old telephone: %v", got)
	}
	other := moved
	other.Email = "rosa@example.org"
	if err := change(other, rosa.Seen); !errors.Is(err, ErrMeanwhile) {
		t.Errorf("seen before somebody else saved: %v", err)
	}
	if err := change(moved, rosa.Seen); err != nil {
		t.Errorf("the same again: %v", err)
	}
	var agency GuardianID
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		agency, err = AddGuardian(ctx, tx, o.who, o.keys, child, Guardian{Given: "County Family Services", Agency: true}, o.at)
		return err
	})
	if got := o.search(t, "county"); !slices.Equal(got, []ChildID{child}) || agency == 0 {
		t.Errorf("by the agency: %v", got)
	}
	err := o.attempt(t, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := AddGuardian(ctx, tx, o.who, o.keys, child, Guardian{Given: "ROSA", Family: "quispe"}, o.at)
		return err
	})
	if !errors.Is(err, ErrGuardianKnown) {
		t.Errorf("the same name: %v", err)
	}
}

func TestAHoldKeepsWhatItSaysFromBeingDone(t *testing.T) {
	t.Parallel()
	for kind, blocks := range map[HoldKind][]Act{
		LegalHold: {ToWithdraw, ToForfeit, ToErase}, CustodyHold: {ToChange, ToWithdraw}, FraudHold: {ToChange, ToWithdraw, ToEnter}, DeathHold: {ToChange, ToWithdraw, ToWrite, ToEnter},
	} {
		if !slices.Equal(kind.Blocks(), blocks) {
			t.Errorf("%s blocks %v", kind, kind.Blocks())
		}
	}
	o := newOffice(t)
	child := o.add(t, Person{Given: "Ana", Family: "Peña"})[0]
	save := func(version int, given string) error {
		return o.attempt(t, func(ctx context.Context, tx *sqlx.Tx) error {
			return Save(ctx, tx, o.who, o.keys, Change{Child: child, Person: Person{Given: given, Family: "Peña"}, Language: "es"}, version, o.at)
		})
	}
	if err := save(1, "Anna"); err != nil {
		t.Fatal(err)
	}
	if err := save(1, "Annie"); !errors.Is(err, ErrMeanwhile) {
		t.Errorf("saved meanwhile: %v", err)
	}
	if err := save(1, "Anna"); err != nil {
		t.Errorf("what is on record already: %v", err)
	}
	place := func() error {
		return o.attempt(t, func(ctx context.Context, tx *sqlx.Tx) error {
			return PlaceHold(ctx, tx, o.who, o.keys, child, Hold{Kind: CustodyHold, Why: "both claim the child"}, o.at)
		})
	}
	if err := place(); err != nil {
		t.Fatal(err)
	}
	if err := place(); !errors.Is(err, ErrHoldThere) {
		t.Errorf("twice: %v", err)
	}
	if err := save(2, "Annie"); !errors.Is(err, ErrHeldCustody) {
		t.Errorf("changed under a custody hold: %v", err)
	}
	other := store.Who{Tenant: o.who.Tenant, Actor: "staff/9"}
	err := o.db.InTx(t.Context(), other, func(tx *sqlx.Tx) error {
		all, err := HoldsOf(t.Context(), tx, other, o.keys, child)
		if err != nil {
			return err
		}
		return LiftHold(t.Context(), tx, other, o.keys, child, all[0].ID, "settled in court", o.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := save(2, "Annie"); err != nil {
		t.Errorf("once it is lifted: %v", err)
	}
}

func TestPapersAreSealedToldByTheirBytesAndKeptOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	child := o.add(t, Person{Given: "Ana", Family: "Peña"})[0]
	add := func(content []byte) (id DocumentID, err error) {
		err = o.attempt(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			id, err = AddDocument(ctx, tx, o.who, o.keys, child, Document{Kind: "court_order", Title: "Order of the Family Court"}, content, o.at)
			return err
		})
		return id, err
	}
	pdf := []byte("%PDF-1.7 Family Court of Riverbend")
	first, err := add(pdf)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := add(pdf); err != nil || again != first {
		t.Errorf("the same file: %d %v", again, err)
	}
	for name, content := range map[string][]byte{"a page": []byte("<html><script>"), "a GIF": []byte("GIF89a...")} {
		if _, err := add(content); !errors.Is(err, ErrDocumentKind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, content := range map[string][]byte{"nothing": nil, "too much": append([]byte("%PDF-"), make([]byte, paper.Most)...)} {
		if _, err := add(content); !errors.Is(err, ErrDocumentSize) {
			t.Errorf("%s: %v", name, err)
		}
	}
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := WriteNote(ctx, tx, o.who, o.keys, child, Note{Text: "Called about Family Court.", Reference: "n1"}, o.at); err != nil {
			return err
		}
		var raw [][]byte
		if err := tx.SelectContext(ctx, &raw, `SELECT sealed || title FROM child_documents UNION ALL SELECT sealed FROM child_notes`); err != nil {
			return err
		}
		for _, r := range raw {
			if bytes.Contains(r, []byte("Family")) {
				t.Errorf("in the clear: %q", r)
			}
		}
		d, content, err := OpenDocument(ctx, tx, o.who, o.keys, child, first)
		if err != nil || !bytes.Equal(content, pdf) || d.Media != "application/pdf" || d.Title != "Order of the Family Court" {
			t.Errorf("opened: %+v %q %v", d, content, err)
		}
		notes, err := NotesOf(ctx, tx, o.who, o.keys, child)
		if err != nil || len(notes) != 1 || notes[0].Text != "Called about Family Court." {
			t.Errorf("notes: %+v %v", notes, err)
		}
		if _, _, err := OpenDocument(ctx, tx, o.who, o.keys, child, first+1); !errors.Is(err, ErrNoDocument) {
			t.Errorf("none: %v", err)
		}
		return nil
	})
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := Erase(ctx, tx, 1); err != nil {
			return err
		}
		docs, err := DocumentsOf(ctx, tx, o.who, o.keys, child)
		notes, err2 := NotesOf(ctx, tx, o.who, o.keys, child)
		if len(docs)+len(notes) != 0 {
			t.Errorf("of an erased family: %v %v", docs, notes)
		}
		return errors.Join(err, err2)
	})
}

func TestAConsentIsAFactAndIsTakenBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	child := o.add(t, Person{Given: "Ana", Family: "Peña"})[0]
	say := func(given bool, from, reference string) {
		t.Helper()
		o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			c := Consent{Child: child, Purpose: "free_lunch", Given: given, From: day(t, from), Reference: reference}
			return RecordConsent(ctx, tx, o.who, o.keys, c, day(t, "2026-09-01"), o.at)
		})
	}
	say(true, "2026-08-20", "f1")
	say(true, "2026-08-20", "f1")
	say(false, "2026-08-28", "f2")
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		facts, err := FactsOf(ctx, tx, o.who, o.keys, []ChildID{child})
		if err != nil {
			return err
		}
		if len(facts) != 2 || facts[0].Name != "consent_free_lunch" || facts[0].Value != true || facts[1].Value != false {
			t.Errorf("facts: %+v", facts)
		}
		all, err := ConsentsOf(ctx, tx, child)
		if len(all) != 2 || all[0].Given || !all[1].Given {
			t.Errorf("consents: %+v", all)
		}
		return err
	})
}

func TestAFormerNameIsKeptAndFindsNobody(t *testing.T) {
	t.Parallel()
	p := Person{Given: "Ana", Family: "Peña", BornOn: day(t, "2019-05-01")}
	n := p.Renamed("Ana María", "", "Quispe", day(t, "2026-09-10"), true)
	if n.DisplayName() != "Ana María Quispe" || !n.WasCalled("ANA", "pena") || n.WasCalled("Ana", "Quispe") || n.Formerly[0].Until != day(t, "2026-09-09") {
		t.Errorf("renamed: %+v", n)
	}
	o := newOffice(t)
	child := o.add(t, p)[0]
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return Save(ctx, tx, o.who, o.keys, Change{Child: child, Person: n, Language: "es"}, 1, o.at)
	})
	if got := o.search(t, "ana quispe"); !slices.Equal(got, []ChildID{child}) {
		t.Errorf("by the name now: %v", got)
	}
}

// What a court wants kept is not erased, whoever asks and under whichever record
// of the child the hold stands; nor by a statement that asks nobody.
func TestALegalHoldKeepsAFamilyFromBeingErased(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ids := o.add(t, Person{Given: "Ana", Family: "Lee"}, Person{Given: "Bea", Family: "Lee"})
	var fam ID
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		children, err := Load(ctx, tx, o.who, o.keys, ids)
		if err != nil {
			return err
		}
		fam = children[0].Family
		return PlaceHold(ctx, tx, o.who, o.keys, ids[0], Hold{Kind: LegalHold, Why: "subpoena"}, o.at)
	})
	erase := func(do func(ctx context.Context, tx *sqlx.Tx) error) error {
		return o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error { return do(t.Context(), tx) })
	}
	if err := erase(func(ctx context.Context, tx *sqlx.Tx) error { return Erase(ctx, tx, fam) }); !errors.Is(err, ErrHeldErase) {
		t.Errorf("erasing: %v, want the refusal", err)
	}
	err := erase(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE families SET wrapped_key = NULL WHERE id = $1`, fam)
		return err
	})
	if !store.Violates(err, "families_legal_hold_check") {
		t.Errorf("behind the use case's back: %v", err)
	}
	if got := o.search(t, "lee"); len(got) == 0 {
		t.Error("the indexes are gone")
	}
	lifter := o.who
	lifter.Actor = "another"
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		holds, err := HoldsOf(ctx, tx, o.who, o.keys, ids[0])
		if err != nil {
			return err
		}
		return LiftHold(ctx, tx, lifter, o.keys, ids[0], holds[0].ID, "settled", o.at)
	})
	o.do(t, func(ctx context.Context, tx *sqlx.Tx) error { return Erase(ctx, tx, fam) })
}

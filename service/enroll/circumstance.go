package enroll

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/family"
)

// The facts under which rule books read what only some people need to know. They
// are sealed as every fact is, and pages show them to who may see them.
const (
	FosterFact   = "foster"
	HomelessFact = "homeless"
	AdoptedFact  = "adopted_on"
)

// Protected are the facts that are shown to who needs to know, and nobody else.
var Protected = []string{FosterFact, HomelessFact, AdoptedFact}

// Circumstance is something that changes in a child's life.
type Circumstance struct {
	Child     family.ChildID
	On        ledger.Date
	Why       string // kept as a closed note
	Document  family.DocumentID
	Reference string // names the form
}

// note keeps the reason where only who needs to know reads it.
func (c Circumstance) note(ctx context.Context, tx *sqlx.Tx, w Walk) error {
	if c.Why == "" {
		return nil
	}
	return family.WriteNote(ctx, tx, w.Who, w.Keys, c.Child, family.Note{Text: c.Why, Closed: true, Reference: c.Reference}, w.At)
}

func (c Circumstance) fact(ctx context.Context, tx *sqlx.Tx, w Walk, name string, value any) error {
	f := family.Fact{Child: c.Child, Name: name, Value: value, From: c.On, Known: w.AsOf, Reference: "console " + c.Reference, Source: "console"}
	_, err := family.RecordFacts(ctx, tx, w.Who, w.Keys, []family.Fact{f}, w.At)
	return err
}

// Placed says that a child is placed in foster care, in the care of an agency. The
// agency may do everything for the child; what parents see in the portal waits for
// somebody's decision.
func Placed(ctx context.Context, tx *sqlx.Tx, w Walk, c Circumstance, agency family.Guardian) error {
	if err := c.fact(ctx, tx, w, FosterFact, true); err != nil {
		return err
	}
	agency.Agency = true
	id, err := family.AddGuardian(ctx, tx, w.Who, w.Keys, c.Child, agency, w.At)
	if err != nil {
		return err
	}
	rights := family.Guardianship{Guardian: id, Rights: family.Rights, From: c.On, Document: c.Document, Reference: c.Reference}
	if err := family.SetRights(ctx, tx, w.Who, w.Keys, c.Child, rights, w.At); err != nil {
		return err
	}
	if err := activation.Pause(ctx, tx, w.Who, c.Child, w.At); err != nil {
		return err
	}
	return c.note(ctx, tx, w)
}

// PlacementEnds says that a child is not in foster care any more. Its agencies
// may do nothing from that day on; the parents' accounts stay as they are, for
// somebody to decide about.
func PlacementEnds(ctx context.Context, tx *sqlx.Tx, w Walk, c Circumstance) error {
	if err := c.fact(ctx, tx, w, FosterFact, false); err != nil {
		return err
	}
	adults, err := family.Adults(ctx, tx, w.Who, w.Keys, c.Child, c.On)
	if err != nil {
		return err
	}
	for _, a := range adults {
		if !a.Agency || len(a.Rights) == 0 {
			continue
		}
		none := family.Guardianship{Guardian: a.ID, From: c.On, Document: c.Document, Reference: c.Reference}
		if err := family.SetRights(ctx, tx, w.Who, w.Keys, c.Child, none, w.At); err != nil {
			return err
		}
	}
	return c.note(ctx, tx, w)
}

// Homeless says that a child has no home of its own, or has one again. Nobody asks
// for an address then, and what is written goes by the school.
func Homeless(ctx context.Context, tx *sqlx.Tx, w Walk, c Circumstance, is bool) error {
	if err := c.fact(ctx, tx, w, HomelessFact, is); err != nil {
		return err
	}
	return c.note(ctx, tx, w)
}

// Adoption says that a child was adopted.
type Adoption struct {
	Circumstance
	Given, Middle, Family string              // the name since
	Version               int                 // of the record as it was seen
	Ends                  []family.GuardianID // who may do nothing from that day on
}

// Adopted says that a child was adopted. Windows of the rule book run from that
// day where the book says so; the name before, and whose child it was, only who
// needs to know sees.
func Adopted(ctx context.Context, tx *sqlx.Tx, w Walk, a Adoption) error {
	if err := a.fact(ctx, tx, w, AdoptedFact, a.On); err != nil {
		return err
	}
	if err := Rename(ctx, tx, w, a.Circumstance, Name{a.Given, a.Middle, a.Family}, a.Version, true); err != nil {
		return err
	}
	for _, id := range a.Ends {
		none := family.Guardianship{Guardian: id, From: a.On, Document: a.Document, Reference: a.Reference}
		if err := family.SetRights(ctx, tx, w.Who, w.Keys, a.Child, none, w.At); err != nil {
			return err
		}
	}
	return activation.Pause(ctx, tx, w.Who, a.Child, w.At)
}

// Name is how a child is called.
type Name struct{ Given, Middle, Family string }

// Rename gives a child another name from a day on. Every page and every paper
// that is drawn from then on has it; the former one is kept, sealed.
func Rename(ctx context.Context, tx *sqlx.Tx, w Walk, c Circumstance, n Name, version int, adoption bool) error {
	was, err := family.Load(ctx, tx, w.Who, w.Keys, []family.ChildID{c.Child})
	if err != nil {
		return err
	}
	change := family.Change{Child: c.Child, Person: was[0].Person.Renamed(n.Given, n.Middle, n.Family, c.On, adoption), Language: was[0].Language}
	if err := family.Save(ctx, tx, w.Who, w.Keys, change, version, w.At); err != nil {
		return err
	}
	return c.note(ctx, tx, w)
}

// Disputed says that guardians disagree about a child: nothing is changed or paid
// out until the hold is lifted, and deposits go on.
func Disputed(ctx context.Context, tx *sqlx.Tx, w Walk, c Circumstance) error {
	hold := family.Hold{Kind: family.CustodyHold, Why: c.Why, Document: c.Document}
	if err := family.PlaceHold(ctx, tx, w.Who, w.Keys, c.Child, hold, w.At); err != nil {
		return err
	}
	return activation.Withdraw(ctx, tx, w.Who, c.Child, w.At)
}

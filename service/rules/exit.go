package rules

import (
	"slices"

	"seedbook/ledger"
)

// Exit says what becomes of a child's money when something happens.
type Exit struct {
	On           string
	ProgramMoney string
	FamilyMoney  string
	// Participation says whether the child goes on taking part.
	Participation string
	// Only are the benefits whose money it concerns; none named means all.
	Only     []string
	Choices  []ExitChoice
	Dormancy []Dormancy
}

// ExitChoice is what a family may choose afterwards.
type ExitChoice struct {
	Choice       string
	ProgramMoney string
	FamilyMoney  string
}

// Dormancy is what becomes of the money where nobody answers.
type Dormancy struct {
	LessThan     *ledger.Amount // the family's own money on the day of exit; nil is any
	Years        int
	ProgramMoney string
	FamilyMoney  string
}

// What an exit is on, beside the events of the same name.
const (
	exitOptOut       = "opt_out"
	exitNonqualified = "nonqualified_withdrawal"
)

var exitOn = []string{
	string(LeavesSchool), string(LeavesArea), exitOptOut, string(Left), string(AccountClosed), string(BeneficiaryChanged),
	exitNonqualified, string(Death),
}

// What may become of money.
const (
	moneyKeep     = "keep"
	moneyFreeze   = "freeze"
	moneyForfeit  = "forfeit"
	moneyTransfer = "transfer"
	moneySibling  = "sibling"
	moneyReturn   = "return"
	moneyDonate   = "donate"
	moneyEstate   = "estate"
	moneyOwner    = "owner"
)

var (
	programMoney = []string{moneyKeep, moneyFreeze, moneyForfeit, moneyTransfer, moneySibling}
	familyMoney  = []string{moneyKeep, moneyReturn, moneyTransfer, moneyDonate, moneyEstate, moneyOwner, moneyForfeit}
)

const (
	participationEnds      = "ends"
	participationContinues = "continues"
)

// matches reports whether an event is what the exit is on.
func (x *Exit) matches(ev *Event) bool {
	switch x.On {
	case exitOptOut:
		return ev.Kind == OptedOut
	case exitNonqualified:
		return ev.Kind == Withdrawal && ev.Purpose == Nonqualified
	}
	return x.On == string(ev.Kind)
}

// Ends reports an event with which participation ends.
func (b *Book) Ends(ev Event) bool { return b.ends(&ev) }

// ends reports an event with which participation ends.
func (b *Book) ends(ev *Event) bool {
	switch ev.Kind {
	case Left, OptedOut, Death:
		return true
	case LeavesSchool, LeavesArea, AccountClosed, BeneficiaryChanged, Withdrawal:
		for i := range b.Exit {
			if b.Exit[i].matches(ev) && b.Exit[i].Participation == participationEnds {
				return true
			}
		}
	}
	return false
}

func (d *decoder) exits(b *Book, n *node) (out []Exit) {
	d.each(n, func(item *node) {
		o := d.object(item, "exit")
		x := Exit{
			On:            choice(d, o.must("on"), exitOn...),
			ProgramMoney:  choice(d, o.may("program_money"), programMoney...),
			FamilyMoney:   choice(d, o.may("family_money"), familyMoney...),
			Participation: choice(d, o.may("participation"), participationEnds, participationContinues),
			Only:          d.onlyBenefits(b, o.may("only")),
		}
		d.each(o.may("choices"), func(item *node) { x.Choices = append(x.Choices, d.exitChoice(item)) })
		d.each(o.may("dormancy"), func(item *node) { x.Dormancy = append(x.Dormancy, d.dormancy(item)) })
		o.done()
		d.checkExit(item, &x)
		out = append(out, x)
	})
	if len(out) > maxItems {
		d.report(n, "item_count", map[string]any{"least": 0, "most": maxItems})
	}
	return out
}

func (d *decoder) onlyBenefits(b *Book, n *node) []string {
	if n == nil {
		return nil
	}
	o := d.object(n, "only")
	names := o.must("benefits")
	out := d.codes(names)
	o.done()
	d.checkBenefitNames(b, names, out)
	return out
}

func (d *decoder) exitChoice(n *node) ExitChoice {
	o := d.object(n, "exit_choice")
	c := ExitChoice{
		Choice:       d.name(o.must("choice")),
		ProgramMoney: choice(d, o.may("program_money"), programMoney...),
		FamilyMoney:  choice(d, o.may("family_money"), familyMoney...),
	}
	o.done()
	return c
}

func (d *decoder) dormancy(n *node) Dormancy {
	o := d.object(n, "dormancy")
	r := Dormancy{
		LessThan:     d.positive(o.may("less_than")),
		Years:        d.whole(o.must("years"), 1, 100),
		ProgramMoney: choice(d, o.may("program_money"), programMoney...),
		FamilyMoney:  choice(d, o.may("family_money"), familyMoney...),
	}
	o.done()
	return r
}

// checkExit settles what an exit leaves unsaid and refuses what cannot be
// reached. An exit of some benefits alone leaves the child in the program.
func (d *decoder) checkExit(n *node, x *Exit) {
	if x.Participation == "" {
		if x.Participation = participationEnds; len(x.Only) > 0 {
			x.Participation = participationContinues
		}
	}
	if x.Participation == participationContinues && slices.Contains([]string{exitOptOut, string(Left), string(Death)}, x.On) {
		d.report(n.get("participation"), "exit_ends", map[string]any{"event": x.On})
	}
	if len(x.Only) > 0 && x.FamilyMoney != "" {
		d.report(n.get("family_money"), "exit_only", nil)
	}
	for i, r := range x.Dormancy {
		later := x.Dormancy[i+1:]
		if r.LessThan == nil && len(later) > 0 || slices.ContainsFunc(later, func(l Dormancy) bool {
			return l.LessThan != nil && r.LessThan != nil && !r.LessThan.Less(*l.LessThan)
		}) {
			d.report(n.get("dormancy"), "dormancy_order", nil)
			return
		}
	}
}

package rulebook

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"seedbook/ledger"
	"seedbook/service/rules"
)

// ErrBeyond reports a book that says things in a way that the form would lose.
var ErrBeyond = errors.New("the book is beyond the form")

// Form is a rule book as the form for the common cases shows it. What the form
// has no field for, it carries along as it is written.
type Form struct {
	// Who and OptOutDays are nil where the book says them in a way that only the
	// text can change.
	Who        *Condition
	OptOutDays *int
	Seed       *SeedForm // nil: none
	Match      *MatchForm
	Bonus      *BonusForm
	Others     []string // the benefits that only the text can change, by id

	sections []part // of the text, in order
	benefits []part // of the benefits, in order; the form's own by id
}

// Names a benefit has for families.
type Says struct{ En, Es string }

// SeedForm is a first deposit for every child.
type SeedForm struct {
	Says   Says
	Amount ledger.Amount
	Fund   string

	id, funding string
}

// MatchForm is a match of what families deposit. A cap or least of zero is none.
type MatchForm struct {
	Says      Says
	Ratio     decimal.Decimal
	Least     ledger.Amount // of one deposit
	PeriodCap ledger.Amount
	LifeCap   ledger.Amount
	Period    string
	Funds     []FundForm // in the order in which they are asked

	id, funding, undo string
}

// FundForm is a fund and the schools it serves; none named is all.
type FundForm struct {
	Fund    string
	Schools []string
}

// BonusForm is an amount once enough is saved in a period.
type BonusForm struct {
	Says    Says
	At, Pay ledger.Amount
	Period  string
	Fund    string

	id, funding, undo, basis string
}

// Periods are those that the form offers for a match and a bonus.
var Periods = []string{"school_year", "calendar_year", "quarter", "month", "once"}

// part is a piece of a text under its key or id.
type part struct{ key, text string }

var topKey = regexp.MustCompile(`^([a-z_]+):`)

// split cuts a text before each line that begins a part. What stands before the
// first one is a part without a key.
func split(text string, begins func(line string) (string, bool)) (out []part) {
	out = []part{{}}
	for _, line := range strings.SplitAfter(text, "\n") {
		if key, ok := begins(line); ok {
			out = append(out, part{key: key})
		}
		out[len(out)-1].text += line
	}
	return out
}

func topLevel(line string) (string, bool) {
	m := topKey.FindStringSubmatch(line)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// ReadForm reads a book's text into the form. ErrBeyond says that the form
// cannot hold the book: writing it again would not give the same one.
func ReadForm(source string) (*Form, error) {
	book, err := rules.Parse([]byte(source))
	if err != nil {
		return nil, err
	}
	f := &Form{sections: split(source, topLevel)}
	o := tree(book)
	if !f.readBenefits(o) {
		return nil, ErrBeyond
	}
	f.readWho(o)
	again, err := rules.Parse([]byte(f.Text()))
	if err != nil || again.Hash() != book.Hash() {
		return nil, ErrBeyond
	}
	return f, nil
}

// readBenefits cuts the benefits apart and reads those that the form knows, the
// first of each sort.
func (f *Form) readBenefits(o object) bool {
	benefits := o.objects("benefits")
	text := f.section("benefits")
	indent := -1
	pieces := split(text, func(line string) (string, bool) {
		trimmed := strings.TrimLeft(line, " ")
		at := len(line) - len(trimmed)
		if !strings.HasPrefix(trimmed, "- ") || indent >= 0 && at != indent {
			return "", false
		}
		indent = at
		return "item", true
	})
	if len(pieces)-1 != len(benefits) {
		return len(benefits) == 0
	}
	for i, b := range benefits {
		p := part{b.text("id"), pieces[i+1].text}
		switch {
		case f.Seed == nil && f.readSeed(b):
		case f.Match == nil && f.readMatch(b):
		case f.Bonus == nil && f.readBonus(b):
		default:
			f.Others = append(f.Others, p.key)
		}
		f.benefits = append(f.benefits, p)
	}
	return true
}

func (f *Form) section(key string) string {
	for _, s := range f.sections {
		if s.key == key {
			return s.text
		}
	}
	return ""
}

func (f *Form) readWho(o object) {
	who := Condition{}
	known := true
	for _, r := range o.objects("eligibility") {
		c, ok := readCondition(r.text("when"))
		known = known && ok && len(r.others("id", "when")) == 0 && who.merge(c)
	}
	if known {
		f.Who = &who
	}
	e := o.sub("enrollment")
	if len(e.others("mode", "opt_out_days")) == 0 && (e.text("mode") == "" || e.text("mode") == "auto_opt_out") {
		days, _ := decimal.NewFromString(e.text("opt_out_days"))
		n := int(days.IntPart())
		f.OptOutDays = &n
	}
}

// merge takes over what another condition says, unless both say it.
func (c *Condition) merge(d Condition) bool {
	clash := len(c.Cities) > 0 && len(d.Cities) > 0 || len(c.Schools) > 0 && len(d.Schools) > 0 || c.GradeFrom != "" && d.GradeFrom != "" ||
		!c.BornFrom.IsZero() && !d.BornFrom.IsZero() || !c.BornTo.IsZero() && !d.BornTo.IsZero()
	c.Cities, c.Schools = append(c.Cities, d.Cities...), append(c.Schools, d.Schools...)
	if d.GradeFrom != "" {
		c.GradeFrom, c.GradeTo = d.GradeFrom, d.GradeTo
	}
	if !d.BornFrom.IsZero() {
		c.BornFrom = d.BornFrom
	}
	if !d.BornTo.IsZero() {
		c.BornTo = d.BornTo
	}
	return !clash
}

func saysOf(b object) Says { return Says{b.sub("says").text("en"), b.sub("says").text("es")} }

// rest is what a funding says beside its sources.
func rest(funding object) string {
	var out string
	for _, key := range []string{"while_funds_last", "on_shortfall"} {
		if v := funding.text(key); v != "" {
			out += "      " + key + ": " + v + "\n"
		}
	}
	return out
}

func undoText(b object) string {
	if len(b.sub("undo")) == 0 {
		return ""
	}
	return "    undo: " + written(map[string]any(b.sub("undo"))) + "\n"
}

// oneFund is the code of a funding's only source, that serves everybody.
func oneFund(b object) (string, bool) {
	all := b.sub("funding").objects("sources")
	if len(all) != 1 || len(all[0].others("fund")) > 0 {
		return "", false
	}
	return all[0].text("fund"), true
}

func amountOf(s string) (a ledger.Amount) {
	if s != "" {
		a, _ = ledger.ParseAmount(s) // the book was read: it is one
	}
	return a
}

func (f *Form) readSeed(b object) bool {
	fund, ok := oneFund(b)
	if !ok || b.text("kind") != "seed" || b.text("trigger") != "event(enrolled)" || b.text("period") != "once" || len(b.sub("amount").others("fixed")) > 0 ||
		len(b.others("id", "kind", "says", "trigger", "period", "amount", "funding")) > 0 {
		return false
	}
	f.Seed = &SeedForm{Says: saysOf(b), Amount: amountOf(b.sub("amount").text("fixed")), Fund: fund, id: b.text("id"), funding: rest(b.sub("funding"))}
	return true
}

func (f *Form) readMatch(b object) bool {
	ratio, err := decimal.NewFromString(b.sub("amount").text("ratio"))
	if err != nil || b.text("kind") != "match" || b.text("basis") != "gross_deposits" || !slices.Contains(Periods, b.text("period")) ||
		len(b.sub("caps").others("per_period", "lifetime"))+len(b.sub("base").others("min_single")) > 0 ||
		len(b.others("id", "kind", "says", "basis", "base", "amount", "caps", "period", "funding", "undo")) > 0 {
		return false
	}
	m := &MatchForm{Says: saysOf(b), Ratio: ratio, Least: amountOf(b.sub("base").text("min_single")), PeriodCap: amountOf(b.sub("caps").text("per_period")),
		LifeCap: amountOf(b.sub("caps").text("lifetime")), Period: b.text("period"), id: b.text("id"), funding: rest(b.sub("funding")), undo: undoText(b)}
	for _, s := range inOrder(b.sub("funding").objects("sources")) {
		c, ok := readCondition(s.text("when"))
		schools := c.Schools
		if c.Schools = nil; !ok || !c.Empty() {
			return false
		}
		m.Funds = append(m.Funds, FundForm{s.text("fund"), schools})
	}
	f.Match = m
	return len(m.Funds) <= MostFunds
}

// MostFunds is how many funds of a match the form has room for.
const MostFunds = 3

func (f *Form) readBonus(b object) bool {
	fund, ok := oneFund(b)
	t := b.sub("amount").sub("threshold")
	basis := b.text("basis")
	if !ok || t == nil || basis != "net_deposits" && basis != "gross_deposits" || !slices.Contains(Periods, b.text("period")) || b.text("kind") != "incentive" ||
		len(b.others("id", "kind", "says", "basis", "amount", "period", "funding", "undo")) > 0 {
		return false
	}
	f.Bonus = &BonusForm{Says: saysOf(b), At: amountOf(t.text("at")), Pay: amountOf(t.text("pay")), Period: b.text("period"), Fund: fund,
		id: b.text("id"), funding: rest(b.sub("funding")), undo: undoText(b), basis: basis}
	return true
}

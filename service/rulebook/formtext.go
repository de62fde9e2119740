package rulebook

import (
	"strconv"
	"strings"

	"seedbook/ledger"
	"seedbook/service/rules"
)

// Text writes the form as a rule book. What the form does not change stays as
// it is written.
func (f *Form) Text() string {
	var b strings.Builder
	wrote := map[string]bool{}
	put := func(key, text string) {
		wrote[key] = true
		b.WriteString(text)
	}
	for _, s := range f.sections {
		f.before(s.key, wrote, put)
		switch {
		case s.key == "eligibility" && f.Who != nil:
			put(s.key, f.whoText())
		case s.key == "enrollment" && f.OptOutDays != nil:
			put(s.key, f.enrollmentText())
		case s.key == "benefits":
			put(s.key, f.benefitsText())
		default:
			put(s.key, s.text)
		}
	}
	f.before("", wrote, put)
	return b.String()
}

// before writes what the text did not have yet, in its place: who takes part and
// how, and the benefits.
func (f *Form) before(key string, wrote map[string]bool, put func(key, text string)) {
	after := map[string]bool{"benefits": true, "shared_caps": true, "expiry": true, "exit": true, "examples": true}
	if key != "" && !after[key] || key == "" && !wrote["program"] {
		return
	}
	if !wrote["eligibility"] && f.section("eligibility") == "" && f.Who != nil {
		put("eligibility", f.whoText())
	}
	if !wrote["enrollment"] && f.section("enrollment") == "" && f.OptOutDays != nil {
		put("enrollment", f.enrollmentText())
	}
	if key != "benefits" && !wrote["benefits"] && f.section("benefits") == "" {
		put("benefits", f.benefitsText())
	}
}

func (f *Form) whoText() string {
	if f.Who.Empty() {
		return ""
	}
	out := "eligibility:\n"
	for _, one := range []struct {
		id string
		c  Condition
	}{
		{"city", Condition{Cities: f.Who.Cities}}, {"school", Condition{Schools: f.Who.Schools}},
		{"grade", Condition{GradeFrom: f.Who.GradeFrom, GradeTo: f.Who.GradeTo}},
		{"born_from", Condition{BornFrom: f.Who.BornFrom}}, {"born_to", Condition{BornTo: f.Who.BornTo}},
	} {
		if !one.c.Empty() {
			out += "  - id: " + one.id + "\n    when: '" + strings.ReplaceAll(one.c.String(), "'", "''") + "'\n"
		}
	}
	return out + "\n"
}

func (f *Form) enrollmentText() string {
	if *f.OptOutDays == 0 {
		return "enrollment: {mode: auto_opt_out}\n\n"
	}
	return "enrollment: {mode: auto_opt_out, opt_out_days: " + strconv.Itoa(*f.OptOutDays) + "}\n\n"
}

// benefitsText writes the benefits in their order, those that are new behind.
func (f *Form) benefitsText() string {
	out := "benefits:\n"
	own := map[string]bool{}
	write := func(id, text string) {
		own[id] = true
		out += text
	}
	for _, p := range f.benefits {
		switch {
		case f.Seed != nil && f.Seed.id == p.key:
			write(p.key, f.Seed.text())
		case f.Match != nil && f.Match.id == p.key:
			write(p.key, f.Match.text())
		case f.Bonus != nil && f.Bonus.id == p.key:
			write(p.key, f.Bonus.text())
		case f.other(p.key):
			out += strings.TrimRight(p.text, "\n") + "\n"
		}
	}
	if f.Seed != nil && !own[f.Seed.id] {
		f.Seed.id = f.free("seed")
		write(f.Seed.id, f.Seed.text())
	}
	if f.Match != nil && !own[f.Match.id] {
		f.Match.id = f.free("match")
		write(f.Match.id, f.Match.text())
	}
	if f.Bonus != nil && !own[f.Bonus.id] {
		f.Bonus.id = f.free("bonus")
		write(f.Bonus.id, f.Bonus.text())
	}
	if out == "benefits:\n" {
		return "benefits: []\n\n"
	}
	return out + "\n"
}

func (f *Form) other(id string) bool {
	for _, o := range f.Others {
		if o == id {
			return true
		}
	}
	return false
}

// free is an id that no other benefit has.
func (f *Form) free(id string) string {
	for f.other(id) {
		id += "_2"
	}
	return id
}

func (s Says) text() string {
	if s.En == "" {
		return ""
	}
	es := s.Es
	if es == "" {
		es = s.En
	}
	return "    says: {en: " + quoted(s.En) + ", es: " + quoted(es) + "}\n"
}

func orQueue(funding string) string {
	if funding == "" {
		return "      on_shortfall: queue\n"
	}
	return funding
}

func (s *SeedForm) text() string {
	return "  - id: " + orName(s.id, "seed") + "\n    kind: seed\n" + s.Says.text() +
		"    trigger: event(enrolled)\n    amount: {fixed: " + s.Amount.String() + "}\n    period: once\n" +
		"    funding:\n      sources:\n        - {fund: " + s.Fund + "}\n" + s.funding
}

func orName(id, name string) string {
	if id == "" {
		return name
	}
	return id
}

func (m *MatchForm) text() string {
	out := "  - id: " + orName(m.id, "match") + "\n    kind: match\n" + m.Says.text() + "    basis: gross_deposits\n"
	if !m.Least.IsZero() {
		out += "    base: {min_single: " + m.Least.String() + "}\n"
	}
	out += "    amount: {ratio: " + m.Ratio.String() + "}\n"
	var caps []string
	for _, c := range []struct {
		key string
		max ledger.Amount
	}{{"per_period", m.PeriodCap}, {"lifetime", m.LifeCap}} {
		if !c.max.IsZero() {
			caps = append(caps, c.key+": "+c.max.String())
		}
	}
	if len(caps) > 0 {
		out += "    caps: {" + strings.Join(caps, ", ") + "}\n"
	}
	out += "    period: " + m.Period + "\n    funding:\n      sources:\n"
	for i, s := range m.Funds {
		out += "        - fund: " + s.Fund + "\n"
		if len(s.Schools) > 0 {
			out += "          when: '" + Condition{Schools: s.Schools}.String() + "'\n"
		}
		if len(m.Funds) > 1 {
			out += "          priority: " + strconv.Itoa(i+1) + "\n"
		}
	}
	return out + m.funding + m.undo
}

func (x *BonusForm) text() string {
	return "  - id: " + orName(x.id, "bonus") + "\n    kind: incentive\n" + x.Says.text() + "    basis: " + orName(x.basis, "net_deposits") +
		"\n    amount:\n      threshold: {at: " + x.At.String() + ", pay: " + x.Pay.String() + "}\n    period: " + x.Period +
		"\n    funding:\n      sources:\n        - {fund: " + x.Fund + "}\n" + x.funding + x.undo
}

// NewSeed, NewMatch and NewBonus are benefits that the form adds: what has no
// money waits for it, and what a returned deposit earned goes back with it.
func NewSeed() *SeedForm { return &SeedForm{funding: orQueue("")} }

// NewMatch is a match that the form adds.
func NewMatch() *MatchForm {
	return &MatchForm{funding: orQueue(""), undo: "    undo: {on_return: reverse_full}\n"}
}

// NewBonus is a bonus that the form adds.
func NewBonus() *BonusForm {
	return &BonusForm{funding: orQueue(""), undo: "    undo: {on_return: reverse_full}\n"}
}

// Empty is the smallest book of a program, to begin from: a first deposit for
// every child, of an amount and from a fund that are still to be changed.
func Empty(p rules.Program, from ledger.Date, fund string) string {
	return programText(p) + `
calendar:
  school_year: 07-01

versions:
  - {id: start, effective_from: ` + from.String() + `}

enrollment: {mode: auto_opt_out}

benefits:
` + (&SeedForm{Says: Says{"First deposit", "Primer depósito"}, Amount: ledger.Minor(5000), Fund: fund, funding: orQueue("")}).text()
}

// programText is what a book says of its program.
func programText(p rules.Program) string {
	return `program:
  id: ` + p.ID + `
  name: ` + quoted(p.Name) + `
  currency: ` + p.Currency + `
  time_zone: ` + p.TimeZone + `
  rounding: ` + string(p.Rounding) + `
  leap_day: feb_28
`
}

// quoted is a text as YAML has it in double quotes.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// ForProgram puts a program's own name, currency, zone and rounding in the place
// of those that a book has, so that a book of another program is a beginning
// for this one.
func ForProgram(source string, p rules.Program) string {
	out := ""
	for _, s := range split(source, topLevel) {
		if s.key == "program" {
			s.text = programText(p) + "\n"
		}
		out += s.text
	}
	return out
}

package rulebook

import (
	"slices"
	"strings"

	"seedbook/ledger"
	"seedbook/service/rules"
)

// formExample begins the name of an example that the form wrote; it writes them
// anew each time.
const formExample = "The form's example of "

// WithExamples gives each benefit of the form's that no example shows one: a
// child who may take part, what happens to it, and what the rules then give.
// Examples that people wrote stay. A text beyond the form stays as it is.
func WithExamples(source string) string {
	f, err := ReadForm(source)
	if err != nil {
		return source
	}
	f.dropExamples()
	text := f.Text()
	book, err := rules.Parse([]byte(text))
	if err != nil {
		return source
	}
	for _, e := range f.examples(book) {
		with := f.withExample(e)
		if proven(with, e) {
			text = with
			f.sections = split(text, topLevel)
		}
	}
	return text
}

// proven reports a text whose example of a benefit can be read and holds.
func proven(text string, e benefitExample) bool {
	book, err := rules.Parse([]byte(text))
	if err != nil {
		return false
	}
	return !slices.ContainsFunc(rules.Test(book).Failures, func(x rules.Failure) bool { return x.Example == formExample+e.benefit })
}

// dropExamples takes out what the form wrote before.
func (f *Form) dropExamples() {
	for i, s := range f.sections {
		if s.key != "examples" {
			continue
		}
		kept := ""
		for _, p := range split(s.text, exampleBegins) {
			if !strings.HasPrefix(p.key, formExample) {
				kept += p.text
			}
		}
		if f.sections[i].text = kept; strings.TrimSpace(kept) == "examples:" {
			f.sections[i].text = ""
		}
	}
}

// exampleBegins reads the name of an example on the line that begins one.
func exampleBegins(line string) (string, bool) {
	name, ok := strings.CutPrefix(strings.TrimLeft(line, " "), "- name: ")
	return strings.Trim(strings.TrimSpace(name), `"'`), ok
}

// benefitExample is a case in which a benefit gives something.
type benefitExample struct {
	benefit string
	born    ledger.Date
	facts   [][2]string
	joined  ledger.Date
	deposit ledger.Amount // on the day after; nothing for none
	on      ledger.Date   // the day on which the program asks
	gives   ledger.Amount
}

// examples are those that the form's benefits lack.
func (f *Form) examples(book *rules.Book) (out []benefitExample) {
	add := func(id string, deposit ledger.Amount, schools []string) {
		shown := slices.ContainsFunc(book.Examples, func(x rules.Example) bool {
			return slices.ContainsFunc(x.Expect, func(w rules.Expectation) bool { return w.Benefit == id })
		})
		if e := f.example(book, id, deposit, schools); !shown && e.gives.Sign() > 0 {
			out = append(out, e)
		}
	}
	if f.Seed != nil {
		add(f.Seed.id, ledger.Amount{}, nil)
	}
	if f.Match != nil {
		add(f.Match.id, f.Match.Least.Max(ledger.Minor(1000)), f.Match.Funds[0].Schools)
	}
	if f.Bonus != nil {
		add(f.Bonus.id, f.Bonus.At, nil)
	}
	return out
}

// example asks the rules what a child gets of a benefit.
func (f *Form) example(book *rules.Book, id string, deposit ledger.Amount, schools []string) benefitExample {
	e := benefitExample{benefit: id, joined: book.Versions[len(book.Versions)-1].EffectiveFrom, deposit: deposit}
	e.born, e.on = e.joined.AddYears(-6), e.joined
	if f.Who != nil {
		e.fit(*f.Who)
	}
	if len(schools) > 0 && !slices.ContainsFunc(e.facts, func(x [2]string) bool { return x[0] == "school" && slices.Contains(schools, x[1]) }) {
		e.facts = append(slices.DeleteFunc(e.facts, func(x [2]string) bool { return x[0] == "school" }), [2]string{"school", schools[0]})
	}
	c := rules.Child{ID: 1, BornOn: e.born, Events: []rules.Event{{Key: "1", Kind: rules.Enrolled, On: e.joined}}}
	for _, x := range e.facts {
		c.Facts = append(c.Facts, rules.Fact{Name: x[0], Value: x[1]})
	}
	if deposit.Sign() > 0 {
		e.on = e.joined.AddDays(1)
		c.Events = append(c.Events, rules.Event{Key: "2", Kind: rules.Deposit, On: e.on, Amount: deposit, Seq: 1})
	}
	for _, got := range rules.Evaluate(book, c, e.on) {
		if got.Benefit == id {
			e.gives = e.gives.Add(got.Amount)
		}
	}
	return e
}

// fit makes the child one that a condition lets in.
func (e *benefitExample) fit(who Condition) {
	if !who.BornTo.IsZero() {
		e.born = who.BornTo
	}
	if !who.BornFrom.IsZero() {
		e.born = who.BornFrom
	}
	if len(who.Cities) > 0 {
		e.facts = append(e.facts, [2]string{"city", who.Cities[0]})
	}
	if len(who.Schools) > 0 {
		e.facts = append(e.facts, [2]string{"school", who.Schools[0]})
	}
	if g := who.GradeFrom; g != "" {
		if len(g) == 1 { // "01", as schools write it
			g = "0" + g
		}
		e.facts = append(e.facts, [2]string{"grade", g})
	}
}

// text writes the example, each line behind an indent.
func (e benefitExample) text(indent string) string {
	lines := []string{"- name: " + quoted(formExample+e.benefit), "  born_on: " + e.born.String()}
	if len(e.facts) > 0 {
		var facts []string
		for _, x := range e.facts {
			facts = append(facts, x[0]+": "+quoted(x[1]))
		}
		lines = append(lines, "  facts: {"+strings.Join(facts, ", ")+"}")
	}
	lines = append(lines, "  events:", "    - {on: "+e.joined.String()+", event: enrolled}")
	if e.deposit.Sign() > 0 {
		lines = append(lines, "    - {on: "+e.on.String()+", event: deposit, amount: "+e.deposit.String()+"}")
	}
	lines = append(lines, "  expect:", "    - {on: "+e.on.String()+", benefit: "+e.benefit+", amount: "+e.gives.String()+"}")
	return indent + strings.Join(lines, "\n"+indent) + "\n"
}

// withExample is the form's text with an example behind those that it has.
func (f *Form) withExample(e benefitExample) string {
	out, wrote := "", false
	for _, s := range split(f.Text(), topLevel) {
		if s.key == "examples" && strings.HasPrefix(s.text, "examples:\n") {
			wrote = true
			s.text = strings.TrimRight(s.text, "\n") + "\n" + e.text(indentOf(s.text)) + "\n"
		}
		out += s.text
	}
	if !wrote {
		out = strings.TrimRight(out, "\n") + "\n\nexamples:\n" + e.text("  ")
	}
	return out
}

// indentOf is how far the items of a list stand in.
func indentOf(section string) string {
	for _, line := range strings.Split(section, "\n") {
		if trimmed := strings.TrimLeft(line, " "); strings.HasPrefix(trimmed, "- ") {
			return line[:len(line)-len(trimmed)]
		}
	}
	return "  "
}

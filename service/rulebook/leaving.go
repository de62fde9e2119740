package rulebook

import (
	"strconv"
	"strings"

	"seedbook/service/i18n"
)

// sharedCaps tell what several benefits give together at most.
func (t *teller) sharedCaps(o object) {
	t.section("shared", t.w.T("rulebook.section.shared"))
	for _, c := range o.objects("shared_caps") {
		key := "shared." + c.text("id")
		t.clause(key, t.w.T("rulebook.term.shared", i18n.Args{"id": c.text("id"), "benefits": t.benefitNames(c.texts("benefits"))}),
			t.money(c.text("max"))+" "+t.period(c.text("period")), false)
		t.condition(key+".when", t.w.T("rulebook.term.shared_when", i18n.Args{"id": c.text("id")}), c.text("when"))
		t.others(c, "id", "benefits", "max", "period", "when")
	}
}

func (t *teller) benefitNames(ids []string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = named(t.benefits, id)
	}
	return t.w.List(names)
}

// using tells how money is used.
func (t *teller) using(o object) {
	t.section("using", t.w.T("rulebook.section.using"))
	t.say("order", t.word("rulebook.order.", o.text("order")))
	t.say("qualified", t.w.List(o.texts("qualified")))
	t.say("payee", t.word("rulebook.payee.", o.text("payee")))
	if age := o.text("min_age"); age != "" {
		t.say("min_age", t.count("rulebook.from_age", age))
	}
	t.say("evidence", t.w.List(o.texts("evidence")))
	if n := o.text("approvals"); n != "" {
		t.say("approvals", t.count("rulebook.people", n))
	}
	t.say("nonqualified", t.word("rulebook.nonqualified.", o.text("nonqualified")))
	t.others(o, "order", "qualified", "payee", "min_age", "evidence", "approvals", "nonqualified")
}

// leaving tells what becomes of money that is not used, and of a child's that
// leaves.
func (t *teller) leaving(o object) {
	t.section("leaving", t.w.T("rulebook.section.leaving"))
	for i, x := range o.all("expiry") {
		t.expiry("expiry."+strconv.Itoa(i+1), x)
	}
	for _, x := range o.objects("exit") {
		t.exit(x)
	}
}

func (t *teller) expiry(key string, o object) {
	said := []string{t.w.T("rulebook.expires", i18n.Args{"day": t.moment(o.text("at"))})}
	if day := o.text("last_day"); day != "" {
		said = append(said, t.word("rulebook.last_day.", day))
	}
	if what := o.text("what"); what != "" {
		said = append(said, t.word("rulebook.expiry_what.", what))
	}
	said = append(said, t.word("rulebook.expiry_action.", o.text("action")))
	t.clause(key, t.w.T("rulebook.term.expiry"), strings.Join(said, " "), false)
	t.condition(key+".when", t.w.T("rulebook.term.expiry_when"), o.text("when"))
	t.others(o, "at", "action", "last_day", "what", "when")
}

func (t *teller) exit(o object) {
	on := o.text("on")
	key := "exit." + on
	if some := o.sub("only").texts("benefits"); len(some) > 0 {
		key += "." + strings.Join(some, ".")
	}
	t.inside(key, t.w.T("rulebook.exit_when", i18n.Args{"on": t.word("rulebook.exit_on.", on)}), func(t *teller) {
		t.say("only", t.benefitNames(o.sub("only").texts("benefits")))
		t.others(o.sub("only"), "benefits")
		t.say("moves", t.moves(o))
		t.say("participation", t.word("rulebook.participation.", o.text("participation")))
		for _, c := range o.objects("choices") {
			choice := c.text("choice")
			t.clause("choice."+choice, t.w.T("rulebook.term.choice", i18n.Args{"choice": t.word("rulebook.choice.", choice)}), t.moves(c), false)
			t.others(c, "choice", "program_money", "family_money")
		}
		for i, d := range o.objects("dormancy") {
			t.clause("dormancy."+strconv.Itoa(i+1), t.waited(d), t.moves(d), false)
			t.others(d, "years", "less_than", "program_money", "family_money")
		}
		t.others(o, "on", "only", "program_money", "family_money", "participation", "choices", "dormancy")
	})
}

// waited says how long a family has not answered.
func (t *teller) waited(o object) string {
	said := t.count("rulebook.silent", o.text("years"))
	if less := o.text("less_than"); less != "" {
		said = t.w.T("rulebook.silent_with", i18n.Args{"silent": said, "less": t.money(less)})
	}
	return said
}

// moves says where either money goes; what a book does not say stays.
func (t *teller) moves(o object) string {
	args := i18n.Args{"program": t.word("rulebook.program_money.", "keep"), "family": t.word("rulebook.family_money.", "keep")}
	if to := o.text("program_money"); to != "" {
		args["program"] = t.word("rulebook.program_money.", to)
	}
	if to := o.text("family_money"); to != "" {
		args["family"] = t.word("rulebook.family_money.", to)
	}
	return t.w.T("rulebook.exit", args)
}

// proof tells how many examples the book carries, and shows whatever else it
// has.
func (t *teller) proof(o object) {
	t.section("rest", t.w.T("rulebook.section.rest"))
	if n := len(o.list("examples")); n > 0 {
		t.say("examples", t.w.N("rulebook.examples", n))
	}
	t.others(o, "program", "calendar", "versions", "facts", "events", "tables", "eligibility", "enrollment", "account", "benefits", "shared_caps", "withdrawal", "expiry", "exit", "examples")
}

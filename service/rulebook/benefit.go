package rulebook

import (
	"strings"

	"seedbook/service/i18n"
)

// benefit tells one benefit, and what its versions and tiers change.
func (t *teller) benefit(b object) {
	title := t.says(b)
	if title == "" {
		title = b.text("id")
	}
	t.section("benefit/"+b.text("id"), title)
	t.say("kind", t.word("rulebook.kind.", b.text("kind")))
	if names := b.texts("versions"); len(names) > 0 {
		t.say("in_versions", t.w.List(names))
	}
	t.terms(b)
	t.say("each", t.period(b.text("period")))
	for _, tier := range b.objects("tiers") {
		t.changed("tier."+tier.text("id"), t.w.T("rulebook.tier", i18n.Args{"id": tier.text("id")}), tier)
	}
	for _, id := range b.sub("by_version").keys() {
		t.changed("version."+id, t.w.T("rulebook.in_version", i18n.Args{"version": id}), b.sub("by_version").sub(id))
	}
	t.others(b, "id", "kind", "says", "versions", "period", "tiers", "by_version", "trigger", "basis", "amount", "base", "streak",
		"caps", "carry_forward", "phase_out", "when", "eligible_at", "pay", "funding", "undo")
}

// changed tells what a version or tier puts in the place of the benefit's own.
func (t *teller) changed(prefix, within string, o object) {
	inner := &teller{w: t.w, names: t.names, events: t.events, facts: t.facts, out: t.out, prefix: t.prefix + prefix + ".", within: within}
	inner.terms(o)
	inner.others(o, "id", "trigger", "basis", "amount", "base", "streak", "caps", "carry_forward", "phase_out", "when", "eligible_at", "pay", "funding", "undo", "tiers")
	for _, tier := range o.objects("tiers") {
		inner.changed("tier."+tier.text("id"), within+", "+t.w.T("rulebook.tier", i18n.Args{"id": tier.text("id")}), tier)
	}
	t.out = inner.out
}

// terms are what a benefit, a version of it or a tier may say.
func (t *teller) terms(b object) {
	t.trigger(b.text("trigger"))
	t.basis(b.text("basis"))
	t.condition("when", t.w.T("rulebook.term.when"), b.text("when"))
	t.say("eligible_at", t.word("rulebook.eligible_at.", b.text("eligible_at")))
	t.base(b.sub("base"))
	t.streak(b.sub("streak"))
	t.amount(b.sub("amount"))
	t.phaseOut(b.sub("phase_out"))
	t.caps(b.sub("caps"))
	t.carry(b.sub("carry_forward"))
	t.pay(b.sub("pay"))
	t.funding(b.sub("funding"))
	t.undo(b.sub("undo"))
}

func (t *teller) trigger(s string) {
	if s == "" {
		return
	}
	if kind, ok := argument(s, "event"); ok {
		t.say("trigger", t.w.T("rulebook.on_event", i18n.Args{"event": t.event(kind)}))
		return
	}
	if years, ok := argument(s, "age"); ok {
		t.say("trigger", t.count("rulebook.at_age", years))
		return
	}
	if from, ok := argument(s, "each_period"); ok && (from == "birth" || from == "enrolled") {
		t.say("trigger", t.word("rulebook.each_period.", from))
		return
	}
	t.code("trigger", t.w.T("rulebook.term.trigger"), s)
}

func (t *teller) basis(s string) {
	if s == "" || s == "none" {
		return
	}
	if kind, ok := argument(s, "count"); ok {
		t.say("basis", t.w.T("rulebook.counted", i18n.Args{"event": t.event(kind)}))
		return
	}
	if said := t.word("rulebook.basis.", s); said != s {
		t.say("basis", said)
		return
	}
	t.code("basis", t.w.T("rulebook.term.basis"), s)
}

func (t *teller) base(o object) {
	for _, key := range []string{"min_single", "min_period", "cap_period", "cap_lifetime"} {
		t.say(key, t.money(o.text(key)))
	}
	for _, key := range []string{"channels", "exclude_channels"} {
		t.say(key, t.w.List(o.texts(key)))
	}
	t.others(o, "min_single", "min_period", "cap_period", "cap_lifetime", "channels", "exclude_channels")
}

func (t *teller) streak(o object) {
	if len(o) == 0 {
		return
	}
	t.say("streak", t.w.T("rulebook.streak", i18n.Args{"least": t.money(o.text("least")), "length": o.text("length"), "unit": t.period(o.text("unit"))}))
	t.others(o, "unit", "least", "length")
}

func (t *teller) amount(o object) {
	switch {
	case o.text("fixed") != "":
		t.say("amount", t.money(o.text("fixed")))
	case o.text("ratio") != "":
		t.say("amount", t.ratio(o.text("ratio")))
	case o.sub("threshold") != nil:
		s := o.sub("threshold")
		at := t.money(s.text("at"))
		if !strings.Contains(s.text("at"), ".") {
			at = s.text("at")
		}
		t.say("amount", t.w.T("rulebook.threshold", i18n.Args{"at": at, "pay": t.money(s.text("pay"))}))
	case o.sub("step") != nil:
		s := o.sub("step")
		t.say("amount", t.w.T("rulebook.step", i18n.Args{"per": t.money(s.text("per")), "pay": t.money(s.text("pay"))}))
	case o.list("series") != nil:
		var all []string
		for _, a := range o.texts("series") {
			all = append(all, t.money(a))
		}
		t.say("amount", t.w.T("rulebook.series", i18n.Args{"amounts": strings.Join(all, ", ")}))
	default:
		if len(o) > 0 {
			t.code("amount", t.w.T("rulebook.term.amount"), written(map[string]any(o)))
		}
	}
}

func (t *teller) phaseOut(o object) {
	if len(o) == 0 {
		return
	}
	fact := o.text("fact")
	if says := t.facts[fact]; says != "" {
		fact = says
	}
	t.say("phase_out", t.w.T("rulebook.phase_out", i18n.Args{"fact": fact, "from": t.money(o.text("from")), "to": t.money(o.text("to"))}))
}

func (t *teller) caps(o object) {
	for _, key := range []string{"per_event", "per_period", "lifetime"} {
		t.say("caps_"+key, t.money(o.text(key)))
	}
	for _, within := range o.objects("within") {
		t.clause("caps_within."+within.text("period"), t.w.T("rulebook.term.caps_within"),
			t.money(within.text("max"))+" "+t.period(within.text("period")), false)
	}
	t.others(o, "per_event", "per_period", "lifetime", "within")
}

func (t *teller) carry(o object) {
	if len(o) == 0 {
		return
	}
	t.say("carry_forward", t.w.T("rulebook.carry", i18n.Args{"accrual": t.money(o.text("accrual"))}))
	t.others(o, "accrual")
}

func (t *teller) pay(o object) {
	t.say("pay", t.word("rulebook.pay.", o.text("when")))
	if days := o.text("lag_days"); days != "" {
		t.say("lag_days", t.count("rulebook.days", days))
	}
	t.others(o, "when", "lag_days")
}

// funding lists the funds in the order in which they are asked.
func (t *teller) funding(o object) {
	for i, s := range inOrder(o.objects("sources")) {
		said := named(t.names.Funds, s.text("fund"))
		key := "source." + s.text("fund")
		term := t.w.T("rulebook.term.fund_first")
		if i > 0 {
			term = t.w.T("rulebook.term.fund_then")
		}
		when := s.text("when")
		switch plain := t.plain(when); {
		case when == "":
			t.clause(key, term, said, false)
		case plain != "":
			t.clause(key, term, t.w.T("rulebook.fund_only", i18n.Args{"fund": said, "condition": plain}), false)
		default:
			t.clause(key, term, said, false)
			t.code(key+".when", t.w.T("rulebook.term.fund_when", i18n.Args{"fund": said}), when)
		}
		t.others(s, "fund", "when", "priority")
	}
	if o.text("while_funds_last") == "true" {
		t.say("while_funds_last", t.w.T("rulebook.while_funds_last"))
	}
	t.say("on_shortfall", t.word("rulebook.on_shortfall.", o.text("on_shortfall")))
	t.others(o, "sources", "while_funds_last", "on_shortfall")
}

func (t *teller) undo(o object) {
	t.say("on_return", t.word("rulebook.undo.", o.text("on_return")))
	t.say("on_withdrawal", t.word("rulebook.undo.", o.text("on_withdrawal")))
	t.others(o, "on_return", "on_withdrawal")
}

// rest tells what stands below the benefits.
func (t *teller) rest(o object) {
	t.section("rest", t.w.T("rulebook.section.rest"))
	benefits := map[string]string{}
	for _, b := range o.objects("benefits") {
		if benefits[b.text("id")] = b.text("id"); t.says(b) != "" {
			benefits[b.text("id")] = t.says(b)
		}
	}
	for _, c := range o.objects("shared_caps") {
		var names []string
		for _, id := range c.texts("benefits") {
			names = append(names, named(benefits, id))
		}
		t.clause("shared."+c.text("id"), t.w.T("rulebook.term.shared", i18n.Args{"benefits": t.w.List(names)}),
			t.money(c.text("max"))+" "+t.period(c.text("period")), false)
		t.condition("shared."+c.text("id")+".when", t.w.T("rulebook.term.when"), c.text("when"))
	}
	t.expiry(o.sub("expiry"))
	for _, x := range o.objects("exit") {
		said := t.w.T("rulebook.exit", i18n.Args{"program": t.word("rulebook.program_money.", x.text("program_money")), "family": t.word("rulebook.family_money.", x.text("family_money"))})
		if len(x.others("on", "program_money", "family_money")) > 0 {
			t.code("exit."+x.text("on"), t.w.T("rulebook.term.exit", i18n.Args{"on": t.word("rulebook.exit_on.", x.text("on"))}), written(map[string]any(x)))
			continue
		}
		t.clause("exit."+x.text("on"), t.w.T("rulebook.term.exit", i18n.Args{"on": t.word("rulebook.exit_on.", x.text("on"))}), said, false)
	}
	if n := len(o.list("examples")); n > 0 {
		t.say("examples", t.w.N("rulebook.examples", n))
	}
	t.others(o, "program", "calendar", "versions", "facts", "events", "eligibility", "enrollment", "benefits", "shared_caps", "expiry", "exit", "examples")
	if last := len(t.out) - 1; len(t.out[last].Clauses) == 0 {
		t.out = t.out[:last]
	}
}

func (t *teller) expiry(o object) {
	if len(o) == 0 {
		return
	}
	if years, ok := argument(o.text("at"), "age"); ok && len(o.others("at", "action", "last_day")) == 0 {
		said := t.count("rulebook.expires_at_age", years) + " " + t.word("rulebook.expiry_action.", o.text("action"))
		if day := o.text("last_day"); day != "" {
			said += " " + t.word("rulebook.last_day.", day)
		}
		t.say("expiry", said)
		return
	}
	t.code("expiry", t.w.T("rulebook.term.expiry"), written(map[string]any(o)))
}

// others are the keys beside some.
func (o object) others(known ...string) (out []string) {
	for _, key := range o.keys() {
		found := false
		for _, k := range known {
			found = found || k == key
		}
		if !found {
			out = append(out, key)
		}
	}
	return out
}

package rulebook

import (
	"cmp"
	"strconv"
	"strings"

	"seedbook/service/i18n"
)

// termKeys are those that terms tells.
var termKeys = []string{
	"trigger", "basis", "amount", "base", "streak", "caps", "carry_forward", "phase_out", "when", "eligible_at", "pay", "funding", "undo", "vesting",
}

// benefit tells one benefit, and what its versions and tiers change.
func (t *teller) benefit(b object) {
	title := t.says(b)
	if title == "" {
		title = b.text("id")
	}
	t.section("benefit/"+b.text("id"), title)
	t.say("kind", t.word("rulebook.kind.", b.text("kind")))
	t.say("id", b.text("id"))
	if names := b.texts("versions"); len(names) > 0 {
		t.say("in_versions", t.w.List(names))
	}
	t.terms(b)
	t.say("each", t.period(b.text("period")))
	t.say("once_per", t.word("rulebook.once_per.", b.text("once_per")))
	t.say("conflict", t.word("rulebook.conflict.", b.text("conflict")))
	t.tiers(b)
	for _, id := range b.sub("by_version").keys() {
		change := b.sub("by_version").sub(id)
		t.inside("version."+id, t.w.T("rulebook.in_version", i18n.Args{"version": id}), func(t *teller) {
			t.terms(change)
			t.tiers(change)
			t.others(change, append([]string{"tiers"}, termKeys...)...)
		})
	}
	t.others(b, append([]string{"id", "kind", "says", "versions", "period", "once_per", "conflict", "tiers", "by_version"}, termKeys...)...)
}

// tiers tell what is different for some children.
func (t *teller) tiers(b object) {
	for _, tier := range b.objects("tiers") {
		t.inside("tier."+tier.text("id"), t.w.T("rulebook.tier", i18n.Args{"id": tier.text("id")}), func(t *teller) {
			t.terms(tier)
			t.others(tier, append([]string{"id"}, termKeys...)...)
		})
	}
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
	t.vesting(b)
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
	if from, ok := argument(s, "each_period"); ok {
		said := t.w.T("rulebook.each_period_from", i18n.Args{"day": t.start(from)})
		if from == "birth" || from == "enrolled" {
			said = t.word("rulebook.each_period.", from)
		}
		t.say("trigger", said)
		return
	}
	if on, ok := argument(s, "class"); ok {
		t.say("trigger", t.w.T("rulebook.in_class", i18n.Args{"on": t.moment(on)}))
		return
	}
	if s == "census_day" {
		t.say("trigger", t.w.T("rulebook.on_census_day"))
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
	if kind, ok := argument(s, "amounts"); ok {
		t.say("basis", t.w.T("rulebook.summed", i18n.Args{"event": t.event(kind)}))
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
		t.say("amount", t.w.T("rulebook.threshold", i18n.Args{"at": t.measure(s.text("at")), "pay": t.money(s.text("pay"))}))
		t.others(s, "at", "pay")
	case o.sub("step") != nil:
		s := o.sub("step")
		t.say("amount", t.w.T("rulebook.step", i18n.Args{"per": t.measure(s.text("per")), "pay": t.money(s.text("pay"))}))
		t.others(s, "per", "pay")
	case o.list("series") != nil:
		var all []string
		for _, a := range o.texts("series") {
			all = append(all, t.money(a))
		}
		t.say("amount", t.w.T("rulebook.series", i18n.Args{"amounts": strings.Join(all, ", ")}))
	case o.text("split") != "":
		t.split(o)
	case o.sub("table") != nil:
		t.amountTable(o.sub("table"))
	}
	t.others(o, "fixed", "ratio", "threshold", "step", "series", "split", "by", "table")
}

// measure says what has to be reached: money, or how often.
func (t *teller) measure(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return t.money(s)
}

// split says how the children of a class share a sum.
func (t *teller) split(o object) {
	if by := o.text("by"); by != "" {
		t.say("amount", t.w.T("rulebook.split_by", i18n.Args{"sum": t.money(o.text("split")), "fact": t.named(by)}))
		return
	}
	t.say("amount", t.w.T("rulebook.split", i18n.Args{"sum": t.money(o.text("split"))}))
}

// amountTable tells an amount by where a number lies, row by row.
func (t *teller) amountTable(o object) {
	if value := o.text("value"); value != "" {
		t.say("amount", t.w.T("rulebook.table_value", i18n.Args{"value": cmp.Or(t.noun(value), value)}))
	}
	by := o.text("by")
	typ := t.typeOfName(by)
	said := t.w.T("rulebook.table_base")
	if by != "base" {
		said = t.named(by)
	}
	for i, row := range o.objects("rows") {
		from := t.measure(row.text("from"))
		if typ == "grade" {
			from = t.grade(row.text("from"))
		}
		t.clause("amount.row."+strconv.Itoa(i+1), t.w.T("rulebook.term.amount"), t.w.T("rulebook.table_row", i18n.Args{"by": said, "from": from, "pay": t.money(row.text("pay"))}), false)
		t.others(row, "from", "pay")
	}
	t.others(o, "by", "rows", "value")
}

func (t *teller) phaseOut(o object) {
	if len(o) == 0 {
		return
	}
	fact := t.named(o.text("fact"))
	t.say("phase_out", t.w.T("rulebook.phase_out", i18n.Args{"fact": fact, "from": t.money(o.text("from")), "to": t.money(o.text("to"))}))
	t.others(o, "fact", "from", "to")
}

func (t *teller) caps(o object) {
	for _, key := range []string{"per_event", "per_period", "lifetime"} {
		t.say("caps_"+key, t.money(o.text(key)))
	}
	for _, within := range o.objects("within") {
		t.clause("caps_within."+within.text("period"), t.w.T("rulebook.term.caps_within"),
			t.money(within.text("max"))+" "+t.period(within.text("period")), false)
		t.others(within, "period", "max")
	}
	t.others(o, "per_event", "per_period", "lifetime", "within")
}

func (t *teller) carry(o object) {
	if len(o) == 0 {
		return
	}
	t.say("carry_forward", t.w.T("rulebook.carry", i18n.Args{"accrual": t.money(o.text("accrual")), "day": t.start(o.text("accrues_from"))}))
	t.say("stops_at", t.deadline(o.text("stops_at"), o.text("last_day")))
	t.others(o, "accrual", "accrues_from", "stops_at", "last_day")
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
		if turn := s.text("priority"); turn != "" {
			said = t.w.T("rulebook.fund_turn", i18n.Args{"fund": said, "turn": turn})
		}
		when := s.text("when")
		switch plain := t.plain(when); {
		case when == "":
			t.clause(key, term, said, false)
		case plain != "":
			t.clause(key, term, t.w.T("rulebook.fund_only", i18n.Args{"fund": said, "condition": plain}), false)
		default:
			t.clause(key, term, said, false)
			t.condition(key+".when", t.w.T("rulebook.term.fund_when", i18n.Args{"fund": named(t.names.Funds, s.text("fund"))}), when)
		}
		t.others(s, "fund", "when", "priority")
	}
	t.say("while_funds_last", t.word("rulebook.while_funds_last.", o.text("while_funds_last")))
	t.say("on_shortfall", t.word("rulebook.on_shortfall.", o.text("on_shortfall")))
	t.others(o, "sources", "while_funds_last", "on_shortfall")
}

func (t *teller) undo(o object) {
	t.say("on_return", t.word("rulebook.undo.", o.text("on_return")))
	t.say("on_withdrawal", t.word("rulebook.undone.", o.text("on_withdrawal")))
	t.say("withdrawals", t.word("rulebook.withdrawals.", o.text("withdrawals")))
	t.say("on_ineligible", t.word("rulebook.on_ineligible.", o.text("on_ineligible")))
	t.others(o, "on_return", "on_withdrawal", "withdrawals", "on_ineligible")
}

// vesting tells from when on an amount cannot be lost any more.
func (t *teller) vesting(b object) {
	t.say("vesting", t.word("rulebook.vesting.", b.text("vesting")))
	o := b.sub("vesting")
	if at := o.text("at"); at != "" {
		t.say("vesting", t.w.T("rulebook.vests_at", i18n.Args{"day": t.deadline(at, o.text("last_day"))}))
	}
	if by := o.text("match_by"); by != "" {
		t.say("vesting", t.w.T("rulebook.vests_by", i18n.Args{"saved": t.money(o.text("saved")), "day": t.deadline(by, o.text("last_day"))}))
	}
	t.others(o, "at", "match_by", "saved", "last_day")
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

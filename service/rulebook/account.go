package rulebook

import (
	"strconv"

	"seedbook/service/i18n"
)

// limitKeys bound deposits, from the shortest time to the longest.
var limitKeys = []string{"min", "max_day", "max_month", "max_year", "max_lifetime"}

// account tells what kind of account a child has and what may be paid into it.
func (t *teller) account(o object) {
	t.section("account", t.w.T("rulebook.section.account"))
	t.say("structure", t.word("rulebook.structure.", o.text("structure")))
	t.say("growth", t.word("rulebook.growth.", o.text("growth")))
	t.say("earnings", t.word("rulebook.earnings.", o.text("earnings")))
	title := o.sub("title")
	t.say("title_program", t.word("rulebook.holder.", title.text("program_money")))
	t.say("title_family", t.word("rulebook.holder.", title.text("family_money")))
	t.others(title, "program_money", "family_money")
	t.deposits(o.sub("deposits"))
	t.others(o, "structure", "growth", "earnings", "title", "deposits")
}

func (t *teller) deposits(o object) {
	t.say("deposit_channels", t.w.List(o.texts("channels")))
	t.limits(o)
	t.say("limit_year", t.word("rules.period.", o.text("year")))
	t.say("max_balance", t.money(o.text("max_balance")))
	t.say("not_before", t.moment(o.text("not_before")))
	t.say("until", t.deadline(o.text("until"), o.text("last_day")))
	t.say("exempt_channels", t.w.List(o.texts("exempt_channels")))
	t.say("over", t.word("rulebook.over.", o.text("over")))
	for i, some := range o.objects("by_channel") {
		t.inside("by_channel."+strconv.Itoa(i+1), t.w.T("rulebook.by_channel", i18n.Args{"channels": t.w.List(some.texts("channels"))}), func(t *teller) {
			t.limits(some)
			t.others(some, append([]string{"channels"}, limitKeys...)...)
		})
	}
	t.others(o, append([]string{"channels", "max_balance", "not_before", "until", "last_day", "exempt_channels", "over", "by_channel", "year"}, limitKeys...)...)
}

func (t *teller) limits(o object) {
	for _, key := range limitKeys {
		t.say(key, t.money(o.text(key)))
	}
}

package rulebook

import (
	"cmp"
	"strings"

	"seedbook/service/i18n"
)

// known tells what the program has to know of children: facts, events of its
// own, and tables.
func (t *teller) known(o object) {
	t.section("known", t.w.T("rulebook.section.known"))
	for _, f := range o.objects("facts") {
		said := t.word("rulebook.fact_type.", f.text("type"))
		if values := f.texts("one_of"); len(values) > 0 {
			said = t.w.T("rulebook.one_of", i18n.Args{"type": said, "values": strings.Join(values, ", ")})
		}
		t.clause("fact."+f.text("name"), t.w.T("rulebook.term.fact", i18n.Args{"name": f.text("name"), "says": cmp.Or(t.says(f), f.text("name"))}), said, false)
		t.others(f, "name", "type", "one_of", "says")
	}
	for _, e := range o.objects("events") {
		t.clause("event."+e.text("name"), t.w.T("rulebook.term.event", i18n.Args{"name": e.text("name")}), cmp.Or(t.says(e), e.text("name")), false)
		t.others(e, "name", "says")
	}
	for _, x := range o.objects("tables") {
		t.table(x)
	}
}

func (t *teller) tableName(o object) string { return cmp.Or(t.says(o), "“"+o.text("name")+"”") }

// table tells a table, row by row.
func (t *teller) table(o object) {
	t.section("table/"+o.text("name"), t.w.T("rulebook.section.table", i18n.Args{"name": t.tableName(o)}))
	t.say("id", o.text("name"))
	t.say("answers", t.word("rulebook.fact_type.", o.text("type")))
	var keys []string
	for _, k := range o.objects("keys") {
		keys = append(keys, k.text("name"))
		t.clause("key."+k.text("name"), t.w.T("rulebook.term.table_key", i18n.Args{"name": k.text("name")}), t.word("rulebook.table_match.", cmp.Or(k.text("match"), "exact")), false)
		t.others(k, "name", "match")
	}
	for _, row := range o.objects("rows") {
		var at []string
		for i, n := range row.texts("at") {
			if i < len(keys) {
				n = keys[i] + " " + n
			}
			at = append(at, n)
		}
		t.clause("row."+strings.Join(row.texts("at"), "."), strings.Join(at, ", "), t.answer(o.text("type"), row.text("is")), false)
		t.others(row, "at", "is")
	}
	t.others(o, "name", "keys", "type", "rows", "says")
}

// answer says what a row holds.
func (t *teller) answer(typ, is string) string {
	switch typ {
	case "money":
		return t.money(is)
	case "yes_no":
		return t.word("rulebook.answer.", is)
	}
	return is
}

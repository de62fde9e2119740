package rulebook

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"seedbook/ledger"
	"seedbook/service/i18n"
	"seedbook/service/rules"
)

// Describe tells a book in plain words, section by section: who may take part,
// what there is to receive, how much, how often, from whose money, and what
// becomes of it. Its examples are counted; everything else that a book says is
// told.
func Describe(w *i18n.Words, book *rules.Book, names Names) []Section {
	return describe(w, tree(book), names)
}

func describe(w *i18n.Words, o object, names Names) []Section {
	t := newTeller(w, o, names)
	t.program(o)
	t.who(o)
	t.versions(o)
	t.account(o.sub("account"))
	for _, b := range o.objects("benefits") {
		t.benefit(b)
	}
	t.sharedCaps(o)
	t.using(o.sub("withdrawal"))
	t.leaving(o)
	t.known(o)
	t.proof(o)
	return slices.DeleteFunc(t.out, func(s Section) bool { return len(s.Clauses) == 0 })
}

// teller gathers sections.
type teller struct {
	w        *i18n.Words
	names    Names
	events   map[string]string // the book's own words
	facts    map[string]string
	benefits map[string]string
	types    map[string]string // of the book's facts and tables
	tables   map[string]object
	out      []Section
	prefix   string // of keys
	within   string // said before each term: "Under version citywide"
}

// newTeller gathers what a book calls things.
func newTeller(w *i18n.Words, o object, names Names) *teller {
	t := &teller{w: w, names: names, events: map[string]string{}, facts: map[string]string{}, benefits: map[string]string{}, types: map[string]string{}, tables: map[string]object{}}
	for _, e := range o.objects("events") {
		t.events[e.text("name")] = t.says(e)
	}
	for _, f := range o.objects("facts") {
		t.facts[f.text("name")], t.types[f.text("name")] = t.says(f), f.text("type")
	}
	for _, x := range o.objects("tables") {
		t.tables[x.text("name")], t.types[x.text("name")] = x, x.text("type")
	}
	for _, b := range o.objects("benefits") {
		t.benefits[b.text("id")] = cmp.Or(t.says(b), "“"+b.text("id")+"”")
	}
	return t
}

func (t *teller) section(id, title string) {
	t.out = append(t.out, Section{ID: id, Title: title})
}

// say adds a clause to the last section; an empty value says nothing.
func (t *teller) say(key, value string) { t.clause(key, t.w.T("rulebook.term."+key), value, false) }

func (t *teller) clause(key, term, value string, code bool) {
	if value == "" {
		return
	}
	if t.within != "" {
		term = t.within + ": " + term
	}
	s := &t.out[len(t.out)-1]
	key = t.prefix + key
	for slices.ContainsFunc(s.Clauses, func(c Clause) bool { return c.Key == key }) {
		key += "+" // a second exit of the same event
	}
	s.Clauses = append(s.Clauses, Clause{key, term, value, code})
}

// inside tells something under a heading of its own within a section.
func (t *teller) inside(key, heading string, tell func(t *teller)) {
	inner := *t
	inner.prefix = t.prefix + key + "."
	if inner.within = heading; t.within != "" {
		inner.within = t.within + ": " + heading
	}
	tell(&inner)
	t.out = inner.out
}

// code adds a clause as it is written in the book.
func (t *teller) code(key, term, value string) { t.clause(key, term, value, true) }

// others shows every key that there are no words for as it is written.
func (t *teller) others(o object, told ...string) {
	for _, key := range o.keys() {
		if !slices.Contains(told, key) {
			t.code("other/"+key, t.w.T("rulebook.term.other", i18n.Args{"key": key}), written(o[key]))
		}
	}
}

// written is a value much as people write it in a book.
func written(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = written(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		var items []string
		for _, key := range object(v).keys() {
			items = append(items, key+": "+written(v[key]))
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	return ""
}

func (t *teller) program(o object) {
	p := o.sub("program")
	t.section("program", t.w.T("rulebook.section.program"))
	t.say("name", p.text("name"))
	t.say("id", p.text("id"))
	t.say("currency", p.text("currency"))
	t.say("time_zone", p.text("time_zone"))
	t.say("rounding", t.word("rulebook.rounding.", p.text("rounding")))
	t.say("leap_day", t.word("rulebook.leap_day.", p.text("leap_day")))
	c := o.sub("calendar")
	for _, key := range []string{"school_year", "fiscal_year", "benefit_year"} {
		t.say(key, t.monthDay(c.text(key)))
	}
	t.say("census_day", t.censusDay(c.text("census_day")))
	t.others(c, "school_year", "fiscal_year", "benefit_year", "census_day")
	t.others(p, "id", "name", "currency", "time_zone", "rounding", "leap_day")
}

// censusDay says a day of every year: a date, or first_wed(10).
func (t *teller) censusDay(s string) string {
	name, month, ok := strings.Cut(strings.TrimSuffix(s, ")"), "(")
	which, day, two := strings.Cut(name, "_")
	n, err := strconv.Atoi(month)
	if !ok || !two || err != nil || n < 1 || n > 12 {
		return t.monthDay(s)
	}
	return t.w.T("rulebook.weekday_of", i18n.Args{"which": t.word("rulebook.which.", which), "weekday": t.word("rulebook.weekday.", day), "month": t.w.T("rulebook.month." + strconv.Itoa(n))})
}

func (t *teller) who(o object) {
	t.section("who", t.w.T("rulebook.section.who"))
	for _, r := range o.objects("eligibility") {
		key, term := "eligibility."+r.text("id"), t.w.T("rulebook.term.requirement", i18n.Args{"id": r.text("id")})
		if says := t.says(r); says != "" {
			t.clause(key, term, t.w.T("rulebook.child_who", i18n.Args{"says": says}), false)
		}
		t.condition(key+".when", term, r.text("when"))
		t.others(r, "id", "when", "says")
	}
	if len(o.objects("eligibility")) == 0 {
		t.say("everybody", t.w.T("rulebook.everybody"))
	}
	e := o.sub("enrollment")
	t.say("mode", t.word("rulebook.mode.", e.text("mode")))
	if days := e.text("opt_out_days"); days != "" {
		t.say("opt_out_days", t.count("rulebook.days", days))
	}
	t.say("on_opt_out", t.word("rulebook.on_opt_out.", e.text("on_opt_out")))
	t.claim(e.sub("claim"))
	t.others(e, "mode", "opt_out_days", "on_opt_out", "claim")
}

// claim tells what a family has to activate its account for, and until when.
func (t *teller) claim(o object) {
	var needed []string
	for _, word := range o.either("required_for") {
		needed = append(needed, t.word("rulebook.claimed_for.", word))
	}
	t.say("claim", t.w.List(needed))
	t.say("claim_by", t.deadline(o.text("by"), o.text("last_day")))
	t.say("on_miss", t.word("rulebook.on_miss.", o.text("on_miss")))
	t.others(o, "required_for", "by", "last_day", "on_miss")
}

func (t *teller) versions(o object) {
	versions := o.objects("versions")
	t.section("versions", t.w.T("rulebook.section.versions"))
	for _, v := range versions {
		args := i18n.Args{"from": date(v.text("effective_from")), "to": date(v.text("effective_to")), "note": v.text("note")}
		key := "rulebook.version_from"
		if v.text("effective_to") != "" {
			key = "rulebook.version_between"
		}
		said := t.w.T(key, args)
		if v.text("note") != "" {
			said += " " + v.text("note")
		}
		t.clause("versions."+v.text("id"), t.w.T("rulebook.term.version", i18n.Args{"version": v.text("id")}), said, false)
		t.others(v, "id", "effective_from", "effective_to", "selected_by", "note")
	}
	for _, v := range versions { // all that say it say the same
		if by := v.text("selected_by"); by != "" {
			t.say("selected_by", t.word("rulebook.selected_by.", by))
			break
		}
	}
}

// says is the book's own name of something, or "".
func (t *teller) says(o object) string {
	s := o.sub("says")
	return rules.Text{En: s.text("en"), Es: s.text("es")}.In(t.w.Lang())
}

// word is the phrase for one of the grammar's own words, or the word itself.
func (t *teller) word(prefix, word string) string {
	if word == "" || !t.w.Has(prefix+word) {
		return word
	}
	return t.w.T(prefix + word)
}

// count is a phrase that counts what a book writes as a number.
func (t *teller) count(key, number string) string {
	return t.counted(key, number, nil)
}

func (t *teller) counted(key, number string, args i18n.Args) string {
	n, err := strconv.Atoi(number)
	if err != nil {
		return number
	}
	return t.w.N(key, n, args)
}

func (t *teller) monthDay(s string) string {
	d := date("2026-" + s)
	if d.IsZero() {
		return s
	}
	return t.w.T("rulebook.month_day", i18n.Args{"month": t.w.T("rulebook.month." + strconv.Itoa(int(d.Month()))), "day": d.Day()})
}

func (t *teller) money(s string) string {
	a, err := ledger.ParseAmount(s)
	if err != nil {
		return s
	}
	return t.w.Money(a)
}

// ratio says what a dollar earns: "$0.50 for each $1.00".
func (t *teller) ratio(s string) string {
	r, err := decimal.NewFromString(s)
	if err != nil {
		return s
	}
	each := ledger.Minor(10_000) // a hundred dollars, where cents would not say it
	if r.Equal(r.Truncate(2)) {
		each = ledger.Minor(100)
	}
	earns := ledger.Minor(r.Mul(decimal.New(each.Minor(), 0)).IntPart())
	return t.w.T("rulebook.ratio", i18n.Args{"percent": t.w.Percent(r), "earns": earns, "each": each})
}

func (t *teller) event(kind string) string {
	if says := t.events[kind]; says != "" {
		return says
	}
	if key := "rules.name." + kind; t.w.Has(key) {
		return t.w.T(key)
	}
	return kind
}

func (t *teller) period(kind string) string {
	if n, ok := argument(kind, "months"); ok {
		return t.count("rulebook.months_each", n)
	}
	return t.word("rulebook.each.", kind)
}

// argument takes "name(x)" apart.
func argument(call, name string) (string, bool) {
	inside, ok := strings.CutPrefix(call, name+"(")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(inside, ")")
}

// condition says a condition in words where it is one that has them, and shows
// it as it is written otherwise.
func (t *teller) condition(key, term, cel string) {
	if cel == "" {
		return
	}
	if said := t.judged(cel); said != "" {
		t.clause(key, term, said, false)
		return
	}
	t.code(key, term, cel)
}

// judged is a condition in words: as people say the common ones, and part by
// part any other.
func (t *teller) judged(cel string) string { return cmp.Or(t.plain(cel), t.sentence(cel)) }

func (t *teller) plain(cel string) string {
	c, ok := readCondition(cel)
	if !ok {
		return ""
	}
	var said []string
	if len(c.Cities) > 0 {
		said = append(said, t.w.T("rulebook.condition.cities", i18n.Args{"cities": t.w.List(c.Cities)}))
	}
	if len(c.Schools) > 0 {
		schools := make([]string, len(c.Schools))
		for i, code := range c.Schools {
			schools[i] = named(t.names.Schools, code)
		}
		said = append(said, t.w.T("rulebook.condition.schools", i18n.Args{"schools": t.w.List(schools)}))
	}
	if c.GradeFrom != "" {
		said = append(said, t.w.T("rulebook.condition.grades", i18n.Args{"from": t.grade(c.GradeFrom), "to": t.grade(c.GradeTo)}))
	}
	if !c.BornFrom.IsZero() {
		said = append(said, t.w.T("rulebook.condition.born_from", i18n.Args{"on": c.BornFrom}))
	}
	if !c.BornTo.IsZero() {
		said = append(said, t.w.T("rulebook.condition.born_to", i18n.Args{"on": c.BornTo}))
	}
	return strings.Join(said, "; ")
}

func (t *teller) grade(code string) string {
	return cmp.Or(t.word("rulebook.grade.", strings.ToLower(code)), code)
}

// date reads a day, and no day of anything else.
func date(s string) ledger.Date {
	d, err := ledger.ParseDate(s)
	if err != nil {
		return ledger.Date{}
	}
	return d
}

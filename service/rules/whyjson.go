package rules

import (
	"encoding/json"
	"strconv"

	"seedbook/ledger"
)

// JSON is the compact form that is stored with each award: fields in a fixed
// order, what is empty left out. It holds the names of the facts that were read
// and since when they were true and known, but not their values: where a child
// lives belongs to the sealed family records (design §5), and Evaluate finds
// it again.
func (w Why) JSON() (string, error) {
	b := jsonObject{b: make([]byte, 0, 512)}
	b.open()
	b.text("reason", string(w.Reason))
	b.text("outcome", string(w.Outcome))
	b.text("rule", w.Rule)
	b.text("version", w.Version)
	b.amount("amount", w.Amount)
	b.amount("due", w.Due)
	b.date("pay_on", w.PayOn)
	b.text("wait", string(w.Wait))
	b.text("requirement", w.Requirement)
	b.text("event", string(w.Event))
	b.says(w.Says)
	b.facts("missing", w.Missing)
	b.amount("need", w.Need)
	b.number("times", w.Times)
	b.date("until", w.Until)
	b.text("fund", w.Fund)
	b.lines(w.Lines)
	b.facts("facts", w.Facts)
	b.close()
	return string(b.b), nil
}

// jsonObject writes one object after the other. encoding/json would do, at
// five times the cost of evaluating the child.
type jsonObject struct {
	b     []byte
	comma bool
}

func (j *jsonObject) open()  { j.b, j.comma = append(j.b, '{'), false }
func (j *jsonObject) close() { j.b, j.comma = append(j.b, '}'), true }

func (j *jsonObject) key(name string) {
	if j.comma {
		j.b = append(j.b, ',')
	}
	j.comma = true
	j.b = append(j.b, '"')
	j.b = append(j.b, name...)
	j.b = append(j.b, '"', ':')
}

func (j *jsonObject) text(name, value string) {
	if value != "" {
		j.key(name)
		j.b = appendJSON(j.b, value)
	}
}

// appendJSON quotes a text. Almost all of ours are plain.
func appendJSON(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // a string always can
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

func (j *jsonObject) amount(name string, a ledger.Amount) {
	if !a.IsZero() {
		j.key(name)
		j.b = append(a.Append(append(j.b, '"')), '"')
	}
}

func (j *jsonObject) date(name string, d ledger.Date) {
	if !d.IsZero() {
		j.key(name)
		j.b = append(d.Time().AppendFormat(append(j.b, '"'), "2006-01-02"), '"')
	}
}

func (j *jsonObject) number(name string, n int) {
	if n != 0 {
		j.key(name)
		j.b = strconv.AppendInt(j.b, int64(n), 10)
	}
}

func (j *jsonObject) says(t Text) {
	j.text("en", t.En)
	j.text("es", t.Es)
}

func (j *jsonObject) lines(all []Line) {
	if len(all) == 0 {
		return
	}
	j.key("lines")
	j.b = append(j.b, '[')
	for i := range all {
		l := &all[i]
		j.comma = i > 0
		j.separate()
		j.open()
		j.text("op", string(l.Op))
		j.number("n", l.N)
		j.amount("base", l.Base)
		j.amount("limit", l.Limit)
		j.amount("room", l.Room)
		j.amount("amount", l.Amount)
		j.text("rate", l.Rate)
		j.text("raw", l.Raw)
		j.text("ref", l.Ref)
		j.close()
	}
	j.b = append(j.b, ']')
}

func (j *jsonObject) facts(name string, all []FactRead) {
	if len(all) == 0 {
		return
	}
	j.key(name)
	j.b = append(j.b, '[')
	for i := range all {
		f := &all[i]
		j.comma = i > 0
		j.separate()
		j.open()
		j.text("fact", f.Name)
		j.says(f.Says)
		j.date("from", f.From)
		j.date("known", f.Known)
		j.close()
	}
	j.b = append(j.b, ']')
}

func (j *jsonObject) separate() {
	if j.comma {
		j.b = append(j.b, ',')
	}
}

// storedWhy is Why as JSON spells it.
type storedWhy struct {
	Reason      Reason        `json:"reason"`
	Outcome     Outcome       `json:"outcome"`
	Rule        string        `json:"rule"`
	Version     string        `json:"version"`
	Amount      ledger.Amount `json:"amount"`
	Due         ledger.Amount `json:"due"`
	PayOn       ledger.Date   `json:"pay_on"`
	Wait        Wait          `json:"wait"`
	Requirement string        `json:"requirement"`
	En          string        `json:"en"`
	Es          string        `json:"es"`
	Missing     []storedFact  `json:"missing"`
	Need        ledger.Amount `json:"need"`
	Times       int           `json:"times"`
	Until       ledger.Date   `json:"until"`
	Event       EventKind     `json:"event"`
	Fund        string        `json:"fund"`
	Lines       []struct {
		Op     Op            `json:"op"`
		N      int           `json:"n"`
		Base   ledger.Amount `json:"base"`
		Limit  ledger.Amount `json:"limit"`
		Room   ledger.Amount `json:"room"`
		Amount ledger.Amount `json:"amount"`
		Rate   string        `json:"rate"`
		Raw    string        `json:"raw"`
		Ref    string        `json:"ref"`
	} `json:"lines"`
	Facts []storedFact `json:"facts"`
}

// storedFact is FactRead as JSON spells it.
type storedFact struct {
	Name  string      `json:"fact"`
	En    string      `json:"en"`
	Es    string      `json:"es"`
	From  ledger.Date `json:"from"`
	Known ledger.Date `json:"known"`
}

func factReads(stored []storedFact) (out []FactRead) {
	for _, f := range stored {
		out = append(out, FactRead{Name: f.Name, Says: Text{f.En, f.Es}, From: f.From, Known: f.Known})
	}
	return out
}

func (s *storedWhy) why() Why {
	w := Why{
		Reason: s.Reason, Outcome: s.Outcome, Amount: s.Amount, Due: s.Due, PayOn: s.PayOn, Wait: s.Wait,
		Rule: s.Rule, Version: s.Version, Requirement: s.Requirement, Event: s.Event, Says: Text{s.En, s.Es}, Missing: factReads(s.Missing),
		Need: s.Need, Times: s.Times, Until: s.Until, Fund: s.Fund, Facts: factReads(s.Facts),
	}
	for _, l := range s.Lines {
		w.Lines = append(w.Lines, Line(l))
	}
	return w
}

package rules

import (
	"strings"

	"seedbook/ledger"
)

// Words phrases catalogue keys in one language; *i18n.Words is one.
type Words interface {
	T(key string, args ...map[string]any) string
	Lang() string
}

// In is a text in a language, English where the book has no other.
func (t Text) In(lang string) string {
	if lang == "es" && t.Es != "" {
		return t.Es
	}
	return t.En
}

// Explain phrases a reason in plain sentences: what was decided first, then the
// arithmetic, the fund, and what was looked at.
func Explain(w Words, why Why) []string {
	out := []string{Headline(w, why)}
	for _, l := range why.Lines {
		out = append(out, w.T("rules.line."+string(l.Op), l.args(w)))
		if l.Raw != "" {
			out = append(out, w.T("rules.rounded."+l.Ref, map[string]any{"raw": l.Raw, "amount": l.Amount}))
		}
	}
	if why.Fund != "" {
		out = append(out, w.T("rules.fund", map[string]any{"fund": why.Fund}))
	}
	if why.Version != "" {
		out = append(out, w.T("rules.version", map[string]any{"version": why.Version}))
	}
	return append(out, explainFacts(w, why.Facts)...)
}

// Headline phrases the decision alone, in one or two sentences.
func Headline(w Words, why Why) string {
	if why.Amount.Sign() > 0 {
		return gives(w, why)
	}
	args := map[string]any{
		"need": why.Need, "until": why.Until, "requirement": why.Requirement,
		"missing": missingNames(w, why.Missing), "event": nameOf(w, string(why.Event), why.Says), "n": why.Times,
	}
	code := string(why.Reason)
	if why.Reason == ReasonCensus && why.Outcome == Nothing {
		return w.T("rules.reason.census_missed")
	}
	if why.Outcome == Open && openWords[why.Reason] {
		if why.Until.IsZero() {
			return w.T("rules.open."+code, args)
		}
		return w.T("rules.open_until."+code, args)
	}
	if why.Says.En != "" && why.Requirement != "" {
		args["says"] = why.Says.In(w.Lang())
		code += "_says"
	}
	return w.T("rules.reason."+code, args)
}

// openWords are the reasons that are phrased as an invitation while there is
// still time.
var openWords = map[Reason]bool{
	ReasonNoDeposits: true, ReasonSmall: true, ReasonSmallAmounts: true, ReasonBelowMinimum: true, ReasonBelowThreshold: true, ReasonBelowCount: true, ReasonNoEvent: true, ReasonNoStreak: true, ReasonUnclaimed: true,
	ReasonNotNamed: true, ReasonCondition: true,
}

func gives(w Words, why Why) string {
	args := map[string]any{"amount": why.Amount, "due": why.Due, "rest": why.Amount.Sub(why.Due), "on": why.PayOn}
	said := w.T("rules.gives."+string(why.Reason), args)
	if why.Outcome != OnTheWay {
		return said
	}
	if why.Due.IsZero() {
		return said + " " + w.T("rules.wait."+string(why.Wait), args)
	}
	return said + " " + w.T("rules.wait_part."+string(why.Wait), args)
}

func (l Line) args(w Words) map[string]any {
	args := map[string]any{
		"n": l.N, "base": l.Base, "limit": l.Limit, "room": l.Room, "amount": l.Amount, "rate": l.Rate, "ref": l.Ref,
	}
	if l.Op == OpVesting {
		day, _ := ledger.ParseDate(l.Ref) // Evaluate wrote it
		args["ref"] = day
	}
	if l.Op == OpWithinCap {
		args["ref"] = w.T("rules.period." + l.Ref)
	}
	return args
}

// explainFacts says what was looked at and since when it was true and known.
func explainFacts(w Words, facts []FactRead) (out []string) {
	for _, f := range facts {
		args := map[string]any{"fact": nameOf(w, f.Name, f.Says), "from": f.From, "known": f.Known}
		switch {
		case f.From.IsZero():
			out = append(out, w.T("rules.fact.always", args))
		case f.Known.IsZero():
			out = append(out, w.T("rules.fact.since", args))
		default:
			out = append(out, w.T("rules.fact.known", args))
		}
	}
	return out
}

func missingNames(w Words, facts []FactRead) string {
	said := make([]string, len(facts))
	for i, f := range facts {
		said[i] = nameOf(w, f.Name, f.Says)
	}
	return strings.Join(said, ", ")
}

// In is what people call the fact, in the language of the words.
func (f FactRead) In(w Words) string { return nameOf(w, f.Name, f.Says) }

// nameOf is a fact or event in people's words. A book's own that has none goes
// by its name.
func nameOf(w Words, name string, says Text) string {
	if says.En != "" {
		return says.In(w.Lang())
	}
	if of, isDay := strings.CutSuffix(name, "_on"); isDay && name != "born_on" {
		name = of
	}
	if !commonNames[name] {
		return name
	}
	return w.T("rules.name." + name)
}

// commonNames are those that the catalogues have words for.
var commonNames = func() map[string]bool {
	names := map[string]bool{}
	for _, s := range builtin {
		names[s.name] = s.from == fromFact || s.from == fromBirth
	}
	for _, e := range engineEvents {
		names[string(e)] = true
	}
	return names
}()

package rules

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"seedbook/service/i18n"
)

var (
	keysPart    = regexp.MustCompile(`(?s)<!-- keys of ([a-z_]+) -->\n(.*?)<!-- end -->`)
	reasonsPart = regexp.MustCompile(`(?s)<!-- reasons -->\n(.*?)<!-- end -->`)
	lintPart    = regexp.MustCompile(`(?s)<!-- lint -->\n(.*?)<!-- end -->`)
	lintPhrase  = regexp.MustCompile(`(?m)^([a-z_]+) = "(.*)"$`)
	placeholder = regexp.MustCompile(`\{\{\.[a-z]+\}\}`)
	yamlBlock   = regexp.MustCompile("(?s)```yaml\n(.*?)```")
	topKey      = regexp.MustCompile(`(?m)^([a-z_]+):`)
)

// TestTheReferenceDocumentsEveryKey holds the reference page against the
// schema, from which its tables are written (go test -update).
func TestTheReferenceDocumentsEveryKey(t *testing.T) {
	raw, err := os.ReadFile("REFERENCE.md")
	if err != nil {
		t.Fatal(err)
	}
	p, page := readSchema(t), string(raw)
	documented := map[string]bool{}
	fresh := keysPart.ReplaceAllStringFunc(page, func(part string) string {
		kind := keysPart.FindStringSubmatch(part)[1]
		documented[kind] = true
		return "<!-- keys of " + kind + " -->\n" + keyTable(p.Defs[kind]) + "<!-- end -->"
	})
	fresh = reasonsPart.ReplaceAllString(fresh, "<!-- reasons -->\n"+reasonTable()+"<!-- end -->")
	fresh = lintPart.ReplaceAllLiteralString(fresh, "<!-- lint -->\n"+lintTable(t)+"<!-- end -->")
	for kind, def := range p.Defs {
		if len(def.Properties) > 0 && !documented[kind] {
			t.Errorf("the reference does not say what a %s may have", kind)
		}
	}
	if *update {
		if err := os.WriteFile("REFERENCE.md", []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if fresh != page {
		t.Errorf("the reference is not current (go test -update):\n%s", diff(page, fresh))
	}
}

// keyTable lists the keys of a mapping in the order in which they are needed.
func keyTable(def definition) string {
	var b strings.Builder
	b.WriteString("\n| key | | |\n|---|---|---|\n")
	keys := sortedKeys(def.Properties)
	slices.SortStableFunc(keys, func(x, y string) int {
		return indexOr(def.Required, x) - indexOr(def.Required, y)
	})
	for _, k := range keys {
		needed := ""
		if slices.Contains(def.Required, k) {
			needed = "needed"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k, needed, def.Properties[k].said())
	}
	b.WriteString("\n")
	return b.String()
}

// said is a key's description, with the words it may have where they are a few
// and the description does not say them.
func (p property) said() string {
	var words []string
	silent := false
	for _, w := range p.Enum {
		words = append(words, fmt.Sprint(w))
		silent = silent || !strings.Contains(p.Description, fmt.Sprint(w))
	}
	if !silent {
		return p.Description
	}
	return p.Description + " One of: " + strings.Join(words, ", ") + "."
}

func indexOr(list []string, word string) int {
	if i := slices.Index(list, word); i >= 0 {
		return i
	}
	return len(list)
}

// reasonTable lists the codes with the words that families read.
func reasonTable() string {
	var b strings.Builder
	b.WriteString("\n| code | when | what families read where nothing is given |\n|---|---|---|\n")
	w := i18n.For("en")
	for _, r := range reasons {
		key := "rules.reason." + string(r)
		args := map[string]any{"amount": "…", "need": "…", "until": "…", "missing": "…", "event": "…", "requirement": "…", "n": 2}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r, reasonMeans[r], w.T(key, args))
	}
	b.WriteString("\n")
	return b.String()
}

// reasonMeans says when a reason is the answer, for whoever writes an example.
var reasonMeans = map[Reason]string{
	ReasonAwarded:        "An amount, and no cap cut it. The usual reason.",
	ReasonBaseCap:        "`base.cap_period` or `cap_lifetime` cut what counts. Also with an amount above zero.",
	ReasonEventCap:       "`caps.per_event` cut what a deposit earns. Also with an amount above zero.",
	ReasonPeriodCap:      "`caps.per_period` cut the amount. Also with an amount above zero.",
	ReasonWithinCap:      "A cap of `caps.within` cut it. Also with an amount above zero.",
	ReasonLifetimeCap:    "`caps.lifetime` cut it. Also with an amount above zero.",
	ReasonSharedCap:      "A shared cap cut it. Also with an amount above zero.",
	ReasonRoom:           "The room of `carry_forward` cut it. Also with an amount above zero.",
	ReasonNotEnrolled:    "There is no event `enrolled` by then.",
	ReasonIneligible:     "A requirement of `eligibility` is not met.",
	ReasonMissingFact:    "A fact is not known that would decide: in `eligibility`, `when`, a tier, a table.",
	ReasonOptedOut:       "The event `opted_out`.",
	ReasonLeft:           "The child left, and nothing counted in this period before.",
	ReasonDeceased:       "The child died, and nothing counted in this period before.",
	ReasonNotYet:         "The first version has not begun.",
	ReasonEnded:          "The last version is over.",
	ReasonNotOffered:     "The version that answers does not have this benefit.",
	ReasonCondition:      "Something happened, but `when` did not hold on the day that counts.",
	ReasonNoEvent:        "The event that a trigger or a count waits for did not happen in the period.",
	ReasonTooYoung:       "`trigger: age(…)`: the birthday is to come.",
	ReasonCensus:         "`trigger: census_day`: there was none in the period on which the child took part.",
	ReasonNoRow:          "A table of amounts has no row for the fact.",
	ReasonNoDeposits:     "No deposit in the period.",
	ReasonSmall:          "Every deposit was under `base.min_single`.",
	ReasonSmallAmounts:   "Every amount of an event was under `base.min_single`.",
	ReasonChannel:        "Every deposit came by a way that does not count.",
	ReasonBelowMinimum:   "The period's deposits are under `base.min_period`.",
	ReasonBelowThreshold: "What counts is under the threshold, the first step or the first row.",
	ReasonBelowCount:     "The same, where events are counted.",
	ReasonNoStreak:       "No streak is complete.",
	ReasonWindowOpen:     "`contribution_balance`: the period is not over.",
	ReasonPhasedOut:      "`phase_out`: the fact is at `to` or above.",
	ReasonReturned:       "The bank took back everything that counted.",
	ReasonWithdrawn:      "`net_deposits`: as much was taken out as was paid in.",
	ReasonRepaid:         "`on_withdrawal` took all of it back.",
	ReasonNoFund:         "No source's `when` holds.",
	ReasonEligible:       "With `eligible: true`: every requirement is met.",
	ReasonChoose:         "`conflict: admin_choice` waits for `chosen`.",
	ReasonHousehold:      "`once_per: household`: another child has it.",
	ReasonUnclaimed:      "The account is not claimed, and this benefit is not paid without: the amount is zero until then. `open` while there is time.",
	ReasonNotVested:      "`vesting.match_by` is over and too little was saved.",
	ReasonNotNamed:       "`trigger: class(…)`: the day is to come (`open`), or the child is not in it.",
}

// lintTable lists what Lint finds.
func lintTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("\n| code | what is said |\n|---|---|\n")
	for _, m := range lintPhrase.FindAllStringSubmatch(lintPhrases(t), -1) {
		if m[1] != "none" {
			fmt.Fprintf(&b, "| `%s` | %s |\n", m[1], placeholder.ReplaceAllString(m[2], "…"))
		}
	}
	b.WriteString("\n")
	return b.String()
}

// TestEveryBlockOfTheReferenceIsARuleBook completes each block with what it
// leaves out and reads it; its examples pass.
func TestEveryBlockOfTheReferenceIsARuleBook(t *testing.T) {
	raw, err := os.ReadFile("REFERENCE.md")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, m := range yamlBlock.FindAllStringSubmatch(string(raw), -1) {
		src := completed(m[1])
		b, err := Parse([]byte(src))
		if err != nil {
			t.Errorf("%v\nin\n%s", err, src)
			continue
		}
		for _, f := range Test(b).Failures {
			t.Errorf("%s\nin\n%s", f, src)
		}
		root, _ := readYAML([]byte(m[1]))
		useKeys(root, used)
	}
	for kind, def := range readSchema(t).Defs {
		for key := range def.Properties {
			if !used[key] {
				t.Errorf("no example of the reference shows %s of %s", key, kind)
			}
		}
	}
}

func useKeys(n *node, used map[string]bool) {
	for _, k := range n.keys {
		used[k.key.text] = true
		useKeys(k.value, used)
	}
	for _, item := range n.items {
		useKeys(item, used)
	}
}

// completed adds the parts that every book has and a block leaves out.
func completed(block string) string {
	has := map[string]bool{}
	for _, m := range topKey.FindAllStringSubmatch(block, -1) {
		has[m[1]] = true
	}
	src := block
	for _, part := range []struct{ key, text string }{
		{"program", "program: {id: p, name: P, currency: USD, time_zone: America/Chicago, rounding: half_up}\n"},
		{"calendar", "calendar: {school_year: 07-01, fiscal_year: 10-01, benefit_year: 07-01}\n"},
		{"versions", "versions:\n  - {id: pilot, effective_from: 2024-07-01, effective_to: 2026-06-30}\n  - {id: citywide, effective_from: 2026-07-01}\n"},
		{"events", "events: [{name: viewed_online}]\n"},
		{"benefits", "benefits:\n  - {id: match, kind: match, basis: gross_deposits, amount: {ratio: 1}, period: school_year, funding: {sources: [{fund: CITY}]}}\n"},
	} {
		if !has[part.key] {
			src += part.text
		}
	}
	return src
}

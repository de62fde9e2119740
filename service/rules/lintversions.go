package rules

import (
	"bytes"
	"slices"
)

// versionTerms looks at what versions change and where benefits stand.
func (l *linter) versionTerms() {
	versions := l.root.get("versions")
	for i := range l.book.plans {
		l.changes(i)
		l.pauses(i)
		l.midPeriod(i, versions)
	}
	for v := range l.book.Versions {
		if !slices.ContainsFunc(l.book.plans, func(p plan) bool { return p.in[v] != nil }) {
			l.find(versions.items[v], "version_empty", Risk, map[string]any{"version": l.book.Versions[v].ID})
		}
	}
}

// changes looks at by_version: what changes nothing, what never comes to hold,
// and what falls back afterwards.
func (l *linter) changes(i int) {
	p, item := &l.book.plans[i], l.benefitNode(i)
	changes := item.get("by_version")
	if changes == nil {
		return
	}
	for v, version := range l.book.Versions {
		change := changes.get(version.ID)
		if change == nil || change.kind != mapping {
			continue
		}
		if p.in[v] == nil {
			l.find(change, "version_unused", Risk, map[string]any{"benefit": p.id, "version": version.ID})
			continue
		}
		same := 0
		for _, k := range change.keys {
			if old := item.get(k.key.text); old != nil && bytes.Equal(appendNormal(nil, old), appendNormal(nil, k.value)) {
				same++
			}
		}
		if same == len(change.keys) {
			l.find(change, "version_same", Advice, map[string]any{"benefit": p.id, "version": version.ID})
			continue
		}
		l.reverts(p, item, change, v)
	}
}

// reverts finds a change that the next version does not repeat: the benefit's
// own terms come back.
func (l *linter) reverts(p *plan, item, change *node, v int) {
	for next := v + 1; next < len(p.in); next++ {
		if p.in[next] == nil {
			continue
		}
		name := l.book.Versions[next].ID
		for _, k := range change.keys {
			if item.get("by_version").value(name).value(k.key.text) == nil {
				severity := Risk
				if item.get(k.key.text) == nil { // it just ends
					severity = Advice
				}
				l.find(k.value, "version_reverts", severity, map[string]any{"key": k.key.text, "version": l.book.Versions[v].ID, "next": name})
			}
		}
		return
	}
}

// pauses finds versions in the middle in which a benefit does not stand.
func (l *linter) pauses(i int) {
	p := &l.book.plans[i]
	first, last := -1, -1
	for v, t := range p.in {
		if t != nil && first < 0 {
			first = v
		}
		if t != nil {
			last = v
		}
	}
	for v := first; v >= 0 && v < last; v++ {
		if p.in[v] == nil {
			l.find(l.benefitNode(i).get("versions"), "version_pause", Advice, map[string]any{"benefit": p.id, "version": l.book.Versions[v].ID})
			return
		}
	}
}

// midPeriod finds terms that change in the middle of a benefit's period.
func (l *linter) midPeriod(i int, versions *node) {
	p := &l.book.plans[i]
	if p.months > 0 || p.period == "birthday_year" {
		return
	}
	for v := 1; v < len(p.in); v++ {
		version := l.book.Versions[v]
		if p.period == Once || version.SelectedBy != EventDate || p.in[v] == nil || p.in[v-1] == nil || p.in[v] == p.in[v-1] {
			continue
		}
		if span := l.book.Calendar.periodOf(p.period, version.EffectiveFrom); span.First != version.EffectiveFrom {
			l.find(versions.items[v], "version_mid_period", Advice, map[string]any{
				"version": version.ID, "benefit": p.id, "on": version.EffectiveFrom, "period": span,
			})
		}
	}
}

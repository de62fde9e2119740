package family

import (
	"cmp"
	"slices"
	"strings"
)

// Conflict is a detail in which records of one child contradict each other.
type Conflict struct {
	Field  string   // born, address, student or language
	Values []string // of the records that say something, the one that counts first
}

// Whole is what all records of one child say together: the name of the first,
// and of everything else what was learned last.
func Whole(records []Child) Child {
	whole := records[0]
	for _, r := range byNews(records) {
		if r.Erased {
			continue
		}
		p := &whole.Person
		p.BornOn, p.StudentNumber = r.Person.BornOn, r.Person.StudentNumber
		p.Street, p.City, p.State, p.ZIP, p.Before = r.Person.Street, r.Person.City, r.Person.State, r.Person.ZIP, r.Person.Before
		whole.Language = r.Language
		break
	}
	for _, r := range byNews(records) {
		whole.Person.fillFrom(r.Person)
	}
	return whole
}

// byNews are records, the one changed last first.
func byNews(records []Child) []Child {
	out := slices.Clone(records)
	slices.SortStableFunc(out, func(a, b Child) int { return cmp.Or(b.ChangedAt.Compare(a.ChangedAt), cmp.Compare(b.ID, a.ID)) })
	return out
}

// fillFrom takes over what is not known.
func (p *Person) fillFrom(q Person) {
	if p.BornOn.IsZero() {
		p.BornOn = q.BornOn
	}
	if p.StudentNumber == "" {
		p.StudentNumber = q.StudentNumber
	}
	if p.Street+p.City+p.State+p.ZIP == "" {
		p.Street, p.City, p.State, p.ZIP, p.Before = q.Street, q.City, q.State, q.ZIP, q.Before
	}
}

// Conflicts are the details in which records contradict each other, what counts
// first.
func Conflicts(records []Child) (out []Conflict) {
	for _, f := range []struct {
		name string
		of   func(Child) string
	}{
		{"born", func(c Child) string { return c.Person.BornOn.String() }},
		{"student", func(c Child) string { return c.Person.StudentNumber }},
		{"address", func(c Child) string { return c.Person.Address() }},
		{"language", func(c Child) string { return c.Language }},
	} {
		var values []string
		for _, r := range byNews(records) {
			if v := f.of(r); v != "" && !r.Erased && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		if len(values) > 1 {
			out = append(out, Conflict{f.name, values})
		}
	}
	return out
}

// Address is the home in one line.
func (p Person) Address() string {
	parts := slices.DeleteFunc([]string{p.Street, p.City, p.State, p.ZIP}, func(s string) bool { return s == "" })
	return strings.Join(parts, ", ")
}

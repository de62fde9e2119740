package roster

import (
	"cmp"
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"seedbook/service/family"
	"seedbook/service/roster/rosterfile"
)

// Why a row is doubtful or to be reviewed, beside the doubts of rosterfile:
// catalogue keys.
const (
	reasonAlike   = "roster.reason.alike"   // the same name and birth date as a child on record
	reasonStudent = "roster.reason.student" // a student number of a child with another name
	reasonUnknown = "roster.reason.unknown" // a change to a child that nobody knows
	roleUnsaid    = "roster.problem.role_unsaid"
)

// known is what a source said of a child before.
type known struct {
	SourceKey  []byte         `db:"source_key"`
	Child      family.ChildID `db:"child_id"`
	ContentKey []byte         `db:"content_key"`
	FamilyKey  []byte         `db:"family_key"`
	Present    bool           `db:"present"`
}

// compare gives every child of the file its finding.
func (s *staging) compare(ctx context.Context, q sqlx.QueryerContext) error {
	before, err := s.known(ctx, q)
	if err != nil {
		return err
	}
	schools := make(map[string]rosterfile.School, len(s.file.Schools))
	for _, h := range s.file.Schools {
		h.District = cmp.Or(h.District, s.sender)
		schools[h.SourceID] = h
	}
	var fresh []int // places of rows that this source did not name before
	for _, c := range s.file.Children {
		r, err := s.row(c, schools)
		if err != nil {
			return err
		}
		k, met := before[string(r.sourceKey)]
		delete(before, string(r.sourceKey))
		switch {
		case c.Gone && met:
			r.finding, r.id = Gone, k.Child
		case c.Gone:
			r.finding = Unchanged
		case c.Partial && !met:
			r.finding, r.reason = Review, reasonUnknown
		case doubt(c, met) != "":
			r.finding, r.reason, r.id = Review, doubt(c, met), k.Child
		case met && k.Present && string(k.ContentKey) == string(r.contentKey):
			r.finding, r.id = Unchanged, k.Child
		case met:
			r.finding, r.id = Changed, k.Child
		default:
			r.finding = New
			fresh = append(fresh, len(s.rows))
		}
		s.rows = append(s.rows, r)
	}
	if s.file.Mode == rosterfile.Bulk {
		// A child whose row is quarantined is named all the same.
		for _, r := range s.file.SetAside {
			delete(before, string(s.sourceKey(rosterfile.Child{SourceID: r.SourceID})))
		}
		s.addGone(before)
	}
	return s.identify(ctx, q, fresh)
}

// doubt is the first thing that a person must settle about a row. That nothing
// says who is a student is no doubt about a child we know.
func doubt(c rosterfile.Child, met bool) string {
	for _, d := range c.Doubts {
		if !met || d != roleUnsaid {
			return d
		}
	}
	return ""
}

func (s *staging) sourceKey(c rosterfile.Child) []byte { return s.index("child", identity(c)) }

func (s *staging) index(field, value string) []byte {
	return s.keys.Index(s.who.Tenant, fmt.Sprintf("roster:%d:%s", s.source, field), value)
}

func (s *staging) row(c rosterfile.Child, schools map[string]rosterfile.School) (staged, error) {
	text, err := content(c)
	if err != nil {
		return staged{}, err
	}
	return staged{
		child: c, school: schools[c.SchoolSourceID],
		sourceKey: s.sourceKey(c), contentKey: s.index("content", text), familyKey: s.index("family", familyOf(c)),
	}, nil
}

// known reads what the source said before, by its own numbers.
func (s *staging) known(ctx context.Context, q sqlx.QueryerContext) (map[string]known, error) {
	const query = `SELECT source_key, child_id, content_key, family_key, present FROM roster_children WHERE source_id = $1`
	var rows []known
	if err := sqlx.SelectContext(ctx, q, &rows, query, s.source); err != nil {
		return nil, fmt.Errorf("what source %d said before: %w", s.source, err)
	}
	out := make(map[string]known, len(rows))
	for _, r := range rows {
		out[string(r.SourceKey)] = r
	}
	return out, nil
}

// addGone lists the children that a full roster no longer names. Each was
// named before, so each is a candidate for leaving, and no more.
func (s *staging) addGone(before map[string]known) {
	for _, k := range before {
		if k.Present {
			s.rows = append(s.rows, staged{finding: Gone, id: k.Child, sourceKey: k.SourceKey, contentKey: k.ContentKey, familyKey: k.FamilyKey})
		}
	}
}

// identify looks whether rows that are new to the source are known from
// elsewhere: by student number for certain, by name and birth date perhaps.
func (s *staging) identify(ctx context.Context, q sqlx.QueryerContext, fresh []int) error {
	numbers, people := make([]string, len(fresh)), make([]family.Person, len(fresh))
	for i, at := range fresh {
		people[i] = person(s.rows[at].child)
		numbers[i] = people[i].StudentNumber
	}
	byNumber, err := family.Find(ctx, q, s.who, s.keys, family.StudentScheme, numbers)
	if err != nil {
		return err
	}
	alike, err := family.Alike(ctx, q, s.who, s.keys, people)
	if err != nil {
		return err
	}
	for i, at := range fresh {
		s.rows[at].settle(byNumber[i], alike[i])
	}
	return nil
}

// settle decides about a row that is new to its source.
func (r *staged) settle(byNumber family.ChildID, alike []family.ChildID) {
	same := false
	for _, id := range alike {
		same = same || id == byNumber
	}
	switch {
	case byNumber != 0 && same:
		r.finding, r.id = Changed, byNumber // the same child by another source
	case byNumber != 0:
		r.finding, r.reason, r.id = Doubtful, reasonStudent, byNumber
	case len(alike) > 0:
		r.finding, r.reason, r.id = Doubtful, reasonAlike, alike[0]
	}
}

// person is a row as the record of a child.
func person(c rosterfile.Child) family.Person {
	return family.Person{
		Given: c.Given, Middle: c.Middle, Family: c.Family, Preferred: c.Preferred, BornOn: c.BornOn,
		StudentNumber: c.StudentNumber, Street: c.Street, City: c.City, State: c.State, ZIP: c.ZIP,
	}
}

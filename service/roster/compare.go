package roster

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jmoiron/sqlx"

	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Why a row is doubtful or to be reviewed, beside the doubts of rosterfile:
// catalogue keys.
const (
	reasonAlike   = "roster.reason.alike"    // the same name and birth date as a child on record
	reasonStudent = "roster.reason.student"  // a student number of a child with another name
	reasonUnknown = "roster.reason.unknown"  // a change to a child that nobody knows
	reasonRefused = "roster.reason.refused"  // the family opted out: the child is not enrolled again
	reasonDied    = "roster.problem.died"    // a child whom nobody knows, and who has died
	reasonOut     = "roster.reason.left_out" // a person left the row out, and it says the same as then
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
	schools, err := s.schools(ctx, q)
	if err != nil {
		return err
	}
	for _, c := range s.file.Children {
		r, err := s.row(c, schools)
		if err != nil {
			return err
		}
		k, met := before[string(r.sourceKey)]
		delete(before, string(r.sourceKey))
		r.judge(k, met)
		s.rows = append(s.rows, r)
	}
	if err := s.identify(ctx, q); err != nil {
		return err
	}
	if err := s.leaveOut(ctx, q); err != nil {
		return err
	}
	if s.file.Mode == rosterfile.Bulk {
		s.addGone(before)
	}
	return nil
}

// schools are the file's schools by its own ids. Where the file names no
// district, a school on record with the same code and name is the same school;
// any other is the sender's.
func (s *staging) schools(ctx context.Context, q sqlx.QueryerContext) (map[string]rosterfile.School, error) {
	known, err := program.Schools(ctx, q)
	if err != nil {
		return nil, err
	}
	type school struct{ code, name string }
	districts := make(map[school][]string, len(known))
	for _, k := range known {
		at := school{k.Code, vault.Fold(k.Name)}
		districts[at] = append(districts[at], k.District)
	}
	out := make(map[string]rosterfile.School, len(s.file.Schools))
	for _, h := range s.file.Schools {
		if same := districts[school{h.Code, vault.Fold(h.Name)}]; h.District == "" && len(same) == 1 {
			h.District = same[0]
		}
		h.District = cmp.Or(h.District, s.sender)
		out[h.SourceID] = h
	}
	return out, nil
}

// judge compares a row with what its source said of the child before.
func (r *staged) judge(k known, met bool) {
	c := r.child
	r.id = k.Child
	switch {
	case c.Gone && met && k.Present:
		r.finding = Gone
	case c.Gone:
		r.finding = Unchanged // not here before, or not any more
	case !c.DiedOn.IsZero() && !met:
		r.finding, r.reason = Review, reasonDied
	case c.Partial && !met:
		r.finding, r.reason = Review, reasonUnknown
	case doubt(c, met) != "":
		r.finding, r.reason = Review, doubt(c, met)
	case met && k.Present && string(k.ContentKey) == string(r.contentKey):
		r.finding = Unchanged
	case met:
		r.finding = Changed
	default:
		r.finding = New
	}
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
	return s.keys.Index(s.who.Tenant, fmt.Sprintf("roster:%d:%s", s.source.id, field), value)
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
	if err := sqlx.SelectContext(ctx, q, &rows, query, s.source.id); err != nil {
		return nil, fmt.Errorf("what source %d said before: %w", s.source.id, err)
	}
	out := make(map[string]known, len(rows))
	for _, r := range rows {
		out[string(r.SourceKey)] = r
	}
	return out, nil
}

// addGone lists the children that a full roster no longer names. Each was
// named before, so each is a candidate for leaving, and no more. A child who is
// named under another id of the source, or in a row that was set aside, is here.
func (s *staging) addGone(before map[string]known) {
	here := make(map[family.ChildID]bool, len(s.rows))
	for _, r := range s.rows {
		here[r.id] = here[r.id] || !r.child.Gone
	}
	for _, r := range s.file.SetAside {
		here[before[string(s.sourceKey(rosterfile.Child{SourceID: r.SourceID, StudentNumber: r.StudentNumber}))].Child] = true
	}
	for _, k := range slices.SortedFunc(maps.Values(before), func(a, b known) int { return cmp.Compare(a.Child, b.Child) }) {
		if k.Present && !here[k.Child] {
			here[k.Child] = true
			s.rows = append(s.rows, staged{
				verdict:   verdict{finding: Gone, id: k.Child},
				sourceKey: k.SourceKey, contentKey: k.ContentKey, familyKey: k.FamilyKey,
			})
		}
	}
}

// identify looks whether rows are known from elsewhere: those that are new to
// the source, and the changed ones whose student number may be another child's.
func (s *staging) identify(ctx context.Context, q sqlx.QueryerContext) error {
	var places []int
	var people []family.Person
	for i, r := range s.rows {
		if r.finding == New || r.finding == Changed {
			places, people = append(places, i), append(people, person(r.child))
		}
	}
	found, err := identify(ctx, q, s.who, s.keys, s.program.ID, people)
	if err != nil {
		return err
	}
	for i, at := range places {
		r := &s.rows[at]
		if r.finding == New {
			r.verdict = found[i].fresh()
		} else if found[i].refused {
			r.verdict = verdict{Unchanged, reasonRefused, r.id}
		} else if id := found[i].byNumber; id != 0 && id != r.id {
			r.verdict = verdict{Doubtful, reasonStudent, r.id}
		}
	}
	return nil
}

// leaveOut asks no more about rows that a person left out and that say the same
// as then.
func (s *staging) leaveOut(ctx context.Context, q sqlx.QueryerContext) error {
	const query = `
		SELECT DISTINCT r.source_key, r.content_key
		FROM roster_rows r JOIN roster_batches b ON b.tenant_id = r.tenant_id AND b.id = r.batch_id
		WHERE b.source_id = $1 AND b.state IN ('applying', 'applied') AND r.settled = 'out'`
	rows, err := q.QueryxContext(ctx, query, s.source.id)
	if err != nil {
		return fmt.Errorf("what was left out of source %d: %w", s.source.id, err)
	}
	defer rows.Close()
	left := map[string]bool{}
	for rows.Next() {
		var source, content []byte
		if err := rows.Scan(&source, &content); err != nil {
			return fmt.Errorf("what was left out of source %d: %w", s.source.id, err)
		}
		left[string(source)+string(content)] = true
	}
	for i := range s.rows {
		r := &s.rows[i]
		if (r.finding == Doubtful || r.finding == Review) && left[string(r.sourceKey)+string(r.contentKey)] {
			r.verdict = verdict{Unchanged, reasonOut, r.id}
		}
	}
	return rows.Err()
}

// verdict is what a comparison found about a row, and which child it is.
type verdict struct {
	finding Finding
	reason  string
	id      family.ChildID
}

// resemblance is who on record a person may be.
type resemblance struct {
	byNumber family.ChildID   // has the student number; 0 for none
	alike    []family.ChildID // have the name and birth date
	refused  bool             // its family opted out of the program
}

// identify looks people up, by student number and by name and birth date.
func identify(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, people []family.Person) ([]resemblance, error) {
	numbers := make([]string, len(people))
	for i, p := range people {
		numbers[i] = p.StudentNumber
	}
	byNumber, err := family.Find(ctx, q, who, keys, family.StudentScheme, numbers)
	if err != nil {
		return nil, err
	}
	alike, err := family.Alike(ctx, q, who, keys, people)
	if err != nil {
		return nil, err
	}
	refused, err := family.Buried(ctx, q, who, keys, p, people)
	if err != nil {
		return nil, err
	}
	out := make([]resemblance, len(people))
	for i := range people {
		out[i] = resemblance{byNumber[i], alike[i], refused[i]}
	}
	return out, nil
}

// fresh decides about somebody whom the source did not name before. The number
// and the name together are certain; one of them alone is for people.
func (r resemblance) fresh() verdict {
	switch {
	case r.refused:
		return verdict{Unchanged, reasonRefused, r.byNumber}
	case r.byNumber != 0 && slices.Contains(r.alike, r.byNumber):
		return verdict{Changed, "", r.byNumber} // the same child by another source
	case r.byNumber != 0:
		return verdict{Doubtful, reasonStudent, r.byNumber}
	case len(r.alike) > 0:
		return verdict{Doubtful, reasonAlike, r.alike[0]}
	}
	return verdict{finding: New}
}

// person is a row as the record of a child.
func person(c rosterfile.Child) family.Person {
	return family.Person{
		Given: c.Given, Middle: c.Middle, Family: c.Family, Preferred: c.Preferred, BornOn: c.BornOn,
		StudentNumber: c.StudentNumber, Street: c.Street, City: c.City, State: c.State, ZIP: c.ZIP,
	}
}

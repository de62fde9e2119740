package roster

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"seedbook/service/family"
	"seedbook/service/likeness"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Candidate is a child on record that a doubtful row may be about.
type Candidate struct {
	Child family.ChildID
	likeness.Likeness
	// Number says that the child has the row's student number, Known that the
	// sender's own number stands for the child.
	Number, Known bool
}

// Doubts returns the rows of a batch that wait for a person, or were settled by
// one, in the order of the file's families, after a given one.
func Doubts(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, id ID, settled bool, after, limit int) ([]Row, error) {
	const query = `
		WHERE batch_id = $1 AND finding IN ('doubtful', 'review') AND (settled <> '') = $2 AND n > $3 AND sealed IS NOT NULL
		ORDER BY n LIMIT $4`
	return readRows(ctx, q, who, keys, id, rowColumns+query, id, settled, after, limit)
}

// Doubt returns a row that waits for a person, or did, with the children it may be
// about, the likeliest first; ErrNoRow for another.
func Doubt(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, id ID, n int) (Row, []Candidate, error) {
	r, err := loadRow(ctx, q, who, keys, id, n)
	if err != nil {
		return Row{}, nil, err
	}
	found, err := candidates(ctx, q, who, keys, r.Row)
	return r.Row, found, err
}

// NextDoubt is the next row that waits for a person after one, beginning again at
// the first; 0 where none waits.
func NextDoubt(ctx context.Context, q sqlx.QueryerContext, id ID, after int) (n int, err error) {
	const query = `
		SELECT n FROM roster_rows
		WHERE batch_id = $1 AND finding IN ('doubtful', 'review') AND settled = '' AND sealed IS NOT NULL
		ORDER BY n <= $2, n LIMIT 1`
	err = sqlx.GetContext(ctx, q, &n, query, id, after)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("next doubtful row of roster %d: %w", id, err)
	}
	return n, nil
}

// maxCandidates is how many children are offered for a row.
const maxCandidates = 5

// candidates are the children on record that a row may be about: those that the
// comparison met, and those whom a search for duplicates would show.
func candidates(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, r Row) ([]Candidate, error) {
	said := r.Said
	met, err := identifyOne(ctx, q, who, keys, said.StudentNumber, person(said))
	if err != nil {
		return nil, err
	}
	profile := profileOf(r)
	kin, err := family.Kin(ctx, q, who, keys, profile)
	if err != nil {
		return nil, err
	}
	ids := append([]family.ChildID{r.Child, met.byNumber}, append(met.alike, kin...)...)
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id family.ChildID) bool { return id == 0 })
	profiles, err := family.Profiles(ctx, q, who, keys, ids)
	if err != nil {
		return nil, err
	}
	in, err := family.Bearers(ctx, q, who, keys, profiles)
	if err != nil {
		return nil, err
	}
	var out []Candidate
	for _, id := range ids {
		p, there := profiles[id]
		if !there { // erased
			continue
		}
		c := Candidate{Child: id, Likeness: likeness.Compare(profile, p, in), Number: id == met.byNumber, Known: id == r.Child && r.Finding == Doubtful}
		if c.Number || c.Known || c.Worthy() || slices.Contains(met.alike, id) {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Candidate) int { return cmp.Compare(b.Score, a.Score) })
	return out[:min(len(out), maxCandidates)], nil
}

// identifyOne looks one person up, by student number and by name and birth date.
func identifyOne(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, number string, p family.Person) (r resemblance, err error) {
	byNumber, err := family.Find(ctx, q, who, keys, family.StudentScheme, []string{number})
	if err != nil {
		return r, err
	}
	alike, err := family.Alike(ctx, q, who, keys, []family.Person{p})
	if err != nil {
		return r, err
	}
	return resemblance{byNumber: byNumber[0], alike: alike[0]}, nil
}

// profileOf makes a row ready for comparison with records.
func profileOf(r Row) likeness.Profile {
	p := likeness.Person{Given: r.Said.Given, Middle: r.Said.Middle, Family: r.Said.Family, Preferred: r.Said.Preferred, BornOn: r.Said.BornOn,
		Street: r.Said.Street, City: r.Said.City, ZIP: r.Said.ZIP}
	for _, g := range guardians(r.Said) {
		p.Guardians = append(p.Guardians, g.DisplayName())
		p.Phones, p.Emails = append(p.Phones, g.Phone), append(p.Emails, g.Email)
	}
	return likeness.Prepare(p)
}

package statement

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/savings"
)

// parts are what a statement froze, record by record.
func (i Issued) parts() []Part {
	if len(i.Parts) > 0 {
		return i.Parts
	}
	return []Part{i.Part}
}

// Shared reports that a statement shows a record which is not one of the child
// any more: its records were parted again since. Families are not shown it.
func (i Issued) Shared(records []family.ChildID) bool {
	return slices.ContainsFunc(i.parts(), func(p Part) bool { return !slices.Contains(records, p.Child) })
}

// ForFamily are the statements that the guardians of a record are shown: those on
// which it stands, and nothing that is another child's by now. What was made of
// another record before the two were joined stays with that record's guardians.
func ForFamily(ctx context.Context, q sqlx.QueryerContext, record family.ChildID, issued []Issued) ([]Issued, error) {
	records, err := recordsOf(ctx, q, record)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(issued, func(s Issued) bool {
		on := slices.ContainsFunc(s.parts(), func(p Part) bool { return p.Child == record })
		return !on || s.Shared(records)
	}), nil
}

// accountOf is the account of a record on a joint statement.
func (d *Drawn) accountOf(record family.ChildID) savings.Account {
	for i := range d.Accounts {
		if d.Parts[i].Child == record {
			return d.Accounts[i]
		}
	}
	return 0
}

// sumOf is what a statement freezes as a whole: the first of its records names
// it, and it knows what the best informed of them knows.
func sumOf(parts []Part) Part {
	sum := parts[0]
	for _, p := range parts[1:] {
		sum.Known, sum.Previous = max(sum.Known, p.Known), min(sum.Previous, p.Previous)
		sum.OpeningOwn, sum.OpeningProgram = sum.OpeningOwn.Add(p.OpeningOwn), sum.OpeningProgram.Add(p.OpeningProgram)
		sum.ClosingOwn, sum.ClosingProgram = sum.ClosingOwn.Add(p.ClosingOwn), sum.ClosingProgram.Add(p.ClosingProgram)
	}
	return sum
}

// recordsOf are all records of a child, the one it was asked by among them.
func recordsOf(ctx context.Context, q sqlx.QueryerContext, child family.ChildID) ([]family.ChildID, error) {
	ids := []family.ChildID{child}
	records, err := family.Records(ctx, q, ids)
	return family.WithRecords(ids, records), err
}

// group sorts children into those who get a statement for a period: one for all
// records that took part by its end, first the record by which the child takes
// part. A record that stands on a statement of the period already gets no
// second one. It also returns all records together.
func group(ctx context.Context, q sqlx.QueryerContext, p program.ID, children []family.ChildID, span Span) (groups [][]family.ChildID, all []family.ChildID, err error) {
	records, err := family.Records(ctx, q, children)
	if err != nil {
		return nil, nil, err
	}
	done, err := covered(ctx, q, p, family.WithRecords(children, records), span)
	if err != nil {
		return nil, nil, err
	}
	took, err := takingPart(ctx, q, p, records, span)
	if err != nil {
		return nil, nil, err
	}
	met := map[family.ChildID]bool{}
	for _, c := range children {
		g := []family.ChildID{c}
		if records[c] != nil {
			g = took[records[c][0]]
		}
		if len(g) == 0 || done[g[0]] || met[g[0]] {
			continue
		}
		met[g[0]] = true
		g = slices.DeleteFunc(g, func(r family.ChildID) bool { return done[r] })
		groups, all = append(groups, g), append(all, g...)
	}
	return groups, all, nil
}

// takingPart are, for every child on record more than once, the records that took
// part in a program by a period's end, the one that still does first.
func takingPart(ctx context.Context, q sqlx.QueryerContext, p program.ID, records map[family.ChildID][]family.ChildID, span Span) (map[family.ChildID][]family.ChildID, error) {
	if len(records) == 0 {
		return nil, nil
	}
	root, ids := map[family.ChildID]family.ChildID{}, []family.ChildID(nil)
	for _, all := range records {
		for _, r := range all {
			if _, met := root[r]; !met {
				root[r], ids = all[0], append(ids, r)
			}
		}
	}
	const query = `
		SELECT child_id FROM enrollments
		WHERE program_id = $1 AND child_id = ANY ($2) AND (enrolled_on <= $3 OR enrolled_on IS NOT NULL AND state <> 'joined')
		ORDER BY state = 'joined', child_id`
	var found []family.ChildID
	if err := sqlx.SelectContext(ctx, q, &found, query, p, pq.Array(ids), span.Last); err != nil {
		return nil, fmt.Errorf("records on statements of %s: %w", span.Name, err)
	}
	out := map[family.ChildID][]family.ChildID{}
	for _, r := range found {
		out[root[r]] = append(out[root[r]], r)
	}
	return out, nil
}

// covered are the records that stand on a statement of a period.
func covered(ctx context.Context, q sqlx.QueryerContext, p program.ID, records []family.ChildID, span Span) (map[family.ChildID]bool, error) {
	const query = `
		SELECT child_id FROM statements WHERE program_id = $1 AND child_id = ANY ($2) AND period = $3
		UNION ALL
		SELECT child_id FROM statement_parts WHERE program_id = $1 AND child_id = ANY ($2) AND period = $3`
	var found []family.ChildID
	if err := sqlx.SelectContext(ctx, q, &found, query, p, pq.Array(records), span.Name); err != nil {
		return nil, fmt.Errorf("who has a statement of %s: %w", span.Name, err)
	}
	out := make(map[family.ChildID]bool, len(found))
	for _, r := range found {
		out[r] = true
	}
	return out, nil
}

// addParts reads the parts of joint statements.
func addParts(ctx context.Context, q sqlx.QueryerContext, issued []Issued) error {
	place, ids := map[ID]*Issued{}, []int64(nil)
	for i, s := range issued {
		if s.Joint {
			place[s.ID], ids = &issued[i], append(ids, int64(s.ID))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	const query = `
		SELECT statement_id, child_id, known_no, previous_no, opening_own, opening_program, closing_own, closing_program
		FROM statement_parts WHERE statement_id = ANY ($1)`
	var rows []struct {
		Statement ID `db:"statement_id"`
		Part
	}
	if err := sqlx.SelectContext(ctx, q, &rows, query, pq.Array(ids)); err != nil {
		return fmt.Errorf("parts of %d statements: %w", len(ids), err)
	}
	for _, r := range rows {
		s := place[r.Statement]
		s.Parts = append(s.Parts, r.Part)
	}
	for _, s := range place {
		slices.SortFunc(s.Parts, func(a, b Part) int {
			if own, other := a.Child == s.Child, b.Child == s.Child; own != other {
				if own {
					return -1
				}
				return 1
			}
			return cmp.Compare(a.Child, b.Child)
		})
	}
	return nil
}

package enroll

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Facts gathers what is known of children by a day into the form that rule
// books read: birth date, school and grade over time, residence, language, and
// the day of enrollment. Children come back in the order given.
func Facts(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, ids []family.ChildID) ([]rules.Child, error) {
	people, err := family.Load(ctx, q, who, keys, ids)
	if err != nil {
		return nil, err
	}
	out := make([]rules.Child, len(ids))
	place := make(map[family.ChildID]*rules.Child, len(ids))
	for i, c := range people {
		out[i] = rules.Child{ID: int64(c.ID), BornOn: c.Person.BornOn, Facts: personFacts(c)}
		place[c.ID] = &out[i]
	}
	if err := addSchools(ctx, q, ids, place); err != nil {
		return nil, err
	}
	return out, addEnrollments(ctx, q, p, ids, place)
}

// personFacts are the facts of a person that hold at all times we know of.
func personFacts(c family.Child) []rules.Fact {
	facts := make([]rules.Fact, 0, 8)
	for _, f := range []struct{ name, value string }{
		{"zip", c.Person.ZIP}, {"city", c.Person.City}, {"state", c.Person.State}, {"language", c.Language},
	} {
		if f.value != "" {
			facts = append(facts, rules.Fact{Name: f.name, Value: f.value})
		}
	}
	return facts
}

func addSchools(ctx context.Context, q sqlx.QueryerContext, ids []family.ChildID, place map[family.ChildID]*rules.Child) error {
	const query = `
		SELECT s.child_id, s.from_on, h.code, h.district, s.grade
		FROM schoolings s
		JOIN schools h ON h.tenant_id = s.tenant_id AND h.id = s.school_id
		WHERE s.child_id = ANY ($1)
		ORDER BY s.child_id, s.from_on`
	rows, err := q.QueryxContext(ctx, query, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("schools of %d children: %w", len(ids), err)
	}
	defer rows.Close()
	for rows.Next() {
		var child family.ChildID
		var from ledger.Date
		var code, district, grade string
		if err := rows.Scan(&child, &from, &code, &district, &grade); err != nil {
			return fmt.Errorf("schools of children: %w", err)
		}
		c := place[child]
		c.Facts = append(c.Facts, rules.Fact{Name: "school", Value: code, From: from})
		if district != "" {
			c.Facts = append(c.Facts, rules.Fact{Name: "district", Value: district, From: from})
		}
		if grade != "" {
			c.Facts = append(c.Facts, rules.Fact{Name: "grade", Value: grade, From: from})
		}
	}
	return rows.Err()
}

func addEnrollments(ctx context.Context, q sqlx.QueryerContext, p program.ID, ids []family.ChildID, place map[family.ChildID]*rules.Child) error {
	const query = `
		SELECT id, child_id, enrolled_on
		FROM enrollments
		WHERE program_id = $1 AND child_id = ANY ($2) AND enrolled_on IS NOT NULL`
	rows, err := q.QueryxContext(ctx, query, p, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("enrollments of %d children: %w", len(ids), err)
	}
	defer rows.Close()
	for rows.Next() {
		var id ID
		var child family.ChildID
		var on ledger.Date
		if err := rows.Scan(&id, &child, &on); err != nil {
			return fmt.Errorf("enrollments of children: %w", err)
		}
		c := place[child]
		c.Events = append(c.Events, rules.Event{Key: "enrollment/" + id.Account().String(), Kind: rules.Enrolled, On: on})
	}
	return rows.Err()
}

package enroll

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Facts gathers what is known of children into the form that rule books read:
// birth date, school, grade and residence over time, language, the facts and
// events of the book's own, and the days on which participation began and ended.
// Children come back in the order given. A child that is on record more than once
// comes with the histories of all its records, whichever of them is asked for.
//
// Every table that this file, family.Load or what they call reads has the
// trigger touches_children, so that nobody can change what is known of a child
// without the next run looking at it again (house_test.go holds us to it).
func Facts(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, ids []family.ChildID) ([]rules.Child, error) {
	children, _, err := gather(ctx, q, who, keys, p, ids)
	return children, err
}

// gather is Facts that also says whose family is erased.
func gather(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, ids []family.ChildID) ([]rules.Child, map[family.ChildID]bool, error) {
	records, err := family.Records(ctx, q, ids)
	if err != nil {
		return nil, nil, err
	}
	all := family.WithRecords(ids, records)
	loaded, err := family.Load(ctx, q, who, keys, all)
	if err != nil {
		return nil, nil, err
	}
	people := make(map[family.ChildID]family.Child, len(all))
	for _, c := range loaded {
		people[c.ID] = c
	}
	known, erased := newCatalog(ids, records), map[family.ChildID]bool{}
	for i, id := range ids {
		c := people[id]
		if len(records[id]) > 0 {
			c = wholeOf(id, records[id], people)
		}
		known.children[i].BornOn, known.children[i].Facts = c.Person.BornOn, personFacts(c)
		erased[id] = c.Erased
	}
	if err := addSchools(ctx, q, all, known); err != nil {
		return nil, nil, err
	}
	if err := addReported(ctx, q, who, keys, p, all, known); err != nil {
		return nil, nil, err
	}
	if err := addClasses(ctx, q, p, all, known); err != nil {
		return nil, nil, err
	}
	return known.children, erased, addEnrollments(ctx, q, p, all, known)
}

// addReported adds the facts and events of the book's own.
func addReported(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, ids []family.ChildID, known catalog) error {
	facts, err := family.FactsOf(ctx, q, who, keys, ids)
	if err != nil {
		return err
	}
	for _, f := range facts {
		known.fact(f.Child, rules.Fact{Name: f.Name, Value: f.Value, From: f.From, Known: f.Known})
	}
	events, err := family.EventsOf(ctx, q, p, ids)
	if err != nil {
		return err
	}
	for _, e := range events {
		known.event(e.Child, ruleEvent(e))
	}
	return nil
}

// ruleEvent is a reported event as rule books read it.
func ruleEvent(e family.Event) rules.Event {
	return rules.Event{
		Key: "event/" + strconv.FormatInt(e.ID, 10), Kind: rules.EventKind(e.Kind), On: e.On, Seq: e.ID,
		Amount: e.Amount, Account: e.Account, Choice: e.Choice, Purpose: rules.Purpose(e.Purpose),
	}
}

// personFacts are the homes of a person over time, and the language.
func personFacts(c family.Child) []rules.Fact {
	facts := make([]rules.Fact, 0, 8)
	var from ledger.Date // always, for the first home that we know of
	for _, h := range c.Person.Before {
		facts = appendHome(facts, h, from)
		from = h.Until.AddDays(1)
	}
	facts = appendHome(facts, family.Home{City: c.Person.City, State: c.Person.State, ZIP: c.Person.ZIP}, from)
	if c.Language != "" {
		facts = append(facts, rules.Fact{Name: "language", Value: c.Language})
	}
	return facts
}

// appendHome adds where a child lives from a day on. What is not known of a
// later home is said to be unknown, so that the home before ends.
func appendHome(facts []rules.Fact, h family.Home, from ledger.Date) []rules.Fact {
	for _, f := range []struct{ name, value string }{{"zip", h.ZIP}, {"city", h.City}, {"state", h.State}} {
		switch {
		case f.value != "":
			facts = append(facts, rules.Fact{Name: f.name, Value: f.value, From: from})
		case !from.IsZero():
			facts = append(facts, rules.Fact{Name: f.name, From: from})
		}
	}
	return facts
}

func addSchools(ctx context.Context, q sqlx.QueryerContext, ids []family.ChildID, known catalog) error {
	const query = store.Kept + `
		SELECT s.child_id, s.from_on, h.code, h.district, s.grade
		FROM schoolings s
		JOIN schools h ON h.tenant_id = s.tenant_id AND h.id = s.school_id
		WHERE s.child_id = ANY ($1)
		ORDER BY s.from_on, s.recorded_at, s.child_id`
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
		known.fact(child, rules.Fact{Name: "school", Value: code, From: from})
		if district != "" {
			known.fact(child, rules.Fact{Name: "district", Value: district, From: from})
		}
		if grade != "" {
			known.fact(child, rules.Fact{Name: "grade", Value: grade, From: from})
		}
	}
	return rows.Err()
}

func addEnrollments(ctx context.Context, q sqlx.QueryerContext, p program.ID, ids []family.ChildID, known catalog) error {
	const query = store.Kept + `
		SELECT id, child_id, state, enrolled_on, ended_on, coalesce(joined_from, '') AS joined_from, ended_by
		FROM enrollments
		WHERE program_id = $1 AND child_id = ANY ($2) AND enrolled_on IS NOT NULL
		UNION ALL
		SELECT e.id, f.child_id, f.state, f.enrolled_on, f.ended_on, '', f.ended_by
		FROM former_enrollments f
		JOIN enrollments e ON e.tenant_id = f.tenant_id AND e.id = f.enrollment_id
		WHERE e.program_id = $1 AND f.child_id = ANY ($2)
		ORDER BY enrolled_on, id`
	var rows []participation
	if err := sqlx.SelectContext(ctx, q, &rows, query, p, pq.Array(ids)); err != nil {
		return fmt.Errorf("enrollments of %d children: %w", len(ids), err)
	}
	known.participate(rows)
	return nil
}

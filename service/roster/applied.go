package roster

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
)

// school records where the children go to school from the day of enrollment.
func (c *chunk) school(ctx context.Context, tx *sqlx.Tx, rows []*opened) error {
	byCode, err := c.schools(ctx, tx)
	if err != nil {
		return err
	}
	var schoolings []family.Schooling
	for _, r := range onePerChild(rows) {
		if id, ok := byCode[r.school]; ok {
			schoolings = append(schoolings, family.Schooling{Child: r.id, School: id, Grade: r.child.Grade, From: c.batch.EnrollOn})
		}
	}
	if len(schoolings) == 0 {
		return nil
	}
	return family.SetSchoolings(ctx, tx, c.who, schoolings, c.at)
}

// schools are the schools of the file, added where they are new.
func (c *chunk) schools(ctx context.Context, tx *sqlx.Tx) (map[string]program.SchoolID, error) {
	var p Preview
	if err := json.Unmarshal([]byte(c.batch.Preview), &p); err != nil {
		return nil, fmt.Errorf("preview of roster %d: %w", c.batch.ID, err)
	}
	var named []program.School
	for _, l := range p.Schools {
		if l.Code != "" {
			named = append(named, program.School{Code: l.Code, Name: l.Name, District: l.District})
		}
	}
	known, err := program.PutSchools(ctx, tx, c.who, named, c.at)
	if err != nil {
		return nil, err
	}
	byCode := make(map[string]program.SchoolID, len(known))
	for _, s := range known {
		byCode[s.Code] = s.ID
	}
	return byCode, nil
}

// remember stores which child a source's number stands for and what was said.
func (c *chunk) remember(ctx context.Context, tx *sqlx.Tx, rows []*opened) error {
	if len(rows) == 0 {
		return nil
	}
	var sources, contents, families [][]byte
	var children []int64
	for _, r := range rows {
		sources, contents, families = append(sources, r.sourceKey), append(contents, r.contentKey), append(families, r.familyKey)
		children = append(children, int64(r.id))
	}
	const query = `
		INSERT INTO roster_children (tenant_id, source_id, source_key, child_id, content_key, family_key, present, batch_id)
		SELECT $1, $2, source_key, child_id, content_key, family_key, true, $3
		FROM unnest(CAST($4 AS bytea[]), CAST($5 AS bigint[]), CAST($6 AS bytea[]), CAST($7 AS bytea[]))
		     AS r (source_key, child_id, content_key, family_key)
		ON CONFLICT ON CONSTRAINT roster_children_pkey DO UPDATE
		SET content_key = EXCLUDED.content_key, family_key = EXCLUDED.family_key, present = true, batch_id = EXCLUDED.batch_id`
	_, err := tx.ExecContext(ctx, query, c.who.Tenant, c.batch.Source, c.batch.ID,
		pq.ByteaArray(sources), pq.Array(children), pq.ByteaArray(contents), pq.ByteaArray(families))
	if err != nil {
		return fmt.Errorf("remember %d rows: %w", len(rows), err)
	}
	return nil
}

// miss notes that the source no longer names children, under any of its ids.
func (c *chunk) miss(ctx context.Context, tx *sqlx.Tx, gone []*opened) error {
	children := make([]int64, len(gone))
	for i, r := range gone {
		children[i] = int64(r.id)
	}
	const query = `
		UPDATE roster_children SET present = false, batch_id = $3
		WHERE source_id = $1 AND child_id = ANY ($2) AND present`
	if _, err := tx.ExecContext(ctx, query, c.batch.Source, pq.Array(children), c.batch.ID); err != nil {
		return fmt.Errorf("miss %d children: %w", len(gone), err)
	}
	return nil
}

func (c *chunk) admit(ctx context.Context, tx *sqlx.Tx, rows []*opened) error {
	applications := make([]enroll.Application, len(rows))
	for i, r := range rows {
		applications[i] = enroll.Application{Child: r.id, On: c.joins(r)}
	}
	if len(applications) == 0 {
		return nil
	}
	var err error
	c.done.Enrolled, err = enroll.Admit(ctx, tx, c.who, c.keys, c.program, c.book, applications, c.at)
	return err
}

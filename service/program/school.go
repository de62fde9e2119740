package program

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/store"
)

// SchoolID identifies a school within its organization.
type SchoolID int64

// School is a school of the organization. Its code is unique in its district
// only: two districts may both have a school 001.
type School struct {
	ID       SchoolID `db:"id"`
	Code     string   `db:"code"` // the district's identifier, leading zeros kept
	Name     string   `db:"name"`
	District string   `db:"district"`
}

// PutSchools adds schools by district and code and brings known ones to the
// given name. It returns them in the order given and may be repeated.
func PutSchools(ctx context.Context, tx *sqlx.Tx, who store.Who, schools []School, at time.Time) ([]School, error) {
	codes, names, districts := make([]string, len(schools)), make([]string, len(schools)), make([]string, len(schools))
	for i, s := range schools {
		codes[i], names[i], districts[i] = s.Code, s.Name, s.District
	}
	const query = `
		INSERT INTO schools (tenant_id, code, name, district, created_at)
		SELECT DISTINCT ON (district, code) $1, code, name, district, $5
		FROM unnest(CAST($2 AS text[]), CAST($3 AS text[]), CAST($4 AS text[])) AS s (code, name, district)
		ORDER BY district, code
		ON CONFLICT ON CONSTRAINT schools_tenant_id_district_code_key DO UPDATE
		SET name = EXCLUDED.name
		WHERE schools.name IS DISTINCT FROM EXCLUDED.name`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, pq.Array(codes), pq.Array(names), pq.Array(districts), at); err != nil {
		return nil, fmt.Errorf("put %d schools: %w", len(schools), err)
	}
	known, err := Schools(ctx, tx)
	if err != nil {
		return nil, err
	}
	type place struct{ district, code string }
	byPlace := make(map[place]School, len(known))
	for _, s := range known {
		byPlace[place{s.District, s.Code}] = s
	}
	out := make([]School, len(schools))
	for i, s := range schools {
		out[i] = byPlace[place{s.District, s.Code}]
	}
	return out, nil
}

// Schools returns the organization's schools by name.
func Schools(ctx context.Context, q sqlx.QueryerContext) ([]School, error) {
	const query = store.Kept + `SELECT id, code, name, district FROM schools ORDER BY name, id`
	var ss []School
	if err := sqlx.SelectContext(ctx, q, &ss, query); err != nil {
		return nil, fmt.Errorf("list schools: %w", err)
	}
	return ss, nil
}

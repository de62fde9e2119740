-- A list of children is counted from indexes alone, whatever it is filtered by.

-- +goose Up

CREATE INDEX enrollments_list ON enrollments (tenant_id, program_id, child_id) INCLUDE (state, flagged);
CREATE INDEX schoolings_open_place ON schoolings (tenant_id, child_id) INCLUDE (school_id, grade) WHERE to_on IS NULL;
CREATE INDEX children_language ON children (tenant_id, language, id);

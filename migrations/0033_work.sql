-- Home counts what waits, on every visit: each count has an index that holds
-- nothing but what waits, so it costs the same however large the caseload is.

-- +goose Up
CREATE INDEX enrollments_flagged ON enrollments (tenant_id, program_id) WHERE flagged;
CREATE INDEX award_excesses_open ON award_excesses (tenant_id, program_id) INCLUDE (amount) WHERE state = 'proposed';
CREATE INDEX program_rule_books_open ON program_rule_books (tenant_id, program_id, state) WHERE state IN ('draft', 'submitted');

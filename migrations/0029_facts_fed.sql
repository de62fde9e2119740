-- Which facts a program's feeds have brought: the second look at a rule book
-- asks it of each fact that the book reads.

-- +goose Up

CREATE INDEX child_facts_name_index ON child_facts (tenant_id, name);

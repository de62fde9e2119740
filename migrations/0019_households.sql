-- Benefits that come once to a household: the first of its children has it.

-- +goose Up

ALTER TABLE awards ADD COLUMN household text NOT NULL DEFAULT '';
COMMENT ON COLUMN awards.household IS 'Whose award it is where the benefit comes once to a household: a hash, since the household itself is sealed among the facts; empty otherwise.';
CREATE INDEX awards_household ON awards (tenant_id, program_id, household) WHERE household <> '';
GRANT UPDATE (household) ON awards TO csa_app;

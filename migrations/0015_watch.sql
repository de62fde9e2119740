-- Whom a run has to look at.
--
-- A child is evaluated when something known of it changed, when a day has come
-- that the rule book named at the last evaluation, or when the rule book itself
-- is another one; everybody else is left alone. The database notes what changed:
-- every table from which facts are read has triggers that touch the children
-- concerned, so that no code can change a fact and forget it.
--
-- A touch also counts up the revision. A run reads the revision before the
-- facts and notes what it found only where the revision is still the same, so
-- that a fact which arrives in between is not lost.

-- +goose Up

-- When each participant is to be looked at next. Owner: service/family.
CREATE TABLE child_watches (
    tenant_id  integer NOT NULL,
    program_id bigint NOT NULL,
    child_id   bigint NOT NULL,
    look_on    date DEFAULT '-infinity',
    revision   bigint NOT NULL DEFAULT 1 CONSTRAINT child_watches_revision_check CHECK (revision > 0),
    looked_on  date,
    rule_hash  text NOT NULL DEFAULT '',
    CONSTRAINT child_watches_pkey PRIMARY KEY (tenant_id, program_id, child_id),
    CONSTRAINT child_watches_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES programs (tenant_id, id),
    CONSTRAINT child_watches_child_fkey FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id)
) WITH (fillfactor = 80);
CREATE INDEX child_watches_child_index ON child_watches (tenant_id, child_id);
COMMENT ON COLUMN child_watches.look_on IS 'First day, in the program''s zone, on which a run looks again without news; -infinity: at once; NULL: at no day.';
COMMENT ON COLUMN child_watches.revision IS 'Counts the touches.';
COMMENT ON COLUMN child_watches.looked_on IS 'Day of the newest evaluation; NULL before the first.';
COMMENT ON COLUMN child_watches.rule_hash IS 'Rule book of the newest evaluation.';
SELECT tenant_table('child_watches', 'SELECT, INSERT, UPDATE (look_on, revision, looked_on, rule_hash)');

-- touch_children is the trigger of a table of facts: TG_ARGV[0] is a query over
-- the transition table "changed" (and "before", of an update) that returns the
-- children concerned. It takes the rows in the order of their numbers, as runs
-- do, so that two that touch the same children wait and do not deadlock.
-- +goose StatementBegin
CREATE FUNCTION touch_children() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'UPDATE child_watches w SET look_on = %L, revision = w.revision + 1
         FROM (SELECT v.tenant_id, v.program_id, v.child_id FROM child_watches v
               WHERE (v.tenant_id, v.child_id) IN (%s)
               ORDER BY v.program_id, v.child_id FOR UPDATE) t
         WHERE (w.tenant_id, w.program_id, w.child_id) = (t.tenant_id, t.program_id, t.child_id)',
        '-infinity', TG_ARGV[0]);
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- touches_child gives a table with a child in each row its triggers.
-- +goose StatementBegin
CREATE FUNCTION touches_child(tbl regclass, child name DEFAULT 'child_id') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER touch_inserted AFTER INSERT ON %s REFERENCING NEW TABLE AS changed
                    FOR EACH STATEMENT EXECUTE FUNCTION touch_children(%L)',
                   tbl, format('SELECT tenant_id, %I FROM changed', child));
    EXECUTE format('CREATE TRIGGER touch_updated AFTER UPDATE ON %s REFERENCING OLD TABLE AS before NEW TABLE AS changed
                    FOR EACH STATEMENT EXECUTE FUNCTION touch_children(%L)',
                   tbl, format('SELECT tenant_id, %I FROM changed UNION SELECT tenant_id, %I FROM before', child, child));
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION touches_child(regclass, name) FROM PUBLIC;

SELECT touches_child('children', 'id');
SELECT touches_child('schoolings');
SELECT touches_child('child_facts');
SELECT touches_child('child_events');
SELECT touches_child('deposits');

-- A family that is erased takes what is known of its children with it.
CREATE TRIGGER touch_updated AFTER UPDATE ON families REFERENCING OLD TABLE AS before NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION touch_children(
    'SELECT c.tenant_id, c.id FROM changed f JOIN children c ON c.tenant_id = f.tenant_id AND c.family_id = f.id');

-- A school's code and district are facts of those who ever went there; its name is none.
CREATE TRIGGER touch_updated AFTER UPDATE ON schools REFERENCING OLD TABLE AS before NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION touch_children(
    'SELECT g.tenant_id, g.child_id FROM changed n
     JOIN before o ON (o.tenant_id, o.id) = (n.tenant_id, n.id) AND (o.code, o.district) IS DISTINCT FROM (n.code, n.district)
     JOIN schoolings g ON g.tenant_id = n.tenant_id AND g.school_id = n.id');

-- watch_participants has every participant watched: a new one to be looked at
-- at once, one whose participation changed again.
-- +goose StatementBegin
CREATE FUNCTION watch_participants() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO child_watches AS w (tenant_id, program_id, child_id)
    SELECT tenant_id, program_id, child_id FROM changed WHERE enrolled_on IS NOT NULL
    ORDER BY program_id, child_id
    ON CONFLICT ON CONSTRAINT child_watches_pkey DO UPDATE SET look_on = '-infinity', revision = w.revision + 1;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER touch_inserted AFTER INSERT ON enrollments REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION watch_participants();
CREATE TRIGGER touch_updated AFTER UPDATE ON enrollments REFERENCING OLD TABLE AS before NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION watch_participants();

-- Whoever takes part already is looked at by the next run. Row-level security is
-- forced on the owner too, and a migration has no tenant.
ALTER TABLE enrollments NO FORCE ROW LEVEL SECURITY;
ALTER TABLE child_watches NO FORCE ROW LEVEL SECURITY;
INSERT INTO child_watches (tenant_id, program_id, child_id)
SELECT tenant_id, program_id, child_id FROM enrollments WHERE enrolled_on IS NOT NULL;
ALTER TABLE child_watches FORCE ROW LEVEL SECURITY;
ALTER TABLE enrollments FORCE ROW LEVEL SECURITY;

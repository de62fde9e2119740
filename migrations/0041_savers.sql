-- Who has saved: a row for each child of whom a family deposit stayed.
--
-- The first page counts them on every visit. Counting the children of all
-- deposits would cost more every year; this costs what the caseload costs.

-- +goose Up

-- Children with a deposit that stayed. Owner: service/savings.
CREATE TABLE program_savers (
    tenant_id  integer NOT NULL,
    program_id bigint NOT NULL,
    child_id   bigint NOT NULL,
    CONSTRAINT program_savers_pkey PRIMARY KEY (tenant_id, program_id, child_id),
    CONSTRAINT program_savers_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES programs (tenant_id, id),
    CONSTRAINT program_savers_child_fkey FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id)
);
COMMENT ON TABLE program_savers IS 'Kept by triggers on deposits; deposits of one program are written one after another, under its book''s lock.';
SELECT tenant_table('program_savers', 'SELECT, INSERT, DELETE');

ALTER TABLE deposits NO FORCE ROW LEVEL SECURITY;
ALTER TABLE program_savers NO FORCE ROW LEVEL SECURITY;
INSERT INTO program_savers (tenant_id, program_id, child_id)
SELECT DISTINCT tenant_id, program_id, child_id FROM deposits WHERE state = 'posted' AND child_id IS NOT NULL;
ALTER TABLE program_savers FORCE ROW LEVEL SECURITY;
ALTER TABLE deposits FORCE ROW LEVEL SECURITY;

-- +goose StatementBegin
CREATE FUNCTION note_savers() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO program_savers (tenant_id, program_id, child_id)
    SELECT DISTINCT tenant_id, program_id, child_id FROM changed WHERE state = 'posted' AND child_id IS NOT NULL
    ON CONFLICT DO NOTHING;
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM program_savers s USING before b
        WHERE (s.tenant_id, s.program_id, s.child_id) = (b.tenant_id, b.program_id, b.child_id)
          AND NOT EXISTS (SELECT FROM deposits d WHERE (d.tenant_id, d.program_id, d.child_id) = (b.tenant_id, b.program_id, b.child_id) AND d.state = 'posted');
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER note_savers_inserted AFTER INSERT ON deposits REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION note_savers();
CREATE TRIGGER note_savers_updated AFTER UPDATE ON deposits REFERENCING OLD TABLE AS before NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION note_savers();

-- How many there are of each kind, kept so that the first page costs the same for
-- a hundred children and for a million. A row for each of a few shards: work that
-- goes on at once mostly counts on different rows and does not wait.

-- Children by participation, and savers. Owner: service/enroll.
CREATE TABLE program_tallies (
    tenant_id  integer NOT NULL,
    program_id bigint NOT NULL,
    what       text NOT NULL CONSTRAINT program_tallies_what_check CHECK (what <> ''),
    shard      smallint NOT NULL,
    n          bigint NOT NULL,
    CONSTRAINT program_tallies_pkey PRIMARY KEY (tenant_id, program_id, what, shard),
    CONSTRAINT program_tallies_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES programs (tenant_id, id)
) WITH (fillfactor = 50);
COMMENT ON TABLE program_tallies IS 'Kept by triggers on enrollments and program_savers; the sum over the shards counts, one shard may be negative.';
COMMENT ON COLUMN program_tallies.what IS 'A state of participation, or "savers".';
SELECT tenant_table('program_tallies', 'SELECT, INSERT, UPDATE (n)');

-- tally is the trigger of a table that is counted: TG_ARGV[0] is what its rows are
-- counted as, an expression over a row.
-- +goose StatementBegin
CREATE FUNCTION tally() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    counted text := CASE TG_OP
        WHEN 'INSERT' THEN format('SELECT tenant_id, program_id, %s AS what, 1 AS one FROM changed', TG_ARGV[0])
        WHEN 'DELETE' THEN format('SELECT tenant_id, program_id, %s AS what, -1 AS one FROM before', TG_ARGV[0])
        ELSE format('SELECT tenant_id, program_id, %s AS what, 1 AS one FROM changed UNION ALL SELECT tenant_id, program_id, %1$s, -1 FROM before', TG_ARGV[0]) END;
BEGIN
    EXECUTE format('INSERT INTO program_tallies AS t (tenant_id, program_id, what, shard, n)
        SELECT tenant_id, program_id, what, %s, sum(one) FROM (%s) c GROUP BY tenant_id, program_id, what HAVING sum(one) <> 0
        ORDER BY tenant_id, program_id, what
        ON CONFLICT ON CONSTRAINT program_tallies_pkey DO UPDATE SET n = t.n + excluded.n', pg_backend_pid() % 8, counted);
    RETURN NULL;
END $$;
-- +goose StatementEnd

ALTER TABLE enrollments NO FORCE ROW LEVEL SECURITY;
ALTER TABLE program_savers NO FORCE ROW LEVEL SECURITY;
ALTER TABLE program_tallies NO FORCE ROW LEVEL SECURITY;
INSERT INTO program_tallies (tenant_id, program_id, what, shard, n)
SELECT tenant_id, program_id, state, 0, count(*) FROM enrollments GROUP BY tenant_id, program_id, state
UNION ALL
SELECT tenant_id, program_id, 'savers', 0, count(*) FROM program_savers GROUP BY tenant_id, program_id;
ALTER TABLE program_tallies FORCE ROW LEVEL SECURITY;
ALTER TABLE program_savers FORCE ROW LEVEL SECURITY;
ALTER TABLE enrollments FORCE ROW LEVEL SECURITY;

CREATE TRIGGER tally_inserted AFTER INSERT ON enrollments REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION tally('state');
CREATE TRIGGER tally_updated AFTER UPDATE ON enrollments REFERENCING OLD TABLE AS before NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION tally('state');
CREATE TRIGGER tally_inserted AFTER INSERT ON program_savers REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION tally('''savers''');
CREATE TRIGGER tally_deleted AFTER DELETE ON program_savers REFERENCING OLD TABLE AS before
FOR EACH STATEMENT EXECUTE FUNCTION tally('''savers''');

-- What waits for the money of a fund is kept as a sum: a program whose funds ran dry
-- has a row for every child, and home told their sum on every visit by reading all.

-- +goose Up

COMMENT ON COLUMN program_tallies.what IS 'A state of participation, "savers", or "queued": the money that waits for a fund, in hundredths.';
COMMENT ON TABLE program_tallies IS 'Kept by triggers on enrollments, program_savers and awards; the sum over the shards counts, one shard may be negative.';

-- tally_queued keeps the sum of what waits for a fund's money.
-- +goose StatementBegin
CREATE FUNCTION tally_queued() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    changes text := concat_ws(' UNION ALL ',
        CASE WHEN TG_OP <> 'DELETE' THEN 'SELECT tenant_id, program_id, queued FROM changed' END,
        CASE WHEN TG_OP <> 'INSERT' THEN 'SELECT tenant_id, program_id, -queued FROM before' END);
BEGIN
    EXECUTE format('INSERT INTO program_tallies AS t (tenant_id, program_id, what, shard, n)
        SELECT tenant_id, program_id, ''queued'', %s, 100 * sum(queued) FROM (%s) c GROUP BY tenant_id, program_id HAVING sum(queued) <> 0
        ORDER BY tenant_id, program_id
        ON CONFLICT ON CONSTRAINT program_tallies_pkey DO UPDATE SET n = t.n + excluded.n', pg_backend_pid() % 8, changes);
    RETURN NULL;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION tally_queued() IS 'Keeps the sum of what waits for a fund''s money.';

ALTER TABLE awards NO FORCE ROW LEVEL SECURITY;
ALTER TABLE program_tallies NO FORCE ROW LEVEL SECURITY;
INSERT INTO program_tallies (tenant_id, program_id, what, shard, n)
SELECT tenant_id, program_id, 'queued', 0, 100 * sum(queued) FROM awards WHERE queued > 0 GROUP BY tenant_id, program_id;
ALTER TABLE program_tallies FORCE ROW LEVEL SECURITY;
ALTER TABLE awards FORCE ROW LEVEL SECURITY;

CREATE TRIGGER tally_queued_inserted AFTER INSERT ON awards REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION tally_queued();
CREATE TRIGGER tally_queued_updated AFTER UPDATE ON awards REFERENCING OLD TABLE AS before NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION tally_queued();
CREATE TRIGGER tally_queued_deleted AFTER DELETE ON awards REFERENCING OLD TABLE AS before
FOR EACH STATEMENT EXECUTE FUNCTION tally_queued();

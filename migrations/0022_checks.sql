-- Whose eligibility has to be asked for again.
--
-- As with awards, a child's eligibility is judged anew when something known of it
-- changed, when a day has come that the rules named, or when the rules are other
-- ones. The children who do not take part are watched for it too: a corrected
-- birth date may make a participant of one.

-- +goose Up

ALTER TABLE child_watches
    ADD COLUMN participant boolean NOT NULL DEFAULT true,
    ADD COLUMN check_on date DEFAULT '-infinity',
    ADD COLUMN checked_on date,
    ADD COLUMN check_hash text NOT NULL DEFAULT '';
COMMENT ON COLUMN child_watches.participant IS 'Takes part or took part: awards are derived for these alone.';
COMMENT ON COLUMN child_watches.check_on IS 'First day, in the program''s zone, on which eligibility is judged again without news; -infinity: at once; NULL: at no day.';
COMMENT ON COLUMN child_watches.checked_on IS 'Day of the newest judgment of eligibility; NULL before the first.';
COMMENT ON COLUMN child_watches.check_hash IS 'Rule book of the newest judgment of eligibility.';
GRANT UPDATE (participant, check_on, checked_on, check_hash) ON child_watches TO csa_app;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION touch_children() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'UPDATE child_watches w SET look_on = %L, check_on = %L, revision = w.revision + 1
         FROM (SELECT v.tenant_id, v.program_id, v.child_id FROM child_watches v
               WHERE (v.tenant_id, v.child_id) IN (%s)
               ORDER BY v.program_id, v.child_id FOR UPDATE) t
         WHERE (w.tenant_id, w.program_id, w.child_id) = (t.tenant_id, t.program_id, t.child_id)',
        '-infinity', '-infinity', TG_ARGV[0]);
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION watch_participants() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO child_watches AS w (tenant_id, program_id, child_id, participant)
    SELECT tenant_id, program_id, child_id, enrolled_on IS NOT NULL FROM changed
    ORDER BY program_id, child_id
    ON CONFLICT ON CONSTRAINT child_watches_pkey DO UPDATE
    SET look_on = '-infinity', check_on = '-infinity', revision = w.revision + 1, participant = EXCLUDED.participant;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- The children known already who never took part.
ALTER TABLE enrollments NO FORCE ROW LEVEL SECURITY;
ALTER TABLE child_watches NO FORCE ROW LEVEL SECURITY;
INSERT INTO child_watches (tenant_id, program_id, child_id, participant)
SELECT tenant_id, program_id, child_id, false FROM enrollments WHERE enrolled_on IS NULL
ON CONFLICT ON CONSTRAINT child_watches_pkey DO NOTHING;
ALTER TABLE child_watches FORCE ROW LEVEL SECURITY;
ALTER TABLE enrollments FORCE ROW LEVEL SECURITY;

-- Closing a period is a request like others: who asks for it does not do it.
--
-- Closing takes a second person, re-opening two more, whatever limits an
-- organization has set. What stood in the way of a close and was explained is
-- kept with the figure that it explains.

-- +goose Up
ALTER TABLE approval_requests DROP CONSTRAINT approval_requests_kind_check,
    ADD CONSTRAINT approval_requests_kind_check CHECK (kind IN ('correction', 'roster', 'run', 'receipt', 'fund', 'payee', 'role',
        'forfeiture', 'merge', 'undo', 'limits', 'period', 'reopen'));

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION approval_default_limits() RETURNS TABLE (kind text, role text, duty text, children integer, amount numeric, double_above numeric)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT v.kind, v.role, v.duty, v.children, v.amount, v.double_above
    FROM (VALUES
        ('roster', 'operator',        'alone',   200, 10000.00, CAST(NULL AS numeric)),
        ('run',    'operator',        'alone',   200, 10000.00, NULL),
        ('run',    'program_manager', 'alone',   200, 10000.00, NULL)
    ) AS v (kind, role, duty, children, amount, double_above)
    UNION ALL
    SELECT k.kind, 'approver', 'approve', CAST(NULL AS integer), CAST(NULL AS numeric), k.double_above
    FROM (VALUES ('correction', 100000.00), ('roster', 1000000.00), ('run', 1000000.00), ('forfeiture', 100000.00),
                 ('receipt', NULL), ('fund', NULL), ('payee', NULL), ('role', NULL), ('merge', NULL), ('undo', NULL), ('limits', NULL),
                 ('period', NULL), ('reopen', NULL)
    ) AS k (kind, double_above)
$$;
-- +goose StatementEnd

-- Opening what is closed needs two approvals: the guard says so, not the limits.
-- +goose StatementBegin
CREATE FUNCTION approval_reopen_guard() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.needed := 2;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER guard_reopen BEFORE INSERT OR UPDATE ON approval_requests FOR EACH ROW WHEN (NEW.kind = 'reopen') EXECUTE FUNCTION approval_reopen_guard();

-- What stands in the way of closing a month, explained. Owner: service/period.
CREATE TABLE period_notes (
    tenant_id  integer NOT NULL,
    program_id bigint NOT NULL,
    month      date NOT NULL CONSTRAINT period_notes_month_check CHECK (extract(day FROM month) = 1),
    item       text NOT NULL CONSTRAINT period_notes_item_check CHECK (item ~ '^[a-z_]+$'),
    n          bigint GENERATED ALWAYS AS IDENTITY,
    figure     text NOT NULL,
    note       text NOT NULL CONSTRAINT period_notes_note_check CHECK (btrim(note) <> '' AND length(note) <= 2000),
    written_by text NOT NULL,
    written_at timestamptz NOT NULL,
    CONSTRAINT period_notes_pkey PRIMARY KEY (tenant_id, program_id, month, item, n),
    CONSTRAINT period_notes_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES programs (tenant_id, id)
);
COMMENT ON COLUMN period_notes.month IS 'The first day of the month, in the program''s zone.';
COMMENT ON COLUMN period_notes.item IS 'Which point of the checklist.';
COMMENT ON COLUMN period_notes.figure IS 'What the point showed when it was explained; with another figure the note explains nothing.';
COMMENT ON COLUMN period_notes.note IS 'In a person''s words; never personal data of families.';
COMMENT ON COLUMN period_notes.written_at IS 'Instant it was written.';
SELECT tenant_table('period_notes', 'SELECT, INSERT');
SELECT append_only('period_notes');

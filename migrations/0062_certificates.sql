-- Days on which two persons agreed that the bank and the books hold, and why they
-- differ where they do.

-- +goose Up
-- Signing a day is a request like others. The kinds that there are stay.
-- +goose StatementBegin
DO $$
DECLARE
    kinds text;
BEGIN
    SELECT pg_get_constraintdef(oid) INTO STRICT kinds FROM pg_constraint
    WHERE conname = 'approval_requests_kind_check' AND conrelid = CAST('approval_requests' AS regclass);
    ALTER TABLE approval_requests DROP CONSTRAINT approval_requests_kind_check;
    EXECUTE 'ALTER TABLE approval_requests ADD CONSTRAINT approval_requests_kind_check CHECK (kind = ''reconciliation'' OR ' || substr(kinds, length('CHECK ') + 1) || ')';
END $$;
-- +goose StatementEnd
-- Whoever approves, approves a day.
-- +goose StatementBegin
DO $$
DECLARE
    was text;
BEGIN
    SELECT prosrc INTO STRICT was FROM pg_proc WHERE proname = 'approval_default_limits';
    EXECUTE 'CREATE OR REPLACE FUNCTION approval_default_limits() RETURNS TABLE (kind text, role text, duty text, children integer, amount numeric, double_above numeric)
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $body$' || was || '    UNION ALL
    SELECT ''reconciliation'', ''approver'', ''approve'', CAST(NULL AS integer), CAST(NULL AS numeric), CAST(NULL AS numeric)
$body$';
END $$;
-- +goose StatementEnd

-- Reconciled days of custodians, as two persons signed them. Owner: service/reconcile.
CREATE TABLE reconciliations (
    tenant_id    integer NOT NULL,
    custodian_id integer NOT NULL,
    day          date NOT NULL,
    n            integer NOT NULL CONSTRAINT reconciliations_n_check CHECK (n > 0),
    content      text NOT NULL,
    sha256       bytea NOT NULL CONSTRAINT reconciliations_sha256_check CHECK (length(sha256) = 32),
    reason       text NOT NULL CONSTRAINT reconciliations_reason_check CHECK (btrim(reason) <> '' AND length(reason) <= 4000),
    prepared_by  text NOT NULL,
    approval     text NOT NULL,
    signed_by    text NOT NULL,
    signed_at    timestamptz NOT NULL,
    CONSTRAINT reconciliations_pkey PRIMARY KEY (tenant_id, custodian_id, day, n),
    CONSTRAINT reconciliations_custodian_fkey FOREIGN KEY (tenant_id, custodian_id) REFERENCES custodians (tenant_id, id),
    CONSTRAINT reconciliations_second_check CHECK (signed_by <> prepared_by)
);
COMMENT ON COLUMN reconciliations.n IS 'Counts the signatures of a day: what became known later makes another.';
COMMENT ON COLUMN reconciliations.content IS 'JSON: what the bank had, what the books had, and each difference; never a name.';
COMMENT ON COLUMN reconciliations.sha256 IS 'Of the content, as it was approved.';
COMMENT ON COLUMN reconciliations.approval IS 'The request that it rests on.';
COMMENT ON COLUMN reconciliations.signed_at IS 'Instant the second person agreed.';
SELECT tenant_table('reconciliations', 'SELECT, INSERT');
SELECT append_only('reconciliations');

-- Which matches lie around a day, and what a line may take back.
CREATE INDEX bank_match_entries_day ON bank_match_entries (tenant_id, custodian_id, effective_on) WHERE live;
CREATE INDEX bank_match_lines_day ON bank_match_lines (tenant_id, booked_on) WHERE live;
CREATE INDEX deposits_amount ON deposits (tenant_id, program_id, amount, on_day);

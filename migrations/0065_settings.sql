-- How a program is set up is changed by two persons: its name, and how small a
-- number a table for others tells.

-- +goose Up
-- A change of settings is a request like others. The kinds that there are stay.
-- +goose StatementBegin
DO $$
DECLARE
    kinds text;
BEGIN
    SELECT pg_get_constraintdef(oid) INTO STRICT kinds FROM pg_constraint
    WHERE conname = 'approval_requests_kind_check' AND conrelid = CAST('approval_requests' AS regclass);
    ALTER TABLE approval_requests DROP CONSTRAINT approval_requests_kind_check;
    EXECUTE 'ALTER TABLE approval_requests ADD CONSTRAINT approval_requests_kind_check CHECK (kind = ''settings'' OR ' || substr(kinds, length('CHECK ') + 1) || ')';
END $$;
-- +goose StatementEnd
-- Whoever approves, approves settings.
-- +goose StatementBegin
DO $$
DECLARE
    was text;
BEGIN
    SELECT prosrc INTO STRICT was FROM pg_proc WHERE proname = 'approval_default_limits';
    EXECUTE 'CREATE OR REPLACE FUNCTION approval_default_limits() RETURNS TABLE (kind text, role text, duty text, children integer, amount numeric, double_above numeric)
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $body$' || was || '    UNION ALL
    SELECT ''settings'', ''approver'', ''approve'', CAST(NULL AS integer), CAST(NULL AS numeric), CAST(NULL AS numeric)
$body$';
END $$;
-- +goose StatementEnd

GRANT UPDATE (name, smallest) ON programs TO csa_app;

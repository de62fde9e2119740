-- Whoever is limited to programs finds no other program, whatever a room or a
-- door forgets to ask: a transaction says which programs its actor reaches.

-- +goose Up

-- app_reach is the programs that the running transaction's actor is limited to,
-- or NULL where it is limited to none.
-- +goose StatementBegin
CREATE FUNCTION app_reach() RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT CAST(string_to_array(nullif(current_setting('app.reach', true), ''), ',') AS bigint[]) $$;
-- +goose StatementEnd
COMMENT ON FUNCTION app_reach() IS 'Programs that the running transaction''s actor is limited to; NULL: not limited.';

CREATE POLICY reach ON programs AS RESTRICTIVE
    USING ((SELECT app_reach()) IS NULL OR id = ANY ((SELECT app_reach())::bigint[]));

-- What a court wants kept is not erased. The use case says so in words; this says
-- it to whatever else would throw away a family's key.

-- +goose Up

-- kept_by_law reports an open legal hold on any record of any of some children: a
-- hold stands under the record by which the child goes on.
-- +goose StatementBegin
CREATE FUNCTION kept_by_law(tenant integer, children bigint[]) RETURNS boolean
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE r (child) AS (
        SELECT unnest(children)
        UNION
        SELECT CASE WHEN j.survivor = r.child THEN j.absorbed ELSE j.survivor END
        FROM r JOIN child_joins j ON j.tenant_id = tenant AND j.state = 'joined' AND r.child IN (j.survivor, j.absorbed)
    )
    SELECT EXISTS (SELECT FROM r JOIN child_holds h ON h.tenant_id = tenant AND h.child_id = r.child
                   WHERE h.kind = 'legal' AND h.lifted_at IS NULL)
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION kept_by_law(integer, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kept_by_law(integer, bigint[]) TO csa_app;

-- +goose StatementBegin
CREATE FUNCTION families_guard() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF kept_by_law(OLD.tenant_id, ARRAY(SELECT c.id FROM children c WHERE c.tenant_id = OLD.tenant_id AND c.family_id = OLD.id)) THEN
        RAISE EXCEPTION 'a legal hold keeps family % from being erased', OLD.id
            USING ERRCODE = 'check_violation', TABLE = 'families', CONSTRAINT = 'families_legal_hold_check';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER keep_by_law BEFORE UPDATE OF wrapped_key ON families
    FOR EACH ROW WHEN (OLD.wrapped_key IS NOT NULL AND NEW.wrapped_key IS NULL) EXECUTE FUNCTION families_guard();

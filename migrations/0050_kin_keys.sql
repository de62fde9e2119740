-- Children are found by their guardians as fast as by their own names.
--
-- A guardian's keys led to the family and from there to its children, thousands
-- of look-ups for a common name. Now each child has the keys of its guardians,
-- kept by the database, whoever writes guardians or children.

-- +goose Up

-- Blind indexes of what is known of a child's guardians, child by child. Kept by
-- triggers. Owner: service/family.
CREATE TABLE child_kin_keys (
    tenant_id integer NOT NULL,
    key       bigint NOT NULL,
    child_id  bigint NOT NULL,
    CONSTRAINT child_kin_keys_pkey PRIMARY KEY (tenant_id, key, child_id),
    CONSTRAINT child_kin_keys_child_fkey FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id)
);
CREATE INDEX child_kin_keys_child ON child_kin_keys (tenant_id, child_id);
SELECT tenant_table('child_kin_keys', 'SELECT, INSERT, DELETE');

ALTER TABLE guardian_keys NO FORCE ROW LEVEL SECURITY;
ALTER TABLE children NO FORCE ROW LEVEL SECURITY;
ALTER TABLE child_kin_keys NO FORCE ROW LEVEL SECURITY;
INSERT INTO child_kin_keys (tenant_id, key, child_id)
SELECT DISTINCT g.tenant_id, g.key, c.id
FROM guardian_keys g
JOIN children c ON c.tenant_id = g.tenant_id AND c.family_id = g.family_id
ORDER BY 1, 2, 3;
ALTER TABLE child_kin_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE children FORCE ROW LEVEL SECURITY;
ALTER TABLE guardian_keys FORCE ROW LEVEL SECURITY;

-- note_kin gives children the keys of guardians that are new to them.
-- +goose StatementBegin
CREATE FUNCTION note_kin() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'children' THEN
        INSERT INTO child_kin_keys (tenant_id, key, child_id)
        SELECT DISTINCT g.tenant_id, g.key, c.id
        FROM added c
        JOIN guardian_keys g ON g.tenant_id = c.tenant_id AND g.family_id = c.family_id
        ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO child_kin_keys (tenant_id, key, child_id)
        SELECT DISTINCT g.tenant_id, g.key, c.id
        FROM added g
        JOIN children c ON c.tenant_id = g.tenant_id AND c.family_id = g.family_id
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION note_kin() IS 'Gives children the keys of guardians that are new to them.';

-- forget_kin takes keys from children that no guardian of theirs has any more.
-- +goose StatementBegin
CREATE FUNCTION forget_kin() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM child_kin_keys k
    USING (SELECT DISTINCT tenant_id, key, family_id FROM gone) g
    JOIN children c ON c.tenant_id = g.tenant_id AND c.family_id = g.family_id
    WHERE (k.tenant_id, k.key, k.child_id) = (g.tenant_id, g.key, c.id)
      AND NOT EXISTS (SELECT FROM guardian_keys o WHERE (o.tenant_id, o.key, o.family_id) = (g.tenant_id, g.key, g.family_id));
    RETURN NULL;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION forget_kin() IS 'Takes keys from children that no guardian of theirs has any more.';

CREATE TRIGGER children_note_kin AFTER INSERT ON children
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_kin();
CREATE TRIGGER guardian_keys_note_kin AFTER INSERT ON guardian_keys
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_kin();
CREATE TRIGGER guardian_keys_forget_kin AFTER DELETE ON guardian_keys
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION forget_kin();

-- Children are found by their guardians, too.
--
-- Blind indexes as those of children's names: the beginnings and the sounds of
-- the words of a guardian's name, the telephone number, the e-mail address. The
-- program writes them for records made before (family.Reindex): names are
-- sealed, and a migration cannot read them.

-- +goose Up

-- Blind indexes of what is known of a guardian. Owner: service/family.
CREATE TABLE guardian_keys (
    tenant_id   integer NOT NULL,
    key         bigint NOT NULL,
    guardian_id bigint NOT NULL,
    family_id   bigint NOT NULL,
    CONSTRAINT guardian_keys_pkey PRIMARY KEY (tenant_id, key, guardian_id),
    CONSTRAINT guardian_keys_guardian_fkey FOREIGN KEY (tenant_id, guardian_id) REFERENCES guardians (tenant_id, id),
    CONSTRAINT guardian_keys_family_fkey FOREIGN KEY (tenant_id, family_id) REFERENCES families (tenant_id, id)
);
CREATE INDEX guardian_keys_guardian ON guardian_keys (tenant_id, guardian_id);
CREATE INDEX guardian_keys_family ON guardian_keys (tenant_id, family_id);
SELECT tenant_table('guardian_keys', 'SELECT, INSERT, DELETE');

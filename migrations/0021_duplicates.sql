-- Children who may be on record twice.
--
-- Records that may be one child meet under keyed hashes of what is left of them
-- after a mistake (service/likeness); nothing about a person can be read from
-- them. What people decide about a pair is kept for good.

-- +goose Up

-- Blind indexes under which records of one child meet, and those by which names
-- are counted. Owner: service/family.
CREATE TABLE child_match_keys (
    tenant_id integer NOT NULL,
    key       bigint NOT NULL,
    child_id  bigint NOT NULL,
    counted   boolean NOT NULL,
    CONSTRAINT child_match_keys_pkey PRIMARY KEY (tenant_id, key, child_id),
    CONSTRAINT child_match_keys_child_fkey FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id)
);
CREATE INDEX child_match_keys_child ON child_match_keys (tenant_id, child_id);
COMMENT ON COLUMN child_match_keys.counted IS 'True: a name, counted to know how common it is; nobody meets under it.';
SELECT tenant_table('child_match_keys', 'SELECT, INSERT, DELETE');

-- Pairs of records that may be one child, and what people decided about them.
-- Owner: service/duplicate.
CREATE TABLE duplicate_pairs (
    tenant_id  integer NOT NULL,
    low_child  bigint NOT NULL,
    high_child bigint NOT NULL,
    score      integer NOT NULL,
    caution    text NOT NULL CONSTRAINT duplicate_pairs_caution_check CHECK (caution IN ('', 'twin', 'junior')),
    evidence   text NOT NULL,
    state      text NOT NULL CONSTRAINT duplicate_pairs_state_check CHECK (state IN ('proposed', 'distinct', 'withdrawn')),
    found_by   text NOT NULL,
    found_at   timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    CONSTRAINT duplicate_pairs_pkey PRIMARY KEY (tenant_id, low_child, high_child),
    CONSTRAINT duplicate_pairs_low_fkey FOREIGN KEY (tenant_id, low_child) REFERENCES children (tenant_id, id),
    CONSTRAINT duplicate_pairs_high_fkey FOREIGN KEY (tenant_id, high_child) REFERENCES children (tenant_id, id),
    CONSTRAINT duplicate_pairs_order_check CHECK (low_child < high_child),
    CONSTRAINT duplicate_pairs_decided_check CHECK ((state = 'distinct') = (decided_by IS NOT NULL))
);
CREATE INDEX duplicate_pairs_open ON duplicate_pairs (tenant_id, score) WHERE state = 'proposed';
CREATE INDEX duplicate_pairs_high ON duplicate_pairs (tenant_id, high_child);
COMMENT ON COLUMN duplicate_pairs.score IS 'Hundredths of a bit: the logarithm of the odds that both are one child.';
COMMENT ON COLUMN duplicate_pairs.evidence IS 'JSON: how each field compares and what it weighs. Codes, nothing of the persons.';
COMMENT ON COLUMN duplicate_pairs.state IS 'distinct: somebody said that they are two children, for good. withdrawn: their records are not alike any more.';
COMMENT ON COLUMN duplicate_pairs.found_at IS 'Instant the pair was first found.';
COMMENT ON COLUMN duplicate_pairs.decided_at IS 'Instant somebody said that they are two children.';
SELECT tenant_table('duplicate_pairs', 'SELECT, INSERT, UPDATE (score, caution, evidence, state, decided_by, decided_at)');

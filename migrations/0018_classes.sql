-- Who is in a class that a rule book names on a day ("every child of the building
-- on October 1"). The list stands, whatever becomes known since; a child that is
-- found later is added and dilutes nobody.

-- +goose Up

-- The list of a class, each time it was made or grew. Owner: service/enroll.
CREATE TABLE class_lists (
    tenant_id  integer NOT NULL,
    program_id bigint NOT NULL,
    benefit    text NOT NULL,
    class_on   date NOT NULL,
    n          integer NOT NULL CONSTRAINT class_lists_n_check CHECK (n > 0),
    members    integer NOT NULL CONSTRAINT class_lists_members_check CHECK (members >= 0),
    hash       text NOT NULL CONSTRAINT class_lists_hash_check CHECK (hash ~ '^[0-9a-f]{64}$'),
    rule_hash  text NOT NULL,
    as_of      date NOT NULL,
    named_by   text NOT NULL,
    named_at   timestamptz NOT NULL,
    CONSTRAINT class_lists_pkey PRIMARY KEY (tenant_id, program_id, benefit, class_on, n),
    CONSTRAINT class_lists_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES programs (tenant_id, id)
);
COMMENT ON COLUMN class_lists.n IS '1: the class as it was named; 2, …: after children were found later.';
COMMENT ON COLUMN class_lists.hash IS 'SHA-256 over the benefit, the day and each member''s number, amount and day.';
COMMENT ON COLUMN class_lists.as_of IS 'Day of the run that made the list, in the program''s zone.';
COMMENT ON COLUMN class_lists.named_at IS 'Instant it was made.';
SELECT tenant_table('class_lists', 'SELECT, INSERT');
SELECT append_only('class_lists');

-- Children in a class with their parts. Owner: service/enroll.
CREATE TABLE class_members (
    tenant_id  integer NOT NULL,
    program_id bigint NOT NULL,
    benefit    text NOT NULL,
    class_on   date NOT NULL,
    child_id   bigint NOT NULL,
    n          integer NOT NULL,
    named_on   date NOT NULL,
    amount     numeric(18, 2) NOT NULL CONSTRAINT class_members_amount_check CHECK (amount > 0 AND amount <> 'NaN'),
    CONSTRAINT class_members_pkey PRIMARY KEY (tenant_id, program_id, benefit, class_on, child_id),
    CONSTRAINT class_members_list_fkey FOREIGN KEY (tenant_id, program_id, benefit, class_on, n)
        REFERENCES class_lists (tenant_id, program_id, benefit, class_on, n),
    CONSTRAINT class_members_child_fkey FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id)
);
CREATE INDEX class_members_child ON class_members (tenant_id, child_id);
COMMENT ON COLUMN class_members.n IS 'The list that added the child.';
COMMENT ON COLUMN class_members.named_on IS 'Day on which the child was named, in the program''s zone.';
COMMENT ON COLUMN class_members.amount IS 'The child''s part, program currency, positive.';
SELECT tenant_table('class_members', 'SELECT, INSERT');
SELECT append_only('class_members');
SELECT touches_child('class_members');

-- One statement for a child on record more than once, frozen record by record.

-- +goose Up
ALTER TABLE statements ADD COLUMN joint boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN statements.joint IS 'The statement shows several records of the child: statement_parts has what it froze of each.';

-- What a joint statement froze of each record of the child. Owner: service/statement.
CREATE TABLE statement_parts (
    tenant_id       integer NOT NULL,
    statement_id    bigint NOT NULL,
    child_id        bigint NOT NULL,
    program_id      bigint NOT NULL,
    period          text NOT NULL,
    known_no        bigint NOT NULL,
    previous_no     bigint NOT NULL,
    opening_own     numeric(18, 2) NOT NULL CONSTRAINT statement_parts_opening_own_check CHECK (opening_own <> 'NaN'),
    opening_program numeric(18, 2) NOT NULL CONSTRAINT statement_parts_opening_program_check CHECK (opening_program <> 'NaN'),
    closing_own     numeric(18, 2) NOT NULL CONSTRAINT statement_parts_closing_own_check CHECK (closing_own <> 'NaN'),
    closing_program numeric(18, 2) NOT NULL CONSTRAINT statement_parts_closing_program_check CHECK (closing_program <> 'NaN'),
    CONSTRAINT statement_parts_pkey PRIMARY KEY (tenant_id, statement_id, child_id),
    CONSTRAINT statement_parts_once_key UNIQUE (tenant_id, program_id, child_id, period),
    CONSTRAINT statement_parts_statement_fkey FOREIGN KEY (tenant_id, statement_id) REFERENCES statements (tenant_id, id),
    CONSTRAINT statement_parts_child_fkey FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id)
);
COMMENT ON TABLE statement_parts IS 'What a joint statement froze of each record of the child, so that the next statements meet it even where the records were parted. Owner: service/statement.';
COMMENT ON COLUMN statement_parts.child_id IS 'The record.';
COMMENT ON COLUMN statement_parts.period IS 'As in statements: a record stands on one statement of a period.';
COMMENT ON COLUMN statement_parts.known_no IS 'The newest ledger transaction of this record that the statement knows.';
COMMENT ON COLUMN statement_parts.previous_no IS 'The same of the record''s statement before; equal to known_no on a first one.';
COMMENT ON COLUMN statement_parts.opening_own IS 'The family''s money on the record before the period.';
COMMENT ON COLUMN statement_parts.opening_program IS 'Program money designated to the record before the period.';
COMMENT ON COLUMN statement_parts.closing_own IS 'The family''s money on the record at the end of the period.';
COMMENT ON COLUMN statement_parts.closing_program IS 'Program money designated to the record at the end of the period.';
SELECT tenant_table('statement_parts', 'SELECT, INSERT');
SELECT append_only('statement_parts');

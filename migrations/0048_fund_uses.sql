-- What funds gave by benefit and month, summed up to a transaction, so that a
-- fund's page costs as much as it has months and not as many lines as its children.

-- +goose Up

-- What entries on children's accounts came to, by fund, benefit, kind and month. A
-- cache: it may be emptied at any time and is made again from the entries. Owner: service/report.
CREATE TABLE fund_uses (
    tenant_id  integer NOT NULL,
    program_id bigint NOT NULL,
    upto_no    bigint NOT NULL,
    fund_id    integer NOT NULL,
    benefit    text NOT NULL,
    kind       text NOT NULL,
    month      date NOT NULL,
    amount     numeric(18, 2) NOT NULL CONSTRAINT fund_uses_amount_check CHECK (amount <> 'NaN'),
    CONSTRAINT fund_uses_pkey PRIMARY KEY (tenant_id, program_id, upto_no, fund_id, benefit, kind, month),
    CONSTRAINT fund_uses_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES programs (tenant_id, id)
);
COMMENT ON COLUMN fund_uses.upto_no IS 'The last transaction that the sum holds; the one before begins behind the next smaller number.';
COMMENT ON COLUMN fund_uses.kind IS 'Kind of the transactions.';
COMMENT ON COLUMN fund_uses.month IS 'First day of the month of the effective day, in the program''s zone.';
COMMENT ON COLUMN fund_uses.amount IS 'Net of the entries, program currency; positive: set aside for or given to children.';
SELECT tenant_table('fund_uses', 'SELECT, INSERT, DELETE');

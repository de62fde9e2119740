-- Interest that was shared out: of which days, to how many, by which policy. The
-- shares themselves stand in the books.

-- +goose Up

-- Interest of custodians, shared out. Owner: service/savings.
CREATE TABLE interest_allocations (
    tenant_id     integer NOT NULL,
    program_id    bigint NOT NULL,
    reference     text NOT NULL CONSTRAINT interest_allocations_reference_check CHECK (btrim(reference) <> ''),
    custodian_id  integer NOT NULL,
    amount        numeric(18, 2) NOT NULL CONSTRAINT interest_allocations_amount_check CHECK (amount <> 0 AND amount <> 'NaN'),
    on_day        date NOT NULL,
    first_day     date NOT NULL,
    last_day      date NOT NULL,
    policy        text NOT NULL CONSTRAINT interest_allocations_policy_check CHECK (policy IN ('child', 'program')),
    shares        integer NOT NULL,
    average       numeric(18, 2) NOT NULL CONSTRAINT interest_allocations_average_check CHECK (average >= 0 AND average <> 'NaN'),
    first_no      bigint NOT NULL,
    last_no       bigint NOT NULL,
    made_by       text NOT NULL,
    made_at       timestamptz NOT NULL,
    undone_by     text,
    undone_at     timestamptz,
    undone_reason text CONSTRAINT interest_allocations_undone_reason_check CHECK (btrim(undone_reason) <> '' AND length(undone_reason) <= 4000),
    CONSTRAINT interest_allocations_pkey PRIMARY KEY (tenant_id, program_id, reference),
    CONSTRAINT interest_allocations_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES programs (tenant_id, id),
    CONSTRAINT interest_allocations_days_check CHECK (last_day >= first_day),
    CONSTRAINT interest_allocations_undone_check CHECK ((undone_at IS NULL) = (undone_by IS NULL) AND (undone_at IS NULL) = (undone_reason IS NULL))
);
COMMENT ON COLUMN interest_allocations.custodian_id IS 'As the dimension of its ledger accounts; 0: the program''s first custodian.';
COMMENT ON COLUMN interest_allocations.amount IS 'The bank''s figure, program currency; below zero the bank took it.';
COMMENT ON COLUMN interest_allocations.policy IS 'child: it follows the money on which it was earned. program: it is operations''.';
COMMENT ON COLUMN interest_allocations.shares IS 'How many parts it has: a child''s money of one kind and fund, or a fund''s.';
COMMENT ON COLUMN interest_allocations.average IS 'Average daily balance of all parts, program currency.';
COMMENT ON COLUMN interest_allocations.first_no IS 'The first of the transactions that posted it.';
COMMENT ON COLUMN interest_allocations.last_no IS 'The last of them.';
COMMENT ON COLUMN interest_allocations.made_at IS 'Instant it was shared out.';
COMMENT ON COLUMN interest_allocations.undone_at IS 'Instant it was taken back; NULL: it stands.';
SELECT tenant_table('interest_allocations', 'SELECT, INSERT, UPDATE (undone_by, undone_at, undone_reason)');

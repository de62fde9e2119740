-- What the bank says and what the books say, held against each other. A line of
-- the bank's is answered by postings of the books; what is answered on neither
-- side stands in two small tables of its own, so that looking for it costs what
-- is open and not what ever came.

-- +goose Up

ALTER TABLE deposits
    ADD COLUMN custodian_id integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT deposits_owner_check,
    ADD CONSTRAINT deposits_owner_check CHECK (state IN ('suspense', 'corrected', 'undone', 'returned') OR child_id IS NOT NULL);
COMMENT ON COLUMN deposits.custodian_id IS 'Who holds the money, as the dimension of its ledger accounts; 0: the program''s first custodian.';

ALTER TABLE bank_lines ADD COLUMN payer_key bytea;
COMMENT ON COLUMN bank_lines.payer_key IS 'Blind index of the counterparty; NULL: none given.';
CREATE INDEX bank_lines_trace ON bank_lines (tenant_id, account_id, trace_key) WHERE trace_key IS NOT NULL;
CREATE INDEX bank_lines_payer ON bank_lines (tenant_id, account_id, payer_key) WHERE payer_key IS NOT NULL;

-- Lines of a bank that nothing in the books answers. Owner: service/reconcile.
CREATE TABLE bank_open_lines (
    tenant_id    integer NOT NULL,
    program_id   bigint NOT NULL,
    custodian_id integer NOT NULL,
    line_id      bigint NOT NULL,
    booked_on    date NOT NULL,
    amount       numeric(18, 2) NOT NULL CONSTRAINT bank_open_lines_amount_check CHECK (amount <> 'NaN'),
    nature       text NOT NULL CONSTRAINT bank_open_lines_nature_check CHECK (nature IN ('new', 'in', 'out', 'return', 'interest', 'fee')),
    put_off      integer NOT NULL DEFAULT 0,
    owner        text NOT NULL DEFAULT '' CONSTRAINT bank_open_lines_owner_check CHECK (length(owner) <= 100),
    note         text NOT NULL DEFAULT '' CONSTRAINT bank_open_lines_note_check CHECK (length(note) <= 2000),
    CONSTRAINT bank_open_lines_pkey PRIMARY KEY (tenant_id, line_id),
    CONSTRAINT bank_open_lines_line_fkey FOREIGN KEY (tenant_id, line_id) REFERENCES bank_lines (tenant_id, id),
    CONSTRAINT bank_open_lines_custodian_fkey FOREIGN KEY (tenant_id, custodian_id) REFERENCES custodians (tenant_id, id),
    CONSTRAINT bank_open_lines_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES programs (tenant_id, id)
);
CREATE INDEX bank_open_lines_queue ON bank_open_lines (tenant_id, program_id, put_off, booked_on, line_id);
CREATE INDEX bank_open_lines_new ON bank_open_lines (tenant_id, custodian_id, line_id) WHERE nature = 'new';
COMMENT ON COLUMN bank_open_lines.amount IS 'The line''s own, signed: above zero came in.';
COMMENT ON COLUMN bank_open_lines.nature IS 'new: nobody looked yet. Else what kind of line it is, for who is to decide.';
COMMENT ON COLUMN bank_open_lines.put_off IS 'How often a person put it off; what was put off comes last.';
COMMENT ON COLUMN bank_open_lines.owner IS 'Who sees to it; empty: whoever clears lines.';
COMMENT ON COLUMN bank_open_lines.note IS 'In a person''s words; never personal data of families.';
SELECT tenant_table('bank_open_lines', 'SELECT, INSERT, UPDATE (nature, put_off, owner, note), DELETE');

-- A line is open from the moment it is taken in.
-- +goose StatementBegin
CREATE FUNCTION note_open_lines() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bank_open_lines (tenant_id, program_id, custodian_id, line_id, booked_on, amount, nature)
    SELECT l.tenant_id, c.program_id, c.id, l.id, l.booked_on, l.amount, 'new'
    FROM taken l
    JOIN custodian_accounts a ON a.tenant_id = l.tenant_id AND a.id = l.account_id
    JOIN custodians c ON c.tenant_id = a.tenant_id AND c.id = a.custodian_id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER note_open_lines AFTER INSERT ON bank_lines REFERENCING NEW TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION note_open_lines();

ALTER TABLE bank_lines NO FORCE ROW LEVEL SECURITY;
ALTER TABLE custodian_accounts NO FORCE ROW LEVEL SECURITY;
ALTER TABLE custodians NO FORCE ROW LEVEL SECURITY;
ALTER TABLE bank_open_lines NO FORCE ROW LEVEL SECURITY;
INSERT INTO bank_open_lines (tenant_id, program_id, custodian_id, line_id, booked_on, amount, nature)
SELECT l.tenant_id, c.program_id, c.id, l.id, l.booked_on, l.amount, 'new'
FROM bank_lines l
JOIN custodian_accounts a ON a.tenant_id = l.tenant_id AND a.id = l.account_id
JOIN custodians c ON c.tenant_id = a.tenant_id AND c.id = a.custodian_id;
ALTER TABLE bank_open_lines FORCE ROW LEVEL SECURITY;
ALTER TABLE custodians FORCE ROW LEVEL SECURITY;
ALTER TABLE custodian_accounts FORCE ROW LEVEL SECURITY;
ALTER TABLE bank_lines FORCE ROW LEVEL SECURITY;

-- How far into the books each custodian's cash was read. Owner: service/reconcile.
CREATE TABLE bank_cursors (
    tenant_id    integer NOT NULL,
    custodian_id integer NOT NULL,
    upto_no      bigint NOT NULL,
    CONSTRAINT bank_cursors_pkey PRIMARY KEY (tenant_id, custodian_id),
    CONSTRAINT bank_cursors_custodian_fkey FOREIGN KEY (tenant_id, custodian_id) REFERENCES custodians (tenant_id, id)
);
COMMENT ON COLUMN bank_cursors.upto_no IS 'The newest transaction of the program''s book that was read: numbers have no gap and are in the order of commits.';
SELECT tenant_table('bank_cursors', 'SELECT, INSERT, UPDATE (upto_no)');

-- Movements of a custodian's cash in the books that no line answers, as far as
-- they were read. Owner: service/reconcile.
CREATE TABLE bank_open_entries (
    tenant_id    integer NOT NULL,
    custodian_id integer NOT NULL,
    tx_no        bigint NOT NULL,
    amount       numeric(18, 2) NOT NULL CONSTRAINT bank_open_entries_amount_check CHECK (amount <> 0 AND amount <> 'NaN'),
    effective_on date NOT NULL,
    kind         text NOT NULL,
    reference    text NOT NULL,
    reverses     bigint,
    owner        text NOT NULL DEFAULT '' CONSTRAINT bank_open_entries_owner_check CHECK (length(owner) <= 100),
    note         text NOT NULL DEFAULT '' CONSTRAINT bank_open_entries_note_check CHECK (length(note) <= 2000),
    CONSTRAINT bank_open_entries_pkey PRIMARY KEY (tenant_id, custodian_id, tx_no),
    CONSTRAINT bank_open_entries_custodian_fkey FOREIGN KEY (tenant_id, custodian_id) REFERENCES custodians (tenant_id, id)
);
CREATE INDEX bank_open_entries_reference ON bank_open_entries (tenant_id, custodian_id, reference);
CREATE INDEX bank_open_entries_amount ON bank_open_entries (tenant_id, custodian_id, amount, effective_on);
COMMENT ON COLUMN bank_open_entries.amount IS 'As the bank counts: above zero came in. Book''s currency.';
COMMENT ON COLUMN bank_open_entries.effective_on IS 'Day from which it counts in the books.';
COMMENT ON COLUMN bank_open_entries.reference IS 'Of a deposit its reference; else the key of the transaction.';
COMMENT ON COLUMN bank_open_entries.reverses IS 'The transaction that it takes back; NULL: none.';
COMMENT ON COLUMN bank_open_entries.owner IS 'Who sees to it; empty: whoever clears lines.';
COMMENT ON COLUMN bank_open_entries.note IS 'In a person''s words; never personal data of families.';
SELECT tenant_table('bank_open_entries', 'SELECT, INSERT, UPDATE (owner, note), DELETE');

-- Lines and movements that answer each other. Owner: service/reconcile.
CREATE TABLE bank_matches (
    tenant_id     integer NOT NULL,
    id            bigint GENERATED BY DEFAULT AS IDENTITY,
    custodian_id  integer NOT NULL,
    rule          text NOT NULL CONSTRAINT bank_matches_rule_check CHECK (rule ~ '^[a-z_]+$'),
    amount        numeric(18, 2) NOT NULL CONSTRAINT bank_matches_amount_check CHECK (amount <> 'NaN'),
    made_by       text NOT NULL,
    made_at       timestamptz NOT NULL,
    reason        text NOT NULL DEFAULT '' CONSTRAINT bank_matches_reason_check CHECK (length(reason) <= 4000),
    undone_by     text,
    undone_at     timestamptz,
    undone_reason text CONSTRAINT bank_matches_undone_reason_check CHECK (btrim(undone_reason) <> '' AND length(undone_reason) <= 4000),
    CONSTRAINT bank_matches_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT bank_matches_custodian_fkey FOREIGN KEY (tenant_id, custodian_id) REFERENCES custodians (tenant_id, id),
    CONSTRAINT bank_matches_undone_check CHECK ((undone_at IS NULL) = (undone_by IS NULL) AND (undone_at IS NULL) = (undone_reason IS NULL))
);
CREATE INDEX bank_matches_custodian ON bank_matches (tenant_id, custodian_id, id);
COMMENT ON COLUMN bank_matches.rule IS 'Which rule found it, or by_hand.';
COMMENT ON COLUMN bank_matches.amount IS 'What the lines sum to, and the movements; 0 where one side cancels itself. Book''s currency.';
COMMENT ON COLUMN bank_matches.made_at IS 'Instant it was made.';
COMMENT ON COLUMN bank_matches.undone_at IS 'Instant it was taken apart; NULL: it holds.';
SELECT tenant_table('bank_matches', 'SELECT, INSERT, UPDATE (undone_by, undone_at, undone_reason)');
GRANT USAGE ON SEQUENCE bank_matches_id_seq TO csa_app;

-- The lines of matches. Owner: service/reconcile.
CREATE TABLE bank_match_lines (
    tenant_id integer NOT NULL,
    match_id  bigint NOT NULL,
    line_id   bigint NOT NULL,
    amount    numeric(18, 2) NOT NULL CONSTRAINT bank_match_lines_amount_check CHECK (amount <> 'NaN'),
    booked_on date NOT NULL,
    live      boolean NOT NULL DEFAULT true,
    CONSTRAINT bank_match_lines_pkey PRIMARY KEY (tenant_id, match_id, line_id),
    CONSTRAINT bank_match_lines_match_fkey FOREIGN KEY (tenant_id, match_id) REFERENCES bank_matches (tenant_id, id),
    CONSTRAINT bank_match_lines_line_fkey FOREIGN KEY (tenant_id, line_id) REFERENCES bank_lines (tenant_id, id)
);
CREATE UNIQUE INDEX bank_match_lines_live_key ON bank_match_lines (tenant_id, line_id) WHERE live;
COMMENT ON COLUMN bank_match_lines.amount IS 'The line''s own, signed: above zero came in.';
COMMENT ON COLUMN bank_match_lines.live IS 'False once the match was taken apart.';
SELECT tenant_table('bank_match_lines', 'SELECT, INSERT, UPDATE (live)');

-- The movements of the books in matches. Owner: service/reconcile.
CREATE TABLE bank_match_entries (
    tenant_id    integer NOT NULL,
    match_id     bigint NOT NULL,
    custodian_id integer NOT NULL,
    tx_no        bigint NOT NULL,
    amount       numeric(18, 2) NOT NULL CONSTRAINT bank_match_entries_amount_check CHECK (amount <> 'NaN'),
    effective_on date NOT NULL,
    kind         text NOT NULL,
    reference    text NOT NULL,
    reverses     bigint,
    live         boolean NOT NULL DEFAULT true,
    CONSTRAINT bank_match_entries_pkey PRIMARY KEY (tenant_id, match_id, tx_no),
    CONSTRAINT bank_match_entries_match_fkey FOREIGN KEY (tenant_id, match_id) REFERENCES bank_matches (tenant_id, id)
);
CREATE UNIQUE INDEX bank_match_entries_live_key ON bank_match_entries (tenant_id, custodian_id, tx_no) WHERE live;
COMMENT ON COLUMN bank_match_entries.amount IS 'As the bank counts: above zero came in. Book''s currency.';
COMMENT ON COLUMN bank_match_entries.effective_on IS 'Day from which it counts in the books.';
COMMENT ON COLUMN bank_match_entries.reference IS 'Of a deposit its reference; else the key of the transaction.';
COMMENT ON COLUMN bank_match_entries.reverses IS 'The transaction that it takes back; NULL: none.';
COMMENT ON COLUMN bank_match_entries.live IS 'False once the match was taken apart.';
SELECT tenant_table('bank_match_entries', 'SELECT, INSERT, UPDATE (live)');

-- Nothing matches that is not the same to the cent, on days that are known.
-- +goose StatementBegin
CREATE FUNCTION check_bank_match() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    lines numeric; entries numeric; n_lines bigint; n_entries bigint;
BEGIN
    SELECT coalesce(sum(amount), 0), count(*) INTO lines, n_lines FROM bank_match_lines WHERE tenant_id = NEW.tenant_id AND match_id = NEW.id;
    SELECT coalesce(sum(amount), 0), count(*) INTO entries, n_entries FROM bank_match_entries WHERE tenant_id = NEW.tenant_id AND match_id = NEW.id;
    IF lines <> NEW.amount OR entries <> NEW.amount OR n_lines + n_entries = 0 THEN
        RAISE EXCEPTION 'match % is of %, its lines sum to % and its movements to %', NEW.id, NEW.amount, lines, entries
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_matches_sum_check', TABLE = 'bank_matches';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER bank_matches_sum_check AFTER INSERT ON bank_matches DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_bank_match();

-- Returns of the ACH network that were seen to. Owner: service/reconcile.
CREATE TABLE bank_return_answers (
    tenant_id  integer NOT NULL,
    return_id  bigint NOT NULL,
    deposit_id bigint,
    seen_by    text NOT NULL,
    seen_at    timestamptz NOT NULL,
    reason     text NOT NULL DEFAULT '' CONSTRAINT bank_return_answers_reason_check CHECK (length(reason) <= 4000),
    CONSTRAINT bank_return_answers_pkey PRIMARY KEY (tenant_id, return_id),
    CONSTRAINT bank_return_answers_return_fkey FOREIGN KEY (tenant_id, return_id) REFERENCES bank_returns (tenant_id, id),
    CONSTRAINT bank_return_answers_deposit_fkey FOREIGN KEY (tenant_id, deposit_id) REFERENCES deposits (tenant_id, id)
);
COMMENT ON COLUMN bank_return_answers.deposit_id IS 'The deposit that came back; NULL: of no deposit, and the reason says why.';
COMMENT ON COLUMN bank_return_answers.seen_at IS 'Instant it was seen to.';
SELECT tenant_table('bank_return_answers', 'SELECT, INSERT');
SELECT append_only('bank_return_answers');

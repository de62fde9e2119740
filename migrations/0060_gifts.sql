-- Links with which relatives may give, and what a family saves for.

-- +goose Up

-- Links for relatives. The page behind one names the program and the number to
-- write on a gift, and nothing of the child. Owner: service/activation.
CREATE TABLE gift_links (
    token_hash bytea NOT NULL CONSTRAINT gift_links_token_check CHECK (length(token_hash) = 32),
    tenant_id  integer NOT NULL,
    program_id bigint NOT NULL,
    child_id   bigint NOT NULL,
    account_id bigint NOT NULL,
    made_at    timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL CONSTRAINT gift_links_ends_check CHECK (ends_at > made_at),
    ended_at   timestamptz,
    CONSTRAINT gift_links_pkey PRIMARY KEY (token_hash),
    CONSTRAINT gift_links_child_fkey FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id),
    CONSTRAINT gift_links_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES programs (tenant_id, id),
    CONSTRAINT gift_links_account_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES guardian_accounts (tenant_id, id)
);
CREATE INDEX gift_links_account ON gift_links (tenant_id, account_id, child_id);
COMMENT ON TABLE gift_links IS 'Has no row-level security: the link must find the tenant first. It holds hashes and ids only.';
COMMENT ON COLUMN gift_links.token_hash IS 'SHA-256 of the 256-bit token, which only the link has.';
COMMENT ON COLUMN gift_links.made_at IS 'Instant it was made.';
COMMENT ON COLUMN gift_links.ends_at IS 'Instant from which it leads nowhere.';
COMMENT ON COLUMN gift_links.ended_at IS 'Instant its guardian ended it; NULL while it works.';
GRANT SELECT, INSERT, UPDATE ON gift_links TO csa_app;

-- What a family saves for, as it wrote it itself. Owner: service/family.
CREATE TABLE saving_goals (
    tenant_id  integer NOT NULL,
    child_id   bigint NOT NULL,
    set_by     text NOT NULL,
    amount     numeric(18,2) NOT NULL CONSTRAINT saving_goals_amount_check CHECK (amount > 0 AND amount <> 'NaN'),
    by_on      date,
    sealed     bytea NOT NULL,
    set_at     timestamptz NOT NULL,
    CONSTRAINT saving_goals_pkey PRIMARY KEY (tenant_id, child_id, set_by),
    CONSTRAINT saving_goals_child_fkey FOREIGN KEY (tenant_id, child_id) REFERENCES children (tenant_id, id)
);
COMMENT ON COLUMN saving_goals.set_by IS 'Whose goal it is: each guardian has its own.';
COMMENT ON COLUMN saving_goals.amount IS 'In the program''s currency, above zero.';
COMMENT ON COLUMN saving_goals.by_on IS 'Day by which; NULL where there is none.';
COMMENT ON COLUMN saving_goals.sealed IS 'What for, sealed under the family''s key.';
COMMENT ON COLUMN saving_goals.set_at IS 'Instant it was written.';
SELECT tenant_table('saving_goals', 'SELECT, INSERT, UPDATE (amount, by_on, sealed, set_at)');

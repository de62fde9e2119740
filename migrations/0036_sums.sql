-- Totals of a book at the cost of its days, not of its entries.
--
-- A trial balance over five million entries cannot be summed for every page. What
-- a stretch of transactions added to each line of the chart, in each fund, by
-- kind and effective day is a few hundred rows; together they answer for every day
-- and every knowledge, exactly, with the entries that came after the last stretch.
-- The same rows say which stretches hold anything that a search of the journal
-- asks for.

-- +goose Up

-- Sums of entries, stretch by stretch of transactions. A cache like checkpoints:
-- it may be emptied at any time, is rebuilt from the entries, and verification
-- holds it against them. Owner: ledger.
CREATE TABLE ledger_sums (
    tenant_id    integer NOT NULL,
    book_id      integer NOT NULL,
    upto_no      bigint NOT NULL CONSTRAINT ledger_sums_upto_no_check CHECK (upto_no > 0),
    after_no     bigint NOT NULL CONSTRAINT ledger_sums_after_no_check CHECK (after_no >= 0 AND after_no < upto_no),
    chart        smallint NOT NULL,
    fund_id      integer NOT NULL,
    kind         text NOT NULL,
    effective_on date NOT NULL,
    debit        numeric(18,2) NOT NULL CONSTRAINT ledger_sums_debit_check CHECK (debit <= 0 AND debit <> 'NaN'),
    credit       numeric(18,2) NOT NULL CONSTRAINT ledger_sums_credit_check CHECK (credit >= 0 AND credit <> 'NaN'),
    entries      bigint NOT NULL CONSTRAINT ledger_sums_entries_check CHECK (entries > 0),
    CONSTRAINT ledger_sums_pkey PRIMARY KEY (book_id, upto_no, chart, fund_id, kind, effective_on)
);
COMMENT ON COLUMN ledger_sums.upto_no IS 'The last transaction of the stretch.';
COMMENT ON COLUMN ledger_sums.after_no IS 'The transaction before its first; stretches follow each other without a gap.';
COMMENT ON COLUMN ledger_sums.effective_on IS 'Day from which the entries count, in the program''s zone.';
COMMENT ON COLUMN ledger_sums.debit IS 'Sum of the negative entries, in the book''s currency; never positive.';
COMMENT ON COLUMN ledger_sums.credit IS 'Sum of the positive entries, in the book''s currency; never negative.';
COMMENT ON COLUMN ledger_sums.entries IS 'How many entries that is.';
SELECT tenant_table('ledger_sums', 'SELECT');
ALTER POLICY tenant ON ledger_sums USING (tenant_id = (SELECT app_tenant())) WITH CHECK (tenant_id = (SELECT app_tenant()));

-- ledger_write_sums sums what came after the last stretch, as a stretch of its
-- own, and returns how many transactions that is. Two at once would write the same
-- stretch: the second waits for the book and finds nothing left.
-- +goose StatementBegin
CREATE FUNCTION ledger_write_sums(p_book integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_block ledger_blocks := ledger_lock(p_book);
    v_after bigint;
BEGIN
    SELECT coalesce(max(upto_no), 0) INTO v_after FROM ledger_sums WHERE book_id = p_book;
    IF v_after >= v_block.last_tx THEN
        RETURN 0;
    END IF;
    INSERT INTO ledger_sums (tenant_id, book_id, upto_no, after_no, chart, fund_id, kind, effective_on, debit, credit, entries)
    SELECT v_block.tenant_id, p_book, v_block.last_tx, v_after, a.chart, a.fund_id, t.kind, e.effective_on,
        sum(least(e.amount, 0)), sum(greatest(e.amount, 0)), count(*)
    FROM ledger_entries e
    JOIN ledger_transactions t ON t.book_id = e.book_id AND t.no = e.tx_no
    JOIN ledger_accounts a ON a.book_id = e.book_id AND a.id = e.account_id
    WHERE e.book_id = p_book AND e.tx_no > v_after
    GROUP BY a.chart, a.fund_id, t.kind, e.effective_on;
    RETURN v_block.last_tx - v_after;
END $$;
-- +goose StatementEnd

-- ledger_seq_known is the last entry of an account that transaction p_no knows,
-- 0 for none. Numbers rise along an account's entries: it halves.
-- +goose StatementBegin
CREATE FUNCTION ledger_seq_known(p_book integer, p_account bigint, p_no bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    v_low bigint := 0; -- known to p_no, or 0
    v_high bigint;     -- known to come after it
    v_try bigint;
    v_no bigint;
BEGIN
    SELECT seq, tx_no INTO v_high, v_no FROM ledger_entries WHERE book_id = p_book AND account_id = p_account ORDER BY seq DESC LIMIT 1;
    IF v_high IS NULL OR v_no <= p_no THEN
        RETURN coalesce(v_high, 0);
    END IF;
    WHILE v_high - v_low > 1 LOOP
        v_try := (v_low + v_high) / 2;
        SELECT tx_no INTO v_no FROM ledger_entries WHERE book_id = p_book AND account_id = p_account AND seq = v_try;
        IF v_no <= p_no THEN
            v_low := v_try;
        ELSE
            v_high := v_try;
        END IF;
    END LOOP;
    RETURN v_low;
END $$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION ledger_write_sums(integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger_seq_known(integer, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_write_sums(integer) TO csa_app;
GRANT EXECUTE ON FUNCTION ledger_seq_known(integer, bigint, bigint) TO csa_app, csa_report, csa_backup;

-- What people look for in the journal and kinds and days do not narrow down: a
-- reference, and the few postings that people themselves made. Nightly awards
-- carry neither, and pay nothing for these.
CREATE INDEX ledger_transactions_source_idx ON ledger_transactions (book_id, source, no) WHERE source <> '';
CREATE INDEX ledger_transactions_people_idx ON ledger_transactions (book_id, maker, no) WHERE starts_with(maker, 'staff/');

-- What waits for a fund's money, and who comes first.
--
-- A run first notes what every child still lacks and then hands the funds'
-- money out in one order over the whole caseload: the day that earned it, the
-- event's place in that day, the number of the child. So the order in which a
-- run goes through children decides nothing.

-- +goose Up

ALTER TABLE awards
    ADD COLUMN denied numeric(18, 2) NOT NULL DEFAULT 0 CONSTRAINT awards_denied_check CHECK (denied >= 0 AND denied <> 'NaN'),
    ADD COLUMN want_due numeric(18, 2) NOT NULL DEFAULT 0 CONSTRAINT awards_want_due_check CHECK (want_due >= 0 AND want_due <> 'NaN'),
    ADD COLUMN earned_on date,
    ADD COLUMN earned_seq bigint NOT NULL DEFAULT 0,
    ADD COLUMN place smallint NOT NULL DEFAULT 0,
    ADD COLUMN shortfall text NOT NULL DEFAULT '' CONSTRAINT awards_shortfall_check CHECK (shortfall IN ('', 'queue', 'deny', 'pro_rata')),
    ADD COLUMN funds text NOT NULL DEFAULT '',
    ADD COLUMN asked_on date;
COMMENT ON COLUMN awards.denied IS 'Entitled, and fell away for good because no fund had it (funding.on_shortfall), program currency, never negative.';
COMMENT ON COLUMN awards.want_due IS 'How much of the entitlement is payable on asked_on, program currency; 0 while nothing is queued.';
COMMENT ON COLUMN awards.earned_on IS 'Day that earned what is queued, in the program''s zone; NULL while nothing is queued.';
COMMENT ON COLUMN awards.earned_seq IS 'Place of its event in that day.';
COMMENT ON COLUMN awards.place IS 'The benefit''s place in the rule book.';
COMMENT ON COLUMN awards.shortfall IS 'What becomes of what no fund has; empty while nothing is queued.';
COMMENT ON COLUMN awards.funds IS 'Codes of the funds that may pay what is queued, the first first, parted by commas.';
COMMENT ON COLUMN awards.asked_on IS 'Day of the run that found it missing: a run for an earlier day does not pay it.';
CREATE INDEX awards_queue ON awards (tenant_id, program_id, earned_on, (shortfall = 'pro_rata'), earned_seq, child_id) WHERE queued > 0;
GRANT UPDATE (denied, want_due, earned_on, earned_seq, place, shortfall, funds, asked_on) ON awards TO csa_app;

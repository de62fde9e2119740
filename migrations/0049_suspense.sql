-- Deposits that wait for their owner are shown a page at a time, in the order of
-- their days, with their number and sum beside: read from this index alone.

-- +goose Up

CREATE INDEX deposits_suspense_page ON deposits (tenant_id, program_id, on_day, id) INCLUDE (amount) WHERE state = 'suspense';
DROP INDEX deposits_suspense;

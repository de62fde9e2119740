-- What happened to a run, line by line: who took it, what each chunk did, why it
-- stopped. The row of the run says how far it is; this says how it came there.

-- +goose Up

-- The log of a run, in the transactions of what it tells. Owner: jobs.
CREATE TABLE job_events (
    tenant_id integer NOT NULL,
    run_id    bigint NOT NULL,
    n         bigint GENERATED ALWAYS AS IDENTITY,
    at        timestamptz NOT NULL,
    what      text NOT NULL CONSTRAINT job_events_what_check CHECK (what IN ('taken', 'chunk', 'failed', 'stop_asked', 'resumed')),
    by        text NOT NULL,
    chunk     integer NOT NULL DEFAULT 0 CONSTRAINT job_events_chunk_check CHECK (chunk >= 0),
    done      bigint NOT NULL DEFAULT 0 CONSTRAINT job_events_done_check CHECK (done >= 0),
    counts    jsonb NOT NULL DEFAULT '{}',
    sums      jsonb NOT NULL DEFAULT '{}',
    error     text NOT NULL DEFAULT '',
    CONSTRAINT job_events_pkey PRIMARY KEY (tenant_id, run_id, n),
    CONSTRAINT job_events_run_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES job_runs (tenant_id, id)
);
COMMENT ON COLUMN job_events.at IS 'Instant it happened.';
COMMENT ON COLUMN job_events.by IS 'The machine and process, or the actor who asked.';
COMMENT ON COLUMN job_events.chunk IS 'Of a chunk its number within the run; else 0.';
COMMENT ON COLUMN job_events.done IS 'How many the chunk went through.';
COMMENT ON COLUMN job_events.counts IS 'What came of them: how many by reason.';
COMMENT ON COLUMN job_events.sums IS 'Amounts by name, decimal strings in the program''s currency.';
COMMENT ON COLUMN job_events.error IS 'Why it stopped: a fault''s key or a technical reason, never personal data.';
SELECT tenant_table('job_events', 'SELECT, INSERT');
SELECT append_only('job_events');

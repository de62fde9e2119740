-- Doubtful rows of rosters are settled by people, and what each row did is kept,
-- so that a roster can be undone.
--
-- What the comparison found stays beside what a person said of it. A row that
-- somebody left out is not asked about again as long as its sender says the same.

-- +goose Up
ALTER TABLE roster_rows
    ADD COLUMN settled_child bigint,
    ADD COLUMN settled_why text NOT NULL DEFAULT '' CONSTRAINT roster_rows_settled_why_check CHECK (length(settled_why) <= 40),
    ADD COLUMN settled_note text NOT NULL DEFAULT '' CONSTRAINT roster_rows_settled_note_check CHECK (length(settled_note) <= 200),
    ADD COLUMN settled_at timestamptz,
    ADD COLUMN settled_no integer NOT NULL DEFAULT 0,
    ADD COLUMN effect text NOT NULL DEFAULT '',
    ADD COLUMN applied boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT roster_rows_settled_child_fkey FOREIGN KEY (tenant_id, settled_child) REFERENCES children (tenant_id, id),
    ADD CONSTRAINT roster_rows_settled_child_check CHECK ((settled = 'same') = (settled_child IS NOT NULL)),
    ADD CONSTRAINT roster_rows_settled_why_said_check CHECK ((settled = 'out') = (settled_why <> '')),
    ADD CONSTRAINT roster_rows_settled_at_check CHECK ((settled = '') = (settled_at IS NULL));
CREATE INDEX roster_rows_doubtful ON roster_rows (tenant_id, batch_id, n) WHERE finding IN ('doubtful', 'review');
CREATE INDEX roster_rows_left_out ON roster_rows (tenant_id, batch_id, source_key) WHERE settled = 'out';
CREATE INDEX roster_rows_to_apply ON roster_rows (tenant_id, batch_id, n) WHERE settled IN ('same', 'new') AND NOT applied;
COMMENT ON COLUMN roster_rows.settled_child IS 'The child on record that a person said the row is about.';
COMMENT ON COLUMN roster_rows.settled_why IS 'Why a row was left out, by its code; empty where it was not.';
COMMENT ON COLUMN roster_rows.settled_note IS 'What a person wrote beside it; taken away when the rows are purged.';
COMMENT ON COLUMN roster_rows.settled_at IS 'Instant a person last said so; NULL where nobody did.';
COMMENT ON COLUMN roster_rows.settled_no IS 'Counts what was said of the row: who saw an older number does not decide.';
COMMENT ON COLUMN roster_rows.effect IS 'JSON: what the answer adds to the preview, to be taken away with it.';
COMMENT ON COLUMN roster_rows.applied IS 'The row was used: child_id is whom it made or changed.';
GRANT UPDATE (settled_child, settled_why, settled_note, settled_at, settled_no, effect, applied) ON roster_rows TO csa_app;
GRANT UPDATE (preview) ON roster_batches TO csa_app;

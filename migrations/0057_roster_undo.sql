-- What a roster did to each child is kept with its row, so that it can be taken
-- back by two people for as long as nothing later depends on it.

-- +goose Up
ALTER TABLE roster_rows
    ADD COLUMN version integer,
    ADD COLUMN enrolled boolean NOT NULL DEFAULT false,
    ADD COLUMN undone boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN roster_rows.version IS 'Of the child''s record once the row was applied: a higher one says that something later changed it.';
COMMENT ON COLUMN roster_rows.enrolled IS 'Applying the row made the child take part.';
COMMENT ON COLUMN roster_rows.undone IS 'What the row did was taken back.';
GRANT UPDATE (version, enrolled, undone) ON roster_rows TO csa_app;

-- Parents of newborns are to be told within 90 days of the day their record came.
ALTER TABLE roster_rows ADD COLUMN told boolean;
CREATE INDEX roster_rows_untold ON roster_rows (tenant_id, batch_id) WHERE told IS FALSE;
COMMENT ON COLUMN roster_rows.told IS 'Of a birth record''s new child: a letter went to the parents, or one of them sees the account. NULL: nobody is to be told.';
GRANT UPDATE (told) ON roster_rows TO csa_app;

-- The way of a rule book: draft, submitted, approved, effective, superseded.
--
-- A draft is text that somebody writes; it need not be a rule book yet. Once
-- submitted it never changes again. Another person approves exactly that text
-- and says from which day it holds, or returns it with a reason. Which book is
-- in effect on a day is not stored: it is the approved one whose day came last,
-- so that no clock has to strike for a book to take effect.

-- +goose Up

ALTER TABLE program_rule_books
    ADD COLUMN state        text,
    ADD COLUMN revision     integer NOT NULL DEFAULT 1 CONSTRAINT program_rule_books_revision_check CHECK (revision > 0),
    ADD COLUMN based_on     integer,
    ADD COLUMN effective_on date,
    ADD COLUMN closed_by    text,
    ADD COLUMN closed_at    timestamptz,
    ALTER COLUMN hash DROP NOT NULL;
ALTER TABLE program_rule_books ALTER COLUMN revision DROP DEFAULT;

-- What was kept before waits for approval or was approved at once; a program's
-- first book held from the program's beginning. A step of the schema belongs to
-- no tenant, so the tables' owner looks past the tenants for as long as this takes.
ALTER TABLE programs NO FORCE ROW LEVEL SECURITY;
ALTER TABLE program_rule_books NO FORCE ROW LEVEL SECURITY;
UPDATE program_rule_books r
SET state = CASE WHEN r.approved_at IS NULL THEN 'submitted' ELSE 'approved' END,
    effective_on = CAST(CASE WHEN r.no = f.no THEN least(r.approved_at, p.created_at) ELSE r.approved_at END AT TIME ZONE p.time_zone AS date)
FROM programs p
LEFT JOIN (SELECT tenant_id, program_id, min(no) AS no FROM program_rule_books WHERE approved_at IS NOT NULL GROUP BY tenant_id, program_id) f
    ON f.tenant_id = p.tenant_id AND f.program_id = p.id
WHERE p.tenant_id = r.tenant_id AND p.id = r.program_id;
ALTER TABLE programs FORCE ROW LEVEL SECURITY;

ALTER TABLE program_rule_books
    ALTER COLUMN state SET NOT NULL,
    DROP CONSTRAINT program_rule_books_tenant_id_program_id_hash_key,
    ADD CONSTRAINT program_rule_books_state_check CHECK (state IN ('draft', 'submitted', 'approved', 'returned', 'withdrawn')),
    ADD CONSTRAINT program_rule_books_based_on_fkey FOREIGN KEY (tenant_id, program_id, based_on)
        REFERENCES program_rule_books (tenant_id, program_id, no),
    ADD CONSTRAINT program_rule_books_readable_check CHECK (state IN ('draft', 'withdrawn') OR hash IS NOT NULL),
    ADD CONSTRAINT program_rule_books_approved_check CHECK (
        CASE state WHEN 'approved' THEN approved_at IS NOT NULL
                   WHEN 'withdrawn' THEN true
                   ELSE approved_at IS NULL END),
    ADD CONSTRAINT program_rule_books_effective_check CHECK ((approved_at IS NULL) = (effective_on IS NULL)),
    ADD CONSTRAINT program_rule_books_closed_check CHECK ((closed_at IS NOT NULL) = (state IN ('returned', 'withdrawn'))),
    ADD CONSTRAINT program_rule_books_closer_check CHECK ((closed_at IS NULL) = (closed_by IS NULL));
-- The same book waits for approval once.
CREATE UNIQUE INDEX program_rule_books_submitted_key ON program_rule_books (tenant_id, program_id, hash) WHERE state = 'submitted';
CREATE INDEX program_rule_books_hash_index ON program_rule_books (tenant_id, program_id, hash);
CREATE INDEX program_rule_books_effective_index ON program_rule_books (tenant_id, program_id, effective_on) WHERE state = 'approved';
COMMENT ON COLUMN program_rule_books.source IS 'The text as written; of a draft the one saved last, which need not be a rule book.';
COMMENT ON COLUMN program_rule_books.revision IS 'Grows with each saving, so that nobody overwrites what another saved meanwhile.';
COMMENT ON COLUMN program_rule_books.based_on IS 'The book it began as a copy of; NULL: none of the program''s own.';
COMMENT ON COLUMN program_rule_books.effective_on IS 'First day on which it holds, in the program''s zone; it holds until another one does.';
COMMENT ON COLUMN program_rule_books.closed_at IS 'Instant it was returned or withdrawn.';

-- What was done with a rule book, by whom, when and why.
-- Owner: service/program.
CREATE TABLE program_rule_book_steps (
    tenant_id  integer NOT NULL,
    program_id bigint NOT NULL,
    no         integer NOT NULL,
    n          integer NOT NULL CONSTRAINT program_rule_book_steps_n_check CHECK (n > 0),
    step       text NOT NULL CONSTRAINT program_rule_book_steps_step_check
               CHECK (step IN ('drafted', 'saved', 'submitted', 'approved', 'returned', 'withdrawn')),
    actor      text NOT NULL CONSTRAINT program_rule_book_steps_actor_check CHECK (actor <> ''),
    at         timestamptz NOT NULL,
    hash       text,
    note       text NOT NULL CONSTRAINT program_rule_book_steps_length_check CHECK (length(note) <= 4000),
    CONSTRAINT program_rule_book_steps_pkey PRIMARY KEY (tenant_id, program_id, no, n),
    CONSTRAINT program_rule_book_steps_book_fkey FOREIGN KEY (tenant_id, program_id, no)
        REFERENCES program_rule_books (tenant_id, program_id, no),
    CONSTRAINT program_rule_book_steps_note_check CHECK (step NOT IN ('submitted', 'returned') OR btrim(note) <> '')
);
COMMENT ON COLUMN program_rule_book_steps.at IS 'Instant it was done.';
COMMENT ON COLUMN program_rule_book_steps.hash IS 'Of the book at that moment; NULL while the text was none.';
COMMENT ON COLUMN program_rule_book_steps.note IS 'Why, in the words of who did it.';
SELECT tenant_table('program_rule_book_steps', 'SELECT, INSERT');

ALTER TABLE program_rule_book_steps NO FORCE ROW LEVEL SECURITY;
INSERT INTO program_rule_book_steps (tenant_id, program_id, no, n, step, actor, at, hash, note)
SELECT tenant_id, program_id, no, 1, 'drafted', made_by, made_at, hash, '' FROM program_rule_books
UNION ALL
SELECT tenant_id, program_id, no, 2, 'submitted', made_by, made_at, hash, 'From before notes were kept.' FROM program_rule_books
UNION ALL
SELECT tenant_id, program_id, no, 3, 'approved', approved_by, approved_at, hash, '' FROM program_rule_books WHERE approved_at IS NOT NULL;
ALTER TABLE program_rule_book_steps FORCE ROW LEVEL SECURITY;
ALTER TABLE program_rule_books FORCE ROW LEVEL SECURITY;
SELECT append_only('program_rule_book_steps');

-- A rule book goes one way, and what was submitted is not written again. Who
-- had a hand in its text does not approve it, and none takes effect on a day
-- that has passed, except where there was none before.
-- +goose StatementBegin
CREATE FUNCTION program_rule_books_refuse(what text, rule text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', what USING ERRCODE = 'check_violation', TABLE = 'program_rule_books', CONSTRAINT = 'program_rule_books_' || rule || '_check';
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION program_rule_books_guard() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    zone text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' OR NEW.approved_at IS NOT NULL THEN
            PERFORM program_rule_books_refuse('a rule book begins as a draft', 'way');
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'draft' AND (NEW.source, NEW.hash, NEW.revision) IS DISTINCT FROM (OLD.source, OLD.hash, OLD.revision)
       OR (NEW.made_by, NEW.made_at, NEW.based_on) IS DISTINCT FROM (OLD.made_by, OLD.made_at, OLD.based_on)
       OR OLD.approved_at IS NOT NULL
          AND (NEW.approved_by, NEW.approved_at, NEW.effective_on) IS DISTINCT FROM (OLD.approved_by, OLD.approved_at, OLD.effective_on) THEN
        PERFORM program_rule_books_refuse(format('rule book %s is no draft any more', OLD.no), 'frozen');
    END IF;
    IF OLD.state = 'draft' AND NEW.state = 'draft' THEN
        RETURN NEW;
    END IF;
    IF (OLD.state, NEW.state) NOT IN (('draft', 'submitted'), ('draft', 'withdrawn'), ('submitted', 'approved'),
                                      ('submitted', 'returned'), ('submitted', 'withdrawn'), ('approved', 'withdrawn')) THEN
        PERFORM program_rule_books_refuse(format('rule book %s is %s, it cannot be %s', OLD.no, OLD.state, NEW.state), 'way');
    END IF;
    SELECT time_zone INTO zone FROM programs WHERE tenant_id = OLD.tenant_id AND id = OLD.program_id;
    IF NEW.state = 'approved' AND EXISTS (
        SELECT FROM program_rule_book_steps s
        WHERE s.tenant_id = OLD.tenant_id AND s.program_id = OLD.program_id AND s.no = OLD.no
          AND s.step IN ('drafted', 'saved', 'submitted') AND s.actor = NEW.approved_by) THEN
        PERFORM program_rule_books_refuse(format('rule book %s is approved by who wrote it', OLD.no), 'second_person');
    END IF;
    IF NEW.state = 'approved' AND NEW.effective_on < CAST(NEW.approved_at AT TIME ZONE zone AS date) AND EXISTS (
        SELECT FROM program_rule_books b
        WHERE b.tenant_id = OLD.tenant_id AND b.program_id = OLD.program_id AND b.state = 'approved') THEN
        PERFORM program_rule_books_refuse(format('rule book %s takes effect on a past day', OLD.no), 'past');
    END IF;
    IF OLD.state = 'approved' AND OLD.effective_on <= CAST(NEW.closed_at AT TIME ZONE zone AS date) THEN
        PERFORM program_rule_books_refuse(format('rule book %s is in effect since %s', OLD.no, OLD.effective_on), 'in_effect');
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION program_rule_books_guard() FROM PUBLIC;
REVOKE ALL ON FUNCTION program_rule_books_refuse(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION program_rule_books_refuse(text, text) TO csa_app;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON program_rule_books FOR EACH ROW EXECUTE FUNCTION program_rule_books_guard();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON program_rule_books FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT UPDATE (source, hash, revision, state, effective_on, closed_by, closed_at) ON program_rule_books TO csa_app;

-- Records meet under fewer keys; whoever has the old ones gets the new in the next night.

-- +goose Up
ALTER TABLE child_searches NO FORCE ROW LEVEL SECURITY;
UPDATE child_searches SET due = true, revision = revision + 1;
ALTER TABLE child_searches FORCE ROW LEVEL SECURITY;

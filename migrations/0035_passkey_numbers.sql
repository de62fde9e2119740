-- The program numbers passkeys itself, because a sealed name is bound to its
-- row's number before the row is there.

-- +goose Up
GRANT USAGE ON SEQUENCE auth_passkeys_id_seq TO csa_app;

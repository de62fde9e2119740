-- The trail is searched by what was done, by time and by request.

-- +goose Up

CREATE INDEX audit_events_verb_index ON audit_events (tenant_id, verb, id);
CREATE INDEX audit_events_at_index ON audit_events (tenant_id, at, id);
CREATE INDEX audit_events_request_index ON audit_events (tenant_id, request_id) WHERE request_id IS NOT NULL;

-- What players are told of when they come back: the newest few of each. Only additions: a sidecar that knows 0010 alone runs on
-- these tables too.
CREATE TABLE notifications (
    id            TEXT PRIMARY KEY,
    recipient_id  TEXT NOT NULL REFERENCES accounts (id),
    sender_id     TEXT NOT NULL REFERENCES accounts (id),
    title         TEXT NOT NULL,
    content       TEXT NOT NULL,
    -- A JSON object.
    metadata      TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX notifications_by_recipient ON notifications (recipient_id, id);
CREATE INDEX notifications_by_sender ON notifications (sender_id);

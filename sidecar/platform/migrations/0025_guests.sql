-- Guests: accounts that a device has made, and when to look whether they have been abandoned. Only additions: a sidecar that knows
-- 0024 alone runs on these tables too; the guests that it makes stay for ever.
CREATE TABLE guests (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    look_at_ms BIGINT NOT NULL
);
CREATE INDEX guests_by_look ON guests (look_at_ms);
INSERT INTO guests (account_id, look_at_ms)
    SELECT account_id, MAX(created_at_ms) FROM credentials WHERE kind = 'device' GROUP BY account_id;

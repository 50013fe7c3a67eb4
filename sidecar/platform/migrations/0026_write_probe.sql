-- The row that is written to see whether the database takes writes. Only additions: a sidecar that knows 0025 alone runs on these
-- tables too.
CREATE TABLE write_probe (
    one   BIGINT PRIMARY KEY CHECK (one = 1),
    at_ms BIGINT NOT NULL
);
INSERT INTO write_probe (one, at_ms) VALUES (1, 0);

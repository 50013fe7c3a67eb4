-- What administrators have done. Only additions: a sidecar that knows 0017 alone runs on these tables too.

CREATE TABLE admin_acts (
    -- In the order of the acts.
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    method     TEXT NOT NULL,
    path       TEXT NOT NULL,
    -- What was sent, without secrets, as far as it is kept.
    body       TEXT NOT NULL,
    -- What was answered; 0 while that is not known.
    status     BIGINT NOT NULL,
    at_ms      BIGINT NOT NULL
);

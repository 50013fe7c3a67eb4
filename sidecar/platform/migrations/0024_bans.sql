-- An account that may not log in: whether an administrator has banned it, or it waits for its activation. Only additions: a sidecar that
-- knows 0023 alone runs on these tables too; who is banned there is said to wait.
ALTER TABLE accounts ADD COLUMN banned BIGINT NOT NULL DEFAULT 0;

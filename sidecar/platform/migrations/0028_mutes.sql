-- Until when an account may not chat in the world: NULL for one that may. Only additions: a sidecar that knows 0027 alone runs on these
-- tables too; there, everybody may chat.
ALTER TABLE accounts ADD COLUMN muted_until_ms BIGINT;

-- Why an account is banned, and until when: NULL until an administrator lifts it. Only additions: a sidecar that knows 0026 alone runs on
-- these tables too; there, who is banned for a while stays banned until an administrator lifts it.
ALTER TABLE accounts ADD COLUMN ban_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN ban_until_ms BIGINT;

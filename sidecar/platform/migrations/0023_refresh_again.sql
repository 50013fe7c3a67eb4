-- A refresh whose answer was lost can be made again, and an access token outlives its log-out for a while. Only additions: a sidecar that
-- knows 0022 alone runs on these tables too; of what it trades and ends, neither is so.
--
-- The token that this one has replaced, and when.
ALTER TABLE refresh_tokens ADD COLUMN previous_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE refresh_tokens ADD COLUMN traded_at_ms BIGINT NOT NULL DEFAULT 0;
CREATE INDEX refresh_tokens_by_previous ON refresh_tokens (previous_hash) WHERE previous_hash <> '';
-- 1 where its user has ended it by a log-out; 0 for what ended otherwise.
ALTER TABLE sessions ADD COLUMN logged_out BIGINT NOT NULL DEFAULT 0;

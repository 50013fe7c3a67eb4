-- A log-in at a provider ends on a page of ours: it asks the user, or knows the browser that has begun the log-in. Only additions: a
-- sidecar that knows 0021 alone runs on these tables too. Neither finishes what the other has begun; that lives for ten minutes.
--
-- Of what the browser shows: the state, until the browser comes back with it, then the page's own token.
ALTER TABLE oauth_sessions ADD COLUMN browser_hash TEXT NOT NULL DEFAULT '';
-- Of the cookie of the browser that has begun it; empty where a game has.
ALTER TABLE oauth_sessions ADD COLUMN cookie_hash TEXT NOT NULL DEFAULT '';
-- What the page and the game both show.
ALTER TABLE oauth_sessions ADD COLUMN code TEXT NOT NULL DEFAULT '';
-- The address that has begun it, for the page.
ALTER TABLE oauth_sessions ADD COLUMN asker TEXT NOT NULL DEFAULT '';
-- Who the provider says it is, while the page asks ('asking'): JSON.
ALTER TABLE oauth_sessions ADD COLUMN identity TEXT NOT NULL DEFAULT '';
CREATE INDEX oauth_sessions_by_browser ON oauth_sessions (browser_hash);

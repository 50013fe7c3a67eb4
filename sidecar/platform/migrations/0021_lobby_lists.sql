-- Lists of lobbies and quick joins read in the order of an index, as far as they need. Only additions: a sidecar that knows 0020 alone
-- runs on these tables too.
CREATE INDEX lobbies_listed_by_age ON lobbies (created_at_ms, id) WHERE is_hidden = 0;
CREATE INDEX lobbies_listed_by_title ON lobbies (title_key) WHERE is_hidden = 0;
CREATE INDEX lobbies_open_by_age ON lobbies (created_at_ms, id)
    WHERE is_hidden = 0 AND is_locked = 0 AND password_hash IS NULL;
CREATE INDEX lobbies_open_by_size ON lobbies (max_users, created_at_ms, id)
    WHERE is_hidden = 0 AND is_locked = 0 AND password_hash IS NULL;

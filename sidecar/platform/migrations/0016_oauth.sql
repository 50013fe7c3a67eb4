-- Log-ins that are under way at a provider, until a while after they have ended. Only additions.
CREATE TABLE oauth_sessions (
    -- Of the id, which is the state that the provider gives back.
    id_hash         TEXT PRIMARY KEY,
    provider        TEXT NOT NULL,
    -- Whom the provider's account is linked to, and its token version when that began; NULL to log in.
    link_account_id TEXT,
    token_version   BIGINT NOT NULL DEFAULT 0,
    nonce           TEXT NOT NULL,
    verifier        TEXT NOT NULL,
    -- 'pending', 'working' while the provider is asked, 'completed', 'error'.
    status          TEXT NOT NULL,
    -- Who may log in.
    account_id      TEXT,
    handed_out      BIGINT NOT NULL DEFAULT 0,
    error           TEXT NOT NULL DEFAULT '',
    details         TEXT NOT NULL DEFAULT '',
    expires_at_ms   BIGINT NOT NULL
);
CREATE INDEX oauth_sessions_by_expiry ON oauth_sessions (expires_at_ms);

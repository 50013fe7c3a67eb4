-- Lobbies. Only additions: a sidecar that knows 0013 alone runs on these tables too.

CREATE TABLE lobbies (
    id            TEXT PRIMARY KEY,
    title         TEXT NOT NULL,
    -- The title in small letters, as hexadecimal UTF-8, like the names of profiles.
    title_key     TEXT NOT NULL,
    -- NULL for a lobby that is kept by administrators: any member may change it, and it stays when it is empty.
    host_id       TEXT REFERENCES accounts (id),
    max_users     BIGINT NOT NULL,
    is_hidden     BIGINT NOT NULL,
    is_locked     BIGINT NOT NULL,
    -- NULL for none.
    password_hash TEXT,
    slowdown      BIGINT NOT NULL,
    -- A JSON object.
    metadata      TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX lobbies_by_age ON lobbies (created_at_ms, id);
CREATE INDEX lobbies_by_title ON lobbies (title_key);

-- Who is in which: in one at most. Changed only by who has locked the lobby's row.
CREATE TABLE lobby_members (
    account_id   TEXT PRIMARY KEY REFERENCES accounts (id),
    lobby_id     TEXT NOT NULL REFERENCES lobbies (id),
    joined_at_ms BIGINT NOT NULL
);
CREATE INDEX lobby_members_by_lobby ON lobby_members (lobby_id);

-- The fields of a lobby's metadata, each with its value as text, so that lobbies are found by them.
CREATE TABLE lobby_fields (
    lobby_id TEXT NOT NULL REFERENCES lobbies (id),
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (lobby_id, name)
);
CREATE INDEX lobby_fields_by_name ON lobby_fields (name);

-- Who watches a lobby by a realtime socket without being a member, and at which sidecar. A lobby may be gone before its rows here.
CREATE TABLE lobby_spectators (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    lobby_id   TEXT NOT NULL,
    replica    TEXT NOT NULL,
    PRIMARY KEY (account_id, lobby_id, replica)
);
CREATE INDEX lobby_spectators_by_lobby ON lobby_spectators (lobby_id);
CREATE INDEX lobby_spectators_by_replica ON lobby_spectators (replica);

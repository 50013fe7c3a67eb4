-- Times are BIGINT milliseconds UTC, ids are UUIDs as TEXT, structures are JSON as TEXT: the subset that SQLite and
-- PostgreSQL share.

CREATE TABLE accounts (
    id            TEXT PRIMARY KEY,
    role          TEXT NOT NULL DEFAULT 'player',
    token_version BIGINT NOT NULL DEFAULT 0,
    created_at_ms BIGINT NOT NULL
);

-- How an account may be logged in to: kind 'password' has the folded user name as subject and the argon2id hash as secret.
CREATE TABLE credentials (
    kind          TEXT NOT NULL,
    subject       TEXT NOT NULL,
    secret        TEXT NOT NULL,
    display       TEXT NOT NULL,
    account_id    TEXT NOT NULL REFERENCES accounts (id),
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX credentials_by_account ON credentials (account_id);

-- One row for each log-in; the access token names it as `sid`, and a logout ends it.
CREATE TABLE sessions (
    id            TEXT PRIMARY KEY,
    account_id    TEXT NOT NULL REFERENCES accounts (id),
    created_at_ms BIGINT NOT NULL,
    ended_at_ms   BIGINT
);
CREATE INDEX sessions_by_account ON sessions (account_id);

-- Every refresh token ever given out, hashed; all tokens of a session are one family.
CREATE TABLE refresh_tokens (
    token_hash    TEXT PRIMARY KEY,
    session_id    TEXT NOT NULL REFERENCES sessions (id),
    expires_at_ms BIGINT NOT NULL,
    used_at_ms    BIGINT
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE characters (
    id             TEXT PRIMARY KEY,
    account_id     TEXT NOT NULL REFERENCES accounts (id),
    name           TEXT NOT NULL,
    name_folded    TEXT NOT NULL,
    class_id       TEXT NOT NULL,
    level          BIGINT NOT NULL DEFAULT 1,
    experience     BIGINT NOT NULL DEFAULT 0,
    -- Where it is; kept beside the soft state because log-in asks for it. 0 for one that was never in a world.
    map_id         BIGINT NOT NULL DEFAULT 0,
    x              BIGINT NOT NULL DEFAULT 0,
    y              BIGINT NOT NULL DEFAULT 0,
    -- protocol::link::SoftState as JSON; NULL for one that was never in a world.
    soft_state     TEXT,
    -- Who may write: 'none', 'gateway:<id>' or 'map:<server id>'; the epoch only grows.
    lock_owner     TEXT NOT NULL DEFAULT 'none',
    lock_epoch     BIGINT NOT NULL DEFAULT 0,
    lock_since_ms  BIGINT NOT NULL DEFAULT 0,
    -- The last save's sequence under this epoch.
    save_sequence  BIGINT NOT NULL DEFAULT 0,
    created_at_ms  BIGINT NOT NULL,
    deleted_at_ms  BIGINT
);
CREATE INDEX characters_by_account ON characters (account_id);
CREATE INDEX characters_by_owner ON characters (lock_owner);
CREATE UNIQUE INDEX characters_by_name ON characters (name_folded) WHERE deleted_at_ms IS NULL;

-- One row for each item that is; who has it is one column: 'character:<id>', 'ground:<server id>' or 'vendor:<id>'.
CREATE TABLE items (
    id            TEXT PRIMARY KEY,
    definition    TEXT NOT NULL,
    owner         TEXT NOT NULL,
    -- Only for characters.
    slot          BIGINT,
    version       BIGINT NOT NULL DEFAULT 0,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX items_by_owner ON items (owner);
CREATE UNIQUE INDEX items_by_slot ON items (owner, slot) WHERE slot IS NOT NULL;

-- Every coming, going and changing hands of an item, so that conservation can be audited.
CREATE TABLE item_ledger (
    event_key  TEXT NOT NULL,
    line       BIGINT NOT NULL,
    item_id    TEXT NOT NULL,
    definition TEXT NOT NULL,
    from_owner TEXT,
    to_owner   TEXT,
    at_ms      BIGINT NOT NULL,
    PRIMARY KEY (event_key, line)
);
CREATE INDEX item_ledger_by_item ON item_ledger (item_id);

-- Balances by account: 'character:<id>', 'ground:<server id>', 'vendor:<id>' and 'world'. They sum to zero.
CREATE TABLE gold_balances (
    owner   TEXT PRIMARY KEY,
    balance BIGINT NOT NULL
);

-- Double entry: each line takes from one account what it adds to the other.
CREATE TABLE gold_ledger (
    event_key  TEXT NOT NULL,
    line       BIGINT NOT NULL,
    from_owner TEXT NOT NULL,
    to_owner   TEXT NOT NULL,
    amount     BIGINT NOT NULL CHECK (amount > 0),
    at_ms      BIGINT NOT NULL,
    PRIMARY KEY (event_key, line)
);

-- Idempotency keys of owned events that were committed.
CREATE TABLE owned_events (
    event_key TEXT PRIMARY KEY,
    reason    TEXT NOT NULL,
    server_id TEXT NOT NULL,
    at_ms     BIGINT NOT NULL
);

-- Friends and blocks, and who has a realtime socket. Only additions: a sidecar that knows 0009 alone runs on these tables too.

-- One row for each direction: who asked, and whom. Of a block, the target is who blocks and the requester who is blocked.
CREATE TABLE friendships (
    id            TEXT PRIMARY KEY,
    requester_id  TEXT NOT NULL REFERENCES accounts (id),
    target_id     TEXT NOT NULL REFERENCES accounts (id),
    -- 'pending', 'accepted', 'rejected' or 'blocked'.
    status        TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    changed_at_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX friendships_by_pair ON friendships (requester_id, target_id);
CREATE INDEX friendships_by_requester ON friendships (requester_id, status);
CREATE INDEX friendships_by_target ON friendships (target_id, status);

-- The sidecars that may have realtime sockets. What one that is silent had is removed by another.
CREATE TABLE realtime_replicas (
    replica  TEXT PRIMARY KEY,
    until_ms BIGINT NOT NULL
);

-- The accounts that are online by a realtime socket, and where.
CREATE TABLE realtime_accounts (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    replica    TEXT NOT NULL,
    PRIMARY KEY (account_id, replica)
);
CREATE INDEX realtime_accounts_by_replica ON realtime_accounts (replica);

-- 1 where an account's friends may see in which map its character is.
ALTER TABLE profiles ADD COLUMN show_map BIGINT NOT NULL DEFAULT 0;

-- What the community's services keep of accounts: profiles, log-ins whose refresh token stays the same, accounts that wait to be
-- activated. Only additions: a sidecar that knows 0008 alone runs on these tables too.

-- 0 for an account that no log-in may begin with.
ALTER TABLE accounts ADD COLUMN activated BIGINT NOT NULL DEFAULT 1;
-- When its owner or an administrator deleted it. The row stays, since what its characters did is in the books.
ALTER TABLE accounts ADD COLUMN deleted_at_ms BIGINT;
CREATE INDEX accounts_by_deletion ON accounts (deleted_at_ms) WHERE deleted_at_ms IS NOT NULL;
-- 0 for a log-in whose refresh token is not replaced when it is used.
ALTER TABLE sessions ADD COLUMN rotates BIGINT NOT NULL DEFAULT 1;

-- The one account that was the first of its database, and so became its administrator. Whoever inserts the row is the first.
CREATE TABLE first_account (
    one        BIGINT PRIMARY KEY CHECK (one = 1),
    account_id TEXT NOT NULL
);
INSERT INTO first_account (one, account_id) SELECT 1, MIN(id) FROM accounts HAVING MIN(id) IS NOT NULL;

-- What others see of an account.
CREATE TABLE profiles (
    account_id   TEXT PRIMARY KEY REFERENCES accounts (id),
    username     TEXT NOT NULL,
    display_name TEXT NOT NULL DEFAULT '',
    profile_url  TEXT NOT NULL DEFAULT '',
    -- A JSON object.
    metadata     TEXT NOT NULL DEFAULT '{}',
    last_seen_ms BIGINT NOT NULL DEFAULT 0,
    -- Both names in small letters, as hexadecimal UTF-8: it sorts alike whatever the database's collation, so that an index
    -- finds names by how they begin. NULL until they are written by this version.
    username_key TEXT,
    display_key  TEXT
);
CREATE UNIQUE INDEX profiles_by_username ON profiles (username);
CREATE INDEX profiles_by_username_key ON profiles (username_key);
CREATE INDEX profiles_by_display_key ON profiles (display_key);

-- Accounts that are there already: their user name where it is plain, else their id.
INSERT INTO profiles (account_id, username, display_name)
SELECT a.id,
       COALESCE((SELECT MIN(c.subject) FROM credentials c
                 WHERE c.account_id = a.id AND c.kind = 'password' AND LENGTH(c.subject) BETWEEN 3 AND 32
                   AND LTRIM(c.subject, 'abcdefghijklmnopqrstuvwxyz0123456789') = ''), REPLACE(a.id, '-', '')),
       COALESCE((SELECT MIN(c.display) FROM credentials c WHERE c.account_id = a.id AND c.kind = 'password'), '')
FROM accounts a;

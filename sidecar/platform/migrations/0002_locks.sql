-- Locks of accounts and servers, and the deadlines of all hand-overs. Deadlines are milliseconds of the database's clock;
-- NULL is no timer. Only additions: a sidecar that knows 0001 alone runs on these tables too.

-- Who speaks for the account: 'none', 'login' or 'gateway:<replica>'; for which log-in; the epoch only grows.
ALTER TABLE accounts ADD COLUMN lock_owner TEXT NOT NULL DEFAULT 'none';
ALTER TABLE accounts ADD COLUMN lock_session TEXT;
ALTER TABLE accounts ADD COLUMN lock_epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN lock_deadline_ms BIGINT;
CREATE INDEX accounts_by_lock_owner ON accounts (lock_owner) WHERE lock_owner <> 'none';
CREATE INDEX accounts_by_lock_deadline ON accounts (lock_deadline_ms) WHERE lock_deadline_ms IS NOT NULL;

ALTER TABLE characters ADD COLUMN lock_deadline_ms BIGINT;
-- The map server without a link that a gateway's lock is lent to: its heartbeats renew the deadline.
ALTER TABLE characters ADD COLUMN lent_to TEXT;
CREATE INDEX characters_by_lock_deadline ON characters (lock_deadline_ms) WHERE lock_deadline_ms IS NOT NULL;
CREATE INDEX characters_by_lent_to ON characters (lent_to) WHERE lent_to IS NOT NULL;

-- One row for each replica ('gateway:<id>') and map server ('map:<id>') that is, or may come back.
CREATE TABLE server_locks (
    id          TEXT PRIMARY KEY,
    -- SHA-256 of the cookie, in hexadecimal.
    cookie_hash TEXT NOT NULL,
    heard_ms    BIGINT NOT NULL,
    deadline_ms BIGINT NOT NULL,
    -- The replica that has, or last had, this map server's link; NULL for one that never opened it.
    linked_to   TEXT,
    -- Whether a replica shares its directory with others (Redis).
    shared      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX server_locks_by_deadline ON server_locks (deadline_ms);

-- When timers were last fired, by any replica: a long gap is an outage of them all.
CREATE TABLE timer_watch (
    one      BIGINT PRIMARY KEY CHECK (one = 1),
    swept_ms BIGINT NOT NULL
);
INSERT INTO timer_watch (one, swept_ms) VALUES (1, 0);

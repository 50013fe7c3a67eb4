-- Leaderboards. Only additions: a sidecar that knows 0009 alone runs on these tables too.

-- A slug names one board after the other: its seasons.
CREATE TABLE leaderboards (
    id            TEXT PRIMARY KEY,
    slug          TEXT NOT NULL,
    title         TEXT NOT NULL,
    description   TEXT NOT NULL DEFAULT '',
    -- 'desc' or 'asc'.
    sort_order    TEXT NOT NULL,
    -- 'set', 'best', 'incr' or 'decr'.
    operator      TEXT NOT NULL,
    starts_at_ms  BIGINT,
    ends_at_ms    BIGINT,
    -- A JSON object.
    metadata      TEXT NOT NULL DEFAULT '{}',
    -- When the season of a board that designers declare began, 0 for one without seasons; NULL for boards of administrators.
    season        BIGINT,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    -- Set when its deletion has begun: its records go a few at a time.
    deleted_at_ms BIGINT
);
CREATE INDEX leaderboards_by_slug ON leaderboards (slug, created_at_ms);
-- Of several sidecars that begin a season, one does.
CREATE UNIQUE INDEX leaderboards_by_season ON leaderboards (slug, season) WHERE season IS NOT NULL;

CREATE TABLE leaderboard_records (
    id             TEXT PRIMARY KEY,
    leaderboard_id TEXT NOT NULL REFERENCES leaderboards (id),
    -- 'user:<id>' or 'label:<text>'.
    owner          TEXT NOT NULL,
    user_id        TEXT REFERENCES accounts (id),
    score          BIGINT NOT NULL,
    -- Where it stands: ascending by points (the score, negative where higher scores are better), then by tie (the second it was
    -- made in and its id, as hexadecimal, which sorts alike whatever the database's collation).
    points         BIGINT NOT NULL,
    tie            TEXT NOT NULL,
    -- A JSON object.
    metadata       TEXT NOT NULL DEFAULT '{}',
    created_at_ms  BIGINT NOT NULL,
    updated_at_ms  BIGINT NOT NULL
);
CREATE UNIQUE INDEX leaderboard_records_by_owner ON leaderboard_records (leaderboard_id, owner);
CREATE UNIQUE INDEX leaderboard_records_by_place ON leaderboard_records (leaderboard_id, points, tie);
CREATE INDEX leaderboard_records_by_user ON leaderboard_records (user_id) WHERE user_id IS NOT NULL;

-- How many records stand in each stretch of a board: from this place up to the next block's. See docs/decisions/0022.
CREATE TABLE leaderboard_blocks (
    leaderboard_id TEXT NOT NULL REFERENCES leaderboards (id),
    points         BIGINT NOT NULL,
    tie            TEXT NOT NULL,
    size           BIGINT NOT NULL,
    PRIMARY KEY (leaderboard_id, points, tie)
);

-- Records whose place in Redis may be an older one. Empty where there is no Redis.
CREATE TABLE leaderboard_index_due (
    record_id      TEXT PRIMARY KEY,
    leaderboard_id TEXT NOT NULL,
    tie            TEXT NOT NULL,
    -- Of the last change, so that a later one is not forgotten with it.
    mark           TEXT NOT NULL,
    at_ms          BIGINT NOT NULL
);
CREATE INDEX leaderboard_index_due_by_time ON leaderboard_index_due (at_ms);

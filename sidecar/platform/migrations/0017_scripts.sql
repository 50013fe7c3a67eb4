-- What scripts keep. Only additions: a sidecar that knows 0016 alone runs on these tables too.

-- Values that scripts keep under a key: of a user, of a lobby, of both, or of nobody. An id that is not there is empty, since NULLs
-- would be different from each other in a key.
CREATE TABLE script_values (
    key           TEXT NOT NULL,
    user_id       TEXT NOT NULL,
    lobby_id      TEXT NOT NULL,
    -- JSON.
    value         TEXT NOT NULL,
    -- Which players may read it: see `Access`.
    access        TEXT NOT NULL,
    changed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (key, user_id, lobby_id)
);
CREATE INDEX script_values_by_user ON script_values (user_id);
CREATE INDEX script_values_by_lobby ON script_values (lobby_id);

-- Functions of scripts that are to be called, since something has happened. Written in the transaction in which it happens, and
-- deleted in the one with what the function does, so that each is done once.
CREATE TABLE due_hooks (
    -- In the order of what has happened.
    id        TEXT PRIMARY KEY,
    plugin    TEXT NOT NULL,
    hook      TEXT NOT NULL,
    -- JSON: a list of `Arg`.
    args      TEXT NOT NULL,
    -- From when on it may be called: 0 until somebody has taken it, and then when that one counts as gone.
    due_at_ms BIGINT NOT NULL
);
CREATE INDEX due_hooks_by_plugin ON due_hooks (plugin, due_at_ms);

-- Functions of scripts that are called again and again.
CREATE TABLE script_schedules (
    plugin  TEXT NOT NULL,
    hook    TEXT NOT NULL,
    -- When, as the script says it.
    cron    TEXT NOT NULL,
    -- The last time for which it is due or was called.
    last_ms BIGINT NOT NULL,
    PRIMARY KEY (plugin, hook)
);

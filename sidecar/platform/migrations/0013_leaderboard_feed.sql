-- What characters did that boards do not count yet. Only additions: a sidecar that knows 0012 alone runs on these tables too.

-- Written in the transaction of the event that it comes from, and deleted in that of the scores it leads to, so that each event
-- counts once. One row for each kind and character, however long nobody counts.
CREATE TABLE leaderboard_feed (
    -- 'kills': how many; 'level', 'gold': the last value.
    event        TEXT NOT NULL,
    character_id TEXT NOT NULL,
    amount       BIGINT NOT NULL,
    PRIMARY KEY (event, character_id)
);

-- Which of the two deadlines of a map server's lock it is: 0 the arrival of a character that is expected, 1 the reclaiming after
-- the map server was away. For whoever reads metrics and logs; nothing is decided by it.
ALTER TABLE characters ADD COLUMN lock_reclaim BIGINT NOT NULL DEFAULT 0;

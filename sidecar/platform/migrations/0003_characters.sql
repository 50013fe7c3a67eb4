-- Names that look alike, deletions that can be undone, appearance. Only additions: a sidecar that knows 0002 alone runs on
-- these tables too.

-- What the name looks like: of two that are taken for each other only one is given. NULL for a row of an older sidecar until
-- a newer one has filled it in. Where such names look alike, the later one's has '/' and its id at the end.
ALTER TABLE characters ADD COLUMN name_key TEXT;
-- When it was renamed last.
ALTER TABLE characters ADD COLUMN renamed_at_ms BIGINT;
-- When it will be deleted, in the database's time; NULL for one that stays.
ALTER TABLE characters ADD COLUMN deletes_at_ms BIGINT;
-- What its player says it looks like, a JSON object; NULL for nothing.
ALTER TABLE characters ADD COLUMN appearance TEXT;
CREATE UNIQUE INDEX characters_by_name_key ON characters (name_key) WHERE deleted_at_ms IS NULL AND name_key IS NOT NULL;
CREATE INDEX characters_without_name_key ON characters (created_at_ms) WHERE deleted_at_ms IS NULL AND name_key IS NULL;
CREATE INDEX characters_by_deletion ON characters (deletes_at_ms) WHERE deleted_at_ms IS NULL AND deletes_at_ms IS NOT NULL;

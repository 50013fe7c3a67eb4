-- Writes down every write for a character, with its lock as it stands with that write. For tests alone.
CREATE TABLE chaos_writes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    character_id TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    owner TEXT NOT NULL,
    sequence BIGINT NOT NULL DEFAULT 0,
    event_key TEXT,
    gold BIGINT NOT NULL DEFAULT 0,
    item TEXT
);

CREATE TRIGGER chaos_lock AFTER UPDATE ON characters
WHEN NEW.lock_owner <> OLD.lock_owner OR NEW.lock_epoch <> OLD.lock_epoch
BEGIN
    INSERT INTO chaos_writes (kind, character_id, epoch, owner) VALUES ('lock', NEW.id, NEW.lock_epoch, NEW.lock_owner);
END;

CREATE TRIGGER chaos_save AFTER UPDATE ON characters
WHEN NEW.soft_state IS NOT OLD.soft_state OR (NEW.save_sequence <> OLD.save_sequence AND NEW.save_sequence <> 0)
BEGIN
    INSERT INTO chaos_writes (kind, character_id, epoch, owner, sequence)
    VALUES ('save', NEW.id, NEW.lock_epoch, NEW.lock_owner, NEW.save_sequence);
END;

CREATE TRIGGER chaos_experience AFTER UPDATE ON characters
WHEN NEW.experience <> OLD.experience OR NEW.level <> OLD.level
BEGIN
    INSERT INTO chaos_writes (kind, character_id, epoch, owner) VALUES ('event', NEW.id, NEW.lock_epoch, NEW.lock_owner);
END;

CREATE TRIGGER chaos_item AFTER INSERT ON item_ledger
BEGIN
    INSERT INTO chaos_writes (kind, character_id, epoch, owner, event_key, item)
    SELECT 'event', id, lock_epoch, lock_owner, NEW.event_key, '-' || NEW.item_id FROM characters
    WHERE NEW.from_owner = 'character:' || id;
    INSERT INTO chaos_writes (kind, character_id, epoch, owner, event_key, item)
    SELECT 'event', id, lock_epoch, lock_owner, NEW.event_key, '+' || NEW.item_id FROM characters
    WHERE NEW.to_owner = 'character:' || id;
END;

CREATE TRIGGER chaos_gold AFTER INSERT ON gold_ledger
BEGIN
    INSERT INTO chaos_writes (kind, character_id, epoch, owner, event_key, gold)
    SELECT 'event', id, lock_epoch, lock_owner, NEW.event_key, -NEW.amount FROM characters
    WHERE NEW.from_owner = 'character:' || id;
    INSERT INTO chaos_writes (kind, character_id, epoch, owner, event_key, gold)
    SELECT 'event', id, lock_epoch, lock_owner, NEW.event_key, NEW.amount FROM characters
    WHERE NEW.to_owner = 'character:' || id;
END;

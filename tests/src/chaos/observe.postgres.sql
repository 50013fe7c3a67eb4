-- Writes down every write for a character, with its lock as it stands with that write. For tests alone.
CREATE TABLE chaos_writes (
    id BIGSERIAL PRIMARY KEY,
    kind TEXT NOT NULL,
    character_id TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    owner TEXT NOT NULL,
    sequence BIGINT NOT NULL DEFAULT 0,
    event_key TEXT,
    gold BIGINT NOT NULL DEFAULT 0,
    item TEXT,
    txid BIGINT NOT NULL DEFAULT txid_current(),
    at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);

CREATE FUNCTION chaos_character() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.lock_owner <> OLD.lock_owner OR NEW.lock_epoch <> OLD.lock_epoch THEN
        INSERT INTO chaos_writes (kind, character_id, epoch, owner)
        VALUES ('lock', NEW.id, NEW.lock_epoch, NEW.lock_owner);
    END IF;
    IF NEW.soft_state IS DISTINCT FROM OLD.soft_state
        OR (NEW.save_sequence <> OLD.save_sequence AND NEW.save_sequence <> 0) THEN
        INSERT INTO chaos_writes (kind, character_id, epoch, owner, sequence)
        VALUES ('save', NEW.id, NEW.lock_epoch, NEW.lock_owner, NEW.save_sequence);
    END IF;
    IF NEW.experience <> OLD.experience OR NEW.level <> OLD.level THEN
        INSERT INTO chaos_writes (kind, character_id, epoch, owner)
        VALUES ('event', NEW.id, NEW.lock_epoch, NEW.lock_owner);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_character AFTER UPDATE ON characters FOR EACH ROW EXECUTE FUNCTION chaos_character();

CREATE FUNCTION chaos_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos_writes (kind, character_id, epoch, owner, event_key, item)
    SELECT 'event', id, lock_epoch, lock_owner, NEW.event_key, '-' || NEW.item_id FROM characters
    WHERE NEW.from_owner = 'character:' || id;
    INSERT INTO chaos_writes (kind, character_id, epoch, owner, event_key, item)
    SELECT 'event', id, lock_epoch, lock_owner, NEW.event_key, '+' || NEW.item_id FROM characters
    WHERE NEW.to_owner = 'character:' || id;
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_item AFTER INSERT ON item_ledger FOR EACH ROW EXECUTE FUNCTION chaos_item();

CREATE FUNCTION chaos_gold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos_writes (kind, character_id, epoch, owner, event_key, gold)
    SELECT 'event', id, lock_epoch, lock_owner, NEW.event_key, -NEW.amount FROM characters
    WHERE NEW.from_owner = 'character:' || id;
    INSERT INTO chaos_writes (kind, character_id, epoch, owner, event_key, gold)
    SELECT 'event', id, lock_epoch, lock_owner, NEW.event_key, NEW.amount FROM characters
    WHERE NEW.to_owner = 'character:' || id;
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_gold AFTER INSERT ON gold_ledger FOR EACH ROW EXECUTE FUNCTION chaos_gold();

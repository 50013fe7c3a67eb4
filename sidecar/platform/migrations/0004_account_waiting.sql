-- The newer log-in that the lock of an account waits for while a gateway holds it for an older one, and until when.
ALTER TABLE accounts ADD COLUMN lock_waiting TEXT;
ALTER TABLE accounts ADD COLUMN lock_waiting_until_ms BIGINT;
CREATE INDEX accounts_by_lock_waiting ON accounts (lock_waiting_until_ms) WHERE lock_waiting_until_ms IS NOT NULL;

-- Finds the administrators without reading all accounts. Only additions: a sidecar that knows 0019 alone runs on these tables too.
CREATE INDEX accounts_administrators ON accounts (id) WHERE role = 'admin';

-- What makes the first administrator of a realm that has none: a hash of the code that the newest start has printed.
CREATE TABLE administrator_code (
    one  BIGINT PRIMARY KEY CHECK (one = 1),
    hash TEXT NOT NULL
);

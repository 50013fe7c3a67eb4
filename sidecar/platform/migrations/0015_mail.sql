-- Mails: what somebody has asked to be written to an address, until a while after its link has ended. Only additions.
CREATE TABLE mails (
    id            TEXT PRIMARY KEY,
    -- 'sign-up', 'address', 'reset': with a link. 'known', 'changed': without.
    kind          TEXT NOT NULL,
    address       TEXT NOT NULL,
    -- Whom it is about; NULL for a sign-up, and where nobody has the address. Then nothing is sent.
    account_id    TEXT,
    -- The account's when it was asked: whatever ends its log-ins also ends the link.
    token_version BIGINT NOT NULL DEFAULT 0,
    -- The hash of the password that the link sets; empty for none.
    secret        TEXT NOT NULL DEFAULT '',
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    used_at_ms    BIGINT,
    -- When it is to be sent, or tried again; later while somebody sends it. NULL when there is nothing to send any more.
    due_at_ms     BIGINT,
    tries         BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX mails_by_due ON mails (due_at_ms) WHERE due_at_ms IS NOT NULL;
CREATE INDEX mails_by_address ON mails (address, created_at_ms);
CREATE INDEX mails_by_account ON mails (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX mails_by_expiry ON mails (expires_at_ms);

-- The links of a mail, hashed. Each try has one of its own, which exists nowhere else but in what is sent.
CREATE TABLE mail_links (
    token_hash TEXT PRIMARY KEY,
    mail_id    TEXT NOT NULL
);
CREATE INDEX mail_links_by_mail ON mail_links (mail_id);

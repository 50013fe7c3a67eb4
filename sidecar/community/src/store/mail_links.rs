//! What the links of mails do: each once, all of it or nothing.

use realmgate_platform::accounts::{NameLength, NewAccount, insert};
use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{parse_id, to_sql_ms};
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_platform::database::retry::retried;
use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use super::credentials::remove_devices;
use super::endings::end_log_ins;
use super::mails::{MailKind, insert_news, insert_news_to, token_hash};
use super::{AccountStore, MailStore};

/// What a link is for, before it is used.
#[derive(Debug, Clone)]
pub struct Link {
    /// What it does.
    pub kind: MailKind,
    /// The address that it was sent to.
    pub address: String,
    /// Whose it is; `None` for a sign-up.
    pub account: Option<AccountId>,
    mail: String,
    token_version: i64,
    secret: String,
}

/// What using a link has done.
#[derive(Debug, PartialEq, Eq)]
pub enum Used {
    /// It is done. These log-ins of the account have ended.
    Done(AccountId, Vec<Uuid>),
    /// It can be done no more: the link was used, has ended, or somebody else has the address by now.
    Gone,
    /// The user name of the account to be made is taken.
    NameTaken,
}

type LinkRow = (String, String, String, Option<String>, i64, String);

impl Link {
    /// The same link, which sets the password of this hash.
    pub fn with_password(self, hash: String) -> Self {
        Self { secret: hash, ..self }
    }
}

/// An account that a confirmed address makes.
#[derive(Debug, Clone, Copy)]
pub struct NewSignUp<'a> {
    /// Its unique name.
    pub username: &'a str,
    /// Whether it may log in at once.
    pub activated: bool,
    /// Whether somebody on this machine makes it.
    pub from_this_machine: bool,
    /// The time of creation in Unix milliseconds.
    pub at_ms: u64,
}

impl MailStore {
    /// What a link is for; `None` for one that was used, has ended or never was.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn link(&self, token: &str, now_ms: u64) -> sqlx::Result<Option<Link>> {
        let mut db = self.0.read("find_mail_link").await?;
        let row: Option<LinkRow> = sqlx::query_as(
            "SELECT m.id, m.kind, m.address, m.account_id, m.token_version, m.secret
             FROM mail_links l JOIN mails m ON m.id = l.mail_id
             WHERE l.token_hash = $1 AND m.used_at_ms IS NULL AND m.expires_at_ms > $2
               AND (m.account_id IS NULL OR EXISTS (
                   SELECT 1 FROM accounts a WHERE a.id = m.account_id AND a.token_version = m.token_version))",
        )
        .bind(token_hash(token))
        .bind(to_sql_ms(now_ms))
        .fetch_optional(&mut *db)
        .await?;
        let Some((mail, kind, address, account, token_version, secret)) = row else { return Ok(None) };
        let Some(kind) = MailKind::of(&kind) else { return Ok(None) };
        let account = account.map(|account| parse_id("account_id", &account)).transpose()?;
        Ok(Some(Link { kind, address, account, mail, token_version, secret }))
    }

    /// Makes the account of a sign-up.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn sign_up(&self, link: &Link, new: NewSignUp<'_>) -> sqlx::Result<Used> {
        retried!("sign_up", self.try_sign_up(link, new))
    }

    async fn try_sign_up(&self, link: &Link, new: NewSignUp<'_>) -> sqlx::Result<Used> {
        let NewSignUp { username, activated, from_this_machine, at_ms } = new;
        let mut tx = self.0.begin_write("sign_up").await?;
        let id = AccountId::from(Uuid::now_v7());
        if !mark_used(&mut tx, link, at_ms).await? {
            return Ok(Used::Gone);
        }
        let length = NameLength::ANY;
        let new_account = NewAccount { id, username, length, display_name: "", activated, from_this_machine, at_ms };
        insert(&mut tx, self.0.hook_subscriptions(), new_account).await?;
        let called: String = sqlx::query_scalar("SELECT username FROM profiles WHERE account_id = $1")
            .bind(id.to_string())
            .fetch_one(&mut *tx)
            .await?;
        if called != username {
            return Ok(Used::NameTaken);
        }
        if !insert_address(&mut tx, id, &link.address, &link.secret, at_ms).await? {
            return Ok(Used::Gone);
        }
        tx.commit().await?;
        Ok(Used::Done(id, Vec::new()))
    }

    /// Gives an account the address of the link. In place of another one, that ends every log-in, and the other address is
    /// told.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn set_address(&self, link: &Link, at_ms: u64) -> sqlx::Result<Used> {
        retried!("set_address", self.try_set_address(link, at_ms))
    }

    async fn try_set_address(&self, link: &Link, at_ms: u64) -> sqlx::Result<Used> {
        let Some(account) = link.account else { return Ok(Used::Gone) };
        let mut tx = self.0.begin_write("set_address").await?;
        if !(is_unchanged(&mut tx, link, account).await? && mark_used(&mut tx, link, at_ms).await?) {
            return Ok(Used::Gone);
        }
        let id = account.to_string();
        let rows: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT kind, subject, secret FROM credentials
             WHERE account_id = $1 AND kind IN ('email', 'password') ORDER BY kind",
        )
        .bind(&id)
        .fetch_all(&mut *tx)
        .await?;
        // The password that the account has goes on; the link's is for one that has none.
        let secret = rows.iter().find(|row| !row.2.is_empty()).map_or(&link.secret, |row| &row.2);
        let before = rows.iter().find(|row| row.0 == "email").map(|row| row.1.clone());
        let remove = "DELETE FROM credentials WHERE account_id = $1 AND kind = 'email'";
        sqlx::query(remove).bind(&id).execute(&mut *tx).await?;
        if !insert_address(&mut tx, account, &link.address, secret, at_ms).await? {
            return Ok(Used::Gone);
        }
        let mut ended = Vec::new();
        if let Some(before) = before.filter(|before| *before != link.address) {
            ended = end_log_ins(&mut tx, account, at_ms).await?;
            insert_news_to(&mut tx, &before, Some(account), MailKind::Changed, at_ms).await?;
        }
        tx.commit().await?;
        Ok(Used::Done(account, ended))
    }

    /// Sets the password of the link's account, under every name that it has, and ends every log-in.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn reset_password(&self, link: &Link, hash: &str, at_ms: u64) -> sqlx::Result<Used> {
        retried!("reset_password", self.try_reset_password(link, hash, at_ms))
    }

    async fn try_reset_password(&self, link: &Link, hash: &str, at_ms: u64) -> sqlx::Result<Used> {
        let Some(account) = link.account else { return Ok(Used::Gone) };
        let mut tx = self.0.begin_write("reset_password").await?;
        if !(is_unchanged(&mut tx, link, account).await? && mark_used(&mut tx, link, at_ms).await?) {
            return Ok(Used::Gone);
        }
        sqlx::query("UPDATE credentials SET secret = $2 WHERE account_id = $1 AND kind IN ('email', 'password')")
            .bind(account.to_string())
            .bind(hash)
            .execute(&mut *tx)
            .await?;
        remove_devices(&mut tx, account).await?;
        insert_news(&mut tx, account, MailKind::Password, at_ms).await?;
        let ended = end_log_ins(&mut tx, account, at_ms).await?;
        tx.commit().await?;
        Ok(Used::Done(account, ended))
    }
}

impl AccountStore {
    /// The account that has this address, and its token version.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn find_address(&self, address: &str) -> sqlx::Result<Option<(AccountId, i64)>> {
        let mut db = self.0.read("find_address").await?;
        let row: Option<(String, i64)> = sqlx::query_as(
            "SELECT a.id, a.token_version FROM credentials c JOIN accounts a ON a.id = c.account_id
             WHERE c.kind = 'email' AND c.subject = $1",
        )
        .bind(address)
        .fetch_optional(&mut *db)
        .await?;
        row.map(|(id, version)| Ok((parse_id("accounts.id", &id)?, version))).transpose()
    }

    /// The token version of an account; `None` if there is no such account.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn token_version(&self, account: AccountId) -> sqlx::Result<Option<i64>> {
        let mut db = self.0.read("token_version").await?;
        let query = "SELECT token_version FROM accounts WHERE id = $1 AND deleted_at_ms IS NULL";
        sqlx::query_scalar(query).bind(account.to_string()).fetch_optional(&mut *db).await
    }
}

/// Locks the link's account. `false` where its log-ins were ended since the mail was asked for: so was the link.
async fn is_unchanged(db: &mut SqlConnection, link: &Link, account: AccountId) -> sqlx::Result<bool> {
    lock_rows(db, Rows::Accounts, [account.to_string()]).await?;
    let query = "SELECT token_version FROM accounts WHERE id = $1 AND deleted_at_ms IS NULL";
    let version: Option<i64> = sqlx::query_scalar(query).bind(account.to_string()).fetch_optional(db).await?;
    Ok(version == Some(link.token_version))
}

/// Uses a link; `false` if somebody else was quicker. After the account's row is locked: everybody locks in that order.
async fn mark_used(db: &mut SqlConnection, link: &Link, at_ms: u64) -> sqlx::Result<bool> {
    let mark = "UPDATE mails SET used_at_ms = $2, due_at_ms = NULL WHERE id = $1 AND used_at_ms IS NULL";
    let marked = sqlx::query(mark).bind(&link.mail).bind(to_sql_ms(at_ms)).execute(db).await?;
    Ok(marked.rows_affected() > 0)
}

/// Inserts an address; `false` if somebody has it.
pub(super) async fn insert_address(
    db: &mut SqlConnection,
    account: AccountId,
    address: &str,
    secret: &str,
    at_ms: u64,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO credentials (kind, subject, secret, display, account_id, created_at_ms)
         VALUES ('email', $1, $2, $1, $3, $4) ON CONFLICT (kind, subject) DO NOTHING",
    );
    let done = done.bind(address).bind(secret).bind(account.to_string()).bind(to_sql_ms(at_ms)).execute(db).await?;
    Ok(done.rows_affected() > 0)
}

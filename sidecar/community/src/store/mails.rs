//! Mails that were asked for, and the sending of those that are due.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_platform::database::columns::{from_sql_ms, to_sql_ms};
use realmgate_platform::database::{SqlConnection, SqlStore};
use realmgate_protocol::ids::AccountId;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// An hour, within which an address gets a limited number of mails of a kind.
const HOUR_MS: u64 = 60 * 60 * 1_000;
/// How long a mail stands for others that say the same.
const STANDS_MS: u64 = 15 * 60 * 1_000;

/// How long a mail that only reports something may wait for being sent, in milliseconds.
const NEWS_MS: u64 = 24 * 60 * 60 * 1_000;

/// What a mail is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// Its link makes an account.
    SignUp,
    /// Its link gives an account this address.
    Address,
    /// Its link sets a new password.
    Reset,
    /// Somebody has signed up with an address that has an account.
    Known,
    /// The account has another address now.
    Changed,
    /// The account has another password now.
    Password,
    /// A device opens the account now.
    Device,
    /// An account at a provider opens the account now.
    Provider,
    /// The account was deleted.
    Deleted,
}

/// A mail to be written.
#[derive(Debug, Clone)]
pub struct NewMail<'a> {
    /// What it is for.
    pub kind: MailKind,
    /// To whom.
    pub address: &'a str,
    /// Whom it is about.
    pub account: Option<AccountId>,
    /// The account's token version.
    pub token_version: i64,
    /// The hash of the password that its link sets; empty for none.
    pub secret: &'a str,
    /// Whether it is sent: nothing is to somebody who has no account, and is noted all the same.
    pub is_sent: bool,
    /// The time in Unix milliseconds.
    pub at_ms: u64,
    /// How long its link lives, in milliseconds.
    pub lives_ms: u64,
}

/// A mail that this sidecar has taken to send.
#[derive(Debug, Clone)]
pub struct DueMail {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub kind: MailKind,
    /// To whom.
    pub address: String,
    /// How often it was tried before.
    pub tries: u32,
    /// Until when it is this sidecar's, in Unix milliseconds.
    pub leased_until_ms: u64,
}

/// What an address has been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// The mail is due, or another that says the same was asked for just now.
    Done,
    /// The address has had as many of this kind within an hour as it may; the oldest of them was so many milliseconds ago.
    TooMany(u64),
}

/// Mails, and what is due.
#[derive(Clone)]
pub struct MailStore(pub(super) SqlStore);

impl MailKind {
    const ALL: [Self; 9] = [
        Self::SignUp,
        Self::Address,
        Self::Reset,
        Self::Known,
        Self::Changed,
        Self::Password,
        Self::Device,
        Self::Provider,
        Self::Deleted,
    ];

    /// As the database has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::Address => "address",
            Self::Reset => "reset",
            Self::Known => "known",
            Self::Changed => "changed",
            Self::Password => "password",
            Self::Device => "device",
            Self::Provider => "provider",
            Self::Deleted => "deleted",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it has a link.
    pub fn has_link(self) -> bool {
        matches!(self, Self::SignUp | Self::Address | Self::Reset)
    }
}

/// What is stored of a link's token: whoever knows it may do what the link says.
pub(super) fn token_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

/// Notes a mail within a transaction.
pub(super) async fn insert_mail(db: &mut SqlConnection, new: &NewMail<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO mails (id, kind, address, account_id, token_version, secret, created_at_ms, expires_at_ms, due_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(Uuid::now_v7().to_string())
    .bind(new.kind.name())
    .bind(new.address)
    .bind(new.account.map(|account| account.to_string()))
    .bind(new.token_version)
    .bind(new.secret)
    .bind(to_sql_ms(new.at_ms))
    .bind(to_sql_ms(new.at_ms + new.lives_ms))
    .bind(new.is_sent.then(|| to_sql_ms(new.at_ms)))
    .execute(db)
    .await
    .map(|_| ())
}

/// Notes a mail to the address of an account, if it has one: what opens it has changed.
pub(super) async fn insert_news(
    db: &mut SqlConnection,
    account: AccountId,
    kind: MailKind,
    at_ms: u64,
) -> sqlx::Result<()> {
    let address = "SELECT subject FROM credentials WHERE account_id = $1 AND kind = 'email'";
    let address: Option<String> =
        sqlx::query_scalar(address).bind(account.to_string()).fetch_optional(&mut *db).await?;
    let Some(address) = address else { return Ok(()) };
    insert_news_to(db, &address, Some(account), kind, at_ms).await
}

/// The same to an address that the account had.
pub(super) async fn insert_news_to(
    db: &mut SqlConnection,
    address: &str,
    account: Option<AccountId>,
    kind: MailKind,
    at_ms: u64,
) -> sqlx::Result<()> {
    let (token_version, secret, is_sent) = (0, "", true);
    let new = NewMail { kind, address, account, token_version, secret, is_sent, at_ms, lives_ms: NEWS_MS };
    insert_mail(db, &new).await
}

impl MailStore {
    /// The mails in a database.
    pub fn new(sql: SqlStore) -> Self {
        Self(sql)
    }

    /// Notes a mail, unless its address has had `most` of its kind within the last hour. One that says the same as a mail of the last 15
    /// minutes, whose link was not used, is not sent: the first one serves.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn ask(&self, new: &NewMail<'_>, most: u32) -> sqlx::Result<Noted> {
        let mut tx = self.0.begin_write("ask_for_mail").await?;
        let stands = "SELECT id FROM mails WHERE address = $1 AND created_at_ms > $2 AND kind = $3 AND used_at_ms IS NULL \
                      AND COALESCE(account_id, '') = $4 AND token_version = $5 AND secret = $6 LIMIT 1";
        let stands: Option<String> = sqlx::query_scalar(stands)
            .bind(new.address)
            .bind(to_sql_ms(new.at_ms.saturating_sub(STANDS_MS)))
            .bind(new.kind.name())
            .bind(new.account.map(|account| account.to_string()).unwrap_or_default())
            .bind(new.token_version)
            .bind(new.secret)
            .fetch_optional(&mut *tx)
            .await?;
        if stands.is_some() {
            return Ok(Noted::Done);
        }
        let recent = "SELECT created_at_ms FROM mails WHERE address = $1 AND created_at_ms > $2 AND kind = $3 \
                      ORDER BY created_at_ms";
        let recent: Vec<i64> = sqlx::query_scalar(recent)
            .bind(new.address)
            .bind(to_sql_ms(new.at_ms.saturating_sub(HOUR_MS)))
            .bind(new.kind.name())
            .fetch_all(&mut *tx)
            .await?;
        if recent.len() >= most as usize {
            let oldest = recent.first().copied().map_or(new.at_ms, from_sql_ms);
            return Ok(Noted::TooMany(new.at_ms.saturating_sub(oldest)));
        }
        insert_mail(&mut tx, new).await?;
        tx.commit().await?;
        Ok(Noted::Done)
    }

    /// Takes up to `most` mails that are due, for `lease_ms`. Whoever does not say until then that a mail was sent or has
    /// failed has ended, and somebody else takes it.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn take_due(&self, most: usize, now_ms: u64, lease_ms: u64) -> sqlx::Result<Vec<DueMail>> {
        let query = "SELECT id, kind, address, tries, due_at_ms FROM mails
             WHERE due_at_ms <= $1 AND expires_at_ms > $1 ORDER BY due_at_ms LIMIT $2";
        let due: Vec<(String, String, String, i64, i64)> = {
            let mut db = self.0.read("due_mails").await?;
            let limit = i64::try_from(most).unwrap_or(i64::MAX);
            sqlx::query_as(query).bind(to_sql_ms(now_ms)).bind(limit).fetch_all(&mut *db).await?
        };
        let mut taken = Vec::new();
        for (id, kind, address, tries, due_at_ms) in due {
            let leased_until_ms = now_ms + lease_ms;
            let mut db = self.0.write("take_mail").await?;
            let take = "UPDATE mails SET due_at_ms = $3, tries = tries + 1 WHERE id = $1 AND due_at_ms = $2";
            let take = sqlx::query(take).bind(&id).bind(due_at_ms).bind(to_sql_ms(leased_until_ms));
            if take.execute(&mut *db).await?.rows_affected() == 0 {
                continue; // another sidecar was quicker
            }
            let Some(kind) = MailKind::of(&kind) else { continue };
            let tries = u32::try_from(tries).unwrap_or(u32::MAX);
            taken.push(DueMail { id, kind, address, tries, leased_until_ms });
        }
        Ok(taken)
    }

    /// How many mails are not sent yet.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn count_waiting(&self, now_ms: u64) -> sqlx::Result<i64> {
        let query = "SELECT COUNT(*) FROM mails WHERE due_at_ms IS NOT NULL AND expires_at_ms > $1";
        let mut db = self.0.read("count_waiting_mails").await?;
        sqlx::query_scalar(query).bind(to_sql_ms(now_ms)).fetch_one(&mut *db).await
    }

    /// Notes that whoever shows this token may use the mail's link.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn add_link(&self, mail: &str, token: &str) -> sqlx::Result<()> {
        let mut db = self.0.write("add_mail_link").await?;
        let insert = "INSERT INTO mail_links (token_hash, mail_id) VALUES ($1, $2)";
        sqlx::query(insert).bind(token_hash(token)).bind(mail).execute(&mut *db).await.map(|_| ())
    }

    /// Sets when a mail that was taken is tried again, or that it was sent. Does nothing when the lease has ended.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn settle(&self, mail: &DueMail, again_at_ms: Option<u64>) -> sqlx::Result<()> {
        let mut db = self.0.write("settle_mail").await?;
        sqlx::query("UPDATE mails SET due_at_ms = $3 WHERE id = $1 AND due_at_ms = $2")
            .bind(&mail.id)
            .bind(to_sql_ms(mail.leased_until_ms))
            .bind(again_at_ms.map(to_sql_ms))
            .execute(&mut *db)
            .await
            .map(|_| ())
    }

    /// Forgets mails whose links have ended an hour ago or more. Returns how many of them could never be sent.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn sweep(&self, now_ms: u64) -> sqlx::Result<u64> {
        let past = to_sql_ms(now_ms.saturating_sub(HOUR_MS));
        let mut tx = self.0.begin_write("sweep_mails").await?;
        sqlx::query("DELETE FROM mail_links WHERE mail_id IN (SELECT id FROM mails WHERE expires_at_ms <= $1)")
            .bind(past)
            .execute(&mut *tx)
            .await?;
        let lost = "DELETE FROM mails WHERE expires_at_ms <= $1 AND due_at_ms IS NOT NULL";
        let lost = sqlx::query(lost).bind(past).execute(&mut *tx).await?.rows_affected();
        sqlx::query("DELETE FROM mails WHERE expires_at_ms <= $1").bind(past).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(lost)
    }
}

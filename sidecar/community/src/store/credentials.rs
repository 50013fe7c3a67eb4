//! The ways to log in to an account: passwords under a name or an address, and a device.

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{parse_id, to_sql_ms};
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use super::accounts::{AccountStore, insert_device};
use super::endings::end_log_ins;
use super::mails::{MailKind, insert_news};

/// A password that may open an account.
#[derive(Debug, Clone)]
pub struct PasswordRow {
    /// The account.
    pub account: AccountId,
    /// The PHC string of the password.
    pub hash: String,
    kind: String,
    subject: String,
}

/// How an account may be logged in to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ways {
    /// Its address; empty for none.
    pub email: String,
    /// Whether it has a password.
    pub password: bool,
    /// Whether a device opens it.
    pub device: bool,
    /// The names of the providers whose accounts open it.
    pub providers: Vec<String>,
}

/// The outcome of unlinking a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlinked {
    /// No device opens the account any more.
    Done,
    /// Nothing else does.
    LastWay,
}

impl AccountStore {
    /// Finds the password of an address or, if nobody has that, of the name that an account was registered under.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn find_password(&self, name: &str) -> sqlx::Result<Option<PasswordRow>> {
        let mut db = self.0.read("find_password").await?;
        // 'email' is before 'password'.
        let row: Option<(String, String, String)> = sqlx::query_as(
            "SELECT account_id, secret, kind FROM credentials
             WHERE kind IN ('email', 'password') AND subject = $1 AND secret <> '' ORDER BY kind LIMIT 1",
        )
        .bind(name)
        .fetch_optional(&mut *db)
        .await?;
        row.map(|(account, hash, kind)| {
            Ok(PasswordRow { account: parse_id("account_id", &account)?, hash, kind, subject: name.to_owned() })
        })
        .transpose()
    }

    /// Replaces the hash of a password if it is still the one that was found.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn renew_password(&self, found: &PasswordRow, hash: &str) -> sqlx::Result<()> {
        let mut db = self.0.write("renew_password").await?;
        sqlx::query("UPDATE credentials SET secret = $4 WHERE kind = $1 AND subject = $2 AND secret = $3")
            .bind(&found.kind)
            .bind(&found.subject)
            .bind(&found.hash)
            .bind(hash)
            .execute(&mut *db)
            .await
            .map(|_| ())
    }

    /// The name or address under which the account has a password; `None` if it has none.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn password_name(&self, account: AccountId) -> sqlx::Result<Option<String>> {
        let mut db = self.0.read("password_name").await?;
        sqlx::query_scalar(
            "SELECT subject FROM credentials
             WHERE account_id = $1 AND kind IN ('email', 'password') AND secret <> '' ORDER BY kind LIMIT 1",
        )
        .bind(account.to_string())
        .fetch_optional(&mut *db)
        .await
    }

    /// How an account may be logged in to.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn ways(&self, account: AccountId) -> sqlx::Result<Ways> {
        let mut db = self.0.read("ways_in").await?;
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT kind, subject, secret FROM credentials WHERE account_id = $1")
                .bind(account.to_string())
                .fetch_all(&mut *db)
                .await?;
        let mut ways = Ways::default();
        for (kind, subject, secret) in rows {
            match kind.as_str() {
                "email" => (ways.email, ways.password) = (subject, ways.password || !secret.is_empty()),
                "password" => ways.password = true,
                "device" => ways.device = true,
                _ => ways.providers.push(kind),
            }
        }
        Ok(ways)
    }

    /// Sets the password of every name of the account, and ends all its log-ins; its devices open it no more. One that has no password
    /// gets one under its user name, and keeps its device. Returns the log-ins, or `None` if somebody registered under that name.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn set_password(&self, account: AccountId, hash: &str, at_ms: u64) -> sqlx::Result<Option<Vec<Uuid>>> {
        let mut tx = self.0.begin_write("set_password").await?;
        let id = account.to_string();
        lock_rows(&mut tx, Rows::Accounts, [id.clone()]).await?;
        let set = "UPDATE credentials SET secret = $2 WHERE account_id = $1 AND kind IN ('email', 'password')";
        if sqlx::query(set).bind(&id).bind(hash).execute(&mut *tx).await?.rows_affected() == 0 {
            let added = sqlx::query(
                "INSERT INTO credentials (kind, subject, secret, display, account_id, created_at_ms)
                 SELECT 'password', username, $2, username, account_id, $3 FROM profiles WHERE account_id = $1
                 ON CONFLICT (kind, subject) DO NOTHING",
            );
            let added = added.bind(&id).bind(hash).bind(to_sql_ms(at_ms)).execute(&mut *tx).await?;
            if added.rows_affected() == 0 {
                return Ok(None);
            }
        } else {
            remove_devices(&mut tx, account).await?;
        }
        insert_news(&mut tx, account, MailKind::Password, at_ms).await?;
        let ended = end_log_ins(&mut tx, account, at_ms).await?;
        tx.commit().await?;
        Ok(Some(ended))
    }

    /// Links a device to an account that has none. Does nothing if it has one, or the device opens another account.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn add_device(&self, account: AccountId, device: &str, at_ms: u64) -> sqlx::Result<()> {
        let mut tx = self.0.begin_write("link_device").await?;
        lock_rows(&mut tx, Rows::Accounts, [account.to_string()]).await?;
        let has = "SELECT subject FROM credentials WHERE account_id = $1 AND kind = 'device'";
        let has: Option<String> = sqlx::query_scalar(has).bind(account.to_string()).fetch_optional(&mut *tx).await?;
        if has.is_none() && insert_device(&mut tx, account, device, at_ms).await? {
            insert_news(&mut tx, account, MailKind::Device, at_ms).await?;
        }
        tx.commit().await
    }

    /// Links a device in place of an earlier one. Returns `false` if it opens another account.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn replace_device(&self, account: AccountId, device: &str, at_ms: u64) -> sqlx::Result<bool> {
        let mut tx = self.0.begin_write("link_device").await?;
        lock_rows(&mut tx, Rows::Accounts, [account.to_string()]).await?;
        sqlx::query("DELETE FROM credentials WHERE account_id = $1 AND kind = 'device'")
            .bind(account.to_string())
            .execute(&mut *tx)
            .await?;
        if !insert_device(&mut tx, account, device, at_ms).await? {
            return Ok(false);
        }
        insert_news(&mut tx, account, MailKind::Device, at_ms).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Unlinks an account's device, unless nothing else opens the account.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn unlink_device(&self, account: AccountId) -> sqlx::Result<Unlinked> {
        let mut tx = self.0.begin_write("unlink_device").await?;
        lock_rows(&mut tx, Rows::Accounts, [account.to_string()]).await?;
        let kinds: Vec<String> = sqlx::query_scalar(
            "SELECT kind FROM credentials
             WHERE account_id = $1 AND (secret <> '' OR kind NOT IN ('email', 'password'))",
        )
        .bind(account.to_string())
        .fetch_all(&mut *tx)
        .await?;
        if kinds.iter().any(|kind| kind == "device") && kinds.iter().all(|kind| kind == "device") {
            return Ok(Unlinked::LastWay);
        }
        sqlx::query("DELETE FROM credentials WHERE account_id = $1 AND kind = 'device'")
            .bind(account.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Unlinked::Done)
    }
}

/// Removes the devices of an account that gets another password: somebody who had the old one may have linked theirs.
pub(super) async fn remove_devices(db: &mut SqlConnection, account: AccountId) -> sqlx::Result<()> {
    let remove = "DELETE FROM credentials WHERE account_id = $1 AND kind = 'device'";
    sqlx::query(remove).bind(account.to_string()).execute(db).await.map(|_| ())
}

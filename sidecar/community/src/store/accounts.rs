//! Accounts that a device makes, in what form its secret is kept, and the store that all of this is about.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_platform::accounts::{NameLength, NewAccount, insert};
use realmgate_platform::database::columns::{parse_id, to_sql_ms};
use realmgate_platform::database::{SqlConnection, SqlStore};
use realmgate_protocol::ids::AccountId;
use sha2::{Digest, Sha256};

use super::guests;

/// Accounts, their profiles and their credentials.
#[derive(Clone)]
pub struct AccountStore(pub(super) SqlStore);

/// An account that a device's id opens.
#[derive(Debug, Clone, Copy)]
pub struct NewDevice<'a> {
    /// The account's id.
    pub account: AccountId,
    /// The device's id.
    pub device: &'a str,
    /// The account's unique name.
    pub username: &'a str,
    /// Whether it may log in at once.
    pub activated: bool,
    /// Whether somebody on this machine makes it.
    pub from_this_machine: bool,
    /// The time of creation in Unix milliseconds.
    pub at_ms: u64,
}

/// What is stored of a device's id: whoever knows it has the account.
pub(super) fn device_hash(device: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(device.as_bytes()))
}

impl AccountStore {
    /// The accounts in a database.
    pub fn new(sql: SqlStore) -> Self {
        Self(sql)
    }

    /// Finds the account that a device's id opens.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn find_device(&self, device: &str) -> sqlx::Result<Option<AccountId>> {
        let mut db = self.0.read("find_device").await?;
        let query = "SELECT account_id FROM credentials WHERE kind = 'device' AND subject = $1";
        let id: Option<String> = sqlx::query_scalar(query).bind(device_hash(device)).fetch_optional(&mut *db).await?;
        id.map(|id| parse_id("account_id", &id)).transpose()
    }

    /// Creates an account that a device's id opens. Returns `false` if the name or the device is taken.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn create_by_device(&self, new: NewDevice<'_>) -> sqlx::Result<bool> {
        let mut tx = self.0.begin_write("create_account").await?;
        let NewDevice { account: id, username, activated, from_this_machine, at_ms, .. } = new;
        let length = NameLength::ANY;
        let new_account = NewAccount { id, username, length, display_name: "", activated, from_this_machine, at_ms };
        insert(&mut tx, self.0.hook_subscriptions(), new_account).await?;
        let called: String = sqlx::query_scalar("SELECT username FROM profiles WHERE account_id = $1")
            .bind(id.to_string())
            .fetch_one(&mut *tx)
            .await?;
        if called != username || !insert_device(&mut tx, id, new.device, at_ms).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        guests::insert(&mut tx, id, at_ms).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Inserts a device's credential; `false` if it opens an account already.
pub(super) async fn insert_device(
    db: &mut SqlConnection,
    account: AccountId,
    device: &str,
    at_ms: u64,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO credentials (kind, subject, secret, display, account_id, created_at_ms)
         VALUES ('device', $1, '', '', $2, $3) ON CONFLICT (kind, subject) DO NOTHING",
    )
    .bind(device_hash(device))
    .bind(account.to_string())
    .bind(to_sql_ms(at_ms))
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

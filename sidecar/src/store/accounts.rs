//! Accounts and the credentials for logging in to them.

use realmgate_protocol::ids::AccountId;

use realmgate_platform::accounts::{NameLength, NewAccount as AccountRow, insert};
use realmgate_platform::database::SqlStore;
use realmgate_platform::database::columns::{parse_id, to_sql_ms};

/// Accounts and their credentials.
#[derive(Clone)]
pub struct AccountStore(pub(super) SqlStore);

/// An account to be created.
#[derive(Debug, Clone, Copy)]
pub struct NewAccount<'a> {
    /// Its id.
    pub id: AccountId,
    /// The folded user name, as it is compared.
    pub folded: &'a str,
    /// The user name as its owner wrote it.
    pub username: &'a str,
    /// The PHC string of the password.
    pub password_hash: &'a str,
    /// Whether it may log in at once. The first administrator always may.
    pub activated: bool,
    /// Whether somebody on this machine makes it.
    pub from_this_machine: bool,
    /// The time of creation in Unix milliseconds.
    pub at_ms: u64,
}

impl<'a> NewAccount<'a> {
    /// An account without a usable password, made on this machine at the beginning of time: where a test needs any.
    pub fn plain(id: AccountId, folded: &'a str, username: &'a str) -> Self {
        Self { id, folded, username, password_hash: "", activated: true, from_this_machine: true, at_ms: 0 }
    }
}

/// The credential that a log-in by password is checked against.
#[derive(Debug, Clone)]
pub struct PasswordRow {
    /// The account's id.
    pub account: AccountId,
    /// The PHC string of the password.
    pub password_hash: String,
    /// The token version that goes into access tokens. Raising it revokes all earlier ones.
    pub token_version: i64,
}

impl AccountStore {
    /// Records that an account plays, or has just played.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn seen(&self, account: AccountId, at_ms: u64) -> sqlx::Result<()> {
        let seen = "UPDATE profiles SET last_seen_ms = $2 WHERE account_id = $1";
        let seen = sqlx::query(seen).bind(account.to_string()).bind(to_sql_ms(at_ms));
        seen.execute(&mut *self.0.write("player_seen").await?).await.map(|_| ())
    }

    /// Creates an account with a password. Returns `false` if the user name is taken.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn create_with_password(&self, new: NewAccount<'_>) -> sqlx::Result<bool> {
        let mut tx = self.0.begin_write("create_account").await?;
        let (id, at_ms) = (new.id.to_string(), to_sql_ms(new.at_ms));
        let (username, display_name) = (new.folded, new.username);
        let row = AccountRow {
            id: new.id,
            username,
            length: NameLength::USUAL,
            display_name,
            activated: new.activated,
            from_this_machine: new.from_this_machine,
            at_ms: new.at_ms,
        };
        insert(&mut tx, self.0.hook_subscriptions(), row).await?;
        // Who has the name on a profile may set a password under it.
        let other = "SELECT COUNT(*) FROM profiles WHERE username = $1 AND account_id <> $2";
        let other: i64 = sqlx::query_scalar(other).bind(new.folded).bind(&id).fetch_one(&mut *tx).await?;
        if other > 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        let credential = sqlx::query(
            "INSERT INTO credentials (kind, subject, secret, display, account_id, created_at_ms)
             VALUES ('password', $1, $2, $3, $4, $5)
             ON CONFLICT (kind, subject) DO NOTHING",
        )
        .bind(new.folded)
        .bind(new.password_hash)
        .bind(new.username)
        .bind(&id)
        .bind(at_ms)
        .execute(&mut *tx)
        .await?;
        if credential.rows_affected() == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Finds the password credential of a folded user name.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn find_password(&self, folded: &str) -> sqlx::Result<Option<PasswordRow>> {
        let mut db = self.0.read("find_password").await?;
        let row: Option<(String, String, i64)> = sqlx::query_as(
            "SELECT c.account_id, c.secret, a.token_version
             FROM credentials c JOIN accounts a ON a.id = c.account_id
             WHERE c.kind = 'password' AND c.subject = $1",
        )
        .bind(folded)
        .fetch_optional(&mut *db)
        .await?;
        row.map(|(account, password_hash, token_version)| {
            Ok(PasswordRow { account: parse_id("account_id", &account)?, password_hash, token_version })
        })
        .transpose()
    }

    /// Replaces the hash of a password if `old_hash` is still the stored one (compare-and-swap).
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn renew_password(&self, folded: &str, old_hash: &str, new_hash: &str) -> sqlx::Result<()> {
        let mut db = self.0.write("renew_password").await?;
        sqlx::query("UPDATE credentials SET secret = $3 WHERE kind = 'password' AND subject = $1 AND secret = $2")
            .bind(folded)
            .bind(old_hash)
            .bind(new_hash)
            .execute(&mut *db)
            .await
            .map(|_| ())
    }

    /// Sets the role of the account with a folded user name, or with an id. Returns `false` if there is no such account.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn set_role(&self, folded: &str, role: &str) -> sqlx::Result<bool> {
        let mut db = self.0.write("set_role").await?;
        let done = sqlx::query(
            "UPDATE accounts SET role = $2
             WHERE id IN (SELECT account_id FROM credentials WHERE kind = 'password' AND subject = $1)
             OR id = $1",
        )
        .bind(folded)
        .bind(role)
        .execute(&mut *db)
        .await?;
        Ok(done.rows_affected() > 0)
    }
}

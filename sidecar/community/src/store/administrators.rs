//! Who administers the realm: whether anybody does, how the first one comes to be, and that the last one stays.

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_protocol::ids::AccountId;

use super::AccountStore;

/// Administrators who may log in.
const ACTIVE: &str = "SELECT id FROM accounts WHERE role = 'admin' AND activated = 1 AND deleted_at_ms IS NULL";

impl AccountStore {
    /// Whether there is an administrator who may log in.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn has_administrator(&self) -> sqlx::Result<bool> {
        let mut db = self.0.read("has_administrator").await?;
        let query = sqlx::AssertSqlSafe(format!("{ACTIVE} LIMIT 1"));
        Ok(sqlx::query_scalar::<_, String>(query).fetch_optional(&mut *db).await?.is_some())
    }

    /// Keeps the hash of the code that makes the first administrator. It takes the place of an earlier one.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn set_administrator_code(&self, hash: &str) -> sqlx::Result<()> {
        let mut db = self.0.write("set_administrator_code").await?;
        let set = "INSERT INTO administrator_code (one, hash) VALUES (1, $1) \
                   ON CONFLICT (one) DO UPDATE SET hash = excluded.hash";
        sqlx::query(set).bind(hash).execute(&mut *db).await.map(|_| ())
    }

    /// Uses up the code of a hash: the account is an administrator, and activated. Returns `false`, and changes nothing, for
    /// another code, where there is an administrator already, or where there is no such account.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn claim_administration(&self, account: AccountId, hash: &str) -> sqlx::Result<bool> {
        let mut tx = self.0.begin_write("claim_administration").await?;
        lock_rows(&mut tx, Rows::Accounts, [account.to_string()]).await?;
        let take =
            sqlx::AssertSqlSafe(format!("DELETE FROM administrator_code WHERE hash = $1 AND NOT EXISTS ({ACTIVE})"));
        if sqlx::query(take).bind(hash).execute(&mut *tx).await?.rows_affected() == 0 {
            return Ok(false);
        }
        let promote = "UPDATE accounts SET role = 'admin', activated = 1 WHERE id = $1 AND deleted_at_ms IS NULL";
        if sqlx::query(promote).bind(account.to_string()).execute(&mut *tx).await?.rows_affected() == 0 {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// Locks an account's row. For a change after which it may be an administrator no more, locks those of all administrators with it:
/// of two who demote each other at once, one waits. Returns whether it is the last administrator.
pub(super) async fn lock_administrator(db: &mut SqlConnection, account: AccountId) -> sqlx::Result<bool> {
    let mut rows: Vec<String> = sqlx::query_scalar(ACTIVE).fetch_all(&mut *db).await?;
    rows.push(account.to_string());
    lock_rows(db, Rows::Accounts, rows).await?;
    let left: Vec<String> = sqlx::query_scalar(ACTIVE).fetch_all(&mut *db).await?;
    Ok(left == [account.to_string()])
}

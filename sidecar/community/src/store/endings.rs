//! What ends log-ins: an administrator's change, and the deletion of an account.

use realmgate_platform::accounts::name_key;
use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{parse_id, to_sql_ms};
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_protocol::ids::AccountId;
use serde_json::Value;
use uuid::Uuid;

use super::AccountStore;

/// What an administrator changes; `None` stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct Change<'a> {
    /// Whether it is an administrator.
    pub admin: Option<bool>,
    /// Whether it may log in.
    pub activated: Option<bool>,
    /// What it is called.
    pub display_name: Option<&'a str>,
    /// What programs keep with it.
    pub metadata: Option<&'a Value>,
}

impl AccountStore {
    /// Changes an account. Returns the log-ins that this has ended, or `None` if there is no such account.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn change(&self, account: AccountId, change: Change<'_>, at_ms: u64) -> sqlx::Result<Option<Vec<Uuid>>> {
        let mut tx = self.0.begin_write("edit_account").await?;
        let id = account.to_string();
        lock_rows(&mut tx, Rows::Accounts, [id.clone()]).await?;
        let there = "SELECT id FROM accounts WHERE id = $1 AND deleted_at_ms IS NULL";
        if sqlx::query_scalar::<_, String>(there).bind(&id).fetch_optional(&mut *tx).await?.is_none() {
            return Ok(None);
        }
        if let Some(admin) = change.admin {
            let role = if admin { "admin" } else { "player" };
            sqlx::query("UPDATE accounts SET role = $2 WHERE id = $1").bind(&id).bind(role).execute(&mut *tx).await?;
        }
        if let Some(name) = change.display_name {
            sqlx::query("UPDATE profiles SET display_name = $2, display_key = $3 WHERE account_id = $1")
                .bind(&id)
                .bind(name)
                .bind(name_key(name))
                .execute(&mut *tx)
                .await?;
        }
        if let Some(metadata) = change.metadata {
            let set = "UPDATE profiles SET metadata = $2 WHERE account_id = $1";
            sqlx::query(set).bind(&id).bind(metadata.to_string()).execute(&mut *tx).await?;
        }
        let mut ended = Vec::new();
        if let Some(activated) = change.activated {
            let set = "UPDATE accounts SET activated = $2 WHERE id = $1";
            sqlx::query(set).bind(&id).bind(i64::from(activated)).execute(&mut *tx).await?;
            if !activated {
                ended = end_log_ins(&mut tx, account, at_ms).await?;
            }
        }
        tx.commit().await?;
        Ok(Some(ended))
    }

    /// Deletes an account and all that is only its own: credentials, profile, log-ins. The account's row stays, since
    /// the books name its characters. Returns the log-ins that were ended, or `None` if there is no such account.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn delete(&self, account: AccountId, at_ms: u64) -> sqlx::Result<Option<Vec<Uuid>>> {
        let mut tx = self.0.begin_write("delete_account").await?;
        let id = account.to_string();
        lock_rows(&mut tx, Rows::Accounts, [id.clone()]).await?;
        let gone = sqlx::query(
            "UPDATE accounts SET deleted_at_ms = $2, role = 'player' WHERE id = $1 AND deleted_at_ms IS NULL",
        );
        if gone.bind(&id).bind(to_sql_ms(at_ms)).execute(&mut *tx).await?.rows_affected() == 0 {
            return Ok(None);
        }
        let ended = end_log_ins(&mut tx, account, at_ms).await?;
        for delete in ["DELETE FROM credentials WHERE account_id = $1", "DELETE FROM profiles WHERE account_id = $1"] {
            sqlx::query(delete).bind(&id).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(Some(ended))
    }
}

/// Ends every log-in of an account whose row is locked, and revokes all its tokens. Tokens first: everybody locks in
/// that order. Returns the log-ins.
pub(super) async fn end_log_ins(db: &mut SqlConnection, account: AccountId, at_ms: u64) -> sqlx::Result<Vec<Uuid>> {
    let id = account.to_string();
    let living = "SELECT id FROM sessions WHERE account_id = $1 AND ended_at_ms IS NULL";
    let living: Vec<String> = sqlx::query_scalar(living).bind(&id).fetch_all(&mut *db).await?;
    sqlx::query("DELETE FROM refresh_tokens WHERE session_id IN (SELECT id FROM sessions WHERE account_id = $1)")
        .bind(&id)
        .execute(&mut *db)
        .await?;
    sqlx::query("UPDATE sessions SET ended_at_ms = $2 WHERE account_id = $1 AND ended_at_ms IS NULL")
        .bind(&id)
        .bind(to_sql_ms(at_ms))
        .execute(&mut *db)
        .await?;
    let revoke = "UPDATE accounts SET token_version = token_version + 1 WHERE id = $1";
    sqlx::query(revoke).bind(&id).execute(&mut *db).await?;
    living.iter().map(|id| parse_id("sessions.id", id)).collect()
}

//! Deletes an account with all that is the community's of it, and ends log-ins when an administrator changes it.

use realmgate_platform::accounts::name_key;
use realmgate_platform::bans::Ban;
use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{parse_id, to_sql_ms};
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_platform::database::retry::retried;
use realmgate_platform::hook_subscriptions::Arg;
use realmgate_protocol::ids::AccountId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::AccountStore;
use super::administrators::lock_administrator;
use super::lobbies::{Departure, depart};
use super::mails::{MailKind, insert_news_to};
use super::profiles::{is_there, set_metadata};

/// What an administrator changes; `None` stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct AccountEdit<'a> {
    /// Whether it is an administrator.
    pub admin: Option<bool>,
    /// Whether it may log in.
    pub activated: Option<bool>,
    /// Why it may not, and until when, where it may not.
    pub ban: Option<&'a Ban>,
    /// Until when it may not chat in the world, in Unix milliseconds; `Some(None)` for one that may again.
    pub muted_until_ms: Option<Option<u64>>,
    /// What it is called.
    pub display_name: Option<&'a str>,
    /// What programs keep with it.
    pub metadata: Option<&'a Value>,
}

/// The outcome of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edited {
    /// It is done, and has ended these log-ins.
    Done(Vec<Uuid>),
    /// There is no such account.
    Gone,
    /// Nothing is done: nobody would be left to administer the realm.
    LastAdministrator,
}

/// The outcome of a deletion.
#[derive(Debug, Clone)]
pub enum Deletion {
    /// It is done.
    Done(Box<Deleted>),
    /// There is no such account.
    Gone,
    /// Nothing is done: nobody would be left to administer the realm.
    LastAdministrator,
}

/// What the deletion of an account has ended.
#[derive(Debug, Clone)]
pub struct Deleted {
    /// Its log-ins.
    pub log_ins: Vec<Uuid>,
    /// Its stay in a lobby, if it was in one.
    pub departure: Option<Departure>,
}

impl AccountStore {
    /// Edits an account; one that may no longer log in loses its log-ins. The last administrator stays one, and may log in.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn edit(&self, account: AccountId, edit: AccountEdit<'_>, at_ms: u64) -> sqlx::Result<Edited> {
        let mut tx = self.0.begin_write("edit_account").await?;
        let id = account.to_string();
        if edit.admin == Some(false) || edit.activated == Some(false) {
            if lock_administrator(&mut tx, account).await? {
                return Ok(Edited::LastAdministrator);
            }
        } else {
            lock_rows(&mut tx, Rows::Accounts, [id.clone()]).await?;
        }
        let there = "SELECT id FROM accounts WHERE id = $1 AND deleted_at_ms IS NULL";
        if sqlx::query_scalar::<_, String>(there).bind(&id).fetch_optional(&mut *tx).await?.is_none() {
            return Ok(Edited::Gone);
        }
        if let Some(admin) = edit.admin {
            let role = if admin { "admin" } else { "player" };
            sqlx::query("UPDATE accounts SET role = $2 WHERE id = $1").bind(&id).bind(role).execute(&mut *tx).await?;
        }
        if let Some(until_ms) = edit.muted_until_ms {
            let set = sqlx::query("UPDATE accounts SET muted_until_ms = $2 WHERE id = $1").bind(&id);
            set.bind(until_ms.map(to_sql_ms)).execute(&mut *tx).await?;
        }
        if let Some(name) = edit.display_name {
            sqlx::query("UPDATE profiles SET display_name = $2, display_key = $3 WHERE account_id = $1")
                .bind(&id)
                .bind(name)
                .bind(name_key(name))
                .execute(&mut *tx)
                .await?;
        }
        if let Some(metadata) = edit.metadata {
            set_metadata(&mut tx, account, metadata).await?;
        }
        let mut ended = Vec::new();
        if let Some(activated) = edit.activated {
            // One that was activated is banned; one that was not goes on waiting.
            let set = "UPDATE accounts SET banned = CASE WHEN $2 <> 0 THEN 0 WHEN activated <> 0 THEN 1 ELSE banned END, \
                       activated = $2, ban_reason = $3, ban_until_ms = $4 WHERE id = $1";
            let ban = edit.ban.cloned().unwrap_or_default();
            let set = sqlx::query(set).bind(&id).bind(i64::from(activated)).bind(ban.reason);
            set.bind(ban.until_ms.map(to_sql_ms)).execute(&mut *tx).await?;
            if !activated {
                ended = end_log_ins(&mut tx, account, at_ms).await?;
            }
        }
        self.0.hook_subscriptions().note(&mut tx, "after_user_updated", &[Arg::user(account)]).await?;
        tx.commit().await?;
        Ok(Edited::Done(ended))
    }

    /// Ends every log-in of an account, and revokes its tokens. Returns them, or `None` if there is no such account.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn end_log_ins(&self, account: AccountId, at_ms: u64) -> sqlx::Result<Option<Vec<Uuid>>> {
        let mut tx = self.0.begin_write("end_log_ins").await?;
        lock_rows(&mut tx, Rows::Accounts, [account.to_string()]).await?;
        if !is_there(&mut tx, account).await? {
            return Ok(None);
        }
        let ended = end_log_ins(&mut tx, account, at_ms).await?;
        tx.commit().await?;
        Ok(Some(ended))
    }

    /// Deletes an account and all that is only its own: credentials, profile, log-ins. The account's row stays, since
    /// the books name its characters. The last administrator is not deleted.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn delete(&self, account: AccountId, at_ms: u64) -> sqlx::Result<Deletion> {
        retried!("delete_account", self.try_delete(account, at_ms))
    }

    async fn try_delete(&self, account: AccountId, at_ms: u64) -> sqlx::Result<Deletion> {
        let mut tx = self.0.begin_write("delete_account").await?;
        let id = account.to_string();
        if lock_administrator(&mut tx, account).await? {
            return Ok(Deletion::LastAdministrator);
        }
        let gone = sqlx::query(
            "UPDATE accounts SET deleted_at_ms = $2, role = 'player' WHERE id = $1 AND deleted_at_ms IS NULL",
        );
        if gone.bind(&id).bind(to_sql_ms(at_ms)).execute(&mut *tx).await?.rows_affected() == 0 {
            return Ok(Deletion::Gone);
        }
        let log_ins = end_log_ins(&mut tx, account, at_ms).await?;
        let address = "SELECT subject FROM credentials WHERE account_id = $1 AND kind = 'email'";
        let address: Option<String> = sqlx::query_scalar(address).bind(&id).fetch_optional(&mut *tx).await?;
        if let Some(address) = address {
            // Of no account, since mails of this one go with it.
            insert_news_to(&mut tx, &address, None, MailKind::Deleted, at_ms).await?;
        }
        let names = "SELECT username, display_name FROM profiles WHERE account_id = $1";
        let names: Option<(String, String)> = sqlx::query_as(names).bind(&id).fetch_optional(&mut *tx).await?;
        let (username, display_name) = names.unwrap_or_default();
        let gone = json!({"id": id, "username": username, "display_name": display_name});
        self.0.hook_subscriptions().note(&mut tx, "after_user_deleted", &[Arg::Value(gone)]).await?;
        let departure = depart(&mut tx, self.0.hook_subscriptions(), account).await?;
        for delete in [
            "DELETE FROM credentials WHERE account_id = $1",
            "DELETE FROM guests WHERE account_id = $1",
            "DELETE FROM profiles WHERE account_id = $1",
            "DELETE FROM realtime_accounts WHERE account_id = $1",
            "DELETE FROM lobby_spectators WHERE account_id = $1",
            "DELETE FROM friendships WHERE requester_id = $1",
            "DELETE FROM friendships WHERE target_id = $1",
            "DELETE FROM notifications WHERE recipient_id = $1",
            "DELETE FROM notifications WHERE sender_id = $1",
            "DELETE FROM mail_links WHERE mail_id IN (SELECT id FROM mails WHERE account_id = $1)",
            "DELETE FROM mails WHERE account_id = $1",
            "DELETE FROM oauth_sessions WHERE account_id = $1",
            "DELETE FROM oauth_sessions WHERE link_account_id = $1",
            "DELETE FROM script_values WHERE user_id = $1",
        ] {
            sqlx::query(delete).bind(&id).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(Deletion::Done(Box::new(Deleted { log_ins, departure })))
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

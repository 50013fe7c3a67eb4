//! What is due: locks whose deadlines have passed, in database time, and the grace after an outage.

use async_trait::async_trait;
use realmgate_protocol::ids::{AccountId, CharacterId};
use sqlx::FromRow;

use super::LockedCharacter;
use super::account::account_lock_of;
use super::server::KnownServer;
use crate::lock::timers::grace_after_outage;
use crate::lock::{AccountLock, CharacterLock, Timers};
use crate::store::SqlStore;
use crate::store::columns::{from_sql_ms, parsed, to_sql_epoch, to_sql_ms};
use crate::store::dialect::{Rows, lock_rows};

/// Most locks of a kind that are looked at in one go; the rest is still due the next time.
const AT_ONCE: i64 = 200;

/// Locks whose deadlines have passed.
#[derive(Debug, Default)]
pub struct Due {
    /// Accounts.
    pub accounts: Vec<(AccountId, AccountLock)>,
    /// Characters.
    pub characters: Vec<LockedCharacter>,
    /// Replicas and map servers.
    pub servers: Vec<KnownServer>,
}

/// Deadlines.
#[async_trait]
pub trait DeadlineStore: Send + Sync {
    /// Notes that timers are fired now. Where nobody did so for a while, every deadline that would pass before the grace
    /// is over is put off until then; whether that was so.
    async fn watch(&self, now_ms: u64, timers: &Timers) -> sqlx::Result<bool>;

    /// What is due.
    async fn due(&self, now_ms: u64) -> sqlx::Result<Due>;

    /// Frees a character's lock for its deadline; false where it was renewed, or changed hands, in the meantime.
    async fn expire(
        &self,
        character: CharacterId,
        from: &CharacterLock,
        to: &CharacterLock,
        now_ms: u64,
    ) -> sqlx::Result<bool>;

    /// The same for an account's lock.
    async fn expire_account(&self, account: AccountId, from: &AccountLock, to: &AccountLock) -> sqlx::Result<bool>;
}

#[async_trait]
impl DeadlineStore for SqlStore {
    async fn watch(&self, now_ms: u64, timers: &Timers) -> sqlx::Result<bool> {
        let mut transaction = self.begin_write("watch_timers").await?;
        lock_rows(&mut transaction, Rows::TimerWatch, ["1".to_owned()]).await?;
        let swept: i64 =
            sqlx::query_scalar("SELECT swept_ms FROM timer_watch WHERE one = 1").fetch_one(&mut *transaction).await?;
        let until = grace_after_outage(from_sql_ms(swept), now_ms, timers);
        if let Some(until_ms) = until {
            // Nobody else fires meanwhile: they all come through the row that this transaction holds.
            for update in [
                "UPDATE accounts SET lock_deadline_ms = $1 WHERE lock_deadline_ms < $1",
                "UPDATE characters SET lock_deadline_ms = $1 WHERE lock_deadline_ms < $1",
                "UPDATE server_locks SET deadline_ms = $1 WHERE deadline_ms < $1",
            ] {
                sqlx::query(update).bind(to_sql_ms(until_ms)).execute(&mut *transaction).await?;
            }
        }
        sqlx::query("UPDATE timer_watch SET swept_ms = $1 WHERE one = 1 AND swept_ms < $1")
            .bind(to_sql_ms(now_ms))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(until.is_some())
    }

    async fn due(&self, now_ms: u64) -> sqlx::Result<Due> {
        let mut db = self.read("due_locks").await?;
        let rows = sqlx::query(
            "SELECT id, lock_owner, lock_session, lock_epoch, lock_deadline_ms FROM accounts \
             WHERE lock_deadline_ms <= $1 ORDER BY lock_deadline_ms LIMIT $2",
        )
        .bind(to_sql_ms(now_ms))
        .bind(AT_ONCE)
        .fetch_all(&mut *db)
        .await?;
        let accounts =
            rows.iter().map(|row| Ok((parsed(row, "id")?, account_lock_of(row)?))).collect::<sqlx::Result<_>>()?;
        let characters = sqlx::query(
            "SELECT id, account_id, name, map_id, x, y, lock_owner, lock_epoch, lock_deadline_ms FROM characters \
             WHERE lock_deadline_ms <= $1 ORDER BY lock_deadline_ms LIMIT $2",
        )
        .bind(to_sql_ms(now_ms))
        .bind(AT_ONCE)
        .fetch_all(&mut *db)
        .await?;
        let servers = sqlx::query_as(
            "SELECT id, cookie_hash, heard_ms, deadline_ms, linked_to, shared FROM server_locks \
             WHERE deadline_ms <= $1 ORDER BY deadline_ms LIMIT $2",
        )
        .bind(to_sql_ms(now_ms))
        .bind(AT_ONCE)
        .fetch_all(&mut *db)
        .await?;
        let characters = characters.iter().map(LockedCharacter::from_row).collect::<sqlx::Result<_>>()?;
        Ok(Due { accounts, characters, servers })
    }

    async fn expire(
        &self,
        character: CharacterId,
        from: &CharacterLock,
        to: &CharacterLock,
        now_ms: u64,
    ) -> sqlx::Result<bool> {
        let mut transaction = self.begin_write("expire_lock").await?;
        lock_rows(&mut transaction, Rows::Characters, [character.to_string()]).await?;
        let still = sqlx::query(
            "SELECT 1 FROM characters WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3 AND lock_deadline_ms = $4",
        )
        .bind(character.to_string())
        .bind(to_sql_epoch(from.epoch))
        .bind(from.owner.to_string())
        .bind(from.deadline_ms.map(to_sql_ms))
        .fetch_optional(&mut *transaction)
        .await?
        .is_some();
        let changed = still && super::sql::change(&mut transaction, character, from, to, now_ms).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    async fn expire_account(&self, account: AccountId, from: &AccountLock, to: &AccountLock) -> sqlx::Result<bool> {
        let mut db = self.write("expire_account_lock").await?;
        let result = sqlx::query(
            "UPDATE accounts SET lock_owner = $5, lock_session = NULL, lock_epoch = $6, lock_deadline_ms = NULL \
             WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3 AND lock_deadline_ms = $4",
        )
        .bind(account.to_string())
        .bind(i64::try_from(from.epoch).unwrap_or(i64::MAX))
        .bind(from.owner.to_string())
        .bind(from.deadline_ms.map(to_sql_ms))
        .bind(to.owner.to_string())
        .bind(i64::try_from(to.epoch).unwrap_or(i64::MAX))
        .execute(&mut *db)
        .await?;
        Ok(result.rows_affected() == 1)
    }
}

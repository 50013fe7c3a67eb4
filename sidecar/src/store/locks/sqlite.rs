//! Locks in SQLite.

use std::collections::BTreeMap;

use async_trait::async_trait;
use realmgate_protocol::ids::{AccountId, CharacterId, LockEpoch, MapId, ServerId};
use realmgate_protocol::link::{CharacterLoad, Save};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, Sqlite, SqliteConnection};

use super::{LockStore, LockedCharacter, SaveOutcome, saves};
use crate::lock::{CharacterLock, LockOwner, LockStep};
use crate::store::{SqliteStore, to_sql_ms};

/// A value of the database that can not be what it should be.
pub(crate) fn undecodable(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

/// A parsed text column.
pub(crate) fn parsed<T>(row: &SqliteRow, column: &str) -> sqlx::Result<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    row.try_get::<String, _>(column)?.parse().map_err(undecodable)
}

/// A number column in the type it stands for.
pub(crate) fn number<T>(row: &SqliteRow, column: &str) -> sqlx::Result<T>
where
    T: TryFrom<i64, Error: std::error::Error + Send + Sync + 'static>,
{
    T::try_from(row.try_get::<i64, _>(column)?).map_err(undecodable)
}

/// An epoch as the database keeps it.
pub(crate) fn to_sql_epoch(epoch: LockEpoch) -> i64 {
    i64::try_from(epoch.0).unwrap_or(i64::MAX)
}

fn lock_of(row: &SqliteRow) -> sqlx::Result<CharacterLock> {
    Ok(CharacterLock { owner: parsed(row, "lock_owner")?, epoch: LockEpoch(number(row, "lock_epoch")?) })
}

impl<'r> FromRow<'r, SqliteRow> for LockedCharacter {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Self> {
        let map: u16 = number(row, "map_id")?;
        Ok(Self {
            character: parsed(row, "id")?,
            account: parsed(row, "account_id")?,
            name: row.try_get("name")?,
            map: (map != 0).then_some(MapId(map)),
            x: number(row, "x")?,
            y: number(row, "y")?,
            lock: lock_of(row)?,
        })
    }
}

#[async_trait]
impl LockStore for SqliteStore {
    async fn find(&self, character: CharacterId) -> sqlx::Result<Option<LockedCharacter>> {
        sqlx::query_as(
            "SELECT id, account_id, name, map_id, x, y, lock_owner, lock_epoch FROM characters \
             WHERE id = $1 AND deleted_at_ms IS NULL",
        )
        .bind(character.to_string())
        .fetch_optional(self.read())
        .await
    }

    async fn held_by_account(&self, account: AccountId) -> sqlx::Result<Vec<LockedCharacter>> {
        sqlx::query_as(
            "SELECT id, account_id, name, map_id, x, y, lock_owner, lock_epoch FROM characters \
             WHERE account_id = $1 AND lock_owner <> 'none'",
        )
        .bind(account.to_string())
        .fetch_all(self.read())
        .await
    }

    async fn held_by(&self, owner: &LockOwner) -> sqlx::Result<Vec<LockedCharacter>> {
        sqlx::query_as(
            "SELECT id, account_id, name, map_id, x, y, lock_owner, lock_epoch FROM characters WHERE lock_owner = $1",
        )
        .bind(owner.to_string())
        .fetch_all(self.read())
        .await
    }

    async fn change(
        &self,
        character: CharacterId,
        from: &CharacterLock,
        to: &CharacterLock,
        now_ms: u64,
    ) -> sqlx::Result<bool> {
        change(self.write(), character, from, to, now_ms).await
    }

    async fn save(&self, server: &ServerId, saves: &[Save]) -> sqlx::Result<Vec<SaveOutcome>> {
        let mut transaction = self.begin_write().await?;
        let mut outcomes = Vec::with_capacity(saves.len());
        for save in saves {
            outcomes.push(saves::write(&mut transaction, server, save).await?);
        }
        transaction.commit().await?;
        Ok(outcomes)
    }

    async fn save_and_step(
        &self,
        server: &ServerId,
        save: &Save,
        step: &LockStep,
        now_ms: u64,
    ) -> sqlx::Result<Option<CharacterLock>> {
        let from = CharacterLock { owner: LockOwner::Map(server.clone()), epoch: save.epoch };
        let Ok(to) = from.after(step) else { return Ok(None) };
        let mut transaction = self.begin_write().await?;
        if saves::write(&mut transaction, server, save).await? == SaveOutcome::Fenced {
            return Ok(None);
        }
        let changed = change(&mut *transaction, save.character, &from, &to, now_ms).await?;
        transaction.commit().await?;
        Ok(changed.then_some(to))
    }

    async fn fence_all(&self, owner: &LockOwner, now_ms: u64) -> sqlx::Result<Vec<(CharacterId, AccountId)>> {
        let rows = sqlx::query(
            "UPDATE characters SET lock_owner = 'none', lock_epoch = lock_epoch + 1, lock_since_ms = $2, \
             save_sequence = 0 WHERE lock_owner = $1 RETURNING id, account_id",
        )
        .bind(owner.to_string())
        .bind(to_sql_ms(now_ms))
        .fetch_all(self.write())
        .await?;
        rows.iter().map(|row| Ok((parsed(row, "id")?, parsed(row, "account_id")?))).collect()
    }

    async fn load(&self, character: CharacterId) -> sqlx::Result<Option<CharacterLoad>> {
        // One read transaction, so that gold and items are of one moment.
        let mut transaction = self.read().begin().await?;
        let load = saves::load(&mut transaction, character).await?;
        transaction.commit().await?;
        Ok(load)
    }

    async fn count_by_kind(&self) -> sqlx::Result<BTreeMap<&'static str, u64>> {
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT lock_owner, COUNT(*) FROM characters GROUP BY lock_owner")
                .fetch_all(self.read())
                .await?;
        let mut counts = BTreeMap::from([("none", 0), ("gateway", 0), ("map", 0)]);
        for (owner, count) in rows {
            let owner: LockOwner = owner.parse().map_err(undecodable)?;
            *counts.entry(owner.kind()).or_default() += count.unsigned_abs();
        }
        Ok(counts)
    }
}

/// The conditional UPDATE that every hand-over goes through. Saves count from 1 under every new epoch.
async fn change(
    executor: impl sqlx::Executor<'_, Database = Sqlite>,
    character: CharacterId,
    from: &CharacterLock,
    to: &CharacterLock,
    now_ms: u64,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE characters SET lock_owner = $4, lock_epoch = $5, lock_since_ms = $6, \
         save_sequence = CASE WHEN lock_epoch = $5 THEN save_sequence ELSE 0 END \
         WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3 AND deleted_at_ms IS NULL",
    )
    .bind(character.to_string())
    .bind(to_sql_epoch(from.epoch))
    .bind(from.owner.to_string())
    .bind(to.owner.to_string())
    .bind(to_sql_epoch(to.epoch))
    .bind(to_sql_ms(now_ms))
    .execute(executor)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Whether a map server holds a character's lock under an epoch.
pub(crate) async fn admits(
    connection: &mut SqliteConnection,
    server: &ServerId,
    character: CharacterId,
    epoch: LockEpoch,
) -> sqlx::Result<bool> {
    let row = sqlx::query("SELECT lock_owner, lock_epoch FROM characters WHERE id = $1")
        .bind(character.to_string())
        .fetch_optional(connection)
        .await?;
    row.map_or(Ok(false), |row| Ok(lock_of(&row)?.admits(server, epoch)))
}

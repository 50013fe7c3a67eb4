//! Character locks in SQL.

use std::collections::BTreeMap;

use realmgate_platform::database::columns::{from_sql_ms, number, parsed, to_sql_epoch, to_sql_ms, undecodable};
use realmgate_platform::database::retry::retried;
use realmgate_platform::database::rows::fetch_in;
use realmgate_platform::database::{SqlConnection, SqlRow, SqlStore};
use realmgate_protocol::ids::{AccountId, CharacterId, LockEpoch, MapId, ServerId};
use realmgate_protocol::link::{CharacterLoad, Save};
use sqlx::{FromRow, Row};

use super::server::{NOT_LENT, fence_all_where};
use super::{LockedCharacter, SaveOutcome, load, saves};
use crate::lock::{CharacterLock, CharacterOwner, CookieHash, LockStep, Timers};

/// Reads the character lock from a row.
pub(crate) fn lock_of(row: &SqlRow) -> sqlx::Result<CharacterLock> {
    Ok(CharacterLock {
        owner: parsed(row, "lock_owner")?,
        epoch: LockEpoch(number(row, "lock_epoch")?),
        deadline_ms: row.try_get::<Option<i64>, _>("lock_deadline_ms")?.map(from_sql_ms),
    })
}

/// The columns of a [`LockedCharacter`].
macro_rules! locked_columns {
    () => {
        "id, account_id, name, map_id, x, y, deletes_at_ms, lock_owner, lock_epoch, lock_deadline_ms"
    };
}
pub(super) use locked_columns;

impl<'r> FromRow<'r, SqlRow> for LockedCharacter {
    fn from_row(row: &'r SqlRow) -> sqlx::Result<Self> {
        let map: u16 = number(row, "map_id")?;
        Ok(Self {
            character: parsed(row, "id")?,
            account: parsed(row, "account_id")?,
            name: row.try_get("name")?,
            map: (map != 0).then_some(MapId(map)),
            x: number(row, "x")?,
            y: number(row, "y")?,
            deletes_at_ms: row.try_get::<Option<i64>, _>("deletes_at_ms")?.map(from_sql_ms),
            lock: lock_of(row)?,
        })
    }
}

/// Character locks, and writes under them. Every write is one conditional statement, so a server that does not own the
/// lock writes nothing.
#[derive(Clone)]
pub struct LockStore(pub(in crate::store) SqlStore);

impl LockStore {
    /// Finds a character that is not deleted, with its lock.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn find(&self, character: CharacterId) -> sqlx::Result<Option<LockedCharacter>> {
        let mut db = self.0.read("find_lock").await?;
        sqlx::query_as(concat!(
            "SELECT ",
            locked_columns!(),
            " FROM characters WHERE id = $1 AND deleted_at_ms IS NULL"
        ))
        .bind(character.to_string())
        .fetch_optional(&mut *db)
        .await
    }

    /// Finds those of these characters that are not deleted, with their locks.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn find_all(&self, characters: &[CharacterId]) -> sqlx::Result<Vec<LockedCharacter>> {
        let mut db = self.0.read("find_locks").await?;
        let query = concat!("SELECT ", locked_columns!(), " FROM characters WHERE deleted_at_ms IS NULL AND id IN");
        let rows = fetch_in(&mut db, query, characters.iter().map(CharacterId::to_string)).await?;
        rows.iter().map(LockedCharacter::from_row).collect()
    }

    /// The characters of an account whose lock is not free.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn held_by_account(&self, account: AccountId) -> sqlx::Result<Vec<LockedCharacter>> {
        let mut db = self.0.read("locks_of_account").await?;
        let query =
            concat!("SELECT ", locked_columns!(), " FROM characters WHERE account_id = $1 AND lock_owner <> 'none'");
        sqlx::query_as(query).bind(account.to_string()).fetch_all(&mut *db).await
    }

    /// The characters whose locks an owner holds.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn held_by(&self, owner: &CharacterOwner) -> sqlx::Result<Vec<LockedCharacter>> {
        let mut db = self.0.read("locks_of_owner").await?;
        sqlx::query_as(concat!("SELECT ", locked_columns!(), " FROM characters WHERE lock_owner = $1"))
            .bind(owner.to_string())
            .fetch_all(&mut *db)
            .await
    }

    /// As [`LockStore::held_by`], but so many at most, in no order.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn some_held_by(&self, owner: &CharacterOwner, most: u32) -> sqlx::Result<Vec<LockedCharacter>> {
        let mut db = self.0.read("some_locks_of_owner").await?;
        sqlx::query_as(concat!("SELECT ", locked_columns!(), " FROM characters WHERE lock_owner = $1 LIMIT $2"))
            .bind(owner.to_string())
            .bind(i64::from(most))
            .fetch_all(&mut *db)
            .await
    }

    /// Replaces `from` by `to` (compare-and-swap by owner and epoch). Returns false, and changes nothing, if the lock
    /// is not `from` any more.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn change(
        &self,
        character: CharacterId,
        from: &CharacterLock,
        to: &CharacterLock,
        now_ms: u64,
    ) -> sqlx::Result<bool> {
        change(&mut *self.0.write("change_lock").await?, character, from, to, now_ms).await
    }

    /// Writes soft states in one transaction; returns an outcome for each. A save shows that its character is in the
    /// world, so it clears the deadline of its lock, if it comes from the process that has the server's lock.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, a soft state cannot be encoded, or the transaction
    /// still loses to others after five retries.
    pub async fn save(&self, server: &ServerId, cookie: &CookieHash, saves: &[Save]) -> sqlx::Result<Vec<SaveOutcome>> {
        retried!("save", async {
            let mut transaction = self.0.begin_write("save").await?;
            let outcomes = saves::write_all(&mut transaction, server, cookie, saves).await?;
            transaction.commit().await?;
            Ok(outcomes)
        })
    }

    /// Writes a last save and takes a step of its lock, both or neither. Returns the lock after the step, or `None` if
    /// the save was fenced or the step does not fit. An older save is not written, but does not prevent the step.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, the soft state cannot be encoded, or the transaction
    /// still loses to others after five retries.
    pub async fn save_and_step(
        &self,
        server: &ServerId,
        save: &Save,
        step: &LockStep,
        now_ms: u64,
        timers: &Timers,
    ) -> sqlx::Result<Option<CharacterLock>> {
        let from = CharacterLock { owner: CharacterOwner::Map(server.clone()), epoch: save.epoch, deadline_ms: None };
        let Ok(to) = from.after(step, now_ms, timers) else { return Ok(None) };
        retried!("save_and_step", async {
            let mut transaction = self.0.begin_write("save_and_step").await?;
            if saves::write(&mut transaction, server, save).await? == SaveOutcome::Fenced {
                return Ok(None);
            }
            let changed = change(&mut transaction, save.character, &from, &to, now_ms).await?;
            transaction.commit().await?;
            Ok(changed.then(|| to.clone()))
        })
    }

    /// Fences every lock of an owner: frees it under a higher epoch. Returns the characters and their accounts.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries.
    pub async fn fence_all(&self, owner: &CharacterOwner, now_ms: u64) -> sqlx::Result<Vec<(CharacterId, AccountId)>> {
        fence_all_where(&self.0, "fence_all", owner, "1 = 1", now_ms).await
    }

    /// Fences every lock that a gateway holds for a character on its way into a world, but not those it has lent.
    /// Returns the characters and their accounts.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries.
    pub async fn fence_passing(&self, gateway: &str, now_ms: u64) -> sqlx::Result<Vec<(CharacterId, AccountId)>> {
        fence_all_where(&self.0, "fence_passing", &CharacterOwner::Gateway(gateway.to_owned()), NOT_LENT, now_ms).await
    }

    /// Everything a map server needs of a character; `None` if it is deleted or marked for deletion.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn load(&self, character: CharacterId) -> sqlx::Result<Option<CharacterLoad>> {
        // One read transaction, so that gold and items come from the same snapshot.
        let mut transaction = self.0.begin_read("load_character").await?;
        let load = load::load(&mut transaction, character).await?;
        transaction.commit().await?;
        Ok(load)
    }

    /// How many character locks each kind of owner holds.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn count_by_kind(&self) -> sqlx::Result<BTreeMap<&'static str, u64>> {
        let mut db = self.0.read("count_locks").await?;
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT lock_owner, COUNT(*) FROM characters GROUP BY lock_owner")
                .fetch_all(&mut *db)
                .await?;
        let mut counts = BTreeMap::from([("none", 0), ("gateway", 0), ("map", 0)]);
        for (owner, count) in rows {
            let owner: CharacterOwner = owner.parse().map_err(undecodable)?;
            *counts.entry(owner.kind()).or_default() += count.unsigned_abs();
        }
        Ok(counts)
    }
}

/// The conditional UPDATE (compare-and-swap) that every hand-over goes through. Saves count from 1 under every new
/// epoch.
pub(super) async fn change(
    connection: &mut SqlConnection,
    character: CharacterId,
    from: &CharacterLock,
    to: &CharacterLock,
    now_ms: u64,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE characters SET lock_owner = $4, lock_epoch = $5, lock_since_ms = $6, lock_deadline_ms = $7, \
         lent_to = NULL, lock_reclaim = 0, \
         save_sequence = CASE WHEN lock_epoch = $5 THEN save_sequence ELSE 0 END \
         WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3 AND deleted_at_ms IS NULL",
    )
    .bind(character.to_string())
    .bind(to_sql_epoch(from.epoch))
    .bind(from.owner.to_string())
    .bind(to.owner.to_string())
    .bind(to_sql_epoch(to.epoch))
    .bind(to_sql_ms(now_ms))
    .bind(to.deadline_ms.map(to_sql_ms))
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Whether a map server holds a character's lock under an epoch.
pub(super) async fn admits(
    connection: &mut SqlConnection,
    server: &ServerId,
    character: CharacterId,
    epoch: LockEpoch,
) -> sqlx::Result<bool> {
    let row = sqlx::query("SELECT lock_owner, lock_epoch, lock_deadline_ms FROM characters WHERE id = $1")
        .bind(character.to_string())
        .fetch_optional(connection)
        .await?;
    row.map_or(Ok(false), |row| Ok(lock_of(&row)?.admits(server, epoch)))
}

//! Characters, without what they own and without their locks.

mod change;
mod social;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet};

use realmgate_protocol::ids::{AccountId, CharacterId};
use sqlx::{FromRow, Row};
use uuid::Uuid;

#[cfg(test)]
pub(super) use change::TAKEN;
#[cfg(test)]
pub(super) use upkeep::DELETE_DUE;

use realmgate_platform::database::columns::{from_sql_ms, parsed, to_sql_ms};
use realmgate_platform::database::retry::retried;
use realmgate_platform::database::{SqlRow, SqlStore};
use realmgate_platform::hook_subscriptions::Arg;
use serde_json::json;

use super::locks::admits_session;
use crate::lock::CharacterOwner;

/// Storage of characters. Deleted characters are not found.
#[derive(Clone)]
pub struct CharacterStore(pub(super) SqlStore);

/// Maps a name to its key: names that look alike have the same key.
pub type LookOf = fn(&str) -> String;

/// A change of a character.
#[derive(Debug, Clone, Copy)]
pub struct CharacterChange<'a> {
    /// The character's id.
    pub character: CharacterId,
    /// The account that must own it.
    pub account: AccountId,
    /// The session of the log-in that asks.
    pub session: Uuid,
    /// The new name; `None` keeps the old one.
    pub rename: Option<Rename<'a>>,
    /// The new appearance, a JSON object, or `Some(None)` for none; `None` keeps the old one.
    pub appearance: Option<Option<&'a str>>,
}

/// A new name for a character.
#[derive(Debug, Clone, Copy)]
pub struct Rename<'a> {
    /// The name as it is shown.
    pub name: &'a str,
    /// The folded name, as it is compared.
    pub folded: &'a str,
    /// The key of what the name looks like.
    pub key: &'a str,
    /// The time of the change in Unix milliseconds.
    pub at_ms: u64,
    /// The rename is refused if the last one was later than this, in Unix milliseconds.
    pub not_since_ms: u64,
}

/// The outcome of a change.
#[derive(Debug, Clone)]
pub enum Change {
    /// It is changed: the character as it is now.
    Done(Box<CharacterRow>),
    /// The account has no such character any more.
    Gone,
    /// It is in a world, or on its way there.
    InWorld,
    /// It is marked for deletion.
    Marked,
    /// Another character has the name, or one that looks alike.
    NameTaken,
    /// It was renamed too recently: at this time, in Unix milliseconds.
    Renamed(u64),
    /// The account's lock belongs to another log-in.
    AccountHeld,
}

/// A character to be created.
#[derive(Debug, Clone, Copy)]
pub struct NewCharacter<'a> {
    /// Its id.
    pub id: CharacterId,
    /// The account that will own it.
    pub account: AccountId,
    /// The session of the log-in that asks.
    pub session: Uuid,
    /// Its name as its owner wrote it.
    pub name: &'a str,
    /// Its folded name, as it is compared.
    pub folded: &'a str,
    /// The key of what its name looks like.
    pub key: &'a str,
    /// The id of its class.
    pub class_id: &'a str,
    /// The time of creation in Unix milliseconds.
    pub at_ms: u64,
}

/// The outcome of a creation.
#[derive(Debug, Clone)]
pub enum Creation {
    /// The new character.
    Created(Box<CharacterRow>),
    /// Another character has the name, or one that looks alike.
    NameTaken,
    /// The account has as many characters as it may have.
    TooMany,
    /// The account's lock belongs to another log-in.
    AccountHeld,
}

/// The outcome of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// It is deleted, or marked for deletion.
    Deleted,
    /// Nothing changed: it is in a world, on its way there, or not a character of the account.
    InWorld,
    /// The account's lock belongs to another log-in.
    AccountHeld,
}

/// A character's row in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharacterRow {
    /// The character's id.
    pub id: CharacterId,
    /// The account that owns it.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// The id of its class.
    pub class_id: String,
    /// Its level.
    pub level: i64,
    /// Its total experience.
    pub experience: i64,
    /// The id of the map it is on; 0 if it was never in a world.
    pub map_id: i64,
    /// The x coordinate in 1/1,024 tile.
    pub x: i64,
    /// The y coordinate in 1/1,024 tile.
    pub y: i64,
    /// The lock's owner, who may write.
    pub lock_owner: CharacterOwner,
    /// The lock's epoch: a fencing token that only grows.
    pub lock_epoch: i64,
    /// When it was created, in Unix milliseconds.
    pub created_at_ms: i64,
    /// When it will be deleted, in Unix milliseconds; `None` if it is not marked.
    pub deletes_at_ms: Option<i64>,
    /// Its appearance as its player chose it, a JSON object; `None` if there is none.
    pub appearance: Option<String>,
}

impl CharacterRow {
    /// Whether it is in a world, or on its way there.
    pub fn is_in_world(&self) -> bool {
        self.lock_owner != CharacterOwner::None
    }
}

/// The columns of a [`CharacterRow`].
macro_rules! columns {
    () => {
        "id, account_id, name, class_id, level, experience, map_id, x, y, lock_owner, lock_epoch, created_at_ms, \
         deletes_at_ms, appearance"
    };
}
use columns;

impl<'r> FromRow<'r, SqlRow> for CharacterRow {
    fn from_row(row: &'r SqlRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: parsed(row, "id")?,
            account: parsed(row, "account_id")?,
            name: row.try_get("name")?,
            class_id: row.try_get("class_id")?,
            level: row.try_get("level")?,
            experience: row.try_get("experience")?,
            map_id: row.try_get("map_id")?,
            x: row.try_get("x")?,
            y: row.try_get("y")?,
            lock_owner: parsed(row, "lock_owner")?,
            lock_epoch: row.try_get("lock_epoch")?,
            created_at_ms: row.try_get("created_at_ms")?,
            deletes_at_ms: row.try_get("deletes_at_ms")?,
            appearance: row.try_get("appearance")?,
        })
    }
}

impl CharacterStore {
    /// Creates a character if its name is free and looks like no other, the account has fewer than `most` characters,
    /// and the account's lock is free or belongs to the log-in.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn create(&self, new: NewCharacter<'_>, most: u32) -> sqlx::Result<Creation> {
        let mut tx = self.0.begin_write("create_character").await?;
        // The row lock on the account keeps two creations at once from counting the same characters.
        if !admits_session(&mut tx, new.account, new.session).await? {
            return Ok(Creation::AccountHeld);
        }
        let count: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM characters WHERE account_id = $1 AND deleted_at_ms IS NULL")
                .bind(new.account.to_string())
                .fetch_one(&mut *tx)
                .await?;
        if count >= i64::from(most) {
            return Ok(Creation::TooMany);
        }
        let created: Option<CharacterRow> = sqlx::query_as(concat!(
            "INSERT INTO characters (id, account_id, name, name_folded, name_key, class_id, created_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT DO NOTHING
             RETURNING ",
            columns!()
        ))
        .bind(new.id.to_string())
        .bind(new.account.to_string())
        .bind(new.name)
        .bind(new.folded)
        .bind(new.key)
        .bind(new.class_id)
        .bind(to_sql_ms(new.at_ms))
        .fetch_optional(&mut *tx)
        .await?;
        if created.is_some() {
            let character = json!({"id": new.id.to_string(), "name": new.name, "class_id": new.class_id, "level": 1});
            let args = [Arg::user(new.account), Arg::Value(character)];
            self.0.hook_subscriptions().note(&mut tx, "after_character_created", &args).await?;
        }
        tx.commit().await?;
        Ok(created.map_or(Creation::NameTaken, |row| Creation::Created(Box::new(row))))
    }

    /// The account's characters, oldest first.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn list(&self, account: AccountId) -> sqlx::Result<Vec<CharacterRow>> {
        let mut db = self.0.read("list_characters").await?;
        sqlx::query_as(concat!(
            "SELECT ",
            columns!(),
            " FROM characters WHERE account_id = $1 AND deleted_at_ms IS NULL ORDER BY created_at_ms, id"
        ))
        .bind(account.to_string())
        .fetch_all(&mut *db)
        .await
    }

    /// Finds a character by id.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn find(&self, character: CharacterId) -> sqlx::Result<Option<CharacterRow>> {
        let mut db = self.0.read("find_character").await?;
        sqlx::query_as(concat!("SELECT ", columns!(), " FROM characters WHERE id = $1 AND deleted_at_ms IS NULL"))
            .bind(character.to_string())
            .fetch_optional(&mut *db)
            .await
    }

    /// Finds a character by its folded name.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn find_by_name(&self, folded: &str) -> sqlx::Result<Option<CharacterRow>> {
        let mut db = self.0.read("find_character_by_name").await?;
        sqlx::query_as(concat!(
            "SELECT ",
            columns!(),
            " FROM characters WHERE name_folded = $1 AND deleted_at_ms IS NULL"
        ))
        .bind(folded)
        .fetch_optional(&mut *db)
        .await
    }

    /// The characters whose folded names are a text or come after it, by their names: those that begin with it come first, whatever
    /// the database's collation. Reads `most` rows of an index.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn from_name(&self, folded: &str, most: u32) -> sqlx::Result<Vec<CharacterRow>> {
        let mut db = self.0.read("characters_from_name").await?;
        sqlx::query_as(concat!(
            "SELECT ",
            columns!(),
            " FROM characters WHERE name_folded >= $1 AND deleted_at_ms IS NULL ORDER BY name_folded LIMIT $2"
        ))
        .bind(folded)
        .bind(i64::from(most))
        .fetch_all(&mut *db)
        .await
    }

    /// Until when a character may not chat, in Unix milliseconds; `None` if its account was not muted.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn muted_until_ms(&self, character: CharacterId) -> sqlx::Result<Option<u64>> {
        let query = "SELECT a.muted_until_ms FROM characters c JOIN accounts a ON a.id = c.account_id WHERE c.id = $1";
        let mut db = self.0.read("muted_until").await?;
        let found: Option<Option<i64>> =
            sqlx::query_scalar(query).bind(character.to_string()).fetch_optional(&mut *db).await?;
        Ok(found.flatten().map(from_sql_ms))
    }

    /// What characters are called, those too that are deleted.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn names(&self, characters: &BTreeSet<CharacterId>) -> sqlx::Result<BTreeMap<CharacterId, String>> {
        let Some(first) = characters.first() else { return Ok(BTreeMap::new()) };
        // A power of two, so that few statement texts are prepared.
        let places = characters.len().next_power_of_two();
        let numbers: Vec<String> = (1..=places).map(|number| format!("${number}")).collect();
        let query = format!("SELECT id, name FROM characters WHERE id IN ({})", numbers.join(", "));
        let ids = characters.iter().chain(std::iter::repeat(first)).take(places);
        let query = ids.fold(sqlx::query(sqlx::AssertSqlSafe(query)), |query, id| query.bind(id.to_string()));
        let rows = query.fetch_all(&mut *self.0.read("character_names").await?).await?;
        rows.iter().map(|row| Ok((parsed(row, "id")?, row.try_get("name")?))).collect()
    }

    /// Deletes a character of the account if the character's lock is free, and the account's lock is free or belongs to
    /// the log-in.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn delete(
        &self,
        character: CharacterId,
        account: AccountId,
        session: Uuid,
        at_ms: u64,
    ) -> sqlx::Result<Deletion> {
        self.end("delete_character", (character, account, session), change::DELETE, at_ms).await
    }

    /// Marks a character for deletion at a later time, under the same conditions. [`CharacterStore::restore`] undoes it
    /// until then. A character that is already marked keeps its time.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn mark(
        &self,
        character: CharacterId,
        account: AccountId,
        session: Uuid,
        deletes_at_ms: u64,
    ) -> sqlx::Result<Deletion> {
        self.end("mark_character", (character, account, session), change::MARK, deletes_at_ms).await
    }

    /// Marks all characters of an account for deletion at once. One that is in a world stays until it has left.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn mark_all(&self, account: AccountId, now_ms: u64) -> sqlx::Result<()> {
        upkeep::mark_all(&mut *self.0.write("mark_characters").await?, account, now_ms).await
    }

    /// As [`CharacterStore::mark_all`], for accounts that were deleted lately: by a sidecar that ended before it could
    /// say so.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn mark_orphans(&self, now_ms: u64) -> sqlx::Result<()> {
        upkeep::mark_orphans(&mut *self.0.write("mark_orphans").await?, now_ms).await
    }

    async fn end(
        &self,
        call: &'static str,
        asked: change::Asked,
        set: &'static str,
        at_ms: u64,
    ) -> sqlx::Result<Deletion> {
        let mut tx = self.0.begin_write(call).await?;
        let deletion = change::end(&mut tx, asked, set, at_ms).await?;
        tx.commit().await?;
        Ok(deletion)
    }

    /// Removes the mark, if there is one, while the account's lock is free or belongs to the log-in.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn restore(&self, character: CharacterId, account: AccountId, session: Uuid) -> sqlx::Result<Change> {
        let mut tx = self.0.begin_write("restore_character").await?;
        let restored = change::restore(&mut tx, (character, account, session)).await?;
        tx.commit().await?;
        Ok(restored)
    }

    /// Changes a character under the same conditions as [`CharacterStore::delete`].
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn alter(&self, change: &CharacterChange<'_>) -> sqlx::Result<Change> {
        let mut tx = self.0.begin_write("change_character").await?;
        match change::change(&mut tx, change).await {
            Ok(Change::Done(row)) => tx.commit().await.map(|()| Change::Done(row)),
            // Another transaction took the name in the meantime.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(Change::NameTaken),
            other => other,
        }
    }

    /// Counts the characters that an account created after a time, including those deleted since, and returns when the
    /// first of them was created (Unix milliseconds).
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn created_since(&self, account: AccountId, since_ms: u64) -> sqlx::Result<(u64, Option<u64>)> {
        let mut db = self.0.read("count_creations").await?;
        let (count, first): (i64, Option<i64>) = sqlx::query_as(
            "SELECT COUNT(*), MIN(created_at_ms) FROM characters WHERE account_id = $1 AND created_at_ms > $2",
        )
        .bind(account.to_string())
        .bind(to_sql_ms(since_ms))
        .fetch_one(&mut *db)
        .await?;
        Ok((count.unsigned_abs(), first.map(from_sql_ms)))
    }

    /// Deletes a batch of the characters whose time has come; returns how many. A character in a world is never marked.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn delete_due(&self, now_ms: u64) -> sqlx::Result<u64> {
        upkeep::delete_due(&mut *self.0.write("delete_due_characters").await?, now_ms).await
    }

    /// Fills in the name keys of a batch of characters that an older sidecar wrote, oldest first; returns the batch's
    /// size.
    ///
    /// # Errors
    /// When the database cannot be asked, or the transaction still loses to others after five retries.
    pub async fn fill_name_keys(&self, look: LookOf) -> sqlx::Result<u64> {
        retried!("fill_name_keys", async {
            let mut tx = self.0.begin_write("fill_name_keys").await?;
            let filled = upkeep::fill_name_keys(&mut tx, look).await?;
            tx.commit().await?;
            Ok(filled)
        })
    }
}

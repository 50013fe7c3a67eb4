//! Characters, without what they own and without their locks.

use realmgate_protocol::ids::{AccountId, CharacterId};
use uuid::Uuid;

use super::SqlStore;
use super::columns::{parse_id, to_sql_ms};
use super::locks::admits_session;

/// Characters that were not deleted.
#[async_trait::async_trait]
pub trait CharacterStore: Send + Sync {
    /// Makes a character, if its name is free, the account has fewer than `most`, and its lock is that of the log-in, or
    /// nobody's.
    async fn create(&self, new: NewCharacter<'_>, most: u32) -> sqlx::Result<Creation>;
    /// The account's characters, oldest first.
    async fn list(&self, account: AccountId) -> sqlx::Result<Vec<CharacterRow>>;
    /// One character.
    async fn find(&self, character: CharacterId) -> sqlx::Result<Option<CharacterRow>>;
    /// The character of a folded name.
    async fn find_by_name(&self, folded: &str) -> sqlx::Result<Option<CharacterRow>>;
    /// Deletes a character of an account that nobody holds the lock of, for a log-in that holds the account's lock, or where
    /// nobody does.
    async fn delete(
        &self,
        character: CharacterId,
        account: AccountId,
        session: Uuid,
        at_ms: u64,
    ) -> sqlx::Result<Deletion>;
}

/// A character that is about to be.
#[derive(Debug, Clone, Copy)]
pub struct NewCharacter<'a> {
    /// Its id.
    pub id: CharacterId,
    /// Whose.
    pub account: AccountId,
    /// The log-in that asks.
    pub session: Uuid,
    /// Its name as its owner wrote it.
    pub name: &'a str,
    /// Its name as it is compared.
    pub folded: &'a str,
    /// Its class.
    pub class_id: &'a str,
    /// Now.
    pub at_ms: u64,
}

/// What became of a new character.
#[derive(Debug, Clone)]
pub enum Creation {
    /// It is.
    Created(CharacterRow),
    /// The name belongs to another.
    NameTaken,
    /// The account has as many as it may.
    TooMany,
    /// Another log-in holds the account.
    AccountHeld,
}

/// What became of a character that was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone.
    Deleted,
    /// It is in a world, or on its way there.
    InWorld,
    /// Another log-in holds the account.
    AccountHeld,
}

/// A character as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharacterRow {
    /// Who.
    pub id: CharacterId,
    /// Whose.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// Its class.
    pub class_id: String,
    /// Its level.
    pub level: i64,
    /// Its experience in all.
    pub experience: i64,
    /// Where it is; 0 for one that was never in a world.
    pub map_id: i64,
    /// x in 1/1,024 tile.
    pub x: i64,
    /// y in 1/1,024 tile.
    pub y: i64,
    /// `protocol::link::SoftState` as JSON; `None` for one that was never in a world.
    pub soft_state: Option<String>,
    /// Who may write: `none`, `gateway:<id>` or `map:<server id>`.
    pub lock_owner: String,
    /// Grows whenever the lock changes hands.
    pub lock_epoch: i64,
    /// When it was made.
    pub created_at_ms: i64,
}

/// The columns of a [`RawCharacter`].
macro_rules! columns {
    () => {
        "id, account_id, name, class_id, level, experience, map_id, x, y, soft_state, lock_owner, lock_epoch, created_at_ms"
    };
}

/// A row as sqlx reads it: ids are still text.
#[derive(sqlx::FromRow)]
struct RawCharacter {
    id: String,
    account_id: String,
    name: String,
    class_id: String,
    level: i64,
    experience: i64,
    map_id: i64,
    x: i64,
    y: i64,
    soft_state: Option<String>,
    lock_owner: String,
    lock_epoch: i64,
    created_at_ms: i64,
}

impl TryFrom<RawCharacter> for CharacterRow {
    type Error = sqlx::Error;

    fn try_from(raw: RawCharacter) -> sqlx::Result<Self> {
        Ok(Self {
            id: parse_id("characters.id", &raw.id)?,
            account: parse_id("characters.account_id", &raw.account_id)?,
            name: raw.name,
            class_id: raw.class_id,
            level: raw.level,
            experience: raw.experience,
            map_id: raw.map_id,
            x: raw.x,
            y: raw.y,
            soft_state: raw.soft_state,
            lock_owner: raw.lock_owner,
            lock_epoch: raw.lock_epoch,
            created_at_ms: raw.created_at_ms,
        })
    }
}

#[async_trait::async_trait]
impl CharacterStore for SqlStore {
    async fn create(&self, new: NewCharacter<'_>, most: u32) -> sqlx::Result<Creation> {
        let mut tx = self.begin_write("create_character").await?;
        // Two characters at once are not to count the same ones.
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
        let created: Option<RawCharacter> = sqlx::query_as(concat!(
            "INSERT INTO characters (id, account_id, name, name_folded, class_id, created_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (name_folded) WHERE deleted_at_ms IS NULL DO NOTHING
             RETURNING ",
            columns!()
        ))
        .bind(new.id.to_string())
        .bind(new.account.to_string())
        .bind(new.name)
        .bind(new.folded)
        .bind(new.class_id)
        .bind(to_sql_ms(new.at_ms))
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        created.map_or(Ok(Creation::NameTaken), |raw| raw.try_into().map(Creation::Created))
    }

    async fn list(&self, account: AccountId) -> sqlx::Result<Vec<CharacterRow>> {
        let mut db = self.read("list_characters").await?;
        let rows: Vec<RawCharacter> = sqlx::query_as(concat!(
            "SELECT ",
            columns!(),
            " FROM characters WHERE account_id = $1 AND deleted_at_ms IS NULL ORDER BY created_at_ms, id"
        ))
        .bind(account.to_string())
        .fetch_all(&mut *db)
        .await?;
        rows.into_iter().map(CharacterRow::try_from).collect()
    }

    async fn find(&self, character: CharacterId) -> sqlx::Result<Option<CharacterRow>> {
        let mut db = self.read("find_character").await?;
        let row: Option<RawCharacter> =
            sqlx::query_as(concat!("SELECT ", columns!(), " FROM characters WHERE id = $1 AND deleted_at_ms IS NULL"))
                .bind(character.to_string())
                .fetch_optional(&mut *db)
                .await?;
        row.map(CharacterRow::try_from).transpose()
    }

    async fn find_by_name(&self, folded: &str) -> sqlx::Result<Option<CharacterRow>> {
        let mut db = self.read("find_character_by_name").await?;
        let row: Option<RawCharacter> = sqlx::query_as(concat!(
            "SELECT ",
            columns!(),
            " FROM characters WHERE name_folded = $1 AND deleted_at_ms IS NULL"
        ))
        .bind(folded)
        .fetch_optional(&mut *db)
        .await?;
        row.map(CharacterRow::try_from).transpose()
    }

    async fn delete(
        &self,
        character: CharacterId,
        account: AccountId,
        session: Uuid,
        at_ms: u64,
    ) -> sqlx::Result<Deletion> {
        let mut tx = self.begin_write("delete_character").await?;
        if !admits_session(&mut tx, account, session).await? {
            return Ok(Deletion::AccountHeld);
        }
        let done = sqlx::query(
            "UPDATE characters SET deleted_at_ms = $3
             WHERE id = $1 AND account_id = $2 AND deleted_at_ms IS NULL AND lock_owner = 'none'",
        )
        .bind(character.to_string())
        .bind(account.to_string())
        .bind(to_sql_ms(at_ms))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(if done.rows_affected() > 0 { Deletion::Deleted } else { Deletion::InWorld })
    }
}

//! Soft state: written under a lock, and read back with what the character owns.

use realmgate_protocol::ids::{CharacterId, ServerId};
use realmgate_protocol::link::{CharacterLoad, ItemRecord, Save, SoftState};
use sqlx::{Row, SqliteConnection};

use super::SaveOutcome;
use super::sqlite::{admits, number, parsed, to_sql_epoch, undecodable};
use crate::lock::LockOwner;

/// Writes one soft state, if its lock and its sequence allow it.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    server: &ServerId,
    save: &Save,
) -> sqlx::Result<SaveOutcome> {
    let soft = serde_json::to_string(&save.soft).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let result = sqlx::query(
        "UPDATE characters SET soft_state = $5, map_id = $6, x = $7, y = $8, save_sequence = $4 \
         WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3 AND save_sequence < $4",
    )
    .bind(save.character.to_string())
    .bind(to_sql_epoch(save.epoch))
    .bind(LockOwner::Map(server.clone()).to_string())
    .bind(i64::try_from(save.sequence.0).unwrap_or(i64::MAX))
    .bind(soft)
    .bind(i64::from(save.soft.map.0))
    .bind(i64::from(save.soft.x))
    .bind(i64::from(save.soft.y))
    .execute(&mut *connection)
    .await?;
    if result.rows_affected() == 1 {
        return Ok(SaveOutcome::Written);
    }
    let held = admits(connection, server, save.character, save.epoch).await?;
    Ok(if held { SaveOutcome::Older } else { SaveOutcome::Fenced })
}

/// Everything a map server needs of a character.
pub(super) async fn load(
    connection: &mut SqliteConnection,
    character: CharacterId,
) -> sqlx::Result<Option<CharacterLoad>> {
    let row = sqlx::query(
        "SELECT account_id, name, class_id, level, experience, soft_state FROM characters \
         WHERE id = $1 AND deleted_at_ms IS NULL",
    )
    .bind(character.to_string())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let soft = match row.try_get::<Option<String>, _>("soft_state")? {
        Some(json) => Some(serde_json::from_str::<SoftState>(&json).map_err(undecodable)?),
        None => None,
    };
    let owner = format!("character:{character}");
    Ok(Some(CharacterLoad {
        character,
        account: parsed(&row, "account_id")?,
        name: row.try_get("name")?,
        class_id: row.try_get("class_id")?,
        level: number(&row, "level")?,
        experience: number(&row, "experience")?,
        gold: gold(connection, &owner).await?,
        items: items(connection, &owner).await?,
        soft,
    }))
}

async fn gold(connection: &mut SqliteConnection, owner: &str) -> sqlx::Result<u64> {
    let row = sqlx::query("SELECT balance FROM gold_balances WHERE owner = $1")
        .bind(owner)
        .fetch_optional(connection)
        .await?;
    row.map_or(Ok(0), |row| number(&row, "balance"))
}

async fn items(connection: &mut SqliteConnection, owner: &str) -> sqlx::Result<Vec<ItemRecord>> {
    let rows = sqlx::query("SELECT id, definition, slot FROM items WHERE owner = $1 ORDER BY slot, id")
        .bind(owner)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(ItemRecord {
                item: parsed(row, "id")?,
                definition: row.try_get("definition")?,
                slot: number(row, "slot")?,
            })
        })
        .collect()
}

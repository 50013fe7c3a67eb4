//! What a map server loads of a character.

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{number, parsed, undecodable};
use realmgate_protocol::ids::CharacterId;
use realmgate_protocol::link::{CharacterLoad, ItemRecord, SoftState};
use sqlx::Row;

use crate::store::ledger::LedgerOwner;

/// Everything a map server needs of a character; `None` if it is deleted or marked for deletion.
pub(super) async fn load(
    connection: &mut SqlConnection,
    character: CharacterId,
) -> sqlx::Result<Option<CharacterLoad>> {
    let row = sqlx::query(
        "SELECT account_id, name, class_id, level, experience, appearance, soft_state FROM characters \
         WHERE id = $1 AND deleted_at_ms IS NULL AND deletes_at_ms IS NULL",
    )
    .bind(character.to_string())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let soft = match row.try_get::<Option<String>, _>("soft_state")? {
        Some(json) => Some(serde_json::from_str::<SoftState>(&json).map_err(undecodable)?),
        None => None,
    };
    let owner = LedgerOwner::Character(character).to_string();
    Ok(Some(CharacterLoad {
        character,
        account: parsed(&row, "account_id")?,
        name: row.try_get("name")?,
        class_id: row.try_get("class_id")?,
        level: number(&row, "level")?,
        experience: number(&row, "experience")?,
        gold: gold(connection, &owner).await?,
        items: items(connection, &owner).await?,
        look: row.try_get("appearance")?,
        soft,
    }))
}

async fn gold(connection: &mut SqlConnection, owner: &str) -> sqlx::Result<u64> {
    let row = sqlx::query("SELECT balance FROM gold_balances WHERE owner = $1")
        .bind(owner)
        .fetch_optional(connection)
        .await?;
    row.map_or(Ok(0), |row| number(&row, "balance"))
}

async fn items(connection: &mut SqlConnection, owner: &str) -> sqlx::Result<Vec<ItemRecord>> {
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

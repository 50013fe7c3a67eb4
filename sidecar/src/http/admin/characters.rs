//! Characters: where they are, who may write them, and what they have.

use axum::Json;
use axum::extract::{Path, State};
use realmgate_community::http::{Data, Input, Refusal, Refused};
use realmgate_community::iso;
use realmgate_protocol::ids::{AccountId, CharacterId};
use realmgate_protocol::link::ItemRecord;
use serde::Serialize;

use super::{id, not_found};
use crate::service::names;
use crate::state::AppState;
use crate::store::characters::CharacterRow;

/// Characters that a search finds at most.
const MOST_FOUND: u32 = 50;

/// A character, as administrators see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ManagedCharacter {
    /// Its id.
    id: String,
    /// The account that it belongs to.
    user_id: String,
    /// Its name.
    name: String,
    /// The id of its class.
    class_id: String,
    /// Its level.
    level: i64,
    /// Its total experience.
    experience: i64,
    /// The number of its current or last map; 0 if it has never been in a world.
    map_id: i64,
    /// Distance from the left edge at its last save, in 1/1,024 of a tile.
    x: i64,
    /// Distance from the top edge at its last save, in 1/1,024 of a tile.
    y: i64,
    /// Owner of its lock: `none`, `gateway:<id>` while it travels, or `map:<server id>`.
    lock_owner: String,
    /// The fencing token of that lock.
    lock_epoch: i64,
    /// When it was created, ISO 8601.
    inserted_at: String,
    /// When it will be removed, ISO 8601; null if its player has not deleted it.
    deletes_at: Option<String>,
}

/// A character with its gold and items.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Belongings {
    #[serde(flatten)]
    character: ManagedCharacter,
    /// Its gold.
    gold: u64,
    /// Its items, worn and carried.
    items: Vec<Item>,
}

/// An item of a character.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Item {
    /// Its id.
    id: String,
    /// Its id in the game's data.
    definition: String,
    /// Its slot, equipped or in the inventory, in the game's numbering.
    slot: u16,
}

impl From<CharacterRow> for ManagedCharacter {
    fn from(row: CharacterRow) -> Self {
        let time = |ms: i64| iso(ms.unsigned_abs());
        Self {
            id: row.id.to_string(),
            user_id: row.account.to_string(),
            name: row.name,
            class_id: row.class_id,
            level: row.level,
            experience: row.experience,
            map_id: row.map_id,
            x: row.x,
            y: row.y,
            lock_owner: row.lock_owner.to_string(),
            lock_epoch: row.lock_epoch,
            inserted_at: time(row.created_at_ms),
            deletes_at: row.deletes_at_ms.map(time),
        }
    }
}

/// List a user's characters, oldest first.
#[utoipa::path(
    get, path = "/api/v1/admin/users/{id}/characters", operation_id = "admin_list_characters", tag = "Admin",
    security(("access_token" = [])), params(("id" = String, Path, description = "The account's id")),
    responses(
        (status = 200, body = Data<Vec<ManagedCharacter>>), (status = 403, body = Refused), (status = 404, body = Refused),
    ),
)]
pub(super) async fn of_user(
    State(state): State<AppState>,
    Path(account): Path<String>,
) -> Result<Json<Data<Vec<ManagedCharacter>>>, Refusal> {
    let rows = state.store.characters.list(id::<AccountId>(&account)?).await?;
    Ok(Json(Data { data: rows.into_iter().map(ManagedCharacter::from).collect() }))
}

/// Find characters by the beginning of their names: the first 50 by name.
#[utoipa::path(
    get, path = "/api/v1/admin/characters", operation_id = "admin_find_characters", tag = "Admin",
    security(("access_token" = [])),
    params(("name" = Option<String>, Query, description = "Beginning of the name, case-insensitive; empty for any name")),
    responses((status = 200, body = Data<Vec<ManagedCharacter>>), (status = 403, body = Refused)),
)]
pub(super) async fn find(
    State(state): State<AppState>,
    input: Input,
) -> Result<Json<Data<Vec<ManagedCharacter>>>, Refusal> {
    let folded = names::folded(input.text("name").unwrap_or_default().trim());
    let mut rows = state.store.characters.from_name(&folded, MOST_FOUND).await?;
    rows.retain(|row| names::folded(&row.name).starts_with(&folded));
    Ok(Json(Data { data: rows.into_iter().map(ManagedCharacter::from).collect() }))
}

/// Read a character with its gold and items.
#[utoipa::path(
    get, path = "/api/v1/admin/characters/{id}", operation_id = "admin_get_character", tag = "Admin",
    security(("access_token" = [])), params(("id" = String, Path, description = "The character's id")),
    responses((status = 200, body = Data<Belongings>), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn read(
    State(state): State<AppState>,
    Path(character): Path<String>,
) -> Result<Json<Data<Belongings>>, Refusal> {
    let character: CharacterId = id(&character)?;
    let row = state.store.characters.find(character).await?.ok_or_else(not_found)?;
    let load = state.store.locks.load(character).await?.ok_or_else(not_found)?;
    let item = |ItemRecord { item, definition, slot }| Item { id: item.to_string(), definition, slot };
    let items = load.items.into_iter().map(item).collect();
    Ok(Json(Data { data: Belongings { character: row.into(), gold: load.gold, items } }))
}

//! The books: where an item was from its birth on, and what a purse was filled by.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Path, State};
use realmgate_community::http::{Data, Refusal, Refused};
use realmgate_community::iso;
use realmgate_protocol::ids::CharacterId;
use serde::Serialize;

use super::{id, not_found};
use crate::state::AppState;
use crate::store::ledger::{GoldStep, ItemStep};

/// A change of an item's owner.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ItemLine {
    /// When, ISO 8601.
    at: String,
    /// The item's id in the game's data.
    definition: String,
    /// Former owner: `character:<id>`, `ground:<server id>` or `vendor:<id>`; null when the item was created.
    from: Option<String>,
    /// New owner; null when the item was destroyed.
    to: Option<String>,
    /// Name of the character that had it; null if the owner was not a character.
    from_name: Option<String>,
    /// Name of the character that got it; null if the owner is not a character.
    to_name: Option<String>,
    /// The cause.
    reason: String,
    /// The map server that reported it.
    server_id: String,
}

/// A transfer of gold.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct GoldLine {
    /// When, ISO 8601.
    at: String,
    /// Former owner, as for items; `world` when the gold was created.
    from: String,
    /// New owner.
    to: String,
    /// Name of the character that gave it; null if the owner was not a character.
    from_name: Option<String>,
    /// Name of the character that got it; null if the owner is not a character.
    to_name: Option<String>,
    /// Amount of gold.
    amount: i64,
    /// The cause.
    reason: String,
    /// The map server that reported it.
    server_id: String,
}

/// What the characters of a ledger are called.
struct Names(BTreeMap<CharacterId, String>);

impl Names {
    async fn of(state: &AppState, characters: BTreeSet<CharacterId>) -> Result<Self, Refusal> {
        Ok(Self(state.store.characters.names(&characters).await?))
    }

    fn name(&self, owner: &str) -> Option<String> {
        self.0.get(&character_of(owner)?).cloned()
    }
}

/// The character that an owner is.
fn character_of(owner: &str) -> Option<CharacterId> {
    owner.strip_prefix("character:")?.parse().ok()
}

/// Read the history of an item, from its creation on.
#[utoipa::path(
    get, path = "/api/v1/admin/items/{id}/ledger", operation_id = "admin_item_ledger", tag = "Admin",
    security(("access_token" = [])), params(("id" = String, Path, description = "The item's id")),
    responses(
        (status = 200, body = Data<Vec<ItemLine>>), (status = 403, body = Refused), (status = 404, body = Refused),
    ),
)]
pub(super) async fn of_item(
    State(state): State<AppState>,
    Path(item): Path<String>,
) -> Result<Json<Data<Vec<ItemLine>>>, Refusal> {
    let steps = state.store.ledger.item_history(id(&item)?).await?;
    if steps.is_empty() {
        return Err(not_found());
    }
    let owners = steps.iter().flat_map(|step| [&step.from, &step.to]).flatten();
    let names = Names::of(&state, owners.filter_map(|owner| character_of(owner)).collect()).await?;
    let line = |ItemStep { at_ms, definition, from, to, reason, server }| ItemLine {
        at: iso(at_ms),
        definition,
        from_name: from.as_deref().and_then(|owner| names.name(owner)),
        to_name: to.as_deref().and_then(|owner| names.name(owner)),
        from,
        to,
        reason,
        server_id: server,
    };
    Ok(Json(Data { data: steps.into_iter().map(line).collect() }))
}

/// Read the last 200 gold transfers of a character, newest first.
#[utoipa::path(
    get, path = "/api/v1/admin/characters/{id}/gold", operation_id = "admin_gold_ledger", tag = "Admin",
    security(("access_token" = [])), params(("id" = String, Path, description = "The character's id")),
    responses((status = 200, body = Data<Vec<GoldLine>>), (status = 403, body = Refused), (status = 404, body = Refused)),
)]
pub(super) async fn of_purse(
    State(state): State<AppState>,
    Path(character): Path<String>,
) -> Result<Json<Data<Vec<GoldLine>>>, Refusal> {
    let steps = state.store.ledger.gold_history(id(&character)?).await?;
    let owners = steps.iter().flat_map(|step| [&step.from, &step.to]);
    let names = Names::of(&state, owners.filter_map(|owner| character_of(owner)).collect()).await?;
    let line = |GoldStep { at_ms, from, to, amount, reason, server }| GoldLine {
        at: iso(at_ms),
        from_name: names.name(&from),
        to_name: names.name(&to),
        from,
        to,
        amount,
        reason,
        server_id: server,
    };
    Ok(Json(Data { data: steps.into_iter().map(line).collect() }))
}

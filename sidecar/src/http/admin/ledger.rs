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

/// Something that happened to an item.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ItemLine {
    /// When, ISO 8601.
    at: String,
    /// What it is in the game's data.
    definition: String,
    /// From whom: `character:<id>`, `ground:<server id>` or `vendor:<id>`; null where it was made.
    from: Option<String>,
    /// To whom; null where it ended.
    to: Option<String>,
    /// What the character is called that had it; null where it was none.
    from_name: Option<String>,
    /// What the character is called that got it; null where it was none.
    to_name: Option<String>,
    /// The cause.
    reason: String,
    /// The map server that has told it.
    server_id: String,
}

/// Gold that came or went.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct GoldLine {
    /// When, ISO 8601.
    at: String,
    /// From whom, as for items; `world` where it was made.
    from: String,
    /// To whom.
    to: String,
    /// What the character is called that gave it; null where it was none.
    from_name: Option<String>,
    /// What the character is called that got it; null where it was none.
    to_name: Option<String>,
    /// How much.
    amount: i64,
    /// The cause.
    reason: String,
    /// The map server that has told it.
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

/// Read what happened to an item, from its birth on.
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

/// Read what came to a character's purse and went from it, the newest first: the last 200.
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

//! The realm at a glance: who plays, and how it has done in the last hours.

use axum::Json;
use axum::extract::State;
use realmgate_community::http::{Data, Refusal, Refused};
use realmgate_community::iso;
use serde::Serialize;

use crate::lock::CharacterOwner;
use crate::service::figures::Sample;
use crate::state::AppState;
use crate::store::locks::LockedCharacter;

/// Players who are listed at most.
const MOST_LISTED: u32 = 100;

/// An overview of the realm.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Overview {
    /// Players in the world.
    players: u32,
    /// Live map servers.
    servers: usize,
    /// Players in the world, at most 100.
    online: Vec<OnlinePlayer>,
    /// Samples of the last six hours from the sidecar that answers, one per minute, oldest first.
    samples: Vec<FiguresSample>,
}

/// A player in the world.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct OnlinePlayer {
    /// The account.
    user_id: String,
    /// The character.
    character_id: String,
    /// The character's name.
    name: String,
    /// The number of the map of its last save; null before its first save.
    map_id: Option<u16>,
    /// The map server's name.
    server_name: String,
}

/// The metrics of one minute.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct FiguresSample {
    /// When, ISO 8601.
    at: String,
    /// Players in the world.
    players: u32,
    /// Live map servers.
    servers: u32,
    /// Load of the fullest map server, in percent.
    load: f64,
    /// Logins since the previous sample.
    log_ins: u64,
}

impl From<Sample> for FiguresSample {
    fn from(Sample { at_ms, players, servers, load, log_ins }: Sample) -> Self {
        Self { at: iso(at_ms), players, servers, load, log_ins }
    }
}

impl OnlinePlayer {
    fn new(found: LockedCharacter, server_name: &str) -> Self {
        Self {
            user_id: found.account.to_string(),
            character_id: found.character.to_string(),
            name: found.name,
            map_id: found.map.map(|map| map.0),
            server_name: server_name.to_owned(),
        }
    }
}

/// Read an overview of the realm.
#[utoipa::path(
    get, path = "/api/v1/admin/overview", operation_id = "admin_overview", tag = "Admin", security(("access_token" = [])),
    responses((status = 200, body = Data<Overview>), (status = 403, body = Refused)),
)]
pub(super) async fn overview(State(state): State<AppState>) -> Result<Json<Data<Overview>>, Refusal> {
    let servers = state.registry.servers().await?;
    let mut online = Vec::new();
    for server in &servers {
        let more = MOST_LISTED.saturating_sub(u32::try_from(online.len()).unwrap_or(MOST_LISTED));
        if more == 0 {
            break;
        }
        let owner = CharacterOwner::Map(server.id.clone());
        let held = state.store.locks.some_held_by(&owner, more).await?;
        online.extend(held.into_iter().map(|found| OnlinePlayer::new(found, &server.name)));
    }
    let players = servers.iter().map(|server| server.current_players).sum();
    let samples = state.figures.samples().into_iter().map(FiguresSample::from).collect();
    Ok(Json(Data { data: Overview { players, servers: servers.len(), online, samples } }))
}

//! `GET /watch`.

use axum::Json;
use axum::extract::State;
use realmgate_platform::error::Error;
use realmgate_platform::http::Problem;
use serde::Serialize;

use super::caller::Watcher;
use crate::state::AppState;

/// A channel for spectators.
#[derive(Serialize, utoipa::ToSchema)]
pub struct WatchableChannel {
    /// The map's number.
    map_id: u16,
    /// The map's name; `null` if its server does not send it.
    map_name: Option<String>,
    /// The channel's number.
    channel: u16,
    /// Its map server's id.
    server_id: String,
    /// Its map server's name.
    server_name: String,
    /// Players in it and on their way there.
    players: u32,
    /// Whether it refuses players because its server is overloaded.
    is_full: bool,
}

/// List the channels for spectators.
#[utoipa::path(
    get, path = "/watch", tag = "watch", security(("service_token" = [])),
    responses(
        (status = 200, body = Vec<WatchableChannel>),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "SERVICE_TOKEN_REQUIRED"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "RATE_LIMITED"),
    ),
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    _watcher: Watcher,
) -> Result<Json<Vec<WatchableChannel>>, Error> {
    WatchableChannel::all(&state).await.map(Json)
}

impl WatchableChannel {
    /// All channels of all maps.
    ///
    /// # Errors
    /// `OVERLOADED` while Redis cannot be asked.
    pub(in crate::http) async fn all(state: &AppState) -> Result<Vec<Self>, Error> {
        let channels = state.world.gallery.channels().await?;
        let entry = |one: &crate::service::world::WatchableChannel| Self {
            map_id: one.map.0,
            map_name: one.map_name().map(str::to_owned),
            channel: one.channel.0,
            server_id: one.server.id.as_str().to_owned(),
            server_name: one.server.name.clone(),
            players: one.players(),
            is_full: one.is_full(),
        };
        Ok(channels.iter().map(entry).collect())
    }
}

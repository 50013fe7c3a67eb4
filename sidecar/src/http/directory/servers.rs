//! `GET /map-registry/servers`.

use axum::Json;
use axum::extract::State;
use realmgate_platform::error::Error;
use realmgate_platform::http::Problem;
use serde::Serialize;

use super::caller::RegistryCaller;
use crate::state::AppState;

/// A live map server.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ServerEntry {
    /// Its id.
    id: String,
    /// Its name, for people.
    name: String,
    /// The IPv4 address where players reach it.
    ip: String,
    /// Its port.
    port: u16,
    /// The maps it hosts.
    supported_maps: Vec<u16>,
    /// Maximum number of players.
    max_players: u32,
    /// Players on it, by its last heartbeat.
    current_players: u32,
    /// Its load, by its last heartbeat, in its own unit.
    load: f64,
    /// Whether it has a map link to this sidecar or another.
    linked: bool,
    /// When its entry expires without another heartbeat, Unix milliseconds.
    expires_at_ms: u64,
}

/// List all live map servers.
#[utoipa::path(
    get, path = "/map-registry/servers", tag = "directory", security(("service_token" = [])),
    responses(
        (status = 200, body = Vec<ServerEntry>),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "SERVICE_TOKEN_REQUIRED"),
    ),
)]
pub async fn servers(_caller: RegistryCaller, State(state): State<AppState>) -> Result<Json<Vec<ServerEntry>>, Error> {
    ServerEntry::all(&state).await.map(Json)
}

impl ServerEntry {
    /// All live map servers.
    ///
    /// # Errors
    /// `OVERLOADED` while Redis cannot be asked.
    pub(in crate::http) async fn all(state: &AppState) -> Result<Vec<Self>, Error> {
        let servers = state.registry.servers().await?.into_iter().map(|server| Self {
            linked: server.link.is_some(),
            id: server.id.into(),
            name: server.name,
            ip: server.ip.to_string(),
            port: server.port,
            supported_maps: server.supported_maps.into_iter().map(|map| map.0).collect(),
            max_players: server.max_players,
            current_players: server.current_players,
            load: server.load,
            expires_at_ms: server.expires_at_ms,
        });
        Ok(servers.collect())
    }
}

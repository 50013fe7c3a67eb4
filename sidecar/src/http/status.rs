//! `GET /status`: version, maps and players; the landing page shows it (`clients/page/landing.js`).

use axum::Json;
use axum::extract::State;
use realmgate_platform::error::Error;
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::AnonymousPeer;
use serde::Serialize;

use crate::service::glance::{self, HostedMap};
use crate::state::AppState;

/// An overview of the world.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Status {
    /// Its name.
    name: String,
    /// `online`, or `draining` while it shuts down.
    state: &'static str,
    /// The version of the server.
    version: &'static str,
    /// Players in the world.
    players: u32,
    /// The port of the gateway's `/ws` on this host.
    gateway_port: u16,
    /// The hosted maps.
    maps: Vec<MapStatus>,
}

/// A hosted map.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MapStatus {
    /// Its number.
    map_id: u16,
    /// Map servers that host it.
    servers: u32,
    /// Players on it.
    players: u32,
}

/// Read the state of the world, its maps and their players.
#[utoipa::path(
    get, path = "/status", tag = "operation",
    responses(
        (status = 200, body = Status),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "RATE_LIMITED"),
    ),
)]
pub(crate) async fn status(State(state): State<AppState>, _peer: AnonymousPeer) -> Result<Json<Status>, Error> {
    let maps = glance::hosted_maps(&state.registry).await?.into_iter();
    let maps = maps.map(|(map, HostedMap { servers, players })| MapStatus { map_id: map.0, servers, players });
    let maps: Vec<MapStatus> = maps.collect();
    Ok(Json(Status {
        name: state.config.realm_name.clone(),
        state: if state.background.shutdown.is_cancelled() { "draining" } else { "online" },
        version: env!("CARGO_PKG_VERSION"),
        players: maps.iter().map(|map| map.players).sum(),
        gateway_port: state.addrs.gateway.port(),
        maps,
    }))
}

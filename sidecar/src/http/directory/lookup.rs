//! `GET /map-registry/map/{mapId}`.

use axum::Json;
use axum::extract::State;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::PathText;
use realmgate_protocol::ids::MapId;
use serde::Serialize;

use super::caller::RegistryCaller;
use crate::directory::MapServer;
use crate::state::AppState;

/// A map server of a map.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MapLocation {
    /// The IPv4 address where players reach the server.
    ip: String,
    /// Its port.
    port: u16,
    /// Its id.
    id: String,
}

/// Find the least loaded map server that hosts a map and has room.
#[utoipa::path(
    get, path = "/map-registry/map/{mapId}", tag = "directory", security(("service_token" = [])),
    params(("mapId" = u16, Path, description = "The map's number")),
    responses(
        (status = 200, body = MapLocation),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "SERVICE_TOKEN_REQUIRED"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "MAP_NOT_FOUND"),
    ),
)]
pub async fn lookup(
    _caller: RegistryCaller,
    State(state): State<AppState>,
    PathText(map): PathText,
) -> Result<Json<MapLocation>, Error> {
    // A text that is not a number names no map.
    let map = map.parse().map(MapId).map_err(|_| ErrorCode::MapNotFound)?;
    let servers = state.registry.hosting(map).await?;
    let best = servers.into_iter().find(MapServer::has_room).ok_or(ErrorCode::MapNotFound)?;
    Ok(Json(MapLocation { ip: best.ip.to_string(), port: best.port, id: best.id.into() }))
}

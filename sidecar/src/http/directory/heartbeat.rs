//! `POST /map-registry/heartbeat`.

use axum::Json;
use axum::extract::State;
use garde::Validate;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::{Valid, whole};
use realmgate_protocol::ids::ServerId;
use serde::{Deserialize, Serialize};

use super::caller::RegistryCaller;
use crate::directory::TTL_MS;
use crate::state::AppState;

/// A heartbeat of a map server.
#[derive(Deserialize, Validate, utoipa::ToSchema)]
pub struct HeartbeatRequest {
    /// The map server's id.
    #[garde(length(bytes, min = 1, max = 48))]
    #[schema(min_length = 1, max_length = 48, pattern = "^[A-Za-z0-9._-]+$")]
    id: String,
    /// Players on it.
    #[garde(skip)]
    #[serde(deserialize_with = "whole")]
    #[schema(maximum = 4_294_967_295_u32)]
    current_players: u32,
    /// Its load, in its own unit.
    #[garde(skip)]
    load: f64,
}

/// The renewed entry.
#[derive(Serialize, utoipa::ToSchema)]
pub struct HeartbeatResponse {
    /// Milliseconds until the entry expires without another heartbeat.
    ttl_ms: u64,
}

/// Renew a map server's entry. After a 404 the map server registers again.
#[utoipa::path(
    post, path = "/map-registry/heartbeat", tag = "directory", security(("service_token" = [])),
    request_body = HeartbeatRequest,
    responses(
        (status = 200, body = HeartbeatResponse),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "SERVICE_TOKEN_REQUIRED"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "SERVER_NOT_FOUND"),
    ),
)]
pub async fn heartbeat(
    _caller: RegistryCaller,
    State(state): State<AppState>,
    Valid(request): Valid<HeartbeatRequest>,
) -> Result<Json<HeartbeatResponse>, Error> {
    let id: ServerId = request.id.parse().map_err(|_| ErrorCode::ServerNotFound)?;
    if state.world.servers.heartbeat(&id, request.current_players, request.load).await? {
        Ok(Json(HeartbeatResponse { ttl_ms: TTL_MS }))
    } else {
        Err(ErrorCode::ServerNotFound.into())
    }
}

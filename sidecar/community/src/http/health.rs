//! `GET /health`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::{Anybody, Refusal};
use crate::state::Community;
use crate::time::iso_micros;

/// The status of the server.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Health {
    /// Always `ok`.
    status: &'static str,
    /// Time of the server, ISO 8601.
    timestamp: String,
}

/// Check that the server responds.
#[utoipa::path(get, path = "/health", operation_id = "index", tag = "Health", responses((status = 200, body = Health)))]
pub(super) async fn index(State(community): State<Community>, _: Anybody) -> Result<Json<Health>, Refusal> {
    Ok(Json(Health { status: "ok", timestamp: iso_micros(community.http.clock.now_ms()) }))
}

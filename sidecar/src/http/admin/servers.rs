//! The map servers and their channels.

use axum::Json;
use axum::extract::State;
use realmgate_community::http::{Data, Refusal, Refused};
use serde::Serialize;

use crate::http::directory::servers::ServerEntry;
use crate::http::watch::list::WatchableChannel;
use crate::state::AppState;

/// The map servers and their channels.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Worlds {
    /// The live map servers.
    servers: Vec<ServerEntry>,
    /// Their channels.
    channels: Vec<WatchableChannel>,
}

/// List the map servers and their channels.
#[utoipa::path(
    get, path = "/api/v1/admin/servers", operation_id = "admin_list_servers", tag = "Admin", security(("access_token" = [])),
    responses((status = 200, body = Data<Worlds>), (status = 403, body = Refused)),
)]
pub(super) async fn list(State(state): State<AppState>) -> Result<Json<Data<Worlds>>, Refusal> {
    let servers = ServerEntry::all(&state).await?;
    let channels = WatchableChannel::all(&state).await?;
    Ok(Json(Data { data: Worlds { servers, channels } }))
}

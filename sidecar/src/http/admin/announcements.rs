//! Announcements: what administrators say to every player in the world.

use axum::Json;
use axum::extract::State;
use realmgate_community::http::{Data, Fields, Input, Refusal, Refused};
use realmgate_protocol::limits::MAX_CHAT_BYTES;
use realmgate_protocol::link::ToMap;
use realmgate_protocol::text::fault_of_line;
use serde::{Deserialize, Serialize};

use crate::state::AppState;

/// An announcement.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct NewAnnouncement {
    /// The text: one line of at most 240 bytes.
    #[schema(max_length = 240)]
    text: Option<String>,
}

/// The receivers of an announcement.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Announced {
    /// Map servers that show it.
    servers: usize,
    /// Players on those servers.
    players: u32,
}

/// Show a text to every player in the world, in the chat.
#[utoipa::path(
    post, path = "/api/v1/admin/announcements", operation_id = "admin_announce", tag = "Admin",
    security(("access_token" = [])), request_body = NewAnnouncement,
    responses((status = 200, body = Data<Announced>), (status = 403, body = Refused), (status = 422, body = Refused)),
)]
pub(super) async fn announce(State(state): State<AppState>, input: Input) -> Result<Json<Data<Announced>>, Refusal> {
    let NewAnnouncement { text } = input.fields()?;
    let text = text.as_deref().unwrap_or_default().trim();
    if let Some(fault) = fault_of_line(text, MAX_CHAT_BYTES) {
        return Err(Refusal::validation_failed(&Fields::from([("text", vec![fault.to_string().into()])])));
    }
    let servers = state.registry.servers().await?;
    for server in &servers {
        state.map_servers.tell_soon(&server.id, ToMap::Announce { text: text.to_owned() });
    }
    let players = servers.iter().map(|server| server.current_players).sum();
    Ok(Json(Data { data: Announced { servers: servers.len(), players } }))
}

//! `POST /watch`.

use axum::Json;
use axum::extract::State;
use garde::Validate;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::{Valid, whole};
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ids::{ChannelId, MapId};
use serde::{Deserialize, Serialize};

use super::caller::Watcher;
use crate::service::world::WatchWish;
use crate::state::AppState;

/// The channel to watch.
#[derive(Deserialize, Validate, utoipa::ToSchema)]
pub struct Watch {
    /// The map's number.
    #[serde(deserialize_with = "whole")]
    #[garde(skip)]
    map_id: u16,
    /// The channel; without it, the one with the most players.
    #[serde(default)]
    #[garde(skip)]
    channel: Option<u16>,
    /// The map server, if several host that channel; without it, any.
    #[serde(default)]
    #[garde(length(chars, max = 48))]
    #[schema(max_length = 48)]
    server_id: Option<String>,
}

/// A spectator's address and ticket, for one connection, as in a player's `enter_world_success`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct WatchGrant {
    /// Always `null`: a spectator has no character.
    character_id: Option<String>,
    /// Address of the map server.
    map_ip: String,
    /// UDP port of the map server.
    map_port: u16,
    /// The spectator's ticket in base64url.
    ticket: String,
    /// The first position of the view, in tiles.
    spawn_pos: Option<LookedAt>,
    /// The map's number.
    map_id: u16,
    /// The map's name; `null` if its server does not send it.
    map_name: Option<String>,
    /// The channel's number.
    channel: u16,
    /// The id of the map server.
    server_id: String,
    /// The netcode connect token in base64url.
    connect_token: String,
    /// The map server's WebSocket URL; `null` if it has none.
    map_ws_url: Option<String>,
    /// The map server's WebTransport URL; `null` if it has none.
    map_wt_url: Option<String>,
    /// The SHA-256 of its WebTransport certificate if that is self-signed.
    map_wt_cert_sha256: Option<String>,
    /// The map server's protocol hash, 16 hexadecimal digits.
    protocol_hash: String,
    /// Lifetime of the ticket, in seconds.
    expires_in: u32,
}

/// A point in tiles.
#[derive(Serialize, utoipa::ToSchema)]
pub struct LookedAt {
    /// Tiles from the left edge.
    x: f64,
    /// Tiles from the top edge.
    y: f64,
}

impl From<EntryGrant> for WatchGrant {
    fn from(grant: EntryGrant) -> Self {
        Self {
            character_id: grant.character_id,
            map_ip: grant.map_ip,
            map_port: grant.map_port,
            ticket: grant.ticket,
            spawn_pos: grant.spawn_pos.map(|at| LookedAt { x: at.x, y: at.y }),
            map_id: grant.map_id,
            map_name: grant.map_name,
            channel: grant.channel,
            server_id: grant.server_id,
            connect_token: grant.connect_token,
            map_ws_url: grant.map_ws_url,
            map_wt_url: grant.map_wt_url,
            map_wt_cert_sha256: grant.map_wt_cert_sha256,
            protocol_hash: grant.protocol_hash,
            expires_in: grant.expires_in,
        }
    }
}

/// Get a spectator's ticket for a channel.
#[utoipa::path(
    post, path = "/watch", tag = "watch", security(("service_token" = [])), request_body = Watch,
    responses(
        (status = 200, body = WatchGrant),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "SERVICE_TOKEN_REQUIRED"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "MAP_NOT_FOUND"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "RATE_LIMITED"),
        (status = 502, body = Problem, content_type = "application/problem+json", description = "MAP_SERVER_UNREACHABLE"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "MAP_FULL"),
    ),
)]
pub(crate) async fn start(
    State(state): State<AppState>,
    _watcher: Watcher,
    Valid(body): Valid<Watch>,
) -> Result<Json<WatchGrant>, Error> {
    // A name that no server can have is that of none.
    let server = body.server_id.map(|id| id.parse()).transpose().map_err(|_| ErrorCode::MapNotFound)?;
    let wish = WatchWish { map: MapId(body.map_id), channel: body.channel.map(ChannelId), server };
    Ok(Json(state.world.gallery.watch(&wish).await?.into()))
}

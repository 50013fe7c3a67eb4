//! `POST /map-registry/register`.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use realmgate_platform::error::Error;
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::{Valid, whole, wholes};
use realmgate_protocol::ids::{MapId, ServerId};
use serde::{Deserialize, Serialize};

use super::caller::RegistryCaller;
use crate::directory::{Cookie, HEARTBEAT_INTERVAL_MS, Registration, TTL_MS};
use crate::http::characters::Position;
use crate::state::AppState;

/// A map server to list.
#[derive(Deserialize, Validate, utoipa::ToSchema)]
pub struct RegisterRequest {
    /// Its id: 1 to 48 characters of a-z, A-Z, 0-9, '.', '_' and '-'.
    #[garde(length(bytes, min = 1, max = 48))]
    #[schema(example = "map-server-1", min_length = 1, max_length = 48, pattern = "^[A-Za-z0-9._-]+$")]
    id: String,
    /// Its name, for people.
    #[garde(length(chars, max = 128))]
    #[schema(max_length = 128)]
    name: String,
    /// The IPv4 address where players reach it.
    #[garde(length(bytes, max = 15))]
    #[schema(example = "127.0.0.1", format = Ipv4)]
    ip: String,
    /// Its UDP port.
    #[garde(range(min = 1))]
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 65_535)]
    port: u16,
    /// The maps it hosts.
    #[garde(length(min = 1, max = 1024))]
    #[serde(deserialize_with = "wholes")]
    #[schema(min_items = 1, max_items = 1024, value_type = Vec<MapNumber>)]
    supported_maps: Vec<u16>,
    /// Names of the maps by their numbers, sent to players.
    #[garde(length(max = 1024), custom(short_names))]
    #[serde(default)]
    map_names: BTreeMap<String, String>,
    /// Start positions of new characters by map number, as `GET /characters` shows them.
    #[garde(length(max = 1024), custom(are_places))]
    #[serde(default)]
    spawns: BTreeMap<String, Position>,
    /// Its WebSocket URL, `ws://` or `wss://`, sent to players.
    #[garde(length(bytes, max = 256), custom(is_ws_url))]
    #[serde(default)]
    #[schema(example = "ws://127.0.0.1:4001/play", max_length = 256)]
    ws_url: Option<String>,
    /// Its WebTransport URL, `https://`, sent to players.
    #[garde(length(bytes, max = 256), custom(is_https_url))]
    #[serde(default)]
    #[schema(example = "https://127.0.0.1:5001/play", max_length = 256)]
    wt_url: Option<String>,
    /// The SHA-256 of its WebTransport certificate if that is self-signed: 64 hexadecimal digits, sent to players.
    #[garde(custom(is_sha256))]
    #[serde(default)]
    #[schema(min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
    wt_cert_sha256: Option<String>,
    /// Maximum number of players.
    #[garde(range(min = 1, max = 1_000_000))]
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 1_000_000)]
    max_players: u32,
    /// The cookie of an earlier response, to renew the entry of the same process.
    #[garde(length(chars, max = 64))]
    #[schema(max_length = 64)]
    #[serde(default)]
    cookie: Option<String>,
}

fn short_names(names: &BTreeMap<String, String>, _: &()) -> garde::Result {
    if names.keys().any(|map| map.parse::<u16>().is_err()) {
        return Err(garde::Error::new("must have map numbers as keys"));
    }
    let is_short = names.values().all(|name| name.chars().count() <= 64);
    is_short.then_some(()).ok_or_else(|| garde::Error::new("must have names of at most 64 characters"))
}

fn are_places(spawns: &BTreeMap<String, Position>, _: &()) -> garde::Result {
    if spawns.keys().any(|map| map.parse::<u16>().is_err()) {
        return Err(garde::Error::new("must have map numbers as keys"));
    }
    let are_on_maps = spawns.values().all(|place| place.in_units().is_some());
    are_on_maps.then_some(()).ok_or_else(|| garde::Error::new("must have positions in tiles that are on a map"))
}

fn is_ws_url(url: &Option<String>, _: &()) -> garde::Result {
    let is_one = has_scheme(url, &["ws://", "wss://"]);
    is_one.then_some(()).ok_or_else(|| garde::Error::new("must be a ws:// or wss:// URL"))
}

fn is_https_url(url: &Option<String>, _: &()) -> garde::Result {
    has_scheme(url, &["https://"]).then_some(()).ok_or_else(|| garde::Error::new("must be an https:// URL"))
}

/// Whether a URL, if there is one, begins like this and has no spaces.
fn has_scheme(url: &Option<String>, schemes: &[&str]) -> bool {
    let Some(url) = url else { return true };
    let place = schemes.iter().find_map(|scheme| url.strip_prefix(scheme));
    place.is_some_and(|place| !place.is_empty() && place.bytes().all(|byte| byte.is_ascii_graphic()))
}

fn is_sha256(digest: &Option<String>, _: &()) -> garde::Result {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_one = digest.as_ref().is_none_or(|digest| digest.len() == 64 && digest.bytes().all(is_digit));
    is_one.then_some(()).ok_or_else(|| garde::Error::new("must be 64 hexadecimal digits in lower case"))
}

/// A map's number.
#[derive(utoipa::ToSchema)]
#[schema(minimum = 1, maximum = 65_535)]
#[expect(dead_code, reason = "stands in the document for the numbers of a list")]
struct MapNumber(u16);

/// The entry of a listed map server.
#[derive(Serialize, utoipa::ToSchema)]
pub struct RegisterResponse {
    /// Sent when registering again.
    cookie: String,
    /// Interval between heartbeats, in milliseconds.
    heartbeat_interval_ms: u64,
    /// Milliseconds until the entry expires without a heartbeat.
    ttl_ms: u64,
}

impl RegisterRequest {
    fn check(self) -> Result<Registration, Error> {
        let id: ServerId = self.id.parse().map_err(|error| Error::field("id", format!("{error}")))?;
        let ip: Ipv4Addr = self.ip.parse().map_err(|_| Error::field("ip", "must be an IPv4 address"))?;
        if ip.is_unspecified() || ip.is_broadcast() || ip.is_multicast() {
            return Err(Error::field("ip", "must be an address that players can reach"));
        }
        if self.supported_maps.contains(&0) {
            return Err(Error::field("supported_maps", "must have map numbers from 1"));
        }
        Ok(Registration {
            id,
            name: self.name,
            ip,
            port: self.port,
            supported_maps: self.supported_maps.into_iter().map(MapId).collect(),
            map_names: self.map_names.into_iter().filter_map(|(map, name)| Some((map.parse().ok()?, name))).collect(),
            spawns: self.spawns.into_iter().filter_map(|(map, at)| Some((map.parse().ok()?, at.in_units()?))).collect(),
            ws_url: self.ws_url,
            wt_url: self.wt_url,
            wt_cert_sha256: self.wt_cert_sha256,
            max_players: self.max_players,
            cookie: self.cookie.as_deref().and_then(Cookie::shown),
        })
    }
}

/// Register a map server, or renew its entry by its cookie or from the same address.
#[utoipa::path(
    post, path = "/map-registry/register", tag = "directory", security(("service_token" = [])),
    request_body = RegisterRequest,
    responses(
        (status = 201, body = RegisterResponse, description = "Listed"),
        (status = 200, body = RegisterResponse, description = "Renewed"),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "SERVICE_TOKEN_REQUIRED"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "SERVER_ID_TAKEN"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "VALIDATION_FAILED"),
    ),
)]
pub async fn register(
    _caller: RegistryCaller,
    State(state): State<AppState>,
    Valid(request): Valid<RegisterRequest>,
) -> Result<(StatusCode, Json<RegisterResponse>), Error> {
    let registration = request.check()?;
    let (id, maps) = (registration.id.clone(), registration.supported_maps.clone());
    let registered = state.world.servers.register(&registration).await?;
    let status = if registered.renewed { StatusCode::OK } else { StatusCode::CREATED };
    tracing::info!(server = %id, ?maps, renewed = registered.renewed, "map server registered");
    let cookie = registered.cookie.expose().to_owned();
    Ok((status, Json(RegisterResponse { cookie, heartbeat_interval_ms: HEARTBEAT_INTERVAL_MS, ttl_ms: TTL_MS })))
}

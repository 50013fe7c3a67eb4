//! How the entry of a map server changes, wherever it is stored.

use realmgate_platform::error::{Error, ErrorCode};
use realmgate_protocol::ids::ServerId;

use super::{MapServer, Registration, ServerRegistry};
use crate::lock::CookieHash;

/// The change of an entry. Seats and the expiry are kept by the registry itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Nothing changes.
    None,
    /// The new entry, which keeps the old one's expiry.
    Keep(MapServer),
    /// The new entry, which lives for another [`super::TTL_MS`].
    Renew(MapServer),
}

/// The name under which an entry is kept and shown to operators. An id that begins with `map-server-` is its own name.
pub(super) fn entry_name(id: &ServerId) -> String {
    if id.as_str().starts_with("map-server-") { id.to_string() } else { format!("map-server-{id}") }
}

/// Checks that the entry is of this id. `1` and `map-server-1` share one name, so only one of them can be listed.
pub(super) fn check_name(existing: Option<&MapServer>, id: &ServerId) -> Result<(), Error> {
    if existing.is_some_and(|server| server.id != *id) { Err(ErrorCode::ServerIdTaken.into()) } else { Ok(()) }
}

/// The entry of a registration. What was known about the same process is kept.
pub(super) fn list(
    existing: Option<MapServer>,
    remembered: Option<&MapServer>,
    registration: &Registration,
    cookie: CookieHash,
    resumed: bool,
) -> Change {
    let known = existing.or_else(|| remembered.cloned()).filter(|server| server.cookie == cookie);
    let (current_players, load, link, channel_loads) = match known {
        Some(server) => (server.current_players, server.load, server.link, server.channel_loads),
        None => (0, 0.0, None, Vec::new()),
    };
    Change::Renew(MapServer {
        id: registration.id.clone(),
        name: registration.name.clone(),
        ip: registration.ip,
        port: registration.port,
        supported_maps: registration.supported_maps.clone(),
        map_names: registration.map_names.clone(),
        spawns: registration.spawns.clone(),
        ws_url: registration.ws_url.clone(),
        wt_url: registration.wt_url.clone(),
        wt_cert_sha256: registration.wt_cert_sha256.clone(),
        max_players: registration.max_players,
        current_players,
        load,
        expires_at_ms: 0,
        cookie,
        resumed,
        link,
        channel_loads,
        seats: Vec::new(),
    })
}

/// Removes the link from an entry, if it is this sidecar's.
pub(super) fn unlink(existing: Option<MapServer>, id: &ServerId, replica: &str) -> Change {
    match existing {
        Some(server) if server.id == *id && server.replica() == Some(replica) => {
            Change::Keep(MapServer { link: None, channel_loads: Vec::new(), ..server })
        }
        _ => Change::None,
    }
}

/// Renews an entry with an update. A lost entry is restored from memory. Returns false if that is not possible.
pub(super) async fn renew<R: ServerRegistry + ?Sized>(
    registry: &R,
    id: &ServerId,
    update: &mut (dyn FnMut(&mut MapServer) + Send),
) -> Result<bool, Error> {
    let remembered = registry.last_known(id);
    let mut renewed = false;
    let rule = &mut |existing: Option<MapServer>| {
        let known = match existing {
            // The entry was lost and registered again elsewhere: the link is still here.
            Some(mut server) => {
                let ours = remembered.as_ref().filter(|ours| ours.cookie == server.cookie);
                if server.link.is_none() {
                    server.link = ours.and_then(|ours| ours.link.clone());
                }
                Some(server)
            }
            None => remembered.clone(),
        };
        let Some(mut server) = known.filter(|server| server.id == *id) else {
            renewed = false;
            return Ok(Change::None);
        };
        update(&mut server);
        renewed = true;
        Ok(Change::Renew(server))
    };
    registry.change(id, rule).await?;
    Ok(renewed)
}

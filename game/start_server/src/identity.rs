//! Under which id this server lives, and in which folder: settled by the folder's lock and by the directory.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::anyhow;
use realmgate_engine::map::Map;
use realmgate_protocol::ids::{MapId, ServerId};

use crate::args::Args;
use crate::cookie::CookieJar;
use crate::directory::{DirectoryClient, NotRegistered, Registered, Registration};
use crate::failure::Failure;
use crate::folder::ServerFolder;
use crate::placement::Directory;

/// A server that is registered.
pub struct Identity {
    /// Its id.
    pub server: ServerId,
    /// Its folder, locked.
    pub folder: ServerFolder,
    /// What it proves itself with.
    pub cookie: CookieJar,
    /// What it said of itself.
    pub registration: Registration,
    /// What the directory answered.
    pub registered: Registered,
    /// Speaks with the directory.
    pub client: DirectoryClient,
}

/// Registers under the configured id, or under `map-server-<map>` and, where that is alive elsewhere, with the port.
pub async fn register(
    args: &Args,
    map: MapId,
    bound: SocketAddr,
    hosted: &[Arc<Map>],
    directory: &Directory,
) -> Result<Identity, Failure> {
    let candidates = match &args.server_id {
        Some(given) => vec![given.clone()],
        None => vec![format!("map-server-{map}"), format!("map-server-{map}-{}", bound.port())],
    };
    let client = DirectoryClient::new(directory.clone())?;
    for id in &candidates {
        let server: ServerId = id.parse().map_err(|error| Failure::Settings(format!("SERVER_ID: {error}")))?;
        let Some(folder) = ServerFolder::lock(&args.sidecar.data_dir, &server)? else { continue };
        let cookie = folder.cookie()?;
        let registration = Registration {
            id: id.clone(),
            name: args.server_name.clone().unwrap_or_else(|| format!("Map Server {map}")),
            ip: args.server_ip.to_string(),
            port: bound.port(),
            supported_maps: hosted.iter().map(|map| map.id.0).collect(),
            max_players: args.max_players,
            // Of an earlier process of this very server: with it we go on as that, at once.
            cookie: cookie.get(),
        };
        match client.register_first(&registration).await {
            Ok(registered) => {
                cookie.keep(&registered.cookie)?;
                return Ok(Identity { server, folder, cookie, registration, registered, client });
            }
            Err(NotRegistered::IdTaken) => {}
            Err(NotRegistered::Refused(why)) => {
                return Err(Failure::Settings(format!(
                    "the directory refuses SERVER_ID, SERVER_NAME or SERVER_IP: {why}"
                )));
            }
            Err(NotRegistered::Failed(error)) => return Err(Failure::Other(error)),
        }
    }
    Err(Failure::Other(anyhow!(
        "a server {} is running already; give this one another SERVER_ID",
        candidates.join(" and ")
    )))
}

//! Registers this server, which settles its id and its folder: by the folder's lock and by the directory.

use std::sync::Arc;

use anyhow::anyhow;
use realmgate_engine::map::Map;
use realmgate_protocol::entry::SpawnPosition;
use realmgate_protocol::ids::{MapId, ServerId};
use realmgate_protocol::movement::tiles;

use crate::args::Args;
use crate::cookie::CookieJar;
use crate::directory::{DirectoryClient, NotRegistered, Registered, Registration};
use crate::directory_choice::Directory;
use crate::endpoints::{Endpoints, SelfMade};
use crate::failure::Failure;
use crate::folder::ServerFolder;

/// The identity of a registered server.
pub struct Identity {
    /// Its id.
    pub server: ServerId,
    /// Its folder, locked.
    pub folder: ServerFolder,
    /// Proves its identity.
    pub cookie: CookieJar,
    /// Its registration.
    pub registration: Registration,
    /// The answer of the directory.
    pub registered: Registered,
    /// Client of the directory.
    pub client: DirectoryClient,
    /// The certificate of which players are told, if nobody has signed it.
    pub self_made: Option<SelfMade>,
}

/// Where new characters begin on a map.
fn spawn_of(map: &Map) -> Option<SpawnPosition> {
    let at = map.spawn_points().first()?.position;
    Some(SpawnPosition { x: tiles(at.x), y: tiles(at.y) })
}

/// Registers under the configured id. Without one, registers as `map-server-<map>`, or as `map-server-<map>-<port>` if
/// that is in use.
///
/// # Errors
///
/// [`Failure::Settings`] if `SERVER_ID` is invalid or the directory refuses the registration; [`Failure::Other`] if
/// all ids are in use, the directory cannot be reached or the folder cannot be used.
pub async fn register(
    args: &Args,
    map: MapId,
    endpoints: &Endpoints,
    hosted: &[Arc<Map>],
    directory: &Directory,
) -> Result<Identity, Failure> {
    let candidates = match &args.server_id {
        Some(given) => vec![given.clone()],
        None => vec![format!("map-server-{map}"), format!("map-server-{map}-{}", endpoints.game.port())],
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
            port: endpoints.game.port(),
            supported_maps: hosted.iter().map(|map| map.id.0).collect(),
            map_names: hosted.iter().map(|map| (map.id.0, map.name.clone())).collect(),
            spawns: hosted.iter().filter_map(|map| Some((map.id.0, spawn_of(map)?))).collect(),
            ws_url: endpoints.websocket.clone(),
            wt_url: endpoints.webtransport.clone(),
            wt_cert_sha256: endpoints.certificate_sha256(),
            max_players: args.max_players,
            // Left by an earlier process of this server: with it we continue as that server at once.
            cookie: cookie.get(),
        };
        match client.register_first(&registration).await {
            Ok(registered) => {
                cookie.keep(&registered.cookie)?;
                let self_made = endpoints.self_made.clone();
                return Ok(Identity { server, folder, cookie, registration, registered, client, self_made });
            }
            Err(NotRegistered::IdTaken) => {}
            Err(NotRegistered::Refused(why)) => {
                return Err(Failure::Settings(format!(
                    "the directory rejected SERVER_ID, SERVER_NAME or SERVER_IP: {why}"
                )));
            }
            Err(NotRegistered::Failed(error)) => return Err(Failure::Other(error)),
        }
    }
    Err(Failure::Other(anyhow!(
        "a server with the id {} is already running; set another SERVER_ID",
        candidates.join(" and ")
    )))
}

//! Embeds the sidecar in this process, or joins a running directory.

use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use realmgate_protocol::ids::MapId;
use realmgate_sidecar::{Running, Sidecar, StartError};
use secrecy::SecretString;

use crate::args::Args;
use crate::directory_choice::{self, Directory, DirectoryChoice};
use crate::failure::Failure;

/// How often a start that has lost the race for the ports looks for the directory of the winner.
const ASKS: u32 = 5;
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// The directory where this server registers, and the sidecar if it is embedded.
pub struct Chosen {
    /// The directory.
    pub directory: Directory,
    /// The embedded sidecar; `None` if this server joins a running directory.
    pub sidecar: Option<Running>,
}

/// Joins a running directory, or embeds the sidecar.
///
/// # Errors
///
/// Fails if the settings are wrong or the sidecar cannot be started.
pub async fn settle(args: &Args, map: MapId, metrics: &PrometheusHandle) -> Result<Chosen, Failure> {
    match directory_choice::decide(args).await? {
        DirectoryChoice::Join(directory) => Ok(Chosen { directory, sidecar: None }),
        DirectoryChoice::Embed => match embed(args, map, metrics.clone()).await {
            // Another start may have won the race for the ports: then its directory is joined.
            Err(error) if error.is_addr_in_use() => match ask_the_winner(args).await {
                Some(directory) => Ok(Chosen { directory, sidecar: None }),
                None => Err(failure(error)),
            },
            Err(error) => Err(failure(error)),
            Ok(sidecar) => Ok(Chosen { directory: own_directory(args, &sidecar)?, sidecar: Some(sidecar) }),
        },
    }
}

/// Asks several times for the directory of the winner: it binds its three ports one after the other, and its directory
/// may not be up yet.
async fn ask_the_winner(args: &Args) -> Option<Directory> {
    for _ in 0..ASKS {
        if let Some(directory) = directory_choice::ask(args, args.sidecar.directory_addr).await {
            return Some(directory);
        }
        tokio::time::sleep(ASK_AGAIN_AFTER).await;
    }
    None
}

async fn embed(args: &Args, map: MapId, metrics: PrometheusHandle) -> Result<Running, StartError> {
    let mut config = args.sidecar.resolve()?;
    config.start.embedded = Some(map);
    config.passwords.beside_world = true;
    Sidecar::start(config, Some(metrics)).await
}

fn own_directory(args: &Args, sidecar: &Running) -> Result<Directory, Failure> {
    let (url, tls_roots) = directory_choice::local(args, sidecar.addrs().directory)?;
    let secrets = &sidecar.state().config.secrets;
    let service_token = SecretString::from(secrets.service_token.expose());
    Ok(Directory { url, tls_roots, is_asked_directly: true, service_token, keys: secrets.ticket.clone() })
}

fn failure(error: StartError) -> Failure {
    match error.exit_code() {
        2 => Failure::Settings(error.to_string()),
        _ => Failure::Other(error.into()),
    }
}

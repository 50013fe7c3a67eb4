//! The sidecar within this process, or the directory that is there already.

use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use realmgate_protocol::ids::MapId;
use realmgate_sidecar::{Running, Sidecar, StartError};
use secrecy::SecretString;

use crate::args::Args;
use crate::failure::Failure;
use crate::placement::{self, Directory, Placement};

/// How often a start that has lost the race for the ports asks who won it.
const ASKS: u32 = 5;
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// Where this server registers, and the sidecar if it is ours to run.
pub struct Placed {
    /// The directory.
    pub directory: Directory,
    /// The embedded sidecar.
    pub sidecar: Option<Running>,
}

/// Joins the directory that is there, or embeds the sidecar.
pub async fn settle(args: &Args, map: MapId, metrics: &PrometheusHandle) -> Result<Placed, Failure> {
    match placement::decide(args).await? {
        Placement::Join(directory) => Ok(Placed { directory, sidecar: None }),
        Placement::Embed => match embed(args, map, metrics.clone()).await {
            // Another start may have won the race for the ports: then its directory is ours to join.
            Err(error) if error.is_addr_in_use() => match ask_the_winner(args).await {
                Some(directory) => Ok(Placed { directory, sidecar: None }),
                None => Err(failure(error)),
            },
            Err(error) => Err(failure(error)),
            Ok(sidecar) => Ok(Placed { directory: own_directory(args, &sidecar)?, sidecar: Some(sidecar) }),
        },
    }
}

/// Who won binds its three ports one after the other, and we may have met the first.
async fn ask_the_winner(args: &Args) -> Option<Directory> {
    for _ in 0..ASKS {
        if let Some(directory) = placement::ask(args, args.sidecar.directory_addr).await {
            return Some(directory);
        }
        tokio::time::sleep(ASK_AGAIN_AFTER).await;
    }
    None
}

async fn embed(args: &Args, map: MapId, metrics: PrometheusHandle) -> Result<Running, StartError> {
    let mut config = args.sidecar.resolve()?;
    config.start.embedded = Some(map);
    Sidecar::start(config, Some(metrics)).await
}

fn own_directory(args: &Args, sidecar: &Running) -> Result<Directory, Failure> {
    let (url, trust) = placement::local(args, sidecar.addrs().directory)?;
    let secrets = &sidecar.state().config.secrets;
    let service_token = SecretString::from(secrets.service_token.expose());
    Ok(Directory { url, trust, service_token, keys: secrets.ticket.clone() })
}

fn failure(error: StartError) -> Failure {
    match error.exit_code() {
        2 => Failure::Settings(error.to_string()),
        _ => Failure::Other(error.into()),
    }
}

//! Starts everything in order, waits for the shutdown signal, and ends everything in reverse order.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use realmgate_engine::map::Map;
use realmgate_game::travel::reachable_from;
use realmgate_platform::config::{ConfigError, StoredSecrets};
use realmgate_platform::metrics_recorder;
use realmgate_platform::telemetry::{LogLayer, Telemetry};
use realmgate_protocol::ids::MapId;
use tokio_util::sync::CancellationToken;

use crate::args::{Args, HostMaps};
use crate::data::{self, World};
use crate::embedded_sidecar::settle;
use crate::failure::Failure;
use crate::health_port::HealthPort;
use crate::registration::register;
use crate::signals::ShutdownSignals;
use crate::simulation::Simulation;
use crate::tasks::Tasks;
use crate::{console, endpoints, folder, logs, replay};

/// How long tasks may take to end once the simulation is drained.
const END_PATIENCE: Duration = Duration::from_secs(12);

/// Runs what the command line asks for.
///
/// # Errors
///
/// Fails if the arguments, settings or data are wrong, if the server cannot start, if the simulation dies, or if
/// `--schema` or `--replay` fails.
pub fn run(mut args: Args) -> Result<(), Failure> {
    if args.schema {
        return data::write_schemas(&args.out);
    }
    if args.check {
        return data::check(&args);
    }
    if args.maps {
        return data::list_maps(&args);
    }
    if !args.replay.is_empty() {
        return replay::replay_all(&args);
    }
    let (Some(map), Some(port)) = (args.map_id, args.port) else {
        return Err(Failure::Settings("missing map or port; usage: start_server <map_id> <port>".to_owned()));
    };
    let world = data::load(&args)?;
    // One worker: the simulation gets the rest of the machine.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.context("cannot start the asynchronous runtime")?;
    let secrets = args.sidecar.fill_secrets().map_err(without_secrets)?;
    let config = args.sidecar.telemetry("start_server").map_err(|error| Failure::Settings(error.to_string()))?;
    let (layers, telemetry) = Telemetry::open(config).map_err(|error| Failure::Settings(error.to_string()))?;
    runtime.block_on(async {
        let delivery = telemetry.deliver();
        let served = serve(&args, MapId(map), port, world, layers, &secrets).await;
        delivery.close().await;
        served
    })
}

/// A store of secrets that fails may be available later; its other faults are those of settings.
fn without_secrets(error: ConfigError) -> Failure {
    if error.may_pass { Failure::Other(error.into()) } else { Failure::Settings(error.to_string()) }
}

async fn serve(
    args: &Args,
    map: MapId,
    port: u16,
    world: World,
    layers: Vec<LogLayer>,
    secrets: &StoredSecrets,
) -> Result<(), Failure> {
    let Some(asked) = world.maps.get(map).cloned() else {
        let known: Vec<String> = world.maps.iter().map(|map| format!("{} {}", map.id, map.name)).collect();
        return Err(Failure::Settings(format!("unknown map {map}; known maps: {}", known.join(", "))));
    };
    if let Some(stale) = &args.ready_file {
        folder::forget(stale)?;
    }
    let mut end = ShutdownSignals::watch(args.end_with_stdin)?;
    let log_file = logs::start(&args.log, args.log_format, layers)?;
    secrets.log();
    for warning in world.maps.warnings() {
        tracing::warn!("{warning}");
    }
    let metrics = metrics_recorder::install().context("cannot install the metrics recorder")?;
    let chosen = settle(args, map, &metrics).await?;
    let hosted = hosted_maps(args, &asked, &world, chosen.sidecar.is_some());
    let (endpoints, transports) = endpoints::open(args, port, &chosen.directory)?;
    // Before the registration, so that no player is sent to a server that cannot start.
    let health_port = HealthPort::bind(args.admin_addr, metrics).await?;
    let mut identity = tokio::select! {
        identity = register(args, map, &endpoints, &hosted, &chosen.directory) => identity?,
        () = end.next() => return Ok(()),
    };
    log_file.open(identity.folder.open_log()?).context("cannot write the log file")?;
    tracing::info!("Registered with World Directory successfully!");

    let stop = CancellationToken::new();
    let (simulation, link) =
        Simulation::start(args, &identity.server, hosted.clone(), world, transports, &chosen.directory)?;
    endpoints.keep_certificates(&stop);
    let tasks = Tasks::start(args, &simulation, link, &identity, &chosen.directory, health_port, &stop)?;
    let names: Vec<String> = hosted.iter().map(|map| format!("{} {}", map.id, map.name)).collect();
    let up = console::Up {
        server: identity.server.as_str(),
        maps: &names,
        channels: args.channels,
        game: endpoints.game,
        websocket: endpoints.websocket.as_deref(),
        webtransport: endpoints.webtransport.as_deref(),
        health: tasks.health,
        api: chosen.sidecar.as_ref().map(|sidecar| sidecar.addrs().api),
        gateway: chosen.sidecar.as_ref().map(|sidecar| sidecar.addrs().gateway),
        door: chosen.sidecar.as_ref().and_then(|sidecar| sidecar.addrs().door),
        directory: &chosen.directory.url,
        administrator_code: chosen.sidecar.as_ref().and_then(|sidecar| sidecar.administrator_code()),
    };
    identity.folder.write_ready(&up.ready(&hosted), args.ready_file.as_deref())?;
    console::up(&up);

    let died = tokio::select! {
        () = end.next() => false,
        () = simulation.died() => true,
    };
    tracing::info!("draining: no new players, saving all players");
    let drained = simulation.drain().await;
    stop.cancel();
    let undelivered = tokio::time::timeout(END_PATIENCE, tasks.ended()).await.ok();
    if let Some(sidecar) = chosen.sidecar {
        sidecar.shutdown().await;
    }
    if died || !drained {
        return Err(Failure::Other(anyhow!("the simulation thread died; confirmed changes are stored")));
    }
    match undelivered {
        Some(0) => tracing::info!("all players saved, server stopped"),
        // Everything confirmed is in the store; positions and health may be some seconds old.
        Some(undelivered) => {
            tracing::error!(
                undelivered,
                "messages could not be delivered to the sidecar: the latest positions of some players are lost"
            );
        }
        None => tracing::error!("the map link did not close in time: the latest positions of some players may be lost"),
    }
    Ok(())
}

/// The maps to host: the requested one and, if the sidecar is embedded, all maps reachable from it, since nobody else
/// would host them. The settings may override this.
fn hosted_maps(args: &Args, asked: &Arc<Map>, world: &World, embedded: bool) -> Vec<Arc<Map>> {
    let all = match args.host_maps {
        Some(choice) => choice == HostMaps::All,
        None => embedded,
    };
    if !all {
        return vec![asked.clone()];
    }
    let reachable = reachable_from(&world.maps, asked.id);
    let others = world.maps.iter().filter(|map| map.id != asked.id && reachable.contains(&map.id)).cloned();
    std::iter::once(asked.clone()).chain(others).collect()
}

//! The simulation thread. Nothing else runs on it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, anyhow};
use realmgate_engine::host::{self, HostConfig, HostStatus, LinkEnds, LinkNews, MapServer, RecordInto};
use realmgate_engine::map::Map;
use realmgate_engine::transport::Transports;
use realmgate_protocol::ids::ServerId;
use realmgate_protocol::link::FromMap;
use realmgate_protocol::realm;

use crate::args::Args;
use crate::data::{self, World};
use crate::directory_choice::Directory;
use crate::failure::Failure;
use crate::reload::Reloads;

/// Interval between two checks whether the thread is alive.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The running simulation.
pub struct Simulation {
    /// Its counters.
    pub status: Arc<HostStatus>,
    /// The data that its worlds play by.
    pub reloads: Arc<Reloads>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// The ends of the link outside of the simulation.
pub struct HostLink {
    /// Passes messages and news of the link to the host.
    pub to_host: mpsc::Sender<LinkNews>,
    /// Messages of the host.
    pub from_host: mpsc::Receiver<FromMap>,
}

impl Simulation {
    /// Builds the worlds and starts the thread.
    ///
    /// # Errors
    ///
    /// Fails if a recording cannot be prepared, the system has no randomness or no thread can be started.
    pub fn start(
        args: &Args,
        server: &ServerId,
        maps: Vec<Arc<Map>>,
        world: World,
        transports: Transports,
        directory: &Directory,
    ) -> Result<(Self, HostLink), Failure> {
        let record = args.record.as_ref().map(|folder| record_into(args, folder)).transpose()?;
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| anyhow!("cannot get random bytes from the system: {error}"))?;
        let config = HostConfig {
            server: server.clone(),
            maps,
            channels: args.channels,
            tick_hz: args.tick_hz,
            tick_threads: args.tick_threads(),
            max_players: args.max_players,
            protocol_hash: realm::protocol_hash(),
            keys: directory.keys.clone(),
            seed,
            record,
            offline_play_max_s: args.offline_play_max_s,
        };
        let (to_host, incoming) = mpsc::channel();
        let (outgoing, from_host) = mpsc::channel();
        let build = realmgate_game::build_world(world.game.clone(), world.maps.clone());
        let mut server = MapServer::new(config, build, transports, LinkEnds { incoming, outgoing });
        let status = server.status();
        let reloads = Reloads::new(data::assets(args)?, world.game, world.maps, server.reloader());
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("simulation".to_owned());
        let thread =
            thread.spawn(move || host::run(&mut server, &stopped)).context("cannot start the simulation thread")?;
        Ok((Self { status, reloads, stop, thread }, HostLink { to_host, from_host }))
    }

    /// Waits until the thread has ended by itself, which it never should.
    pub async fn died(&self) {
        while !self.thread.is_finished() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Graceful shutdown: saves and releases all players and ends the thread. Returns whether it ended without a panic.
    pub async fn drain(self) -> bool {
        self.stop.store(true, Ordering::Relaxed);
        let joined = tokio::task::spawn_blocking(move || self.thread.join()).await;
        matches!(joined, Ok(Ok(())))
    }
}

/// `--record`: prepares the folder for recordings.
fn record_into(args: &Args, folder: &Path) -> Result<RecordInto, Failure> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {} (--record)", folder.display()))?;
    Ok(RecordInto { folder: folder.to_owned(), sources: data::sources(args)? })
}

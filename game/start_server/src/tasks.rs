//! Tasks besides the simulation: the map link, the heartbeat and the health port.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use realmgate_platform::secrets::ServiceToken;
use realmgate_protocol::ids::MapId;
use realmgate_protocol::realm;
use secrecy::ExposeSecret;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::directory_choice::Directory;
use crate::failure::Failure;
use crate::health_port::{self, HealthPort, HealthState};
use crate::link::{self, Greeting, LinkClient, bridge};
use crate::listing::Listing;
use crate::registration::Identity;
use crate::simulation::{HostLink, Simulation};

/// The running tasks.
pub struct Tasks {
    /// Address of the health port.
    pub health: SocketAddr,
    undelivered: Arc<AtomicUsize>,
    all: JoinSet<()>,
}

impl Tasks {
    /// Starts all tasks.
    ///
    /// # Errors
    ///
    /// Fails if the address of the health port cannot be determined.
    pub fn start(
        args: &Args,
        simulation: &Simulation,
        host_link: HostLink,
        identity: &Identity,
        directory: &Directory,
        health_port: HealthPort,
        stop: &CancellationToken,
    ) -> Result<Self, Failure> {
        let HealthPort { listener, metrics } = health_port;
        let address = listener.local_addr().map_err(anyhow::Error::from)?;
        let undelivered = Arc::new(AtomicUsize::new(0));
        let link_up = Arc::new(AtomicBool::new(false));
        let directory_reachable = Arc::new(AtomicBool::new(true));
        let (forgotten, disowned) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let mut all = JoinSet::new();
        let HostLink { to_host, from_host } = host_link;

        let client = LinkClient {
            directory: directory.clone(),
            greeting: Greeting {
                server: identity.server.to_string(),
                protocol_hash: realm::protocol_hash(),
                maps: identity.registration.supported_maps.iter().map(|map| MapId(*map)).collect(),
                channels: args.channels,
            },
            cookie: identity.cookie.clone(),
            to_host,
            up: link_up.clone(),
            stop: stop.clone(),
            undelivered: undelivered.clone(),
            forgotten: forgotten.clone(),
            disowned: disowned.clone(),
            silence: link::SILENCE,
        };
        // The sidecar accepts only listed servers, so our entry is removed after our last message.
        let last_word_said = CancellationToken::new();
        let saying = last_word_said.clone().drop_guard();
        all.spawn(async move {
            client.run(bridge(from_host)).await;
            drop(saying);
        });
        let interval = Duration::from_millis(identity.registered.heartbeat_interval_ms.clamp(100, 60_000));
        let listing = Listing {
            client: identity.client.clone(),
            registration: identity.registration.clone(),
            self_made: identity.self_made.clone(),
            cookie: identity.cookie.clone(),
            interval,
            status: simulation.status.clone(),
            reachable: directory_reachable.clone(),
            forgotten,
            disowned,
        };
        all.spawn(listing.keep(last_word_said));
        let state = HealthState {
            status: simulation.status.clone(),
            link_up,
            directory_reachable,
            metrics,
            liveness: Arc::default(),
            reloads: simulation.reloads.clone(),
            service_token: ServiceToken::new(directory.service_token.expose_secret()),
        };
        if args.reload {
            all.spawn(simulation.reloads.clone().follow(stop.clone()));
        }
        all.spawn(health_port::serve(listener, state, stop.clone()));
        Ok(Self { health: address, undelivered, all })
    }

    /// Waits for all tasks to end. Returns the number of link messages that were not delivered.
    pub async fn ended(mut self) -> usize {
        while self.all.join_next().await.is_some() {}
        self.undelivered.load(Ordering::Relaxed)
    }
}

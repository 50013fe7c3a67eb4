//! Starts the sidecar: the store, the listeners, the background tasks.

mod assemble;
mod community;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use realmgate_community::DeclaredBoards;
use realmgate_platform::background::Background;
use realmgate_platform::clock::Clock;
use realmgate_platform::config::{ConfigError, DatabaseAt};
use realmgate_platform::database::OpenError;
use realmgate_platform::error::Error;
use realmgate_platform::http::{Certificate, HttpListener, Patience, layers, redirect};
use realmgate_platform::redis_client::{RedisClient, RedisFailed};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use self::assemble::{Found, assemble};
use crate::config::{Listen, SidecarConfig};
use crate::http::{self, Pictures};
use crate::replicas::LocalReplica;
use crate::service::classes::Classes;
use crate::service::world::NotAllowed;
use crate::social::Happenings;
use crate::state::{Addrs, AppState};
use crate::store::Store;

/// How long a graceful shutdown waits for open requests and sockets.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(10);
/// How often expired refresh tokens are deleted.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often characters whose deletion is due are deleted, and names that an older sidecar has written are compared.
const CHARACTERS_EVERY: Duration = Duration::from_secs(20);
/// How often leaderboards count what worlds have told, and begin the seasons that are due.
const LEADERBOARDS_EVERY: Duration = Duration::from_secs(1);
/// How often the ledger is audited; faults are logged and counted.
const AUDIT_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often the certificate's files are checked for changes.
const CERTIFICATE_LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often past entries are removed from the in-memory tables that players' actions fill.
const FORGET_EVERY: Duration = Duration::from_secs(10);
/// How often parties are compared with the locks.
const TIDY_PARTIES_EVERY: Duration = Duration::from_secs(5);
/// How often the figures that administrators see are taken.
const FIGURES_EVERY: Duration = Duration::from_secs(60);
/// How often the recorder folds its histograms.
const METRICS_UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Starts the sidecar.
pub struct Sidecar;

/// Why the sidecar did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting or a data file cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A listener could not be bound.
    #[error("cannot listen on {addr}: {source}; set {setting} to another address")]
    Bind {
        /// The setting to change.
        setting: &'static str,
        /// The address it is set to now.
        addr: SocketAddr,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The database cannot be used.
    #[error("database {database}: {source}")]
    Database {
        /// Where the database is, without its password.
        database: String,
        /// Why it cannot be opened.
        source: OpenError,
    },
    /// Redis answers, but refuses this sidecar.
    #[error("REDIS_URL: {0}")]
    Redis(#[from] RedisFailed),
    /// This sidecar may not run beside others, or not yet.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// The database could not be asked.
    #[error(transparent)]
    Asked(#[from] Error),
    /// Any other I/O error.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl StartError {
    /// The process's exit code: 2 for what the operator can fix in settings or data, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(error) => error.exit_code(),
            Self::Database { source: OpenError::TooOld { .. }, .. }
            | Self::NotAllowed(
                NotAllowed::IdTaken(_)
                | NotAllowed::FolderTaken { .. }
                | NotAllowed::CookieTaken { .. }
                | NotAllowed::NotShared(_),
            ) => 2,
            _ => 1,
        }
    }

    /// Whether the start failed because another process already listens on the address.
    pub fn is_addr_in_use(&self) -> bool {
        matches!(self, Self::Bind { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse)
    }
}

/// A running sidecar. Dropping it does not stop it: it runs until its runtime ends. [`Running::shutdown`] shuts it down
/// gracefully.
pub struct Running {
    state: AppState,
    administrator_code: Option<String>,
}

impl Sidecar {
    /// Starts everything on the current tokio runtime. `metrics` is what `/metrics` renders: the handle of the recorder
    /// that this process has installed, if any. The library itself never installs one.
    ///
    /// # Errors
    /// `Config` for a bad setting or data file, `Bind` when a listener cannot be bound, `Database` and `Asked` when the
    /// database cannot be used, `Redis` when Redis refuses us, `NotAllowed` when it may not run beside other sidecars.
    pub async fn start(config: SidecarConfig, metrics: Option<PrometheusHandle>) -> Result<Running, StartError> {
        Self::start_with_clock(config, metrics, Clock::system()).await
    }

    /// As [`Sidecar::start`], with a clock that a test moves.
    ///
    /// # Errors
    /// As [`Sidecar::start`].
    pub async fn start_with_clock(
        config: SidecarConfig,
        metrics: Option<PrometheusHandle>,
        clock: Clock,
    ) -> Result<Running, StartError> {
        let classes = Classes::read(&config.assets_dir)?;
        let boards = DeclaredBoards::read(&config.assets_dir)?;
        let pictures = match config.roles.api {
            true => Pictures::read(
                config.maps_dir.as_deref(),
                &config.assets_dir,
                config.assets_base_url.as_deref().unwrap_or_default(),
                &config.theme,
                &config.realm_name,
            ),
            false => Pictures::default(),
        };
        let certificate = config.edge.tls.as_ref().map(Certificate::load).transpose()?;
        let listeners = Listeners::bind(&config).await?;
        let store = open_store(&config, &clock).await?;
        let redis = open_redis(&config, &clock).await?;
        let now_ms = store.now_ms().await.map_err(Error::from)?;
        let found = Found { addrs: listeners.addrs, classes, boards, pictures, store, redis, metrics, clock };
        let (state, happenings) = assemble(config, found, now_ms)?;
        spawn_background(&state, happenings).await?;
        let administrator_code = match state.config.roles.community {
            true => state.community.offer_administrator_code().await?,
            false => None,
        };
        listeners.serve(&state, certificate)?;
        let Addrs { api, directory, gateway, door, redirect } = state.addrs;
        let tls = state.config.edge.tls.is_some();
        tracing::info!(roles = %state.config.roles, %api, %directory, %gateway, door = door.map(tracing::field::display), redirect = redirect.map(tracing::field::display), tls, "the sidecar is up");
        Ok(Running { state, administrator_code })
    }
}

impl Running {
    /// The addresses that were really bound.
    pub fn addrs(&self) -> Addrs {
        self.state.addrs
    }

    /// What makes an account the administrator of a realm that has none, at `/admin`; `None` where there is one.
    pub fn administrator_code(&self) -> Option<&str> {
        self.administrator_code.as_deref()
    }

    /// The parts, for tests and for the process that embeds this one.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Shuts down gracefully: stops the map servers that it manages, turns away new requests, lets the running ones
    /// finish, and closes the database.
    pub async fn shutdown(self) {
        self.state.fleet.close().await;
        self.state.background.shutdown.cancel();
        self.state.background.tasks.close();
        if tokio::time::timeout(SHUTDOWN_PATIENCE, self.state.background.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.state.background.tasks.len(), "shutting down before all connections closed");
        }
        if let Err(error) = self.state.world.stop().await {
            tracing::warn!(%error, "cannot release this sidecar's lock: its id is free in 30 s");
        }
        self.state.store.close().await;
        tracing::info!("the sidecar is down");
    }
}

/// A listener for each role that this process has.
struct Listeners {
    addrs: Addrs,
    api: Option<TcpListener>,
    directory: Option<TcpListener>,
    gateway: Option<TcpListener>,
    door: Option<TcpListener>,
    redirect: Option<TcpListener>,
}

impl Listeners {
    async fn bind(config: &SidecarConfig) -> Result<Self, StartError> {
        let Listen { api, directory, gateway, door } = config.listen;
        let roles = config.roles;
        let api = bind(roles.has_public_listener(), "API_ADDR", api).await?;
        let directory = bind(roles.directory, "DIRECTORY_ADDR", directory).await?;
        let gateway = bind(roles.gateway, "GATEWAY_ADDR", gateway).await?;
        let door = bind(roles.door && config.services_file.is_some(), "DOOR_ADDR", door).await?;
        let redirect = match config.edge.redirect {
            Some(redirect) => bind(true, "HTTP_REDIRECT_ADDR", redirect.addr).await?,
            None => (None, config.listen.api),
        };
        let redirected = redirect.0.is_some().then_some(redirect.1);
        let addrs = Addrs {
            api: api.1,
            directory: directory.1,
            gateway: gateway.1,
            door: door.0.is_some().then_some(door.1),
            redirect: redirected,
        };
        Ok(Self { addrs, api: api.0, directory: directory.0, gateway: gateway.0, door: door.0, redirect: redirect.0 })
    }

    fn serve(self, state: &AppState, certificate: Option<Arc<Certificate>>) -> Result<(), StartError> {
        let tls = certificate.as_ref().map(|certificate| certificate.server_config().map(TlsAcceptor::from));
        let tls = tls.transpose().map_err(|error| ConfigError::new("TLS_CERT_FILE", error.to_string()))?;
        let http::Routers { api, directory, gateway, door } = http::routers(state);
        let patience = Patience::default();
        let own =
            [("api", self.api, api), ("directory", self.directory, directory), ("gateway", self.gateway, gateway)];
        let mut all: Vec<HttpListener> = own
            .into_iter()
            .filter_map(|(name, listener, router)| {
                Some(HttpListener { name, listener: listener?, router, tls: tls.clone(), patience })
            })
            .collect();
        if let (Some(listener), Some(router)) = (self.door, door) {
            let tls = certificate.as_ref().map(|certificate| certificate.server_config_http2().map(TlsAcceptor::from));
            let tls = tls.transpose().map_err(|error| ConfigError::new("TLS_CERT_FILE", error.to_string()))?;
            all.push(HttpListener { name: "door", listener, router, tls, patience });
        }
        if let (Some(listener), Some(certificate)) = (self.redirect, &certificate) {
            let port = state.config.edge.redirect.and_then(|redirect| redirect.port).unwrap_or(self.addrs.api.port());
            let router = layers::bare(redirect(certificate.clone(), port), &state.clock);
            all.push(HttpListener { name: "redirect", listener, router, tls: None, patience });
        }
        for listener in all {
            let Background { tasks, shutdown } = state.background.clone();
            state.background.tasks.spawn(listener.serve(state.config.edge.clone(), shutdown, tasks));
        }
        if let Some(certificate) = certificate {
            state.background.every(CERTIFICATE_LOOK_EVERY, CERTIFICATE_LOOK_EVERY, move || {
                let certificate = certificate.clone();
                async move {
                    // This reads files, which may take a while if they are on another machine.
                    if let Err(error) = tokio::task::spawn_blocking(move || certificate.refresh()).await {
                        tracing::error!(%error, "cannot check the TLS certificate");
                    }
                }
            });
        }
        Ok(())
    }
}

/// Binds the listener if this process has the role. Returns it with its bound address; without the role, `None` and the
/// configured address.
async fn bind(
    wanted: bool,
    setting: &'static str,
    addr: SocketAddr,
) -> Result<(Option<TcpListener>, SocketAddr), StartError> {
    if !wanted {
        return Ok((None, addr));
    }
    let listener = TcpListener::bind(addr).await.map_err(|source| StartError::Bind { setting, addr, source })?;
    let bound = listener.local_addr()?;
    Ok((Some(listener), bound))
}

async fn open_store(config: &SidecarConfig, clock: &Clock) -> Result<Store, StartError> {
    if let DatabaseAt::Sqlite(file) = &config.database.at
        && let Some(folder) = file.parent()
    {
        std::fs::create_dir_all(folder)?;
    }
    Store::open(&config.database, clock.clone())
        .await
        .map_err(|source| StartError::Database { database: config.database.at.to_string(), source })
}

/// Opens Redis if it is configured. One that is away may come back, so that is not an error; one that refuses us is.
async fn open_redis(config: &SidecarConfig, clock: &Clock) -> Result<Option<RedisClient>, StartError> {
    let Some(settings) = &config.redis else { return Ok(None) };
    let redis = RedisClient::new(settings, clock.clone())?;
    match redis.ping().await {
        Err(failed) if !failed.is_away() => Err(failed.into()),
        Ok(()) | Err(_) => Ok(Some(redis)),
    }
}

async fn spawn_background(state: &AppState, happenings: Happenings) -> Result<(), StartError> {
    let background = &state.background;
    state.characters.fill_name_keys().await?;
    state.world.start(background).await?;
    if state.config.roles.community {
        state.community.fill_name_keys().await.map_err(Error::from)?;
        state.community.send_mails();
        state.community.forget_abandoned();
        let boards = state.community.leaderboards();
        boards.begin_seasons().await.map_err(Error::from)?;
        background.keep(Duration::ZERO, LEADERBOARDS_EVERY, "updating leaderboards failed", move || {
            let boards = boards.clone();
            async move { boards.run_due().await.map_err(Error::internal) }
        });
    }
    state.community.start().await.map_err(Error::from)?;
    if let Some(door) = &state.door {
        door.start(state.community.log_in_ends());
    }
    start_parties(state, happenings);
    let here = LocalReplica {
        links: state.links.clone(),
        departures: state.departures.clone(),
        sockets: state.sockets.clone(),
        events: state.events.clone(),
    };
    state.replicas.start(Arc::new(here), &background.tasks, background.shutdown.clone());
    every(state, SWEEP_EVERY, |state| async move {
        match state.store.sessions.sweep(state.clock.now_ms()).await {
            Ok(swept) => tracing::debug!(swept, "expired refresh tokens deleted"),
            Err(error) => tracing::warn!(%error, "cannot delete expired refresh tokens"),
        }
    });
    every(state, CHARACTERS_EVERY, |state| async move {
        let done = match state.store.now_ms().await {
            Ok(now_ms) => state.characters.keep_up(now_ms).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = done {
            tracing::warn!(%error, "cannot remove deleted characters, or fill in name keys");
        }
    });
    every(state, AUDIT_EVERY, |state| async move {
        if let Err(error) = crate::service::world::audit(&state.store.ledger).await {
            tracing::warn!(%error, "ledger audit failed");
        }
    });
    every(state, FORGET_EVERY, |state| async move {
        let waits = [("tickets", state.links.tickets()), ("departures", state.departures.waited_for())];
        for (table, entries) in state.limits.forget_past().into_iter().chain(waits) {
            metrics::gauge!("realmgate_table_entries", "table" => table).set(entries as f64);
        }
    });
    let own = state.clone();
    background.keep(Duration::ZERO, FIGURES_EVERY, "sampling the overview's metrics failed", move || {
        let state = own.clone();
        async move { state.figures.sample().await }
    });
    every(state, METRICS_UPKEEP_EVERY, |state| async move {
        if let Some(metrics) = &state.metrics {
            metrics.run_upkeep();
        }
    });
    Ok(())
}

/// Handles what happens to the parties' members, until the shutdown.
fn start_parties(state: &AppState, happenings: Happenings) {
    let (parties, shutdown) = (state.parties.clone(), state.background.shutdown.clone());
    state.background.tasks.spawn(async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = parties.handle_all(happenings) => {}
        }
    });
    let parties = state.parties.clone();
    state.background.keep(Duration::ZERO, TIDY_PARTIES_EVERY, "cleaning up parties failed", move || {
        let parties = parties.clone();
        async move { parties.tidy().await }
    });
}

/// Runs `work` every `period` until the shutdown.
fn every<W, F>(state: &AppState, period: Duration, work: W)
where
    W: Fn(AppState) -> F + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let own = state.clone();
    state.background.every(period, period, move || work(own.clone()));
}

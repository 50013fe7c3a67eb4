//! Puts the parts together: the store, the three listeners, the background tasks.

use std::net::SocketAddr;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::{ConfigError, SidecarConfig};
use crate::directory::Registry;
use crate::http;
use crate::link::Hub;
use crate::service::classes::Classes;
use crate::service::limits::Limits;
use crate::service::passwords::Passwords;
use crate::service::tokens::TokenKeys;
use crate::state::{Addrs, AppState, Parts};
use crate::store::{SqliteStore, Store};

/// How long the shutdown waits for requests and sockets.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(10);
/// How often expired tokens are forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often everything that is owned is added up; faults are logged and counted.
const AUDIT_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often the recorder folds its histograms.
const METRICS_UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Starts the sidecar.
pub struct Sidecar;

/// Why it did not start.
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
        /// What it says now.
        addr: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The database cannot be used.
    #[error("database {file}: {source}")]
    Database {
        /// The file.
        file: String,
        /// Why.
        source: sqlx::Error,
    },
    /// What an earlier run left in the database cannot be put right.
    #[error("locks of an earlier run cannot be freed: {0}")]
    World(crate::Error),
    /// Anything else.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl StartError {
    /// The process's exit code: 2 for what the operator can put right in settings or data, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) => 2,
            _ => 1,
        }
    }

    /// Whether another process listens there already.
    pub fn is_addr_in_use(&self) -> bool {
        matches!(self, Self::Bind { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse)
    }
}

/// A sidecar that runs. Dropped, it runs on until its runtime ends; [`Running::shutdown`] ends it well.
pub struct Running {
    state: AppState,
}

impl Sidecar {
    /// Starts everything on the current tokio runtime. `metrics` is what `/metrics` renders: the handle of the recorder
    /// that this process has installed, if any. The library itself never installs one.
    pub async fn start(config: SidecarConfig, metrics: Option<PrometheusHandle>) -> Result<Running, StartError> {
        Self::start_with_clock(config, metrics, Clock::system()).await
    }

    /// As [`Sidecar::start`], with a clock that a test moves.
    pub async fn start_with_clock(
        config: SidecarConfig,
        metrics: Option<PrometheusHandle>,
        clock: Clock,
    ) -> Result<Running, StartError> {
        let classes = Classes::read(&config.assets_dir)?;
        let listeners = Listeners::bind(&config).await?;
        let store = open_store(&config).await?;
        let state = AppState::new(Parts {
            addrs: listeners.addrs,
            token_keys: TokenKeys::new(&config.secrets.jwt),
            passwords: Passwords::new(config.limits.password_queue)?,
            limits: Limits::new(&config.limits, &clock),
            registry: Registry::new(&config, clock.clone()),
            link: Hub::new(),
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
            classes,
            metrics,
            store,
            clock,
            config,
        });
        spawn_background(&state).await?;
        listeners.serve(&state);
        let Addrs { api, directory, gateway } = state.addrs;
        tracing::info!(%api, %directory, %gateway, "the sidecar is up");
        Ok(Running { state })
    }
}

impl Running {
    /// The addresses that were really bound.
    pub fn addrs(&self) -> Addrs {
        self.state.addrs
    }

    /// The parts, for tests and for the process that embeds this one.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Turns away new requests, lets the running ones finish, and closes the database.
    pub async fn shutdown(self) {
        self.state.shutdown.cancel();
        self.state.tasks.close();
        if tokio::time::timeout(SHUTDOWN_PATIENCE, self.state.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.state.tasks.len(), "shutting down without waiting for all connections");
        }
        self.state.store.close().await;
        tracing::info!("the sidecar is down");
    }
}

struct Listeners {
    addrs: Addrs,
    api: TcpListener,
    directory: TcpListener,
    gateway: TcpListener,
}

impl Listeners {
    async fn bind(config: &SidecarConfig) -> Result<Self, StartError> {
        let bind = async |setting, addr| match TcpListener::bind(addr).await {
            Ok(listener) => Ok(listener),
            Err(source) => Err(StartError::Bind { setting, addr, source }),
        };
        let api = bind("API_ADDR", config.listen.api).await?;
        let directory = bind("DIRECTORY_ADDR", config.listen.directory).await?;
        let gateway = bind("GATEWAY_ADDR", config.listen.gateway).await?;
        let addrs =
            Addrs { api: api.local_addr()?, directory: directory.local_addr()?, gateway: gateway.local_addr()? };
        Ok(Self { addrs, api, directory, gateway })
    }

    fn serve(self, state: &AppState) {
        let routers = http::routers(state);
        for (listener, router) in
            [(self.api, routers.api), (self.directory, routers.directory), (self.gateway, routers.gateway)]
        {
            let serving = http::serve(listener, router, state.shutdown.clone(), state.tasks.clone());
            state.tasks.spawn(serving);
        }
    }
}

async fn open_store(config: &SidecarConfig) -> Result<Store, StartError> {
    if let Some(folder) = config.database.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let sqlite = SqliteStore::open(&config.database)
        .await
        .map_err(|source| StartError::Database { file: config.database.display().to_string(), source })?;
    Ok(Store::sqlite(sqlite))
}

async fn spawn_background(state: &AppState) -> Result<(), StartError> {
    crate::service::world::start(state).await.map_err(StartError::World)?;
    every(state, SWEEP_EVERY, |state| async move {
        match state.store.sessions.sweep(state.clock.now_ms()).await {
            Ok(swept) => tracing::debug!(swept, "forgot expired refresh tokens"),
            Err(error) => tracing::warn!(%error, "cannot forget expired refresh tokens"),
        }
    });
    every(state, AUDIT_EVERY, |state| async move {
        if let Err(error) = crate::service::world::audit(&state).await {
            tracing::warn!(%error, "the ledger could not be audited");
        }
    });
    every(state, METRICS_UPKEEP_EVERY, |state| async move {
        if let Some(metrics) = &state.metrics {
            metrics.run_upkeep();
        }
    });
    Ok(())
}

/// Does something again and again until the shutdown.
fn every<W, F>(state: &AppState, period: Duration, work: W)
where
    W: Fn(AppState) -> F + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let state = state.clone();
    state.clone().tasks.spawn(async move {
        loop {
            tokio::select! {
                () = state.shutdown.cancelled() => return,
                () = tokio::time::sleep(period) => work(state.clone()).await,
            }
        }
    });
}

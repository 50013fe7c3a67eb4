//! The health port of the map server: health checks that prove that ticks advance, metrics, and reloads of the data.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use axum::Json;
use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use metrics_exporter_prometheus::PrometheusHandle;
use realmgate_engine::host::HostStatus;
use realmgate_platform::http::extract::names_this_machine;
use realmgate_platform::secrets::ServiceToken;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::liveness::Liveness;
use crate::reload::{Outcome, Reloads};

/// Interval between two liveness checks.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// The state that the health port shows.
#[derive(Clone)]
pub struct HealthState {
    /// The host's counters.
    pub status: Arc<HostStatus>,
    /// Whether the map link is up.
    pub link_up: Arc<AtomicBool>,
    /// Whether the last heartbeat was answered.
    pub directory_reachable: Arc<AtomicBool>,
    /// What `/metrics` renders.
    pub metrics: PrometheusHandle,
    /// Result of the last liveness check.
    pub liveness: Arc<Liveness>,
    /// The data that `/reload` reads again.
    pub reloads: Arc<Reloads>,
    /// What opens `/reload`.
    pub service_token: ServiceToken,
}

/// The bound health port, and the metrics it will show.
pub struct HealthPort {
    /// The listener, not served yet.
    pub listener: TcpListener,
    /// What `/metrics` renders.
    pub metrics: PrometheusHandle,
}

impl HealthPort {
    /// Binds the port.
    ///
    /// # Errors
    ///
    /// Fails if the address cannot be bound.
    pub async fn bind(addr: SocketAddr, metrics: PrometheusHandle) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(addr).await;
        let listener = listener.with_context(|| format!("cannot listen on {addr}; set another ADMIN_ADDR"))?;
        Ok(Self { listener, metrics })
    }
}

/// Serves the health port until `stop`.
pub async fn serve(listener: TcpListener, state: HealthState, stop: CancellationToken) {
    tokio::spawn(watch(state.clone(), stop.clone()));
    let router = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(render))
        .route("/reload", post(reload))
        .with_state(state)
        .into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = serving.await {
        tracing::warn!(%error, "health listener stopped");
    }
}

async fn watch(state: HealthState, stop: CancellationToken) {
    while tokio::time::timeout(WATCH_EVERY, stop.cancelled()).await.is_err() {
        state.liveness.check(&state.status);
        if let Some(bytes) = resident_bytes() {
            metrics::gauge!("realmgate_process_resident_bytes").set(bytes as f64);
        }
        state.metrics.run_upkeep();
    }
}

/// The resident memory of the process, from the second field of `/proc/self/statm`, which counts pages.
fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    statm.split_whitespace().nth(1)?.parse::<u64>().ok().map(|pages| pages * rustix::param::page_size() as u64)
}

/// Healthy means that ticks advance and that connected players are sent snapshots, not only that the port answers.
async fn healthz(State(state): State<HealthState>) -> (StatusCode, Json<serde_json::Value>) {
    let ticks = state.status.ticks.load(Ordering::Relaxed);
    let snapshots = state.status.snapshots.load(Ordering::Relaxed);
    let is_well = state.liveness.is_ticking() && state.liveness.is_sending_snapshots();
    let code = if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::json!({
        "ticks": ticks,
        "ticks_last_second": state.liveness.ticks_last_second(),
        "snapshots": snapshots,
        "connected": state.status.connected.load(Ordering::Relaxed),
    });
    (code, Json(body))
}

async fn readyz(State(state): State<HealthState>) -> (StatusCode, Json<serde_json::Value>) {
    let (ticking, showing) = (state.liveness.is_ticking(), state.liveness.is_sending_snapshots());
    let link = state.link_up.load(Ordering::Relaxed);
    let directory = state.directory_reachable.load(Ordering::Relaxed);
    let code = if ticking && showing && link && directory { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = |up: bool| if up { "up" } else { "down" };
    let body = serde_json::json!({
        "ticks": word(ticking),
        "snapshots": word(showing),
        "map_link": word(link),
        "directory": word(directory),
    });
    (code, Json(body))
}

/// Renders the metrics. Refuses requests from this machine that do not name it as their host: a web page in a browser
/// here may have its own name resolve to this address.
async fn render(
    State(state): State<HealthState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<String, StatusCode> {
    if peer.ip().to_canonical().is_loopback() && !names_this_machine(&headers) {
        return Err(StatusCode::FORBIDDEN);
    }
    Ok(state.metrics.render())
}

/// Reads the data files again. Answers with what has changed, or with the faults that keep the old data in force.
async fn reload(State(state): State<HealthState>, headers: HeaderMap) -> (StatusCode, Json<serde_json::Value>) {
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if !shown.is_some_and(|token| state.service_token.matches(token)) {
        let error = "send the service token: Authorization: Bearer <SERVICE_TOKEN>";
        return (StatusCode::UNAUTHORIZED, Json(serde_json::json!({ "error": error })));
    }
    match state.reloads.reload().await {
        Outcome::Unchanged => (StatusCode::OK, Json(serde_json::json!({ "changes": "" }))),
        Outcome::Applied(changes) => (StatusCode::OK, Json(serde_json::json!({ "changes": changes }))),
        Outcome::Refused(faults) => {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            (StatusCode::UNPROCESSABLE_ENTITY, Json(serde_json::json!({ "faults": faults })))
        }
        Outcome::Ended => {
            let error = "the server is shutting down";
            (StatusCode::SERVICE_UNAVAILABLE, Json(serde_json::json!({ "error": error })))
        }
    }
}

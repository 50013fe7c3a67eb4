//! The map server's own port: health that proves that ticks advance, and metrics.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use realmgate_engine::host::HostStatus;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::pulse::Pulse;

/// How often it is looked whether ticks advance.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// What the port tells.
#[derive(Clone)]
pub struct Admin {
    /// The host's counters.
    pub status: Arc<HostStatus>,
    /// Whether the map link is up.
    pub link_up: Arc<AtomicBool>,
    /// Whether the last heartbeat was answered.
    pub directory_reachable: Arc<AtomicBool>,
    /// The metrics.
    pub metrics: PrometheusHandle,
    /// What the last look found.
    pub pulse: Arc<Pulse>,
}

/// The port, bound, and the metrics it will show.
pub struct AdminPort {
    /// Not yet served.
    pub listener: TcpListener,
    /// What `/metrics` renders.
    pub metrics: PrometheusHandle,
}

impl AdminPort {
    /// Takes the port.
    pub async fn bind(addr: SocketAddr, metrics: PrometheusHandle) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(addr).await;
        let listener = listener.with_context(|| format!("can not listen on {addr}; set ADMIN_ADDR"))?;
        Ok(Self { listener, metrics })
    }
}

/// Serves until `stop`.
pub async fn serve(listener: TcpListener, admin: Admin, stop: CancellationToken) {
    tokio::spawn(watch(admin.clone(), stop.clone()));
    let router = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(render))
        .with_state(admin);
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = serving.await {
        tracing::warn!(%error, "the health port ended");
    }
}

async fn watch(admin: Admin, stop: CancellationToken) {
    while tokio::time::timeout(WATCH_EVERY, stop.cancelled()).await.is_err() {
        admin.pulse.look(&admin.status);
        if let Some(bytes) = resident_bytes() {
            metrics::gauge!("realmgate_process_resident_bytes").set(bytes as f64);
        }
        admin.metrics.run_upkeep();
    }
}

/// The process's resident memory, from the second field of `/proc/self/statm` in pages of 4 KiB.
fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    statm.split_whitespace().nth(1)?.parse::<u64>().ok().map(|pages| pages * rustix::param::page_size() as u64)
}

/// Alive means that ticks advance and that those who play are sent what they see, not that a port answers.
async fn healthz(State(admin): State<Admin>) -> (StatusCode, Json<serde_json::Value>) {
    let ticks = admin.status.ticks.load(Ordering::Relaxed);
    let snapshots = admin.status.snapshots.load(Ordering::Relaxed);
    let is_well = admin.pulse.is_ticking() && admin.pulse.is_showing();
    let code = if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::json!({
        "ticks": ticks,
        "ticks_last_second": admin.pulse.ticks_last_second(),
        "snapshots": snapshots,
        "connected": admin.status.connected.load(Ordering::Relaxed),
    });
    (code, Json(body))
}

async fn readyz(State(admin): State<Admin>) -> (StatusCode, Json<serde_json::Value>) {
    let (ticking, showing) = (admin.pulse.is_ticking(), admin.pulse.is_showing());
    let link = admin.link_up.load(Ordering::Relaxed);
    let directory = admin.directory_reachable.load(Ordering::Relaxed);
    let code = if ticking && showing && link && directory { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let state = |up: bool| if up { "up" } else { "down" };
    let body = serde_json::json!({
        "ticks": state(ticking),
        "snapshots": state(showing),
        "map_link": state(link),
        "directory": state(directory),
    });
    (code, Json(body))
}

async fn render(State(admin): State<Admin>) -> String {
    admin.metrics.render()
}

//! `GET /healthz` and `GET /readyz`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use crate::state::AppState;

/// How long a dependency may take to answer.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether the process lives.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// Whether the process can serve, by dependency.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Readiness {
    /// `ready`, `draining` or `unready`.
    status: &'static str,
    /// Each dependency: `ok` or `failing`.
    checks: Checks,
}

/// What we depend on.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Checks {
    /// The database.
    database: &'static str,
}

/// Say that the process lives.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200, body = Health)))]
pub async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Say whether the process can serve, dependency by dependency.
#[utoipa::path(
    get, path = "/readyz", tag = "operation",
    responses((status = 200, body = Readiness), (status = 503, body = Readiness)),
)]
pub async fn readyz(State(state): State<AppState>) -> (StatusCode, Json<Readiness>) {
    let answer = tokio::time::timeout(CHECK_TIMEOUT, state.store.ping()).await;
    let alive = matches!(answer, Ok(Ok(())));
    let status = match (alive, state.shutdown.is_cancelled()) {
        (_, true) => "draining",
        (true, false) => "ready",
        (false, false) => "unready",
    };
    let code = if status == "ready" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(Readiness { status, checks: Checks { database: if alive { "ok" } else { "failing" } } }))
}

//! `GET /metrics`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::Problem;
use realmgate_platform::http::extract::{Peer, is_service_caller};

use crate::state::AppState;

/// Read the metrics in Prometheus text format.
///
/// Allowed from this machine, by its address or `localhost`, and with the service token.
#[utoipa::path(
    get, path = "/metrics", tag = "operation", security((), ("service_token" = [])),
    responses(
        (status = 200, content_type = "text/plain", body = String),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "SERVICE_TOKEN_REQUIRED"),
    ),
)]
pub(crate) async fn metrics(State(state): State<AppState>, peer: Peer, headers: HeaderMap) -> Result<Response, Error> {
    if !peer.is_this_machine && !is_service_caller(&state.http, &headers) {
        state.http.limits.anonymous_call(peer.into()).await?;
        return Err(ErrorCode::ServiceTokenRequired.into());
    }
    if let Err(error) = crate::service::world::refresh_figures(&state.store).await {
        // The other metrics are needed most when the database is away.
        tracing::warn!(%error, "cannot refresh the metrics of locks and ledger");
    }
    let text = match &state.metrics {
        Some(handle) => handle.render(),
        None => "# this process has no Prometheus recorder\n".to_owned(),
    };
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

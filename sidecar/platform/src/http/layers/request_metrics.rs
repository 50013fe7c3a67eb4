//! Counts requests by route and status, and logs each at debug level: the path alone, since a query may hold a token.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::clock::Clock;
use crate::telemetry;

/// Times the request. The route label is the pattern, never the path: the number of paths is unlimited.
pub(super) async fn count(State(clock): State<Clock>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    telemetry::name_request(label(&method), &route);
    let began = clock.uptime();
    let response = next.run(request).await;
    let took = clock.uptime().saturating_sub(began);

    let status = response.status().as_u16();
    let labels = [("method", label(&method).to_owned()), ("route", route.clone()), ("status", status.to_string())];
    metrics::counter!("realmgate_http_requests_total", &labels).increment(1);
    metrics::histogram!("realmgate_http_request_seconds", "route" => route.clone()).record(took.as_secs_f64());
    tracing::debug!(%method, route, status, took_ms = took.as_millis(), "request");
    response
}

/// Clients may invent methods; the metrics have labels only for the usual ones.
fn label(method: &axum::http::Method) -> &str {
    match method.as_str() {
        usual @ ("GET" | "POST" | "DELETE" | "HEAD" | "OPTIONS" | "PUT" | "PATCH") => usual,
        _ => "other",
    }
}

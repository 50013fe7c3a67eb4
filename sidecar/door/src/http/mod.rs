//! HTTP through the door: which service a request is for, whether it may pass, and what the service is sent.

mod body;
mod forward;
pub mod headers;
pub mod measures;
pub mod path;
mod tunnel;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderMap, HeaderValue, Method, Response};
use axum::middleware::{Next, from_fn_with_state};
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::http::extract::Peer;
use realmgate_platform::http::{Connection, TraceId, layers};
use tokio::time::Instant;

use crate::Door;
use crate::access::User;
use crate::dictionary::{self, Service};
use crate::socketio;
use crate::upstream::{Current, Upstream};
use body::RequestBody;
use forward::Outgoing;
use headers::Origin;

/// The query parameter with the token of a WebSocket, since browsers cannot set its headers.
const TOKEN_PARAMETER: &str = "token";
/// Maximum number of bytes that a Socket.IO client may send in ten seconds over a WebSocket.
const MAX_SOCKETIO_INFLOW: u32 = 32 << 20;
/// Maximum size of a long-polling request's body, in bytes. The relay has a smaller limit, by the largest packet.
const MAX_POLLING_BYTES: u64 = 32 << 20;

/// Everything that the door serves.
pub fn router(door: &Door) -> Router {
    let sockets = socketio::service(door.relay.clone()).layer(from_fn_with_state(door.clone(), admit_socketio));
    layers::proxy(Router::new().fallback(serve).merge(sockets.with_state(())), door)
}

/// Lets Engine.IO requests pass, within limits. The first one of a connection has no session yet, and counts as a call.
async fn admit_socketio(
    State(door): State<Door>,
    peer: Peer,
    request: Request,
    next: Next,
) -> Result<Response<Body>, Error> {
    if !door.http.origins.allow(request.headers()) {
        return Err(ErrorCode::Forbidden.into());
    }
    let query = request.uri().query().unwrap_or_default();
    if !query.split('&').any(|pair| pair.starts_with("sid=")) {
        door.http.limits.anonymous_call(peer.into()).await?;
    }
    if let Some(connection) = request.extensions().get::<Connection>().filter(|_| tunnel::is_websocket(&request)) {
        // The relay counts messages. This limits what it does not see, such as pings.
        connection.inflow.limit(MAX_SOCKETIO_INFLOW);
    }
    let (head, body) = request.into_parts();
    let body = RequestBody::new(body, MAX_POLLING_BYTES, Arc::default())?;
    Ok(next.run(Request::from_parts(head, Body::new(body))).await)
}

async fn serve(
    State(door): State<Door>,
    ConnectInfo(socket): ConnectInfo<SocketAddr>,
    peer: Peer,
    request: Request,
) -> Result<Response<Body>, Error> {
    let (begun, current) = (Instant::now(), door.upstreams.current());
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
        return Err(ErrorCode::MethodNotAllowed.into());
    }
    path::check(&request).map_err(|bad| Error::new(ErrorCode::BadRequest, bad.to_string()))?;
    let path = request.uri().path().to_owned();
    let Some((upstream, rest)) = current.at_path(&path) else {
        door.http.limits.anonymous_call(peer.into()).await?;
        return Err(ErrorCode::NotFound.into());
    };
    let served = pass(&door, &current, upstream, rest, socket, peer, request).await;
    observe(upstream, &served, begun);
    served
}

async fn pass(
    door: &Door,
    current: &Current,
    upstream: &Arc<Upstream>,
    rest: &str,
    socket: SocketAddr,
    peer: Peer,
    mut request: Request,
) -> Result<Response<Body>, Error> {
    let is_socket = tunnel::is_websocket(&request);
    if is_socket && !door.http.origins.allow(request.headers()) {
        return Err(ErrorCode::Forbidden.into());
    }
    let (query, token) = match is_socket {
        true => without_token(request.uri().query()),
        false => (request.uri().query().map(str::to_owned), None),
    };
    let token = bearer(request.headers()).or(token.as_deref());
    let user = match admit(door, &upstream.service, request.method(), rest, is_socket, token).await {
        Ok(user) => user,
        Err(error) => {
            door.http.limits.anonymous_call(peer.into()).await?;
            return Err(error);
        }
    };
    match &user {
        Some(user) => door.http.limits.call(user.account).await?,
        None => door.http.limits.anonymous_call(peer.into()).await?,
    }
    let origin = origin(door, &request, socket);
    let mut sent = std::mem::take(request.headers_mut());
    let trace = request.extensions().get::<TraceId>();
    if needs_token(&upstream.service, is_socket) {
        // A token of ours that a public route came with is not the service's concern either.
        sent.remove(AUTHORIZATION);
    }
    headers::rewrite_request(&mut sent, &upstream.service, &current.identity, user.as_deref(), &origin, trace);
    let outgoing = Outgoing { method: request.method().clone(), headers: sent, path: rest.to_owned(), query };
    if is_socket {
        let seat = match &user {
            Some(user) => Some(door.access.take_seat(user).await?),
            None => None,
        };
        return tunnel::open(upstream, outgoing, request, seat, &door.background).await;
    }
    forward::forward(upstream, outgoing, request.into_body(), door, user.as_deref()).await
}

/// The user of a request, if it may pass; `None` for a request that needs no token and has no valid one.
async fn admit(
    door: &Door,
    service: &Service,
    method: &Method,
    rest: &str,
    is_socket: bool,
    token: Option<&str>,
) -> Result<Option<Arc<User>>, Error> {
    let setting = if is_socket { service.sockets } else { service.http };
    let is_public = match setting {
        dictionary::Access::Off => return Err(ErrorCode::NotFound.into()),
        dictionary::Access::Open => true,
        dictionary::Access::Token => service.is_public(method, rest),
    };
    match (door.access.user(token).await, is_public) {
        (Ok(user), _) => Ok(Some(user)),
        (Err(Error { code: ErrorCode::Unauthorized | ErrorCode::InvalidToken, .. }), true) => Ok(None),
        (Err(error), _) => Err(error),
    }
}

fn needs_token(service: &Service, is_socket: bool) -> bool {
    let setting = if is_socket { service.sockets } else { service.http };
    setting == dictionary::Access::Token
}

fn origin(door: &Door, request: &Request, socket: SocketAddr) -> Origin {
    let authority = || request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    Origin {
        peer: socket.ip(),
        is_trusted_proxy: door.http.proxies.contains(socket.ip()),
        is_https: door.is_https,
        host: request.headers().get(HOST).cloned().or_else(authority),
    }
}

/// The access token of a request.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// A query without the token, and the token.
fn without_token(query: Option<&str>) -> (Option<String>, Option<String>) {
    let Some(query) = query else { return (None, None) };
    let name_of = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let (tokens, rest): (Vec<&str>, Vec<&str>) = query.split('&').partition(|pair| name_of(pair) == TOKEN_PARAMETER);
    // Our tokens have only characters that a query does not encode.
    let token = tokens.first().and_then(|pair| pair.split_once('=')).map(|(_, token)| token.to_owned());
    ((!rest.is_empty()).then(|| rest.join("&")), token.filter(|token| !token.is_empty()))
}

/// Counts a request, by service and kind of status.
fn observe(upstream: &Upstream, served: &Result<Response<Body>, Error>, begun: Instant) {
    let status = match served {
        Ok(answer) => answer.status(),
        Err(error) => realmgate_platform::http::status_of(error.code),
    };
    upstream.measures.answered(status, begun.elapsed());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_taken_out_of_a_query() {
        let both = |query| without_token(Some(query));
        assert_eq!(both("a=1&token=x.y.z&b=2"), (Some("a=1&b=2".to_owned()), Some("x.y.z".to_owned())));
        assert_eq!(both("token=x"), (None, Some("x".to_owned())));
        assert_eq!(both("token=x&token=y"), (None, Some("x".to_owned())));
        assert_eq!(both("tokens=x&token="), (Some("tokens=x".to_owned()), None));
        assert_eq!(without_token(None), (None, None));
    }

    #[test]
    fn bearer_token_is_read() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_static(value));
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(of("Bearer abc"), Some("abc".to_owned()));
        assert_eq!(of("bearer  abc"), Some("abc".to_owned()));
        for other in ["Basic abc", "Bearer", "abc"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}

//! A request on its way to a service, and the answer back.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use realmgate_platform::error::{Error, ErrorCode};
use tokio::sync::OwnedSemaphorePermit;

use super::body::{self, AnswerBody, Progress, RequestBody};
use super::headers;
use crate::Door;
use crate::access::User;
use crate::upstream::{Chosen, Upstream};

/// Seconds after which a client may try a service again that has no capacity or no available base URL.
const RETRY_AFTER_S: u64 = 1;

/// Why a call to a service failed.
#[derive(Debug)]
pub(super) enum CallFailed {
    /// No base URL is available.
    NoUrl,
    /// The service could not be connected to, broke off, or answered what is not HTTP.
    Unreachable(legacy::Error),
    /// The head of the answer did not come in time.
    Timeout,
    /// The request itself cannot be sent.
    Own(Error),
}

impl CallFailed {
    fn of(error: legacy::Error) -> Self {
        // A connection that does not come in time is one that cannot be reached.
        if !error.is_connect() && is_timeout(&error) { Self::Timeout } else { Self::Unreachable(error) }
    }
}

/// Whether a service has stopped reading what it is sent.
fn is_timeout(error: &(dyn std::error::Error + 'static)) -> bool {
    let of_io =
        error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut);
    of_io || error.source().is_some_and(is_timeout)
}

/// A request that is ready for a service: its headers are those that the service may see.
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) path: String,
    pub(super) query: Option<String>,
}

impl Outgoing {
    fn request(&self, upstream: &Upstream, chosen: Chosen, body: Body) -> Result<Request, Error> {
        let uri = upstream.uri(chosen, &self.path, self.query.as_deref()).ok_or(ErrorCode::BadRequest)?;
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        *request.version_mut() = Version::HTTP_11;
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }

    /// Whether a repetition does no harm (RFC 9110, section 9.2.2).
    fn is_idempotent(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE)
    }
}

/// Sends a request to a service and returns its answer, whose body is still on its way.
///
/// # Errors
/// `SERVICE_UNAVAILABLE` without capacity or an available base URL, `SERVICE_UNREACHABLE`, `SERVICE_TIMEOUT`, and what
/// is wrong with the request's body.
pub(super) async fn forward(
    upstream: &Arc<Upstream>,
    outgoing: Outgoing,
    body: Body,
    door: &Door,
    user: Option<&User>,
) -> Result<Response<Body>, Error> {
    let permit = upstream.requests.clone().try_acquire_owned().map_err(|_| unavailable(upstream, "full"))?;
    let (chosen, answer) = if body.is_end_stream() {
        let progress = Progress::sent();
        let called = call_with_retries(upstream, &outgoing, &progress).await;
        called.map_err(|failed| refused(upstream, failed, &progress))?
    } else {
        let progress = Arc::<Progress>::default();
        let body = RequestBody::new(body, upstream.service.limits.max_body_bytes, progress.clone())?;
        let called = call_once(upstream, &outgoing, Body::new(body), &progress).await;
        called.map_err(|failed| refused(upstream, failed, &progress))?
    };
    answer_of(upstream, chosen, answer, door, user, permit).await
}

/// Asks a service to switch protocols. Returns its answer, whether it does so or not.
///
/// # Errors
/// As [`forward`].
pub(super) async fn handshake(upstream: &Upstream, outgoing: &Outgoing) -> Result<(Chosen, Response<Incoming>), Error> {
    let progress = Progress::sent();
    call_with_retries(upstream, outgoing, &progress).await.map_err(|failed| refused(upstream, failed, &progress))
}

async fn call_once(
    upstream: &Upstream,
    outgoing: &Outgoing,
    body: Body,
    progress: &Progress,
) -> Result<(Chosen, Response<Incoming>), CallFailed> {
    let chosen = upstream.choose(&[]).ok_or(CallFailed::NoUrl)?;
    Ok((chosen, call(upstream, chosen, outgoing, body, progress).await?))
}

async fn call_with_retries(
    upstream: &Upstream,
    outgoing: &Outgoing,
    progress: &Progress,
) -> Result<(Chosen, Response<Incoming>), CallFailed> {
    let mut retries = if outgoing.is_idempotent() { upstream.service.limits.retries } else { 0 };
    let (mut tried, mut chosen) = (Vec::new(), upstream.choose(&[]).ok_or(CallFailed::NoUrl)?);
    loop {
        let failed = match call(upstream, chosen, outgoing, Body::empty(), progress).await {
            Err(failed @ CallFailed::Unreachable(_)) if retries > 0 => failed,
            called => return called.map(|answer| (chosen, answer)),
        };
        tried.push(chosen);
        // Where all have been tried, one is tried again.
        let next = upstream.choose(&tried).or_else(|| upstream.choose(&[]));
        (retries, chosen) = (retries - 1, next.ok_or(failed)?);
        upstream.measures.repeated();
    }
}

/// Calls a service at a base URL, and notes there whether it succeeded.
async fn call(
    upstream: &Upstream,
    chosen: Chosen,
    outgoing: &Outgoing,
    body: Body,
    progress: &Progress,
) -> Result<Response<Incoming>, CallFailed> {
    let request = outgoing.request(upstream, chosen, body).map_err(CallFailed::Own)?;
    let called = send(upstream, request, progress).await;
    match &called {
        Ok(answer) => match answer.status() {
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                upstream.failed(chosen)
            }
            _ => upstream.succeeded(chosen),
        },
        // A client whose body breaks off is no failure of the service.
        Err(_) if progress.fault().is_some() => {}
        Err(_) => upstream.failed(chosen),
    }
    called
}

/// Sends one request. The time for an answer begins when the service last took a part of the request's body: an upload takes as
/// long as it takes.
async fn send(upstream: &Upstream, request: Request, progress: &Progress) -> Result<Response<Incoming>, CallFailed> {
    let within = upstream.service.limits.connect + upstream.service.limits.answer;
    let too_late = progress.stalled(within);
    tokio::select! {
        answer = upstream.client.request(request) => answer.map_err(CallFailed::of),
        () = too_late => Err(CallFailed::Timeout),
    }
}

async fn answer_of(
    upstream: &Upstream,
    chosen: Chosen,
    answer: Response<Incoming>,
    door: &Door,
    user: Option<&User>,
    permit: OwnedSemaphorePermit,
) -> Result<Response<Body>, Error> {
    let (mut head, body) = answer.into_parts();
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        // Nobody asked for it.
        return Err(unreachable(upstream, "answer"));
    }
    headers::rewrite_response(&mut head.headers, &upstream.service, upstream.url(chosen));
    let is_events =
        head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    // Event streams stay open, so they end with the login and with this process, as sockets do.
    let ends = match user {
        Some(user) if is_events => {
            Some(body::ends(Some(door.access.take_seat(user).await?), door.background.shutdown.clone()))
        }
        None if is_events => Some(body::ends(None, door.background.shutdown.clone())),
        _ => None,
    };
    head.version = Version::HTTP_11;
    let body = AnswerBody::new(body, upstream.service.limits.idle, ends, permit);
    Ok(Response::from_parts(head, Body::new(body)))
}

pub(super) fn refused(upstream: &Upstream, failed: CallFailed, progress: &Progress) -> Error {
    if let Some(fault) = progress.fault() {
        return fault.into();
    }
    match failed {
        CallFailed::NoUrl => unavailable(upstream, "no_url"),
        CallFailed::Timeout => {
            count(upstream, "timeout");
            ErrorCode::ServiceTimeout.into()
        }
        CallFailed::Unreachable(error) => {
            tracing::debug!(
                service = upstream.service.name,
                error = &error as &dyn std::error::Error,
                "service call failed"
            );
            unreachable(upstream, if error.is_connect() { "connect" } else { "answer" })
        }
        CallFailed::Own(error) => error,
    }
}

pub(super) fn unavailable(upstream: &Upstream, reason: &'static str) -> Error {
    count(upstream, reason);
    Error { retry_after_s: Some(RETRY_AFTER_S), ..ErrorCode::ServiceUnavailable.into() }
}

pub(super) fn unreachable(upstream: &Upstream, reason: &'static str) -> Error {
    count(upstream, reason);
    ErrorCode::ServiceUnreachable.into()
}

fn count(upstream: &Upstream, reason: &'static str) {
    metrics::counter!("realmgate_door_failures_total", "service" => upstream.service.name.clone(), "reason" => reason)
        .increment(1);
}

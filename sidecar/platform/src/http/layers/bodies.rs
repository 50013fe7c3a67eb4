//! What bodies of requests that are under way hold in memory together, and how slowly they may come.
//!
//! A body that was begun and not ended is held until its deadline, and one caller may begin as many as it has connections. The first
//! [`FREE_BYTES`] of each count for nothing, which is all that callers without an access token may send: however many large
//! bodies somebody sends, others log in.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use crate::error::{Error, ErrorCode};

/// Bytes of a body that count for nothing.
const FREE_BYTES: usize = 16 * 1024;
/// Bytes beyond those that all bodies under way may hold.
const MAX_HELD_BYTES: usize = 64 * 1024 * 1024;
/// A body has to bring [`LEAST_BYTES`] in each such while, or its end.
const WINDOW: Duration = Duration::from_secs(5);
/// See [`WINDOW`].
const LEAST_BYTES: usize = 4 * 1024;

/// What all bodies of this process hold.
static BUDGET: LazyLock<Arc<Budget>> = LazyLock::new(|| Arc::new(Budget::new(MAX_HELD_BYTES, WINDOW)));

/// How much is held, of how much, and how long a body may bring nothing.
struct Budget {
    held: AtomicUsize,
    most: usize,
    window: Duration,
}

/// What one request holds, given back when it is answered.
struct Lease {
    budget: Arc<Budget>,
    received: AtomicUsize,
    held: AtomicUsize,
    is_over: AtomicBool,
    is_slow: AtomicBool,
}

impl Budget {
    fn new(most: usize, window: Duration) -> Self {
        Self { held: AtomicUsize::new(0), most, window }
    }

    fn take(&self, bytes: usize) -> bool {
        let fits = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= self.most);
        self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }
}

impl Lease {
    fn new(budget: Arc<Budget>) -> Self {
        let (received, held) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { budget, received, held, is_over: AtomicBool::new(false), is_slow: AtomicBool::new(false) }
    }

    /// Counts bytes that have come; `false` if there is no room for them.
    fn take(&self, bytes: usize) -> bool {
        let before = self.received.fetch_add(bytes, Ordering::Relaxed);
        let counts = (before + bytes).saturating_sub(FREE_BYTES.max(before));
        let has_room = self.budget.take(counts);
        if has_room {
            self.held.fetch_add(counts, Ordering::Relaxed);
        } else {
            self.is_over.store(true, Ordering::Relaxed);
        }
        has_room
    }

    /// What is answered in place of the handler, which knows only that the body has broken off.
    fn fault(&self) -> Option<Error> {
        if self.is_over.load(Ordering::Relaxed) {
            return Some(ErrorCode::Overloaded.into());
        }
        self.is_slow.load(Ordering::Relaxed).then(|| ErrorCode::Timeout.into())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(*self.held.get_mut(), Ordering::Relaxed);
    }
}

/// Bounds the body of a request; answers `OVERLOADED` where bodies hold too much, and `TIMEOUT` where this one comes too slowly.
pub(super) async fn bound(request: Request, next: Next) -> Response {
    bound_by(BUDGET.clone(), request, next).await
}

async fn bound_by(budget: Arc<Budget>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // The handler keeps what it has read until it answers.
    let lease = Arc::new(Lease::new(budget));
    let (head, body) = request.into_parts();
    let bounded = Body::from_stream(chunks(body.into_data_stream(), lease.clone()));
    let answer = next.run(Request::from_parts(head, bounded)).await;
    lease.fault().map_or(answer, IntoResponse::into_response)
}

/// The chunks of a body, up to where it holds too much or comes too slowly.
fn chunks<S>(body: S, lease: Arc<Lease>) -> impl Stream<Item = Result<Bytes, axum::Error>>
where
    S: Stream<Item = Result<Bytes, axum::Error>> + Unpin,
{
    let broken = |why: &str| axum::Error::new(std::io::Error::other(why.to_owned()));
    let window = lease.budget.window;
    let begun = (body, lease, Window::new(window));
    stream::try_unfold(begun, move |(mut body, lease, mut window)| async move {
        let chunk = loop {
            match timeout_at(window.end, body.next()).await {
                Ok(Some(chunk)) => break chunk?,
                Ok(None) => return Ok(None),
                Err(_) if window.bytes >= LEAST_BYTES => window = Window::new(window.length),
                Err(_) => {
                    lease.is_slow.store(true, Ordering::Relaxed);
                    return Err(broken("the body arrives too slowly"));
                }
            }
        };
        if !lease.take(chunk.len()) {
            return Err(broken("too many request bodies in memory"));
        }
        window.bytes += chunk.len();
        Ok(Some((chunk, (body, lease, window))))
    })
}

/// A while in which a body has to bring something.
struct Window {
    length: Duration,
    end: Instant,
    bytes: usize,
}

impl Window {
    fn new(length: Duration) -> Self {
        Self { length, end: Instant::now() + length, bytes: 0 }
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::middleware::from_fn;
    use axum::routing::post;
    use tower::ServiceExt;

    use super::*;
    use crate::testing::soon;

    /// Answers with the size of the body, within this budget.
    fn app(budget: &Arc<Budget>) -> Router {
        let budget = budget.clone();
        let size = post(async |body: Bytes| body.len().to_string());
        Router::new().route("/", size).layer(from_fn(move |request, next| bound_by(budget.clone(), request, next)))
    }

    async fn send(budget: &Arc<Budget>, body: Body) -> StatusCode {
        app(budget).oneshot(Request::post("/").body(body).unwrap()).await.unwrap().status()
    }

    /// A body of chunks, each of which comes after a while.
    fn slow(chunks: usize, bytes: usize, each: Duration) -> Body {
        let beats = tokio::time::interval(each);
        Body::from_stream(stream::unfold((0, beats), move |(sent, mut beats)| async move {
            beats.tick().await;
            (sent < chunks).then(|| (Ok::<_, axum::Error>(Bytes::from(vec![0; bytes])), (sent + 1, beats)))
        }))
    }

    #[tokio::test]
    async fn bodies_that_hold_too_much_together_are_refused_and_give_back_what_they_hold() {
        let budget = Arc::new(Budget::new(10_000, WINDOW));
        assert_eq!(send(&budget, vec![0; FREE_BYTES + 10_000].into()).await, StatusCode::OK);
        assert_eq!(send(&budget, vec![0; FREE_BYTES + 10_001].into()).await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(budget.held.load(Ordering::Relaxed), 0);
        // Another one holds it all: small bodies are taken, larger ones are not.
        assert!(budget.take(10_000));
        assert_eq!(send(&budget, vec![0; FREE_BYTES].into()).await, StatusCode::OK);
        assert_eq!(send(&budget, vec![0; FREE_BYTES + 1].into()).await, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn a_body_that_stops_ends_and_gives_back_what_it_holds() {
        let budget = Arc::new(Budget::new(MAX_HELD_BYTES, Duration::from_millis(100)));
        let stops =
            stream::once(async { Ok::<_, axum::Error>(Bytes::from(vec![0; 100_000])) }).chain(stream::pending());
        let sent = soon("the end", send(&budget, Body::from_stream(stops)));
        assert_eq!(sent.await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(budget.held.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn a_body_that_trickles_is_ended_and_one_on_a_poor_line_is_not() {
        let budget = Arc::new(Budget::new(MAX_HELD_BYTES, Duration::from_secs(1)));
        let trickles = slow(100_000, 1, Duration::from_millis(50));
        assert_eq!(soon("the end", send(&budget, trickles)).await, StatusCode::SERVICE_UNAVAILABLE);
        let poor = slow(25, LEAST_BYTES, Duration::from_millis(50));
        assert_eq!(send(&budget, poor).await, StatusCode::OK);
    }
}

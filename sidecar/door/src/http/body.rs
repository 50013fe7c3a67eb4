//! Bodies on their way through the door. They are streamed: nothing holds more than a few chunks.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use realmgate_platform::error::{Error, ErrorCode};
use tokio::sync::{OwnedSemaphorePermit, Notify};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::access::Seat;

/// A body has to bring [`LEAST_BYTES`] in each such window, or its end.
const WINDOW: Duration = Duration::from_secs(5);
/// See [`WINDOW`].
const LEAST_BYTES: u64 = 4 * 1_024;

/// Why a request's body was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// It is larger than the service takes.
    #[error("the body is too large")]
    TooLarge,
    /// It arrives too slowly.
    #[error("the body arrives too slowly")]
    TooSlow,
    /// The client's connection broke.
    #[error("the body broke off")]
    Broken,
}

impl From<BodyFault> for Error {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge => ErrorCode::PayloadTooLarge.into(),
            BodyFault::TooSlow => ErrorCode::Timeout.into(),
            BodyFault::Broken => ErrorCode::BadRequest.into(),
        }
    }
}

/// How far the body of a request has come, for the one who waits for its answer.
#[derive(Debug, Default)]
pub struct Progress {
    state: AtomicU8,
    changed: Notify,
}

const UNDER_WAY: u8 = 0;
const SENT: u8 = 1;
const TOO_LARGE: u8 = 2;
const TOO_SLOW: u8 = 3;
const BROKEN: u8 = 4;

impl Progress {
    /// That of a request without a body.
    pub fn sent() -> Self {
        Self { state: AtomicU8::new(SENT), changed: Notify::new() }
    }

    fn set(&self, state: u8) {
        if self.state.compare_exchange(UNDER_WAY, state, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.changed.notify_one();
        }
    }

    /// Completes when the body was sent to its end, or cut.
    pub async fn done(&self) {
        while self.state.load(Ordering::Relaxed) == UNDER_WAY {
            self.changed.notified().await;
        }
    }

    /// Why the body was cut; `None` if it was not.
    pub fn fault(&self) -> Option<BodyFault> {
        match self.state.load(Ordering::Relaxed) {
            TOO_LARGE => Some(BodyFault::TooLarge),
            TOO_SLOW => Some(BodyFault::TooSlow),
            BROKEN => Some(BodyFault::Broken),
            _ => None,
        }
    }
}

/// The body of a request: at most so large, and not too slow. Trailers are dropped: a service might read a header from them.
pub struct RequestBody {
    inner: Body,
    left: u64,
    progress: Arc<Progress>,
    window: Duration,
    window_end: Pin<Box<Sleep>>,
    in_window: u64,
}

impl RequestBody {
    /// Limits a body to `max_bytes`.
    ///
    /// # Errors
    /// `PAYLOAD_TOO_LARGE` for one that announces to be larger.
    pub fn new(inner: Body, max_bytes: u64, progress: Arc<Progress>) -> Result<Self, Error> {
        Self::with_window(inner, max_bytes, progress, WINDOW)
    }

    fn with_window(inner: Body, max_bytes: u64, progress: Arc<Progress>, window: Duration) -> Result<Self, Error> {
        if inner.size_hint().lower() > max_bytes {
            return Err(BodyFault::TooLarge.into());
        }
        if inner.is_end_stream() {
            progress.set(SENT);
        }
        let window_end = Box::pin(sleep_until(Instant::now() + window));
        Ok(Self { inner, left: max_bytes, progress, window, window_end, in_window: 0 })
    }

    fn cut(&self, state: u8, fault: BodyFault) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        self.progress.set(state);
        Poll::Ready(Some(Err(fault)))
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        loop {
            match Pin::new(&mut self.inner).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    let Ok(data) = frame.into_data() else { continue };
                    let bytes = data.len() as u64;
                    let Some(left) = self.left.checked_sub(bytes) else { return self.cut(TOO_LARGE, BodyFault::TooLarge) };
                    (self.left, self.in_window) = (left, self.in_window + bytes);
                    if self.inner.is_end_stream() {
                        self.progress.set(SENT);
                    }
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Poll::Ready(Some(Err(_))) => return self.cut(BROKEN, BodyFault::Broken),
                Poll::Ready(None) => {
                    self.progress.set(SENT);
                    return Poll::Ready(None);
                }
                Poll::Pending => {
                    ready!(self.window_end.as_mut().poll(context));
                    if self.in_window < LEAST_BYTES {
                        return self.cut(TOO_SLOW, BodyFault::TooSlow);
                    }
                    self.in_window = 0;
                    let next = Instant::now() + self.window;
                    self.window_end.as_mut().reset(next);
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        // A service may answer without reading the whole body.
        self.progress.set(SENT);
    }
}

/// Why the body of an answer was cut.
#[derive(Debug, thiserror::Error)]
pub enum AnswerFault {
    /// Nothing came for too long.
    #[error("the service sent nothing for too long")]
    Idle,
    /// The login of its user has ended.
    #[error("the login has ended")]
    LoggedOut,
    /// The service's connection broke.
    #[error(transparent)]
    Broken(#[from] hyper::Error),
}

/// The body of a service's answer. It keeps the permit of its request to its end.
pub struct AnswerBody {
    inner: hyper::body::Incoming,
    idle: Duration,
    timer: Pin<Box<Sleep>>,
    /// Ends an event stream with its user's login.
    seat: Option<Pin<Box<dyn Future<Output = Seat> + Send>>>,
    _permit: OwnedSemaphorePermit,
}

impl AnswerBody {
    /// A body in which nothing may come for at most `idle`. With a `seat`, it ends with the login.
    pub fn new(inner: hyper::body::Incoming, idle: Duration, seat: Option<Seat>, permit: OwnedSemaphorePermit) -> Self {
        let seat = seat.map(|seat| -> Pin<Box<dyn Future<Output = Seat> + Send>> {
            Box::pin(async move {
                seat.ended().await;
                seat
            })
        });
        Self { inner, idle, timer: Box::pin(sleep_until(Instant::now() + idle)), seat, _permit: permit }
    }
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = AnswerFault;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerFault>>> {
        let this = &mut *self;
        if let Some(seat) = &mut this.seat
            && seat.as_mut().poll(context).is_ready()
        {
            this.seat = None;
            return Poll::Ready(Some(Err(AnswerFault::LoggedOut)));
        }
        match Pin::new(&mut this.inner).poll_frame(context) {
            Poll::Ready(frame) => {
                this.timer.as_mut().reset(Instant::now() + this.idle);
                Poll::Ready(frame.map(|frame| frame.map_err(AnswerFault::from)))
            }
            Poll::Pending => {
                ready!(this.timer.as_mut().poll(context));
                Poll::Ready(Some(Err(AnswerFault::Idle)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};
    use http_body_util::BodyExt;

    use super::*;

    fn limited(body: Body, most: u64) -> (Result<RequestBody, Error>, Arc<Progress>) {
        let progress = Arc::<Progress>::default();
        (RequestBody::new(body, most, progress.clone()), progress)
    }

    fn chunked(chunks: &[&'static str]) -> Body {
        Body::from_stream(stream::iter(chunks.to_vec()).map(Ok::<_, std::io::Error>))
    }

    #[tokio::test]
    async fn body_within_its_limit_passes_and_says_when_it_is_sent() {
        let (body, progress) = limited(chunked(&["ab", "cd"]), 4);
        assert_eq!(body.unwrap().collect().await.unwrap().to_bytes(), "abcd");
        progress.done().await;
        assert_eq!(progress.fault(), None);
    }

    #[tokio::test]
    async fn larger_body_is_cut() {
        assert_eq!(limited(Body::from("abcde"), 4).0.err().map(|error| error.code), Some(ErrorCode::PayloadTooLarge));
        let (body, progress) = limited(chunked(&["abc", "de"]), 4);
        assert_eq!(body.unwrap().collect().await.unwrap_err(), BodyFault::TooLarge);
        progress.done().await;
        assert_eq!(progress.fault(), Some(BodyFault::TooLarge));
    }

    #[tokio::test]
    async fn body_that_trickles_is_cut() {
        let beats = tokio::time::interval(Duration::from_millis(5));
        let slow = stream::unfold(beats, |mut beats| async {
            beats.tick().await;
            Some((Ok::<_, std::io::Error>("x"), beats))
        });
        let progress = Arc::<Progress>::default();
        let body = RequestBody::with_window(Body::from_stream(slow), 1 << 20, progress.clone(), Duration::from_millis(50));
        assert_eq!(body.unwrap().collect().await.unwrap_err(), BodyFault::TooSlow);
        assert_eq!(progress.fault(), Some(BodyFault::TooSlow));
    }
}

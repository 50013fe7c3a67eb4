//! Bodies on their way through the door. They are streamed: nothing holds more than a few chunks.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use realmgate_platform::error::{Error, ErrorCode};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::CancellationToken;

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
#[derive(Debug)]
pub struct Progress {
    state: AtomicU8,
    begun: Instant,
    /// When the service could last take a part of it, or its end, in milliseconds since `begun`.
    asked_ms: AtomicU64,
    /// Whether the client had nothing for it then.
    is_awaited: AtomicBool,
}

const UNDER_WAY: u8 = 0;
const SENT: u8 = 1;
const TOO_LARGE: u8 = 2;
const TOO_SLOW: u8 = 3;
const BROKEN: u8 = 4;

impl Default for Progress {
    fn default() -> Self {
        let (state, asked_ms, is_awaited) = (UNDER_WAY.into(), 0.into(), false.into());
        Self { state, begun: Instant::now(), asked_ms, is_awaited }
    }
}

impl Progress {
    /// That of a request without a body.
    pub fn sent() -> Self {
        Self { state: SENT.into(), ..Self::default() }
    }

    fn set(&self, state: u8) {
        if self.state.compare_exchange(UNDER_WAY, state, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.asked(false);
        }
    }

    fn asked(&self, is_awaited: bool) {
        self.is_awaited.store(is_awaited, Ordering::Relaxed);
        self.asked_ms.store(u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Completes when the service has taken no part of the body for this long, from now on. The time in which it waits for the
    /// client does not count.
    pub async fn stalled(&self, within: Duration) {
        let since = Instant::now();
        loop {
            let asked = self.begun + Duration::from_millis(self.asked_ms.load(Ordering::Relaxed));
            // A body that waits for the client is polled once in each window, but not while the service takes nothing.
            let more = if self.is_awaited.load(Ordering::Relaxed) { WINDOW } else { Duration::ZERO };
            let end = asked.max(since) + more + within;
            if Instant::now() >= end {
                return;
            }
            sleep_until(end).await;
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

    fn begin_window(&mut self) {
        self.in_window = 0;
        let end = Instant::now() + self.window;
        self.window_end.as_mut().reset(end);
    }

    fn cut(&self, state: u8, fault: BodyFault) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        self.progress.set(state);
        Poll::Ready(Some(Err(fault)))
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        loop {
            match Pin::new(&mut self.inner).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    let Ok(data) = frame.into_data() else { continue };
                    let bytes = data.len() as u64;
                    let Some(left) = self.left.checked_sub(bytes) else {
                        return self.cut(TOO_LARGE, BodyFault::TooLarge);
                    };
                    (self.left, self.in_window) = (left, self.in_window + bytes);
                    self.progress.asked(false);
                    if self.inner.is_end_stream() {
                        self.progress.set(SENT);
                    }
                    // While the service takes nothing, the body is not polled: that is no fault of the client.
                    if Instant::now() >= self.window_end.deadline() {
                        self.begin_window();
                    }
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Poll::Ready(Some(Err(_))) => return self.cut(BROKEN, BodyFault::Broken),
                Poll::Ready(None) => {
                    self.progress.set(SENT);
                    return Poll::Ready(None);
                }
                Poll::Pending => {
                    self.progress.asked(true);
                    ready!(self.window_end.as_mut().poll(context));
                    if self.in_window < LEAST_BYTES {
                        return self.cut(TOO_SLOW, BodyFault::TooSlow);
                    }
                    self.begin_window();
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
    /// This process shuts down.
    #[error("the door shuts down")]
    Shutdown,
    /// The service's connection broke.
    #[error(transparent)]
    Broken(#[from] hyper::Error),
}

/// Completes when an answer that stays open has to end, and says why.
pub type Ends = Pin<Box<dyn Future<Output = AnswerFault> + Send>>;

/// An event stream ends with the login of its user, whose seat it keeps, and with this process.
pub fn ends(seat: Option<Seat>, shutdown: CancellationToken) -> Ends {
    Box::pin(async move {
        let Some(seat) = seat else {
            shutdown.cancelled().await;
            return AnswerFault::Shutdown;
        };
        match shutdown.run_until_cancelled(seat.ended()).await {
            Some(()) => AnswerFault::LoggedOut,
            None => AnswerFault::Shutdown,
        }
    })
}

/// The body of a service's answer. It keeps the permit of its request to its end.
pub struct AnswerBody {
    inner: hyper::body::Incoming,
    idle: Duration,
    /// When something last came.
    last: Instant,
    /// Fires at `last + idle` or before. Most answers are complete with their head and need none.
    timer: Option<Pin<Box<Sleep>>>,
    ends: Option<Ends>,
    _permit: OwnedSemaphorePermit,
}

impl AnswerBody {
    /// A body in which nothing may come for at most `idle`. It is cut when `ends` completes.
    pub fn new(inner: hyper::body::Incoming, idle: Duration, ends: Option<Ends>, permit: OwnedSemaphorePermit) -> Self {
        Self { inner, idle, last: Instant::now(), timer: None, ends, _permit: permit }
    }

    /// Completes when nothing has come for too long.
    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let end = self.last + self.idle;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
        loop {
            ready!(timer.as_mut().poll(context));
            if timer.deadline() >= end {
                return Poll::Ready(());
            }
            // Something has come since the timer was set: it is not set again for each piece of a large answer.
            timer.as_mut().reset(end);
        }
    }
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = AnswerFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerFault>>> {
        let this = &mut *self;
        if let Some(ends) = &mut this.ends
            && let Poll::Ready(fault) = ends.as_mut().poll(context)
        {
            this.ends = None;
            return Poll::Ready(Some(Err(fault)));
        }
        match Pin::new(&mut this.inner).poll_frame(context) {
            Poll::Ready(frame) => {
                this.last = Instant::now();
                Poll::Ready(frame.map(|frame| frame.map_err(AnswerFault::from)))
            }
            Poll::Pending => {
                ready!(this.poll_idle(context));
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
    use realmgate_platform::testing::{a_moment, soon};

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
        assert_eq!(progress.state.load(Ordering::Relaxed), SENT);
        assert_eq!(progress.fault(), None);
    }

    #[tokio::test]
    async fn larger_body_is_cut() {
        assert_eq!(limited(Body::from("abcde"), 4).0.err().map(|error| error.code), Some(ErrorCode::PayloadTooLarge));
        let (body, progress) = limited(chunked(&["abc", "de"]), 4);
        assert_eq!(body.unwrap().collect().await.unwrap_err(), BodyFault::TooLarge);
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
        let body =
            RequestBody::with_window(Body::from_stream(slow), 1 << 20, progress.clone(), Duration::from_millis(50));
        assert_eq!(body.unwrap().collect().await.unwrap_err(), BodyFault::TooSlow);
        assert_eq!(progress.fault(), Some(BodyFault::TooSlow));
    }

    #[tokio::test]
    async fn service_that_takes_no_more_of_a_body_has_stalled() {
        let (sender, more) = tokio::sync::mpsc::channel::<&'static str>(4);
        let coming =
            stream::unfold(more, |mut more| async { Some((Ok::<_, std::io::Error>(more.recv().await?), more)) });
        let (body, progress) = limited(Body::from_stream(coming), 1 << 20);
        let mut body = body.unwrap();
        let within = Duration::from_millis(20);
        assert!(futures_util::poll!(body.frame()).is_pending());
        let stalled = tokio::time::timeout(5 * within, progress.stalled(within));
        assert!(stalled.await.is_err(), "it waits for the client");
        sender.send("a").await.unwrap();
        assert!(body.frame().await.unwrap().is_ok());
        soon("the stall", progress.stalled(within)).await;
    }

    #[tokio::test]
    async fn client_is_not_slow_while_the_service_takes_nothing() {
        let coming = Body::from_stream(stream::iter(["a", "b"]).map(Ok::<_, std::io::Error>).chain(stream::pending()));
        let (progress, window) = (Arc::<Progress>::default(), Duration::from_millis(20));
        let mut body = RequestBody::with_window(coming, 1 << 20, progress.clone(), window).unwrap();
        assert!(body.frame().await.unwrap().is_ok());
        let over = Instant::now() + 2 * window;
        while Instant::now() < over {
            a_moment().await;
        }
        assert!(body.frame().await.unwrap().is_ok());
        assert!(futures_util::poll!(body.frame()).is_pending());
        assert_eq!(progress.fault(), None);
    }
}

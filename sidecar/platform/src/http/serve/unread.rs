//! Answers of an HTTP/2 connection that its client does not read.
//!
//! Such a client goes on reading the connection: it lets single answers wait, by flow control (RFC 9113, section 5.2). No write
//! to the socket waits then, so the time limit of writes does not hold, and what sends the answer would be held for as long as the client likes.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, interval};

/// An answer that does not wait for its client.
const NOT_WAITING: u64 = u64::MAX;

/// The answers of a connection.
pub(super) struct Unread {
    begun: Instant,
    answers: Mutex<Vec<Weak<AtomicU64>>>,
}

impl Unread {
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), answers: Mutex::default() }
    }

    /// The body of an answer, watched until its end.
    pub(super) fn watch(self: &Arc<Self>, body: Body) -> Body {
        if body.is_end_stream() {
            return body;
        }
        // An answer waits from its head on: a client may take no byte at all.
        let since_ms = Arc::new(AtomicU64::new(self.now_ms()));
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&since_ms));
        Body::new(Watched { inner: body, connection: self.clone(), since_ms })
    }

    /// Completes when the client has left any answer unread for this long.
    pub(super) async fn for_longer_than(&self, most: Duration) {
        let most_ms = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        let mut beats = interval((most / 4).max(Duration::from_millis(10)));
        loop {
            beats.tick().await;
            let now_ms = self.now_ms();
            let mut is_unread = false;
            self.answers.lock().unwrap_or_else(PoisonError::into_inner).retain(|answer| {
                let Some(since_ms) = answer.upgrade() else { return false };
                let since_ms = since_ms.load(Ordering::Relaxed);
                is_unread |= since_ms != NOT_WAITING && now_ms.saturating_sub(since_ms) >= most_ms;
                true
            });
            if is_unread {
                return;
            }
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(NOT_WAITING - 1)
    }
}

/// A body that notes whether it waits for the client or for who sends it.
struct Watched {
    inner: Body,
    connection: Arc<Unread>,
    /// Since when it has waited for the client, in milliseconds of the connection.
    since_ms: Arc<AtomicU64>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        let since_ms = if frame.is_ready() { self.connection.now_ms() } else { NOT_WAITING };
        self.since_ms.store(since_ms, Ordering::Relaxed);
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

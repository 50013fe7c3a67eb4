//! A time limit for writes to a connection whose other end has stopped reading.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// The time limit of one connection's writes.
pub struct WriteTimeout {
    after: Duration,
    /// The timer of a write that waits.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl WriteTimeout {
    /// A write may wait this long.
    pub fn new(after: Duration) -> Self {
        Self { after, waiting: None }
    }

    /// The outcome of a write that was polled just now: `TimedOut` if it has waited for too long.
    pub fn limit<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let after = self.after;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(after)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

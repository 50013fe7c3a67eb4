//! Background work of this process: tasks that end with it, and work that is done again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::Error;

/// The tasks of this process, and their end.
#[derive(Clone, Default)]
pub struct Background {
    /// Background tasks and sockets. A graceful shutdown waits for them.
    pub tasks: TaskTracker,
    /// Cancelled when the sidecar shuts down.
    pub shutdown: CancellationToken,
}

impl Background {
    /// Runs `work` after `first`, and then every `period` until the shutdown.
    pub fn every<W, F>(&self, first: Duration, period: Duration, work: W)
    where
        W: Fn() -> F + Send + 'static,
        F: Future<Output = ()> + Send,
    {
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            let mut beats = tokio::time::interval(period);
            beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
            beats.reset_after(first);
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    _ = beats.tick() => work().await,
                }
            }
        });
    }

    /// The same for work that may fail. A failure is logged once, until it works again.
    pub fn keep<W, F>(&self, first: Duration, period: Duration, complaint: &'static str, work: W)
    where
        W: Fn() -> F + Send + 'static,
        F: Future<Output = Result<(), Error>> + Send,
    {
        let is_failing = Arc::new(AtomicBool::new(false));
        self.every(first, period, move || {
            let (is_failing, done) = (is_failing.clone(), work());
            async move {
                match done.await {
                    Ok(()) => is_failing.store(false, Ordering::Relaxed),
                    Err(error) if !is_failing.swap(true, Ordering::Relaxed) => tracing::error!(%error, "{complaint}"),
                    Err(_) => {}
                }
            }
        });
    }
}

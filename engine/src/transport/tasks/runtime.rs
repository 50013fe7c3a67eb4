//! The runtime of such a thread: when all is done it rests, so that what comes may gather.

use std::io;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::park_timeout;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::transport::clock::Clock;
use crate::transport::front::{Front, Shared};
use crate::transport::handover::Incoming;
use crate::transport::rhythm::gathers;

/// The runtime, and both ends of the queue between the host and the thread.
pub(in crate::transport) struct ThreadRuntime {
    pub(in crate::transport) runtime: EndsInBackground,
    pub(super) front: Front,
    pub(super) incoming: Incoming,
    pub(super) stranger_count: StrangerCount,
}

/// A runtime that may be dropped anywhere: the host may be on one itself, which must not wait for the end of another.
pub(in crate::transport) struct EndsInBackground(Option<Runtime>);

impl Deref for EndsInBackground {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for EndsInBackground {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// How many have not shown a ticket. While there are any the thread looks often: a handshake takes several round trips.
#[derive(Debug, Clone, Default)]
pub(super) struct StrangerCount(Arc<AtomicUsize>);

impl ThreadRuntime {
    /// One for a host that polls at this rate, if at any. It rests whenever all is done, unless it is woken.
    ///
    /// # Errors
    /// When the system has no more file descriptors.
    pub(in crate::transport) fn new(poll_every: Option<Duration>) -> io::Result<Self> {
        let (front, incoming) = Front::new(Clock::start(0), poll_every);
        let (shared, clock, stranger_count) = (front.shared(), front.clock(), StrangerCount::default());
        let rest = {
            let stranger_count = stranger_count.clone();
            move || park_timeout(rests(clock.since_start(), &shared, &stranger_count))
        };
        let runtime = Builder::new_current_thread().enable_all().on_thread_park(rest).build()?;
        Ok(Self { runtime: EndsInBackground(Some(runtime)), front, incoming, stranger_count })
    }
}

/// One look at a thousand clients costs less than a thousand looks. The host is not kept waiting.
fn rests(now: Duration, shared: &Shared, stranger_count: &StrangerCount) -> Duration {
    gathers(now, if stranger_count.get() > 0 { None } else { shared.next_poll() })
}

impl StrangerCount {
    pub(super) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, count: usize) {
        self.0.store(count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn it_may_be_dropped_within_another() {
        drop(ThreadRuntime::new(None).unwrap());
    }

    #[test]
    fn the_thread_rests_until_the_host_polls_unless_somebody_comes_in() {
        let ThreadRuntime { mut front, stranger_count, .. } = ThreadRuntime::new(Some(60_000 * MS)).unwrap();
        let shared = front.shared();
        let clock = front.clock();
        let rests = |stranger_count: &StrangerCount| rests(clock.since_start(), &shared, stranger_count);
        assert_eq!(rests(&stranger_count), 2 * MS, "it does not know when the host polls");
        front.poll(&mut Vec::new());
        assert_eq!(rests(&stranger_count), 16 * MS);
        stranger_count.set(1);
        assert_eq!(rests(&stranger_count), 2 * MS);
        stranger_count.set(0);
        assert_eq!(rests(&stranger_count), 16 * MS);
    }
}

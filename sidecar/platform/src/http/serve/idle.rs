//! Whether a connection has a request under way, and for how long it has had none.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Since when a connection is idle; `None` while it is not.
pub(super) struct Idle(watch::Sender<Option<Instant>>);

/// A request under way, until this is dropped.
pub(super) struct Busy(Arc<Idle>);

impl Idle {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Some(Instant::now())))
    }

    /// Marks a request as under way. There is one at a time.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.0.send_replace(None);
        Busy(self.clone())
    }

    /// Completes when the connection has been idle for this long and others want its place.
    pub(super) fn overstayed(
        &self,
        mut crowded: watch::Receiver<bool>,
        most: Duration,
    ) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut idle = self.0.subscribe();
        async move {
            loop {
                let since = async {
                    crowded.wait_for(|crowded| *crowded).await.ok()?;
                    *idle.wait_for(Option::is_some).await.ok()?
                };
                // A connection that is gone is not idle.
                let Some(since) = since.await else { return std::future::pending().await };
                sleep_until(since + most).await;
                if *crowded.borrow() && *idle.borrow() == Some(since) {
                    return;
                }
            }
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.send_replace(Some(Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;
    use tokio::time::timeout;

    use super::*;

    /// How long a test waits for anything.
    const WITHIN: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn who_is_idle_makes_way_only_where_it_is_crowded() {
        let (idle, crowded) = (Arc::new(Idle::new()), watch::Sender::new(false));
        let mut overstayed = Box::pin(idle.overstayed(crowded.subscribe(), Duration::ZERO));
        assert!(poll!(&mut overstayed).is_pending(), "there is room");
        let busy = idle.busy();
        crowded.send_replace(true);
        assert!(poll!(&mut overstayed).is_pending(), "a request is under way");
        drop(busy);
        timeout(WITHIN, overstayed).await.expect("it stays");
    }

    #[tokio::test]
    async fn who_was_busy_a_moment_ago_may_stay() {
        let (idle, crowded) = (Arc::new(Idle::new()), watch::Sender::new(true));
        let mut overstayed = Box::pin(idle.overstayed(crowded.subscribe(), WITHIN * 100));
        assert!(poll!(&mut overstayed).is_pending());
    }
}

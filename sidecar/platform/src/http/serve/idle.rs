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
    use tokio::time::{timeout, timeout_at};

    use super::*;

    /// How long a test waits for anything.
    const WITHIN: Duration = Duration::from_secs(20);
    /// How long it looks whether somebody stays.
    const A_MOMENT: Duration = Duration::from_millis(100);

    #[tokio::test]
    async fn who_is_idle_makes_way_only_where_it_is_crowded() {
        let (idle, crowded) = (Arc::new(Idle::new()), watch::Sender::new(false));
        let mut overstayed = Box::pin(idle.overstayed(crowded.subscribe(), Duration::ZERO));
        assert!(timeout(A_MOMENT, &mut overstayed).await.is_err(), "there is room");
        let busy = idle.busy();
        crowded.send_replace(true);
        assert!(timeout(A_MOMENT, &mut overstayed).await.is_err(), "a request is under way");
        drop(busy);
        timeout(WITHIN, overstayed).await.expect("it stays");
    }

    #[tokio::test]
    async fn who_is_busy_or_has_room_by_the_time_it_would_have_to_go_may_stay() {
        let goes = Instant::now() + Duration::from_millis(500);
        let idle = || Arc::new(Idle(watch::Sender::new(Some(goes))));
        let (mine, other, crowded, busier) = (idle(), idle(), watch::Sender::new(true), watch::Sender::new(true));
        let mut with_room = Box::pin(mine.overstayed(crowded.subscribe(), Duration::ZERO));
        let mut at_work = Box::pin(other.overstayed(busier.subscribe(), Duration::ZERO));
        assert!(poll!(&mut with_room).is_pending() && poll!(&mut at_work).is_pending(), "not yet");
        crowded.send_replace(false);
        let busy = other.busy();
        assert!(timeout_at(goes + A_MOMENT, &mut with_room).await.is_err(), "there is room by now");
        assert!(timeout(A_MOMENT, &mut at_work).await.is_err(), "a request is under way by now");
        crowded.send_replace(true);
        drop(busy);
        timeout(WITHIN, with_room).await.expect("it stays where it is crowded again");
        timeout(WITHIN, at_work).await.expect("it stays after its request");
    }

    #[tokio::test]
    async fn who_was_busy_a_moment_ago_may_stay() {
        let long_ago = Instant::now() - 2 * WITHIN;
        let (idle, crowded) = (Arc::new(Idle(watch::Sender::new(Some(long_ago)))), watch::Sender::new(true));
        let overstayed = || Box::pin(idle.overstayed(crowded.subscribe(), WITHIN));
        timeout(WITHIN, overstayed()).await.expect("it was idle for too long");
        drop(idle.busy());
        assert!(timeout(A_MOMENT, overstayed()).await.is_err(), "it was busy until now");
    }
}

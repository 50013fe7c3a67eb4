//! Whether a connection has requests under way, and for how long it has had none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use http_body_util::BodyExt;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The requests of a connection.
pub(super) struct Idle {
    /// Since when there are none; `None` while there are some.
    since: watch::Sender<Option<Instant>>,
    /// How many are under way: with HTTP/2 there may be several.
    under_way: AtomicU32,
}

/// A request under way, until this is dropped.
pub(super) struct Busy(Arc<Idle>);

impl Idle {
    pub(super) fn new() -> Self {
        Self { since: watch::Sender::new(Some(Instant::now())), under_way: AtomicU32::new(0) }
    }

    /// Marks a request as under way.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.since.send_modify(|since| {
            self.under_way.fetch_add(1, Ordering::Relaxed);
            *since = None;
        });
        Busy(self.clone())
    }

    /// Completes when the connection has had no request for this long.
    pub(super) async fn idle_for(&self, most: Duration) {
        let mut idle = self.since.subscribe();
        loop {
            let Ok(since) = idle.wait_for(Option::is_some).await.map(|since| *since) else { return };
            let Some(since) = since else { continue };
            sleep_until(since + most).await;
            if *idle.borrow() == Some(since) {
                return;
            }
        }
    }

    /// Completes when the connection has been idle for this long and others want its place.
    pub(super) fn overstayed(
        &self,
        mut crowded: watch::Receiver<bool>,
        most: Duration,
    ) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut idle = self.since.subscribe();
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

impl Busy {
    /// The body of the request's answer. The request is under way until its end: an event stream may take hours.
    pub(super) fn until_end_of(self, body: Body) -> Body {
        if body.is_end_stream() {
            return body;
        }
        // The closure owns `self` as long as the body lives.
        Body::new(body.map_err(move |error| {
            let _busy = &self;
            error
        }))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let idle = &self.0;
        idle.since.send_modify(|since| {
            if idle.under_way.fetch_sub(1, Ordering::Relaxed) == 1 {
                *since = Some(Instant::now());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use futures_util::{poll, stream};
    use tokio::time::{timeout, timeout_at};

    use super::*;

    /// How long a test waits for anything.
    const WITHIN: Duration = Duration::from_secs(20);
    /// How long it looks whether somebody stays.
    const A_MOMENT: Duration = Duration::from_millis(100);

    fn idle_since(since: Instant) -> Idle {
        Idle { since: watch::Sender::new(Some(since)), under_way: AtomicU32::new(0) }
    }

    #[tokio::test]
    async fn connection_is_idle_after_its_last_request() {
        let idle = Arc::new(idle_since(Instant::now() - WITHIN));
        let (first, second) = (idle.busy(), idle.busy());
        drop(first);
        assert!(timeout(A_MOMENT, idle.idle_for(Duration::ZERO)).await.is_err(), "a request is under way");
        drop(second);
        timeout(WITHIN, idle.idle_for(Duration::ZERO)).await.expect("it is idle");
    }

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
        let idle = || Arc::new(idle_since(goes));
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
        let (idle, crowded) = (Arc::new(idle_since(long_ago)), watch::Sender::new(true));
        let overstayed = || Box::pin(idle.overstayed(crowded.subscribe(), WITHIN));
        timeout(WITHIN, overstayed()).await.expect("it was idle for too long");
        drop(idle.busy());
        assert!(timeout(A_MOMENT, overstayed()).await.is_err(), "it was busy until now");
    }

    #[tokio::test]
    async fn a_connection_is_busy_until_the_end_of_its_answer() {
        let idle = Arc::new(Idle::new());
        let is_idle = || idle.since.borrow().is_some();
        let body = idle.busy().until_end_of(Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>()));
        assert!(!is_idle());
        drop(body);
        assert!(is_idle());
        let body = idle.busy().until_end_of(Body::empty());
        assert!(is_idle(), "there is nothing to send");
        drop(body);
        let sized = idle.busy().until_end_of(Body::from("four"));
        assert_eq!(sized.size_hint().exact(), Some(4));
    }
}

//! Waiting for something to become true, with a deadline and a sentence that says what was waited for.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

/// How often it is looked again.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// How long a test waits for what takes a moment. Generous, since test machines are busy.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Looks until `look` finds something, at most [`PATIENCE`].
///
/// # Panics
/// When the time is over; `what` is in the message.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(what, PATIENCE, look).await
}

/// As [`until`], with a deadline of its own.
///
/// # Panics
/// When the time is over; `what` is in the message.
pub async fn until_within<T>(what: &str, within: Duration, look: impl AsyncFnMut() -> Option<T>) -> T {
    match found_within(within, look).await {
        Some(found) => found,
        None => panic!("waited {within:?} in vain until {what}"),
    }
}

/// What `look` finds in time, if anything.
pub async fn found_within<T>(within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let search = async {
        loop {
            looks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    timeout(within, search).await.ok()
}

//! The loop that keeps time. Besides the network thread and the tick profile, it is the only place in the engine that
//! reads a clock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::MapServer;

/// Most ticks that are caught up after a stall. After a longer one all missed ticks are lost: counted, but not run.
const MAX_CATCH_UP_TICKS: u32 = 5;
/// How long a drain may take before the process ends anyway.
const MAX_DRAIN: Duration = Duration::from_secs(10);

/// Runs the server with a fixed timestep at absolute deadlines until `stop` is set, then drains it: all players are
/// saved and released. Ends early if the network thread has died.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicBool, Ordering};
///
/// use realmgate_engine::host::{self, LocalLink, MapServer};
/// # use bevy_app::App;
/// # use realmgate_engine::map::Map;
/// # use realmgate_engine::transport::Transports;
/// # use realmgate_engine::transport::memory::memory_transport;
/// # use realmgate_protocol::ids::MapId;
///
/// # fn game(_app: &mut App) {}
/// # let (link, ends) = LocalLink::open("example".parse()?)?;
/// # let map = Map::sketch(MapId(1), &["....", "...."]).ok_or("an empty map")?;
/// # let transports = Transports::new(vec![Box::new(memory_transport().0)]);
/// let mut server = MapServer::new(link.host_config(vec![map])?, Arc::new(game), transports, ends);
/// let stop = AtomicBool::new(false);
/// std::thread::scope(|threads| {
///     // In a program, a signal handler does this.
///     threads.spawn(|| stop.store(true, Ordering::Relaxed));
///     host::run(&mut server, &stop);
/// });
/// assert!(server.is_drained());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(clippy::disallowed_methods, reason = "this loop is what turns time into ticks")]
pub fn run(server: &mut MapServer, stop: &AtomicBool) {
    let start = Instant::now();
    let mut deadline = start;
    let mut drain_until = None;
    loop {
        if !server.is_reachable() {
            tracing::error!("a network thread died, the server shuts down");
            server.drain();
            break;
        }
        if stop.load(Ordering::Relaxed) {
            let until = *drain_until.get_or_insert_with(|| Instant::now() + MAX_DRAIN);
            server.drain();
            if server.is_drained() || Instant::now() > until {
                break;
            }
        }
        let begun = Instant::now();
        let late = begun.saturating_duration_since(deadline);
        server.work(begun.duration_since(start).as_millis() as u64);
        let work = begun.elapsed();
        server.flush();
        server.note_tick(late, work);
        let period = server.period();
        deadline = next_deadline(deadline + period, period);
        std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
    }
    // Expected characters that have not come by now never will: their locks are released too.
    server.expire_announcements(u64::MAX);
    // One more tick, so that the last disconnects and releases go out.
    server.step(start.elapsed().as_millis() as u64);
}

#[expect(clippy::disallowed_methods, reason = "this loop is what turns time into ticks")]
fn next_deadline(deadline: Instant, period: Duration) -> Instant {
    let now = Instant::now();
    let behind = now.saturating_duration_since(deadline);
    if behind <= period * MAX_CATCH_UP_TICKS {
        return deadline;
    }
    let lost = (behind.as_nanos() / period.as_nanos()) as u32;
    metrics::counter!("realmgate_ticks_lost_total").increment(u64::from(lost));
    deadline + period * lost
}

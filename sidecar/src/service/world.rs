//! Entering the world, staying in it, travelling and leaving: which character is where.
//!
//! All of it rests on the lock of the character ([`crate::lock`]). Whatever is slow or lost in between, the store
//! refuses a write without the lock, and the next owner takes the lock under a newer epoch (fencing token).

mod account;
mod admission;
mod choice;
mod displace;
mod enter;
mod gates;
mod leave;
mod own_cookie;
mod renewal;
mod replica;
mod servers;
mod session_entry;
mod stay;
mod sweeper;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod tickets;
mod travel;

use std::time::Duration;

use tokio::time::MissedTickBehavior;

pub use account::{NotLetIn, claim, expects, logged_in, release};
pub use displace::{Waiter, log_out};
pub use enter::{Entered, Entry, enter};
pub use gates::Gates;
pub use replica::NotAllowed;
pub use servers::{deregister, heartbeat, register};

pub(crate) use account::refreshed;
pub(crate) use displace::{leave_world, lingers};
pub(crate) use leave::{dropped, released};
pub(crate) use servers::{Unmet, meet, reclaim, reclaimed};
pub(crate) use session_entry::{connected, settle_session};
pub(crate) use stay::{commit, entered, loaded, save};
pub(crate) use travel::travel;

use crate::error::Error;
use crate::lock::timers::{RENEW_EVERY, SWEEP_EVERY};
use crate::lock::{CharacterLock, LockStep, StepRefused};
use crate::state::AppState;
use crate::store::ledger::AuditReport;

const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(5);
/// A third of the lifetime of a session entry that is not renewed.
const RENEW_SESSIONS_EVERY: Duration = Duration::from_secs(15);
/// How long a link that seems open has to answer before a new one takes its place.
pub(crate) const PROBE: Duration = Duration::from_secs(2);

/// Takes this sidecar's lock and what an earlier run of it held, and starts the background work. Call it once, before
/// anybody can come in. Everything spawned ends when `state.shutdown` is cancelled.
///
/// # Errors
/// When this sidecar may not run beside another one, its cookie cannot be kept, or the database cannot be asked.
pub async fn start(state: &AppState) -> Result<(), NotAllowed> {
    replica::claim(state).await?;
    let at_once = Duration::ZERO;
    spawn_every(state, at_once, SWEEP_EVERY, "timers could not be fired", |state| async move {
        sweeper::sweep(&state).await
    });
    spawn_every(state, at_once, RENEW_EVERY, "server locks could not be renewed", |state| async move {
        renewal::renew(&state).await
    });
    spawn_every(state, at_once, RENEW_SESSIONS_EVERY, "session entries could not be renewed", |state| async move {
        session_entry::renew_sessions(&state).await
    });
    // At first, no socket can have left anything behind.
    let later = RENEW_SESSIONS_EVERY;
    spawn_every(state, later, RENEW_SESSIONS_EVERY, "sockets could not be compared with locks", |state| async move {
        account::close_the_ousted(&state).await?;
        account::release_the_deserted(&state).await
    });
    crate::social::start(state);
    spawn_every(state, at_once, HOUSEKEEPING_EVERY, "parties could not be tidied up", |state| async move {
        crate::social::tidy(&state).await
    });
    Ok(())
}

/// Gives this sidecar's lock back, after everything else has ended.
///
/// # Errors
/// When the lock cannot be given back.
pub async fn stop(state: &AppState) -> Result<(), Error> {
    replica::leave(state).await
}

/// Runs `work` after `first`, and then every `period` until the shutdown. A failure is logged once, until it works
/// again.
fn spawn_every<W, F>(state: &AppState, first: Duration, period: Duration, complaint: &'static str, work: W)
where
    W: Fn(AppState) -> F + Send + 'static,
    F: Future<Output = Result<(), Error>> + Send,
{
    let state = state.clone();
    state.tasks.clone().spawn(async move {
        let mut beats = tokio::time::interval(period);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beats.reset_after(first);
        let mut failing = false;
        loop {
            tokio::select! {
                () = state.shutdown.cancelled() => return,
                _ = beats.tick() => {}
            }
            match work(state.clone()).await {
                Ok(()) => failing = false,
                Err(error) if !failing => {
                    failing = true;
                    tracing::error!(%error, "{complaint}");
                }
                Err(_) => {}
            }
        }
    });
}

/// The lock after a step that is taken now.
fn after(state: &AppState, lock: &CharacterLock, step: &LockStep) -> Result<CharacterLock, StepRefused> {
    lock.after(step, state.db_time.now_ms(), &state.config.timers)
}

/// Updates the gauges that cost a query: locks by owner, items and gold. For the metrics route.
///
/// # Errors
/// When the database cannot be asked.
pub async fn refresh_figures(state: &AppState) -> Result<(), Error> {
    state.store.show_connections();
    for (owner, count) in state.store.locks.count_by_kind().await? {
        metrics::gauge!("realmgate_locks", "owner" => owner).set(count as f64);
    }
    for (figure, value) in state.store.ledger.totals().await? {
        metrics::gauge!("realmgate_ledger", "figure" => figure).set(value as f64);
    }
    Ok(())
}

/// Adds up everything that is owned, and shows the number of faults as a gauge. It reads every line of the ledgers: for
/// operators and now and then, not for every scrape.
///
/// # Errors
/// When the database cannot be asked.
pub async fn audit(state: &AppState) -> Result<AuditReport, Error> {
    let report = state.store.ledger.audit().await?;
    metrics::gauge!("realmgate_ledger_faults").set(report.faults.len() as f64);
    for fault in &report.faults {
        tracing::error!(fault, "the ledger does not add up");
    }
    Ok(report)
}

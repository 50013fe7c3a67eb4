//! Entering the world, staying in it, travelling and leaving: the rules of who is where.
//!
//! All of it rests on the lock of the character ([`crate::lock`]). Whatever is slow or lost in between, a write that
//! does not hold the lock is refused by the store, and whoever comes next takes the lock under a newer epoch.

mod admission;
mod choice;
mod displace;
mod enter;
mod gates;
mod leave;
mod servers;
mod stay;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod tickets;
mod travel;
mod unlinked;

use std::time::Duration;

pub use displace::log_out;
pub use enter::{Entry, enter};
pub use gates::Gates;
pub use unlinked::Unlinked;

pub(crate) use displace::leave_world;
pub(crate) use leave::{dropped, released, settle_session};
pub(crate) use servers::{server_returned, server_started};
pub(crate) use stay::{commit, entered, save};
pub(crate) use travel::travel;

use crate::error::Error;
use crate::lock::LockOwner;
use crate::state::AppState;
use crate::store::ledger::AuditReport;

const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(5);

/// Frees what an earlier run of this process left behind, and starts the background work. To be called once, before
/// anybody can come in: the locks of this run would go with those of the last. Everything spawned ends when
/// `state.shutdown` is cancelled.
pub async fn start(state: &AppState) -> Result<(), Error> {
    free_own_locks(state).await?;
    let state = state.clone();
    state.tasks.clone().spawn(async move {
        let mut beats = tokio::time::interval(HOUSEKEEPING_EVERY);
        loop {
            tokio::select! {
                () = state.shutdown.cancelled() => return,
                _ = beats.tick() => {}
            }
            if let Err(error) = unlinked::expire(&state).await {
                tracing::error!(%error, "characters on unlinked map servers could not be checked");
            }
            crate::social::forget_the_long_gone(&state);
        }
    });
    Ok(())
}

/// A gateway's lock is held only while it brings somebody into a world: after a restart nobody is on that way.
async fn free_own_locks(state: &AppState) -> Result<(), Error> {
    let owner = LockOwner::Gateway(state.config.gateway.id.clone());
    let freed = state.store.locks.fence_all(&owner, state.clock.now_ms()).await?;
    if !freed.is_empty() {
        tracing::info!(count = freed.len(), "freed locks of an earlier run");
    }
    Ok(())
}

/// Brings the gauges up to date that cost a query: locks by owner, items and gold. For whoever renders metrics.
pub async fn refresh_figures(state: &AppState) -> Result<(), Error> {
    for (owner, count) in state.store.locks.count_by_kind().await? {
        metrics::gauge!("realmgate_locks", "owner" => owner).set(count as f64);
    }
    for (figure, value) in state.store.ledger.totals().await? {
        metrics::gauge!("realmgate_ledger", "figure" => figure).set(value as f64);
    }
    Ok(())
}

/// Adds up everything that is owned, and shows the faults as a gauge. It reads every line of the ledgers: for operators
/// and now and then, not for every scrape.
pub async fn audit(state: &AppState) -> Result<AuditReport, Error> {
    let report = state.store.ledger.audit().await?;
    metrics::gauge!("realmgate_ledger_faults").set(report.faults.len() as f64);
    for fault in &report.faults {
        tracing::error!(fault, "the ledger does not add up");
    }
    Ok(report)
}

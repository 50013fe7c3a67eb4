//! Entering the world, staying in it, travelling and leaving: which character is where.
//!
//! All of it rests on the lock of the character ([`crate::lock`]). Whatever is slow or lost in between, the store
//! refuses a write without the lock, and the next owner takes the lock under a newer epoch (fencing token).

mod account;
mod admission;
mod build;
mod choice;
mod departures;
mod displace;
mod enter;
mod entry_rules;
mod leave;
mod lock_clock;
mod own_cookie;
mod reach;
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
mod this_replica;
mod tickets;
mod travel;
mod watch;

use std::sync::Arc;
use std::time::Duration;

pub use account::{AccountLocks, NotLetIn};
pub use build::Foundation;
pub use displace::{Exits, Waiter};
pub use enter::{Entrance, Entry};
pub use entry_rules::EntryRules;
pub use lock_clock::LockClock;
pub use reach::MapServers;
pub use replica::NotAllowed;
pub use servers::MapServerLocks;
pub use session_entry::SessionEntries;
pub use this_replica::ThisReplica;
pub use watch::{Gallery, WatchWish, WatchableChannel};

pub(crate) use departures::DepartureNews;
pub(crate) use leave::Releases;
pub(crate) use servers::Unmet;
pub(crate) use stay::Residents;
pub(crate) use travel::Journeys;

use realmgate_platform::background::Background;
use realmgate_platform::error::Error;

use self::renewal::Renewal;
use self::replica::ReplicaLock;
use self::sweeper::Sweeper;
use crate::lock::timers::{RENEW_EVERY, SWEEP_EVERY};
use crate::store::ledger::AuditReport;
use crate::store::{LedgerStore, Store};

/// A third of the lifetime of a session entry that is not renewed.
const RENEW_SESSIONS_EVERY: Duration = Duration::from_secs(15);

/// The services of the worlds: one for each way in, on and out, and what keeps the locks while nobody does anything.
#[derive(Clone)]
pub struct World {
    /// The locks of accounts.
    pub accounts: Arc<AccountLocks>,
    /// The session entries of accounts.
    pub entries: Arc<SessionEntries>,
    /// The way in.
    pub entrance: Arc<Entrance>,
    /// The ways out.
    pub exits: Arc<Exits>,
    /// The way in for those who only watch.
    pub gallery: Arc<Gallery>,
    /// The locks of map servers.
    pub servers: Arc<MapServerLocks>,
    pub(crate) journeys: Arc<Journeys>,
    pub(crate) residents: Arc<Residents>,
    pub(crate) releases: Arc<Releases>,
    pub(crate) departures: DepartureNews,
    replica: Arc<ReplicaLock>,
    renewal: Arc<Renewal>,
    sweeper: Arc<Sweeper>,
}

impl World {
    /// Takes this sidecar's lock and what an earlier run of it held, and starts the background work. Call it once,
    /// before anybody can come in. Everything spawned ends with the shutdown.
    ///
    /// # Errors
    /// When this sidecar may not run beside another one, its cookie cannot be kept, or the database cannot be asked.
    pub async fn start(&self, background: &Background) -> Result<(), NotAllowed> {
        self.replica.claim().await?;
        let at_once = Duration::ZERO;
        let sweeper = self.sweeper.clone();
        background.keep(at_once, SWEEP_EVERY, "firing timers failed", move || {
            let sweeper = sweeper.clone();
            async move { sweeper.sweep().await }
        });
        let renewal = self.renewal.clone();
        background.keep(at_once, RENEW_EVERY, "renewing server locks failed", move || {
            let renewal = renewal.clone();
            async move { renewal.renew().await }
        });
        let entries = self.entries.clone();
        background.keep(at_once, RENEW_SESSIONS_EVERY, "renewing session entries failed", move || {
            let entries = entries.clone();
            async move { entries.renew().await }
        });
        // At first, no socket can have left anything behind.
        let (later, accounts) = (RENEW_SESSIONS_EVERY, self.accounts.clone());
        background.keep(later, RENEW_SESSIONS_EVERY, "comparing sockets with locks failed", move || {
            let accounts = accounts.clone();
            async move {
                accounts.close_the_ousted().await?;
                accounts.release_the_deserted().await
            }
        });
        Ok(())
    }

    /// Gives this sidecar's lock back, after everything else has ended.
    ///
    /// # Errors
    /// When the lock cannot be given back.
    pub async fn stop(&self) -> Result<(), Error> {
        self.replica.leave().await
    }
}

/// Updates the gauges that cost a query: locks by owner, items and gold. For the metrics route.
///
/// # Errors
/// When the database cannot be asked.
pub async fn refresh_figures(store: &Store) -> Result<(), Error> {
    store.show_connections();
    for (owner, count) in store.locks.count_by_kind().await? {
        metrics::gauge!("realmgate_locks", "owner" => owner).set(count as f64);
    }
    for (figure, value) in store.ledger.totals().await? {
        metrics::gauge!("realmgate_ledger", "figure" => figure).set(value as f64);
    }
    Ok(())
}

/// Adds up everything that is owned, and shows the number of faults as a gauge. It reads every line of the ledgers: for
/// operators and now and then, not for every scrape.
///
/// # Errors
/// When the database cannot be asked.
pub async fn audit(ledger: &LedgerStore) -> Result<AuditReport, Error> {
    let report = ledger.audit().await?;
    metrics::gauge!("realmgate_ledger_faults").set(report.faults.len() as f64);
    for fault in &report.faults {
        tracing::error!(fault, "the ledger does not add up");
    }
    Ok(report)
}

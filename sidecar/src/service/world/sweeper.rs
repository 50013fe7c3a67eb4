//! Fires the timers that are due by the database's time. Any replica does it, whichever set them.

use std::sync::Arc;

use realmgate_platform::error::Error;
use realmgate_protocol::ids::AccountId;
use realmgate_protocol::link::{LeaveReason, ToMap};

use super::departures::DepartureNews;
use super::lock_clock::LockClock;
use super::reach::MapServers;
use super::replica::ReplicaLock;
use super::servers::MapServerLocks;
use super::session_entry::SessionEntries;
use crate::lock::timers::is_due;
use crate::lock::{AccountLock, AccountOwner, AccountStep, LockStep, ServerKey};
use crate::social::Social;
use crate::store::Store;
use crate::store::locks::{CharacterTimer, KnownServer, LockedCharacter};

/// Fires timers.
pub(super) struct Sweeper {
    pub(super) store: Store,
    pub(super) time: LockClock,
    pub(super) map_servers: Arc<MapServers>,
    pub(super) departures: DepartureNews,
    pub(super) social: Social,
    pub(super) entries: Arc<SessionEntries>,
    pub(super) servers: Arc<MapServerLocks>,
    pub(super) replica: Arc<ReplicaLock>,
}

impl Sweeper {
    /// Fires everything that is due now.
    pub(super) async fn sweep(&self) -> Result<(), Error> {
        let now_ms = self.store.now_ms().await?;
        self.time.set(now_ms);
        if self.store.deadlines.watch(now_ms, &self.time.timers).await? {
            metrics::counter!("realmgate_outages_total").increment(1);
            tracing::warn!(grace = ?self.time.timers.outage_grace, "no sidecar fired timers: deadlines wait for the grace period");
            return Ok(());
        }
        let due = self.store.deadlines.due(now_ms).await?;
        for (account, lock) in due.accounts {
            self.expire_account(account, &lock, now_ms).await?;
        }
        for (found, timer) in due.characters {
            self.expire(&found, timer, now_ms).await?;
        }
        for known in due.servers {
            self.expire_server(&known).await?;
        }
        Ok(())
    }

    async fn expire_account(&self, account: AccountId, lock: &AccountLock, now_ms: u64) -> Result<(), Error> {
        let (step, timer) = match &lock.owner {
            AccountOwner::Gateway(_) if is_due(lock.deadline_ms, now_ms) => (AccountStep::Expired, "replica_reclaim"),
            AccountOwner::Gateway(_) => (AccountStep::WaitExpired, "log_in"),
            AccountOwner::None | AccountOwner::LogIn => (AccountStep::Expired, "log_in"),
        };
        let Ok(next) = lock.after(&step, now_ms, &self.time.timers) else { return Ok(()) };
        if self.store.deadlines.expire_account(account, lock, &next).await? {
            fired(timer);
            self.entries.settle(account).await?;
        }
        Ok(())
    }

    async fn expire(&self, found: &LockedCharacter, timer: CharacterTimer, now_ms: u64) -> Result<(), Error> {
        let Ok(free) = found.lock.after(&LockStep::Expired, now_ms, &self.time.timers) else { return Ok(()) };
        let character = found.character;
        if !self.store.deadlines.expire(character, &found.lock, &free, now_ms).await? {
            return Ok(());
        }
        fired(timer.name());
        tracing::info!(%character, timer = timer.name(), owner = %found.lock.owner, epoch = %found.lock.epoch, "lock expired");
        if let Some(server) = found.lock.owner.map_server() {
            self.map_servers.tell_soon(server, ToMap::Fenced { character, epoch: found.lock.epoch });
        }
        self.social.left(character, LeaveReason::ConnectionLost);
        self.departures.departed(character).await;
        self.entries.settle(found.account).await
    }

    async fn expire_server(&self, known: &KnownServer) -> Result<(), Error> {
        let now_ms = self.time.now_ms();
        let Some(held) = self.store.server_locks.retire_server(&known.key, &known.lock, now_ms).await? else {
            return Ok(());
        };
        match &known.key {
            ServerKey::Map(server) => {
                fired("map_reconnect");
                tracing::warn!(%server, "map server did not return: its locks are released");
                self.servers.retired(server, held).await
            }
            ServerKey::Replica(id) => {
                fired("replica_reconnect");
                tracing::warn!(replica = id, "sidecar did not return: its locks are released");
                self.replica.retired(id, held).await
            }
        }
    }
}

fn fired(timer: &'static str) {
    metrics::counter!("realmgate_timers_fired_total", "timer" => timer).increment(1);
}

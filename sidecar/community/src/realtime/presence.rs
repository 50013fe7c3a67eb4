//! Who is online by a realtime socket. Every sidecar writes which accounts have one with it; what one leaves behind that dies is
//! removed by another.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use realmgate_platform::clock::Clock;
use realmgate_platform::error::Error;
use realmgate_platform::gates::Gates;
use realmgate_protocol::ids::AccountId;

use super::Spectators;
use crate::events::{Events, Topic};
use crate::store::{Here, PresenceStore};
use crate::world::World;

/// How often a sidecar says that it is alive.
pub(crate) const RENEW_EVERY: Duration = Duration::from_secs(10);
/// At every which renewal it is recorded that the accounts are still here: every three minutes.
const SEEN_AT_EVERY: u32 = 18;

/// Who is online by a realtime socket at this sidecar.
pub(crate) struct Presence {
    store: PresenceStore,
    events: Events,
    world: Arc<dyn World>,
    replica: String,
    clock: Clock,
    gates: Gates,
    /// The accounts that are written to have a socket here.
    written: Mutex<BTreeSet<AccountId>>,
    /// Those for which writing has failed.
    astray: Mutex<BTreeSet<AccountId>>,
    renewals: AtomicU32,
}

impl Presence {
    pub(crate) fn new(
        store: PresenceStore,
        events: Events,
        world: Arc<dyn World>,
        replica: String,
        clock: Clock,
    ) -> Arc<Self> {
        let (gates, written, astray) = (Gates::default(), Mutex::default(), Mutex::default());
        Arc::new(Self { store, events, world, replica, clock, gates, written, astray, renewals: AtomicU32::new(0) })
    }

    /// Writes down whether a socket here has joined the account's topic, after one has joined or left it. Where that
    /// changes whether it is online, its friends are told.
    ///
    /// # Errors
    /// When the database cannot be asked; it is tried again then.
    pub(crate) async fn settle(&self, account: AccountId) -> sqlx::Result<()> {
        let _alone = self.gates.pass(account).await;
        // Asked behind the gate: of several that come and go, the last one sees how it has ended.
        let here = self.events.hub.has(Topic::User(account));
        if here == lock(&self.written).contains(&account) {
            return Ok(());
        }
        let changed = self.store.set(account, &self.replica, here, self.clock.now_ms()).await.inspect_err(|_| {
            lock(&self.astray).insert(account);
        })?;
        if here {
            lock(&self.written).insert(account);
        } else {
            lock(&self.written).remove(&account);
        }
        self.world.reach_changed(account);
        match (changed, here) {
            (true, true) => self.events.changed(account),
            (true, false) => self.events.left(account),
            (false, _) => {}
        }
        Ok(())
    }

    /// Forgets what an earlier run of this sidecar has left behind.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub(crate) async fn begin(&self) -> sqlx::Result<()> {
        self.store.clear(&self.replica).await?;
        self.store.renew(&self.replica, &Here::default()).await.map(|left| self.have_left(left))
    }

    /// Says that this sidecar is alive, and whose sockets are gone with one that is not.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub(crate) async fn renew(&self, spectators: &Spectators) -> Result<(), Error> {
        let astray = std::mem::take(&mut *lock(&self.astray));
        for account in astray {
            // One that fails again stays astray.
            let _ = self.settle(account).await;
        }
        let spectators = spectators.renew().await;
        let here = Here { accounts: lock(&self.written).iter().copied().collect(), spectators };
        self.have_left(self.store.renew(&self.replica, &here).await?);
        if self.renewals.fetch_add(1, Ordering::Relaxed) % SEEN_AT_EVERY == SEEN_AT_EVERY - 1 {
            self.store.seen(&self.replica, self.clock.now_ms()).await?;
        }
        Ok(())
    }

    /// All sockets here are gone: this sidecar shuts down.
    pub(crate) async fn end(&self) {
        match self.store.clear(&self.replica).await {
            Ok(left) => self.have_left(left),
            Err(error) => tracing::warn!(%error, "clearing the online users of this sidecar failed"),
        }
    }

    fn have_left(&self, accounts: Vec<AccountId>) {
        for account in accounts {
            self.world.reach_changed(account);
            self.events.left(account);
        }
    }
}

fn lock(accounts: &Mutex<BTreeSet<AccountId>>) -> MutexGuard<'_, BTreeSet<AccountId>> {
    accounts.lock().unwrap_or_else(PoisonError::into_inner)
}

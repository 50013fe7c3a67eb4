//! Who watches lobbies at this sidecar without being a member, written down so that every sidecar can count them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use realmgate_platform::gates::Gates;
use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use crate::events::{Hub, Topic};
use crate::store::PresenceStore;

/// An account, and the lobby that it watches.
type Watch = (AccountId, Uuid);

/// Who watches which lobby here.
pub(crate) struct Spectators {
    store: PresenceStore,
    hub: Arc<Hub>,
    replica: String,
    gates: Gates,
    /// Those that are written.
    written: Mutex<BTreeSet<Watch>>,
    /// Those for which writing has failed.
    astray: Mutex<BTreeSet<Watch>>,
}

impl Spectators {
    pub(crate) fn new(store: PresenceStore, hub: Arc<Hub>, replica: String) -> Self {
        Self { store, hub, replica, gates: Gates::default(), written: Mutex::default(), astray: Mutex::default() }
    }

    /// Writes down whether the account watches the lobby here, after one of its sockets has joined the topic as a spectator
    /// (`begins`), or has left it. What cannot be written is written later.
    pub(crate) async fn settle(&self, account: AccountId, lobby: Uuid, begins: bool) {
        let _alone = self.gates.pass(account).await;
        let watch = (account, lobby);
        let is_written = lock(&self.written).contains(&watch);
        // Asked behind the gate: of several that come and go, the last one sees how it has ended.
        let here = (begins || is_written) && self.hub.has_joined(account, Topic::Lobby(lobby));
        if here == is_written {
            return;
        }
        match self.store.set_spectator(account, lobby, &self.replica, here).await {
            Ok(()) if here => lock(&self.written).insert(watch),
            Ok(()) => lock(&self.written).remove(&watch),
            Err(error) => {
                tracing::warn!(%error, %account, "updating the spectators of a lobby failed");
                lock(&self.astray).insert(watch)
            }
        };
    }

    /// Writes what could not be written before. Returns who watches which lobby.
    pub(crate) async fn renew(&self) -> Vec<Watch> {
        let astray = std::mem::take(&mut *lock(&self.astray));
        for (account, lobby) in astray {
            self.settle(account, lobby, true).await;
        }
        lock(&self.written).iter().copied().collect()
    }
}

fn lock(watches: &Mutex<BTreeSet<Watch>>) -> MutexGuard<'_, BTreeSet<Watch>> {
    watches.lock().unwrap_or_else(PoisonError::into_inner)
}

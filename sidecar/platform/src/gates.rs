//! Lets one piece of work run at a time for each account, or for each of something else.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use realmgate_protocol::ids::AccountId;
use tokio::sync::OwnedMutexGuard;

type Gate = tokio::sync::Mutex<()>;

/// Keeps two sockets of one account from doing something at once in this process. Between processes the database decides;
/// this only avoids the race.
#[derive(Debug)]
pub struct Gates<K = AccountId> {
    gates: Mutex<HashMap<K, Weak<Gate>>>,
}

impl<K> Default for Gates<K> {
    fn default() -> Self {
        Self { gates: Mutex::default() }
    }
}

impl<K: Hash + Eq> Gates<K> {
    /// Waits until nobody else has passed for the key: the account, or whatever the gates are for.
    pub async fn pass(&self, key: K) -> OwnedMutexGuard<()> {
        self.gate(key).lock_owned().await
    }

    fn gate(&self, key: K) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(&key).and_then(Weak::upgrade) {
            return gate;
        }
        gates.retain(|_, gate| gate.strong_count() > 0);
        let gate = Arc::new(Gate::default());
        gates.insert(key, Arc::downgrade(&gate));
        gate
    }
}

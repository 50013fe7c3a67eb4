//! Lets one way into the world, or out of it, run at a time for each account.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use realmgate_protocol::ids::AccountId;
use tokio::sync::OwnedMutexGuard;

type Gate = tokio::sync::Mutex<()>;

/// Keeps two sockets of one account from entering at once in this process. Between processes, the locks' epochs decide;
/// this only avoids the race.
#[derive(Debug, Default)]
pub struct Gates {
    gates: Mutex<HashMap<AccountId, Weak<Gate>>>,
}

impl Gates {
    /// Waits until no other entry or exit of the account is under way.
    pub async fn pass(&self, account: AccountId) -> OwnedMutexGuard<()> {
        self.gate(account).lock_owned().await
    }

    fn gate(&self, account: AccountId) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(&account).and_then(Weak::upgrade) {
            return gate;
        }
        gates.retain(|_, gate| gate.strong_count() > 0);
        let gate = Arc::new(Gate::default());
        gates.insert(account, Arc::downgrade(&gate));
        gate
    }
}

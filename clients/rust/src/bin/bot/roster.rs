//! The names of the bots in the world: whom a bot whispers to, trades with and invites, so that people are let be.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rand::RngExt;
use rand_pcg::Pcg64;

/// The bots in the world.
#[derive(Debug, Default)]
pub struct Roster {
    names: Mutex<BTreeSet<String>>,
}

impl Roster {
    /// A bot has come or come back.
    pub fn add(&self, name: &str) {
        self.names().insert(name.to_owned());
    }

    /// A bot has gone.
    pub fn remove(&self, name: &str) {
        self.names().remove(name);
    }

    /// Whether a name is a bot's.
    pub fn contains(&self, name: &str) -> bool {
        self.names().contains(name)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names().len()
    }

    /// Any bot but this one.
    pub fn another(&self, than: &str, rng: &mut Pcg64) -> Option<String> {
        let names = self.names();
        let others = names.len() - usize::from(names.contains(than));
        if others == 0 {
            return None;
        }
        let at = rng.random_range(0..others);
        names.iter().filter(|name| *name != than).nth(at).cloned()
    }

    fn names(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

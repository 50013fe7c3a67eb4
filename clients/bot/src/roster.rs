//! The names of the bots in the world. Bots only whisper to, trade with and invite each other, and leave people alone.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rand::RngExt;
use rand_pcg::Pcg64;

/// The bots in the world.
#[derive(Debug, Default)]
pub struct Roster {
    names: Mutex<BTreeSet<String>>,
    words: AtomicU32,
}

impl Roster {
    /// Adds a bot that entered or returned to the world.
    pub fn add(&self, name: &str) {
        self.names().insert(name.to_owned());
    }

    /// Removes a bot that left the world.
    pub fn remove(&self, name: &str) {
        self.names().remove(name);
    }

    /// Whether this is the name of a bot in the world.
    pub fn contains(&self, name: &str) -> bool {
        self.names().contains(name)
    }

    /// Number of bots in the world.
    pub fn len(&self) -> usize {
        self.names().len()
    }

    /// A random bot other than this one; `None` if there is none.
    pub fn another(&self, than: &str, rng: &mut Pcg64) -> Option<String> {
        let names = self.names();
        let others = names.len() - usize::from(names.contains(than));
        if others == 0 {
            return None;
        }
        let at = rng.random_range(0..others);
        names.iter().filter(|name| *name != than).nth(at).cloned()
    }

    /// The number of the next thing that any of them says, so that they do not repeat each other.
    pub fn next_word(&self) -> u32 {
        self.words.fetch_add(1, Ordering::Relaxed)
    }

    fn names(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! What a call of a script has read so far, and what it wants written.

use std::collections::BTreeMap;

use realmgate_protocol::ids::AccountId;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::lobbies::NewLobby;
use super::values::{Kept, ValueKey};

/// What a call has read, and what it wants done.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    /// Metadata of users.
    pub users: Cells<AccountId, Map<String, Value>>,
    /// Metadata of lobbies.
    pub lobbies: Cells<Uuid, Map<String, Value>>,
    /// Lobbies to make.
    pub new_lobbies: Vec<NewLobby>,
    /// Values under keys.
    pub values: Cells<ValueKey, Kept>,
    /// Scores to submit.
    pub scores: Vec<Score>,
    /// Notifications to send.
    pub notices: Vec<Notice>,
}

/// A score for a board.
#[derive(Debug, Clone)]
pub struct Score {
    /// The board.
    pub board: Uuid,
    /// Whose it is.
    pub user: AccountId,
    /// The score.
    pub score: i64,
    /// What programs keep with it.
    pub metadata: Map<String, Value>,
}

/// A notification.
#[derive(Debug, Clone)]
pub struct Notice {
    /// From whom it is.
    pub sender: AccountId,
    /// For whom it is.
    pub recipient: AccountId,
    /// What it is about, in few words.
    pub title: String,
    /// What it says.
    pub content: String,
    /// What programs read.
    pub metadata: Value,
}

/// Things of one kind: how they were when they were first read, and how they are to be. `None` is one that is not there.
#[derive(Debug, Clone)]
pub struct Cells<K, V> {
    pub(super) read: BTreeMap<K, Option<V>>,
    pub(super) written: BTreeMap<K, Option<V>>,
}

impl<K, V> Default for Cells<K, V> {
    fn default() -> Self {
        Self { read: BTreeMap::new(), written: BTreeMap::new() }
    }
}

impl<K: Ord + Clone, V: Clone> Cells<K, V> {
    /// How the call sees a thing: as it has written it, else as it was first read. `None` if it has done neither.
    pub fn known(&self, key: &K) -> Option<Option<V>> {
        self.written.get(key).or_else(|| self.read.get(key)).cloned()
    }

    /// Notes how a thing was when it was read. Returns how the call sees it: what it saw before stays.
    pub fn note(&mut self, key: K, found: Option<V>) -> Option<V> {
        let first = self.read.entry(key.clone()).or_insert(found).clone();
        self.written.get(&key).cloned().unwrap_or(first)
    }

    /// Wants a thing to be like this; `None` to be gone.
    pub fn write(&mut self, key: K, wanted: Option<V>) {
        self.written.insert(key, wanted);
    }

    /// All that was read or is to be written, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        let unread = self.written.keys().filter(|key| !self.read.contains_key(*key));
        let mut all: Vec<&K> = self.read.keys().chain(unread).collect();
        all.sort_unstable();
        all.into_iter()
    }

    /// Whether a thing is as it was when it was read, if it was.
    pub(super) fn still(&self, key: &K, now: Option<&V>) -> bool
    where
        V: PartialEq,
    {
        self.read.get(key).is_none_or(|read| read.as_ref() == now)
    }
}

impl Journal {
    /// How many things it wants done.
    pub fn len(&self) -> usize {
        let cells = self.users.written.len() + self.lobbies.written.len() + self.values.written.len();
        cells + self.new_lobbies.len() + self.scores.len() + self.notices.len()
    }

    /// Whether it wants nothing done.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_sees_what_it_has_written_and_else_what_it_saw_first() {
        let mut cells = Cells::default();
        assert_eq!(cells.known(&"a"), None);
        assert_eq!(cells.note("a", Some(1)), Some(1));
        assert_eq!(cells.note("a", Some(2)), Some(1), "it does not change under its eyes");
        cells.write("a", Some(3));
        cells.write("b", None);
        assert_eq!(
            (cells.known(&"a"), cells.known(&"b"), cells.note("a", Some(4))),
            (Some(Some(3)), Some(None), Some(3))
        );
        assert_eq!(cells.keys().copied().collect::<Vec<_>>(), ["a", "b"]);
        assert!(cells.still(&"a", Some(&1)) && !cells.still(&"a", Some(&2)) && !cells.still(&"a", None));
        assert!(cells.still(&"b", Some(&7)), "what was not read may be anything");
    }
}

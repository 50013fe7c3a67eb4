//! The queue for password hashes: who waits, and who is next. Fair by network, then by address, then by account. No
//! clock, no lock, no I/O.
//!
//! A tree of groups, each of which serves its own groups round-robin. So a newcomer waits for at most one of each other
//! group beside its own, however many wait within them. Where all places are taken, a newcomer gets one from the group
//! that has most of them, if that has at least two more than the newcomer's own: nobody loses a place to somebody who
//! has as many.

use std::collections::VecDeque;

/// Number of groups that a log-in belongs to: three networks, and the account.
pub(super) const LEVELS: usize = 4;

/// A group that a log-in belongs to.
#[derive(Debug, Clone)]
pub(super) struct Group<K> {
    /// Identifies it within the group around it.
    pub(super) key: K,
    /// How many of the group may wait.
    pub(super) most: usize,
}

/// All groups of a log-in, the widest first.
pub(super) type Path<K> = [Group<K>; LEVELS];

/// Why a log-in may not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// One of its groups has as many places as it may have.
    TooManyOfYou,
    /// Every place is taken, and no other group has enough of them to give one up.
    Full,
}

/// A log-in that was admitted.
#[derive(Debug)]
pub(super) struct Admitted<T> {
    /// Its number, for [`Queue::remove`].
    pub(super) number: u64,
    /// Who lost a place to it, if anybody.
    pub(super) displaced: Option<T>,
}

/// All log-ins that wait.
#[derive(Debug)]
pub(super) struct Queue<K, T> {
    all: Node<K, T>,
    most: usize,
    next_number: u64,
}

impl<K: Eq + Clone, T> Queue<K, T> {
    /// A queue of at most `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { all: Node::default(), most, next_number: 0 }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.all.count
    }

    /// Adds a log-in, as the last of its account.
    pub(super) fn insert(&mut self, path: &Path<K>, item: T) -> Result<Admitted<T>, Refused> {
        let displaced = match self.all.narrowest_full(self.most, path) {
            None => None,
            Some(depth) => {
                let refused = if depth == 0 { Refused::Full } else { Refused::TooManyOfYou };
                Some(self.all.displace(depth, path).ok_or(refused)?)
            }
        };
        let number = self.next_number;
        self.next_number += 1;
        self.all.insert(path, number, item);
        Ok(Admitted { number, displaced })
    }

    /// Takes out the next one; `None` if nobody waits.
    pub(super) fn take(&mut self) -> Option<T> {
        self.all.take()
    }

    /// Removes a log-in that no longer waits; `None` if it was its turn already.
    pub(super) fn remove(&mut self, path: &Path<K>, number: u64) -> Option<T> {
        self.all.remove(path, number)
    }
}

/// The members of a group: groups in the order of their turns, or for an account, log-ins in the order of arrival.
#[derive(Debug)]
struct Node<K, T> {
    count: usize,
    groups: VecDeque<(K, Node<K, T>)>,
    own: VecDeque<(u64, T)>,
}

impl<K, T> Default for Node<K, T> {
    fn default() -> Self {
        Self { count: 0, groups: VecDeque::new(), own: VecDeque::new() }
    }
}

impl<K: Eq + Clone, T> Node<K, T> {
    fn position(&self, key: &K) -> Option<usize> {
        self.groups.iter().position(|(other, _)| other == key)
    }

    /// How many levels down the path the narrowest group is that has no room for one more.
    fn narrowest_full(&self, most: usize, path: &[Group<K>]) -> Option<usize> {
        let narrower = path.split_first().and_then(|(group, narrower)| {
            self.groups[self.position(&group.key)?].1.narrowest_full(group.most, narrower)
        });
        narrower.map(|depth| depth + 1).or((self.count >= most).then_some(0))
    }

    fn insert(&mut self, path: &[Group<K>], number: u64, item: T) {
        self.count += 1;
        let Some((group, narrower)) = path.split_first() else { return self.own.push_back((number, item)) };
        let at = self.position(&group.key).unwrap_or_else(|| {
            self.groups.push_back((group.key.clone(), Self::default()));
            self.groups.len() - 1
        });
        self.groups[at].1.insert(narrower, number, item);
    }

    fn take(&mut self) -> Option<T> {
        self.count = self.count.checked_sub(1)?;
        let Some((key, mut group)) = self.groups.pop_front() else {
            return self.own.pop_front().map(|(_, item)| item);
        };
        let item = group.take();
        if group.count > 0 {
            self.groups.push_back((key, group));
        }
        item
    }

    fn remove(&mut self, path: &[Group<K>], number: u64) -> Option<T> {
        let item = match path.split_first() {
            None => {
                let at = self.own.iter().position(|(other, _)| *other == number)?;
                self.own.remove(at)?.1
            }
            Some((group, narrower)) => {
                let at = self.position(&group.key)?;
                let item = self.groups[at].1.remove(narrower, number)?;
                self.forget_empty(at);
                item
            }
        };
        self.count -= 1;
        Some(item)
    }

    /// Removes the log-in that has to make room for a newcomer in the group `depth` levels down the newcomer's path.
    fn displace(&mut self, depth: usize, path: &[Group<K>]) -> Option<T> {
        let (group, narrower) = path.split_first()?;
        let own = self.position(&group.key);
        let ours = own.map_or(0, |at| self.groups[at].1.count);
        let item = match self.largest().filter(|&at| depth == 0 && self.groups[at].1.count >= ours + 2) {
            Some(at) => self.groups[at].1.take_latest()?,
            None => self.groups[own?].1.displace(depth.saturating_sub(1), narrower)?,
        };
        self.count -= 1;
        Some(item)
    }

    /// Removes the one that is missed least: the latest of the largest group.
    fn take_latest(&mut self) -> Option<T> {
        let item = match self.largest() {
            None => self.own.pop_back()?.1,
            Some(at) => {
                let item = self.groups[at].1.take_latest()?;
                self.forget_empty(at);
                item
            }
        };
        self.count -= 1;
        Some(item)
    }

    fn largest(&self) -> Option<usize> {
        (0..self.groups.len()).max_by_key(|&at| self.groups[at].1.count)
    }

    fn forget_empty(&mut self, at: usize) {
        if self.groups[at].1.count == 0 {
            self.groups.remove(at);
        }
    }
}

#[cfg(test)]
mod tests;

//! What is to be told once it has been read, and what is to be told after that: so clients hear of things in their order, though
//! how an account or a lobby stands is only read when it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use realmgate_protocol::ids::AccountId;
use tokio::sync::Notify;
use uuid::Uuid;

use super::outbox::Told;

/// Most that waits for changes to be told. Beyond it, what comes is told at once.
const MOST_WAITING: usize = 4_096;

/// Accounts and lobbies of which something has changed, and what is told after them. What changes again before it is read is
/// read once.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    /// The accounts, and whether each has come or gone.
    pub(crate) accounts: BTreeMap<AccountId, Passage>,
    /// The lobbies, and whether each has come into the list or gone from it.
    pub(crate) lobbies: BTreeMap<Uuid, Passage>,
    /// What follows.
    pub(crate) then: Vec<Then>,
}

/// How an account has come or gone by a realtime socket, or a lobby in the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Passage {
    /// A socket has joined the account's topic; the lobby is listed now.
    pub(crate) came: bool,
    /// The account's last socket is gone; the lobby is listed no more.
    pub(crate) left: bool,
}

impl Passage {
    /// Both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { came: self.came | other.came, left: self.left | other.left }
    }
}

/// What follows a change.
#[derive(Debug)]
pub(crate) enum Then {
    /// An event.
    Event(Arc<Told>),
    /// An account's sockets, or everybody's, lose a lobby's topic.
    Expel(Uuid, Option<AccountId>),
}

/// What waits to be told, in stages.
#[derive(Default)]
pub(crate) struct Changes {
    due: Mutex<Due>,
    awake: Notify,
}

#[derive(Default)]
struct Due {
    stages: Vec<Stage>,
    waiting: usize,
}

impl Changes {
    pub(crate) fn add(&self, account: AccountId, passage: Passage) {
        let mut due = self.due();
        let known = due.open().accounts.entry(account).or_default();
        *known = known.and(passage);
        self.awake.notify_one();
    }

    pub(crate) fn add_lobby(&self, lobby: Uuid, passage: Passage) {
        let mut due = self.due();
        let known = due.open().lobbies.entry(lobby).or_default();
        *known = known.and(passage);
        self.awake.notify_one();
    }

    /// Lets something follow what has changed so far. Returns it where it can be done at once.
    pub(super) fn follow(&self, then: Then) -> Option<Then> {
        let mut due = self.due();
        if due.waiting >= MOST_WAITING {
            return Some(then);
        }
        due.waiting += 1;
        if due.stages.is_empty() {
            due.stages.push(Stage::default());
        }
        if let Some(last) = due.stages.last_mut() {
            last.then.push(then);
        }
        self.awake.notify_one();
        None
    }

    /// Waits until there is something, and takes all of it.
    pub(crate) async fn take(&self) -> Vec<Stage> {
        loop {
            let Due { stages, .. } = std::mem::take(&mut *self.due());
            if !stages.is_empty() {
                return stages;
            }
            self.awake.notified().await;
        }
    }

    fn due(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Due {
    /// The stage that a change belongs to: a new one after what is to be told before it.
    fn open(&mut self) -> &mut Stage {
        if self.stages.last().is_none_or(|last| !last.then.is_empty()) {
            self.stages.push(Stage::default());
        }
        let last = self.stages.len() - 1;
        &mut self.stages[last]
    }
}

#[cfg(test)]
mod tests {
    use super::super::Topic;
    use super::*;

    const ANN: AccountId = AccountId([1; 16]);
    const BEN: AccountId = AccountId([2; 16]);

    #[tokio::test]
    async fn changes_of_one_account_are_taken_once() {
        let changes = Changes::default();
        let came = Passage { came: true, left: false };
        for (account, passage) in [(ANN, Passage::default()), (BEN, came), (ANN, came), (BEN, Passage::default())] {
            changes.add(account, passage);
        }
        let [stage] = &changes.take().await[..] else { panic!("one stage") };
        assert_eq!(stage.accounts, BTreeMap::from([(ANN, came), (BEN, came)]));
        assert!(futures_util::FutureExt::now_or_never(changes.take()).is_none());
    }

    #[tokio::test]
    async fn what_follows_a_change_comes_before_the_next() {
        let changes = Changes::default();
        let event = || Then::Event(Told::event(Topic::Lobbies, "e", &0));
        let came = Passage { came: true, left: false };
        changes.add(ANN, Passage::default());
        assert!(changes.follow(event()).is_none() && changes.follow(event()).is_none());
        changes.add_lobby(Uuid::nil(), Passage::default());
        changes.add(ANN, Passage::default());
        changes.add_lobby(Uuid::nil(), came);
        assert!(changes.follow(event()).is_none());
        changes.add(BEN, Passage::default());
        let stages = changes.take().await;
        let told: Vec<_> = stages
            .iter()
            .map(|stage| (stage.accounts.len(), stage.lobbies.get(&Uuid::nil()), stage.then.len()))
            .collect();
        assert_eq!(told, [(1, None, 2), (1, Some(&came), 1), (1, None, 0)]);
    }

    #[test]
    fn so_much_waits() {
        let changes = Changes::default();
        for _ in 0..MOST_WAITING {
            assert!(changes.follow(Then::Expel(Uuid::nil(), None)).is_none());
        }
        assert!(changes.follow(Then::Expel(Uuid::nil(), None)).is_some());
        assert!(futures_util::FutureExt::now_or_never(changes.take()).is_some(), "what waits is taken");
        assert!(changes.follow(Then::Expel(Uuid::nil(), None)).is_none(), "and there is room again");
    }
}

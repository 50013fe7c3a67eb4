//! Turns at hashing: as many at a time as there are threads, given in the order of the queue.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::queue::{Group, Path, Queue, Refused};
use crate::limits::Source;

/// How many log-ins of one account from one address may wait: one, and another that an impatient player sends after it.
const MOST_OF_ACCOUNT: usize = 2;
/// How many may wait of an IPv4 address or an IPv6 /64, of a /56 and of a /48. This machine is trusted to have more:
/// its users are told apart by their accounts.
const MOST_OF_ADDRESS: usize = 8;
const MOST_OF_56: usize = 16;
const MOST_OF_48: usize = 32;

/// Hands out turns.
#[derive(Clone)]
pub(super) struct Turns(Arc<Mutex<State>>);

struct State {
    /// Turns that nobody has. While there is one, nobody waits.
    free: usize,
    waiting: Queue<Key, oneshot::Sender<TurnGuard>>,
}

/// A turn, passed on when it is dropped.
pub(super) struct TurnGuard(Turns);

/// The key of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    Network(IpAddr),
    Account(String),
}

impl Turns {
    /// Gives `at_a_time` turns at once, and lets `most_waiting` wait.
    pub(super) fn new(at_a_time: usize, most_waiting: usize) -> Self {
        Self(Arc::new(Mutex::new(State { free: at_a_time, waiting: Queue::new(most_waiting) })))
    }

    /// Waits for a turn. Dropping the future gives up the turn.
    pub(super) async fn take(&self, source: Source, username: &str) -> Result<TurnGuard, Refused> {
        let path = path(source, username);
        let (sender, mine) = oneshot::channel();
        let admitted = {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(TurnGuard(self.clone()));
            }
            let admitted = state.waiting.insert(&path, sender)?;
            state.tell();
            admitted
        };
        // This tells a displaced log-in that it lost its turn.
        drop(admitted.displaced);
        let _leaves = Waiting { turns: self, path: &path, number: admitted.number };
        mine.await.map_err(|_| Refused::Full)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<oneshot::Sender<TurnGuard>> {
        let mut state = self.lock();
        let next = state.waiting.take();
        if next.is_none() {
            state.free += 1;
        }
        state.tell();
        next
    }
}

impl State {
    fn tell(&self) {
        metrics::gauge!("realmgate_password_queue").set(self.waiting.len() as f64);
    }
}

impl Drop for TurnGuard {
    fn drop(&mut self) {
        if let Some(next) = self.0.next() {
            // If the receiver is gone already, the turn is dropped here and passed on once more.
            drop(next.send(Self(self.0.clone())));
        }
    }
}

/// A log-in that waits. Dropping this takes it out of the queue.
struct Waiting<'a> {
    turns: &'a Turns,
    path: &'a Path<Key>,
    number: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.lock();
        // Nobody is left to be notified, and one that got its turn is not in the queue.
        drop(state.waiting.remove(self.path, self.number));
        state.tell();
    }
}

fn path(source: Source, username: &str) -> Path<Key> {
    let [widest, wider, own] = source.owners();
    let network = |network, most| {
        let most = if source.is_this_machine() { usize::MAX } else { most };
        Group { key: Key::Network(network), most }
    };
    [
        network(widest, MOST_OF_48),
        network(wider, MOST_OF_56),
        network(own, MOST_OF_ADDRESS),
        Group { key: Key::Account(username.to_owned()), most: MOST_OF_ACCOUNT },
    ]
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;

    use super::*;

    fn source(text: &str) -> Source {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[tokio::test]
    async fn a_turn_goes_to_who_waits_and_comes_back() {
        let turns = Turns::new(1, 8);
        let here = source("192.0.2.1");
        let first = turns.take(here, "ann").await.unwrap();
        let mut second = pin!(turns.take(here, "bob"));
        assert!(poll!(&mut second).is_pending());
        drop(first);
        drop(second.await.unwrap());
        assert_eq!(turns.lock().free, 1);
    }

    #[tokio::test]
    async fn who_goes_away_leaves_nothing_behind() {
        let turns = Turns::new(1, 8);
        let here = source("192.0.2.1");
        let first = turns.take(here, "ann").await.unwrap();
        let mut gone = Box::pin(turns.take(here, "bob"));
        assert!(poll!(&mut gone).is_pending());
        drop(gone);
        assert_eq!(turns.lock().waiting.len(), 0);
        let mut gone = Box::pin(turns.take(here, "bob"));
        assert!(poll!(&mut gone).is_pending());
        drop(first);
        // It was given the turn, and never polls for it.
        drop(gone);
        assert_eq!(turns.lock().free, 1, "the turn is not lost");
    }

    #[tokio::test]
    async fn an_account_has_two_places_and_keeps_nobody_out() {
        let turns = Turns::new(1, 3);
        let (here, there) = (source("127.0.0.1"), source("192.0.2.1"));
        let busy = turns.take(here, "flooder").await.unwrap();
        let mut waiting: Vec<_> = (0..2).map(|_| Box::pin(turns.take(here, "flooder"))).collect();
        for place in &mut waiting {
            assert!(poll!(place).is_pending());
        }
        assert_eq!(turns.take(here, "flooder").await.err(), Some(Refused::TooManyOfYou));
        let (mut ann, mut bob) = (pin!(turns.take(here, "ann")), pin!(turns.take(there, "bob")));
        assert!(poll!(&mut ann).is_pending(), "there is a place left");
        assert!(poll!(&mut bob).is_pending(), "the flooder's second place goes to who has none");
        assert_eq!(waiting.pop().unwrap().await.err(), Some(Refused::Full));
        drop(busy);
        drop(waiting.pop().unwrap().await.unwrap());
        drop(bob.await.unwrap());
        drop(ann.await.unwrap());
        assert_eq!(turns.lock().free, 1);
    }

    #[tokio::test]
    async fn so_many_may_wait_of_an_address_of_a_56_and_of_a_48() {
        let networks = [("192.0.2.1", 8), ("2001:db8::{}", 8), ("2001:db8:0:{}::1", 16), ("2001:db8:0:{}00::1", 32)];
        for (network, most) in networks {
            let turns = Turns::new(1, 128);
            let _busy = turns.take(source("198.51.100.1"), "busy").await.unwrap();
            let mut waiting = Vec::new();
            for host in 0..64 {
                let (turns, from) = (turns.clone(), source(&network.replace("{}", &host.to_string())));
                let mut place = Box::pin(async move { turns.take(from, &format!("user-{host}")).await });
                if poll!(&mut place).is_pending() {
                    waiting.push(place);
                }
            }
            assert_eq!((turns.lock().waiting.len(), waiting.len()), (most, most), "of {network}");
        }
    }

    #[tokio::test]
    async fn a_customer_with_many_ipv6_networks_is_one_customer() {
        let turns = Turns::new(1, 128);
        let busy = turns.take(source("2001:db8::1"), "flooder").await.unwrap();
        // A /60: sixteen networks of /64, each of which asks for more than it may have.
        let mut waiting = Vec::new();
        let mut refused = 0;
        for network in 0..16 {
            for account in 0..8 {
                let source = source(&format!("2001:db8:0:{network:x}::1"));
                let username = format!("flooder-{network}-{account}");
                let turns = turns.clone();
                let mut place = Box::pin(async move { turns.take(source, &username).await });
                if poll!(&mut place).is_pending() { waiting.push(place) } else { refused += 1 }
            }
        }
        assert_eq!((turns.lock().waiting.len(), refused), (16, 128 - waiting.len()));
        let mut victim = pin!(turns.take(source("2001:db8:1::1"), "victim"));
        assert!(poll!(&mut victim).is_pending());
        drop(busy);
        let mut before = 0;
        let place = loop {
            if let std::task::Poll::Ready(place) = poll!(&mut victim) {
                break place;
            }
            // Every turn is given back at once.
            let mut still = Vec::new();
            for mut place in waiting.drain(..) {
                match poll!(&mut place) {
                    std::task::Poll::Ready(turn) => before += usize::from(turn.is_ok()),
                    std::task::Poll::Pending => still.push(place),
                }
            }
            waiting = still;
        };
        assert!(place.is_ok() && before <= 1, "{before} were served before the victim");
    }
}

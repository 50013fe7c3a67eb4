//! The sockets of this sidecar, and which topics they have joined.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use realmgate_protocol::ids::AccountId;
use tokio::sync::{Notify, broadcast};
use tokio::task::yield_now;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::changes::{Changes, Then};
use super::fan_out::{self, FanOut, Step};
use super::outbox::{Delivery, End, Outbox, Told, Waiting, outbox};
use super::topic::Topic;
use crate::field_limits::size;

/// Logins whose end a receiver may not have taken yet; one that is further behind checks its logins in the database.
const MOST_ENDS: usize = 1_024;

/// The sockets of this sidecar.
pub(crate) struct Hub {
    open: Mutex<Open>,
    /// Each login that ends, here or at another sidecar.
    log_in_ends: broadcast::Sender<Uuid>,
    pub(crate) changes: Changes,
    /// There is something to fan out.
    fanning: Notify,
}

#[derive(Default)]
struct Open {
    last: u64,
    sockets: HashMap<u64, OpenSocket>,
    by_account: HashMap<AccountId, usize>,
    by_topic: HashMap<Topic, Vec<(u64, Outbox)>>,
    /// Events of the topics that everybody may join: the list of lobbies, and the chats of maps.
    fan_out: FanOut,
}

struct OpenSocket {
    account: AccountId,
    log_in: Uuid,
    outbox: Outbox,
    joined: Vec<Topic>,
}

/// A socket's place in the hub, given back when it is dropped.
pub(crate) struct Seat {
    hub: Arc<Hub>,
    number: u64,
    pub(crate) waiting: Waiting,
}

impl Default for Hub {
    fn default() -> Self {
        let log_in_ends = broadcast::Sender::new(MOST_ENDS);
        Self { open: Mutex::default(), log_in_ends, changes: Changes::default(), fanning: Notify::new() }
    }
}

impl Hub {
    /// Each login that ends from now on, here or at another sidecar.
    pub(crate) fn log_in_ends(&self) -> broadcast::Receiver<Uuid> {
        self.log_in_ends.subscribe()
    }

    /// Takes a place; `None` if the account has `most` sockets already.
    pub(crate) fn take_seat(self: &Arc<Self>, account: AccountId, log_in: Uuid, most: u32) -> Option<Seat> {
        let mut open = self.open();
        let count = open.by_account.entry(account).or_default();
        if *count >= size(most) {
            return None;
        }
        *count += 1;
        open.last += 1;
        let number = open.last;
        let (outbox, waiting) = outbox();
        open.sockets.insert(number, OpenSocket { account, log_in, outbox, joined: Vec::new() });
        metrics::gauge!("realmgate_realtime_sockets").set(open.sockets.len() as f64);
        Some(Seat { hub: self.clone(), number, waiting })
    }

    /// Hands an event to all who have joined its topic; where those are a great many, soon.
    pub(crate) fn deliver(&self, told: &Arc<Told>) {
        let mut open = self.open();
        let Some(members) = open.by_topic.get(&told.topic) else { return };
        let are_many = members.len() > fan_out::AT_ONCE || open.fan_out.len() > 0;
        if matches!(told.topic, Topic::Lobbies | Topic::Map(_)) && are_many {
            let sockets = members.iter().map(|(number, _)| *number).collect();
            if let Some(due) = open.fan_out.push(told.clone(), sockets) {
                open.hand_out(&due);
            }
            self.fanning.notify_one();
            return;
        }
        for (_, outbox) in members {
            outbox.put(Delivery::Event(told.clone()));
        }
    }

    /// Hands out what is for a great many, until the shutdown. The tasks that each step wakes have their turn before the next, and
    /// where no second event waits, so has everybody else.
    pub(crate) async fn fan_out(&self, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.fanning.notified() => {}
            }
            while let Some(events) = self.hand_out_some() {
                if events > 1 {
                    yield_now().await;
                } else {
                    sleep(fan_out::PAUSE).await;
                }
            }
        }
    }

    /// Takes the next step. Returns how many events there were to hand out; `None` where nothing waits.
    fn hand_out_some(&self) -> Option<usize> {
        let mut open = self.open();
        let events = open.fan_out.len();
        let step = open.fan_out.next()?;
        open.hand_out(&step);
        Some(events)
    }

    /// Whether a socket here has joined the topic.
    pub(crate) fn has(&self, topic: Topic) -> bool {
        self.open().by_topic.contains_key(&topic)
    }

    /// Whether a socket of the account here has joined the topic.
    pub(crate) fn has_joined(&self, account: AccountId, topic: Topic) -> bool {
        let open = self.open();
        let members = open.by_topic.get(&topic);
        members.is_some_and(|members| members.iter().any(|(number, _)| open.account_of(*number) == Some(account)))
    }

    /// Whether a socket here has joined the topic of any lobby.
    pub(crate) fn has_lobbies(&self) -> bool {
        self.open().by_topic.keys().any(|topic| matches!(topic, Topic::Lobby(_)))
    }

    /// Does this once all that has changed before is told.
    pub(crate) fn follow(&self, then: Then) {
        if let Some(then) = self.changes.follow(then) {
            self.carry_out(then);
        }
    }

    pub(crate) fn carry_out(&self, then: Then) {
        match then {
            Then::Event(told) => self.deliver(&told),
            Then::Expel(lobby, account) => {
                self.expel(Topic::Lobby(lobby), |other| account.is_none_or(|account| account == other));
            }
        }
    }

    /// Sockets of these accounts are handed nothing of the topic any more, and tell their clients so.
    pub(crate) fn expel(&self, topic: Topic, is_out: impl Fn(AccountId) -> bool) {
        let mut open = self.open();
        let members: Vec<u64> = open.by_topic.get(&topic).into_iter().flatten().map(|(number, _)| *number).collect();
        for number in members {
            if open.account_of(number).is_some_and(&is_out) {
                open.lose(topic, number);
            }
        }
    }

    /// An account that is in this lobby watches no other one.
    pub(crate) fn keep_to_lobby(&self, account: AccountId, lobby: Uuid) {
        let mut open = self.open();
        let is_other = |topic: &Topic| matches!(topic, Topic::Lobby(other) if *other != lobby);
        let sockets = open.sockets.iter().filter(|(_, socket)| socket.account == account);
        let lost: Vec<(Topic, u64)> = sockets
            .flat_map(|(number, socket)| socket.joined.iter().copied().filter(is_other).map(|topic| (topic, *number)))
            .collect();
        for (topic, number) in lost {
            open.lose(topic, number);
        }
    }

    /// Whether any socket here has joined any topic.
    pub(crate) fn is_joined(&self) -> bool {
        !self.open().by_topic.is_empty()
    }

    /// Ends the sockets of a log-in.
    pub(crate) fn end_log_in(&self, log_in: Uuid) {
        for socket in self.open().sockets.values().filter(|socket| socket.log_in == log_in) {
            socket.outbox.end(End::LoggedOut);
        }
        // Without a door there is no receiver.
        let _ = self.log_in_ends.send(log_in);
    }

    /// Whether a socket here was opened by this log-in.
    pub(crate) fn has_log_in(&self, log_in: Uuid) -> bool {
        self.open().sockets.values().any(|socket| socket.log_in == log_in)
    }

    /// Sockets of an account learn that it blocks others than before.
    pub(crate) fn blocks_changed(&self, account: AccountId) {
        for socket in self.open().sockets.values().filter(|socket| socket.account == account) {
            socket.outbox.put(Delivery::BlocksChanged);
        }
    }

    /// Events may have been lost: every socket tells its client how things stand.
    pub(super) fn refresh(&self) {
        for socket in self.open().sockets.values() {
            socket.outbox.put(Delivery::Refresh);
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// From now on, the socket is handed what the topic's members are told.
    pub(crate) fn join(&self, topic: Topic) {
        let mut open = self.hub.open();
        let Some(socket) = open.sockets.get_mut(&self.number) else { return };
        if !socket.joined.contains(&topic) {
            socket.joined.push(topic);
            let outbox = socket.outbox.clone();
            open.by_topic.entry(topic).or_default().push((self.number, outbox));
        }
    }

    /// Whether the socket is handed what the topic's members are told.
    pub(crate) fn has(&self, topic: Topic) -> bool {
        self.hub.open().sockets.get(&self.number).is_some_and(|socket| socket.joined.contains(&topic))
    }

    /// Nothing of the topic is handed to the socket any more.
    pub(crate) fn leave(&self, topic: Topic) {
        self.hub.open().leave(topic, self.number);
    }
}

impl Open {
    /// Hands an event to those who have not left its topic meanwhile.
    fn hand_out(&self, Step { told, sockets }: &Step) {
        let sockets = sockets.iter().filter_map(|number| self.sockets.get(number));
        for socket in sockets.filter(|socket| socket.joined.contains(&told.topic)) {
            socket.outbox.put(Delivery::Event(told.clone()));
        }
    }

    fn account_of(&self, number: u64) -> Option<AccountId> {
        self.sockets.get(&number).map(|socket| socket.account)
    }

    fn lose(&mut self, topic: Topic, number: u64) {
        self.leave(topic, number);
        if let Some(socket) = self.sockets.get(&number) {
            socket.outbox.put(Delivery::Lost(topic));
        }
    }

    fn leave(&mut self, topic: Topic, number: u64) {
        if let Some(socket) = self.sockets.get_mut(&number) {
            socket.joined.retain(|joined| *joined != topic);
        }
        if let Some(members) = self.by_topic.get_mut(&topic) {
            members.retain(|(member, _)| *member != number);
            if members.is_empty() {
                self.by_topic.remove(&topic);
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.hub.open();
        let Some(OpenSocket { account, joined, .. }) = open.sockets.remove(&self.number) else { return };
        for topic in joined {
            open.leave(topic, self.number);
        }
        if let Some(count) = open.by_account.get_mut(&account) {
            *count -= 1;
            if *count == 0 {
                open.by_account.remove(&account);
            }
        }
        metrics::gauge!("realmgate_realtime_sockets").set(open.sockets.len() as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: AccountId = AccountId([1; 16]);
    const BEN: AccountId = AccountId([2; 16]);

    #[tokio::test]
    async fn an_event_reaches_those_who_joined() {
        let hub = Arc::<Hub>::default();
        let mut seats = [ANN, ANN, BEN].map(|account| hub.take_seat(account, Uuid::nil(), 20).unwrap());
        seats[0].join(Topic::User(ANN));
        seats[0].join(Topic::User(ANN));
        seats[2].join(Topic::Lobbies);
        assert!(hub.has(Topic::User(ANN)) && !hub.has(Topic::User(BEN)));
        for topic in [Topic::User(ANN), Topic::Lobbies, Topic::User(BEN)] {
            hub.deliver(&Told::event(topic, "e", &0));
        }
        for (seat, topic) in [(0, Topic::User(ANN)), (2, Topic::Lobbies)] {
            let Delivery::Event(told) = seats[seat].waiting.next().await else { panic!("no event") };
            assert_eq!((told.topic, told.text()), (topic, format!("[null,null,\"{topic}\",\"e\",0]")));
        }
        for seat in &mut seats {
            let more = futures_util::FutureExt::now_or_never(seat.waiting.next());
            assert!(more.is_none(), "once, and nobody else: {more:?}");
        }
        seats[0].leave(Topic::User(ANN));
        seats[2].leave(Topic::Lobbies);
        assert!(!hub.is_joined());
    }

    #[test]
    fn an_account_has_so_many_sockets_and_gets_them_back() {
        let hub = Arc::<Hub>::default();
        let mut seats: Vec<_> = (0..20).map(|_| hub.take_seat(ANN, Uuid::nil(), 20).unwrap()).collect();
        assert!(hub.take_seat(ANN, Uuid::nil(), 20).is_none());
        assert!(hub.take_seat(BEN, Uuid::nil(), 20).is_some());
        seats.pop();
        assert!(hub.take_seat(ANN, Uuid::nil(), 20).is_some());
        drop(seats);
        assert!(hub.open().by_account.is_empty() && hub.open().sockets.is_empty());
    }

    #[tokio::test]
    async fn only_the_log_in_that_ends_loses_its_sockets() {
        let hub = Arc::<Hub>::default();
        let (mine, other) =
            (hub.take_seat(ANN, Uuid::max(), 20).unwrap(), hub.take_seat(ANN, Uuid::nil(), 20).unwrap());
        hub.end_log_in(Uuid::max());
        assert_eq!(mine.waiting.ended().await, End::LoggedOut);
        assert!(futures_util::FutureExt::now_or_never(other.waiting.ended()).is_none());
    }

    #[tokio::test]
    async fn who_loses_a_topic_is_told_so_and_nothing_more() {
        let hub = Arc::<Hub>::default();
        let (one, other) = (Topic::Lobby(Uuid::nil()), Topic::Lobby(Uuid::max()));
        let mut seats = [ANN, ANN, BEN].map(|account| hub.take_seat(account, Uuid::nil(), 20).unwrap());
        seats.iter().for_each(|seat| seat.join(one));
        seats[1].join(other);
        assert!(hub.has_lobbies() && hub.has_joined(BEN, one) && !hub.has_joined(BEN, other));
        hub.keep_to_lobby(ANN, Uuid::nil());
        assert!(matches!(seats[1].waiting.next().await, Delivery::Lost(topic) if topic == other));
        hub.carry_out(Then::Expel(Uuid::nil(), Some(ANN)));
        hub.deliver(&Told::event(one, "e", &0));
        for seat in &mut seats[..2] {
            assert!(matches!(seat.waiting.next().await, Delivery::Lost(topic) if topic == one) && !seat.has(one));
            assert!(futures_util::FutureExt::now_or_never(seat.waiting.next()).is_none());
        }
        assert!(matches!(seats[2].waiting.next().await, Delivery::Event(_)));
        hub.carry_out(Then::Expel(Uuid::nil(), None));
        assert!(matches!(seats[2].waiting.next().await, Delivery::Lost(_)) && !hub.is_joined());
    }

    #[tokio::test]
    async fn an_event_for_many_reaches_each_in_its_order() {
        let hub = Arc::<Hub>::default();
        let accounts = (0..=fan_out::AT_ONCE as u8).map(|number| AccountId([number; 16]));
        let mut seats: Vec<_> = accounts.map(|account| hub.take_seat(account, Uuid::nil(), 20).unwrap()).collect();
        seats.iter().for_each(|seat| seat.join(Topic::Lobbies));
        let told = |number: usize| Told::event(Topic::Lobbies, "e", &number);
        hub.deliver(&told(1));
        // The list is short again, and what is told of it still comes second.
        let stayed = seats.split_off(fan_out::AT_ONCE - 1);
        drop(seats);
        hub.deliver(&told(2));
        let shutdown = CancellationToken::new();
        tokio::spawn({
            let (hub, shutdown) = (hub.clone(), shutdown.clone());
            async move { hub.fan_out(shutdown).await }
        });
        for mut seat in stayed {
            for number in [1, 2] {
                let Delivery::Event(event) = seat.waiting.next().await else { panic!("no event") };
                assert_eq!(event.payload, told(number).payload);
            }
        }
        shutdown.cancel();
    }
}

//! What waits to be written to one socket, within bounds. What finds no room is left out, and the socket tells instead how things stand
//! once it has written the rest: what others send never ends it.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::topic::Topic;

/// Most events that wait for one socket.
const MOST_WAITING: usize = 256;
/// Most bytes of events that wait for one socket.
const MOST_BYTES: usize = 1 << 20;
/// Which part of it events of the list and of chats may take, which anybody may cause: one in so many.
const PART_OF_LIST: usize = 2;
/// Most lobbies of the list of which it is known that a socket missed something: as many as a list reaches.
const MOST_MISSED: usize = 1_000;

/// Why a socket is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The client has closed it, or is gone.
    Gone,
    /// Its log-in has ended.
    LoggedOut,
    /// It takes too long to read a message.
    TooSlow,
    /// Nothing came from it for too long.
    Idle,
    /// It sends too much.
    Flooding,
    /// It sends what is no message.
    Malformed,
    /// It sends a message that is too large.
    TooLarge,
    /// This sidecar shuts down.
    Shutdown,
}

/// An event as sockets are told it; written once for all of them.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) topic: Topic,
    /// The event's name, as JSON.
    pub(crate) event: String,
    /// What goes with it, as JSON.
    pub(crate) payload: String,
    /// For an event that says how things stand: which thing, and a hash of how it stands. A socket is told it only if it
    /// was not told the same before.
    pub(crate) state: Option<(Uuid, u64)>,
    /// Whether the next event about the same thing says all that this one does, and a socket may wait for it.
    pub(crate) may_wait: bool,
    /// Which lobby of the list it is about.
    pub(crate) listed: Option<Uuid>,
}

/// What a socket is handed.
#[derive(Debug, Clone)]
pub(crate) enum Delivery {
    /// An event of a topic that it has joined.
    Event(Arc<Told>),
    /// It has lost this topic.
    Lost(Topic),
    /// Events may have been lost: it tells its client how things stand.
    Refresh,
    /// Events of the list about this lobby were lost.
    Missed(Uuid),
    /// Its account blocks others than before.
    BlocksChanged,
}

impl Told {
    pub(crate) fn event(topic: Topic, event: &str, payload: &impl Serialize) -> Arc<Self> {
        Arc::new(Self::new(topic, event, payload))
    }

    /// Says how the thing `of` stands.
    pub(crate) fn state(topic: Topic, event: &str, of: Uuid, payload: &impl Serialize) -> Arc<Self> {
        Arc::new(Self { may_wait: true, ..Self::new(topic, event, payload).about(of) })
    }

    /// Says of the thing `of` what clients are to be told once, or what comes seldom enough by itself.
    pub(crate) fn once(topic: Topic, event: &str, of: Uuid, payload: &impl Serialize) -> Arc<Self> {
        Arc::new(Self::new(topic, event, payload).about(of))
    }

    /// Tells the list what has happened to a lobby.
    pub(crate) fn listed(lobby: Uuid, event: &str, payload: &impl Serialize) -> Arc<Self> {
        Arc::new(Self { listed: Some(lobby), ..Self::new(Topic::Lobbies, event, payload) })
    }

    /// Tells the list how a lobby stands.
    pub(crate) fn listed_state(lobby: Uuid, event: &str, payload: &impl Serialize) -> Arc<Self> {
        Arc::new(Self { listed: Some(lobby), ..Self::new(Topic::Lobbies, event, payload).about(lobby) })
    }

    /// The frame of version 2 for a socket that gives its joins no reference, as it crosses to other sidecars.
    pub(super) fn text(&self) -> String {
        format!("[null,null,\"{}\",{},{}]", self.topic, self.event, self.payload)
    }

    /// As another sidecar has written it. `None` if it is no frame of this topic.
    pub(super) fn crossed(topic: Topic, text: &str, of: Option<Uuid>, listed: Option<Uuid>) -> Option<Arc<Self>> {
        let rest = text.strip_prefix(&format!("[null,null,\"{topic}\","))?;
        let mut names = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let event = serde_json::to_string(&names.next()?.ok()?).ok()?;
        let payload = rest.get(names.byte_offset()..)?.strip_prefix(',')?.strip_suffix(']')?.to_owned();
        let told = Self { topic, event, payload, state: None, may_wait: false, listed };
        Some(Arc::new(match of {
            Some(of) => told.about(of),
            None => told,
        }))
    }

    /// What it takes of a socket's room, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.event.len() + self.payload.len()
    }

    fn new(topic: Topic, event: &str, payload: &impl Serialize) -> Self {
        // What we publish are structs of texts and numbers: they can be written.
        let written = serde_json::to_string(payload).unwrap_or_default();
        let event = serde_json::to_string(event).unwrap_or_default();
        Self { topic, event, payload: written, state: None, may_wait: false, listed: None }
    }

    fn about(self, of: Uuid) -> Self {
        let mut hasher = DefaultHasher::new();
        (&self.event, &self.payload).hash(&mut hasher);
        Self { state: Some((of, hasher.finish())), ..self }
    }
}

/// The end of an outbox that is written to.
#[derive(Clone)]
pub(super) struct Outbox {
    queue: mpsc::UnboundedSender<Delivery>,
    room: Arc<Mutex<Room>>,
    end: Arc<watch::Sender<Option<End>>>,
}

/// The end that the socket reads.
pub(crate) struct Waiting {
    queue: mpsc::UnboundedReceiver<Delivery>,
    room: Arc<Mutex<Room>>,
    end: watch::Receiver<Option<End>>,
}

/// How many events wait, and what was left out since there was no room.
#[derive(Debug, Default)]
struct Room {
    events: usize,
    bytes: usize,
    /// Whether an event of another topic than the list was left out.
    refresh: bool,
    /// The lobbies of which an event of the list was left out, in the order in which they will be told.
    missed: VecDeque<Uuid>,
}

pub(super) fn outbox() -> (Outbox, Waiting) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let room = Arc::<Mutex<Room>>::default();
    let (end, ended) = watch::channel(None);
    let waiting = Waiting { queue: receiver, room: room.clone(), end: ended };
    (Outbox { queue: sender, room, end: Arc::new(end) }, waiting)
}

impl Outbox {
    /// Puts something in. An event for which there is no room is left out.
    pub(super) fn put(&self, delivery: Delivery) {
        // The others are few: a socket loses no more topics than it has joined.
        if let Delivery::Event(told) = &delivery
            && !lock(&self.room).takes(told)
        {
            metrics::counter!("realmgate_realtime_missed_total").increment(1);
            return;
        }
        // Where the socket is gone, nobody reads it.
        let _ = self.queue.send(delivery);
    }

    /// Ends the socket; the first reason stays.
    pub(super) fn end(&self, why: End) {
        self.end.send_if_modified(|end| end.is_none() && end.replace(why).is_none());
    }
}

impl Room {
    /// Makes room for an event, or remembers that it was left out. Once one was, those that follow are too until the socket has written what
    /// waits and told how things stand: else the newest might be left out for as long as there is too much.
    fn takes(&mut self, told: &Told) -> bool {
        match told.listed {
            // Nothing replaces the texts of a chat that were left out.
            _ if matches!(told.topic, Topic::Map(_)) => {
                if !self.fits(told.size(), PART_OF_LIST) {
                    return false;
                }
            }
            Some(_) if self.missed.is_empty() && self.fits(told.size(), PART_OF_LIST) => {}
            Some(lobby) => {
                if !self.missed.contains(&lobby) && self.missed.len() < MOST_MISSED {
                    self.missed.push_back(lobby);
                }
                return false;
            }
            None if !self.refresh && self.fits(told.size(), 1) => {}
            None => {
                self.refresh = true;
                return false;
            }
        }
        self.events += 1;
        self.bytes += told.size();
        true
    }

    /// Whether there is room in one part of so many. One event goes through however large it is.
    fn fits(&self, bytes: usize, parts: usize) -> bool {
        self.events == 0 || (self.events < MOST_WAITING / parts && self.bytes + bytes <= MOST_BYTES / parts)
    }

    /// What is to be told in place of what was left out.
    fn next_missed(&mut self) -> Option<Delivery> {
        if std::mem::take(&mut self.refresh) {
            return Some(Delivery::Refresh);
        }
        self.missed.pop_front().map(Delivery::Missed)
    }
}

impl Waiting {
    /// What is to be written next. Never completes once the socket has left the hub.
    pub(crate) async fn next(&mut self) -> Delivery {
        // What is left out waits until nothing else does; and nothing is left out while nothing else waits.
        let missed = if self.queue.is_empty() { lock(&self.room).next_missed() } else { None };
        if let Some(missed) = missed {
            return missed;
        }
        let Some(delivery) = self.queue.recv().await else { return std::future::pending().await };
        if let Delivery::Event(told) = &delivery {
            let mut room = lock(&self.room);
            (room.events, room.bytes) = (room.events - 1, room.bytes - told.size());
        }
        delivery
    }

    /// How many deliveries wait at this moment.
    pub(crate) fn count(&self) -> usize {
        self.queue.len()
    }

    /// Completes when the socket has to end.
    pub(crate) fn ended(&self) -> impl Future<Output = End> + Send + 'static {
        let mut end = self.end.clone();
        async move {
            match end.wait_for(Option::is_some).await {
                Ok(why) => why.unwrap_or(End::Gone),
                Err(_) => End::Gone,
            }
        }
    }
}

fn lock(room: &Mutex<Room>) -> MutexGuard<'_, Room> {
    room.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const USER: Topic = Topic::User(realmgate_protocol::ids::AccountId([1; 16]));

    fn listed(lobby: u128, size: usize) -> Delivery {
        Delivery::Event(Told::listed_state(Uuid::from_u128(lobby), "lobby_updated", &"x".repeat(size)))
    }

    fn event(size: usize) -> Delivery {
        Delivery::Event(Told::event(USER, "e", &"x".repeat(size)))
    }

    /// What waits next. Outside of a runtime, which would let others have their turn after some of it.
    fn next(waiting: &mut Waiting) -> Option<Delivery> {
        waiting.next().now_or_never()
    }

    /// All that waits: how many events of other topics than the list, how many of it, what follows them.
    fn taken(waiting: &mut Waiting) -> (usize, usize, Vec<String>) {
        let (mut others, mut of_list, mut after) = (0, 0, Vec::new());
        while let Some(next) = next(waiting) {
            match next {
                Delivery::Event(told) if told.listed.is_none() => others += 1,
                Delivery::Event(_) => of_list += 1,
                other => after.push(format!("{other:?}")),
            }
        }
        (others, of_list, after)
    }

    fn missed(lobby: u128) -> String {
        format!("{:?}", Delivery::Missed(Uuid::from_u128(lobby)))
    }

    #[test]
    fn a_full_outbox_leaves_events_out_and_asks_for_a_refresh_once() {
        for (size, fit) in [(10, MOST_WAITING), (100_000, 10)] {
            let (outbox, mut waiting) = outbox();
            for _ in 0..fit + 5 {
                outbox.put(event(size));
            }
            next(&mut waiting);
            // There is room again, but what was left out comes first.
            outbox.put(event(size));
            outbox.put(Delivery::Lost(USER));
            let lost = format!("{:?}", Delivery::Lost(USER));
            assert_eq!(taken(&mut waiting), (fit - 1, 0, vec![lost, "Refresh".to_owned()]), "{size}");
            outbox.put(event(size));
            assert_eq!(taken(&mut waiting), (1, 0, vec![]), "{size}");
            assert_eq!(*waiting.end.borrow(), None, "{size}");
        }
    }

    #[test]
    fn each_lobby_that_was_missed_is_told_once_and_the_list_pushes_nothing_else_out() {
        let (outbox, mut waiting) = outbox();
        for number in 0..1_000 {
            outbox.put(listed(number % 150, 10));
        }
        for _ in 0..MOST_WAITING / 2 {
            outbox.put(event(10));
        }
        let all_missed: Vec<String> = (128..150).chain(0..128).map(missed).collect();
        assert_eq!(taken(&mut waiting), (MOST_WAITING / 2, MOST_WAITING / 2, all_missed));
        outbox.put(listed(1, 10));
        assert_eq!(taken(&mut waiting), (0, 1, vec![]));
    }

    #[test]
    fn a_lobby_that_changes_while_others_are_missed_is_told_after_them() {
        let (outbox, mut waiting) = outbox();
        for number in 0..MOST_WAITING as u128 / 2 + 2 {
            outbox.put(listed(number, 10));
        }
        for _ in 0..MOST_WAITING / 2 {
            next(&mut waiting);
        }
        outbox.put(listed(1, 10));
        assert_eq!(taken(&mut waiting), (0, 0, vec![missed(128), missed(129), missed(1)]));
        for number in 0..2_000 {
            outbox.put(listed(number, 10));
        }
        assert_eq!(taken(&mut waiting).2.len(), MOST_MISSED, "so many are known");
    }

    #[test]
    fn chats_take_half_of_the_room_and_cause_no_refresh() {
        let (outbox, mut waiting) = outbox();
        let said = || Delivery::Event(Told::event(Topic::Map(1), "chat", &"hi"));
        for _ in 0..MOST_WAITING {
            outbox.put(said());
        }
        outbox.put(event(10));
        assert_eq!(taken(&mut waiting), (MOST_WAITING / 2 + 1, 0, vec![]), "others find room");
        outbox.put(said());
        assert_eq!(taken(&mut waiting), (1, 0, vec![]), "there is room again");
    }

    #[test]
    fn one_large_event_goes_through_and_the_first_end_stays() {
        let (outbox, mut waiting) = outbox();
        outbox.put(event(2 * MOST_BYTES));
        assert_eq!(taken(&mut waiting), (1, 0, vec![]));
        outbox.end(End::LoggedOut);
        outbox.end(End::Flooding);
        assert_eq!(waiting.ended().now_or_never(), Some(End::LoggedOut));
    }

    #[test]
    fn an_event_is_the_same_at_another_sidecar() {
        for event in ["user_joined", "with \"quotes\", and [brackets]"] {
            let told = Told::once(USER, event, Uuid::max(), &serde_json::json!({"a": ["b", null]}));
            let crossed = Told::crossed(USER, &told.text(), Some(Uuid::max()), None).expect("a frame");
            assert_eq!((&crossed.event, &crossed.payload), (&told.event, &told.payload));
            assert_eq!(crossed.state, told.state);
        }
        let other = Told::event(Topic::Lobbies, "e", &0).text();
        for bad in ["", "[null,null,", "{}", &other, &format!("[null,null,\"{USER}\",7,0]")] {
            assert!(Told::crossed(USER, bad, None, None).is_none(), "{bad}");
        }
    }
}

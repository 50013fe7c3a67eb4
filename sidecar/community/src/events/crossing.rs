//! How events cross from one sidecar to the others: one channel of Redis, on which each publishes in order.

use std::time::Duration;

use futures_util::StreamExt;
use realmgate_platform::redis_client::{RedisClient, RedisFailed};
use redis::aio::{PubSubSink, PubSubStream};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, mpsc};
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::changes::{Passage, Then};
use super::hub::Hub;
use super::outbox::Told;

/// Most notices that wait to be published.
const MOST_WAITING: usize = 16_384;
/// Most notices that are published in one step.
const AT_ONCE: usize = 128;
/// Largest notice that is read, in bytes.
const MAX_BYTES: usize = 4 << 20;
/// How often the listening connection is asked whether it is there, and how long it may take to answer.
const PING_EVERY: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait before listening again, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What one sidecar tells the others.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Notice {
    /// An event of a topic, as sockets are told it.
    Event {
        /// The topic.
        topic: String,
        /// The frame.
        text: String,
        /// Of what it says how that stands, if of anything.
        of: Option<Uuid>,
        /// Which lobby of the list it is about, if about any.
        #[serde(default)]
        listed: Option<Uuid>,
        /// Whether it follows the changes before it.
        #[serde(default)]
        follows: bool,
    },
    /// Something of an account has changed.
    Changed {
        /// The account.
        account: String,
        /// Whether a socket has joined its topic.
        #[serde(default)]
        came: bool,
        /// Whether the last socket is gone.
        #[serde(default)]
        left: bool,
    },
    /// Something of a lobby has changed.
    LobbyChanged {
        /// The lobby.
        lobby: Uuid,
        /// Whether it has come into the list.
        listed: bool,
        /// Whether it has gone from the list.
        #[serde(default)]
        unlisted: bool,
    },
    /// An account's sockets lose a lobby's topic, after the changes before.
    Expelled {
        /// The lobby.
        lobby: Uuid,
        /// The account; none for everybody.
        account: Option<String>,
    },
    /// A log-in has ended.
    LogInEnded {
        /// Its session.
        log_in: Uuid,
    },
    /// An account blocks others than before.
    BlocksChanged {
        /// The account.
        account: String,
    },
}

impl Notice {
    /// An event. `follows`: it follows the changes before it.
    pub(super) fn of(told: &Told, follows: bool) -> Self {
        let of = told.state.map(|(of, _)| of);
        Self::Event { topic: told.topic.to_string(), text: told.text(), of, listed: told.listed, follows }
    }
}

/// A notice with its sender.
#[derive(Serialize, Deserialize)]
struct Envelope<N> {
    from: String,
    notice: N,
}

/// The way to the other sidecars.
pub(crate) struct Crossing {
    redis: RedisClient,
    replica: String,
    queue: mpsc::Sender<Notice>,
    queued: Mutex<mpsc::Receiver<Notice>>,
}

impl Crossing {
    pub(super) fn new(redis: RedisClient, replica: &str) -> Self {
        let (queue, queued) = mpsc::channel(MOST_WAITING);
        Self { redis, replica: replica.to_owned(), queue, queued: Mutex::new(queued) }
    }

    /// Publishes a notice, soon.
    pub(super) fn publish(&self, notice: Notice) {
        if self.queue.try_send(notice).is_err() {
            lost(1, "full");
        }
    }

    fn channel(&self) -> String {
        self.redis.key("community-events")
    }

    /// Publishes what is to be published until `stop`, and then what still waits.
    pub(crate) async fn publish_all(&self, stop: CancellationToken) {
        let mut queued = self.queued.lock().await;
        let mut some = Vec::with_capacity(AT_ONCE);
        loop {
            tokio::select! {
                biased;
                _ = queued.recv_many(&mut some, AT_ONCE) => self.publish_now(&mut some).await,
                () = stop.cancelled() => return,
            }
        }
    }

    async fn publish_now(&self, some: &mut Vec<Notice>) {
        let (channel, count) = (&self.channel(), some.len());
        let mut all = redis::pipe();
        for notice in some.drain(..) {
            let written = serde_json::to_vec(&Envelope { from: self.replica.clone(), notice }).unwrap_or_default();
            all.cmd("PUBLISH").arg(channel).arg(written).ignore();
        }
        let all = &all;
        let publish = |mut redis| async move { all.exec_async(&mut redis).await };
        if let Err(error) = self.redis.call("publish_events", publish).await {
            tracing::debug!(%error, "events for other sidecars lost");
            lost(count, "redis");
        }
    }

    /// Hands what the others publish to the sockets here, until the shutdown. What was missed while Redis was away is made
    /// good by telling every socket how things stand.
    pub(crate) async fn listen(&self, hub: &Hub, shutdown: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        loop {
            let ended = tokio::select! {
                () = shutdown.cancelled() => return,
                ended = self.hear(hub, &mut pause) => ended,
            };
            tracing::debug!(why = %ended, "subscription to events of other sidecars lost");
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
    }

    /// Listens until the connection is lost; returns why.
    async fn hear(&self, hub: &Hub, pause: &mut Duration) -> String {
        let (mut sink, mut stream) = match self.connect().await {
            Ok(connected) => connected,
            Err(error) => return error.to_string(),
        };
        *pause = FIRST_PAUSE;
        hub.refresh();
        let mut pings = interval(PING_EVERY);
        loop {
            tokio::select! {
                message = stream.next() => match message {
                    Some(message) => self.take(hub, message.get_payload_bytes()),
                    None => return "connection closed".to_owned(),
                },
                // A connection that only listens would not notice that its peer is gone.
                _ = pings.tick() => match timeout(PATIENCE, sink.ping::<redis::Value>()).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => return error.to_string(),
                    Err(_) => return "Redis timed out".to_owned(),
                },
            }
        }
    }

    async fn connect(&self) -> Result<(PubSubSink, PubSubStream), RedisFailed> {
        let (mut sink, stream) = self.redis.listener().await?.split();
        sink.subscribe(self.channel()).await?;
        Ok((sink, stream))
    }

    fn take(&self, hub: &Hub, bytes: &[u8]) {
        let envelope = (bytes.len() <= MAX_BYTES).then(|| serde_json::from_slice::<Envelope<Notice>>(bytes).ok());
        let Some(Envelope { from, notice }) = envelope.flatten() else { return lost(1, "malformed") };
        // What is ours has reached our sockets already.
        if from == self.replica {
            return;
        }
        match notice {
            Notice::Event { topic, text, of, listed, follows } => {
                let told = topic.parse().ok().and_then(|topic| Told::crossed(topic, &text, of, listed));
                match told {
                    Some(told) if follows => hub.follow(Then::Event(told)),
                    Some(told) => hub.deliver(&told),
                    // A newer sidecar's.
                    None => lost(1, "malformed"),
                }
            }
            Notice::Changed { account, came, left } => match account.parse() {
                Ok(account) => hub.changes.add(account, Passage { came, left }),
                Err(_) => lost(1, "malformed"),
            },
            Notice::LobbyChanged { lobby, listed, unlisted } => {
                hub.changes.add_lobby(lobby, Passage { came: listed, left: unlisted });
            }
            Notice::Expelled { lobby, account } => match account.map(|account| account.parse()).transpose() {
                Ok(account) => hub.follow(Then::Expel(lobby, account)),
                Err(_) => lost(1, "malformed"),
            },
            Notice::LogInEnded { log_in } => hub.end_log_in(log_in),
            Notice::BlocksChanged { account } => match account.parse() {
                Ok(account) => hub.blocks_changed(account),
                Err(_) => lost(1, "malformed"),
            },
        }
    }
}

fn lost(count: usize, why: &'static str) {
    metrics::counter!("realmgate_realtime_notices_lost_total", "why" => why).increment(count as u64);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use realmgate_platform::testing::{TestRedis, a_moment, soon};
    use realmgate_protocol::ids::AccountId;

    use super::super::{Delivery, End, Events, Topic};
    use super::*;

    const ANN: AccountId = AccountId([1; 16]);

    struct Replica {
        events: Events,
        _stop: tokio_util::sync::DropGuard,
    }

    fn replica(redis: &TestRedis, name: &str) -> Replica {
        let events = Events::new(Some(&redis.another()), name);
        let stop = CancellationToken::new();
        let crossing = events.crossing.clone().unwrap();
        let (hub, publisher) = (events.hub.clone(), crossing.clone());
        let (publishing, listening) = (stop.clone(), stop.clone());
        tokio::spawn(async move { publisher.publish_all(publishing).await });
        tokio::spawn(async move { crossing.listen(&hub, listening).await });
        Replica { events, _stop: stop.drop_guard() }
    }

    async fn until_listening(redis: &TestRedis, count: u64) {
        let channel = format!("{}community-events", redis.config.prefix);
        let listening = async {
            loop {
                let heard: (String, u64) =
                    redis::cmd("PUBSUB").arg("NUMSUB").arg(&channel).query(&mut redis.plain()).unwrap();
                if heard.1 == count {
                    return;
                }
                a_moment().await;
            }
        };
        soon("the listeners", listening).await;
    }

    #[tokio::test]
    async fn events_cross_in_their_order_and_once() {
        let Some(redis) = TestRedis::connect().await else { return };
        let (one, two) = (replica(&redis, "one"), replica(&redis, "two"));
        until_listening(&redis, 2).await;
        let mut seats = [&one, &two].map(|replica| replica.events.hub.take_seat(ANN, Uuid::max(), 20).unwrap());
        for seat in &seats {
            seat.join(Topic::User(ANN));
        }
        for number in 0..200 {
            one.events.tell(Topic::User(ANN), "n", &number);
        }
        for seat in &mut seats {
            let mut next = 0;
            while next < 200 {
                if let Delivery::Event(told) = soon("an event", seat.waiting.next()).await {
                    assert_eq!(told.payload, next.to_string());
                    next += 1;
                }
            }
        }
        one.events.changed(ANN);
        for replica in [&one, &two] {
            let stages = soon("the change", replica.events.hub.changes.take()).await;
            assert!(stages.iter().any(|stage| stage.accounts.contains_key(&ANN)));
        }
        two.events.log_in_ended(Uuid::max());
        for seat in &mut seats {
            assert_eq!(soon("the end", seat.waiting.ended()).await, End::LoggedOut);
            // By now each has heard all that has crossed before, its own among it.
            while let Some(more) = futures_util::FutureExt::now_or_never(seat.waiting.next()) {
                assert!(matches!(more, Delivery::Refresh), "once: {more:?}");
            }
        }
    }

    #[tokio::test]
    async fn who_was_cut_off_from_redis_tells_how_things_stand() {
        let Some(redis) = TestRedis::connect().await else { return };
        let one = Arc::new(replica(&redis, "one"));
        // Before it listens, which is when it tells so for the first time.
        let mut seat = one.events.hub.take_seat(ANN, Uuid::max(), 20).unwrap();
        seat.join(Topic::Lobbies);
        assert!(matches!(soon("the first refresh", seat.waiting.next()).await, Delivery::Refresh));
        assert!(redis.cut() > 0, "it listens");
        assert!(matches!(soon("a refresh", seat.waiting.next()).await, Delivery::Refresh));
    }
}

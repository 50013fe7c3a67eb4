//! What every bus between several sidecars does, in memory and over Redis.

use std::sync::Mutex;

use realmgate_platform::testing::{TestRedis, a_moment, on_backends, soon};
use realmgate_protocol::ids::{AccountId, CharacterId};
use tokio::sync::{Notify, Semaphore};

use super::memory::MemoryHub;
use super::*;
use crate::service::world::testing::PATIENCE;

/// A sidecar that answers asks and remembers the news it gets.
pub(super) struct Fake {
    /// Permits to answer; an ask that finds none waits.
    pub(super) may_answer: Semaphore,
    pub(super) told: Mutex<Vec<(String, News)>>,
    pub(super) news: Notify,
}

impl Fake {
    pub(super) fn new(may_answer: usize) -> Arc<Self> {
        Arc::new(Self { may_answer: Semaphore::new(may_answer), told: Mutex::default(), news: Notify::new() })
    }

    pub(super) async fn hears(&self) -> Vec<(String, News)> {
        soon("news", self.news.notified()).await;
        self.told.lock().unwrap().clone()
    }
}

#[async_trait]
impl ReplicaHandler for Fake {
    async fn answer(&self, from: &str, ask: Ask) -> Answer {
        self.may_answer.acquire().await.unwrap().forget();
        match ask {
            // The answer echoes what was asked.
            Ask::CloseSockets { code, reason, .. } => {
                assert_eq!(reason, format!("from {from}"));
                Answer::Closed { count: code.into() }
            }
            _ => Answer::LinkAlive(true),
        }
    }

    async fn heard(&self, from: &str, news: News) {
        self.told.lock().unwrap().push((from.to_owned(), news));
        self.news.notify_one();
    }
}

pub(super) fn ask(from: &str, code: u16) -> Ask {
    let account = AccountId([7; 16]);
    Ask::CloseSockets { account, keep_session: None, code, reason: format!("from {from}") }
}

pub(super) fn news(number: u8) -> News {
    News::Departed { character: CharacterId([number; 16]) }
}

/// One of the sidecars.
struct Sidecar {
    bus: Arc<dyn ReplicaBus>,
    fake: Arc<Fake>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

/// What carries the messages.
enum Carrier {
    Memory(MemoryHub),
    Redis(Box<TestRedis>),
}

/// Three sidecars, `a`, `b` and `c`, that receive each other's messages.
struct Trio {
    a: Sidecar,
    b: Sidecar,
    c: Sidecar,
    carrier: Carrier,
}

impl Trio {
    async fn in_memory() -> Option<Self> {
        let hub = MemoryHub::default();
        Some(Self::start(["a", "b", "c"].map(|id| hub.join(id).0), Carrier::Memory(hub)))
    }

    async fn over_redis() -> Option<Self> {
        let redis = TestRedis::connect().await?;
        let buses = ["a", "b", "c"].map(|id| RedisBus::new(redis.another(), id));
        let trio =
            Self::start(buses.clone().map(|bus| Arc::new(bus) as Arc<dyn ReplicaBus>), Carrier::Redis(Box::new(redis)));
        for bus in &buses {
            soon("the first word", bus.is_listening(true)).await;
        }
        Some(trio)
    }

    fn start(buses: [Arc<dyn ReplicaBus>; 3], carrier: Carrier) -> Self {
        let [a, b, c] = buses.map(|bus| {
            let (fake, tasks, shutdown) = (Fake::new(1_000), TaskTracker::new(), CancellationToken::new());
            bus.start(fake.clone(), &tasks, shutdown.clone());
            Sidecar { bus, fake, tasks, shutdown }
        });
        Self { a, b, c, carrier }
    }

    /// Takes the bus away, or brings it back.
    fn set_down(&self, down: bool) {
        match &self.carrier {
            Carrier::Memory(hub) => hub.set_down(down),
            Carrier::Redis(redis) => redis.let_in(!down),
        }
    }

    /// Ends `b`.
    async fn end_b(&self) {
        if let Carrier::Memory(hub) = &self.carrier {
            hub.kill("b");
        }
        self.b.shutdown.cancel();
        self.b.tasks.close();
        soon("the end of b", self.b.tasks.wait()).await;
    }

    /// Waits until `a` lists these, and no others.
    async fn lists(&self, living: &[&str]) {
        let listed = async {
            while !self.a.bus.replicas().await.is_ok_and(|listed| listed == *living) {
                a_moment().await;
            }
        };
        soon("the living", listed).await;
    }
}

async fn asks_go_both_ways(trio: Trio) {
    let may_answer = || [&trio.a, &trio.b, &trio.c].map(|asked| asked.fake.may_answer.available_permits());
    assert_eq!(trio.a.bus.ask("b", ask("a", 1), PATIENCE).await, Ok(Answer::Closed { count: 1 }));
    assert_eq!(may_answer(), [1_000, 999, 1_000], "b alone was asked");
    assert_eq!(trio.b.bus.ask("a", ask("b", 2), PATIENCE).await, Ok(Answer::Closed { count: 2 }));
    assert_eq!(may_answer(), [999, 999, 1_000], "and now a");
}

async fn news_reach_all_others(trio: Trio) {
    let (from_a, from_b) = (("a".to_owned(), news(1)), ("b".to_owned(), news(2)));
    trio.a.bus.tell_all(news(1)).await;
    assert_eq!(trio.b.fake.hears().await, std::slice::from_ref(&from_a));
    assert_eq!(trio.c.fake.hears().await, std::slice::from_ref(&from_a));
    trio.b.bus.tell_all(news(2)).await;
    assert_eq!(trio.a.fake.hears().await, std::slice::from_ref(&from_b), "not what it said itself");
    assert_eq!(trio.c.fake.hears().await, [from_a, from_b]);
}

async fn nobody_there_is_known_at_once(trio: Trio) {
    // Longer than this test would wait.
    let deadline = 9 * PATIENCE;
    let asked = soon("a refusal", trio.a.bus.ask("d", ask("a", 1), deadline)).await;
    assert_eq!(asked, Err(BusError::Gone));
}

async fn no_answer_in_time_is_a_timeout(trio: Trio) {
    let may_answer = &trio.b.fake.may_answer;
    while let Ok(permit) = may_answer.try_acquire() {
        permit.forget();
    }
    let late = trio.a.bus.ask("b", ask("a", 1), Duration::from_millis(50)).await;
    assert_eq!(late, Err(BusError::Timeout));
    may_answer.add_permits(2);
    let next = trio.a.bus.ask("b", ask("a", 2), PATIENCE).await;
    assert_eq!(next, Ok(Answer::Closed { count: 2 }), "the next one is heard");
}

async fn a_thousand_asks_at_once_are_answered(trio: Trio) {
    let asks = (1..=1_000).map(|code| {
        let a = trio.a.bus.clone();
        tokio::spawn(async move { (code, a.ask("b", ask("a", code), PATIENCE).await) })
    });
    for asked in asks.collect::<Vec<_>>() {
        let (code, answer) = asked.await.unwrap();
        assert_eq!(answer, Ok(Answer::Closed { count: code.into() }));
    }
}

async fn the_living_are_listed(trio: Trio) {
    trio.lists(&["a", "b", "c"]).await;
    trio.end_b().await;
    trio.lists(&["a", "c"]).await;
}

async fn the_dead_and_a_bus_that_is_away_are_told_apart(trio: Trio) {
    trio.set_down(true);
    assert_eq!(trio.a.bus.ask("b", ask("a", 1), PATIENCE).await, Err(BusError::Down));
    assert_eq!(trio.a.bus.replicas().await, Err(BusError::Down));
    trio.set_down(false);
    let answered = async {
        while trio.a.bus.ask("b", ask("a", 2), PATIENCE).await != Ok(Answer::Closed { count: 2 }) {
            a_moment().await;
        }
    };
    soon("an answer", answered).await;
    trio.end_b().await;
    assert_eq!(trio.a.bus.ask("b", ask("a", 3), PATIENCE).await, Err(BusError::Gone));
}

on_backends! {
    in_memory: super::Trio::in_memory(),
    over_redis: super::Trio::over_redis() => [
        asks_go_both_ways,
        news_reach_all_others,
        nobody_there_is_known_at_once,
        no_answer_in_time_is_a_timeout,
        a_thousand_asks_at_once_are_answered,
        the_living_are_listed,
        the_dead_and_a_bus_that_is_away_are_told_apart,
    ]
}

#[tokio::test]
async fn a_sidecar_alone_has_nobody_to_ask() {
    let alone = Alone::new("a");
    assert_eq!(alone.ask("b", ask("a", 1), PATIENCE).await, Err(BusError::Gone));
    assert_eq!(alone.replicas().await, Ok(vec!["a".to_owned()]));
}

//! What every bus between several sidecars does, in memory and over Redis.

use std::sync::Mutex;

use realmgate_platform::testing::{TestRedis, on_backends, soon};
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

/// Two sidecars, `a` and `b`, that receive each other's messages.
struct Pair {
    a: Arc<dyn ReplicaBus>,
    b: Arc<dyn ReplicaBus>,
    at_a: Arc<Fake>,
    at_b: Arc<Fake>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    _redis: Option<TestRedis>,
}

impl Pair {
    async fn in_memory(may_answer: usize) -> Option<Self> {
        let hub = MemoryHub::default();
        let pair = Self::new(hub.join("a").0, hub.join("b").0, may_answer, None);
        pair.start();
        Some(pair)
    }

    async fn over_redis(may_answer: usize) -> Option<Self> {
        let redis = TestRedis::connect().await?;
        let (a, b) = (RedisBus::new(redis.another(), "a"), RedisBus::new(redis.another(), "b"));
        let pair = Self::new(Arc::new(a.clone()), Arc::new(b.clone()), may_answer, Some(redis));
        pair.start();
        soon("the first word", async { tokio::join!(a.is_listening(true), b.is_listening(true)) }).await;
        Some(pair)
    }

    fn new(a: Arc<dyn ReplicaBus>, b: Arc<dyn ReplicaBus>, may_answer: usize, redis: Option<TestRedis>) -> Self {
        let (at_a, at_b) = (Fake::new(may_answer), Fake::new(may_answer));
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        Self { a, b, at_a, at_b, tasks, shutdown, _redis: redis }
    }

    fn start(&self) {
        self.a.start(self.at_a.clone(), &self.tasks, self.shutdown.clone());
        self.b.start(self.at_b.clone(), &self.tasks, self.shutdown.clone());
    }
}

async fn asks_go_both_ways(pair: Pair) {
    assert_eq!(pair.a.ask("b", ask("a", 1), PATIENCE).await, Ok(Answer::Closed { count: 1 }));
    assert_eq!(pair.b.ask("a", ask("b", 2), PATIENCE).await, Ok(Answer::Closed { count: 2 }));
}

async fn news_reach_all_others(pair: Pair) {
    pair.a.tell_all(news(1)).await;
    assert_eq!(pair.at_b.hears().await, [("a".to_owned(), news(1))]);
    pair.b.tell_all(news(2)).await;
    assert_eq!(pair.at_a.hears().await, [("b".to_owned(), news(2))], "not what it said itself");
}

async fn nobody_there_is_known_at_once(pair: Pair) {
    assert_eq!(pair.a.ask("c", ask("a", 1), PATIENCE).await, Err(BusError::Gone));
}

async fn no_answer_in_time_is_a_timeout(pair: Pair) {
    while let Ok(permit) = pair.at_b.may_answer.try_acquire() {
        permit.forget();
    }
    let late = pair.a.ask("b", ask("a", 1), Duration::from_millis(50)).await;
    assert_eq!(late, Err(BusError::Timeout));
    pair.at_b.may_answer.add_permits(2);
    assert_eq!(pair.a.ask("b", ask("a", 2), PATIENCE).await, Ok(Answer::Closed { count: 2 }), "the next one is heard");
}

async fn a_thousand_asks_at_once_are_answered(pair: Pair) {
    let asks = (1..=1_000).map(|code| {
        let a = pair.a.clone();
        tokio::spawn(async move { (code, a.ask("b", ask("a", code), PATIENCE).await) })
    });
    for asked in asks.collect::<Vec<_>>() {
        let (code, answer) = asked.await.unwrap();
        assert_eq!(answer, Ok(Answer::Closed { count: code.into() }));
    }
}

async fn the_living_are_listed(pair: Pair) {
    let listed = async {
        while pair.a.replicas().await.unwrap() != ["a", "b"] {
            tokio::task::yield_now().await;
        }
    };
    soon("both", listed).await;
}

on_backends! {
    in_memory: super::Pair::in_memory(1_000),
    over_redis: super::Pair::over_redis(1_000) => [
        asks_go_both_ways,
        news_reach_all_others,
        nobody_there_is_known_at_once,
        no_answer_in_time_is_a_timeout,
        a_thousand_asks_at_once_are_answered,
        the_living_are_listed,
    ]
}

#[tokio::test]
async fn the_dead_and_a_bus_that_is_away_are_told_apart() {
    let hub = MemoryHub::default();
    let (a, tasks) = (hub.join("a"), TaskTracker::new());
    hub.join("b").start(Fake::new(9), &tasks, CancellationToken::new());
    hub.set_down(true);
    assert_eq!(a.ask("b", ask("a", 1), PATIENCE).await, Err(BusError::Down));
    hub.set_down(false);
    assert!(a.ask("b", ask("a", 1), PATIENCE).await.is_ok());
    hub.kill("b");
    assert_eq!(a.ask("b", ask("a", 1), PATIENCE).await, Err(BusError::Gone));
}

#[tokio::test]
async fn a_sidecar_alone_has_nobody_to_ask() {
    let alone = Alone::new("a");
    assert_eq!(alone.ask("b", ask("a", 1), PATIENCE).await, Err(BusError::Gone));
    assert_eq!(alone.replicas().await, Ok(vec!["a".to_owned()]));
}

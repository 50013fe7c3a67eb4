//! What only a bus over Redis does.

use realmgate_platform::testing::{TestRedis, a_moment, soon};

use super::*;
use crate::replicas::inbox::INBOX;
use crate::replicas::tests::{Fake, ask, news};
use crate::service::world::testing::PATIENCE;

struct Replica {
    bus: RedisBus,
    fake: Arc<Fake>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

async fn replica(redis: &TestRedis, id: &str, may_answer: usize) -> Replica {
    let (bus, fake) = (RedisBus::new(redis.another(), id), Fake::new(may_answer));
    let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
    bus.start(fake.clone(), &tasks, shutdown.clone());
    soon("the first word", bus.is_listening(true)).await;
    Replica { bus, fake, tasks, shutdown }
}

#[tokio::test]
async fn a_lost_connection_heals_by_itself() {
    let Some(redis) = TestRedis::connect().await else { return };
    let (a, b) = (replica(&redis, "a", 9).await, replica(&redis, "b", 9).await);
    assert!(a.bus.ask("b", ask("a", 1), PATIENCE).await.is_ok());
    redis.let_in(false);
    soon("silence", async { tokio::join!(a.bus.is_listening(false), b.bus.is_listening(false)) }).await;
    assert_eq!(a.bus.ask("b", ask("a", 2), PATIENCE).await, Err(BusError::Down), "at once");
    assert_eq!(a.bus.replicas().await, Err(BusError::Down));
    a.bus.tell_all(news(1)).await;
    redis.let_in(true);
    soon("another word", async { tokio::join!(a.bus.is_listening(true), b.bus.is_listening(true)) }).await;
    let answered = async {
        while a.bus.ask("b", ask("a", 3), PATIENCE).await != Ok(Answer::Closed { count: 3 }) {
            a_moment().await;
        }
    };
    soon("an answer", answered).await;
    a.bus.tell_all(news(2)).await;
    assert_eq!(b.fake.hears().await, [("a".to_owned(), news(2))], "what was said meanwhile is lost");
}

#[tokio::test]
async fn who_has_too_much_to_do_says_so() {
    let Some(redis) = TestRedis::connect().await else { return };
    let (a, b) = (replica(&redis, "a", 0).await, replica(&redis, "b", 0).await);
    let asks: Vec<_> = (0..INBOX)
        .map(|_| {
            let bus = a.bus.clone();
            tokio::spawn(async move { bus.ask("b", ask("a", 1), 9 * PATIENCE).await })
        })
        .collect();
    let overloaded = async {
        // The asks before it may still be on their way.
        while a.bus.ask("b", ask("a", 1), Duration::from_secs(2)).await != Err(BusError::Overloaded) {}
    };
    soon("a refusal", overloaded).await;
    b.fake.may_answer.add_permits(INBOX * 2);
    let mut answered = 0;
    for asked in asks {
        answered += usize::from(asked.await.unwrap().is_ok());
    }
    assert!(answered >= INBOX - 64, "{answered}: those that were taken in are answered");
}

#[tokio::test]
async fn a_message_of_another_version_is_declined() {
    let Some(redis) = TestRedis::connect().await else { return };
    let (a, b) = (replica(&redis, "a", 9).await, replica(&redis, "b", 9).await);
    // A variant that no version knows today, and an ask that only its version keeps from being understood.
    let unknown = Content::Ask { deadline_ms: 1_000, bytes: vec![250] };
    for (content, later_by) in [(unknown, 0), (Content::ask(&ask("a", 1), PATIENCE).unwrap(), 1)] {
        let (waiting, id) = a.bus.0.asked.expect().unwrap();
        let mut sealed = Envelope::new("a", id, content).seal().unwrap();
        // The first byte is the version.
        sealed[0] += later_by;
        assert_eq!(a.bus.0.publish(&a.bus.0.channel_of("b"), &sealed).await.unwrap(), 1);
        assert_eq!(soon("an answer", waiting.answer()).await, Err(BusError::Incompatible));
    }
    assert_eq!(b.fake.may_answer.available_permits(), 9, "neither was handled");
    a.bus.0.publish(&a.bus.0.channel_of("b"), b"noise").await.unwrap();
    let answer = a.bus.ask("b", ask("a", 1), PATIENCE).await;
    assert_eq!(answer, Ok(Answer::Closed { count: 1 }), "noise does no harm");
}

#[tokio::test]
async fn who_shuts_down_is_listed_no_more() {
    let Some(redis) = TestRedis::connect().await else { return };
    let (a, b) = (replica(&redis, "a", 9).await, replica(&redis, "b", 9).await);
    let listed = async {
        while a.bus.replicas().await.unwrap() != ["a", "b"] {
            a_moment().await;
        }
    };
    soon("both", listed).await;
    b.shutdown.cancel();
    b.tasks.close();
    soon("the end", b.tasks.wait()).await;
    assert_eq!(a.bus.replicas().await.unwrap(), ["a"]);
    assert_eq!(a.bus.ask("b", ask("a", 1), PATIENCE).await, Err(BusError::Gone));
}

//! What session entries do, in this process and in Redis.

use std::time::Duration;

use realmgate_platform::testing::{TestRedis, on_backends};

use super::*;

/// Session entries with a clock that a test moves.
struct Bench {
    sessions: Sessions,
    clock: Clock,
    redis: Option<TestRedis>,
}

impl Bench {
    fn in_process() -> Self {
        let clock = Clock::manual(0);
        Self { sessions: Sessions::new(None, "gateway-1", clock.clone()), clock, redis: None }
    }

    async fn redis() -> Option<Self> {
        let (redis, clock) = (TestRedis::connect().await?, Clock::manual(0));
        Some(Self { sessions: replica(&redis, "gateway-1"), clock, redis: Some(redis) })
    }

    /// Lets time pass. Redis's clock cannot be set, so what it holds is made older.
    fn pass(&self, time: Duration) {
        self.clock.advance(time);
        let Some(redis) = &self.redis else { return };
        let ms = i64::try_from(time.as_millis()).unwrap();
        for key in redis.keys() {
            let left_ms: i64 = ::redis::cmd("PTTL").arg(&key).query(&mut redis.plain()).unwrap();
            ::redis::cmd("PEXPIRE").arg(&key).arg((left_ms - ms).max(0)).exec(&mut redis.plain()).unwrap();
        }
    }
}

fn replica(redis: &TestRedis, id: &str) -> Sessions {
    Sessions::new(Some(&redis.another()), id, Clock::manual(0))
}

const FIRST: Uuid = Uuid::from_u128(1);

fn entry(gateway: &str, log_in: Option<Uuid>) -> SessionEntry {
    SessionEntry { log_in, ..SessionEntry::connected(gateway) }
}

/// A user about whom nothing new is known.
fn there(user: &str) -> Present {
    Present { user: user.to_owned(), character: None }
}

fn ann_at(map: u16, x: i32) -> SessionCharacter {
    SessionCharacter {
        id: "01010101-0101-0101-0101-010101010101".to_owned(),
        name: "Ann".to_owned(),
        map_server: "map-1".parse().unwrap(),
        map_id: MapId(map),
        at: Some(Position { x, y: 2_048 }),
    }
}

const SECOND: Duration = Duration::from_secs(1);

async fn an_entry_ends_unless_it_is_renewed(bench: Bench) {
    let sessions = &bench.sessions;
    sessions.set("ann", entry("gateway-2", Some(FIRST))).await.unwrap();
    sessions.set("bob", entry("gateway-2", None)).await.unwrap();
    bench.pass(40 * SECOND);
    sessions.renew(&[there("ann")]).await.unwrap();
    bench.pass(40 * SECOND);
    assert_eq!(sessions.get("ann").await.unwrap(), Some(entry("gateway-2", Some(FIRST))));
    assert_eq!(sessions.get("bob").await.unwrap(), None);
    bench.pass(5 * SECOND);
    assert_eq!(sessions.get("ann").await.unwrap(), None);
}

async fn who_connects_did_not_enter_by_that(bench: Bench) {
    let sessions = &bench.sessions;
    sessions.connected("ann", "gateway-1").await.unwrap();
    assert_eq!(sessions.get("ann").await.unwrap(), Some(entry("gateway-1", None)));
    let entered = SessionEntry { character: Some(ann_at(1, 0)), ..entry("gateway-1", Some(FIRST)) };
    sessions.set("ann", entered.clone()).await.unwrap();
    sessions.connected("ann", "gateway-2").await.unwrap();
    let elsewhere = SessionEntry { gateway_id: "gateway-2".to_owned(), ..entered };
    assert_eq!(sessions.get("ann").await.unwrap(), Some(elsewhere));
    sessions.remove("ann").await.unwrap();
    assert_eq!(sessions.get("ann").await.unwrap(), None);
}

async fn who_is_there_without_an_entry_gets_one(bench: Bench) {
    // More than are renewed in one step.
    let mut present: Vec<_> = (0..300).map(|number| there(&format!("user-{number}"))).collect();
    present.push(Present { character: Some(ann_at(1, 0)), ..there("ann") });
    bench.sessions.renew(&present).await.unwrap();
    for Present { user, character } in present {
        let expected = SessionEntry { character, ..entry("gateway-1", None) };
        assert_eq!(bench.sessions.get(&user).await.unwrap(), Some(expected), "{user}");
    }
}

async fn a_renewal_brings_the_place_up_to_date(bench: Bench) {
    let sessions = &bench.sessions;
    let entered = SessionEntry { character: Some(ann_at(1, 1_024)), ..entry("gateway-2", Some(FIRST)) };
    sessions.set("ann", entered.clone()).await.unwrap();
    sessions.renew(&[there("ann")]).await.unwrap();
    assert_eq!(sessions.get("ann").await.unwrap().as_ref(), Some(&entered), "a socket does not know where she is");
    let walked = Present { character: Some(ann_at(1, 3_072)), ..there("ann") };
    sessions.renew(std::slice::from_ref(&walked)).await.unwrap();
    let expected = SessionEntry { character: walked.character, ..entered };
    assert_eq!(sessions.get("ann").await.unwrap().as_ref(), Some(&expected));
    sessions.moved("ann", ann_at(2, 0)).await.unwrap();
    assert_eq!(sessions.get("ann").await.unwrap(), Some(SessionEntry { character: Some(ann_at(2, 0)), ..expected }));
    sessions.moved("bob", ann_at(2, 0)).await.unwrap();
    assert_eq!(sessions.get("bob").await.unwrap(), None);
}

async fn no_renewal_brings_back_what_was_removed(bench: Bench) {
    let sessions = &bench.sessions;
    sessions.set("ann", entry("gateway-1", None)).await.unwrap();
    sessions.remove("ann").await.unwrap();
    for _ in 0..4 {
        let known = Present { character: Some(ann_at(1, 0)), ..there("ann") };
        sessions.renew(&[known]).await.unwrap();
        assert_eq!(sessions.get("ann").await.unwrap(), None);
        bench.pass(15 * SECOND);
    }
    sessions.connected("ann", "gateway-2").await.unwrap();
    sessions.renew(&[there("ann")]).await.unwrap();
    assert_eq!(sessions.get("ann").await.unwrap(), Some(entry("gateway-2", None)), "she has come again");
}

on_backends! {
    in_process: async { Some(super::Bench::in_process()) },
    over_redis: super::Bench::redis() => [
        an_entry_ends_unless_it_is_renewed,
        who_connects_did_not_enter_by_that,
        who_is_there_without_an_entry_gets_one,
        a_renewal_brings_the_place_up_to_date,
        no_renewal_brings_back_what_was_removed,
    ]
}

#[tokio::test]
async fn an_empty_redis_gets_back_what_was_there() {
    let Some(redis) = TestRedis::connect().await else { return };
    let (one, two) = (replica(&redis, "gateway-1"), replica(&redis, "gateway-2"));
    one.set("ann", entry("gateway-1", Some(FIRST))).await.unwrap();
    // Her map server's link is at the other sidecar, which has not written this entry.
    two.renew(&[there("ann")]).await.unwrap();
    redis.flush();
    two.renew(&[there("ann")]).await.unwrap();
    assert_eq!(one.get("ann").await.unwrap(), Some(entry("gateway-1", Some(FIRST))));

    redis.flush();
    one.renew(&[]).await.unwrap();
    assert_eq!(two.get("ann").await.unwrap(), None, "not by one who has nothing to do with her");
}

#[tokio::test]
async fn operators_find_an_entry_that_ends_by_itself() {
    let Some(bench) = Bench::redis().await else { return };
    let entered = SessionEntry { character: Some(ann_at(1, 1_024)), ..entry("gateway-1", Some(FIRST)) };
    bench.sessions.set("ann", entered).await.unwrap();
    let redis = bench.redis.as_ref().unwrap();
    let key = format!("{}session:ann", redis.config.prefix);
    let text: String = ::redis::cmd("GET").arg(&key).query(&mut redis.plain()).unwrap();
    let expected = serde_json::json!({
        "gatewayId": "gateway-1",
        "logIn": FIRST.to_string(),
        "character": {
            "id": "01010101-0101-0101-0101-010101010101", "name": "Ann", "mapServer": "map-1", "mapId": 1,
            "at": {"x": 1_024, "y": 2_048},
        },
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), expected);
    let left_s: i64 = ::redis::cmd("TTL").arg(&key).query(&mut redis.plain()).unwrap();
    assert!((40..=45).contains(&left_s), "{left_s}");
}

//! What only a registry in Redis does.

use realmgate_platform::testing::TestRedis;
use redis::Commands;
use serde_json::Value;

use super::*;
use crate::directory::LinkFacts;
use crate::directory::contract_tests::{Bench, cookie, facts, loads, registration, server};

fn registry(redis: &TestRedis, replica: &str) -> RedisRegistry {
    RedisRegistry::new(redis.another(), replica, Clock::manual(0))
}

#[tokio::test]
async fn operators_find_a_document_that_ends_by_itself() {
    let Some(bench) = Bench::redis().await else { return };
    let redis = bench.redis.as_ref().unwrap();
    bench.registry.list(&registration("meadow", 4001, 9), cookie(), false).await.unwrap();
    bench.registry.linked(&server("meadow"), facts("gateway-1")).await.unwrap();
    bench.registry.set_load(&server("meadow"), loads([1, 2]), cookie(), facts("gateway-1")).await.unwrap();
    let key = format!("{}map-server-meadow", redis.config.prefix);
    let text: String = redis.plain().get(&key).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    for (field, value) in [
        ("id", Value::from("meadow")),
        ("ip", "127.0.0.1".into()),
        ("port", 4001.into()),
        ("supported_maps", vec![1, 2].into()),
        ("current_players", 3.into()),
        ("replica", "gateway-1".into()),
        ("channels", 2.into()),
        ("protocol_hash", "fffffffffffffffe".into()),
    ] {
        assert_eq!(document[field], value, "{field}");
    }
    let left_s: i64 = redis.plain().ttl(&key).unwrap();
    assert!((25..=30).contains(&left_s), "{left_s}");
    let shown: Vec<String> = redis.plain().keys(format!("{}map-server-*", redis.config.prefix)).unwrap();
    assert_eq!(shown, [key]);
}

#[tokio::test]
async fn all_replicas_see_one_list() {
    let Some(redis) = TestRedis::connect().await else { return };
    let (one, two) = (registry(&redis, "gateway-1"), registry(&redis, "gateway-2"));
    let cookie = cookie();
    assert!(!one.list(&registration("map-server-1", 4001, 9), cookie, false).await.unwrap());
    assert!(two.list(&registration("map-server-1", 4001, 9), cookie, true).await.unwrap());
    assert!(one.linked(&server("map-server-1"), facts("gateway-1")).await.unwrap());
    let listed = |servers: Vec<MapServer>| servers.into_iter().map(|server| MapServer { expires_at_ms: 0, ..server });
    let (by_one, by_two) = (one.servers().await.unwrap(), two.servers().await.unwrap());
    assert!(listed(by_one).eq(listed(by_two)));
    two.remove(&server("map-server-1")).await.unwrap();
    assert!(one.servers().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_empty_redis_gets_back_what_is_linked_and_asks_for_the_rest() {
    let Some(redis) = TestRedis::connect().await else { return };
    let (one, two) = (registry(&redis, "gateway-1"), registry(&redis, "gateway-2"));
    let (linked, foreign) = (server("map-server-1"), server("map-server-2"));
    one.list(&registration("map-server-1", 4001, 9), cookie(), false).await.unwrap();
    one.linked(&linked, facts("gateway-1")).await.unwrap();
    one.list(&registration("map-server-2", 4002, 9), cookie(), false).await.unwrap();

    redis.flush();
    assert!(two.servers().await.unwrap().is_empty());
    assert!(!one.heartbeat(&foreign, 1, 0.0).await.unwrap(), "register again");
    assert!(!two.heartbeat(&linked, 1, 0.0).await.unwrap(), "only who holds its link knows it");
    assert!(one.set_load(&linked, loads([2, 3]), cookie(), facts("gateway-1")).await.unwrap());
    let back = two.find(&linked).await.unwrap().unwrap();
    assert_eq!((back.port, back.max_players, back.current_players), (4001, 9, 5));
    assert_eq!(back.link, Some(facts("gateway-1")));

    redis.flush();
    assert!(one.heartbeat(&linked, 4, 0.0).await.unwrap(), "or a heartbeat, here");
    one.unlinked(&linked, "gateway-1").await.unwrap();
    redis.flush();
    assert!(
        !one.set_load(&linked, loads([1, 1]), cookie(), facts("gateway-1")).await.unwrap(),
        "once its link has gone, it is not put back"
    );
}

#[tokio::test]
async fn a_registration_elsewhere_does_not_hide_a_link() {
    let Some(redis) = TestRedis::connect().await else { return };
    let (one, two) = (registry(&redis, "gateway-1"), registry(&redis, "gateway-2"));
    let id = server("map-server-1");
    let known = cookie();
    one.list(&registration("map-server-1", 4001, 9), known, false).await.unwrap();
    one.linked(&id, facts("gateway-1")).await.unwrap();
    redis.flush();
    two.list(&registration("map-server-1", 4001, 9), known, true).await.unwrap();
    assert_eq!(two.find(&id).await.unwrap().unwrap().link, None::<LinkFacts>);
    one.set_load(&id, loads([1, 1]), cookie(), facts("gateway-1")).await.unwrap();
    assert_eq!(two.find(&id).await.unwrap().unwrap().replica(), Some("gateway-1"));

    redis.flush();
    two.list(&registration("map-server-1", 4001, 9), cookie(), false).await.unwrap();
    one.set_load(&id, loads([1, 1]), cookie(), facts("gateway-1")).await.unwrap();
    assert_eq!(two.find(&id).await.unwrap().unwrap().link, None, "a new process has not linked yet");
}

#[tokio::test]
async fn what_cannot_be_read_is_as_good_as_lost() {
    let Some(redis) = TestRedis::connect().await else { return };
    let one = registry(&redis, "gateway-1");
    one.list(&registration("map-server-1", 4001, 9), cookie(), false).await.unwrap();
    let key = format!("{}map-server-1", redis.config.prefix);
    redis.plain().set::<_, _, ()>(&key, "{}").unwrap();
    assert!(one.servers().await.unwrap().is_empty());
    assert!(!one.list(&registration("map-server-1", 4001, 9), cookie(), false).await.unwrap());
    assert_eq!(one.servers().await.unwrap().len(), 1);
}

//! What only a registry in Redis does.

use realmgate_platform::testing::TestRedis;
use realmgate_protocol::ids::{ChannelId, MapId};
use redis::Commands;
use serde_json::{Value, json};

use super::*;
use crate::directory::LinkFacts;
use crate::directory::contract_tests::{Bench, cookie, facts, loads, registration, server};

fn registry(redis: &TestRedis, replica: &str) -> RedisRegistry {
    RedisRegistry::new(redis.another(), replica, Clock::manual(0))
}

/// All servers of the list, whenever they expire.
async fn listed(registry: &RedisRegistry) -> Vec<MapServer> {
    let servers = registry.servers().await.unwrap().into_iter();
    servers.map(|server| MapServer { expires_at_ms: 0, ..server }).collect()
}

#[tokio::test]
async fn operators_find_a_document_that_ends_by_itself() {
    let Some(bench) = Bench::redis().await else { return };
    let redis = bench.redis.as_ref().unwrap();
    let process = cookie();
    bench.registry.list(&registration("meadow", 4001, 9), process, false).await.unwrap();
    bench.registry.linked(&server("meadow"), facts("gateway-1")).await.unwrap();
    bench.registry.set_load(&server("meadow"), loads([1, 2]), cookie(), facts("gateway-1")).await.unwrap();
    let key = format!("{}map-server-meadow", redis.config.prefix);
    let text: String = redis.plain().get(&key).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let load = |channel, players| json!({"map": 1, "channel": channel, "players": players, "is_full": false});
    let expected = json!({
        "id": "meadow", "name": "One", "ip": "127.0.0.1", "port": 4001, "supported_maps": [1, 2],
        "map_names": {"1": "greenvale"}, "spawns": {"1": {"x": 1536, "y": 3072}}, "ws_url": "ws://127.0.0.1:4001/play",
        "wt_url": "https://127.0.0.1:4001/play", "wt_cert_sha256": "5a".repeat(32), "max_players": 9, "current_players": 3, "load": 0.0,
        "cookie_sha256": process.to_string(), "resumed": false, "replica": "gateway-1", "linked_maps": [1],
        "channels": 2, "protocol_hash": "fffffffffffffffe", "channel_loads": [load(1, 1), load(2, 2)],
    });
    assert_eq!(document, expected);
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
    assert!(!two.list(&registration("map-server-2", 4002, 9), cookie, false).await.unwrap());
    let by_one = listed(&one).await;
    assert_eq!(by_one, listed(&two).await);
    let seen: Vec<_> = by_one.iter().map(|server| (server.id.as_str(), server.port, server.replica())).collect();
    assert_eq!(seen, [("map-server-1", 4001, Some("gateway-1")), ("map-server-2", 4002, None)]);
    two.remove(&server("map-server-1")).await.unwrap();
    assert_eq!(listed(&one).await, by_one[1..]);
}

#[tokio::test]
async fn an_empty_redis_gets_back_what_is_linked_and_asks_for_the_rest() {
    let Some(redis) = TestRedis::connect().await else { return };
    let (one, two) = (registry(&redis, "gateway-1"), registry(&redis, "gateway-2"));
    let (linked, foreign) = (server("map-server-1"), server("map-server-2"));
    one.list(&registration("map-server-1", 4001, 9), cookie(), false).await.unwrap();
    one.linked(&linked, facts("gateway-1")).await.unwrap();
    one.list(&registration("map-server-2", 4002, 9), cookie(), false).await.unwrap();
    let before = listed(&one).await.remove(0);

    redis.flush();
    assert!(two.servers().await.unwrap().is_empty());
    assert!(!one.heartbeat(&foreign, 1, 0.0).await.unwrap(), "register again");
    assert!(!two.heartbeat(&linked, 1, 0.0).await.unwrap(), "only who holds its link knows it");
    assert!(one.set_load(&linked, loads([2, 3]), cookie(), facts("gateway-1")).await.unwrap());
    let back = MapServer { current_players: 5, channel_loads: loads([2, 3]), ..before };
    assert_eq!(listed(&two).await, std::slice::from_ref(&back));

    redis.flush();
    assert!(one.heartbeat(&linked, 4, 0.0).await.unwrap());
    assert_eq!(listed(&two).await, [MapServer { current_players: 4, ..back }], "or by a heartbeat, here");
    one.unlinked(&linked, "gateway-1").await.unwrap();
    redis.flush();
    assert!(
        !one.set_load(&linked, loads([1, 1]), cookie(), facts("gateway-1")).await.unwrap(),
        "once its link has gone, it is not put back"
    );
    assert_eq!(listed(&two).await, []);
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
    let (id, process) = (server("map-server-1"), cookie());
    one.list(&registration("map-server-1", 4001, 9), process, false).await.unwrap();
    one.linked(&id, facts("gateway-2")).await.unwrap();
    one.list(&registration("map-server-2", 4002, 9), cookie(), false).await.unwrap();
    let both = listed(&one).await;
    let key = format!("{}map-server-1", redis.config.prefix);
    let text: String = redis.plain().get(&key).unwrap();
    let no_cookie = text.replace(&process.to_string(), "none");
    let no_hash = text.replace("fffffffffffffffe", "none");
    for unreadable in ["{}", "noise", &no_cookie, &no_hash] {
        redis.plain().set::<_, _, ()>(&key, unreadable).unwrap();
        assert_eq!(listed(&one).await, both[1..], "{unreadable}");
        assert_eq!(one.find(&id).await.unwrap(), None, "{unreadable}");
        assert!(!one.heartbeat(&id, 1, 0.0).await.unwrap(), "{unreadable}");
    }
    assert!(!one.list(&registration("map-server-1", 4001, 9), cookie(), false).await.unwrap(), "it registers anew");
    assert_eq!(listed(&one).await.len(), 2);
}

#[tokio::test]
async fn of_what_names_no_server_no_seat_is_given() {
    let Some(redis) = TestRedis::connect().await else { return };
    let one = registry(&redis, "gateway-1");
    let id = server("map-server-1");
    one.list(&registration("map-server-1", 4001, 9), cookie(), false).await.unwrap();
    let key = format!("{}map-server-1", redis.config.prefix);
    let seat = Seat { ticket: TicketId(1), map: MapId(1), channel: ChannelId(1) };
    assert!(one.reserve(&id, seat, Duration::from_secs(30), 0).await.unwrap(), "as long as it does");
    for unreadable in ["{}", "noise"] {
        redis.plain().set::<_, _, ()>(&key, unreadable).unwrap();
        assert!(!one.reserve(&id, seat, Duration::from_secs(30), 0).await.unwrap(), "{unreadable}");
        one.remove(&id).await.unwrap();
    }
}

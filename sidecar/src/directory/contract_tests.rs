//! What every registry does, in this process and in Redis.

use std::sync::Arc;
use std::time::Duration;

use realmgate_platform::error::ErrorCode;
use realmgate_platform::testing::{TestRedis, on_backends};
use realmgate_protocol::ids::{ChannelId, MapId, ServerId, TicketId};
use realmgate_protocol::link::ChannelLoad;
use realmgate_protocol::movement::Position;

use super::*;

/// A registry with a clock that a test moves.
pub(super) struct Bench {
    pub(super) registry: Arc<dyn ServerRegistry>,
    clock: Clock,
    pub(super) redis: Option<TestRedis>,
}

impl Bench {
    fn in_process() -> Self {
        let clock = Clock::manual(0);
        Self { registry: Arc::new(InProcessRegistry::new(clock.clone())), clock, redis: None }
    }

    pub(super) async fn redis() -> Option<Self> {
        let (redis, clock) = (TestRedis::connect().await?, Clock::manual(0));
        let registry = Arc::new(RedisRegistry::new(redis.client.clone(), "gateway-1", clock.clone()));
        Some(Self { registry, clock, redis: Some(redis) })
    }

    /// Lets time pass: everything that expires in the meantime has ended. Redis's clock cannot be set, so what it holds
    /// is made older.
    fn pass(&self, time: Duration) {
        self.clock.advance(time);
        let Some(redis) = &self.redis else { return };
        let age = ::redis::Script::new(
            r"
            for _, key in ipairs(KEYS) do
                if redis.call('TYPE', key).ok == 'hash' then
                    local fields = redis.call('HGETALL', key)
                    for i = 1, #fields, 2 do
                        local ends, place = string.match(fields[i + 1], '^(%d+)(.*)')
                        redis.call('HSET', key, fields[i], string.format('%.0f%s', ends - ARGV[1], place))
                    end
                end
                local left = redis.call('PTTL', key)
                if left >= 0 then redis.call('PEXPIRE', key, math.max(left - ARGV[1], 0)) end
            end
            ",
        );
        let mut age = age.arg(u64::try_from(time.as_millis()).unwrap());
        redis.keys().into_iter().for_each(|key| {
            age.key(key);
        });
        age.invoke::<()>(&mut redis.plain()).unwrap();
    }

    async fn find(&self, id: &str) -> Option<MapServer> {
        self.registry.find(&server(id)).await.unwrap()
    }

    async fn list(&self, id: &str, port: u16, max_players: u32) {
        self.registry.list(&registration(id, port, max_players), cookie(), false).await.unwrap();
    }

    async fn reserve(&self, id: &str, ticket: u64, life: Duration, leaving: u32) -> bool {
        self.registry.reserve(&server(id), seat(ticket), life, leaving).await.unwrap()
    }
}

pub(super) fn server(id: &str) -> ServerId {
    id.parse().unwrap()
}

pub(super) fn cookie() -> CookieHash {
    Cookie::random().unwrap().hash()
}

pub(super) fn registration(id: &str, port: u16, max_players: u32) -> Registration {
    Registration {
        id: server(id),
        name: "One".to_owned(),
        ip: [127, 0, 0, 1].into(),
        port,
        supported_maps: vec![MapId(1), MapId(2)],
        map_names: [(1, "greenvale".to_owned())].into(),
        spawns: [(1, Position { x: 1_536, y: 3_072 })].into(),
        ws_url: Some(format!("ws://127.0.0.1:{port}/play")),
        wt_url: Some(format!("https://127.0.0.1:{port}/play")),
        wt_cert_sha256: Some("5a".repeat(32)),
        max_players,
        cookie: None,
    }
}

pub(super) fn facts(replica: &str) -> LinkFacts {
    LinkFacts { replica: replica.to_owned(), maps: vec![MapId(1)], channels: 2, protocol_hash: u64::MAX - 1 }
}

pub(super) fn loads(players: [u16; 2]) -> Vec<ChannelLoad> {
    let load = |(channel, players)| ChannelLoad { map: MapId(1), channel: ChannelId(channel), players, is_full: false };
    (1..).zip(players).map(load).collect()
}

fn seat(ticket: u64) -> Seat {
    Seat { ticket: TicketId(ticket), map: MapId(1), channel: ChannelId(2) }
}

const ID: &str = "map-server-1";
const SOON: Duration = Duration::from_secs(30);

async fn an_entry_ends_unless_it_is_renewed(bench: Bench) {
    let (registry, id) = (&bench.registry, server(ID));
    let nearly_all = Duration::from_millis(TTL_MS - 5_000);
    assert!(!registry.heartbeat(&id, 0, 0.0).await.unwrap(), "unknown servers register first");
    assert!(!registry.set_load(&id, loads([1, 1]), cookie(), facts("gateway-2")).await.unwrap());
    assert!(!registry.linked(&id, facts("gateway-2")).await.unwrap());
    bench.list(ID, 4001, 2).await;
    bench.pass(nearly_all);
    assert!(registry.heartbeat(&id, 1, 1.5).await.unwrap());
    bench.pass(nearly_all);
    let found = bench.find(ID).await.unwrap();
    assert_eq!((found.current_players, found.load), (1, 1.5));
    assert_eq!(registry.hosting(MapId(2)).await.unwrap().len(), 1);
    assert!(registry.hosting(MapId(3)).await.unwrap().is_empty());
    assert!(registry.linked(&id, facts("gateway-2")).await.unwrap());
    bench.pass(nearly_all);
    let again = registry.list(&registration(ID, 4001, 2), cookie(), false).await.unwrap();
    assert!(again, "a link renews too");
    bench.pass(nearly_all);
    let load = registry.set_load(&id, loads([1, 0]), cookie(), facts("gateway-2")).await.unwrap();
    assert!(load, "and so does another registration");
    bench.pass(nearly_all);
    assert_eq!(registry.servers().await.unwrap().len(), 1, "and a load");
    assert!(bench.reserve(ID, 1, SOON, 0).await, "a seat does not");
    bench.pass(Duration::from_millis(5_000));
    assert!(registry.servers().await.unwrap().is_empty(), "30 s after it was last heard of it is gone");
    assert!(!registry.heartbeat(&id, 1, 1.0).await.unwrap());
}

async fn two_ids_of_one_name_are_not_listed_together(bench: Bench) {
    let registry = &bench.registry;
    bench.list(ID, 4001, 2).await;
    let other = registry.list(&registration("1", 4001, 2), cookie(), false).await.unwrap_err();
    assert_eq!(other.code, ErrorCode::ServerIdTaken);
    assert!(!registry.heartbeat(&server("1"), 7, 0.0).await.unwrap());
    assert!(!bench.reserve("1", 1, SOON, 0).await);
    registry.remove(&server("1")).await.unwrap();
    assert_eq!(bench.find("1").await, None);
    assert_eq!(bench.find(ID).await.unwrap().current_players, 0);
}

async fn what_is_known_of_a_process_stays_its_own(bench: Bench) {
    let (registry, id, first) = (&bench.registry, server(ID), cookie());
    let known = |server: MapServer| (server.current_players, server.load, server.link, server.channel_loads);
    assert!(!registry.list(&registration(ID, 4001, 2), first, true).await.unwrap());
    registry.linked(&id, facts("gateway-2")).await.unwrap();
    registry.set_load(&id, loads([3, 4]), first, facts("gateway-2")).await.unwrap();
    registry.heartbeat(&id, 1, 1.5).await.unwrap();
    assert!(registry.list(&registration(ID, 4002, 2), first, true).await.unwrap());
    let found = bench.find(ID).await.unwrap();
    assert_eq!((found.cookie, found.port, found.resumed), (first, 4002, true));
    assert_eq!(known(found), (1, 1.5, Some(facts("gateway-2")), loads([3, 4])));
    let second = cookie();
    assert!(registry.list(&registration(ID, 4002, 2), second, false).await.unwrap());
    let found = bench.find(ID).await.unwrap();
    assert_eq!((found.cookie, found.port, found.resumed), (second, 4002, false));
    assert_eq!(known(found), (0, 0.0, None, Vec::new()), "all of it was the old process's");
}

async fn a_link_is_of_the_replica_that_holds_it(bench: Bench) {
    let (registry, id) = (&bench.registry, server(ID));
    let process = cookie();
    registry.list(&registration(ID, 4001, 9), process, false).await.unwrap();
    registry.set_load(&id, loads([3, 4]), cookie(), facts("gateway-2")).await.unwrap();
    assert_eq!(bench.find(ID).await.unwrap().link, None, "the link of another process");
    // It was linked before it was listed, which shows in its load.
    registry.set_load(&id, loads([3, 4]), process, facts("gateway-2")).await.unwrap();
    let found = bench.find(ID).await.unwrap();
    assert_eq!((found.link.clone(), found.current_players), (Some(facts("gateway-2")), 7));
    assert_eq!((found.players_on(MapId(1)), found.players_in(MapId(1), ChannelId(2))), (7, 4));
    registry.linked(&id, facts("gateway-3")).await.unwrap();
    registry.set_load(&id, loads([3, 4]), process, facts("gateway-2")).await.unwrap();
    assert_eq!(bench.find(ID).await.unwrap().link, Some(facts("gateway-3")), "a late load of the older link");
    registry.unlinked(&id, "gateway-2").await.unwrap();
    let found = bench.find(ID).await.unwrap();
    let newer = (Some(facts("gateway-3")), loads([3, 4]));
    assert_eq!((found.link, found.channel_loads), newer, "the older link ends, not the newer one");
    bench.pass(Duration::from_secs(20));
    registry.unlinked(&id, "gateway-3").await.unwrap();
    let found = bench.find(ID).await.unwrap();
    assert!(found.link.is_none() && found.channel_loads.is_empty());
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.find(ID).await, None, "the end of a link is no sign of life");
}

async fn a_channel_that_can_not_keep_up_gets_nobody_more(bench: Bench) {
    let (registry, id) = (&bench.registry, server(ID));
    bench.list(ID, 4001, 9).await;
    let load = |map, channel, is_full| {
        let (map, channel) = (MapId(map), ChannelId(channel));
        ChannelLoad { map, channel, players: 1, is_full }
    };
    let say = async |loads| registry.set_load(&id, loads, cookie(), facts("gateway-1")).await.unwrap();
    say(vec![load(1, 1, false), load(1, 2, true)]).await;
    assert!(!bench.reserve(ID, 1, SOON, 0).await, "the seats of this test are in channel 2");
    assert!(bench.find(ID).await.unwrap().has_room(), "the other channel");
    say(vec![load(1, 1, true), load(1, 2, true)]).await;
    assert!(!bench.reserve(ID, 1, SOON, 0).await);
    let found = bench.find(ID).await.unwrap();
    assert_eq!((found.has_room(), found.seats), (false, Vec::new()));
    say(vec![load(1, 1, true), load(1, 2, false), load(2, 2, true)]).await;
    assert!(bench.reserve(ID, 1, SOON, 0).await, "it is others that cannot keep up");
}

async fn seats_and_players_fill_a_server(bench: Bench) {
    let (registry, id) = (&bench.registry, server(ID));
    assert!(!bench.reserve(ID, 1, SOON, 0).await, "nobody waits for a server that is not listed");
    bench.list(ID, 4001, 3).await;
    registry.heartbeat(&id, 1, 0.0).await.unwrap();
    assert!(bench.reserve(ID, u64::MAX, SOON, 0).await && bench.reserve(ID, 2, SOON, 0).await);
    assert!(bench.reserve(ID, 2, SOON, 0).await, "the same seat once more");
    let found = bench.find(ID).await.unwrap();
    assert!(!found.has_room() && found.seats.contains(&seat(u64::MAX)) && found.seats.len() == 2);
    assert_eq!(found.players_in(MapId(1), ChannelId(2)), 2, "those on the way count where they go");
    assert!(!bench.reserve(ID, 3, SOON, 0).await);
    assert!(bench.reserve(ID, 3, SOON, 1).await, "somebody leaves for this one");
    registry.release_seat(&id, TicketId(3)).await.unwrap();
    registry.release_seat(&id, TicketId(2)).await.unwrap();
    assert!(bench.reserve(ID, 4, SOON, 0).await, "a seat that is given back is free");
    assert!(!bench.reserve(ID, 5, SOON, 0).await, "and no other");
}

async fn a_seat_that_nobody_takes_is_free_again(bench: Bench) {
    bench.list(ID, 4001, 2).await;
    assert!(bench.reserve(ID, 1, Duration::from_secs(20), 0).await && bench.reserve(ID, 2, 2 * SOON, 0).await);
    bench.pass(Duration::from_secs(15));
    assert!(!bench.reserve(ID, 3, SOON, 0).await);
    bench.pass(Duration::from_secs(5));
    assert_eq!(bench.find(ID).await.unwrap().seats, [seat(2)], "this one is kept for longer");
    assert!(bench.reserve(ID, 3, SOON, 0).await);
    assert!(!bench.reserve(ID, 4, SOON, 0).await, "one was free");
}

async fn a_rush_gets_as_many_seats_as_there_are(bench: Bench) {
    bench.list(ID, 4001, 100).await;
    let asks = (1..=500).map(|ticket| {
        let registry = bench.registry.clone();
        tokio::spawn(async move { registry.reserve(&server(ID), seat(ticket), SOON, 0).await.unwrap() })
    });
    let asks: Vec<_> = asks.collect();
    let mut seated = 0;
    for ask in asks {
        seated += u32::from(ask.await.unwrap());
    }
    assert_eq!(seated, 100);
}

async fn changes_of_many_are_all_kept(bench: Bench) {
    bench.list(ID, 4001, 100).await;
    let changes = (0..8).map(|_| {
        let registry = bench.registry.clone();
        tokio::spawn(async move {
            let rule = &mut |existing: Option<MapServer>| {
                let server = existing.unwrap();
                let current_players = server.current_players + 1;
                Ok(Change::Renew(MapServer { current_players, ..server }))
            };
            registry.change(&server(ID), rule).await.unwrap();
        })
    });
    for change in changes.collect::<Vec<_>>() {
        change.await.unwrap();
    }
    assert_eq!(bench.find(ID).await.unwrap().current_players, 8);
}

on_backends! {
    in_process: async { Some(super::Bench::in_process()) },
    over_redis: super::Bench::redis() => [
        an_entry_ends_unless_it_is_renewed,
        two_ids_of_one_name_are_not_listed_together,
        what_is_known_of_a_process_stays_its_own,
        a_link_is_of_the_replica_that_holds_it,
        seats_and_players_fill_a_server,
        a_channel_that_can_not_keep_up_gets_nobody_more,
        a_seat_that_nobody_takes_is_free_again,
        a_rush_gets_as_many_seats_as_there_are,
        changes_of_many_are_all_kept,
    ]
}

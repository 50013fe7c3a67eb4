//! Tests of two whole sidecars on one database and one Redis: a player at one, its map server at the other.

use std::time::Duration;

use realmgate_platform::testing::{a_moment, soon};
use realmgate_protocol::ids::{ChannelId, MapId, RequestId};
use realmgate_protocol::link::{ChannelLoad, FromMap, LeaveReason, SocialCommand, SocialEvent, ToMap};
use serde_json::json;
use tokio::task::JoinSet;

use super::social::{command, heard, names, party};
use crate::app::StartError;
use crate::config::SidecarConfig;
use crate::lock::{AccountOwner, CharacterOwner};
use crate::service::world::NotAllowed;
use crate::service::world::testing::{Client, FakeMap, Pair, Player, Services, TestWorld, read_grant, save, soft_at};

async fn connected_to(world: &TestWorld, player: &Player) -> AccountOwner {
    world.state().store.account_locks.account_lock(player.account).await.unwrap().unwrap().owner
}

#[tokio::test]
async fn a_player_of_one_enters_a_map_of_the_other() {
    let Some(pair) = Pair::start().await else { return };
    let mut map = pair.b.map_server("map-1", &[1]).await;
    let (player, _client) = pair.a.in_world("Ann", &mut map).await;
    assert_eq!(pair.a.lock(player.character).await.owner, CharacterOwner::Map("map-1".parse().unwrap()));
    let listed = pair.a.state().registry.find(&"map-1".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((listed.replica(), listed.seats.len()), (Some("b"), 0), "its seat was given up where it arrived");
    let entry = pair.b.state().sessions.get(&player.account.to_string()).await.unwrap().unwrap();
    assert_eq!((entry.gateway_id, entry.log_in), ("a".to_owned(), Some(player.log_in)));
}

#[tokio::test]
async fn a_newer_log_in_at_the_other_takes_over() {
    let Some(pair) = Pair::start().await else { return };
    let mut map = pair.a.map_server("map-1", &[1]).await;
    let (player, mut older) = pair.a.in_world("Ann", &mut map).await;
    assert_eq!(connected_to(&pair.b, &player).await, AccountOwner::Gateway("a".to_owned()));
    let before = pair.a.lock(player.character).await.epoch;

    let (log_in, token) = pair.b.log_in(player.account).await;
    let gateway = pair.b.state().addrs.gateway;
    let newer = Player { log_in, token, gateway, ..player };
    let mut client = newer.connect().await;
    assert_eq!(older.closed().await, (4001, "Replaced".to_owned()));
    assert_eq!(connected_to(&pair.a, &newer).await, AccountOwner::Gateway("b".to_owned()));

    client.enter(newer.character).await;
    assert_eq!(map.kick().await, (newer.character, before, LeaveReason::Replaced), "over the bus");
    map.say(FromMap::Lingers { character: newer.character, epoch: before, ms: 9_000 }).await;
    assert_eq!(client.expect("leaving").await["seconds"], 9, "it fights, and that is news for the other sidecar");
    map.release(save(newer.character, before, 1, soft_at(1, 5_120)), LeaveReason::Replaced).await;
    let (request, load, epoch) = map.prepare().await;
    assert!(epoch > before, "the news of the departure woke the other sidecar");
    assert_eq!(load.soft.unwrap().x, 5_120);
    map.say(FromMap::Prepared { request, refusal: None, spawn: None }).await;
    client.expect("enter_world_success").await;
}

#[tokio::test]
async fn a_log_out_at_the_other_ends_it_here() {
    let Some(pair) = Pair::start().await else { return };
    let mut map = pair.a.map_server("map-1", &[1]).await;
    let (player, mut client) = pair.a.in_world("Ann", &mut map).await;
    let (state, account, log_in) = (pair.b.state().clone(), player.account, player.log_in);
    let logging_out = tokio::spawn(async move { state.world.exits.log_out(account, log_in).await });
    let (character, epoch, reason) = map.kick().await;
    assert_eq!(reason, LeaveReason::Logout);
    map.release(save(character, epoch, 1, soft_at(1, 0)), reason).await;
    soon("the log-out", logging_out).await.unwrap().unwrap();
    assert_eq!(client.closed().await, (1000, "Logged out".to_owned()));
    assert_eq!(pair.b.lock(character).await.owner, CharacterOwner::None);
    assert_eq!(connected_to(&pair.a, &player).await, AccountOwner::None);
}

#[tokio::test]
async fn a_map_server_moves_to_the_other_and_keeps_its_players() {
    let Some(pair) = Pair::start().await else { return };
    let mut map = pair.a.map_server("map-1", &[1]).await;
    let (player, mut client) = pair.a.in_world("Ann", &mut map).await;
    let before = pair.a.lock(player.character).await;
    map.close().await;
    let mut map = pair.b.link("map-1", &[1]).await;
    assert_eq!(pair.a.lock(player.character).await, before, "as if nothing had happened");
    let listed = pair.a.state().registry.find(&"map-1".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(listed.replica(), Some("b"));

    client.send("leave_world", json!({})).await;
    let (character, epoch, reason) = map.kick().await;
    map.release(save(character, epoch, 1, soft_at(1, 0)), reason).await;
    client.expect("leave_world_success").await;
}

#[tokio::test]
async fn a_link_that_answers_elsewhere_is_not_replaced() {
    let Some(pair) = Pair::start().await else { return };
    let mut older = pair.a.map_server("map-1", &[1]).await;
    let reading = tokio::spawn(async move { older.next_or_end().await });
    let mut newer = FakeMap::open(pair.b.state()).await;
    newer.hello("map-1", &[1], &pair.b.cookie("map-1").unwrap(), false).await;
    let Some(ToMap::Refused { code, .. }) = newer.next_or_end().await else { panic!("it was let in") };
    assert_eq!(code, "STILL_LINKED");
    assert!(pair.a.state().links.get(&"map-1".parse().unwrap()).is_some());
    assert!(!reading.is_finished(), "it is still open");
    reading.abort();
}

#[tokio::test]
async fn a_link_that_is_silent_elsewhere_is_replaced() {
    let Some(pair) = Pair::start().await else { return };
    // It answers no pings, since the test does not read them.
    let mut older = pair.a.map_server("map-1", &[1]).await;
    let (player, _client) = pair.a.in_world("Ann", &mut older).await;
    let before = pair.a.lock(player.character).await;
    let mut newer = pair.b.link("map-1", &[1]).await;
    assert_eq!(older.next_or_end().await, None, "the older link was closed");
    newer.sync().await;
    assert_eq!(pair.b.lock(player.character).await, before);
}

#[tokio::test]
async fn a_portal_leads_to_a_map_of_the_other() {
    let Some(pair) = Pair::start().await else { return };
    let mut from = pair.a.map_server("map-1", &[1]).await;
    let (player, _client) = pair.b.in_world("Ann", &mut from).await;
    let mut to = pair.b.map_server("map-2", &[2]).await;
    let before = pair.a.lock(player.character).await.epoch;
    let save = save(player.character, before, 1, soft_at(2, 7_168));
    from.say(FromMap::Travel { request: RequestId(77), save, channel: None }).await;
    let (character, epoch) = to.admit().await;
    let granted = from.wait(|message| match message {
        ToMap::TravelGranted { character, grant, .. } => Some((*character, read_grant(grant).server_id)),
        _ => None,
    });
    assert_eq!(granted.await, (character, "map-2".to_owned()));
    assert!(pair.a.lock(character).await.admits(&"map-2".parse().unwrap(), epoch));
}

#[tokio::test]
async fn a_map_of_the_other_that_does_not_let_go_is_fenced() {
    let hasty = |config: &mut SidecarConfig| config.timers.handover_wait = Duration::from_millis(100);
    let Some(pair) = Pair::start_with(hasty).await else { return };
    let mut map = pair.b.map_server("map-1", &[1]).await;
    let (player, mut client) = pair.a.in_world("Ann", &mut map).await;
    let before = pair.a.lock(player.character).await.epoch;
    client.send("leave_world", json!({})).await;
    assert_eq!(map.kick().await, (player.character, before, LeaveReason::Logout));
    client.expect("leave_world_success").await;
    assert_eq!(map.fenced().await, (player.character, before), "it is told that it was too slow");
    map.say(FromMap::Save { saves: vec![save(player.character, before, 9, soft_at(1, 1))] }).await;
    assert_eq!(map.fenced().await, (player.character, before));
    assert_eq!(pair.a.lock(player.character).await.owner, CharacterOwner::None);
}

#[tokio::test]
async fn of_many_sockets_of_one_account_at_most_one_is_left_and_holds_the_lock() {
    let Some(pair) = Pair::start().await else { return };
    let player = pair.a.player("Ann").await;
    let mut sockets = JoinSet::new();
    for world in [&pair.a, &pair.a, &pair.b, &pair.b, &pair.a, &pair.b] {
        let (_, token) = world.log_in(player.account).await;
        let url = format!("ws://{}/ws?token={token}", world.state().addrs.gateway);
        sockets.spawn(async move { Client::open(&url, &[]).await.read_to_the_end().await });
    }
    let settled = async {
        while sockets.len() > 1 {
            sockets.join_next().await.unwrap().unwrap();
        }
        while !is_settled(&pair, &player).await {
            a_moment().await;
        }
    };
    soon("one socket", settled).await;
}

#[tokio::test]
async fn a_gateway_that_can_not_be_reached_is_fenced_and_closes_its_socket_later() {
    let Some(pair) = Pair::start().await else { return };
    let player = pair.a.player("Ann").await;
    let mut older = player.connect().await;
    let (log_in, token) = pair.b.log_in(player.account).await;
    pair.services.redis.let_in(false);
    let newer = Player { log_in, token, gateway: pair.b.state().addrs.gateway, ..player };
    let _newer = newer.connect().await;
    assert_eq!(connected_to(&pair.a, &newer).await, AccountOwner::Gateway("b".to_owned()));
    pair.b.state().world.accounts.close_the_ousted().await.unwrap();
    pair.a.state().world.accounts.close_the_ousted().await.unwrap();
    assert_eq!(older.closed().await, (4001, "Replaced".to_owned()));
    assert_eq!(connected_to(&pair.a, &newer).await, AccountOwner::Gateway("b".to_owned()));
    assert!(pair.b.state().sockets.has(newer.account));
}

/// Whether the account's lock belongs to its one socket, or to no gateway if there is no socket.
async fn is_settled(pair: &Pair, player: &Player) -> bool {
    let lock = pair.a.state().store.account_locks.account_lock(player.account).await.unwrap().unwrap();
    let hold = |world: &TestWorld| world.state().sockets.log_in_of(player.account);
    match (hold(&pair.a), hold(&pair.b)) {
        (None, None) => !matches!(lock.owner, AccountOwner::Gateway(_)),
        (Some(log_in), None) => (lock.owner, lock.session) == (AccountOwner::Gateway("a".to_owned()), Some(log_in)),
        (None, Some(log_in)) => (lock.owner, lock.session) == (AccountOwner::Gateway("b".to_owned()), Some(log_in)),
        (Some(_), Some(_)) => false,
    }
}

/// Ann at `a` on a map server of `a`, Bob at `b` on one of `b`.
async fn two_players(pair: &Pair) -> (FakeMap, Player, FakeMap, Player) {
    let mut first = pair.a.map_server("map-1", &[1]).await;
    let (ann, _) = pair.a.in_world("Ann", &mut first).await;
    first.close().await;
    let mut second = pair.b.map_server("map-2", &[1]).await;
    let (bob, _) = pair.b.in_world("Bob", &mut second).await;
    (pair.a.link("map-1", &[1]).await, ann, second, bob)
}

async fn says(map: &mut FakeMap, speaker: &Player, text: &str) {
    command(map, speaker.character, SocialCommand::PartyChat { text: text.to_owned() }).await;
}

#[tokio::test]
async fn whispers_and_parties_span_sidecars() {
    let Some(pair) = Pair::start().await else { return };
    let (mut first, ann, mut second, bob) = two_players(&pair).await;
    let whisper = SocialCommand::Whisper { to: "bOB".to_owned(), text: "hi".to_owned() };
    command(&mut first, ann.character, whisper).await;
    let expected = SocialEvent::Whisper { from: "Ann".to_owned(), text: "hi".to_owned() };
    assert_eq!(heard(&mut second, bob.character).await, expected);
    let sent = SocialEvent::WhisperSent { to: "Bob".to_owned(), text: "hi".to_owned() };
    assert_eq!(heard(&mut first, ann.character).await, sent);

    party(&mut first, &ann, &mut second, &bob).await;
    says(&mut second, &bob, "onward").await;
    let said = SocialEvent::PartyChat { from: "Bob".to_owned(), text: "onward".to_owned() };
    assert_eq!(heard(&mut first, ann.character).await, said);
    let epoch = pair.a.lock(bob.character).await.epoch;
    second.release(save(bob.character, epoch, 1, soft_at(1, 0)), LeaveReason::ConnectionLost).await;
    assert_eq!(names(&heard(&mut first, ann.character).await), [("Ann", true), ("Bob", false)]);
}

#[tokio::test]
async fn a_redis_that_starts_empty_heals() {
    let Some(pair) = Pair::start().await else { return };
    let (mut first, ann, mut second, bob) = two_players(&pair).await;
    party(&mut first, &ann, &mut second, &bob).await;
    let user = bob.account.to_string();
    let before = pair.a.state().sessions.get(&user).await.unwrap();
    pair.services.redis.flush();
    assert_eq!(pair.a.state().registry.servers().await.unwrap(), [], "everything is lost");

    for (map, world) in [(&mut first, &pair.a), (&mut second, &pair.b)] {
        let load = ChannelLoad { map: MapId(1), channel: ChannelId(1), players: 1, is_full: false };
        map.say(FromMap::Load { channels: vec![load] }).await;
        map.sync().await;
        // Each sidecar does this every few seconds.
        world.state().world.entries.renew().await.unwrap();
        world.state().parties.tidy().await.unwrap();
    }
    let listed = pair.b.state().registry.servers().await.unwrap();
    let listed: Vec<_> = listed.iter().map(|server| (server.id.as_str(), server.replica())).collect();
    assert_eq!(listed, [("map-1", Some("a")), ("map-2", Some("b"))]);
    let entry = pair.a.state().sessions.get(&user).await.unwrap();
    assert_eq!(entry, before, "though his socket is closed, his map server knows");
    assert_eq!(entry.unwrap().gateway_id, "b");
    says(&mut first, &ann, "still there?").await;
    let said = SocialEvent::PartyChat { from: "Ann".to_owned(), text: "still there?".to_owned() };
    assert_eq!(heard(&mut second, bob.character).await, said);
}

#[tokio::test]
async fn a_sidecar_without_the_redis_of_the_others_is_refused() {
    let Some(services) = Services::find().await else { return };
    let shared = services.sidecar("a", |_| {}).await.unwrap();
    let Err(refused) = services.sidecar("b", |config| config.redis = None).await else { panic!("it runs") };
    assert!(matches!(&refused, StartError::NotAllowed(NotAllowed::NotShared(id)) if id == "a"), "{refused}");
    assert_eq!(refused.exit_code(), 2);
    shared.shutdown().await;
    let alone = services.sidecar("b", |config| config.redis = None).await.unwrap();
    let Err(refused) = services.sidecar("a", |_| {}).await else { panic!("it runs") };
    assert!(matches!(&refused, StartError::NotAllowed(NotAllowed::NotShared(id)) if id == "b"), "{refused}");
    alone.shutdown().await;
    services.sidecar("a", |_| {}).await.unwrap();
}

//! Tests of travelling from one map server to another, and back when that fails.

use realmgate_platform::testing::{a_moment, soon};
use realmgate_protocol::entry::{EntryGrant, SpawnPosition};
use realmgate_protocol::ids::{ChannelId, CharacterId, LockEpoch, MapId, RequestId};
use realmgate_protocol::link::{FromMap, PrepareRefusal, ToMap};
use realmgate_protocol::movement::tiles;

use crate::directory::{SessionCharacter, SessionEntry};
use crate::lock::CharacterOwner;
use crate::service::world::testing::{FakeMap, SPAWN, TestWorld, read_grant, save, soft_at};

async fn ask(map: &mut FakeMap, character: CharacterId, epoch: LockEpoch, to: u16, channel: Option<u16>) {
    let save = save(character, epoch, 1, soft_at(to, 7_168));
    map.say(FromMap::Travel { request: RequestId(77), save, channel: channel.map(ChannelId) }).await;
}

async fn granted(map: &mut FakeMap) -> (RequestId, CharacterId, EntryGrant) {
    map.wait(|message| match message {
        ToMap::TravelGranted { request, character, grant } => Some((*request, *character, read_grant(grant))),
        _ => None,
    })
    .await
}

async fn refused(map: &mut FakeMap) -> (LockEpoch, String) {
    map.wait(|message| match message {
        ToMap::TravelRefused { request: RequestId(77), epoch, code, .. } => Some((*epoch, code.clone())),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_portal_leads_to_another_map_server() {
    let world = TestWorld::start().await;
    let (mut from, mut to) = (world.map_server("map-1", &[1]).await, world.map_server("map-2", &[2]).await);
    let (player, client) = world.in_world("Ann", &mut from).await;
    client.close().await;
    let before = world.lock(player.character).await.epoch;
    ask(&mut from, player.character, before, 2, None).await;
    let (character, epoch) = to.admit().await;
    assert!(epoch > before);
    assert_eq!(to.announced.take().unwrap().0.soft, Some(soft_at(2, 7_168)), "it arrives where the portal leads");
    let (request, traveller, grant) = granted(&mut from).await;
    assert_eq!((request, traveller), (RequestId(77), character));
    assert_eq!((grant.server_id.as_str(), grant.map_id, grant.character_id), ("map-2", 2, Some(character.to_string())));
    assert_eq!(grant.spawn_pos, Some(SpawnPosition { x: tiles(SPAWN.x), y: tiles(SPAWN.y) }));
    assert_eq!(world.lock(character).await.owner, CharacterOwner::Map("map-2".parse().unwrap()));

    from.say(FromMap::Save { saves: vec![save(character, before, 2, soft_at(1, 0))] }).await;
    assert_eq!(from.fenced().await, (character, before), "the old map server writes no more");
}

#[tokio::test]
async fn another_channel_of_the_same_server_is_a_journey_like_any_other() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    let before = world.lock(player.character).await.epoch;
    ask(&mut map, player.character, before, 1, Some(2)).await;
    let (_, epoch) = map.admit().await;
    assert!(epoch > before, "the channel that it leaves writes no more");
    let (_, _, grant) = granted(&mut map).await;
    assert_eq!((grant.server_id.as_str(), grant.channel), ("map-1", 2));
    assert!(world.lock(player.character).await.admits(&"map-1".parse().unwrap(), epoch));
}

#[tokio::test]
async fn a_journey_that_fails_gives_the_character_back() {
    let world = TestWorld::start().await;
    let (mut from, mut to) = (world.map_server("map-1", &[1]).await, world.map_server("map-2", &[2]).await);
    let (player, _client) = world.in_world("Ann", &mut from).await;
    let mut epoch = world.lock(player.character).await.epoch;

    ask(&mut from, player.character, epoch, 3, None).await;
    let (back, code) = refused(&mut from).await;
    assert_eq!(code, "MAP_NOT_FOUND");
    assert!(back > epoch);
    epoch = back;

    ask(&mut from, player.character, epoch, 2, None).await;
    let (character, tried) = to.answer(Some(PrepareRefusal::Full)).await;
    let (back, code) = refused(&mut from).await;
    assert_eq!(code, "MAP_FULL");
    assert!(back > tried, "the target never heard of the epoch that the old server goes on under");
    assert!(world.lock(character).await.admits(&"map-1".parse().unwrap(), back));
    from.say(FromMap::Save { saves: vec![save(character, back, 1, soft_at(1, 512))] }).await;
    from.sync().await;
    assert_eq!(world.state().store.locks.load(character).await.unwrap().unwrap().soft, Some(soft_at(1, 512)));
}

#[tokio::test]
async fn the_session_entry_goes_along() {
    let world = TestWorld::start().await;
    let (mut from, mut to) = (world.map_server("map-1", &[1]).await, world.map_server("map-2", &[2]).await);
    let (player, _client) = world.in_world("Ann", &mut from).await;
    let user = player.account.to_string();
    let seen = async || world.state().sessions.get(&user).await.unwrap().unwrap();
    let before = seen().await;
    ask(&mut from, player.character, world.lock(player.character).await.epoch, 2, None).await;
    to.admit().await;
    granted(&mut from).await;
    let (map_server, map_id, at) = ("map-2".parse().unwrap(), MapId(2), Some(SPAWN));
    let there = SessionCharacter { map_server, map_id, at, ..before.character.clone().unwrap() };
    let wanted = SessionEntry { character: Some(there), ..before };
    soon("the place in the entry, of which all else is as before", async {
        while seen().await != wanted {
            a_moment().await;
        }
    })
    .await;
}

#[tokio::test]
async fn travelling_to_and_fro_without_end_is_refused_and_the_character_stays() {
    let world = TestWorld::start_with(|config| config.limits.journeys_per_min = 6).await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    for channel in [2, 1, 2, 1, 2, 1] {
        let epoch = world.lock(player.character).await.epoch;
        ask(&mut map, player.character, epoch, 1, Some(channel)).await;
        let (_, epoch) = map.admit().await;
        granted(&mut map).await;
        map.entered(player.character, epoch).await;
        map.sync().await;
    }
    let epoch = world.lock(player.character).await.epoch;
    ask(&mut map, player.character, epoch, 1, Some(2)).await;
    let (back, code) = refused(&mut map).await;
    assert_eq!(code, "RATE_LIMITED");
    assert!(world.lock(player.character).await.admits(&"map-1".parse().unwrap(), back), "it stays where it is");
    world.clock.advance(std::time::Duration::from_secs(10));
    ask(&mut map, player.character, back, 1, Some(2)).await;
    map.admit().await;
    granted(&mut map).await;
}

#[tokio::test]
async fn a_log_in_during_a_journey_wins() {
    let world = TestWorld::start().await;
    let (mut from, mut to) = (world.map_server("map-1", &[1]).await, world.map_server("map-2", &[2]).await);
    let (player, mut client) = world.in_world("Ann", &mut from).await;
    let before = world.lock(player.character).await.epoch;
    ask(&mut from, player.character, before, 2, None).await;
    let (journey, _, journey_epoch) = to.prepare().await;
    // The save of the journey says map 2, so the log-in goes there as well.
    client.enter(player.character).await;
    let (entry, _, entry_epoch) = to.prepare().await;
    assert!(entry_epoch > journey_epoch);
    to.say(FromMap::Prepared { request: journey, refusal: None, spawn: None }).await;
    to.say(FromMap::Prepared { request: entry, refusal: None, spawn: None }).await;
    client.expect("enter_world_success").await;
    assert_eq!(from.fenced().await, (player.character, before), "the journey came to nothing");
    let called_off = to.wait(|message| match message {
        ToMap::Cancel { character, epoch } => Some((*character, *epoch)),
        _ => None,
    });
    assert_eq!(called_off.await, (player.character, journey_epoch), "nobody is expected by it any more");
    assert!(world.lock(player.character).await.admits(&"map-2".parse().unwrap(), entry_epoch));
}

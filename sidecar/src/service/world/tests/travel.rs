//! From one map server to another, and back when that fails.

use realmgate_protocol::ids::{ChannelId, CharacterId, LockEpoch, RequestId};
use realmgate_protocol::link::{FromMap, PrepareRefusal, ToMap, TravelGrant};

use crate::lock::LockOwner;
use crate::service::world::testing::{FakeMap, TestWorld, save, soft_at};

async fn ask(map: &mut FakeMap, character: CharacterId, epoch: LockEpoch, to: u16, channel: Option<u16>) {
    let save = save(character, epoch, 1, soft_at(to, 7_168));
    map.say(FromMap::Travel { request: RequestId(77), save, channel: channel.map(ChannelId) }).await;
}

async fn granted(map: &mut FakeMap) -> (RequestId, CharacterId, TravelGrant) {
    map.wait(|message| match message {
        ToMap::TravelGranted { request, character, grant } => Some((*request, *character, grant.clone())),
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
    assert_eq!((grant.server.as_str(), grant.map.0, grant.spawn_x), ("map-2", 2, 7_168));
    assert_eq!(world.lock(character).await.owner, LockOwner::Map("map-2".parse().unwrap()));

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
    let (_, _, grant) = granted(&mut map).await;
    assert_eq!((grant.server.as_str(), grant.channel), ("map-1", ChannelId(2)));
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
    to.say(FromMap::Prepared { request: journey, refusal: None }).await;
    to.say(FromMap::Prepared { request: entry, refusal: None }).await;
    client.expect("enter_world_success").await;
    assert_eq!(from.fenced().await, (player.character, before), "the journey came to nothing");
    assert!(world.lock(player.character).await.admits(&"map-2".parse().unwrap(), entry_epoch));
}

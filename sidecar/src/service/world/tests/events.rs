//! Tests of changes to what players own, over the link.

use realmgate_protocol::ids::{BatchId, CharacterId, EventKey, ItemId, LockEpoch};
use realmgate_protocol::link::{
    Change, EventRefusal, Fence, FromMap, GoldAccount, ItemRecord, OwnedEvent, Owner, ToMap,
};
use uuid::Uuid;

use crate::service::world::testing::TestWorld;

fn event(fences: Vec<Fence>, changes: Vec<Change>) -> OwnedEvent {
    OwnedEvent { key: EventKey::from(Uuid::now_v7()), reason: "test".to_owned(), fences, changes }
}

fn loot(character: CharacterId, epoch: LockEpoch, slot: u16, gold: u64) -> OwnedEvent {
    let to = Owner::Character { character, slot };
    let item = ItemId::from(Uuid::now_v7());
    event(
        vec![Fence { character, epoch }],
        vec![
            Change::ItemCreated { item, definition: "rusty_sword".to_owned(), to },
            Change::GoldMoved { from: GoldAccount::World, to: GoldAccount::Character { character }, amount: gold },
            Change::ExperienceGained { character, amount: 25, level: 2 },
        ],
    )
}

#[tokio::test]
async fn a_refused_event_does_not_hold_up_the_others() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    let (character, epoch) = (player.character, world.lock(player.character).await.epoch);
    let batch = vec![
        loot(character, epoch, 1, 10),
        loot(character, epoch, 1, 10),
        loot(character, LockEpoch(epoch.0 + 1), 2, 10),
        loot(character, epoch, 2, 5),
    ];
    let outcomes = map.commit(batch.clone()).await;
    let refusals: Vec<_> = outcomes.iter().map(|outcome| outcome.refusal).collect();
    assert_eq!(refusals, [None, Some(EventRefusal::SlotTaken), Some(EventRefusal::Fenced), None]);
    assert_eq!(map.fenced().await, (character, LockEpoch(epoch.0 + 1)));
    let load = world.state().store.locks.load(character).await.unwrap().unwrap();
    assert_eq!((load.items.len(), load.gold, load.experience, load.level), (2, 15, 50, 2));

    let again = map.commit(vec![batch[0].clone(), batch[3].clone()]).await;
    assert!(again.iter().all(|outcome| outcome.refusal.is_none()), "a known key is answered as done");
    let load = world.state().store.locks.load(character).await.unwrap().unwrap();
    assert_eq!((load.items.len(), load.gold), (2, 15), "and not done again");
    assert!(world.state().store.ledger.audit().await.unwrap().is_clean());
}

#[tokio::test]
async fn what_was_committed_is_loaded_at_the_next_entry() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let epoch = world.lock(player.character).await.epoch;
    let looted = loot(player.character, epoch, 3, 7);
    let Change::ItemCreated { item, .. } = looted.changes[0] else { unreachable!("{looted:?}") };
    map.commit(vec![looted]).await;
    client.enter(player.character).await;
    let (character, epoch, reason) = map.kick().await;
    map.say(FromMap::Dropped { character, epoch, reason }).await;
    let (_, load, _) = map.prepare().await;
    assert_eq!((load.gold, load.experience, load.level), (7, 25, 2));
    assert_eq!(load.items, [ItemRecord { item, definition: "rusty_sword".to_owned(), slot: 3 }]);
}

#[tokio::test]
async fn what_can_not_be_stored_is_not_answered() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    let epoch = world.lock(player.character).await.epoch;
    world.state().store.close().await;
    let events = vec![loot(player.character, epoch, 1, 10)];
    map.say(FromMap::Events { batch: BatchId(99), events }).await;
    let answer = map.next_or_end().await;
    assert!(matches!(answer, Some(ToMap::Refused { .. })), "told what is not durable: {answer:?}");
    assert_eq!(map.next_or_end().await, None, "the link ends, and the batch comes again over the next one");
}

//! What worlds commit is counted on boards: each event once, however often it is told.

use realmgate_protocol::ids::{CharacterId, EventKey, LockEpoch};
use realmgate_protocol::link::{Change, Fence, GoldAccount, OwnedEvent};
use uuid::Uuid;

use crate::service::world::testing::TestWorld;

fn event(reason: &str, fenced: (CharacterId, LockEpoch), changes: Vec<Change>) -> OwnedEvent {
    let (character, epoch) = fenced;
    let fences = vec![Fence { character, epoch }];
    OwnedEvent { key: EventKey::from(Uuid::now_v7()), reason: reason.to_owned(), fences, changes }
}

/// The scores of a board, best first, once what was told is counted.
async fn scores(world: &TestWorld, slug: &str) -> Vec<i64> {
    let boards = world.state().community.leaderboards();
    boards.run_due().await.unwrap();
    let board = boards.look_up(slug).await.unwrap().expect("it is declared");
    boards.page(&board, 1, 10).await.unwrap().rows.iter().map(|row| row.score).collect()
}

#[tokio::test]
async fn an_event_counts_once_however_often_it_is_told() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (ann, _anns) = world.in_world("Ann", &mut map).await;
    let (bob, _bobs) = world.in_world("Bob", &mut map).await;
    let [ann, bob] = [ann.character, bob.character];
    let (anns, bobs) = ((ann, world.lock(ann).await.epoch), (bob, world.lock(bob).await.epoch));
    let gained = |character, level| Change::ExperienceGained { character, amount: 10, level };
    let purse = |character| GoldAccount::Character { character };
    let batch = vec![
        event("kill", anns, vec![gained(ann, 2)]),
        event("kill", anns, vec![gained(ann, 3)]),
        // Who has reached the highest level kills without gaining.
        event("kill", bobs, Vec::new()),
        event("kill", (bob, LockEpoch(bobs.1.0 + 1)), vec![gained(bob, 9)]),
        event("quest", bobs, vec![gained(bob, 2)]),
        event("loot", anns, vec![Change::GoldMoved { from: GoldAccount::World, to: purse(ann), amount: 50 }]),
        event("buy", anns, vec![Change::GoldMoved { from: purse(ann), to: GoldAccount::World, amount: 20 }]),
    ];
    let refused: Vec<bool> = map.commit(batch.clone()).await.iter().map(|outcome| outcome.refusal.is_some()).collect();
    assert_eq!(refused, [false, false, false, true, false, false, false]);
    // Told again before it was counted, and after.
    map.commit(batch.clone()).await;
    for _ in 0..2 {
        assert_eq!(scores(&world, "kills").await, [2, 1]);
        assert_eq!(scores(&world, "level").await, [3, 2]);
        assert_eq!(scores(&world, "gold").await, [30], "what was there in the end");
        map.commit(batch.clone()).await;
    }
    map.commit(vec![event("kill", bobs, vec![gained(bob, 3)])]).await;
    assert_eq!(scores(&world, "kills").await, [2, 2]);
    let give = vec![Change::GoldMoved { from: purse(ann), to: purse(bob), amount: 10 }];
    let fences = [anns, bobs].map(|(character, epoch)| Fence { character, epoch }).to_vec();
    let trade = OwnedEvent { fences, ..event("trade", anns, give) };
    map.commit(vec![trade]).await;
    assert_eq!(scores(&world, "gold").await, [30, 10], "the best that there was stays");
}

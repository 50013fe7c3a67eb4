//! Locks and saves on real databases.

mod accounts;
mod entering;
mod expiry;
mod servers;

use realmgate_protocol::ids::{AccountId, CharacterId, LockEpoch, MapId, SaveSequence, ServerId};
use realmgate_protocol::link::{Fence, Save, SoftState};

use super::SaveOutcome;
use crate::lock::{CharacterLock, CharacterOwner, CookieHash, LockStep, Timers};
use crate::store::Store;
use crate::store::accounts::NewAccount;
use crate::store::characters::NewCharacter;
use crate::store::testing::{TestStore, on_both};

on_both!(
    a_lock_changes_hands_once,
    saves_are_written_in_order_under_the_lock,
    a_last_save_and_the_release_are_one,
    sequences_begin_anew_under_every_epoch,
    all_locks_of_an_owner_are_fenced_at_once,
);

const WHO: CharacterId = CharacterId([1; 16]);
const ACCOUNT: AccountId = AccountId([9; 16]);

/// Ann's character, whose lock is free.
async fn make_ann(store: &Store) {
    let account = NewAccount { id: ACCOUNT, folded: "ann", username: "Ann", password_hash: "", at_ms: 0 };
    assert!(store.accounts.create_with_password(account).await.unwrap());
    let new = NewCharacter {
        id: WHO,
        account: ACCOUNT,
        session: uuid::Uuid::nil(),
        name: "Ann",
        folded: "ann",
        key: "ann",
        class_id: "mage",
        at_ms: 0,
    };
    store.characters.create(new, 8).await.unwrap();
}

fn server() -> ServerId {
    "map-1".parse().unwrap()
}

fn held(epoch: u64) -> CharacterLock {
    CharacterLock { owner: CharacterOwner::Map(server()), epoch: LockEpoch(epoch), deadline_ms: None }
}

fn save(epoch: u64, sequence: u64, x: i32) -> Save {
    let soft =
        SoftState { map: MapId(2), x, y: 7, health: 1, resource: 2, cooldowns: Vec::new(), ..SoftState::default() };
    Save { character: WHO, epoch: LockEpoch(epoch), sequence: SaveSequence(sequence), soft }
}

async fn lock_and_x(store: &Store) -> (CharacterLock, i32) {
    let found = store.locks.find(WHO).await.unwrap().unwrap();
    (found.lock, found.x)
}

async fn a_lock_changes_hands_once(store: TestStore) {
    make_ann(&store).await;
    assert!(store.locks.change(WHO, &CharacterLock::FREE, &held(1), 5).await.unwrap());
    assert!(!store.locks.change(WHO, &CharacterLock::FREE, &held(1), 5).await.unwrap(), "somebody was faster");
    assert_eq!(store.locks.held_by_account(ACCOUNT).await.unwrap().len(), 1);
    assert_eq!(store.locks.held_by(&CharacterOwner::Map(server())).await.unwrap()[0].character, WHO);
    assert_eq!(store.locks.count_by_kind().await.unwrap()["map"], 1);
}

fn cookie() -> CookieHash {
    CookieHash::of("a cookie")
}

async fn saves_are_written_in_order_under_the_lock(store: TestStore) {
    make_ann(&store).await;
    store.locks.change(WHO, &CharacterLock::FREE, &held(3), 0).await.unwrap();
    let saves = [save(3, 1, 10), save(3, 3, 30), save(3, 2, 20), save(2, 9, 90), save(4, 9, 90)];
    let outcomes = store.locks.save(&server(), &cookie(), &saves).await.unwrap();
    use SaveOutcome::{Fenced, Older, Written};
    assert_eq!(outcomes, [Written, Written, Older, Fenced, Fenced]);
    let other = "map-2".parse().unwrap();
    assert_eq!(store.locks.save(&other, &cookie(), &[save(3, 9, 90)]).await.unwrap(), [Fenced]);
    assert_eq!(lock_and_x(&store).await, (held(3), 30));
    let load = store.locks.load(WHO).await.unwrap().unwrap();
    assert_eq!(load.soft, Some(save(3, 3, 30).soft));
}

async fn a_last_save_and_the_release_are_one(store: TestStore) {
    make_ann(&store).await;
    store.locks.change(WHO, &CharacterLock::FREE, &held(1), 0).await.unwrap();
    let release = LockStep::Released { server: server() };
    assert_eq!(
        store.locks.save_and_step(&server(), &save(9, 1, 90), &release, 0, &Timers::default()).await.unwrap(),
        None
    );
    assert_eq!(lock_and_x(&store).await, (held(1), 0), "nothing is written under another epoch");
    let free =
        store.locks.save_and_step(&server(), &save(1, 1, 10), &release, 0, &Timers::default()).await.unwrap().unwrap();
    assert_eq!(lock_and_x(&store).await, (free, 10));
    assert_eq!(
        store.locks.save_and_step(&server(), &save(1, 2, 20), &release, 0, &Timers::default()).await.unwrap(),
        None
    );
    assert_eq!(lock_and_x(&store).await.1, 10, "nothing is written after the release");
}

async fn sequences_begin_anew_under_every_epoch(store: TestStore) {
    make_ann(&store).await;
    assert!(store.locks.change(WHO, &CharacterLock::FREE, &held(1), 0).await.unwrap());
    let saved = async |save| store.locks.save(&server(), &cookie(), &[save]).await.unwrap();
    assert_eq!(saved(save(1, 50, 10)).await, [SaveOutcome::Written]);
    assert_eq!(saved(save(1, 1, 11)).await, [SaveOutcome::Older], "under the same epoch");
    assert!(store.locks.change(WHO, &held(1), &held(2), 0).await.unwrap());
    assert_eq!(saved(save(2, 1, 20)).await, [SaveOutcome::Written]);
    assert_eq!(lock_and_x(&store).await.1, 20);
}

async fn all_locks_of_an_owner_are_fenced_at_once(store: TestStore) {
    make_ann(&store).await;
    store.locks.change(WHO, &CharacterLock::FREE, &held(4), 0).await.unwrap();
    assert_eq!(store.locks.fence_all(&CharacterOwner::Map(server()), 0).await.unwrap(), [(WHO, ACCOUNT)]);
    let free = CharacterLock { owner: CharacterOwner::None, epoch: LockEpoch(5), deadline_ms: None };
    assert_eq!(lock_and_x(&store).await.0, free);
    assert_eq!(store.locks.fence_all(&CharacterOwner::Map(server()), 0).await.unwrap(), []);
}

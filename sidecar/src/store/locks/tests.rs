//! Locks and saves on real databases.

mod accounts;
mod entering;
mod expiry;
mod servers;

use realmgate_protocol::ids::{AccountId, CharacterId, LockEpoch, MapId, SaveSequence, ServerId};
use realmgate_protocol::link::{Fence, Save, SoftState};
use uuid::Uuid;

use super::{LockedCharacter, SaveOutcome};
use crate::lock::{CharacterLock, CharacterOwner, CookieHash, LockStep, Timers};
use crate::store::Store;
use crate::store::accounts::NewAccount;
use crate::store::characters::{Creation, NewCharacter};
use crate::store::testing::{TestStore, on_both};

on_both!(
    a_lock_changes_hands_once,
    saves_are_written_in_order_under_the_lock,
    a_last_save_and_the_release_are_one,
    sequences_begin_anew_under_every_epoch,
    all_locks_of_an_owner_are_fenced_at_once,
    what_was_stored_before_a_field_was_added_is_still_read,
);

const WHO: CharacterId = CharacterId([1; 16]);
const OTHER: CharacterId = CharacterId([2; 16]);
const ACCOUNT: AccountId = AccountId([9; 16]);

/// Ann's character, whose lock is free.
async fn make_ann(store: &Store) {
    let account = NewAccount::plain(ACCOUNT, "ann", "Ann");
    assert!(store.accounts.create_with_password(account).await.unwrap());
    make_character(store, WHO, "Ann").await;
}

/// Another character of Ann's account, whose lock is free.
async fn make_character(store: &Store, id: CharacterId, name: &str) {
    let (session, class_id) = (Uuid::nil(), "mage");
    let new = NewCharacter { id, account: ACCOUNT, session, name, folded: name, key: name, class_id, at_ms: 0 };
    let made = store.characters.create(new, 8).await.unwrap();
    assert!(matches!(made, Creation::Created(_)), "{made:?}");
}

fn server() -> ServerId {
    "map-1".parse().unwrap()
}

fn held(epoch: u64) -> CharacterLock {
    CharacterLock { owner: CharacterOwner::Map(server()), epoch: LockEpoch(epoch), deadline_ms: None }
}

fn free(epoch: u64) -> CharacterLock {
    CharacterLock { epoch: LockEpoch(epoch), ..CharacterLock::FREE }
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

async fn lock_of(store: &Store, character: CharacterId) -> CharacterLock {
    store.locks.find(character).await.unwrap().unwrap().lock
}

/// Gives a character's free lock to another owner.
async fn take(store: &Store, character: CharacterId, to: &CharacterLock) {
    assert!(store.locks.change(character, &CharacterLock::FREE, to, 0).await.unwrap());
}

/// Starts the timer of the one lock that the map server holds.
async fn start_timer(store: &Store, deadline_ms: u64) {
    assert_eq!(store.server_locks.set_character_deadlines(&server(), deadline_ms).await.unwrap(), 1);
}

async fn a_lock_changes_hands_once(store: TestStore) {
    make_ann(&store).await;
    make_character(&store, OTHER, "Bob").await;
    take(&store, WHO, &held(1)).await;
    let late = CharacterLock { owner: CharacterOwner::Map("map-2".parse().unwrap()), ..held(2) };
    // Somebody was faster; it changed hands since; it was not released.
    for stale in [CharacterLock::FREE, held(0), free(1)] {
        assert!(!store.locks.change(WHO, &stale, &late, 5).await.unwrap(), "{stale:?}");
    }
    let (name, lock) = ("Ann".to_owned(), held(1));
    let (map, deletes_at_ms) = (None, None);
    let found = LockedCharacter { character: WHO, account: ACCOUNT, name, map, x: 0, y: 0, deletes_at_ms, lock };
    assert_eq!(store.locks.held_by_account(ACCOUNT).await.unwrap(), std::slice::from_ref(&found));
    assert_eq!(store.locks.held_by(&CharacterOwner::Map(server())).await.unwrap(), [found]);
    assert_eq!(store.locks.held_by(&late.owner).await.unwrap(), []);
    assert_eq!(lock_of(&store, OTHER).await, CharacterLock::FREE, "another character's");
    let counts = store.locks.count_by_kind().await.unwrap();
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("gateway", 0), ("map", 1), ("none", 1)]);
}

fn cookie() -> CookieHash {
    CookieHash::of("a cookie")
}

async fn saves_are_written_in_order_under_the_lock(store: TestStore) {
    make_ann(&store).await;
    take(&store, WHO, &held(3)).await;
    let saves = [save(3, 1, 10), save(3, 3, 30), save(3, 2, 20), save(2, 9, 90), save(4, 9, 90)];
    let outcomes = store.locks.save(&server(), &cookie(), &saves).await.unwrap();
    use SaveOutcome::{Fenced, Older, Written};
    assert_eq!(outcomes, [Written, Written, Older, Fenced, Fenced]);
    let other = "map-2".parse().unwrap();
    assert_eq!(store.locks.save(&other, &cookie(), &[save(3, 9, 90)]).await.unwrap(), [Fenced]);
    let is_now = async |save: Save| {
        let SoftState { map, x, y, .. } = save.soft;
        let (name, map, lock) = ("Ann".to_owned(), Some(map), held(3));
        let there = LockedCharacter { character: WHO, account: ACCOUNT, name, map, x, y, deletes_at_ms: None, lock };
        assert_eq!(store.locks.find(WHO).await.unwrap(), Some(there));
        assert_eq!(store.locks.load(WHO).await.unwrap().unwrap().soft, Some(save.soft));
    };
    is_now(save(3, 3, 30)).await;
    let again = [save(3, 3, 31), save(3, 2, 20)];
    assert_eq!(store.locks.save(&server(), &cookie(), &again).await.unwrap(), [Older, Older]);
    is_now(save(3, 3, 30)).await;
    assert_eq!(store.locks.save(&server(), &cookie(), &[save(3, 4, 40)]).await.unwrap(), [Written]);
    is_now(save(3, 4, 40)).await;
}

async fn a_last_save_and_the_release_are_one(store: TestStore) {
    make_ann(&store).await;
    take(&store, WHO, &held(1)).await;
    let (server, timers) = (server(), Timers::default());
    let release = LockStep::Released { server: server.clone() };
    let released = async |save: Save| store.locks.save_and_step(&server, &save, &release, 0, &timers).await;
    assert_eq!(released(save(9, 1, 90)).await.unwrap(), None);
    assert_eq!(lock_and_x(&store).await, (held(1), 0), "nothing is written under another epoch");
    store.execute("ALTER TABLE characters RENAME COLUMN lock_reclaim TO hidden").await;
    released(save(1, 1, 90)).await.expect_err("its lock cannot be released");
    store.execute("ALTER TABLE characters RENAME COLUMN hidden TO lock_reclaim").await;
    assert_eq!(lock_and_x(&store).await, (held(1), 0), "nothing is saved without the release");
    assert_eq!(released(save(1, 1, 10)).await.unwrap(), Some(free(1)));
    assert_eq!(lock_and_x(&store).await, (free(1), 10));
    assert_eq!(released(save(1, 2, 20)).await.unwrap(), None);
    assert_eq!(lock_and_x(&store).await, (free(1), 10), "nothing is written after the release");
}

async fn sequences_begin_anew_under_every_epoch(store: TestStore) {
    make_ann(&store).await;
    take(&store, WHO, &held(1)).await;
    let saved = async |save| store.locks.save(&server(), &cookie(), &[save]).await.unwrap();
    assert_eq!(saved(save(1, 50, 10)).await, [SaveOutcome::Written]);
    assert!(store.locks.change(WHO, &held(1), &held(1), 0).await.unwrap());
    assert_eq!(saved(save(1, 1, 11)).await, [SaveOutcome::Older], "under the same epoch");
    assert!(store.locks.change(WHO, &held(1), &held(2), 0).await.unwrap());
    assert_eq!(saved(save(2, 1, 20)).await, [SaveOutcome::Written]);
    assert_eq!(lock_and_x(&store).await.1, 20);
}

async fn all_locks_of_an_owner_are_fenced_at_once(store: TestStore) {
    make_ann(&store).await;
    let elsewhere = CharacterId([3; 16]);
    make_character(&store, OTHER, "Bob").await;
    make_character(&store, elsewhere, "Cid").await;
    let another = CharacterLock { owner: CharacterOwner::Map("map-2".parse().unwrap()), ..held(4) };
    for (character, lock) in [(WHO, held(4)), (OTHER, held(7)), (elsewhere, another.clone())] {
        take(&store, character, &lock).await;
    }
    let mut fenced = store.locks.fence_all(&CharacterOwner::Map(server()), 0).await.unwrap();
    fenced.sort();
    assert_eq!(fenced, [(WHO, ACCOUNT), (OTHER, ACCOUNT)]);
    assert_eq!((lock_of(&store, WHO).await, lock_of(&store, OTHER).await), (free(5), free(8)));
    assert_eq!(lock_of(&store, elsewhere).await, another, "another owner's");
    assert_eq!(store.locks.fence_all(&CharacterOwner::Map(server()), 0).await.unwrap(), []);
}

async fn what_was_stored_before_a_field_was_added_is_still_read(store: TestStore) {
    make_ann(&store).await;
    let before = r#"UPDATE characters SET
        soft_state = '{"map":1,"x":2048,"y":1024,"health":50,"resource":10,"cooldowns":[]}'"#;
    store.execute(before).await;
    let soft = SoftState { map: MapId(1), x: 2_048, y: 1_024, health: 50, resource: 10, ..SoftState::default() };
    assert_eq!(store.locks.load(WHO).await.unwrap().unwrap().soft, Some(soft));
}

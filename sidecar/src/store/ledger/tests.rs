//! Batches of events on real databases.

mod races;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use realmgate_protocol::ids::{AccountId, CharacterId, EventKey, ItemId, LockEpoch, ServerId};
use realmgate_protocol::link::{Change, EventRefusal, Fence, GoldAccount, OwnedEvent, Owner};
use uuid::Uuid;

use super::{AuditReport, BatchOutcome, Swept};
use crate::lock::{CharacterLock, CharacterOwner};
use crate::store::accounts::NewAccount;
use crate::store::characters::NewCharacter;
use crate::store::testing::{TestStore, on_both};

on_both!(
    an_item_comes_changes_hands_and_goes,
    what_came_and_went_in_one_event_never_comes_again,
    who_does_not_have_it_can_not_give_it,
    two_items_of_one_event_can_swap_their_slots,
    gold_is_moved_and_never_owed_by_players,
    only_characters_with_a_fence_are_changed,
    a_known_key_is_done_even_under_a_stale_fence,
    a_batch_that_fails_half_way_leaves_nothing,
    the_ground_is_swept_by_the_book,
    scripts_hear_once_of_each_new_level_and_of_each_boss,
    an_audit_finds_what_was_tampered_with,
    the_books_are_right_after_any_events,
);

const EPOCH: LockEpoch = LockEpoch(1);

struct Bench<'a> {
    store: &'a TestStore,
    server: ServerId,
}

fn server() -> ServerId {
    "map-1".parse().unwrap()
}

fn character(number: u8) -> CharacterId {
    CharacterId([number; 16])
}

fn item(number: u8) -> ItemId {
    ItemId([number; 16])
}

fn in_slot(number: u8, slot: u16) -> Owner {
    Owner::Character { character: character(number), slot }
}

fn purse(number: u8) -> GoldAccount {
    GoldAccount::Character { character: character(number) }
}

fn event(changes: Vec<Change>) -> OwnedEvent {
    let fences = (1..=3).map(|number| Fence { character: character(number), epoch: EPOCH }).collect();
    OwnedEvent { key: EventKey::from(Uuid::now_v7()), reason: "test".to_owned(), fences, changes }
}

fn create(number: u8, to: Owner) -> Change {
    Change::ItemCreated { item: item(number), definition: "rusty_sword".to_owned(), to }
}

fn relocate(number: u8, from: Owner, to: Owner) -> Change {
    Change::ItemMoved { item: item(number), from, to }
}

fn gold(from: GoldAccount, to: GoldAccount, amount: u64) -> Change {
    Change::GoldMoved { from, to, amount }
}

fn refusals(batch: &BatchOutcome) -> Vec<Option<EventRefusal>> {
    batch.outcomes.iter().map(|outcome| outcome.refusal).collect()
}

impl<'a> Bench<'a> {
    /// Three characters in the world of `map-1`, under epoch 1.
    async fn new(store: &'a TestStore) -> Self {
        store.empty().await;
        let account = AccountId([9; 16]);
        let new = NewAccount::plain(account, "ann", "Ann");
        assert!(store.accounts.create_with_password(new).await.unwrap());
        let held = CharacterLock { owner: CharacterOwner::Map(server()), epoch: EPOCH, deadline_ms: None };
        for number in 1..=3 {
            let name = format!("Character {number}");
            let id = character(number);
            let new = NewCharacter {
                id,
                account,
                session: Uuid::nil(),
                name: &name,
                folded: &name,
                key: &name,
                class_id: "mage",
                at_ms: 0,
            };
            store.characters.create(new, 8).await.unwrap();
            assert!(store.locks.change(id, &CharacterLock::FREE, &held, 0).await.unwrap());
        }
        Self { store, server: server() }
    }

    async fn commit(&self, events: &[OwnedEvent]) -> Vec<Option<EventRefusal>> {
        let batch = self.store.ledger.commit(&server(), events, 1_000).await.unwrap();
        assert!(batch.outcomes.iter().zip(events).all(|(outcome, event)| outcome.key == event.key));
        refusals(&batch)
    }

    async fn one(&self, changes: Vec<Change>) -> Option<EventRefusal> {
        self.commit(&[event(changes)]).await[0]
    }

    async fn items(&self, number: u8) -> BTreeMap<u16, ItemId> {
        let load = self.store.locks.load(character(number)).await.unwrap().unwrap();
        load.items.into_iter().map(|record| (record.slot, record.item)).collect()
    }

    async fn gold(&self, number: u8) -> u64 {
        self.store.locks.load(character(number)).await.unwrap().unwrap().gold
    }

    async fn audit(&self) -> AuditReport {
        self.store.ledger.audit().await.unwrap()
    }
}

async fn an_item_comes_changes_hands_and_goes(store: TestStore) {
    let bench = Bench::new(&store).await;
    assert_eq!(bench.one(vec![create(1, Owner::Ground)]).await, None);
    assert_eq!(bench.one(vec![relocate(1, Owner::Ground, in_slot(1, 4))]).await, None);
    assert_eq!(bench.items(1).await, BTreeMap::from([(4, item(1))]));
    assert_eq!(bench.one(vec![relocate(1, in_slot(1, 4), in_slot(2, 0))]).await, None);
    assert_eq!((bench.items(1).await, bench.items(2).await), (BTreeMap::new(), BTreeMap::from([(0, item(1))])));
    assert_eq!(bench.one(vec![Change::ItemDestroyed { item: item(1), from: in_slot(2, 0) }]).await, None);
    assert_eq!(bench.items(2).await, BTreeMap::new());
    assert_eq!(bench.one(vec![create(1, Owner::Ground)]).await, Some(EventRefusal::Invalid), "an identity is for life");
    let audit = bench.audit().await;
    assert_eq!((audit.items, audit.item_lines, audit.is_clean()), (0, 4, true), "{audit:?}");
}

async fn scripts_hear_once_of_each_new_level_and_of_each_boss(store: TestStore) {
    let subscriptions = store.sql().hook_subscriptions();
    let hooks = ["after_character_created", "after_level_up", "after_boss_killed"]
        .map(|hook| (hook.to_owned(), vec!["plugin".to_owned()]));
    subscriptions.subscribe(BTreeMap::from(hooks));
    let bench = Bench::new(&store).await;
    let gained = |number, level| Change::ExperienceGained { character: character(number), amount: 10, level };
    let batch = [event(vec![gained(1, 2)]), event(vec![gained(1, 4)]), event(vec![gained(2, 1)])];
    for _ in 0..2 {
        assert_eq!(bench.commit(&batch).await, [None; 3]);
    }
    for level in [4, 5] {
        assert_eq!(bench.one(vec![gained(1, level)]).await, None);
    }
    let query = "SELECT args FROM due_hooks WHERE hook = $1 ORDER BY id";
    let told = async |hook: &str| {
        let mut db = store.sql().read("test").await.unwrap();
        let told: Vec<String> = sqlx::query_scalar(query).bind(hook).fetch_all(&mut *db).await.unwrap();
        told
    };
    assert_eq!(told("after_character_created").await.len(), 3);
    let levels = told("after_level_up").await;
    let level = |told: &String| serde_json::from_str::<serde_json::Value>(told).unwrap()[1]["value"]["level"].clone();
    assert_eq!(levels.iter().map(level).collect::<Vec<_>>(), [4, 5]);
    let kill = |reason: &str| OwnedEvent { reason: reason.to_owned(), ..event(Vec::new()) };
    let batch = [kill("kill"), kill("kill:barrow_king"), kill("killer")];
    for _ in 0..2 {
        assert_eq!(bench.commit(&batch).await, [None; 3]);
    }
    let killed = told("after_boss_killed").await;
    let killed: Vec<serde_json::Value> = killed.iter().map(|args| serde_json::from_str(args).unwrap()).collect();
    let killers: Vec<_> = killed.iter().map(|args| args[1]["value"]["id"].clone()).collect();
    assert_eq!(killers, [1, 2, 3].map(|number| character(number).to_string()), "each who has had a part, once");
    let args = &killed[0];
    assert_eq!(args[2]["value"], "barrow_king");
    assert!(args[0]["user"].is_string() && args[1]["value"]["class_id"].is_string(), "{args}");
}

/// What a starter kit rests on: an account has one of a class, also where it is gold alone.
async fn what_came_and_went_in_one_event_never_comes_again(store: TestStore) {
    let bench = Bench::new(&store).await;
    let kit = |number: u8| {
        let passing = in_slot(number, 1_000);
        let gone = Change::ItemDestroyed { item: item(1), from: passing.clone() };
        event(vec![create(1, passing), gone, gold(GoldAccount::World, purse(number), 10)])
    };
    assert_eq!(bench.commit(&[kit(1), kit(2)]).await, [None, Some(EventRefusal::Invalid)]);
    assert_eq!(bench.commit(&[kit(3)]).await, [Some(EventRefusal::Invalid)]);
    assert_eq!((bench.gold(1).await, bench.gold(2).await, bench.gold(3).await), (10, 0, 0));
    let audit = bench.audit().await;
    assert_eq!((audit.items, audit.item_lines, audit.is_clean()), (0, 2, true), "{audit:?}");
}

async fn who_does_not_have_it_can_not_give_it(store: TestStore) {
    let bench = Bench::new(&store).await;
    assert_eq!(bench.one(vec![create(1, in_slot(1, 4))]).await, None);
    for from in [in_slot(2, 4), in_slot(1, 5), Owner::Ground, Owner::Vendor { vendor: "smith".to_owned() }] {
        let refusal = bench.one(vec![relocate(1, from.clone(), in_slot(3, 0))]).await;
        assert_eq!(refusal, Some(EventRefusal::NotOwned), "{from:?}");
        let refusal = bench.one(vec![Change::ItemDestroyed { item: item(1), from: from.clone() }]).await;
        assert_eq!(refusal, Some(EventRefusal::NotOwned), "{from:?}");
    }
    assert_eq!(bench.one(vec![relocate(7, Owner::Ground, in_slot(1, 0))]).await, Some(EventRefusal::NotOwned));
    assert_eq!(bench.items(1).await, BTreeMap::from([(4, item(1))]));
    assert_eq!(bench.items(3).await, BTreeMap::new(), "nobody was given it");
    let audit = bench.audit().await;
    assert_eq!((audit.items, audit.item_lines, audit.is_clean()), (1, 1, true), "{audit:?}");
}

async fn two_items_of_one_event_can_swap_their_slots(store: TestStore) {
    let bench = Bench::new(&store).await;
    bench.one(vec![create(1, in_slot(1, 0)), create(2, in_slot(1, 1))]).await;
    assert_eq!(bench.one(vec![relocate(1, in_slot(1, 0), in_slot(1, 1))]).await, Some(EventRefusal::SlotTaken));
    let swap = vec![relocate(1, in_slot(1, 0), in_slot(1, 1)), relocate(2, in_slot(1, 1), in_slot(1, 0))];
    assert_eq!(bench.one(swap).await, None);
    assert_eq!(bench.items(1).await, BTreeMap::from([(0, item(2)), (1, item(1))]));
    assert_eq!(bench.audit().await.item_lines, 2, "a slot is no change of hands");
}

async fn gold_is_moved_and_never_owed_by_players(store: TestStore) {
    let bench = Bench::new(&store).await;
    let smith = || GoldAccount::Vendor { vendor: "smith".to_owned() };
    assert_eq!(bench.one(vec![gold(GoldAccount::World, purse(1), 100)]).await, None);
    assert_eq!(bench.one(vec![gold(purse(1), purse(2), 101)]).await, Some(EventRefusal::TooLittleGold));
    assert_eq!(bench.one(vec![gold(purse(1), purse(2), 100)]).await, None, "all it has");
    assert_eq!((bench.gold(1).await, bench.gold(2).await), (0, 100));
    assert_eq!(bench.one(vec![gold(purse(2), purse(1), 100)]).await, None);
    assert_eq!(bench.one(vec![gold(GoldAccount::Ground, purse(1), 1)]).await, Some(EventRefusal::TooLittleGold));
    assert_eq!(bench.one(vec![gold(smith(), purse(1), 50)]).await, None, "a vendor's till may owe");
    assert_eq!(bench.one(vec![gold(purse(1), purse(1), 1)]).await, Some(EventRefusal::Invalid));
    assert_eq!(bench.one(vec![gold(GoldAccount::World, purse(1), 0)]).await, Some(EventRefusal::Invalid));
    assert_eq!(bench.one(vec![gold(GoldAccount::World, purse(1), u64::MAX)]).await, Some(EventRefusal::Invalid));
    let through = vec![gold(purse(1), purse(2), 150), gold(purse(2), purse(3), 150), gold(purse(3), purse(1), 151)];
    assert_eq!(bench.one(through).await, Some(EventRefusal::TooLittleGold), "wholly or not at all");
    assert_eq!((bench.gold(1).await, bench.gold(2).await, bench.gold(3).await), (150, 0, 0));
    let audit = bench.audit().await;
    assert_eq!((audit.gold_in_world, audit.is_clean()), (100, true), "{audit:?}");
}

async fn only_characters_with_a_fence_are_changed(store: TestStore) {
    let bench = Bench::new(&store).await;
    let fence = |number, epoch| Fence { character: character(number), epoch: LockEpoch(epoch) };
    let under = |fences, change| OwnedEvent { fences, ..event(vec![change]) };
    let owned = vec![create(1, in_slot(1, 0)), create(2, Owner::Ground), gold(GoldAccount::World, purse(1), 5)];
    assert_eq!(bench.one(owned).await, None);
    let before = store.locks.load(character(1)).await.unwrap();
    let changes = [
        create(3, in_slot(1, 1)),
        relocate(1, in_slot(1, 0), Owner::Ground),
        relocate(2, Owner::Ground, in_slot(1, 1)),
        Change::ItemDestroyed { item: item(1), from: in_slot(1, 0) },
        gold(GoldAccount::World, purse(1), 1),
        gold(purse(1), GoldAccount::World, 1),
        Change::ExperienceGained { character: character(1), amount: 1, level: 1 },
    ];
    for change in &changes {
        let events = [under(Vec::new(), change.clone()), under(vec![fence(2, 1)], change.clone())];
        assert_eq!(bench.commit(&events).await, [Some(EventRefusal::Invalid); 2], "{change:?}");
    }
    for stale in [fence(1, 0), fence(1, 2)] {
        let fenced = under(vec![stale], changes[0].clone());
        let batch = store.ledger.commit(&server(), &[fenced.clone(), fenced], 0).await.unwrap();
        assert_eq!(refusals(&batch), [Some(EventRefusal::Fenced); 2], "{stale:?}");
        assert_eq!(batch.stale, [stale], "told once");
    }
    let other: ServerId = "map-2".parse().unwrap();
    let foreign = store.ledger.commit(&other, &[event(vec![changes[0].clone()])], 0).await.unwrap();
    assert_eq!(refusals(&foreign), [Some(EventRefusal::Fenced)], "another map server holds the lock");
    assert_eq!(store.locks.load(character(1)).await.unwrap(), before, "nothing of it is done");
    assert_eq!(bench.commit(&[under(vec![fence(1, 1)], changes[0].clone())]).await, [None]);
    assert_eq!(bench.items(1).await, BTreeMap::from([(0, item(1)), (1, item(3))]));
}

async fn a_known_key_is_done_even_under_a_stale_fence(store: TestStore) {
    let bench = Bench::new(&store).await;
    let first = event(vec![gold(GoldAccount::World, purse(1), 5)]);
    assert_eq!(bench.commit(&[first.clone(), first.clone()]).await, [None, None], "twice in one batch counts once");
    bench.store.locks.fence_all(&CharacterOwner::Map(server()), 0).await.unwrap();
    let another = event(vec![gold(GoldAccount::World, purse(1), 5)]);
    assert_eq!(bench.commit(&[first, another]).await, [None, Some(EventRefusal::Fenced)], "its fence is stale");
    assert_eq!(bench.gold(1).await, 5);
}

async fn a_batch_that_fails_half_way_leaves_nothing(store: TestStore) {
    let bench = Bench::new(&store).await;
    let events = [event(vec![create(1, in_slot(1, 0)), gold(GoldAccount::World, purse(1), 5)])];
    store.execute("ALTER TABLE gold_ledger RENAME COLUMN amount TO hidden").await;
    store.ledger.commit(&server(), &events, 0).await.expect_err("the last of its lines cannot be written");
    store.execute("ALTER TABLE gold_ledger RENAME COLUMN hidden TO amount").await;
    assert_eq!((bench.items(1).await, bench.gold(1).await), (BTreeMap::new(), 0), "who asked was told nothing");
    assert_eq!(bench.commit(&events).await, [None], "it is done when it comes again");
    assert_eq!((bench.items(1).await.len(), bench.gold(1).await), (1, 5));
    let audit = bench.audit().await;
    assert!(audit.is_clean(), "{audit:?}");
}

async fn the_ground_is_swept_by_the_book(store: TestStore) {
    let bench = Bench::new(&store).await;
    let drop =
        vec![create(1, Owner::Ground), create(2, Owner::Ground), gold(GoldAccount::World, GoldAccount::Ground, 9)];
    assert_eq!(bench.one(drop).await, None);
    assert_eq!(bench.one(vec![create(3, in_slot(1, 0))]).await, None);
    let other: ServerId = "map-2".parse().unwrap();
    let elsewhere = OwnedEvent { fences: Vec::new(), ..event(vec![create(4, Owner::Ground)]) };
    assert_eq!(refusals(&store.ledger.commit(&other, &[elsewhere], 0).await.unwrap()), [None]);
    assert_eq!(bench.store.ledger.sweep_ground(&server(), 2_000).await.unwrap(), Swept { items: 2, gold: 9 });
    assert_eq!(bench.store.ledger.sweep_ground(&server(), 2_000).await.unwrap(), Swept::default());
    let audit = bench.audit().await;
    assert_eq!((audit.items, audit.gold_in_world, audit.is_clean()), (2, 0, true), "{audit:?}");
    assert_eq!((audit.item_lines, audit.gold_lines), (6, 2), "what was swept has its lines");
    assert_eq!(bench.items(1).await, BTreeMap::from([(0, item(3))]), "it is not on the ground");
    let swept = Swept { items: 1, gold: 0 };
    assert_eq!(store.ledger.sweep_ground(&other, 2_000).await.unwrap(), swept, "another map server's ground");
}

/// What somebody may do to the books, and the fault that an audit finds then.
fn tampered() -> Vec<(&'static str, String)> {
    const AGAIN: &str = "INSERT INTO item_ledger (event_key, line, item_id, definition, from_owner, to_owner, at_ms) \
                         SELECT 'another', line, item_id, definition, from_owner, to_owner, at_ms FROM item_ledger";
    let (item, owner) = (item(1), format!("character:{}", character(1)));
    vec![
        (
            "UPDATE items SET owner = 'ground:map-1', slot = NULL",
            format!("the item has an owner that the ledger does not name: {item} at ground:map-1"),
        ),
        ("DELETE FROM items", format!("the ledger names an owner that does not have the item: {item} at {owner}")),
        ("DELETE FROM item_ledger", format!("the item has an owner that the ledger does not name: {item} at {owner}")),
        (AGAIN, format!("the item was not created exactly once: {item}")),
        (
            "UPDATE item_ledger SET from_owner = 'ground:map-1'",
            format!("the item was not created exactly once: {item}"),
        ),
        (
            "UPDATE items SET definition = 'holy_sword'",
            format!("the item's definition differs from the ledger's: {item}"),
        ),
        (
            "UPDATE items SET slot = NULL",
            format!("an item must have a slot if and only if a character owns it: {item} at {owner}"),
        ),
        (
            "UPDATE items SET owner = 'ground:map-1'",
            format!("an item must have a slot if and only if a character owns it: {item} at ground:map-1"),
        ),
        (
            "UPDATE items SET owner = 'character:nobody'",
            format!("the owner is a character that does not exist: {item} at character:nobody"),
        ),
        (
            "UPDATE gold_balances SET balance = balance + 1 WHERE owner = 'world'",
            "gold does not sum to zero: 1".to_owned(),
        ),
        (
            "UPDATE gold_ledger SET amount = amount + 1",
            "the balance differs from the ledger's: world differs by 1".to_owned(),
        ),
        ("UPDATE gold_balances SET balance = -balance", format!("a purse or the ground has negative gold: {owner}")),
        (
            "INSERT INTO gold_balances (owner, balance) VALUES ('ground:map-1', -1)",
            "a purse or the ground has negative gold: ground:map-1".to_owned(),
        ),
    ]
}

async fn an_audit_finds_what_was_tampered_with(store: TestStore) {
    for (sql, fault) in tampered() {
        let bench = Bench::new(&store).await;
        let owned = vec![create(1, in_slot(1, 0)), gold(GoldAccount::World, purse(1), 5)];
        assert_eq!(bench.one(owned).await, None);
        assert!(bench.audit().await.is_clean());
        bench.store.execute(sql).await;
        let faults = bench.audit().await.faults;
        assert!(faults.contains(&fault), "{sql}: {faults:?}");
    }
}

/// Draws from so few owners, items and amounts that events often meet, and are often impossible.
fn changes() -> impl Strategy<Value = Change> {
    let owner = || {
        prop_oneof![
            (1..=3u8, 0..3u16).prop_map(|(number, slot)| in_slot(number, slot)),
            Just(Owner::Ground),
            Just(Owner::Vendor { vendor: "smith".to_owned() }),
        ]
    };
    let account = || {
        prop_oneof![
            (1..=3u8).prop_map(purse),
            Just(GoldAccount::Ground),
            Just(GoldAccount::World),
            Just(GoldAccount::Vendor { vendor: "smith".to_owned() }),
        ]
    };
    prop_oneof![
        (1..=4u8, owner()).prop_map(|(number, to)| create(number, to)),
        (1..=4u8, owner(), owner()).prop_map(|(number, from, to)| relocate(number, from, to)),
        (1..=4u8, owner()).prop_map(|(number, from)| Change::ItemDestroyed { item: item(number), from }),
        (account(), account(), 0..6u64).prop_map(|(from, to, amount)| gold(from, to, amount)),
    ]
}

async fn the_books_are_right_after_any_events(store: TestStore) {
    let batch = prop::collection::vec(prop::collection::vec(changes(), 1..4), 1..8);
    let cases = (prop::collection::vec(batch, 1..6), any::<bool>());
    let mut random = TestRunner::default();
    let (mut all_done, mut all) = (0, 0);
    for _ in 0..24 {
        let (batches, sweep) = cases.new_tree(&mut random).unwrap().current();
        let bench = Bench::new(&store).await;
        for batch in &batches {
            let mut events: Vec<_> = batch.iter().cloned().map(event).collect();
            all += events.len();
            let mut refusals = bench.commit(&events).await.into_iter();
            // What was done comes once more, as after a lost link, and changes nothing.
            events.retain(|_| refusals.next() == Some(None));
            all_done += events.len();
            let before = bench.audit().await;
            assert!(bench.commit(&events).await.iter().all(Option::is_none), "{batches:?}");
            assert_eq!(bench.audit().await, before, "after {batches:?}");
        }
        if sweep {
            bench.store.ledger.sweep_ground(&server(), 0).await.unwrap();
        }
        let audit = bench.audit().await;
        assert!(audit.is_clean(), "{:?} after {batches:?}", audit.faults);
    }
    assert!(0 < all_done && all_done < all, "some were done and some refused: {all_done} of {all}");
}

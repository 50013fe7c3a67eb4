//! Buying from vendors and selling to them.

use realmgate_engine::body::At;
use realmgate_protocol::ids::{EntityId, ItemId};
use realmgate_protocol::link::{GoldAccount, Owner};
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage, SoldItem, VendorItem};

use crate::scene::{Kit, SMITH_AT, Scene, character, item, kit};

fn at_the_smith(kit: Kit) -> (Scene, EntityId) {
    let mut scene = Scene::new();
    scene.enter(1, kit, SMITH_AT.offset(1_024, 0));
    let smith = scene.smith();
    (scene, smith)
}

fn buy(vendor: EntityId, definition: &str, price: u64) -> ClientMessage {
    ClientMessage::VendorBuy { vendor, definition: definition.to_owned(), price }
}

fn sell(vendor: EntityId, item: ItemId) -> ClientMessage {
    ClientMessage::VendorSell { vendor, item }
}

fn buy_back(vendor: EntityId, item: ItemId, price: u64) -> ClientMessage {
    ClientMessage::VendorBuyBack { vendor, item, price }
}

/// What the vendor says it has bought of the player.
fn sold(scene: &mut Scene, vendor: EntityId) -> Vec<SoldItem> {
    match scene.ask(1, ClientMessage::VendorList { vendor }).as_slice() {
        [ServerMessage::VendorStock { sold, .. }] => sold.clone(),
        heard => panic!("the vendor says what it has, not {heard:?}"),
    }
}

fn smith_gold() -> GoldAccount {
    GoldAccount::Vendor { vendor: "smith".to_owned() }
}

#[test]
fn a_vendor_shows_what_it_sells_and_pays() {
    let (mut scene, vendor) = at_the_smith(kit(&[("hood", 0), ("hood", 1), ("pebble", 2), ("cap", 101)], 0));
    let heard = scene.ask(1, ClientMessage::VendorList { vendor });
    let sells = vec![VendorItem { definition: "cap".to_owned(), price: 15 }];
    let buys = vec![VendorItem { definition: "hood".to_owned(), price: 10 }];
    let stock = ServerMessage::VendorStock { vendor, sells, buys, sold: Vec::new() };
    assert_eq!(heard, [stock], "nothing for what is worthless or worn");
}

#[test]
fn buying_costs_gold_and_brings_the_item_together() {
    let (mut scene, vendor) = at_the_smith(kit(&[], 40));
    for _ in 0..2 {
        assert_eq!(scene.ask(1, buy(vendor, "cap", 15)), []);
        assert_eq!((scene.inventory(1).gold(), scene.inventory(1).items().count()), (40, 0));
    }
    assert!(
        scene.waiting.len() == 2 && scene.waiting.iter().all(|event| event.changes.len() == 2),
        "in one event each"
    );
    scene.refused(1, buy(vendor, "cap", 15), Refusal::TooLittleGold);
    scene.commit();
    let mut slots: Vec<(u16, &str)> =
        scene.inventory(1).items().map(|(_, held)| (held.slot, held.definition.as_str())).collect();
    slots.sort_unstable();
    assert_eq!((scene.inventory(1).gold(), slots), (10, vec![(0, "cap"), (1, "cap")]));
    assert_eq!(scene.store.gold(&smith_gold()), 30);
    let heard = scene.hear(1);
    let [
        ServerMessage::ItemPlaced { .. },
        ServerMessage::Gold { total: 25 },
        ServerMessage::ItemPlaced { .. },
        ServerMessage::Gold { total: 10 },
    ] = heard[..]
    else {
        panic!("each purchase tells of the item and of the gold: {heard:?}")
    };
}

#[test]
fn a_refused_purchase_gives_the_gold_back() {
    let (mut scene, vendor) = at_the_smith(kit(&[], 15));
    scene.ask(1, buy(vendor, "cap", 15));
    assert_eq!(scene.inventory(1).free_gold(), 0, "meanwhile it cannot be spent again");
    scene.refuse();
    let refused = scene.refusal(1, "VendorBuy", Refusal::NotCommitted);
    assert_eq!(scene.hear(1), [refused]);
    assert_eq!(scene.belongings(1), (vec![], 15, 15));
    scene.ask(1, buy(vendor, "cap", 15));
    scene.commit();
    assert_eq!(scene.inventory(1).items().count(), 1);
}

#[test]
fn what_can_not_be_bought() {
    let (mut scene, vendor) = at_the_smith(kit(&[("tail", 0), ("tail", 1), ("tail", 2), ("tail", 3)], 100));
    for price in [14, 16] {
        scene.refused(1, buy(vendor, "cap", price), Refusal::WrongPrice);
    }
    scene.refused(1, buy(vendor, "wand", 15), Refusal::NotFound);
    scene.refused(1, buy(vendor, "cap", 15), Refusal::BagFull);
    scene.refused(1, buy(EntityId(9_999), "cap", 15), Refusal::NotFound);
    scene.put(1, At(SMITH_AT.offset(3 * 1_024, 0)));
    scene.refused(1, buy(vendor, "cap", 15), Refusal::BagFull);
    let (mut scene, vendor) = at_the_smith(kit(&[], 14));
    scene.refused(1, buy(vendor, "cap", 15), Refusal::TooLittleGold);
}

#[test]
fn a_vendor_that_is_out_of_reach_says_so_whatever_is_asked_of_it() {
    let (mut scene, vendor) = at_the_smith(kit(&[("hood", 0)], 100));
    let hood = item(1, 0);
    let requests = || {
        let list = ClientMessage::VendorList { vendor };
        [list, buy(vendor, "cap", 15), sell(vendor, hood)]
    };
    scene.refused(1, buy_back(vendor, hood, 10), Refusal::NotFound);
    scene.put(1, At(SMITH_AT.offset(3 * 1_024 + 1, 0)));
    for request in requests() {
        scene.refused(1, request, Refusal::OutOfRange);
    }
    scene.put(1, At(SMITH_AT.offset(3 * 1_024, 0)));
    for request in requests() {
        let is_refusal = |message: &ServerMessage| matches!(message, ServerMessage::Refused { .. });
        assert!(!scene.ask(1, request).iter().any(is_refusal), "it is within reach of the vendor's range");
    }
}

#[test]
fn selling_takes_the_item_and_brings_gold_together() {
    let (mut scene, vendor) = at_the_smith(kit(&[("hood", 0), ("pebble", 1), ("cap", 101)], 0));
    let hood = item(1, 0);
    scene.ask(1, sell(vendor, hood));
    scene.refused(1, sell(vendor, hood), Refusal::ItemBusy);
    assert_eq!((scene.slot(1, hood), scene.inventory(1).gold()), (Some(0), 0));
    assert_eq!(scene.waiting[0].changes.len(), 2, "in one event");
    scene.commit();
    assert_eq!(scene.hear(1), [ServerMessage::ItemGone { item: hood }, ServerMessage::Gold { total: 10 }]);
    assert_eq!(scene.store.items[&hood].1, Owner::Vendor { vendor: "smith".to_owned() });
    assert_eq!(scene.store.gold_of(character(1)), 10);
    scene.refused(1, sell(vendor, hood), Refusal::NotFound);
    scene.refused(1, sell(vendor, item(1, 1)), Refusal::NotAllowed);
    scene.refused(1, sell(vendor, item(1, 2)), Refusal::NotAllowed);
}

#[test]
fn what_was_sold_is_bought_back_for_what_the_vendor_paid() {
    let (mut scene, vendor) = at_the_smith(kit(&[("hood", 0), ("hood", 1)], 0));
    let (first, second) = (item(1, 0), item(1, 1));
    scene.ask(1, sell(vendor, first));
    assert_eq!(sold(&mut scene, vendor), [], "not before the store has it");
    scene.refused(1, buy_back(vendor, first, 10), Refusal::NotFound);
    scene.commit();
    scene.ask(1, sell(vendor, second));
    scene.commit();
    scene.hear(1);
    let sale = |item| SoldItem { item, definition: "hood".to_owned(), price: 10 };
    assert_eq!(sold(&mut scene, vendor), [sale(second), sale(first)], "the newest first");

    scene.refused(1, buy_back(vendor, first, 9), Refusal::WrongPrice);
    scene.ask(1, buy_back(vendor, first, 10));
    scene.refused(1, buy_back(vendor, first, 10), Refusal::ItemBusy);
    scene.commit();
    assert_eq!((scene.slot(1, first), scene.inventory(1).gold()), (Some(0), 10));
    assert_eq!(scene.store.gold(&smith_gold()), -10);
    assert_eq!(sold(&mut scene, vendor), [sale(second)]);
    scene.refused(1, buy_back(vendor, first, 10), Refusal::NotFound);
}

#[test]
fn a_refused_buy_back_changes_nothing() {
    let (mut scene, vendor) = at_the_smith(kit(&[("hood", 0)], 0));
    let hood = item(1, 0);
    scene.ask(1, sell(vendor, hood));
    scene.refuse();
    scene.hear(1);
    assert_eq!(sold(&mut scene, vendor), [], "a refused sale is none");
    scene.ask(1, sell(vendor, hood));
    scene.commit();
    scene.ask(1, buy_back(vendor, hood, 10));
    scene.refuse();
    scene.hear(1);
    assert_eq!(scene.belongings(1), (vec![], 10, 10));
    assert_eq!(sold(&mut scene, vendor).len(), 1, "it can be tried again");
}

#[test]
fn the_last_eight_sales_can_be_undone() {
    let (mut scene, vendor) = at_the_smith(kit(&[], 1_000));
    for _ in 0..9 {
        scene.ask(1, buy(vendor, "cap", 15));
        scene.commit();
        let (cap, _) = scene.inventory(1).items().next().expect("it was bought");
        scene.ask(1, sell(vendor, cap));
        scene.commit();
    }
    scene.hear(1);
    assert_eq!(sold(&mut scene, vendor).len(), 8);
}

#[test]
fn buying_back_needs_gold_and_room() {
    // Of 15 gold nothing is left for it; of 60 there is, but the cap has taken the hood's slot.
    for (gold, refusal) in [(5, Refusal::TooLittleGold), (50, Refusal::BagFull)] {
        let (mut scene, vendor) = at_the_smith(kit(&[("hood", 0), ("tail", 1), ("tail", 2), ("tail", 3)], gold));
        let hood = item(1, 0);
        for request in [sell(vendor, hood), buy(vendor, "cap", 15)] {
            scene.ask(1, request);
            scene.commit();
        }
        scene.hear(1);
        scene.refused(1, buy_back(vendor, hood, 10), refusal);
    }
}

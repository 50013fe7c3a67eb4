//! Random requests of three players and random refusals of the store: in the end the world shows exactly what the store
//! has, and nothing was created or lost.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use realmgate_engine::body::At;
use realmgate_game::loot::Goods;
use realmgate_protocol::ids::{EntityId, ItemId};
use realmgate_protocol::link::{EventRefusal, GoldAccount, Owner};
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::ClientMessage;

use crate::scene::{Scene, character, kit};

const HERE: Position = Position::tile_centre(2, 1);
const PLAYERS: [u8; 3] = [1, 2, 3];

/// A random step. Numbers choose among what exists at that moment.
#[derive(Debug, Clone)]
enum Step {
    PickUp(u8, usize),
    Drop(u8, usize),
    Equip(u8, usize),
    Unequip(u8, usize),
    Use(u8, usize),
    Buy(u8),
    Sell(u8, usize),
    BuyBack(u8, usize),
    Invite(u8, u8),
    Accept(u8),
    Offer(u8, usize, u64),
    Confirm(u8, u32),
    Cancel(u8),
    Walk(u8, bool),
    Kill(u8),
    /// The store answers. Events whose bit is set are refused.
    Store(u8),
    Wait(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let player = 1u8..4;
    let place = 0usize..8;
    prop_oneof![
        4 => (player.clone(), place.clone()).prop_map(|(p, n)| Step::PickUp(p, n)),
        2 => (player.clone(), place.clone()).prop_map(|(p, n)| Step::Drop(p, n)),
        2 => (player.clone(), place.clone()).prop_map(|(p, n)| Step::Equip(p, n)),
        1 => (player.clone(), place.clone()).prop_map(|(p, n)| Step::Unequip(p, n)),
        1 => (player.clone(), place.clone()).prop_map(|(p, n)| Step::Use(p, n)),
        2 => player.clone().prop_map(Step::Buy),
        2 => (player.clone(), place.clone()).prop_map(|(p, n)| Step::Sell(p, n)),
        2 => (player.clone(), place.clone()).prop_map(|(p, n)| Step::BuyBack(p, n)),
        3 => (player.clone(), player.clone()).prop_map(|(p, q)| Step::Invite(p, q)),
        3 => player.clone().prop_map(Step::Accept),
        4 => (player.clone(), place.clone(), 0u64..20).prop_map(|(p, n, g)| Step::Offer(p, n, g)),
        6 => (player.clone(), 1u32..5).prop_map(|(p, r)| Step::Confirm(p, r)),
        1 => player.clone().prop_map(Step::Cancel),
        1 => (player.clone(), any::<bool>()).prop_map(|(p, b)| Step::Walk(p, b)),
        2 => player.prop_map(Step::Kill),
        5 => any::<u8>().prop_map(|mask| Step::Store(mask & mask.rotate_left(3))),
        1 => (1u8..90).prop_map(Step::Wait),
    ]
}

fn nth_item(scene: &Scene, player: u8, n: usize) -> ItemId {
    scene.inventory(player).items().nth(n).map_or(ItemId([0; 16]), |(item, _)| item)
}

fn request(scene: &mut Scene, step: &Step) -> Option<(u8, ClientMessage)> {
    Some(match *step {
        Step::PickUp(player, n) => {
            let ground = scene.ground();
            let entity = ground.get(n % ground.len().max(1)).map_or(EntityId(0), |(net, _)| *net);
            (player, ClientMessage::PickUp { entity })
        }
        Step::Drop(player, n) => (player, ClientMessage::DropItem { item: nth_item(scene, player, n) }),
        Step::Equip(player, n) => (player, ClientMessage::Equip { item: nth_item(scene, player, n) }),
        Step::Unequip(player, n) => (player, ClientMessage::Unequip { item: nth_item(scene, player, n) }),
        Step::Use(player, n) => (player, ClientMessage::UseItem { item: nth_item(scene, player, n) }),
        Step::Buy(player) => {
            let vendor = scene.smith();
            (player, ClientMessage::VendorBuy { vendor, definition: "cap".to_owned(), price: 15 })
        }
        Step::Sell(player, n) => {
            let vendor = scene.smith();
            (player, ClientMessage::VendorSell { vendor, item: nth_item(scene, player, n) })
        }
        Step::BuyBack(player, n) => {
            let vendor = scene.smith();
            // Those of others too, which are refused.
            let of_vendors = scene.store.items.iter().filter(|(_, (_, owner))| matches!(owner, Owner::Vendor { .. }));
            let (item, price) =
                of_vendors.map(|(item, (kind, _))| (*item, if kind == "cap" { 5 } else { 10 })).nth(n)?;
            (player, ClientMessage::VendorBuyBack { vendor, item, price })
        }
        Step::Invite(player, other) => (player, ClientMessage::TradeRequest { with: scene.net(other) }),
        Step::Accept(player) => (player, ClientMessage::TradeAnswer { accept: true }),
        Step::Offer(player, n, gold) => {
            let items = scene.inventory(player).items().map(|(item, _)| item).skip(n).take(2).collect();
            (player, ClientMessage::TradeOffer { items, gold })
        }
        Step::Confirm(player, revision) => (player, ClientMessage::TradeConfirm { revision }),
        Step::Cancel(player) => (player, ClientMessage::TradeCancel),
        Step::Walk(..) | Step::Kill(_) | Step::Store(_) | Step::Wait(_) => return None,
    })
}

fn play(scene: &mut Scene, step: &Step) {
    if let Some((player, message)) = request(scene, step) {
        // Not every step ticks, so several requests may share a tick.
        scene.say(player, message);
        if player != 3 {
            scene.tick();
        }
        return;
    }
    match *step {
        Step::Walk(player, off) => scene.put(player, At(if off { Position::tile_centre(9, 1) } else { HERE })),
        Step::Kill(player) => scene.kill_rat(player, HERE),
        Step::Store(mask) => {
            let mut bits = mask;
            scene.answer(|_| {
                bits = bits.rotate_right(1);
                (bits & 1 == 1).then_some(EventRefusal::Invalid)
            });
        }
        Step::Wait(ticks) => scene.ticks(u32::from(ticks)),
        _ => {}
    }
}

fn assert_agreement(scene: &mut Scene) {
    let mut gold = 0;
    for player in PLAYERS {
        let shown: BTreeMap<ItemId, u16> = scene.inventory(player).items().map(|(id, held)| (id, held.slot)).collect();
        assert_eq!(shown, scene.store.items_of(character(player)), "player {player} is shown what the store has");
        let slots: BTreeSet<u16> = shown.values().copied().collect();
        assert_eq!(slots.len(), shown.len(), "no two items share a slot");
        assert_eq!(scene.inventory(player).gold() as i64, scene.store.gold_of(character(player)));
        gold += scene.store.gold_of(character(player));
    }
    let ground = scene.ground();
    let mut lying = BTreeSet::new();
    let mut lying_gold = 0;
    for (_, goods) in ground {
        match goods {
            Goods::Item { item, .. } => assert!(lying.insert(item), "an item lies there twice"),
            Goods::Gold(amount) => lying_gold += amount as i64,
        }
    }
    let stored: BTreeSet<ItemId> =
        scene.store.items.iter().filter(|(_, (_, owner))| *owner == Owner::Ground).map(|(item, _)| *item).collect();
    assert_eq!(lying, stored, "the ground is what the store says");
    assert_eq!(lying_gold, scene.store.gold(&GoldAccount::Ground));
    let elsewhere = [GoldAccount::World, GoldAccount::Vendor { vendor: "smith".to_owned() }];
    let all: i64 = gold + lying_gold + elsewhere.iter().map(|account| scene.store.gold(account)).sum::<i64>();
    assert_eq!(all, 0, "gold comes from somewhere and goes somewhere");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_world_shows_what_the_store_has(steps in prop::collection::vec(step(), 1..120)) {
        let mut scene = Scene::new();
        scene.enter(1, kit(&[("cap", 0), ("potion", 1), ("hood", 101)], 40), HERE);
        scene.enter(2, kit(&[("hood", 0), ("tail", 3)], 20), HERE);
        scene.enter(3, kit(&[("potion", 0), ("potion", 1), ("tail", 2), ("tail", 3)], 0), HERE);
        for step in &steps {
            play(&mut scene, step);
        }
        scene.tick();
        // What has lain too long goes by an event of its own, which may begin in the tick in which the others end.
        let all_answered = (0..2).any(|_| {
            scene.commit();
            scene.waiting.is_empty()
        });
        prop_assert!(all_answered, "left: {:?}", scene.waiting);
        assert_agreement(&mut scene);
        for player in PLAYERS {
            scene.say(player, ClientMessage::TradeCancel);
        }
        scene.ticks(2);
        for player in PLAYERS {
            prop_assert_eq!(scene.inventory(player).free_gold(), scene.inventory(player).gold(), "nothing stays held");
        }
    }
}

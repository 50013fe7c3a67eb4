//! What is worn, and the bonuses of it.

use realmgate_engine::replication::Replicated;
use realmgate_game::data::{ClassIndex, FIRST_WORN_SLOT};
use realmgate_game::death::Dead;
use realmgate_game::stats::{Character, EquipmentBonus};
use realmgate_protocol::ids::{ItemId, Tick};
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{ClientMessage, CombatKind, Health, Refusal, Resource, ServerMessage};

use crate::scene::{Scene, item, kit};

const HERE: Position = Position::tile_centre(3, 1);
const HEAD: u16 = FIRST_WORN_SLOT + 1;

fn scene(items: &[(&'static str, u16)]) -> Scene {
    let mut scene = Scene::new();
    scene.enter(1, kit(items, 0), HERE);
    scene
}

fn equip(item: ItemId) -> ClientMessage {
    ClientMessage::Equip { item }
}

fn bonus(scene: &Scene) -> EquipmentBonus {
    *scene.channel.world().get(scene.entity(1)).expect("characters have one")
}

#[test]
fn wearing_counts_when_the_store_says_so() {
    let mut scene = scene(&[("cap", 1)]);
    let cap = item(1, 0);
    assert_eq!(scene.ask(1, equip(cap)), []);
    assert_eq!((scene.slot(1, cap), bonus(&scene).0.health), (Some(1), 0));
    scene.commit();
    assert_eq!((scene.slot(1, cap), bonus(&scene).0.health), (Some(HEAD), 10));
    let heard = scene.hear(1);
    assert!(matches!(heard.as_slice(), [ServerMessage::ItemPlaced { item }] if item.slot == HEAD), "{heard:?}");

    assert_eq!(scene.ask(1, ClientMessage::Unequip { item: cap }), []);
    assert_eq!((scene.slot(1, cap), bonus(&scene).0.health), (Some(HEAD), 10));
    scene.commit();
    assert_eq!((scene.slot(1, cap), bonus(&scene).0.health), (Some(0), 0));
    scene.refused(1, ClientMessage::Unequip { item: cap }, Refusal::NotUsable);
}

#[test]
fn two_hats_trade_places_even_in_a_full_bag() {
    let mut scene = scene(&[("cap", HEAD), ("hood", 0), ("tail", 1), ("tail", 2), ("tail", 3)]);
    assert_eq!(bonus(&scene).0.health, 10, "what is worn on entering counts");
    let (cap, hood) = (item(1, 0), item(1, 1));
    scene.refused(1, ClientMessage::Unequip { item: cap }, Refusal::BagFull);
    scene.ask(1, equip(hood));
    scene.refused(1, ClientMessage::Unequip { item: cap }, Refusal::ItemBusy);
    scene.commit();
    assert_eq!((scene.slot(1, hood), scene.slot(1, cap)), (Some(HEAD), Some(0)));
    assert_eq!((bonus(&scene).0.health, bonus(&scene).0.armour), (0, 3));
    let heard = scene.hear(1);
    let [ServerMessage::ItemPlaced { item: one }, ServerMessage::ItemPlaced { item: other }] = &heard[..] else {
        panic!("heard {heard:?}")
    };
    assert_eq!([(one.item, one.slot), (other.item, other.slot)], [(cap, 0), (hood, HEAD)], "it is told of both");
}

#[test]
fn a_refused_swap_leaves_both_where_they_were() {
    let mut scene = scene(&[("cap", HEAD), ("hood", 0)]);
    scene.ask(1, equip(item(1, 1)));
    scene.refuse();
    let refused = scene.refusal(1, "Equip", Refusal::NotCommitted);
    assert_eq!(scene.hear(1), [refused]);
    assert_eq!((scene.slot(1, item(1, 0)), scene.slot(1, item(1, 1))), (Some(HEAD), Some(0)));
    assert_eq!((bonus(&scene).0.health, bonus(&scene).0.armour), (10, 0));
    scene.ask(1, equip(item(1, 1)));
    scene.commit();
    assert_eq!(scene.slot(1, item(1, 1)), Some(HEAD), "it can be tried again");
}

#[test]
fn two_hats_at_once_do_not_fit() {
    let mut scene = scene(&[("cap", 0), ("hood", 1)]);
    scene.ask(1, equip(item(1, 0)));
    scene.refused(1, equip(item(1, 1)), Refusal::ItemBusy);
    scene.commit();
    assert_eq!((scene.slot(1, item(1, 0)), scene.slot(1, item(1, 1))), (Some(HEAD), Some(1)));
}

#[test]
fn not_everybody_wears_everything() {
    let mut scene = scene(&[("wand", 0), ("crown", 1), ("tail", 2), ("cap", HEAD)]);
    scene.refused(1, equip(item(1, 0)), Refusal::NotAllowed);
    scene.refused(1, equip(item(1, 1)), Refusal::NotAllowed);
    scene.refused(1, equip(item(1, 2)), Refusal::NotUsable);
    scene.refused(1, equip(item(1, 3)), Refusal::NotUsable);
    scene.refused(1, equip(item(2, 0)), Refusal::NotFound);
    scene.put(1, Dead { since: Tick(1) });
    scene.refused(1, equip(item(1, 0)), Refusal::Dead);
}

#[test]
fn what_is_for_some_is_worn_by_them() {
    let mut scene = scene(&[("wand", 0), ("crown", 1)]);
    let (mage, warrior) = (ClassIndex(0), ClassIndex(1));
    for (class, level, n, may_wear) in [(warrior, 49, 1, false), (warrior, 50, 1, true), (mage, 1, 0, true)] {
        scene.put(1, Character { class, level, experience: 0 });
        if may_wear {
            assert_eq!(scene.ask(1, equip(item(1, n))), []);
        } else {
            scene.refused(1, equip(item(1, n)), Refusal::NotAllowed);
        }
    }
    scene.commit();
    assert_eq!((scene.slot(1, item(1, 0)), scene.slot(1, item(1, 1))), (Some(FIRST_WORN_SLOT), Some(HEAD)));
}

fn health(scene: &Scene) -> (u16, u16) {
    let world = scene.channel.world();
    let player = scene.entity(1);
    let health = world.get::<Replicated<Health>>(player).expect("players have health");
    (health.current, world.get::<Replicated<Resource>>(player).expect("and a resource").current)
}

fn use_item(n: u8) -> ClientMessage {
    ClientMessage::UseItem { item: item(1, n) }
}

#[test]
fn a_potion_helps_when_it_is_used_up() {
    let mut scene = scene(&[("potion", 0), ("potion", 1), ("tail", 2)]);
    scene.ask(1, use_item(0));
    assert_eq!(health(&scene), (50, 95), "no effect before the store has taken the potion");
    scene.refused(1, use_item(1), Refusal::OnCooldown);
    scene.commit();
    assert_eq!(health(&scene), (80, 100), "30 of health, and of the resource what there is room for");
    let heard = scene.hear(1);
    assert!(heard.contains(&ServerMessage::ItemGone { item: item(1, 0) }), "{heard:?}");
    let healed =
        |message: &ServerMessage| matches!(message, ServerMessage::Combat { kind: CombatKind::Heal, amount: 30, .. });
    assert!(heard.iter().any(healed), "{heard:?}");
    scene.refused(1, use_item(1), Refusal::OnCooldown);
    scene.ticks(31);
    scene.refused(1, use_item(2), Refusal::NotUsable);
    scene.refused(1, use_item(0), Refusal::NotFound);
    scene.ask(1, use_item(1));
    assert_eq!(scene.waiting.len(), 1, "a second later the next one can be used");
}

#[test]
fn a_refused_use_costs_nothing_not_even_time() {
    let mut scene = scene(&[("potion", 0)]);
    scene.ask(1, use_item(0));
    scene.refuse();
    assert_eq!((health(&scene), scene.slot(1, item(1, 0))), ((50, 95), Some(0)));
    let refused = scene.refusal(1, "UseItem", Refusal::NotCommitted);
    assert_eq!(scene.hear(1), [refused]);
    scene.ask(1, use_item(0));
    assert_eq!(scene.waiting.len(), 1, "it can be used at once again");
}

//! Loot on the ground: whose it is, picking up, dropping.

use realmgate_engine::body::At;
use realmgate_engine::channel::ToChannel;
use realmgate_engine::replication::{NetEntities, Replicated};
use realmgate_game::death::Dead;
use realmgate_game::loot::{Goods, OnGround};
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::link::{EventOutcome, GoldAccount, PartyMember, SocialEvent};
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{ClientMessage, GoldAmount, Refusal, ServerMessage};

use crate::scene::{Scene, character, item, kit};

const HERE: Position = Position::tile_centre(3, 1);

/// The tail and the gold of a rat that player 1 killed. It is in a party with player 2, and player 3 is in none.
fn loot_of_a_party() -> (Scene, [EntityId; 2]) {
    let mut scene = Scene::new();
    (1..=3).for_each(|player| scene.enter(player, kit(&[], 0), HERE));
    let member = |player| PartyMember { character: character(player), name: String::new(), online: true };
    for player in [1, 2] {
        let event = SocialEvent::PartyState { party: 1, members: vec![member(1), member(2)] };
        scene.channel.push(ToChannel::Social { character: character(player), event });
    }
    scene.tick();
    scene.kill_rat(1, HERE);
    scene.commit();
    let [(tail, Goods::Item { .. }), (gold, Goods::Gold(7))] = scene.ground()[..] else {
        panic!("{:?}", scene.ground())
    };
    (scene, [tail, gold])
}

/// Two players near a dead rat, with its loot on the ground.
fn by_the_corpse() -> (Scene, EntityId, EntityId) {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[], 0), HERE);
    scene.enter(2, kit(&[], 0), HERE);
    scene.kill_rat(1, HERE);
    assert!(scene.ground().is_empty(), "nothing lies there before the store has it");
    scene.commit();
    let find = |scene: &mut Scene, gold: bool| {
        let ground = scene.ground();
        let found = ground.iter().find(|(_, goods)| matches!(goods, Goods::Gold(_)) == gold);
        found.expect("the rat leaves a tail and gold").0
    };
    let (tail, gold) = (find(&mut scene, false), find(&mut scene, true));
    (scene, tail, gold)
}

fn pick_up(entity: EntityId) -> ClientMessage {
    ClientMessage::PickUp { entity }
}

#[test]
fn gold_on_the_ground_shows_how_much_it_is() {
    let (mut scene, ..) = by_the_corpse();
    let world = scene.channel.world_mut();
    let mut query = world.query::<(&OnGround, Option<&Replicated<GoldAmount>>)>();
    let mut shown: Vec<Option<u32>> = query.iter(world).map(|(_, gold)| gold.map(|gold| gold.gold)).collect();
    shown.sort_unstable();
    assert_eq!(shown, [None, Some(7)], "a tail and 7 gold");
}

#[test]
fn loot_goes_to_the_bag_when_the_store_says_so() {
    let (mut scene, tail, gold) = by_the_corpse();
    assert_eq!(scene.ask(1, pick_up(tail)), [], "nothing is told before it is durable");
    assert_eq!(scene.inventory(1).items().count(), 0);
    scene.say(1, pick_up(gold));
    scene.tick();
    scene.commit();
    let heard = scene.hear(1);
    let [ServerMessage::ItemPlaced { item }, ServerMessage::Gold { total: 7 }] = heard.as_slice() else {
        panic!("expected the tail and the gold, heard {heard:?}")
    };
    assert_eq!((item.definition.as_str(), item.slot), ("tail", 0));
    assert!(scene.ground().is_empty(), "what was picked up lies there no more");
    assert_eq!(scene.store.gold_of(character(1)), 7);
    assert_eq!(scene.store.items_of(character(1)).len(), 1);
}

#[test]
fn a_refused_pick_up_leaves_all_as_it_was() {
    let (mut scene, tail, _) = by_the_corpse();
    scene.ask(1, pick_up(tail));
    scene.refuse();
    let refused = scene.refusal(1, "PickUp", Refusal::NotCommitted);
    assert_eq!(scene.hear(1), [refused]);
    assert_eq!((scene.ground().len(), scene.inventory(1).items().count()), (2, 0));
    scene.ask(1, pick_up(tail));
    scene.commit();
    assert_eq!(scene.inventory(1).items().count(), 1, "it can be tried again");
}

#[test]
fn of_two_who_reach_for_the_same_thing_one_has_it() {
    let (mut scene, tail, gold) = by_the_corpse();
    scene.ticks(70);
    for thing in [tail, gold] {
        scene.say(1, pick_up(thing));
        scene.say(2, pick_up(thing));
        scene.tick();
        let refused = scene.refusal(2, "PickUp", Refusal::ItemBusy);
        assert_eq!(scene.hear(2), [refused], "the second is told at once");
        assert_eq!(scene.waiting.len(), 1, "and only the first is asked for");
        scene.commit();
        scene.hear(2);
        scene.refused(2, pick_up(thing), Refusal::NotFound);
    }
    assert_eq!((scene.inventory(1).items().count(), scene.inventory(2).items().count()), (1, 0));
    assert_eq!((scene.inventory(1).gold(), scene.inventory(2).gold()), (7, 0));
}

#[test]
fn loot_belongs_to_who_earned_it_and_its_party_for_a_while() {
    for of_the_party in [1, 2] {
        let (mut scene, [tail, gold]) = loot_of_a_party();
        scene.refused(3, pick_up(tail), Refusal::NotYours);
        assert_eq!(scene.ask(of_the_party, pick_up(tail)), []);
        scene.ticks(56);
        scene.refused(3, pick_up(gold), Refusal::NotYours);
        assert_eq!(scene.ask(3, pick_up(gold)), [], "after two seconds it is anybody's");
        scene.commit();
        let has = |player| (scene.inventory(player).items().count(), scene.inventory(player).gold());
        assert_eq!((has(of_the_party), has(3)), ((1, 0), (0, 7)));
    }
}

#[test]
fn a_party_shares_what_its_members_earn() {
    let (mut scene, things) = loot_of_a_party();
    for thing in things {
        scene.refused(3, pick_up(thing), Refusal::NotYours);
        assert_eq!(scene.ask(2, pick_up(thing)), []);
    }
    scene.commit();
    assert_eq!((scene.inventory(2).items().count(), scene.inventory(2).gold()), (1, 7));
}

/// Puts a thing on the ground somewhere else.
fn lay(scene: &mut Scene, thing: EntityId, at: Position) {
    let world = scene.channel.world_mut();
    let thing = world.resource::<NetEntities>().get(thing).expect("it lies there");
    world.entity_mut(thing).insert(At(at));
}

#[test]
fn the_living_pick_up_loot_within_reach_and_nothing_else() {
    let (mut scene, tail, gold) = by_the_corpse();
    lay(&mut scene, tail, HERE.offset(2 * 1_024 + 1, 0));
    scene.refused(1, pick_up(tail), Refusal::OutOfRange);
    lay(&mut scene, tail, HERE.offset(2 * 1_024, 0));
    assert_eq!(scene.ask(1, pick_up(tail)), []);
    assert_eq!(scene.waiting.len(), 1, "2 tiles are within reach");
    scene.refused(1, pick_up(EntityId(9_999)), Refusal::NotFound);
    let mine = scene.net(1);
    scene.refused(1, pick_up(mine), Refusal::NotFound);
    scene.put(1, Dead { since: Tick(1) });
    scene.refused(1, pick_up(gold), Refusal::Dead);
}

#[test]
fn nothing_is_picked_up_through_a_wall() {
    let mut scene = Scene::new();
    let [west, east, farther_east] = [5, 7, 9].map(|x| Position::tile_centre(x, 3));
    scene.enter(1, kit(&[], 0), west);
    scene.kill_rat(1, east);
    scene.commit();
    for (thing, _) in scene.ground() {
        lay(&mut scene, thing, east);
        scene.put(1, At(west));
        scene.refused(1, pick_up(thing), Refusal::NoLineOfSight);
        scene.put(1, At(farther_east));
        assert_eq!(scene.ask(1, pick_up(thing)), [], "as far away, without a wall between");
    }
    assert_eq!(scene.waiting.len(), 2);
}

#[test]
fn a_full_bag_takes_gold_but_no_item() {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[("tail", 0), ("tail", 1), ("tail", 2)], 0), HERE);
    scene.kill_rat(1, HERE);
    scene.kill_rat(1, HERE);
    scene.commit();
    let ground = scene.ground();
    let is_item = |(_, goods): &&(EntityId, Goods)| matches!(goods, Goods::Item { .. });
    let (items, gold): (Vec<_>, Vec<_>) = ground.iter().partition(is_item);
    scene.ask(1, pick_up(items[0].0));
    scene.refused(1, pick_up(items[1].0), Refusal::BagFull);
    assert_eq!(scene.ask(1, pick_up(gold[0].0)), []);
    scene.commit();
    assert_eq!(scene.inventory(1).items().count(), 4, "the last slot was spoken for while the first was on its way");
    scene.refused(1, pick_up(items[1].0), Refusal::BagFull);
    assert_eq!(scene.ask(1, pick_up(gold[1].0)), []);
    scene.commit();
    assert_eq!((scene.inventory(1).items().count(), scene.inventory(1).gold()), (4, 14));
}

#[test]
fn what_is_dropped_lies_there_for_everybody() {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[("cap", 2)], 0), HERE);
    scene.enter(2, kit(&[], 0), HERE);
    let cap = item(1, 0);
    assert_eq!(scene.ask(1, ClientMessage::DropItem { item: cap }), []);
    scene.refused(1, ClientMessage::DropItem { item: cap }, Refusal::ItemBusy);
    assert_eq!(scene.slot(1, cap), Some(2), "it is still there until the store has answered");
    assert!(scene.ground().is_empty());
    scene.commit();
    assert_eq!(scene.hear(1), [ServerMessage::ItemGone { item: cap }]);
    let thing = scene.ground()[0].0;
    scene.ask(2, pick_up(thing));
    scene.commit();
    assert_eq!(scene.slot(2, cap), Some(0));
    scene.refused(1, ClientMessage::DropItem { item: cap }, Refusal::NotFound);
}

#[test]
fn what_is_worn_cannot_be_dropped() {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[("cap", 101)], 0), HERE);
    scene.refused(1, ClientMessage::DropItem { item: item(1, 0) }, Refusal::NotAllowed);
    scene.commit();
    assert_eq!((scene.slot(1, item(1, 0)), scene.ground().len()), (Some(101), 0));
}

#[test]
fn a_refused_drop_keeps_the_item() {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[("cap", 0)], 0), HERE);
    scene.ask(1, ClientMessage::DropItem { item: item(1, 0) });
    scene.refuse();
    let refused = scene.refusal(1, "DropItem", Refusal::NotCommitted);
    assert_eq!(scene.hear(1), [refused]);
    assert_eq!((scene.slot(1, item(1, 0)), scene.ground().len()), (Some(0), 0));
    scene.ask(1, ClientMessage::DropItem { item: item(1, 0) });
    assert_eq!(scene.waiting.len(), 1, "it is free again");
}

#[test]
fn what_nobody_takes_goes_by_the_book() {
    let (mut scene, ..) = by_the_corpse();
    scene.ticks(299);
    assert!(scene.waiting.is_empty(), "ten seconds are not over");
    scene.ticks(30);
    assert_eq!(scene.waiting.len(), 2, "within a second after that the store is asked");
    scene.ticks(71);
    assert_eq!(scene.ground().len(), 2, "it stays until the store has taken it");
    assert_eq!(scene.waiting.len(), 2, "which is asked for once");
    scene.refuse();
    scene.ticks(31);
    assert_eq!(scene.waiting.len(), 2, "after a refusal it is tried again");
    scene.commit();
    assert!(scene.ground().is_empty());
    assert!(scene.store.items.is_empty(), "the store has destroyed the tail");
    assert_eq!(scene.store.gold(&GoldAccount::World), 0, "the gold went back");
}

#[test]
fn an_outcome_that_comes_twice_counts_once() {
    let (mut scene, _, gold) = by_the_corpse();
    scene.ask(1, pick_up(gold));
    let key = scene.waiting[0].key;
    scene.commit();
    assert_eq!(scene.inventory(1).gold(), 7);
    scene.channel.push(ToChannel::Committed { outcomes: vec![EventOutcome { key, refusal: None }] });
    scene.tick();
    assert_eq!(scene.inventory(1).gold(), 7, "the second time it is nobody's");
}

#[test]
fn whoever_leaves_before_the_answer_has_it_in_the_store() {
    let (mut scene, tail, _) = by_the_corpse();
    scene.ask(1, pick_up(tail));
    scene.ask(1, ClientMessage::Logout);
    scene.ticks(2 * 30);
    assert!(!scene.is_here(1), "it waits two seconds for the store");
    assert_eq!(scene.ground().len(), 2);
    scene.commit();
    assert_eq!(scene.store.items_of(character(1)).len(), 1);
    assert_eq!(scene.ground().len(), 1, "the tail is gone from the ground though its owner is away");
}

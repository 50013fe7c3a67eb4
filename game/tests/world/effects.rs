//! All kinds of effects.

use realmgate_engine::body::{At, Speed};
use realmgate_engine::replication::Replicated;
use realmgate_game::combat::InCombat;
use realmgate_game::stats::Stats;
use realmgate_protocol::ids::ItemId;
use realmgate_protocol::link::{CharacterLoad, ItemRecord};
use realmgate_protocol::realm::{ClientMessage, CombatKind, Health, Resource, ServerMessage, Status, status};
use realmgate_protocol::wire::Aim;

use crate::scene::{Scene, TICK_HZ, new_character, tile};

const FIELD: [&str; 5] =
    ["S...............", "................", "................", "................", "................"];

fn flags(scene: &Scene, entity: bevy_ecs::entity::Entity) -> u16 {
    scene.get::<Replicated<Status>>(entity).flags
}

#[test]
fn damage_over_time_ticks_and_ends() {
    let mut scene = Scene::new(&FIELD, &[("post", (6, 2))]);
    scene.enter(1, "caster", tile(3, 2));
    let post = scene.mob("post");
    let aim = Aim::Entity(scene.id(post));
    scene.act(1, 2, aim);
    assert_eq!(scene.health(post), 200, "the first is felt after half a second");
    assert_eq!(flags(&scene, post) & status::AFFLICTED, status::AFFLICTED);
    for felt in 1..=4 {
        scene.ticks(14);
        assert_eq!(scene.health(post), 200 - 3 * (felt - 1));
        scene.tick();
        assert_eq!(scene.health(post), 200 - 3 * felt);
    }
    scene.ticks(TICK_HZ);
    assert_eq!(scene.health(post), 188, "four times in two seconds");
    assert_eq!(flags(&scene, post) & status::AFFLICTED, 0);
    let ticks = scene.hear(1).into_iter();
    let ticks =
        ticks.filter(|message| matches!(message, ServerMessage::Combat { kind: CombatKind::Tick, amount: 3, .. }));
    assert_eq!(ticks.count(), 4, "each is told");
}

#[test]
fn a_buff_makes_stronger_and_faster_and_wears_off() {
    let mut scene = Scene::new(&FIELD, &[]);
    scene.enter(1, "fighter", tile(3, 2));
    let me = scene.player(1);
    let (before, speed) = (scene.get::<Stats>(me), scene.get::<Speed>(me));
    scene.act(1, 4, Aim::None);
    scene.ticks(2);
    assert_eq!(scene.get::<Stats>(me).power, before.power + 20);
    assert_eq!(scene.get::<Speed>(me).0, speed.0 * 3 / 2);
    let Health { current, max } = scene.get::<Replicated<Health>>(me).0;
    assert!(max == 150 && current <= 102, "the most rises; what there is grows by rest alone: {current} of {max}");
    assert_eq!(flags(&scene, me) & status::BUFFED, status::BUFFED);
    scene.ticks(TICK_HZ - 2);
    assert_eq!(scene.get::<Stats>(me).power, before.power + 20, "for a whole second");
    scene.tick();
    assert_eq!((scene.get::<Stats>(me), scene.get::<Speed>(me)), (before, speed));
    assert_eq!(scene.get::<Replicated<Health>>(me).max, 100);
    assert_eq!(flags(&scene, me) & status::BUFFED, 0);
}

#[test]
fn what_is_worn_makes_stronger_until_it_is_taken_off() {
    let mut scene = Scene::new(&FIELD, &[]);
    let cap = ItemRecord { item: ItemId([7; 16]), definition: "sturdy_cap".to_owned(), slot: 0 };
    scene.join(1, CharacterLoad { items: vec![cap], ..new_character(1, "fighter") });
    let me = scene.player(1);
    let (before, health) = (scene.get::<Stats>(me), scene.get::<Replicated<Health>>(me).0);
    let mut ask = |message| {
        scene.say(1, message);
        scene.tick();
        scene.commit(None);
        scene.tick();
        (scene.get::<Stats>(me), scene.get::<Replicated<Health>>(me).0)
    };
    let (worn, worn_health) = ask(ClientMessage::Equip { item: ItemId([7; 16]) });
    assert_eq!((worn.max_health, worn.armour), (before.max_health + 10, before.armour + 3));
    assert_eq!((worn_health.max, worn_health.current), (health.max + 10, health.current), "a cap heals nobody");
    assert_eq!(ask(ClientMessage::Unequip { item: ItemId([7; 16]) }), (before, health));
}

#[test]
fn armour_from_a_buff_halves_damage() {
    let mut scene = Scene::new(&FIELD, &[("boar", (6, 2))]);
    scene.enter(1, "caster", tile(5, 2));
    let me = scene.player(1);
    scene.act(1, 4, Aim::None);
    // The boar may have bitten before the buff counted: when it looks around is not fixed.
    scene.ticks(2);
    scene.set_health(me, 80);
    scene.until("the boar bites", 3, |scene| scene.health(me) < 80);
    assert_eq!(scene.health(me), 78, "100 armour lets half of 4 through");
}

#[test]
fn who_is_rooted_does_not_walk() {
    let mut scene = Scene::new(&FIELD, &[("boar", (7, 2))]);
    scene.enter(1, "fighter", tile(3, 2));
    let boar = scene.mob("boar");
    let aim = Aim::Entity(scene.id(boar));
    scene.act(1, 3, aim);
    let held_at = scene.at(boar);
    assert_eq!(flags(&scene, boar) & status::ROOTED, status::ROOTED);
    for _ in 1..2 * TICK_HZ {
        scene.tick();
        assert_eq!((scene.at(boar), flags(&scene, boar) & status::ROOTED), (held_at, status::ROOTED));
    }
    scene.ticks(2);
    assert_eq!(flags(&scene, boar) & status::ROOTED, 0);
    assert_ne!(scene.at(boar), held_at, "after two seconds it comes");
}

#[test]
fn a_shove_pushes_straight_away_and_walls_stop_it() {
    let mut scene = Scene::new(&["S........#..", "............"], &[("post", (4, 0)), ("post", (8, 1))]);
    scene.enter(1, "fighter", tile(3, 0));
    let post = scene.mob("post");
    let aim = Aim::Entity(scene.id(post));
    scene.act(1, 2, aim);
    scene.ticks(12);
    let pushed = scene.at(post).x - tile(4, 0).x;
    assert!((1_900..=2_048).contains(&pushed), "2 tiles to the east, not {pushed} units");
    assert_eq!(scene.at(post).y, tile(4, 0).y);
    let me = scene.player(1);

    let other = scene.mobs("post")[1];
    scene.put(me, At(scene.at(other).offset(1_200, 0)));
    scene.ticks(TICK_HZ);
    scene.act(1, 2, Aim::Entity(scene.id(other)));
    scene.ticks(12);
    let pushed = tile(8, 1).x - scene.at(other).x;
    assert!((1_900..=2_048).contains(&pushed), "2 tiles to the west, not {pushed} units");

    scene.put(me, At(scene.at(post).offset(-1_200, 0)));
    scene.ticks(TICK_HZ);
    scene.act(1, 2, aim);
    scene.ticks(12);
    scene.put(me, At(scene.at(post).offset(-1_200, 0)));
    scene.ticks(TICK_HZ);
    scene.act(1, 2, aim);
    scene.ticks(12);
    let stopped_at = scene.at(post).x;
    assert_eq!(stopped_at, 9 * 1_024 - 307, "the wall at 9 stops its rim");
}

#[test]
fn a_shove_aslant_goes_aslant() {
    let field = ["S........"; 9];
    // To the south-east, and to the north-west.
    for (from, sign) in [((3, 3), 1), ((5, 5), -1)] {
        let mut scene = Scene::new(&field, &[("post", (4, 4))]);
        scene.enter(1, "fighter", tile(from.0, from.1));
        let post = scene.mob("post");
        scene.act(1, 2, Aim::Entity(scene.id(post)));
        scene.ticks(12);
        let (at, was) = (scene.at(post), tile(4, 4));
        // 2 tiles along the diagonal.
        let way = 1_343..=1_449;
        let [right, down] = [at.x - was.x, at.y - was.y].map(|way| way * sign);
        assert!(way.contains(&right) && way.contains(&down), "from {from:?} to {at:?}");
    }
}

#[test]
fn healing_heals_a_friend_and_never_beyond_the_most() {
    let mut scene = Scene::new(&FIELD, &[]);
    scene.enter(1, "caster", tile(3, 2));
    scene.enter(2, "fighter", tile(5, 2));
    let friend = scene.player(2);
    scene.set_health(friend, 60);
    let aim = Aim::Entity(scene.id(friend));
    scene.act(1, 3, aim);
    assert_eq!(scene.health(friend), 85);
    scene.ticks(TICK_HZ);
    let before = scene.health(friend);
    scene.act(1, 3, aim);
    assert_eq!(scene.health(friend), 100);
    let last = scene.hear(2).pop();
    let told = matches!(last, Some(ServerMessage::Combat { kind: CombatKind::Heal, amount, .. }) if amount == u32::from(100 - before));
    assert!(told, "{last:?}: only what was missing counts");
}

#[test]
fn who_heals_a_fighter_fights_as_long_as_it_does() {
    let mut scene = Scene::new(&FIELD, &[("post", (6, 2))]);
    scene.enter(1, "caster", tile(3, 2));
    scene.enter(2, "fighter", tile(5, 2));
    let (healer, friend, post) = (scene.player(1), scene.player(2), scene.mob("post"));
    scene.set_health(friend, 60);
    let aim = Aim::Entity(scene.id(friend));
    scene.act(1, 3, aim);
    assert_eq!(scene.get::<InCombat>(healer), InCombat::default(), "there is no fight to join");
    scene.set_health(friend, 60);
    let enemy = Aim::Entity(scene.id(post));
    scene.act(2, 0, enemy);
    scene.ticks(TICK_HZ);
    scene.act(1, 3, aim);
    let (helper, helped) = (scene.get::<InCombat>(healer), scene.get::<InCombat>(friend));
    assert!(helped.is(scene.now()), "it fights");
    assert_eq!(helper, helped, "it can neither rest nor leave before the one it heals");
}

#[test]
fn a_spring_heals_all_friends_around_it_and_no_enemy() {
    let mut scene = Scene::new(&FIELD, &[("post", (6, 2))]);
    scene.enter(1, "caster", tile(3, 2));
    scene.enter(2, "fighter", tile(5, 2));
    scene.enter(3, "fighter", tile(5, 3));
    let (me, friend, other, post) = (scene.player(1), scene.player(2), scene.player(3), scene.mob("post"));
    // In a fight it does not mend by itself.
    let enemy = Aim::Entity(scene.id(post));
    scene.act(2, 0, enemy);
    scene.ticks(TICK_HZ);
    for entity in [me, friend, other, post] {
        scene.set_health(entity, 50);
    }
    scene.act(1, 7, Aim::Point(tile(5, 2)));
    assert_eq!((scene.health(friend), scene.health(other)), (61, 61));
    assert_eq!(scene.health(me), 50, "who stands outside is not reached");
    assert_eq!(scene.health(post), 50, "nor is an enemy");
}

#[test]
fn rage_comes_with_blows_and_goes_with_rest() {
    let mut scene = Scene::new(&FIELD, &[("post", (4, 2))]);
    scene.enter(1, "fighter", tile(3, 2));
    let (me, post) = (scene.player(1), scene.mob("post"));
    scene.put(me, Replicated(Resource { current: 0, max: 100 }));
    let aim = Aim::Entity(scene.id(post));
    scene.act(1, 0, aim);
    assert_eq!(scene.resource(1), 10);
    scene.ticks(3 * TICK_HZ - 1);
    assert_eq!(scene.resource(1), 10, "it stays in combat");
    scene.ticks(2 * TICK_HZ);
    assert_eq!(scene.resource(1), 6, "and fades by 2 a second out of it");

    let mut scene = Scene::new(&FIELD, &[("boar", (4, 2))]);
    scene.enter(1, "fighter", tile(3, 2));
    let me = scene.player(1);
    // It may have bitten already: it looks around in ticks of its own.
    scene.set_health(me, 100);
    scene.put(me, Replicated(Resource { current: 0, max: 100 }));
    scene.until("the boar bites", 3, |scene| scene.health(me) < 100);
    assert_eq!(scene.resource(1), 5, "blows that one takes count too");
}

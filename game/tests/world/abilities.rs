//! All shapes of abilities, and the reasons why one cannot be used.

use realmgate_engine::replication::Replicated;
use realmgate_game::ability::{AbilityBook, CurrentCast};
use realmgate_game::area::GroundArea;
use realmgate_game::projectile::Projectile;
use realmgate_protocol::realm::{Casting, CombatKind, Refusal, ServerMessage};
use realmgate_protocol::wire::Aim;

use crate::scene::{DATA, EAST, Scene, TICK_HZ, WEST, tile};

const FIELD: [&str; 5] =
    ["S...............", "................", "................", "................", "................"];

fn count<C: bevy_ecs::component::Component>(scene: &mut Scene) -> usize {
    let world = scene.channel.world_mut();
    let mut query = world.query::<&C>();
    query.iter(world).count()
}

#[test]
fn a_blow_at_one_enemy_harms_it_and_is_told() {
    let mut scene = Scene::new(&FIELD, &[("post", (6, 2)), ("post", (6, 3))]);
    scene.enter(1, "fighter", tile(5, 2));
    let (post, beside, me) = (scene.mobs("post")[0], scene.mobs("post")[1], scene.player(1));
    let target = scene.id(post);
    scene.act(1, 0, Aim::Entity(target));
    assert_eq!(scene.health(post), 185, "5 and all of 10 power");
    assert_eq!(scene.health(beside), 200, "nobody else is hit");
    let hit = DATA.abilities.find("hit").map(|index| index.0);
    let told =
        ServerMessage::Combat { kind: CombatKind::Damage, source: scene.id(me), target, ability: hit, amount: 15 };
    assert_eq!(scene.hear(1), [told]);
}

#[test]
fn what_is_too_far_or_behind_a_wall_is_refused() {
    let walled = ["S......", ".......", "...#...", ".......", "......."];
    let mut scene = Scene::new(&walled, &[("post", (4, 2)), ("post", (6, 4))]);
    scene.enter(1, "caster", tile(2, 2));
    let posts = scene.mobs("post");
    let (behind, far) = (Aim::Entity(scene.id(posts[0])), Aim::Entity(scene.id(posts[1])));
    scene.act(1, 2, behind);
    assert_eq!(scene.refusals(1), [Refusal::NoLineOfSight]);
    scene.ticks(TICK_HZ);
    let me = scene.player(1);
    scene.put(me, realmgate_engine::body::At(tile(0, 1)));
    scene.act(1, 2, far);
    assert_eq!(scene.refusals(1), [Refusal::OutOfRange]);
    assert_eq!((scene.health(posts[0]), scene.health(posts[1])), (200, 200));
}

#[test]
fn a_cone_reaches_all_in_front_and_nobody_behind() {
    let mut scene = Scene::new(&FIELD, &[("post", (7, 2)), ("post", (7, 3)), ("post", (4, 2)), ("post", (9, 2))]);
    scene.enter(1, "fighter", tile(6, 2));
    scene.act(1, 1, Aim::Direction(EAST));
    let posts = scene.mobs("post");
    let health: Vec<u16> = posts.iter().map(|post| scene.health(*post)).collect();
    assert_eq!(health, [193, 193, 200, 200], "in front, at the edge, behind, too far");
}

#[test]
fn a_projectile_takes_its_time_and_hits_the_first_in_its_way() {
    let mut scene = Scene::new(&FIELD, &[("post", (8, 2)), ("post", (10, 2))]);
    scene.enter(1, "caster", tile(3, 2));
    scene.act(1, 0, Aim::Direction(EAST));
    let posts = scene.mobs("post");
    assert_eq!(count::<Projectile>(&mut scene), 1);
    scene.ticks(10);
    assert_eq!(scene.health(posts[0]), 200, "10 tiles a second: a third of a second is not enough for 5 tiles");
    scene.ticks(6);
    assert_eq!((scene.health(posts[0]), scene.health(posts[1])), (191, 200));
    assert_eq!(count::<Projectile>(&mut scene), 0, "what has hit is gone");
}

#[test]
fn of_two_within_one_tick_of_its_way_a_projectile_hits_the_nearer() {
    // They touch, and the farther one is the older.
    let mut scene = Scene::new(&FIELD, &[("post", (9, 2)), ("post", (8, 2))]);
    scene.enter(1, "caster", tile(3, 2));
    let posts = scene.mobs("post");
    let near = scene.at(posts[1]);
    scene.put(posts[0], realmgate_engine::body::At(near.offset(100, 0)));
    scene.act(1, 0, Aim::Direction(EAST));
    scene.ticks(20);
    assert_eq!((scene.health(posts[0]), scene.health(posts[1])), (200, 191));
}

#[test]
fn a_projectile_ends_at_a_wall_and_at_its_range() {
    let mut scene = Scene::new(&["S......#..", ".........."], &[("post", (8, 0))]);
    scene.enter(1, "caster", tile(3, 0));
    scene.act(1, 0, Aim::Direction(EAST));
    scene.ticks(2 * TICK_HZ);
    scene.act(1, 0, Aim::Direction(WEST));
    scene.ticks(2 * TICK_HZ);
    let post = scene.mob("post");
    assert_eq!((count::<Projectile>(&mut scene), scene.health(post)), (0, 200));
}

#[test]
fn a_burst_reaches_those_around_whom_it_hits() {
    let mut scene = Scene::new(&FIELD, &[("post", (8, 2)), ("post", (9, 3)), ("post", (13, 2))]);
    scene.enter(1, "caster", tile(4, 2));
    scene.act(1, 5, Aim::Direction(EAST));
    scene.ticks(20);
    let posts = scene.mobs("post");
    let health: Vec<u16> = posts.iter().map(|post| scene.health(*post)).collect();
    assert_eq!(health, [194, 194, 200]);
}

#[test]
fn an_area_acts_again_and_again_and_ends() {
    let mut scene = Scene::new(&FIELD, &[("post", (8, 2)), ("post", (12, 2))]);
    scene.enter(1, "caster", tile(5, 2));
    scene.act(1, 1, Aim::Point(tile(8, 2)));
    assert_eq!(scene.resource(1), 80, "it was paid for");
    scene.ticks(2);
    let posts = scene.mobs("post");
    assert_eq!(scene.health(posts[0]), 196, "at once");
    scene.ticks(TICK_HZ);
    assert_eq!(scene.health(posts[0]), 192, "and after a second");
    scene.ticks(2 * TICK_HZ);
    assert_eq!((scene.health(posts[0]), scene.health(posts[1])), (192, 200), "two seconds hold two periods");
    assert_eq!(count::<GroundArea>(&mut scene), 0);
}

#[test]
fn a_cast_takes_effect_at_its_end_and_is_seen_until_then() {
    let mut scene = Scene::new(&FIELD, &[("post", (8, 2))]);
    scene.enter(1, "caster", tile(5, 2));
    let (post, me) = (scene.mob("post"), scene.player(1));
    let aim = Aim::Entity(scene.id(post));
    scene.act(1, 6, aim);
    assert!(scene.has::<Replicated<Casting>>(me), "others see the cast");
    scene.act(1, 0, Aim::Direction(EAST));
    assert_eq!(scene.refusals(1), [Refusal::Busy]);
    scene.ticks(TICK_HZ - 2);
    assert_eq!((scene.health(post), scene.resource(1)), (200, 100), "nothing before its end");
    scene.ticks(2);
    assert_eq!((scene.health(post), scene.resource(1)), (170, 70));
    assert!(!scene.has::<Replicated<Casting>>(me));
}

#[test]
fn walking_breaks_a_cast_and_nothing_is_paid() {
    let mut scene = Scene::new(&FIELD, &[("post", (8, 2))]);
    scene.enter(1, "caster", tile(5, 2));
    let (post, me) = (scene.mob("post"), scene.player(1));
    let aim = Aim::Entity(scene.id(post));
    scene.act(1, 6, aim);
    scene.walk(1, WEST, 1);
    assert_eq!(scene.get::<CurrentCast>(me).0, None);
    scene.ticks(2 * TICK_HZ);
    assert_eq!((scene.health(post), scene.resource(1)), (200, 100));
}

#[test]
fn cooldowns_costs_and_levels_keep_abilities_back() {
    let mut scene = Scene::new(&FIELD, &[("post", (6, 2))]);
    scene.enter(1, "fighter", tile(5, 2));
    let post = scene.mob("post");
    let aim = Aim::Entity(scene.id(post));
    scene.act(1, 3, aim);
    scene.ticks(TICK_HZ);
    scene.hear(1);
    scene.act(1, 3, aim);
    assert_eq!(scene.refusals(1), [Refusal::OnCooldown], "5 s are not over");
    scene.ticks(TICK_HZ);
    scene.act(1, 5, Aim::None);
    assert_eq!(scene.refusals(1), [Refusal::NoSuchAbility], "its level is not reached");
    scene.ticks(TICK_HZ);
    scene.act(1, 7, Aim::None);
    assert_eq!(scene.refusals(1), [Refusal::NoSuchAbility], "the slot is empty");
    scene.ticks(10 * TICK_HZ);
    let me = scene.player(1);
    scene.put(me, Replicated(realmgate_protocol::realm::Resource { current: 9, max: 100 }));
    scene.act(1, 3, aim);
    assert_eq!(scene.refusals(1), [Refusal::TooLittleResource]);
    let hold = DATA.abilities.find("hold").unwrap();
    assert!(scene.get::<AbilityBook>(me).is_ready(hold, false, realmgate_protocol::ids::Tick(u32::MAX)));
}

#[test]
fn the_global_cooldown_holds_all_and_refusals_are_not_a_flood() {
    let mut scene = Scene::new(&FIELD, &[("post", (6, 2))]);
    scene.enter(1, "fighter", tile(5, 2));
    let post = scene.mob("post");
    let aim = Aim::Entity(scene.id(post));
    for _ in 0..10 {
        scene.act(1, 0, aim);
    }
    assert_eq!(scene.health(post), 185, "one blow in a third of a second");
    let refused = scene.refusals(1).len();
    assert!((1..=2).contains(&refused), "10 presses in a third of a second, {refused} refusals");
    scene.ticks(10);
    scene.act(1, 0, aim);
    assert_eq!(scene.health(post), 170, "half a second later it is ready");
}

#[test]
fn players_harm_neither_each_other_nor_anybody_from_a_safe_place() {
    let mut scene = Scene::new(&["S.....", "......"], &[("post", (1, 0))]);
    scene.enter(1, "fighter", tile(0, 0));
    scene.enter(2, "fighter", tile(1, 1));
    let (post, other) = (scene.mob("post"), scene.player(2));
    let aim = Aim::Entity(scene.id(post));
    scene.act(1, 0, aim);
    assert_eq!(scene.refusals(1), [Refusal::NotAllowed], "one does not fight from within a safe zone");
    let aim = Aim::Entity(scene.id(scene.player(1)));
    scene.act(2, 0, aim);
    assert_eq!(scene.refusals(2), [Refusal::BadTarget]);
    scene.act(2, 1, Aim::Direction(EAST));
    assert_eq!((scene.health(other), scene.health(scene.player(1))), (100, 100));
}

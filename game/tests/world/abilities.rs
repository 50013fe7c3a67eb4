//! All shapes of abilities, and the reasons why one cannot be used.

use realmgate_engine::body::At;
use realmgate_engine::replication::Replicated;
use realmgate_game::ability::{AbilityBook, CurrentCast};
use realmgate_game::area::GroundArea;
use realmgate_game::combat::InCombat;
use realmgate_game::projectile::Projectile;
use realmgate_game::stats::Character;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::{Answers, Casting, CombatKind, Refusal, Resource, ServerMessage};
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
    let (posts, me) = (scene.mobs("post"), scene.player(1));
    let [burn, rain] = [
        (2, Aim::Entity(scene.id(posts[0])), Aim::Entity(scene.id(posts[1]))),
        (1, Aim::Point(tile(4, 2)), Aim::Point(tile(6, 4))),
    ];
    for (slot, behind, far) in [burn, rain] {
        scene.put(me, At(tile(2, 2)));
        scene.act(1, slot, behind);
        assert_eq!(scene.refusals(1), [Refusal::NoLineOfSight]);
        scene.ticks(TICK_HZ);
        scene.put(me, At(tile(0, 1)));
        scene.act(1, slot, far);
        assert_eq!(scene.refusals(1), [Refusal::OutOfRange]);
        scene.ticks(TICK_HZ);
    }
    assert_eq!((scene.health(posts[0]), scene.health(posts[1])), (200, 200), "nor does either burn a second later");
}

#[test]
fn a_cone_reaches_all_in_front_and_nobody_behind() {
    let places = [(7, 2), (7, 3), (4, 2), (9, 2), (7, 4)];
    let mut scene = Scene::new(&FIELD, &places.map(|place| ("post", place)));
    scene.enter(1, "fighter", tile(6, 2));
    let posts = scene.mobs("post");
    for (direction, left) in [(EAST, [193, 193, 200, 200, 200]), (WEST, [193, 193, 193, 200, 200])] {
        scene.act(1, 1, Aim::Direction(direction));
        let health: Vec<u16> = posts.iter().map(|post| scene.health(*post)).collect();
        assert_eq!(health, left, "east: in front, at the edge, behind, too far, beside");
        scene.ticks(TICK_HZ);
    }
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
    const BEHIND: i32 = 40;
    let (near, far) = (At(tile(8, 2)), At(tile(8, 2).offset(BEHIND, 0)));
    // Alone, either is hit in the same tick: the projectile has to choose.
    let hit_after = |place: At| {
        let mut scene = Scene::new(&FIELD, &[("post", (8, 2))]);
        scene.enter(1, "caster", tile(3, 2));
        let post = scene.mob("post");
        scene.put(post, place);
        scene.act(1, 0, Aim::Direction(EAST));
        (0..30).find(|_| {
            scene.tick();
            scene.health(post) < 200
        })
    };
    assert!(hit_after(near).is_some());
    assert_eq!(hit_after(near), hit_after(far), "both lie within one tick of its way");
    for (nearer, farther) in [(0, 1), (1, 0)] {
        let mut scene = Scene::new(&FIELD, &[("post", (8, 2)), ("post", (8, 2))]);
        scene.enter(1, "caster", tile(3, 2));
        let posts = scene.mobs("post");
        scene.put(posts[nearer], near);
        scene.put(posts[farther], far);
        scene.act(1, 0, Aim::Direction(EAST));
        scene.ticks(20);
        let health = [nearer, farther].map(|post: usize| scene.health(posts[post]));
        assert_eq!(health, [191, 200], "number {nearer} by age is the nearer");
    }
}

#[test]
fn a_projectile_ends_at_a_wall_and_at_its_range() {
    // From 3 it flies 8 tiles, which take 25 ticks.
    for (wall, post, ends_after, harm) in [('#', 8, 12, 0), ('.', 11, 25, 9), ('.', 12, 25, 0)] {
        let first = format!("S......{wall}........");
        let mut scene = Scene::new(&[&first, "................"], &[("post", (post, 0))]);
        scene.enter(1, "caster", tile(3, 0));
        scene.act(1, 0, Aim::Direction(EAST));
        scene.ticks(ends_after);
        let post = scene.mob("post");
        assert_eq!((count::<Projectile>(&mut scene), scene.health(post)), (0, 200 - harm), "{wall} {harm}");
    }
}

#[test]
fn a_burst_reaches_those_around_whom_it_hits() {
    let mut scene = Scene::new(&FIELD, &[(8, 2), (9, 3), (10, 2), (11, 2)].map(|place| ("post", place)));
    scene.enter(1, "caster", tile(4, 2));
    let posts = scene.mobs("post");
    // 2 tiles from the middle of the one that it hits, to the rim of a body.
    scene.put(posts[2], At(tile(8, 2).offset(2 * 1_024 + 307, 0)));
    scene.put(posts[3], At(tile(8, 2).offset(2 * 1_024 + 308, 0)));
    scene.act(1, 5, Aim::Direction(EAST));
    scene.ticks(20);
    let health: Vec<u16> = posts.iter().map(|post| scene.health(*post)).collect();
    assert_eq!(health, [194, 194, 194, 200]);
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
    assert_eq!(count::<GroundArea>(&mut scene), 1);
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
    let ability = DATA.abilities.find("slow_hit").unwrap().0;
    let cast = Casting { ability, until_tick: scene.now().after(TICK_HZ).0 };
    assert_eq!(scene.get::<Replicated<Casting>>(me).0, cast, "others see the cast");
    scene.act(1, 0, Aim::Direction(EAST));
    assert_eq!(scene.refusals(1), [Refusal::Busy]);
    scene.ticks(TICK_HZ - 2);
    assert_eq!((scene.health(post), scene.resource(1)), (200, 100), "nothing before its end");
    assert_eq!(scene.get::<Replicated<Casting>>(me).0, cast, "until then");
    scene.tick();
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
    scene.act(1, 6, aim);
    assert_eq!(scene.refusals(1), [], "nor does it wait for the 3 seconds after a cast");
}

#[test]
fn cooldowns_costs_and_levels_keep_abilities_back() {
    let mut scene = Scene::new(&FIELD, &[("post", (6, 2))]);
    scene.enter(1, "fighter", tile(5, 2));
    let post = scene.mob("post");
    let aim = Aim::Entity(scene.id(post));
    let me = scene.player(1);
    scene.act(1, 3, aim);
    assert_eq!((scene.resource(1), scene.refusals(1)), (90, vec![]), "it costs 10");
    scene.ticks(TICK_HZ);
    scene.act(1, 5, Aim::None);
    assert_eq!(scene.refusals(1), [Refusal::NoSuchAbility], "its level is not reached");
    scene.ticks(TICK_HZ);
    scene.act(1, 7, Aim::None);
    assert_eq!(scene.refusals(1), [Refusal::NoSuchAbility], "the slot is empty");
    let grown = Character { level: 2, ..scene.get(me) };
    scene.put(me, grown);
    scene.ticks(10);
    scene.act(1, 5, Aim::None);
    assert_eq!(scene.refusals(1), [], "now it is");

    // In a fight none of the resource fades.
    let has = |current| (Replicated(Resource { current, max: 100 }), InCombat { until: Tick(9_999) });
    scene.put(me, has(100));
    scene.ticks(5 * TICK_HZ - 75);
    scene.act(1, 3, aim);
    assert_eq!((scene.resource(1), scene.refusals(1)), (100, vec![Refusal::OnCooldown]), "149 of 150 ticks are over");
    scene.act(1, 3, aim);
    assert_eq!(scene.resource(1), 90, "and now all");
    scene.ticks(5 * TICK_HZ);
    scene.put(me, has(9));
    scene.act(1, 3, aim);
    assert_eq!((scene.resource(1), scene.refusals(1)), (9, vec![Refusal::TooLittleResource]));
    scene.put(me, has(10));
    scene.act(1, 3, aim);
    assert_eq!(scene.resource(1), 0, "what was refused is not on cooldown");
}

#[test]
fn the_global_cooldown_holds_all_and_refusals_are_not_a_flood() {
    let mut scene = Scene::new(&FIELD, &[("post", (6, 2))]);
    scene.enter(1, "fighter", tile(5, 2));
    let post = scene.mob("post");
    let aim = Aim::Entity(scene.id(post));
    scene.act(1, 0, aim);
    for press in 1..15 {
        // The same ability and another one by turns.
        scene.act(1, press % 2, aim);
    }
    assert_eq!(scene.health(post), 185, "one blow in half a second");
    assert_eq!(scene.refusals(1), [Refusal::OnCooldown; 2], "14 presses, and a refusal every 9 ticks");
    scene.act(1, 1, aim);
    assert_eq!(scene.health(post), 178, "half a second later all are ready");
}

#[test]
fn a_player_is_told_when_each_ability_is_ready_the_global_cooldown_included() {
    let mut scene = Scene::new(&FIELD, &[("post", (6, 2))]);
    scene.enter(1, "fighter", tile(5, 2));
    let (post, me) = (scene.mob("post"), scene.player(1));
    let aim = Aim::Entity(scene.id(post));
    let told = |scene: &Scene| scene.get::<AbilityBook>(me).to_wire().ready_at;
    assert_eq!(told(&scene), [0; 6]);
    scene.act(1, 4, Aim::None);
    let raged = scene.now().0;
    assert_eq!(told(&scene), [0, 0, 0, 0, raged, 0], "what is off the global cooldown does not start it");
    scene.act(1, 3, aim);
    assert_eq!(scene.refusals(1), []);
    let (half_second, own) = (scene.now().after(15).0, scene.now().after(5 * TICK_HZ).0);
    assert_eq!(told(&scene), [half_second, half_second, half_second, own, raged, half_second]);
    scene.act(1, 4, Aim::None);
    assert_eq!(scene.refusals(1), [], "nor does it wait for it");
}

#[test]
fn a_refusal_names_the_command_that_it_answers() {
    let mut scene = Scene::new(&FIELD, &[("post", (9, 2))]);
    scene.enter(1, "caster", tile(5, 2));
    let (post, me) = (scene.mob("post"), scene.player(1));
    let refused = |number, slot, reason| ServerMessage::Refused {
        request: "Ability".to_owned(),
        answers: Answers::Command { number, slot },
        reason,
    };
    scene.walk(1, EAST, 2);
    scene.act(1, 6, Aim::None);
    assert_eq!(scene.hear(1), [refused(3, 6, Refusal::BadTarget)]);
    let aim = Aim::Entity(scene.id(post));
    scene.act(1, 6, aim);
    assert_eq!(scene.hear(1), []);
    // What it costs is gone when the cast ends, some commands later.
    scene.put(me, Replicated(Resource { current: 0, max: 100 }));
    for _ in 0..TICK_HZ {
        scene.command(1, None, None);
    }
    assert_eq!(scene.hear(1), [refused(4, 6, Refusal::TooLittleResource)]);
    assert_eq!(scene.health(post), 200);
}

#[test]
fn players_harm_neither_each_other_nor_anybody_from_a_safe_place() {
    let mut scene = Scene::new(&["S.....", "......"], &[("post", (1, 0)), ("post", (4, 1))]);
    for (player, x, y) in [(1, 0, 0), (2, 2, 1), (3, 3, 1)] {
        scene.enter(player, "fighter", tile(x, y));
    }
    let posts = scene.mobs("post");
    let post = Aim::Entity(scene.id(posts[0]));
    for slot in [0, 1] {
        scene.act(1, slot, post);
        assert_eq!(scene.refusals(1), [Refusal::InSafeZone], "one does not fight from within a safe zone");
        scene.ticks(TICK_HZ);
    }
    // Both of these stand in the open.
    let other = Aim::Entity(scene.id(scene.player(3)));
    scene.act(2, 0, other);
    assert_eq!(scene.refusals(2), [Refusal::BadTarget]);
    scene.act(2, 1, Aim::Direction(EAST));
    let health = |entity| scene.health(entity);
    assert_eq!([1, 2, 3].map(|player| health(scene.player(player))), [100; 3]);
    assert_eq!([health(posts[0]), health(posts[1])], [200, 193], "the mob behind it is hit");
}

//! Lag compensation: aimed shapes hit where their user saw others, within the bounds that hold for liars too.
//!
//! The fighter stands on tile (5, 2) and sweeps to the east, 2.5 tiles far. Whoever is pushed along that row moves by 136
//! units a tick: a mob that starts two tiles off is in reach for 6 ticks, up to 2,864 of 2,867 units.

use bevy_ecs::prelude::*;
use realmgate_engine::body::{Asleep, At, Body, Heading, Push};
use realmgate_engine::replication::Replicated;
use realmgate_game::combat::Side;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::{Health, Refusal};
use realmgate_protocol::wire::{Aim, Seen};

use crate::scene::{EAST, Scene, TICK_HZ, tile};

const FIELD: [&str; 5] =
    ["S...............", "................", "................", "................", "................"];
const HIT: u8 = 0;
const SWEEP: u8 = 1;
/// Of the caster.
const BOLT: u8 = 0;
const STEP: i32 = 136;

/// A fighter, and a post two tiles off.
fn scene() -> (Scene, Entity) {
    scene_with_post(7)
}

fn scene_with_post(x: i32) -> (Scene, Entity) {
    let mut scene = Scene::new(&FIELD, &[("post", (x, 2))]);
    scene.enter(1, "fighter", tile(5, 2));
    let post = scene.mob("post");
    // What sleeps is not moved in the tick in which it wakes.
    scene.until("the post is awake", 2, |scene| !scene.has::<Asleep>(post));
    (scene, post)
}

fn push(scene: &mut Scene, whom: Entity, dx: i32, ticks: u32) {
    scene.put(whom, Push { dx, dy: 0, ticks: 1_000 });
    scene.ticks(ticks);
}

/// What a player has seen so many ticks, and eighths, before its command is applied in the coming tick.
fn seen(scene: &Scene, ticks: u32, eighths: u32) -> Seen {
    let parts = scene.now().after(1).0 * Seen::PARTS - ticks * Seen::PARTS - eighths;
    Seen { tick: Tick(parts / Seen::PARTS), part: (parts % Seen::PARTS) as u8 }
}

/// A player whose line is as bad as it says sweeps; whether that harms somebody.
fn sweep(scene: &mut Scene, ticks: u32, eighths: u32, whom: Entity) -> bool {
    let seen = seen(scene, ticks, eighths);
    sweep_seeing(scene, seen, seen.tick.min(scene.now()), whom)
}

fn sweep_seeing(scene: &mut Scene, seen: Seen, acknowledged: Tick, whom: Entity) -> bool {
    let before = scene.health(whom);
    scene.act_seeing(1, SWEEP, Aim::Direction(EAST), seen, acknowledged);
    assert_eq!(scene.refusals(1), [], "it is swept");
    scene.health(whom) < before
}

#[test]
fn a_sweep_hits_where_it_was_seen_to_and_nowhere_else() {
    // After ten ticks, in the eleventh: it has left, but had not 5 ticks ago, and neither at an eighth of the sixth step.
    let moments = [(0, 0, false), (1, 0, false), (4, 0, false), (4, 7, false), (5, 0, true), (6, 0, true)];
    for (ticks, eighths, hits) in moments {
        let (mut scene, post) = scene();
        push(&mut scene, post, STEP, 10);
        assert_eq!(sweep(&mut scene, ticks, eighths, post), hits, "seen {ticks} ticks and {eighths} eighths ago");
    }
    // It comes: it is in reach now, and was not a moment ago.
    for (ticks, eighths, hits) in [(0, 0, true), (0, 7, true), (1, 0, false), (6, 0, false)] {
        let (mut scene, post) = scene_with_post(9);
        push(&mut scene, post, -STEP, 9);
        assert_eq!(sweep(&mut scene, ticks, eighths, post), hits, "seen {ticks} ticks and {eighths} eighths ago");
    }
}

#[test]
fn a_client_that_says_nothing_hits_in_the_present() {
    let (mut scene, post) = scene();
    push(&mut scene, post, STEP, 5);
    scene.act(1, SWEEP, Aim::Direction(EAST));
    assert_eq!(scene.health(post), 193, "in the sixth tick it is in reach");
    let (mut scene, post) = self::scene();
    push(&mut scene, post, STEP, 6);
    scene.act(1, SWEEP, Aim::Direction(EAST));
    assert_eq!(scene.health(post), 200, "in the seventh it is not");
}

#[test]
fn nobody_is_hit_where_it_was_more_than_250_ms_ago_or_will_be() {
    // In the 13th tick it was in reach 7 ticks ago. In the 14th that is 8 ticks ago, and 7.5 are 250 ms.
    for (ticks, ago, eighths, hits) in [(12, 7, 0, true), (13, 7, 4, false), (13, 8, 0, false), (13, 12, 0, false)] {
        let (mut scene, post) = scene();
        push(&mut scene, post, STEP, ticks);
        let is_hit = sweep(&mut scene, ago, eighths, post);
        assert_eq!(is_hit, hits, "in tick {}, {ago} ticks and {eighths} eighths ago", ticks + 1);
    }
    for later in [1, 2, 30, 1_000] {
        // It comes, and will be in reach in the next tick.
        let (mut scene, post) = scene_with_post(9);
        push(&mut scene, post, -STEP, 8);
        let (seen, newest) = (Seen { tick: scene.now().after(later), part: 7 }, scene.now());
        assert!(!sweep_seeing(&mut scene, seen, newest, post), "the future is not seen");
        scene.ticks(TICK_HZ / 2);
        assert!(sweep(&mut scene, 0, 0, post), "now it is");
    }
}

#[test]
fn who_acknowledges_what_it_gets_has_not_seen_less() {
    // In the twelfth tick it was in reach 6 ticks ago. The newest snapshot is of the tick before, and three ticks are allowed.
    for ago in [6, 7] {
        let (mut scene, post) = scene();
        push(&mut scene, post, STEP, 11);
        let (seen, newest) = (seen(&scene, ago, 0), scene.now());
        assert!(!sweep_seeing(&mut scene, seen, newest, post), "{ago} ticks ago, by prompt acknowledgements");
        let (mut scene, post) = self::scene();
        push(&mut scene, post, STEP, 11);
        let acknowledged = scene.now().before(4);
        assert!(sweep_seeing(&mut scene, seen, acknowledged, post), "{ago} ticks ago, by late ones");
    }
}

#[test]
fn a_player_who_has_been_out_of_it_for_100_ms_is_not_hit() {
    // Pushed like the post, but with a wider body: it leaves the reach of 2,944 units after its sixth tick, too.
    for (ticks, is_player_hit) in [(8, true), (9, false), (11, false)] {
        let (mut scene, post) = scene();
        scene.enter(2, "fighter", tile(7, 2));
        let duellist = scene.player(2);
        scene.put(duellist, Side::Mobs);
        let radius = scene.get::<Body>(post).radius;
        scene.put(duellist, Body { radius });
        push(&mut scene, post, STEP, 0);
        push(&mut scene, duellist, STEP, ticks);
        let (me, left) = (scene.get::<Replicated<Health>>(duellist).current, scene.health(post));
        assert!(sweep(&mut scene, ticks - 4, 0, post), "{left}: a mob is hit where it was seen");
        let is_hit = scene.health(duellist) < me;
        assert_eq!(is_hit, is_player_hit, "out of reach since {} ticks", ticks + 1 - 6);
    }
}

#[test]
fn nobody_is_hit_where_it_was_before_it_was_put_elsewhere() {
    let (mut scene, post) = scene();
    scene.ticks(10);
    scene.put(post, At(tile(12, 2)));
    scene.ticks(2);
    assert!(!sweep(&mut scene, 6, 0, post), "it stood there, but has gone in no time");
    let (mut scene, post) = scene_with_post(12);
    scene.ticks(10);
    scene.put(post, At(tile(7, 2)));
    scene.ticks(2);
    assert!(!sweep(&mut scene, 6, 0, post), "nor where it was not seen yet");
    scene.ticks(TICK_HZ);
    assert!(sweep(&mut scene, 7, 0, post), "who stands is hit with any lag");
}

#[test]
fn who_was_seen_behind_a_wall_is_not_hit() {
    let walled = ["S...............", "................", "......#.........", "................", "................"];
    // The fighter stands in the south of its tile, west of the wall. From behind that the post comes out to the south.
    for (ago, hits) in [(0, true), (6, false)] {
        let mut scene = Scene::new(&walled, &[("post", (7, 2))]);
        scene.enter(1, "fighter", Position { x: 5_632, y: 2_948 });
        let post = scene.mob("post");
        scene.put(post, (At(Position { x: 7_480, y: 2_948 }), Push { dx: 0, dy: STEP, ticks: 1_000 }));
        scene.ticks(7);
        let is_hit = sweep(&mut scene, ago, 0, post);
        assert_eq!(is_hit, hits, "seen {ago} ticks ago, now at {:?}", scene.at(post));
    }
}

#[test]
fn one_enemy_and_projectiles_stay_in_the_present() {
    // One enemy: 1.5 tiles and its radius from centre to centre.
    let (mut scene, post) = scene_with_post(6);
    push(&mut scene, post, STEP, 12);
    let seen = seen(&scene, 7, 0);
    let aim = Aim::Entity(scene.id(post));
    scene.act_seeing(1, HIT, aim, seen, seen.tick);
    assert_eq!(scene.refusals(1), [Refusal::OutOfRange]);
    // A projectile flies through the present: it is aimed at where the enemy is, not at where that was seen.
    let mut scene = Scene::new(&FIELD, &[("post", (8, 2))]);
    scene.enter(1, "caster", tile(5, 2));
    let post = scene.mob("post");
    scene.put(post, Push { dx: 0, dy: STEP, ticks: 1_000 });
    scene.ticks(10);
    let (seen, aim) = (self::seen(&scene, 7, 0), Aim::Entity(scene.id(post)));
    scene.act_seeing(1, BOLT, aim, seen, seen.tick);
    let (me, now) = (scene.player(1), scene.at(post));
    let towards = |there| Angle::between(scene.at(me), there);
    assert_ne!(towards(now), towards(now.offset(0, -7 * STEP)));
    assert_eq!(scene.get::<Heading>(me).0, towards(now));
}

#[test]
fn a_cone_that_is_aimed_at_an_enemy_points_at_where_that_was_seen() {
    // It was seen in the east, though it has run past to the west.
    let (mut scene, post) = scene_with_post(6);
    push(&mut scene, post, -4 * STEP, 3);
    let (aim, seen) = (Aim::Entity(scene.id(post)), seen(&scene, 4, 0));
    scene.act_seeing(1, SWEEP, aim, seen, seen.tick);
    assert!(scene.at(post).x < tile(5, 2).x, "it is in the west: {:?}", scene.at(post));
    assert_eq!(scene.health(post), 193);
}

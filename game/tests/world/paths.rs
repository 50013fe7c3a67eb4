//! Mobs find their way around walls.

use realmgate_engine::body::At;
use realmgate_game::mob::{Mind, Mood};
use realmgate_protocol::wire::Aim;

use crate::scene::{EAST, Scene, TICK_HZ, tile};

#[test]
fn a_mob_walks_around_a_wall_to_its_enemy() {
    let rows = ["S...........", ".....####...", "........#...", "........#...", ".....####...", "............"];
    let mut scene = Scene::new(&rows, &[("boar", (7, 2))]);
    scene.enter(1, "caster", tile(4, 2));
    let (me, boar) = (scene.player(1), scene.mob("boar"));
    scene.act(1, 0, Aim::Direction(EAST));
    scene.ticks(10);
    scene.put(me, At(tile(10, 2)));
    assert_eq!(scene.health(me), 80, "it has not bitten yet");
    scene.until("it has come around the wall", 12, |scene| scene.at(boar).within(scene.at(me), 1_800));
    scene.until("it bites", 3, |scene| scene.health(me) < 80);
}

#[test]
fn a_mob_that_can_not_reach_its_enemy_gives_up() {
    let rows = ["S...........", ".....#####..", ".....#...#..", ".....#####..", "............"];
    let mut scene = Scene::new(&rows, &[("wolf", (2, 2))]);
    scene.enter(1, "caster", tile(4, 2));
    let (me, wolf) = (scene.player(1), scene.mob("wolf"));
    scene.until("it attacks", 2, |scene| scene.get::<Mind>(wolf).mood == Mood::Fight);
    let home = scene.get::<Mind>(wolf).home;
    scene.put(me, At(tile(7, 2)));
    scene.ticks(3 * TICK_HZ - 2);
    assert_eq!(scene.get::<Mind>(wolf).mood, Mood::Fight, "for three seconds it looks for a way");
    scene.until("it goes home", 3, |scene| scene.get::<Mind>(wolf).mood == Mood::Return);
    scene.until("it is there", 6, |scene| scene.get::<Mind>(wolf).is_peaceful());
    assert!(scene.at(wolf).within(home, 358), "{:?}", scene.at(wolf));
    assert_eq!(scene.health(me), 80);
}

#[test]
fn the_way_around_a_corner_is_never_through_it() {
    let rows = ["S......", "...#...", "...#...", "...####", "......."];
    let mut scene = Scene::new(&rows, &[("boar", (5, 2))]);
    scene.enter(1, "caster", tile(5, 1));
    let (me, boar) = (scene.player(1), scene.mob("boar"));
    scene.until("it attacks", 2, |scene| scene.get::<Mind>(boar).mood == Mood::Fight);
    scene.put(me, At(tile(2, 3)));
    let before = scene.health(me);
    for _ in 0..8 * TICK_HZ {
        scene.tick();
        let at = scene.at(boar);
        assert!(scene.channel.settings().map.grid.is_free(at, 358), "it reaches into the wall at {at:?}");
    }
    assert!(scene.health(me) < before, "it found the way over the top");
}

//! How characters come into the world, and what of them is saved.

use realmgate_engine::player::CaptureSoftState;
use realmgate_engine::replication::Shared;
use realmgate_game::ability::AbilityBook;
use realmgate_game::combat::SafeZone;
use realmgate_protocol::ids::MapId;
use realmgate_protocol::link::{CharacterLoad, CooldownLeft, FromMap, LeaveReason, SoftState};
use realmgate_protocol::realm::{Appearance, EntityKind, Health, Label, Resource};

use crate::scene::{DATA, Scene, TICK_HZ, new_character, tile};

const FIELD: [&str; 4] = ["..........", "..S.......", "......#...", ".........."];

fn soft(x: i32, y: i32) -> SoftState {
    let at = tile(x, y);
    let cooldowns = vec![CooldownLeft { ability: "hold".to_owned(), left_ms: 2_000 }];
    SoftState { map: MapId(1), x: at.x, y: at.y, health: 42, resource: 17, cooldowns }
}

fn join(soft: Option<SoftState>) -> Scene {
    let mut scene = Scene::new(&FIELD, &[]);
    scene.join(1, CharacterLoad { soft, ..new_character(1, "fighter") });
    scene
}

#[test]
fn a_new_character_stands_whole_at_the_spawn_point() {
    let scene = join(None);
    let me = scene.player(1);
    assert_eq!(scene.at(me), tile(2, 1));
    assert_eq!(scene.get::<Shared<Health>>(me).0, Health { current: 100, max: 100 });
    assert_eq!(scene.get::<Shared<Resource>>(me).0, Resource { current: 0, max: 100 }, "fighters start calm");
    assert_eq!(scene.get::<Shared<Label>>(me).name, "Player1");
    let definition = DATA.classes.find("fighter").unwrap().0;
    assert_eq!(scene.get::<Shared<Appearance>>(me).0, Appearance { kind: EntityKind::Player, definition, level: 1 });
    assert!(scene.has::<SafeZone>(me));
}

#[test]
fn one_that_was_here_is_as_it_was() {
    let mut scene = join(Some(soft(7, 3)));
    let me = scene.player(1);
    assert_eq!((scene.at(me), scene.health(me)), (tile(7, 3), 42));
    let capture = *scene.channel.world().resource::<CaptureSoftState>();
    let saved = capture.0(scene.channel.world(), me);
    assert_eq!((saved.x, saved.y, saved.health), (tile(7, 3).x, tile(7, 3).y, 42));
    assert!(saved.cooldowns.iter().any(|left| left.ability == "hold" && left.left_ms > 1_500), "{saved:?}");
    let hold = DATA.abilities.find("hold").unwrap();
    let now = scene.channel.world().resource::<realmgate_engine::clock::TickClock>().now();
    assert!(!scene.get::<AbilityBook>(me).is_ready(hold, false, now));
    scene.ticks(2 * TICK_HZ);
    let now = scene.channel.world().resource::<realmgate_engine::clock::TickClock>().now();
    assert!(scene.get::<AbilityBook>(me).is_ready(hold, false, now));
}

#[test]
fn a_place_that_is_no_longer_free_becomes_the_nearest_spawn_point() {
    let scene = join(Some(soft(6, 2)));
    assert_eq!(scene.at(scene.player(1)), tile(2, 1));
}

#[test]
fn who_was_dead_returns_at_the_safe_zone() {
    let scene = join(Some(SoftState { health: 0, ..soft(9, 3) }));
    let me = scene.player(1);
    assert_eq!((scene.at(me), scene.health(me)), (tile(2, 1), 50));
}

#[test]
fn a_class_that_the_data_does_not_know_waits_in_the_store_untouched() {
    let mut scene = Scene::new(&FIELD, &[]);
    let was = soft(7, 3);
    scene.join(1, CharacterLoad { soft: Some(was.clone()), ..new_character(1, "druid") });
    scene.ticks(2);
    let released = scene.link.iter().find_map(|message| match message {
        FromMap::Released { save, reason } => Some((save.soft.clone(), *reason)),
        _ => None,
    });
    assert_eq!(released, Some((was, LeaveReason::Kicked)));
}

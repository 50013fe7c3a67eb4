//! How characters enter the world, and which of their state is saved.

use std::collections::BTreeSet;
use std::sync::Arc;

use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::map::{Rect, SpawnPoint};
use realmgate_engine::player::{CaptureSoftState, PlaceArrival};
use realmgate_engine::replication::Replicated;
use realmgate_game::ability::AbilityBook;
use realmgate_game::combat::{InSafeZone, SafeZone};
use realmgate_protocol::ids::{ItemId, MapId};
use realmgate_protocol::limits::MAX_LOOK_BYTES;
use realmgate_protocol::link::{CharacterLoad, CooldownLeft, FromMap, ItemRecord, LeaveReason, SoftState};
use realmgate_protocol::movement::UNITS_PER_TILE;
use realmgate_protocol::realm::{Appearance, ClientMessage, EntityKind, Health, Label, Look, Refusal, Resource};

use crate::scene::{DATA, Scene, TICK_HZ, new_character, settings, tile};

const FIELD: [&str; 4] = ["..........", "..S.......", "......#...", ".........."];

fn soft(x: i32, y: i32) -> SoftState {
    let at = tile(x, y);
    let cooldowns = vec![CooldownLeft { ability: "hold".to_owned(), left_ms: 2_000 }];
    SoftState { map: MapId(1), x: at.x, y: at.y, health: 42, resource: 17, cooldowns, ..SoftState::default() }
}

fn join(soft: Option<SoftState>) -> Scene {
    let mut scene = Scene::new(&FIELD, &[]);
    scene.join(1, CharacterLoad { soft, ..new_character(1, "fighter") });
    scene
}

/// Lets a character enter where there is a second spawn point in the north-east, in a safe zone of its own, and a third
/// in the south-west.
fn join_a_wider_land(soft: SoftState) -> Scene {
    let mut settings = settings(&FIELD, &[]);
    let map = Arc::make_mut(&mut settings.map);
    for (name, at) in [("east", (8, 0)), ("west", (0, 3))] {
        map.add(SpawnPoint::new(name, tile(at.0, at.1)));
    }
    let east = "east".to_owned();
    map.add(SafeZone { name: east.clone(), rect: Rect::of_tiles((8, 0), (1, 1)), respawn: east });
    let mut scene = Scene::of(settings);
    scene.join(1, CharacterLoad { soft: Some(soft), ..new_character(1, "fighter") });
    scene
}

#[test]
fn new_characters_appear_beside_each_other_where_the_spawn_point_is_spread() {
    let mut settings = settings(&[".........", "....S....", ".....#...", "........."], &[]);
    let map = Arc::make_mut(&mut settings.map);
    map.set(vec![SpawnPoint { spread_tiles: 1, ..SpawnPoint::new("start", tile(4, 1)) }]);
    let mut scene = Scene::of(settings);
    (1..=8).for_each(|number| scene.join(number, new_character(number, "fighter")));
    let places: BTreeSet<_> = (1..=8).map(|number| scene.at(scene.player(number))).collect();
    assert!(places.len() >= 5, "{places:?}");
    let radius = DATA.world.player.radius_tiles.units();
    for place in places {
        assert!(place.distance_squared(tile(4, 1)) <= i64::from(UNITS_PER_TILE).pow(2), "{place:?}");
        assert!(scene.channel.world().resource::<ChannelMap>().grid.is_free(place, radius), "{place:?}");
    }
}

#[test]
fn a_new_character_stands_whole_at_the_spawn_point() {
    let scene = join(None);
    let me = scene.player(1);
    assert_eq!(scene.at(me), tile(2, 1));
    assert_eq!(scene.get::<Replicated<Health>>(me).0, Health { current: 100, max: 100 });
    assert_eq!(scene.get::<Replicated<Resource>>(me).0, Resource { current: 0, max: 100 }, "fighters start calm");
    assert_eq!(scene.get::<Replicated<Label>>(me).name, "Player1");
    let definition = DATA.classes.find("fighter").unwrap().0;
    assert_eq!(
        scene.get::<Replicated<Appearance>>(me).0,
        Appearance { kind: EntityKind::Player, definition, level: 1 }
    );
    assert!(scene.has::<InSafeZone>(me));

    let mut scene = Scene::new(&FIELD, &[]);
    scene.join(1, new_character(1, "caster"));
    assert_eq!(scene.resource(1), 100, "and casters with all their mana");
}

#[test]
fn what_its_player_says_it_looks_like_is_shown_whole_or_not_at_all() {
    for (bytes, is_shown) in [(MAX_LOOK_BYTES, true), (MAX_LOOK_BYTES + 1, false)] {
        let mut scene = Scene::new(&FIELD, &[]);
        let json = "x".repeat(bytes);
        scene.join(1, CharacterLoad { look: Some(json.clone()), ..new_character(1, "fighter") });
        let me = scene.player(1);
        assert_eq!(scene.has::<Replicated<Look>>(me), is_shown);
        if is_shown {
            assert_eq!(scene.get::<Replicated<Look>>(me).json, json);
        }
    }
}

#[test]
fn where_it_will_appear_is_known_before_it_comes() {
    let elsewhere = SoftState { map: MapId(2), ..soft(7, 3) };
    let dead = SoftState { health: 0, ..soft(7, 3) };
    for soft in [None, Some(soft(7, 3)), Some(soft(6, 2)), Some(elsewhere), Some(dead)] {
        let load = CharacterLoad { soft: soft.clone(), ..new_character(1, "fighter") };
        let mut scene = Scene::new(&FIELD, &[]);
        let place = *scene.channel.world().resource::<PlaceArrival>();
        let told = place.0(scene.channel.world(), &load);
        scene.join(1, load);
        assert_eq!(scene.at(scene.player(1)), told, "{soft:?}");
    }
}

#[test]
fn one_that_was_here_is_as_it_was() {
    let was = SoftState { next_use_ms: 5_000, ignored: vec!["Pest".to_owned()], ..soft(7, 3) };
    let mut scene = join(Some(was.clone()));
    let me = scene.player(1);
    assert_eq!((scene.at(me), scene.health(me), scene.resource(1)), (tile(7, 3), 42, 17));
    let capture = *scene.channel.world().resource::<CaptureSoftState>();
    // A tick later: 59 of 60 and 149 of 150 ticks are left.
    let cooldowns = vec![CooldownLeft { ability: "hold".to_owned(), left_ms: 1_966 }];
    assert_eq!(capture.0(scene.channel.world(), me), SoftState { cooldowns, next_use_ms: 4_966, ..was });
    let hold = DATA.abilities.find("hold").unwrap();
    let is_ready = |scene: &Scene| scene.get::<AbilityBook>(me).is_ready(hold, scene.now());
    scene.ticks(2 * TICK_HZ - 2);
    assert!(!is_ready(&scene));
    scene.tick();
    assert!(is_ready(&scene), "two seconds after it came");
}

#[test]
fn a_place_that_is_no_longer_free_becomes_the_nearest_spawn_point() {
    let scene = join(Some(soft(6, 2)));
    assert_eq!(scene.at(scene.player(1)), tile(2, 1));
    let scene = join_a_wider_land(soft(6, 2));
    assert_eq!(scene.at(scene.player(1)), tile(8, 0), "neither the first nor the last");
    // 100 units beside the wall: its middle is free, its body of 307 is not.
    let scene = join_a_wider_land(SoftState { x: tile(6, 2).x - 612, ..soft(6, 2) });
    assert_eq!(scene.at(scene.player(1)), tile(8, 0), "it would stick in the wall");
}

#[test]
fn who_was_dead_returns_at_the_safe_zone() {
    let scene = join(Some(SoftState { health: 0, ..soft(9, 3) }));
    let me = scene.player(1);
    assert_eq!((scene.at(me), scene.health(me)), (tile(2, 1), 50));
    let scene = join_a_wider_land(SoftState { health: 0, ..soft(9, 3) });
    assert_eq!(scene.at(scene.player(1)), tile(8, 0), "at the nearest of two");
    let scene = join_a_wider_land(SoftState { health: 0, ..soft(0, 3) });
    assert_eq!(scene.at(scene.player(1)), tile(2, 1), "not where it died, though that is a spawn point");
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
    assert_eq!(scene.waiting, [], "nothing of what it owns was changed");
}

#[test]
fn who_comes_back_has_not_forgotten_that_it_just_drank() {
    let potion = |n: u8| ItemRecord { item: ItemId([n; 16]), definition: "potion".to_owned(), slot: u16::from(n) };
    let drink = |n: u8| ClientMessage::UseItem { item: ItemId([n; 16]) };
    // The worlds are of different ages: what is saved is the time that is left.
    let mut scene = Scene::new(&FIELD, &[]);
    scene.ticks(10 * TICK_HZ);
    scene.join(1, CharacterLoad { items: vec![potion(1), potion(2)], ..new_character(1, "fighter") });
    scene.say(1, drink(1));
    scene.tick();
    scene.commit(None);
    let capture = *scene.channel.world().resource::<CaptureSoftState>();
    let saved = capture.0(scene.channel.world(), scene.player(1));

    let mut scene = Scene::new(&FIELD, &[]);
    scene.ticks(30 * TICK_HZ);
    scene.join(1, CharacterLoad { items: vec![potion(2)], soft: Some(saved), ..new_character(1, "fighter") });
    scene.say(1, drink(2));
    scene.tick();
    assert_eq!(scene.hear(1), [scene.refusal(1, Refusal::OnCooldown)]);
    // It is 3 ticks since it came, with 599 of 600 left.
    scene.ticks(20 * TICK_HZ - 5);
    scene.say(1, drink(2));
    scene.tick();
    assert_eq!(scene.hear(1), [scene.refusal(1, Refusal::OnCooldown)]);
    assert_eq!(scene.waiting.len(), 0);
    scene.say(1, drink(2));
    scene.tick();
    assert_eq!(scene.waiting.len(), 1, "20 seconds after the first it can drink again");
}

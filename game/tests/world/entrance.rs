//! How characters enter the world, and which of their state is saved.

use realmgate_engine::player::{CaptureSoftState, PlaceArrival};
use realmgate_engine::replication::Replicated;
use realmgate_game::ability::AbilityBook;
use realmgate_game::combat::InSafeZone;
use realmgate_protocol::ids::{ItemId, MapId};
use realmgate_protocol::limits::MAX_LOOK_BYTES;
use realmgate_protocol::link::{CharacterLoad, CooldownLeft, FromMap, ItemRecord, LeaveReason, SoftState};
use realmgate_protocol::realm::{
    Appearance, ClientMessage, EntityKind, Health, Label, Look, Refusal, Resource, ServerMessage,
};

use crate::scene::{DATA, Scene, TICK_HZ, new_character, tile};

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
            assert_eq!(scene.get::<Replicated<Look>>(me).json.0, json);
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
    let refused = ServerMessage::Refused { request: "UseItem".to_owned(), reason: Refusal::OnCooldown };
    assert_eq!(scene.hear(1), [refused]);
    scene.ticks(20 * TICK_HZ);
    scene.say(1, drink(2));
    scene.tick();
    assert_eq!(scene.waiting.len(), 1, "20 seconds later it can drink again");
}

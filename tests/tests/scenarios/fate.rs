//! Dying and growing.

use realmgate_protocol::ids::ItemId;
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage};
use realmgate_protocol::wire::Aim;
use realmgate_tests::scenario::{Character, Ground, Scene, Stage, tile};

use crate::fighting::slay;

pub fn who_dies_comes_back_at_the_nearest_safe_place(stage: &Stage) {
    // Neither the first of the safe places nor the last.
    let ground = Ground::open(30, 11).haven((20, 2)).haven((3, 9));
    stage.play(ground.mob("boar", (26, 5)), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "warrior", tile(22, 5)).health(4).gold(7));
        let boar = scene.mob(anna, "boar");
        let by = scene.told_within(anna, "of its death", 6, |message| match message {
            ServerMessage::Died { by } => Some(*by),
            _ => None,
        });
        assert_eq!(by, Some(boar));
        assert!(scene[anna].me().is_dead());
        scene.act(anna, "strike", Aim::Entity(boar));
        scene.refused(anna, "Ability", Refusal::Dead);
        scene.ask_in_vain(anna, ClientMessage::Equip { item: ItemId([1; 16]) }, Refusal::Dead);
        let lies_at = scene[anna].me().position();
        scene.walk(anna, realmgate_protocol::movement::Angle(128), 10);
        assert_eq!(scene[anna].me().position(), lies_at, "the dead do not walk");

        scene.say(anna, ClientMessage::Respawn);
        scene.told(anna, "that it lives", |message| matches!(message, ServerMessage::Respawned).then_some(()));
        scene.step();
        assert_eq!(scene[anna].me().position(), Some(tile(20, 2)));
        let health = scene[anna].me().health.clone().unwrap();
        assert_eq!(u32::from(health.current), u32::from(health.max) * 400 / 1_000, "not whole yet");
        assert_eq!(scene[anna].session.possessions.gold, 7, "death takes nothing");
        scene.ask_in_vain(anna, ClientMessage::Respawn, Refusal::NotDead);
    });
}

pub fn a_kill_teaches_and_a_level_strengthens(stage: &Stage) {
    stage.play(Ground::open(20, 11).mob("boar", (10, 5)), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "warrior", tile(7, 5)).experience(95));
        let boar = scene.mob(anna, "boar");
        let before = scene[anna].me().health.clone().unwrap();
        scene.act(anna, "battle_cry", Aim::None);
        scene.refused(anna, "Ability", Refusal::NoSuchAbility);
        slay(scene, anna, boar, "strike");
        let killed = scene.told(anna, "of its kill", |message| match message {
            ServerMessage::Kill { target, .. } => Some(*target),
            _ => None,
        });
        assert_eq!(killed, boar);
        let (gained, total) = scene.told(anna, "what it learned", |message| match message {
            ServerMessage::Experience { gained, total, .. } => Some((*gained, *total)),
            _ => None,
        });
        assert_eq!(total, 95 + gained);
        let level = scene.told(anna, "of its level", |message| match message {
            ServerMessage::LevelUp { level } => Some(*level),
            _ => None,
        });
        assert_eq!(level, 2);
        scene.step();
        let after = scene[anna].me().health.clone().unwrap();
        assert_eq!((after.max, after.current), (before.max + 18, before.max + 18), "stronger, and whole");
        assert_eq!(scene[anna].me().appearance.as_ref().unwrap().level, 2, "everybody sees it");
        scene.steps(30);
        scene.hear(anna);
        scene.act(anna, "battle_cry", Aim::None);
        scene.steps(3);
        let is_refused =
            |message: &ServerMessage| matches!(message, ServerMessage::Refused { reason: Refusal::NoSuchAbility, .. });
        assert!(!scene.hear(anna).iter().any(is_refused), "an ability of the new level is there");
    });
}

pub fn the_dead_are_buried_and_others_are_born(stage: &Stage) {
    stage.play(Ground::open(20, 11).mob("rabbit", (10, 5)).respawning(2_000), |scene: &mut Scene| {
        let robin = scene.enter(Character::at("Robin", "ranger", tile(6, 5)).level(12));
        let rabbit = scene.mob(robin, "rabbit");
        slay(scene, robin, rabbit, "shoot");
        assert!(scene.view(robin, rabbit).is_dead(), "its body lies there");
        scene.until("another is born", 4, |scene| scene.mobs(robin, "rabbit").len() == 2);
        scene.until("the body is gone", 12, |scene| !scene.mobs(robin, "rabbit").contains(&rabbit));
    });
}

//! What keeps an ability from being used.

use realmgate_protocol::ids::EntityId;
use realmgate_protocol::realm::{ClientMessage, Refusal};
use realmgate_protocol::wire::Aim;
use realmgate_tests::scenario::{Character, Ground, Scene, Stage, Who, tile};

use crate::fighting::{GLOBAL_COOLDOWN_TICKS, use_ability};

const WALLED: [&str; 7] = [
    "S...............",
    "................",
    ".....#..........",
    ".....#..........",
    "................",
    "................",
    "................",
];

#[track_caller]
fn in_vain(scene: &mut Scene, who: Who, ability: &str, aim: Aim, expected: Refusal) {
    scene.steps(GLOBAL_COOLDOWN_TICKS);
    scene.hear(who);
    scene.act(who, ability, aim);
    scene.refused(who, "Ability", expected);
}

pub fn aims_that_can_not_be_reached_are_refused(stage: &Stage) {
    let ground = Ground::sketch(&WALLED).mob("rabbit", (7, 2)).level(100).mob("rabbit", (15, 5)).level(100);
    stage.play(ground, |scene: &mut Scene| {
        let clara = scene.enter(Character::at("Clara", "cleric", tile(3, 2)).level(10));
        let rabbits = scene.mobs(clara, "rabbit");
        let me = scene[clara].id();
        let health = |scene: &Scene| rabbits.iter().map(|rabbit| scene.health(clara, *rabbit)).collect::<Vec<_>>();
        let before = health(scene);
        in_vain(scene, clara, "smite", Aim::Entity(rabbits[0]), Refusal::NoLineOfSight);
        in_vain(scene, clara, "smite", Aim::Entity(rabbits[1]), Refusal::OutOfRange);
        in_vain(scene, clara, "smite", Aim::Entity(me), Refusal::BadTarget);
        in_vain(scene, clara, "smite", Aim::Entity(EntityId(9_999)), Refusal::BadTarget);
        in_vain(scene, clara, "sanctuary", Aim::None, Refusal::BadTarget);
        assert_eq!(health(scene), before, "nobody was hurt");
        // Only spectators look elsewhere than where they are.
        scene.ask_in_vain(clara, ClientMessage::Look { x: 0, y: 0, follow: None }, Refusal::BadMessage);
    });
}

pub fn what_is_not_ready_or_paid_for_is_refused(stage: &Stage) {
    stage.play(Ground::sketch(&WALLED).mob("rabbit", (5, 5)).level(100), |scene: &mut Scene| {
        let clara = scene.enter(Character::at("Clara", "cleric", tile(3, 5)).level(4).resource(90));
        let rabbit = scene.mob(clara, "rabbit");
        use_ability(scene, clara, "blessing", Aim::None);
        in_vain(scene, clara, "blessing", Aim::None, Refusal::OnCooldown);
        use_ability(scene, clara, "smite", Aim::Entity(rabbit));
        scene.steps(12);
        scene.act(clara, "prayer", Aim::None);
        scene.refused(clara, "Ability", Refusal::Busy);
        scene.steps(GLOBAL_COOLDOWN_TICKS);
        in_vain(scene, clara, "holy_wave", Aim::None, Refusal::NoSuchAbility);
        scene.steps(GLOBAL_COOLDOWN_TICKS);
        scene.press(clara, 7, Aim::None);
        scene.refused(clara, "Ability", Refusal::NoSuchAbility);

        let poor = scene.enter(Character::at("Paula", "cleric", tile(6, 6)).level(10).resource(0));
        scene.hear(poor);
        scene.act(poor, "sanctuary", Aim::Point(tile(6, 6)));
        scene.refused(poor, "Ability", Refusal::TooLittleResource);
    });
}

pub fn nobody_fights_from_a_safe_place(stage: &Stage) {
    stage.play(Ground::sketch(&WALLED).mob("boar", (3, 0)), |scene: &mut Scene| {
        let clara = scene.enter(Character::at("Clara", "cleric", tile(0, 0)).level(10));
        let boar = scene.mob(clara, "boar");
        let (before, of_boar) = (scene[clara].me().health.clone(), scene.health(clara, boar));
        in_vain(scene, clara, "smite", Aim::Entity(boar), Refusal::InSafeZone);
        assert_eq!(scene.health(clara, boar), of_boar);
        scene.steps(90);
        assert_eq!(scene[clara].me().health, before, "and nobody is hurt in one");
    });
}

//! What kinds of mobs do of themselves.

use realmgate_protocol::movement::Angle;
use realmgate_protocol::realm::{CombatKind, status};
use realmgate_protocol::wire::Aim;
use realmgate_tests::scenario::{Character, Ground, Scene, Stage, TICK_HZ, tile};

use crate::fighting::{await_effect, slay, tiles, use_ability};

pub fn a_passive_one_flees_once_it_is_hurt(stage: &Stage) {
    stage.play(Ground::open(30, 11).mob("rabbit", (8, 5)).level(100), |scene: &mut Scene| {
        let robin = scene.enter(Character::at("Robin", "ranger", tile(7, 5)));
        let rabbit = scene.mob(robin, "rabbit");
        let at = scene.place(robin, rabbit);
        scene.steps(3 * TICK_HZ);
        assert_eq!(scene.place(robin, rabbit), at, "it minds nobody");
        use_ability(scene, robin, "shoot", Aim::Entity(rabbit));
        scene.until("it runs away", 4, |scene| scene.distance(robin, rabbit) > tiles(8));
        scene.until("it comes home", 20, |scene| scene.place(robin, rabbit).within(at, tiles(1) / 2));
    });
}

pub fn a_newcomer_kills_a_sheep_and_a_training_dummy_unharmed(stage: &Stage) {
    for kind in ["sheep", "training_dummy"] {
        stage.play(Ground::open(20, 11).mob(kind, (10, 5)), |scene: &mut Scene| {
            let anna = scene.enter(Character::at("Anna", "warrior", tile(9, 5)));
            let target = scene.mob(anna, kind);
            let health = scene[anna].me().health.clone();
            slay(scene, anna, target, "strike");
            assert_eq!(scene[anna].me().health.clone(), health, "{kind} does not strike back");
        });
    }
}

pub fn an_aggressive_one_attacks_whoever_comes_near(stage: &Stage) {
    stage.play(Ground::open(24, 11).mob("boar", (15, 5)), |scene: &mut Scene| {
        let robin = scene.enter(Character::at("Robin", "ranger", tile(7, 5)).level(8));
        let boar = scene.mob(robin, "boar");
        let at = scene.place(robin, boar);
        scene.steps(3 * TICK_HZ);
        assert_eq!(scene.place(robin, boar), at, "8 tiles are too far for it");
        scene.walk_to(robin, tile(11, 5));
        let gored = await_effect(scene, robin, "gore", CombatKind::Damage, 5);
        assert_eq!((gored.source, gored.target), (boar, scene[robin].id()));
    });
}

pub fn one_of_a_pack_calls_the_others(stage: &Stage) {
    // The second hears the first and sees nobody; the third is out of earshot.
    let ground = Ground::open(40, 11).mob("wolf", (12, 5)).mob("wolf", (19, 5)).mob("wolf", (33, 5));
    stage.play(ground, |scene: &mut Scene| {
        let robin = scene.enter(Character::at("Robin", "ranger", tile(4, 5)).level(12));
        let wolves = scene.mobs(robin, "wolf");
        assert_eq!(wolves.len(), 2, "the third is out of view");
        scene.steps(2 * TICK_HZ);
        assert!(wolves.iter().all(|wolf| scene.distance(robin, *wolf) > tiles(7)), "nobody has seen it");
        use_ability(scene, robin, "shoot", Aim::Entity(wolves[0]));
        for _ in 0..8 {
            let bite = await_effect(scene, robin, "bite", CombatKind::Damage, 6);
            if bite.source == wolves[1] {
                break;
            }
        }
        assert!(scene.distance(robin, wolves[1]) < tiles(3), "the second bites too");
        scene.walk(robin, Angle(0), 3 * TICK_HZ);
        assert!(scene.mobs(robin, "wolf").len() == 3, "the third stayed where it was");
        let third = *scene.mobs(robin, "wolf").last().unwrap();
        assert!(!scene.view(robin, third).has_status(status::IN_COMBAT));
    });
}

pub fn an_archer_keeps_its_distance(stage: &Stage) {
    stage.play(Ground::open(30, 15).mob("goblin_archer", (14, 7)), |scene: &mut Scene| {
        let wulf = scene.enter(Character::at("Wulf", "warrior", tile(7, 7)).level(12));
        let goblin = scene.mob(wulf, "goblin_archer");
        let shot = await_effect(scene, wulf, "goblin_arrow", CombatKind::Damage, 5);
        assert_eq!(shot.source, goblin);
        assert!(scene.distance(wulf, goblin) > tiles(5), "it comes no nearer than it must");
        let place = scene.place(wulf, goblin);
        scene.walk_to(wulf, place.offset(-tiles(2), 0));
        scene.until("it backs away", 4, |scene| scene.distance(wulf, goblin) >= tiles(7) / 2);
        await_effect(scene, wulf, "goblin_arrow", CombatKind::Damage, 5);
    });
}

pub fn who_is_led_too_far_from_home_goes_back(stage: &Stage) {
    stage.play(Ground::open(50, 7).mob("boar", (5, 3)).level(12), |scene: &mut Scene| {
        let robin = scene.enter(Character::at("Robin", "ranger", tile(9, 3)).level(15));
        let boar = scene.mob(robin, "boar");
        let home = scene.place(robin, boar);
        use_ability(scene, robin, "shoot", Aim::Entity(boar));
        await_effect(scene, robin, "shoot", CombatKind::Damage, 2);
        let hurt = scene.health(robin, boar);
        // On and on, but never out of its reach.
        scene.until("it turns back", 30, |scene| {
            let near = scene.distance(robin, boar) < tiles(3);
            scene[robin].heading = near.then_some(Angle(0));
            scene.view(robin, boar).has_status(status::RETURNING)
        });
        scene[robin].heading = None;
        let turned_at = scene.place(robin, boar);
        assert!(!turned_at.within(home, tiles(17)) && turned_at.within(home, tiles(22)), "18 tiles are its leash");
        scene.hear(robin);
        scene.act(robin, "shoot", Aim::Entity(boar));
        scene.until("it is home", 20, |scene| scene.place(robin, boar).within(home, tiles(1)));
        scene.steps(2);
        assert!(scene.health(robin, boar) > hurt, "it has mended");
    });
}

pub fn a_skeleton_strikes_with_its_blade(stage: &Stage) {
    stage.play(Ground::open(20, 11).mob("skeleton", (9, 5)), |scene: &mut Scene| {
        let wulf = scene.enter(Character::at("Wulf", "warrior", tile(5, 5)).level(12));
        let skeleton = scene.mob(wulf, "skeleton");
        let cut = await_effect(scene, wulf, "rusty_blade", CombatKind::Damage, 5);
        assert_eq!(cut.source, skeleton);
    });
}

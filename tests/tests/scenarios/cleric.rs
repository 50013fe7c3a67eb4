//! Every ability of the cleric, and what it does.

use realmgate_protocol::movement::Angle;
use realmgate_protocol::realm::{CombatKind, EntityKind, status};
use realmgate_protocol::wire::Aim;
use realmgate_tests::scenario::{Character, Ground, Scene, Stage, TICK_HZ, Who, tile};

use crate::fighting::{await_effect, effects, tiles, use_ability};

fn cleric() -> Character {
    Character::at("Clara", "cleric", tile(5, 5)).level(10)
}

fn wounded(scene: &mut Scene) -> Who {
    scene.enter(Character::at("Wulf", "warrior", tile(8, 5)).level(10).health(20))
}

fn rabbit() -> Ground {
    Ground::open(20, 11).mob("rabbit", (10, 5)).level(100)
}

pub fn a_smite_is_cast_and_walking_breaks_it(stage: &Stage) {
    stage.play(rabbit(), |scene: &mut Scene| {
        let clara = scene.enter(cleric());
        let rabbit = scene.mob(clara, "rabbit");
        let full = scene[clara].me().resource.clone();
        use_ability(scene, clara, "smite", Aim::Entity(rabbit));
        scene.steps(10);
        assert!(scene[clara].me().casting.is_some());
        scene.walk(clara, Angle(128), 2);
        assert!(scene[clara].me().casting.is_none(), "walking breaks the cast");
        assert_eq!(scene[clara].me().resource, full, "and it costs nothing, not even for a moment");
        scene.steps(2 * TICK_HZ);
        assert_eq!(effects(scene, clara, "smite"), [], "it has no effect");
        assert_eq!(scene[clara].me().resource, full, "nor does it cost anything later");

        use_ability(scene, clara, "smite", Aim::Entity(rabbit));
        let hit = await_effect(scene, clara, "smite", CombatKind::Damage, 2);
        assert_eq!(hit.target, rabbit);
        assert_ne!(scene[clara].me().resource, full);
    });
}

pub fn mending_and_prayer_heal(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let clara = scene.enter(cleric().health(30));
        let wulf = wounded(scene);
        let patient = scene[wulf].id();
        use_ability(scene, clara, "mend", Aim::Entity(patient));
        let healed = await_effect(scene, wulf, "mend", CombatKind::Heal, 3);
        assert_eq!((healed.source, healed.target), (scene[clara].id(), patient), "the healed are told too");
        assert!(healed.amount > 20, "{healed:?}");
        let health = |scene: &Scene, who: Who| u32::from(scene[who].me().health.as_ref().unwrap().current);
        scene.step();
        assert!(health(scene, wulf) >= 20 + healed.amount, "what is told is what is seen");
        let prayed = use_ability(scene, clara, "prayer", Aim::None);
        assert_eq!((prayed[0].kind, prayed[0].target), (CombatKind::Heal, scene[clara].id()), "without an aim oneself");
        assert!(prayed[0].amount > 10, "{prayed:?}");
        scene.step();
        assert!(health(scene, clara) >= 30 + prayed[0].amount);
    });
}

pub fn a_blessing_makes_stronger(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let clara = scene.enter(cleric());
        let wulf = wounded(scene);
        let most = |scene: &Scene| scene[wulf].me().health.as_ref().unwrap().max;
        let before = most(scene);
        let blessed = use_ability(scene, clara, "blessing", Aim::Entity(scene[wulf].id()));
        assert_eq!(blessed[0].kind, CombatKind::Buff);
        scene.steps(2);
        assert_eq!(most(scene), before + 30);
        assert!(scene[wulf].me().has_status(status::BUFFED));
    });
}

pub fn a_burning_word_goes_on_hurting(stage: &Stage) {
    stage.play(rabbit(), |scene: &mut Scene| {
        let clara = scene.enter(cleric());
        let rabbit = scene.mob(clara, "rabbit");
        use_ability(scene, clara, "burning_word", Aim::Entity(rabbit));
        for _ in 0..3 {
            let tick = await_effect(scene, clara, "burning_word", CombatKind::Tick, 2);
            assert_eq!(tick.target, rabbit);
            assert!(tick.amount > 0, "{tick:?}");
        }
    });
}

pub fn a_sanctuary_heals_all_inside(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let clara = scene.enter(cleric().health(30));
        let wulf = wounded(scene);
        let outside = scene.enter(Character::at("Vera", "warrior", tile(12, 5)).level(10).health(20));
        use_ability(scene, clara, "sanctuary", Aim::Point(tile(7, 5)));
        scene.steps(3 * TICK_HZ);
        assert_eq!(scene[wulf].all(EntityKind::Area, None).len(), 1);
        let healed = effects(scene, clara, "sanctuary");
        for patient in [scene[clara].id(), scene[wulf].id()] {
            let times = healed.iter().filter(|heal| heal.target == patient && heal.amount > 0).count();
            assert!(times >= 2, "each of them each second: {healed:?}");
        }
        assert!(!healed.iter().any(|heal| heal.target == scene[outside].id()), "and nobody else: {healed:?}");
    });
}

pub fn a_holy_wave_throws_back_those_in_front(stage: &Stage) {
    let ground = Ground::open(20, 11).mob("rabbit", (7, 5)).level(100).mob("rabbit", (3, 5)).level(100);
    stage.play(ground, |scene: &mut Scene| {
        let clara = scene.enter(cleric());
        let rabbits = scene.mobs(clara, "rabbit");
        let before = scene.distance(clara, rabbits[0]);
        let struck = use_ability(scene, clara, "holy_wave", Aim::Direction(Angle(0)));
        assert!(struck.iter().all(|effect| effect.target == rabbits[0]), "not the one behind: {struck:?}");
        assert!(struck.iter().any(|effect| effect.kind == CombatKind::Knockback));
        scene.steps(12);
        assert!(scene.distance(clara, rabbits[0]) > before + tiles(2));
    });
}

//! Every ability of the ranger, and what it does. Rabbits stand still until they are hurt.

use realmgate_protocol::ids::EntityId;
use realmgate_protocol::realm::{CombatKind, EntityKind, status};
use realmgate_protocol::wire::Aim;
use realmgate_tests::scenario::{Character, Ground, Scene, Stage, TICK_HZ, Who, tile};

use crate::fighting::{await_effect, effects, tiles, use_ability};

/// A ranger on the western edge of a field with tough rabbits on these tiles.
fn hunting(scene: &mut Scene) -> (Who, Vec<EntityId>) {
    let robin = scene.enter(Character::at("Robin", "ranger", tile(2, 5)).level(10));
    let rabbits = scene.mobs(robin, "rabbit");
    (robin, rabbits)
}

fn rabbits_at(places: &[(i32, i32)]) -> Ground {
    places.iter().fold(Ground::open(24, 11), |ground, place| ground.mob("rabbit", *place).level(100))
}

pub fn an_arrow_takes_its_time(stage: &Stage) {
    stage.play(rabbits_at(&[(9, 5), (10, 5)]), |scene: &mut Scene| {
        let (robin, rabbits) = hunting(scene);
        let before = scene.health(robin, rabbits[0]);
        assert_eq!(use_ability(scene, robin, "shoot", Aim::Entity(rabbits[0])), [], "nothing at once");
        assert_eq!(scene[robin].all(EntityKind::Projectile, None).len(), 1, "the arrow is seen");
        scene.steps(7);
        assert_eq!(scene.health(robin, rabbits[0]), before, "18 tiles a second: not there in a quarter of a second");
        let hit = await_effect(scene, robin, "shoot", CombatKind::Damage, 1);
        assert_eq!(hit.target, rabbits[0], "the first in its way");
        scene.steps(2);
        assert!(scene[robin].all(EntityKind::Projectile, None).is_empty(), "what has hit is gone");
        assert_eq!(scene.health(robin, rabbits[1]), before, "and nobody behind is hurt");
    });
}

pub fn an_aimed_shot_is_cast_and_flies_far(stage: &Stage) {
    stage.play(rabbits_at(&[(13, 5)]), |scene: &mut Scene| {
        let (robin, rabbits) = hunting(scene);
        use_ability(scene, robin, "aimed_shot", Aim::Entity(rabbits[0]));
        assert!(scene[robin].me().casting.is_some(), "others see the cast");
        scene.steps(40);
        assert!(scene[robin].all(EntityKind::Projectile, None).is_empty(), "1.5 s are not over");
        let hit = await_effect(scene, robin, "aimed_shot", CombatKind::Damage, 2);
        assert_eq!(hit.target, rabbits[0]);
    });
}

pub fn a_snare_holds_one_under_a_rain_of_arrows(stage: &Stage) {
    stage.play(rabbits_at(&[(8, 5), (9, 4)]), |scene: &mut Scene| {
        let (robin, rabbits) = hunting(scene);
        let snared = use_ability(scene, robin, "snare", Aim::Entity(rabbits[0]));
        assert_eq!(snared.len(), 1, "not the one beside it: {snared:?}");
        assert_eq!((snared[0].kind, snared[0].target), (CombatKind::Root, rabbits[0]));
        scene.step();
        assert!(scene.view(robin, rabbits[0]).has_status(status::ROOTED));

        use_ability(scene, robin, "rain_of_arrows", Aim::Point(tile(8, 5)));
        scene.steps(26);
        assert_eq!(scene[robin].all(EntityKind::Area, None).len(), 1, "the area is seen");
        scene.steps(TICK_HZ);
        let hits = effects(scene, robin, "rain_of_arrows");
        let on = |rabbit| hits.iter().filter(|hit| hit.target == rabbit).count();
        assert!(on(rabbits[0]) >= 2, "again and again: {hits:?}");
        assert!(on(rabbits[1]) >= 1, "and whoever else stands there: {hits:?}");
        scene.until("the rain ends", 5, |scene| scene[robin].all(EntityKind::Area, None).is_empty());
    });
}

pub fn poison_goes_on_hurting(stage: &Stage) {
    stage.play(rabbits_at(&[(8, 5)]), |scene: &mut Scene| {
        let (robin, rabbits) = hunting(scene);
        use_ability(scene, robin, "poison_arrow", Aim::Entity(rabbits[0]));
        await_effect(scene, robin, "poison_arrow", CombatKind::Damage, 2);
        scene.step();
        assert!(scene.view(robin, rabbits[0]).has_status(status::AFFLICTED));
        for _ in 0..3 {
            let tick = await_effect(scene, robin, "poison_arrow", CombatKind::Tick, 2);
            assert_eq!(tick.target, rabbits[0]);
            assert!(tick.amount > 0, "{tick:?}");
        }
    });
}

pub fn swiftness_quickens_for_a_while(stage: &Stage) {
    stage.play(Ground::open(40, 11), |scene: &mut Scene| {
        let robin = scene.enter(Character::at("Robin", "ranger", tile(2, 5)).level(10));
        let speed = |scene: &Scene| scene[robin].me().move_speed.as_ref().unwrap().units_per_tick;
        let usual = speed(scene);
        use_ability(scene, robin, "swiftness", Aim::None);
        scene.steps(2);
        assert_eq!(speed(scene), usual * 14 / 10);
        scene.walk_to(robin, tile(12, 5));
        assert_eq!(scene[robin].session.corrections(), 0, "the client predicts with the new speed");
        scene.until("slow again", 6, |scene| speed(scene) == usual);

        // Once more when it is ready again: it lasts for 5 s.
        scene.steps(16 * TICK_HZ);
        use_ability(scene, robin, "swiftness", Aim::None);
        scene.steps(4 * TICK_HZ + TICK_HZ / 2);
        assert_eq!(speed(scene), usual * 14 / 10);
        scene.until("slow again", 1, |scene| speed(scene) == usual);
    });
}

pub fn a_burst_hurts_those_around(stage: &Stage) {
    stage.play(rabbits_at(&[(8, 5), (9, 6), (14, 5)]), |scene: &mut Scene| {
        let (robin, rabbits) = hunting(scene);
        assert!(scene.distance(robin, rabbits[0]) > tiles(5));
        use_ability(scene, robin, "bursting_arrow", Aim::Entity(rabbits[0]));
        scene.steps(TICK_HZ);
        let mut targets: Vec<_> = effects(scene, robin, "bursting_arrow").iter().map(|effect| effect.target).collect();
        targets.sort();
        assert_eq!(targets, rabbits[..2], "the one it met and the one beside, not the one far off");
    });
}

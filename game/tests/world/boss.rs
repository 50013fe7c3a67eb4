//! The phases of a boss: other abilities, higher stats, summoned mobs.

use realmgate_engine::replication::Replicated;
use realmgate_game::mob::{Enraged, Mind, MobPhase};
use realmgate_game::spawn::SummonedBy;
use realmgate_game::stats::Stats;
use realmgate_protocol::realm::{Status, status};

use crate::scene::{Scene, TICK_HZ, tile};

const HALL: [&str; 7] = [
    "S...............",
    "................",
    "................",
    "................",
    "................",
    "................",
    "................",
];

#[test]
fn at_half_health_it_is_enraged_and_calls_servants() {
    let mut scene = Scene::new(&HALL, &[("king", (8, 3))]);
    scene.enter(1, "fighter", tile(6, 3));
    let king = scene.mob("king");
    scene.until("it fights", 2, |scene| !scene.get::<Mind>(king).is_peaceful());
    scene.set_health(king, 51);
    scene.ticks(TICK_HZ);
    assert_eq!((scene.get::<MobPhase>(king), scene.mobs("wolf").len()), (MobPhase(None), 0));
    assert!(!scene.has::<Enraged>(king), "a point above half");
    scene.set_health(king, 50);
    scene.ticks(3);
    assert_eq!(scene.get::<MobPhase>(king), MobPhase(Some(0)));
    assert!(scene.has::<Enraged>(king));
    assert_eq!(scene.get::<Replicated<Status>>(king).flags & status::ENRAGED, status::ENRAGED);
    assert_eq!(scene.get::<Stats>(king).power, 5);
    scene.until("it has called", 3, |scene| scene.mobs("wolf").len() == 2);
    scene.ticks(1);
    for wolf in scene.mobs("wolf") {
        assert_eq!(scene.get::<SummonedBy>(wolf).0, king);
        assert_eq!(scene.get::<Mind>(wolf).enemy, Some(scene.player(1)), "servants fight at once");
    }
    scene.ticks(5 * TICK_HZ);
    assert_eq!(scene.mobs("wolf").len(), 2, "two at most, however often it calls");
}

#[test]
fn servants_vanish_with_their_master() {
    let mut scene = Scene::new(&HALL, &[("king", (8, 3)), ("wolf", (15, 6))]);
    scene.enter(1, "fighter", tile(6, 3));
    let (king, wild) = (scene.mob("king"), scene.mob("wolf"));
    scene.until("it fights", 2, |scene| !scene.get::<Mind>(king).is_peaceful());
    scene.set_health(king, 40);
    scene.until("it has called", 4, |scene| scene.mobs("wolf").len() == 3);
    scene.ticks(TICK_HZ);
    assert_eq!(scene.mobs("wolf").len(), 3, "they stay while it fights");
    scene.set_health(king, 0);
    scene.ticks(2);
    assert_eq!(scene.mobs("wolf"), [wild], "who has no master stays");
}

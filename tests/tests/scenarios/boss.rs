//! The Barrow King: two phases, and what he leaves.

use realmgate_protocol::realm::{ClientMessage, CombatKind, EntityKind, status};
use realmgate_protocol::wire::Aim;
use realmgate_tests::scenario::{Character, DATA, Ground, Scene, Stage, Who, tile};

use crate::fighting::{await_effect, slay, tiles};

pub fn the_barrow_king_has_two_phases(stage: &Stage) {
    stage.play(Ground::open(24, 15).mob("barrow_king", (14, 7)), |scene: &mut Scene| {
        let wulf = scene.enter(Character::at("Wulf", "warrior", tile(7, 7)).level(19).experience(32_350));
        let king = scene.mob(wulf, "barrow_king");
        await_effect(scene, wulf, "kings_sweep", CombatKind::Knockback, 8);
        await_effect(scene, wulf, "kings_blow", CombatKind::Damage, 8);
        assert!(!scene.view(wulf, king).has_status(status::ENRAGED));
        assert_eq!(scene.mobs(wulf, "skeleton"), [], "in his first phase he is alone");

        let archers: Vec<Who> = (0..3i32)
            .map(|place| {
                let at = tile(3, 5 + 2 * place);
                scene.enter(Character::at(&format!("Archer{place}"), "ranger", at).level(20).resource(60_000))
            })
            .collect();
        shoot_until(scene, &archers, |scene| scene.view(wulf, king).has_status(status::ENRAGED));
        let health = scene.view(wulf, king).health.clone().unwrap();
        assert!(health.current * 2 < health.max, "below half of his health: {health:?}");

        let raising = DATA.abilities.find("raise_skeletons").unwrap().0;
        scene.until("he raises the dead", 8, |scene| {
            scene.view(wulf, king).casting.as_ref().is_some_and(|cast| cast.ability == raising)
        });
        scene.until("they have risen", 5, |scene| scene.mobs(wulf, "skeleton").len() == 2);
        stage.saw_ability("raise_skeletons");
        scene.until("he lays a chill on the ground", 8, |scene| !scene[wulf].all(EntityKind::Area, None).is_empty());
        let all = [&archers[..], &[wulf]].concat();
        await_by_any(scene, &all, "grave_chill", CombatKind::Damage);
        await_by_any(scene, &all, "grasp_of_the_dead", CombatKind::Root);
        await_by_any(scene, &all, "grasp_of_the_dead", CombatKind::Tick);

        shoot_until(scene, &archers, |scene| scene.view(wulf, king).is_dead());
        scene.until("his servants vanish", 3, |scene| scene.mobs(wulf, "skeleton").is_empty());
        scene.until("he leaves something", 3, |scene| !scene[archers[0]].all(EntityKind::GroundGold, None).is_empty());
        let potion = DATA.items.find("strong_healing_potion").unwrap().0;
        scene.until("a potion is among it", 3, |scene| {
            !scene[archers[0]].all(EntityKind::GroundItem, Some(potion)).is_empty()
        });
        let potion = scene[archers[0]].all(EntityKind::GroundItem, Some(potion))[0];
        let heir = archers.iter().copied().find(|archer| take(scene, *archer, potion));
        assert!(heir.is_some(), "who killed him may have it");
    });
}

/// Walks there and reaches for it; whether it was had.
fn take(scene: &mut Scene, who: Who, thing: realmgate_protocol::ids::EntityId) -> bool {
    if scene[who].me().is_dead() {
        return false;
    }
    let (place, before) = (scene.place(who, thing), scene[who].session.possessions.items.len());
    scene.walk_to(who, place);
    scene.say(who, ClientMessage::PickUp { entity: thing });
    scene.steps(5);
    scene[who].session.possessions.items.len() > before
}

fn shoot_until(scene: &mut Scene, archers: &[Who], so: impl Fn(&Scene) -> bool) {
    let king = scene.mob(archers[0], "barrow_king");
    let mut since = 0;
    scene.until("the arrows have done it", 60, |scene| {
        since += 1;
        if since % 30 == 0 {
            for archer in archers {
                let slot = scene.slot(*archer, "shoot");
                scene.aim(*archer, slot, Aim::Entity(king));
            }
        }
        so(scene)
    });
}

#[track_caller]
fn await_by_any(scene: &mut Scene, players: &[Who], ability: &str, kind: CombatKind) {
    scene.until(ability, 15, |scene| {
        players.iter().any(|who| {
            let heard = scene[*who].heard();
            heard
                .iter()
                .filter_map(|message| crate::fighting::effect(message, ability))
                .any(|effect| effect.kind == kind)
        })
    });
}

pub fn a_king_can_be_slain_by_the_sword(stage: &Stage) {
    stage.play(Ground::open(24, 15).mob("barrow_king", (12, 7)).level(1), |scene: &mut Scene| {
        let wulf = scene.enter(Character::at("Wulf", "warrior", tile(9, 7)).level(20).experience(38_250));
        let king = scene.mob(wulf, "barrow_king");
        assert!(scene.distance(wulf, king) < tiles(4));
        slay(scene, wulf, king, "strike");
        assert_eq!(
            scene[wulf].session.possessions.experience, 38_250,
            "on the highest level there is nothing to learn"
        );
    });
}

//! Every ability of the warrior, and what it does.

use realmgate_protocol::ids::EntityId;
use realmgate_protocol::realm::{CombatKind, status};
use realmgate_protocol::wire::Aim;
use realmgate_tests::scenario::{Character, Ground, Scene, Stage, Who, tile};

use crate::fighting::{tiles, use_ability};

/// Boars that take some killing run up to a warrior.
fn surrounded(scene: &mut Scene, level: u16) -> (Who, Vec<EntityId>) {
    let hero = Character::at("Wulf", "warrior", tile(8, 5)).level(level).resource(100);
    let wulf = scene.enter(hero);
    let boars = scene.mobs(wulf, "boar");
    // Where a boar can gore, it stands.
    let near = tiles(17) / 10;
    scene.until("surrounded", 6, |scene| boars.iter().all(|boar| scene.distance(wulf, *boar) < near));
    (wulf, boars)
}

fn two_boars() -> Ground {
    Ground::open(17, 11).mob("boar", (5, 5)).level(12).mob("boar", (11, 5)).level(12)
}

pub fn a_strike_hurts_one_and_a_cleave_those_in_front(stage: &Stage) {
    let ground = two_boars().mob("boar", (12, 6)).level(12);
    stage.play(ground, |scene: &mut Scene| {
        let (wulf, boars) = surrounded(scene, 12);
        let me = scene[wulf].id();
        let before = scene.health(wulf, boars[0]);
        let struck = use_ability(scene, wulf, "strike", Aim::Entity(boars[0]));
        assert_eq!(struck.len(), 1, "one target: {struck:?}");
        assert_eq!((struck[0].kind, struck[0].source, struck[0].target), (CombatKind::Damage, me, boars[0]));
        assert_eq!(u32::from(before - scene.health(wulf, boars[0])), struck[0].amount, "what is told is what is seen");

        // The first boar came from the west, the other two from the east.
        let cleft = use_ability(scene, wulf, "cleave", Aim::Entity(boars[1]));
        assert!(cleft.iter().all(|effect| (effect.kind, effect.source) == (CombatKind::Damage, me)), "{cleft:?}");
        let mut targets: Vec<_> = cleft.iter().map(|effect| effect.target).collect();
        targets.sort();
        assert_eq!(targets, boars[1..], "both in front and not the one behind");
    });
}

pub fn a_whirlwind_hurts_all_around(stage: &Stage) {
    stage.play(two_boars(), |scene: &mut Scene| {
        let (wulf, boars) = surrounded(scene, 12);
        let struck = use_ability(scene, wulf, "whirlwind", Aim::None);
        assert!(struck.iter().all(|effect| effect.kind == CombatKind::Damage && effect.amount > 0), "{struck:?}");
        let mut targets: Vec<_> = struck.iter().map(|effect| effect.target).collect();
        targets.sort();
        assert_eq!(targets, boars);
    });
}

pub fn a_battle_cry_makes_stronger(stage: &Stage) {
    stage.play(Ground::open(17, 11).mob("boar", (11, 5)).level(4), |scene: &mut Scene| {
        let (wulf, boars) = surrounded(scene, 2);
        let weak = use_ability(scene, wulf, "strike", Aim::Entity(boars[0]))[0].amount;
        let cried = use_ability(scene, wulf, "battle_cry", Aim::None);
        assert_eq!((cried[0].kind, cried[0].target), (CombatKind::Buff, scene[wulf].id()));
        assert!(scene[wulf].me().has_status(status::BUFFED), "everybody sees it");
        let strong = use_ability(scene, wulf, "strike", Aim::Entity(boars[0]))[0].amount;
        assert!(strong > weak, "{strong} after, {weak} before");
    });
}

pub fn a_shield_bash_pushes_away(stage: &Stage) {
    stage.play(Ground::open(17, 11).mob("boar", (11, 5)).level(12), |scene: &mut Scene| {
        let (wulf, boars) = surrounded(scene, 12);
        let bashed = use_ability(scene, wulf, "shield_bash", Aim::Entity(boars[0]));
        let kinds: Vec<_> = bashed.iter().map(|effect| effect.kind).collect();
        assert_eq!(kinds, [CombatKind::Damage, CombatKind::Knockback]);
        let before = scene.distance(wulf, boars[0]);
        scene.steps(9);
        let after = scene.distance(wulf, boars[0]);
        assert!(after > before + tiles(1), "pushed from {before} to {after}, though it runs on");
    });
}

pub fn a_hamstring_holds_to_the_spot(stage: &Stage) {
    stage.play(Ground::open(24, 11).mob("boar", (11, 5)).level(12), |scene: &mut Scene| {
        let (wulf, boars) = surrounded(scene, 12);
        let cut = use_ability(scene, wulf, "hamstring", Aim::Entity(boars[0]));
        assert!(cut.iter().any(|effect| effect.kind == CombatKind::Root), "{cut:?}");
        scene.step();
        assert!(scene.view(wulf, boars[0]).has_status(status::ROOTED));
        let held_at = scene.place(wulf, boars[0]);
        scene.walk_to(wulf, tile(14, 5));
        assert_eq!(scene.place(wulf, boars[0]), held_at, "it would run after if it could");
        scene.until("loose again", 3, |scene| scene.place(wulf, boars[0]) != held_at);
    });
}

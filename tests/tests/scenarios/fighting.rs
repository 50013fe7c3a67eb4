//! What scripts of fights have in common: blows, and what players are told of them.

use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::{Angle, UNITS_PER_TILE};
use realmgate_protocol::realm::{CombatKind, ServerMessage};
use realmgate_protocol::wire::Aim;
use realmgate_tests::scenario::{DATA, Scene, Who};

/// Ticks after which the global cooldown of 900 ms is over.
pub const GLOBAL_COOLDOWN_TICKS: u32 = 28;

/// Something that an ability did to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    pub kind: CombatKind,
    pub source: EntityId,
    pub target: EntityId,
    pub amount: u32,
}

/// So many tiles in units.
pub fn tiles(count: i32) -> i32 {
    count * UNITS_PER_TILE
}

/// What a message tells of an ability's doing.
pub fn effect(message: &ServerMessage, ability: &str) -> Option<Effect> {
    let place = DATA.abilities.find(ability).expect("the ability is in the data").0;
    match message {
        ServerMessage::Combat { kind, source, target, ability: Some(by), amount } if *by == place => {
            Some(Effect { kind: *kind, source: *source, target: *target, amount: *amount })
        }
        _ => None,
    }
}

/// All that a player has been told of an ability since it last listened.
pub fn effects(scene: &mut Scene, who: Who, ability: &str) -> Vec<Effect> {
    scene.hear(who).iter().filter_map(|message| effect(message, ability)).collect()
}

/// Uses an ability as soon as the global cooldown allows; what it did in that very tick.
#[track_caller]
pub fn use_ability(scene: &mut Scene, who: Who, ability: &str, aim: Aim) -> Vec<Effect> {
    scene.steps(GLOBAL_COOLDOWN_TICKS);
    scene.hear(who);
    scene.act(who, ability, aim);
    let told = scene.hear(who);
    let refused = told.iter().find(|message| matches!(message, ServerMessage::Refused { .. }));
    assert_eq!(refused, None, "{ability} is used");
    told.iter().filter_map(|message| effect(message, ability)).collect()
}

/// Ticks until an ability has done something of this kind to, or by, a player.
#[track_caller]
pub fn await_effect(scene: &mut Scene, who: Who, ability: &str, kind: CombatKind, seconds: u32) -> Effect {
    let what = format!("of {kind:?} by {ability}");
    scene.told_within(who, &what, seconds, |message| effect(message, ability).filter(|effect| effect.kind == kind))
}

/// Strikes at somebody with an ability again and again, walking after it, until it is dead.
#[track_caller]
pub fn slay(scene: &mut Scene, who: Who, target: EntityId, ability: &str) {
    let reach = DATA.abilities[DATA.abilities.find(ability).expect("the ability is in the data")].range();
    let slot = scene.slot(who, ability);
    let mut since = GLOBAL_COOLDOWN_TICKS;
    scene.until("slain", 60, |scene| {
        let is_dead = scene[who].session.world.entity(target).is_none_or(|target| target.is_dead());
        let far = !is_dead && scene.distance(who, target) > reach - tiles(1) / 4;
        scene[who].heading = far.then(|| Angle::between(scene[who].me().position().unwrap(), scene.place(who, target)));
        since += 1;
        if !is_dead && !far && since > GLOBAL_COOLDOWN_TICKS {
            scene.press(who, slot, Aim::Entity(target));
            since = 0;
        }
        is_dead
    });
}

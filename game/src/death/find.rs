//! Finds the entities that died in this tick and notifies the players involved.

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use realmgate_engine::body::{At, Walk};
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::Player;
use realmgate_engine::replication::{NetEntity, Replicated};
use realmgate_protocol::realm::{Health, ServerMessage};

use super::{Dead, Died, VictimKind};
use crate::ability::CurrentCast;
use crate::combat::LastBlow;
use crate::effect::Effects;
use crate::stats::MobKind;
use crate::tell::Tell;
use crate::threat::ThreatTable;

/// An entity that may have died.
#[derive(QueryData)]
#[query_data(mutable)]
pub(super) struct Mortal {
    entity: Entity,
    at: &'static At,
    health: &'static Replicated<Health>,
    last_blow: &'static LastBlow,
    mob: Option<&'static MobKind>,
    threat: Option<&'static ThreatTable>,
    effects: &'static mut Effects,
    cast: &'static mut CurrentCast,
    walk: &'static mut Walk,
}

type JustHurt = (Changed<Replicated<Health>>, Without<Dead>);

pub(super) fn find_dead(
    mut commands: Commands<'_, '_>,
    clock: Res<TickClock>,
    mut hurt: Query<Mortal, JustHurt>,
    mut died: MessageWriter<Died>,
) {
    for mut mortal in &mut hurt {
        if mortal.health.current > 0 {
            continue;
        }
        mortal.effects.clear();
        mortal.cast.0 = None;
        mortal.walk.0 = None;
        commands.entity(mortal.entity).insert(Dead { since: clock.now() });
        died.write(Died {
            victim: mortal.entity,
            victim_kind: if mortal.mob.is_some() { VictimKind::Mob } else { VictimKind::Player },
            killer: mortal.last_blow.0,
            credit: mortal.threat.map(ThreatTable::credit).unwrap_or_default(),
            position: mortal.at.0,
            mob: mortal.mob.map(|kind| kind.mob),
            mob_level: mortal.mob.map_or(0, |kind| kind.level),
        });
    }
}

pub(super) fn tell_of_death(
    mut died: PopulatedMessageReader<Died>,
    ids: Query<&NetEntity>,
    players: Query<(), With<Player>>,
    mut tell: Tell<'_, '_>,
) {
    for death in died.read() {
        match death.victim_kind {
            VictimKind::Player => {
                let by = death.killer.and_then(|killer| ids.get(killer).ok()).map(|id| id.0);
                tell.send(death.victim, &ServerMessage::Died { by });
                metrics::counter!("realmgate_deaths_total").increment(1);
            }
            VictimKind::Mob => {
                let Ok(id) = ids.get(death.victim) else { continue };
                let message = ServerMessage::Kill { target: id.0, mob: death.mob.map(|mob| mob.0) };
                let killers = death.credit.iter().map(|(player, _)| *player);
                tell.send_all(killers.filter(|player| players.contains(*player)), &message);
            }
        }
    }
}

/// Removes dead players from the threat tables of all mobs.
pub(super) fn forgive(mut died: PopulatedMessageReader<Died>, mut mobs: Query<&mut ThreatTable>) {
    for death in died.read().filter(|death| death.victim_kind == VictimKind::Player) {
        for mut threat in &mut mobs {
            if threat.knows(death.victim) {
                threat.forgive(death.victim);
            }
        }
    }
}

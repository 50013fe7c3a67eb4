//! Logging out: a player leaves at once, except in combat. Then the body stays and can be harmed, until combat is over
//! or it has stayed for as long as after a lost connection.

use bevy_ecs::prelude::*;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::{Departing, LeaveAsked, LeaveRequested, LinkDead, Player, Travelling};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::link::{FromMap, LeaveReason};
use realmgate_protocol::realm::ServerMessage;

use crate::combat::InCombat;
use crate::data::Data;
use crate::death::Dead;
use crate::tell::Tell;

/// Marks a player that leaves as soon as its fight is over. Nothing it does meanwhile takes this back.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
#[component(storage = "SparseSet")]
pub struct LoggingOut {
    reason: LeaveReason,
    since: Tick,
}

/// Players that can be in combat: neither dead nor travelling.
type CanFight = (Without<Dead>, Without<Travelling>);

type Leaver<'a> = (&'a Player, Option<&'a LoggingOut>, Option<&'a LinkDead>);

/// Until when a leaving player stays.
#[derive(Debug, Clone, Copy)]
struct Stay {
    /// First tick out of combat, if no further blow falls.
    peace: Tick,
    /// Tick at which it leaves in any case.
    end: Tick,
}

/// Lets players who asked to leave go now, or holds them back until their fight is over.
pub(super) fn hold_back(
    mut commands: Commands,
    mut asked: MessageReader<LeaveAsked>,
    (clock, data): (Res<TickClock>, Res<Data>),
    players: Query<Leaver<'_>, Without<Departing>>,
    fighters: Query<&InCombat, CanFight>,
    mut leave: MessageWriter<LeaveRequested>,
    mut tell: Tell<'_, '_>,
) {
    for LeaveAsked { player, reason, by_link } in asked.read().copied() {
        let Ok((known, before, link_dead)) = players.get(player) else { continue };
        // After a lost connection the time has been running already.
        let since = before.map(|before| before.since).or(link_dead.map(|lost| lost.since)).unwrap_or(clock.now());
        let Some(stay) = stay(since, fighters.get(player).ok(), &clock, &data) else {
            leave.write(LeaveRequested { player, reason });
            continue;
        };
        // A player replaced by a newer log-in keeps that reason, whatever else its client asks for.
        let reason =
            before.map(|before| before.reason).filter(|before| *before == LeaveReason::Replaced).unwrap_or(reason);
        commands.entity(player).insert(LoggingOut { reason, since });
        let left_ms = |until: Tick| clock.ms(until.since(clock.now()));
        let (ms, at_most_ms) = (left_ms(stay.peace), left_ms(stay.end));
        tell.send(player, &ServerMessage::LeavingIn { ms, at_most_ms });
        if by_link {
            tell.sidecar(FromMap::Lingers { character: known.character, epoch: known.epoch, ms: at_most_ms });
        }
    }
}

/// Lets players go who were held back and whose fight is over.
pub(super) fn let_go(
    (clock, data): (Res<TickClock>, Res<Data>),
    held: Query<(Entity, &LoggingOut), Without<Departing>>,
    fighters: Query<&InCombat, CanFight>,
    mut leave: MessageWriter<LeaveRequested>,
) {
    for (player, logging_out) in &held {
        if stay(logging_out.since, fighters.get(player).ok(), &clock, &data).is_none() {
            leave.write(LeaveRequested { player, reason: logging_out.reason });
        }
    }
}

/// Until when a player stays who asked to leave at `since`. `None` if it may go now.
fn stay(since: Tick, combat: Option<&InCombat>, clock: &TickClock, data: &Data) -> Option<Stay> {
    let end = since.after(clock.ticks(data.world.player.linger_combat_ms));
    let peace = combat?.until.min(end);
    (clock.now() < peace).then_some(Stay { peace, end })
}

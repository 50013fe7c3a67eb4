//! Logging out: a player leaves at once, except in combat. Then the body stays and can be harmed, until combat is over
//! or it has stayed for as long as after a lost connection.

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryData;
use bevy_ecs::system::SystemParam;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::{Departing, LeaveAsked, LeaveGranted, LinkDead, Player, Travelling};
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

/// A player who asks to leave.
#[derive(QueryData)]
pub(super) struct Leaver {
    player: &'static Player,
    logging_out: Option<&'static LoggingOut>,
    link_dead: Option<&'static LinkDead>,
}

impl LeaverItem<'_, '_> {
    /// Since when it leaves. After a lost connection the time has been running already.
    fn since(&self, now: Tick) -> Tick {
        self.logging_out.map(|before| before.since).or(self.link_dead.map(|lost| lost.since)).unwrap_or(now)
    }

    /// The reason to keep. One replaced by a newer log-in keeps that, whatever else its client asks for.
    fn reason(&self, asked: LeaveReason) -> LeaveReason {
        let before = self.logging_out.map(|before| before.reason);
        before.filter(|before| *before == LeaveReason::Replaced).unwrap_or(asked)
    }
}

/// Until when a leaving player stays.
#[derive(Debug, Clone, Copy)]
struct Stay {
    /// First tick out of combat, if no further blow falls.
    peace: Tick,
    /// Tick at which it leaves in any case.
    end: Tick,
}

/// Knows until when leaving players stay.
#[derive(SystemParam)]
pub(super) struct Stays<'w, 's> {
    clock: Res<'w, TickClock>,
    data: Res<'w, Data>,
    fighters: Query<'w, 's, &'static InCombat, CanFight>,
}

impl Stays<'_, '_> {
    /// Until when a player stays who asked to leave at `since`. `None` if it may go now.
    fn of(&self, player: Entity, since: Tick) -> Option<Stay> {
        let end = since.after(self.clock.ticks(self.data.world.player.linger_combat_ms));
        let peace = self.fighters.get(player).ok()?.until.min(end);
        (self.clock.now() < peace).then_some(Stay { peace, end })
    }

    fn left_ms(&self, until: Tick) -> u32 {
        self.clock.ms(until.since(self.clock.now()))
    }
}

/// Lets players who asked to leave go now, or holds them back until their fight is over.
pub(super) fn hold_back(
    mut asked: PopulatedMessageReader<LeaveAsked>,
    mut commands: Commands,
    stays: Stays<'_, '_>,
    players: Query<Leaver, Without<Departing>>,
    mut leave: MessageWriter<LeaveGranted>,
    mut tell: Tell<'_, '_>,
) {
    for LeaveAsked { player, reason, by_link } in asked.read().copied() {
        let Ok(leaver) = players.get(player) else { continue };
        let since = leaver.since(stays.clock.now());
        let Some(stay) = stays.of(player, since) else {
            leave.write(LeaveGranted { player, reason });
            continue;
        };
        commands.entity(player).insert(LoggingOut { reason: leaver.reason(reason), since });
        let (ms, at_most_ms) = (stays.left_ms(stay.peace), stays.left_ms(stay.end));
        tell.send(player, &ServerMessage::LeavingIn { ms, at_most_ms });
        if by_link {
            let known = leaver.player;
            tell.sidecar(FromMap::Lingers { character: known.character, epoch: known.epoch, ms: at_most_ms });
        }
    }
}

/// Lets players go who were held back and whose fight is over.
pub(super) fn let_go(
    stays: Stays<'_, '_>,
    held: Query<(Entity, &LoggingOut), Without<Departing>>,
    mut leave: MessageWriter<LeaveGranted>,
) {
    for (player, logging_out) in &held {
        if stays.of(player, logging_out.since).is_none() {
            leave.write(LeaveGranted { player, reason: logging_out.reason });
        }
    }
}

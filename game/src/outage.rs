//! What players see of an outage: whether the store is away, and how many of their own changes wait for it.
//!
//! Sent on change and at most once a second, while the store is away and until everything that waited meanwhile is
//! settled. In normal operation nothing is sent: what a player asks for is done a moment later.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::clock::TickClock;
use realmgate_engine::persist::PersistPort;
use realmgate_engine::player::{Player, PlayerJoined, Players, Returned};
use realmgate_engine::schedule::TickSchedule;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::ServerMessage;

use crate::requests::RequestSet;
use crate::session::{Session, Stage};
use crate::tell::Tell;

/// Least milliseconds between two messages to a player.
const TELL_EVERY_MS: u32 = 1_000;

/// What was last sent to a player.
#[derive(Component, Debug, Clone, Copy, Default)]
struct Told {
    away: bool,
    pending: u16,
    /// Tick from which it may be sent again.
    quiet_until: Tick,
}

/// Adds the messages about outages.
pub struct OutagePlugin;

impl Plugin for OutagePlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(TickSchedule, (begin, begin_anew, show).chain().in_set(RequestSet::Outage));
    }
}

fn begin(mut joined: PopulatedMessageReader<PlayerJoined>, mut commands: Commands) {
    for join in joined.read() {
        commands.entity(join.player).insert(Told::default());
    }
}

fn begin_anew(players: Res<Players>, mut commands: Commands) {
    for Returned { player, .. } in players.returned() {
        commands.entity(*player).insert(Told::default());
    }
}

fn show(
    port: Res<PersistPort>,
    clock: Res<TickClock>,
    mut players: Query<(Entity, &Player, &Session, &mut Told)>,
    mut tell: Tell<'_, '_>,
) {
    let away = port.is_away();
    for (player, known, session, mut told) in &mut players {
        let was_shown = told.away || told.pending > 0;
        let pending = if away || was_shown { port.pending_of(known.character) } else { 0 };
        let changed = (away, pending) != (told.away, told.pending);
        if !changed || session.stage != Stage::Ready || clock.now() < told.quiet_until {
            continue;
        }
        *told = Told { away, pending, quiet_until: clock.now().after(clock.ticks(TELL_EVERY_MS)) };
        tell.send(player, &ServerMessage::Store { away, pending });
    }
}

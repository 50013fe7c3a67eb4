//! What players see of an outage: whether the store is away, and how much of their own waits for it.
//!
//! Told on change and at most once a second, while the store is away and until all that waited meanwhile is settled. When
//! nothing is wrong nobody hears of it: what a player asks for is done a moment later.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::clock::TickClock;
use realmgate_engine::persist::PersistPort;
use realmgate_engine::player::{Player, PlayerJoined};
use realmgate_engine::schedule::TickSchedule;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::ServerMessage;

use crate::requests::RequestSet;
use crate::session::{Session, Stage};
use crate::tell::Tell;

/// How often a player is told at most.
const TELL_EVERY_MS: u32 = 1_000;

/// What a player was told last.
#[derive(Component, Debug, Clone, Copy, Default)]
struct Told {
    away: bool,
    pending: u16,
    /// Before this tick it is not told again.
    quiet_until: Tick,
}

/// Owns what players see of an outage.
pub struct OutagePlugin;

impl Plugin for OutagePlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(TickSchedule, (begin, show).chain().in_set(RequestSet::Outage));
    }
}

fn begin(mut commands: Commands, mut joined: MessageReader<PlayerJoined>) {
    for join in joined.read() {
        commands.entity(join.player).insert(Told::default());
    }
}

fn show(
    (port, clock): (Res<PersistPort>, Res<TickClock>),
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

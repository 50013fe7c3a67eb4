//! Social commands that reach beyond the channel. They are sent over the map link, and failures come back there.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::persist::PersistPort;
use realmgate_engine::player::{Player, SocialHeard};
use realmgate_engine::schedule::TickSchedule;
use realmgate_protocol::link::{FromMap, SocialCommand, SocialEvent};
use realmgate_protocol::realm::Refusal;

use crate::requests::{Asked, RequestSet};
use crate::tell::Tell;

/// A social command for the sidecar.
#[derive(Message, Debug, Clone)]
pub struct SocialAsked {
    /// The player who asks.
    pub player: Entity,
    /// The message that asked for it.
    pub asked: Asked,
    /// The command.
    pub command: SocialCommand,
}

/// The last request of a player. Failures arrive in the order of the commands, without naming what failed.
#[derive(Component, Debug, Clone, Copy)]
#[component(storage = "SparseSet")]
struct LastAsked(Asked);

/// Adds social commands to the sidecar and their failures.
pub struct SocialPlugin;

impl Plugin for SocialPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<SocialAsked>()
            .add_systems(TickSchedule, (tell_failures, send_commands).chain().in_set(RequestSet::Social));
    }
}

/// Sends commands to the sidecar. While the store is away, nobody beyond this server can be reached: commands are
/// refused, not queued.
fn send_commands(
    mut asked: PopulatedMessageReader<SocialAsked>,
    mut commands: Commands,
    players: Query<&Player>,
    port: Res<PersistPort>,
    mut tell: Tell<'_, '_>,
) {
    for SocialAsked { player, asked, command } in asked.read() {
        let Ok(known) = players.get(*player) else { continue };
        if port.is_away() {
            tell.refuse(*player, *asked, Refusal::StoreAway);
            continue;
        }
        tell.sidecar(FromMap::Social { character: known.character, command: command.clone() });
        commands.entity(*player).insert(LastAsked(*asked));
    }
}

fn tell_failures(mut heard: PopulatedMessageReader<SocialHeard>, asked: Query<&LastAsked>, mut tell: Tell<'_, '_>) {
    for SocialHeard { player, event } in heard.read() {
        let SocialEvent::Failed { code } = event else { continue };
        let asked = asked.get(*player).map_or(Asked::UNKNOWN, |asked| asked.0);
        tell.refuse(*player, asked, refusal(code));
    }
}

fn refusal(code: &str) -> Refusal {
    match code {
        "NOT_ONLINE" => Refusal::NotOnline,
        "PARTY_FULL" | "ALREADY_IN_PARTY" => Refusal::PartyRefused,
        "ALREADY_ASKED" => Refusal::AlreadyAsked,
        // `NO_INVITATION`, `NOT_IN_PARTY`, and any code of a newer sidecar.
        _ => Refusal::NotFound,
    }
}

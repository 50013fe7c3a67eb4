//! What players say and do beyond their channel goes over the map link, and what they hear from there comes back.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::persist::PersistPort;
use realmgate_engine::player::{Player, SocialHeard};
use realmgate_engine::schedule::TickSchedule;
use realmgate_protocol::link::{FromMap, SocialCommand, SocialEvent};
use realmgate_protocol::realm::Refusal;

use crate::requests::RequestSet;
use crate::tell::Tell;

/// A command for the sidecar.
#[derive(Message, Debug, Clone)]
pub struct SocialAsked {
    /// Who.
    pub player: Entity,
    /// The name of the message that asked for it.
    pub request: &'static str,
    /// What.
    pub command: SocialCommand,
}

/// The last command of a player: failures come without saying what failed, in the order of the commands.
#[derive(Component, Debug, Clone, Copy)]
struct LastAsked(&'static str);

/// Owns the way to the sidecar's social part and back.
pub struct SocialPlugin;

impl Plugin for SocialPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<SocialAsked>()
            .add_systems(TickSchedule, (tell_failures, send_commands).chain().in_set(RequestSet::Social));
    }
}

/// While the store is away nobody beyond this server can be reached, and nothing that is said waits for that.
fn send_commands(
    mut commands: Commands,
    mut asked: MessageReader<SocialAsked>,
    players: Query<&Player>,
    port: Res<PersistPort>,
    mut tell: Tell<'_, '_>,
) {
    for SocialAsked { player, request, command } in asked.read() {
        let Ok(known) = players.get(*player) else { continue };
        if port.is_away() {
            tell.refuse(*player, request, Refusal::StoreAway);
            continue;
        }
        tell.sidecar(FromMap::Social { character: known.character, command: command.clone() });
        commands.entity(*player).insert(LastAsked(request));
    }
}

fn tell_failures(mut heard: MessageReader<SocialHeard>, asked: Query<&LastAsked>, mut tell: Tell<'_, '_>) {
    for SocialHeard { player, event } in heard.read() {
        let SocialEvent::Failed { code } = event else { continue };
        let request = asked.get(*player).map_or("", |asked| asked.0);
        tell.refuse(*player, request, refusal(code));
    }
}

fn refusal(code: &str) -> Refusal {
    match code {
        "NOT_ONLINE" => Refusal::NotOnline,
        "PARTY_FULL" | "ALREADY_IN_PARTY" => Refusal::PartyRefused,
        // `NO_INVITATION`, `NOT_IN_PARTY`, and whatever a newer sidecar may say.
        _ => Refusal::NotFound,
    }
}

//! Parties, as far as they concern this channel. The sidecar keeps them, since they span channels, maps and servers.

mod ask;

use std::collections::{BTreeMap, BTreeSet};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::player::{PlayerJoined, PlayerLeaving, Players, Returned, SocialHeard};
use realmgate_engine::schedule::TickSchedule;
use realmgate_protocol::ids::CharacterId;
use realmgate_protocol::link::{PartyMember, SocialEvent};
use realmgate_protocol::realm::ServerMessage;

use crate::ignore::Ears;
use crate::requests::RequestSet;
use crate::session::{Session, Stage};
use crate::tell::Tell;

/// The parties of the players in this channel.
#[derive(Resource, Debug, Default)]
pub struct Parties {
    of: BTreeMap<Entity, Party>,
    here: BTreeMap<CharacterId, Entity>,
    /// Players who have not been sent the current state of their party, since they were still entering.
    untold: BTreeSet<Entity>,
}

#[derive(Debug, Clone)]
struct Party {
    id: u64,
    members: Vec<PartyMember>,
}

impl Parties {
    /// The players of this channel who are in the same party as a player, including itself. Only itself if it is in no
    /// party. One of them may have left the world within this tick.
    pub fn members(&self, player: Entity) -> impl Iterator<Item = Entity> {
        let members = self.of.get(&player).map_or(&[][..], |party| party.members.as_slice());
        let others = members.iter().filter_map(|member| self.here.get(&member.character).copied());
        std::iter::once(player).chain(others.filter(move |other| *other != player))
    }

    /// Whether a player is in a party.
    pub fn is_in_one(&self, player: Entity) -> bool {
        self.of.contains_key(&player)
    }
}

/// Adds parties.
pub struct PartyPlugin;

impl Plugin for PartyPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Parties>()
            .add_systems(TickSchedule, (follow_players, hear, ask::ask).chain().in_set(RequestSet::Party));
    }
}

fn follow_players(
    mut joined: MessageReader<PlayerJoined>,
    players: Res<Players>,
    mut leaving: MessageReader<PlayerLeaving>,
    mut parties: ResMut<Parties>,
) {
    // Leavers come first: they were announced in the last tick, before anybody joined in this one.
    for leaver in leaving.read() {
        parties.of.remove(&leaver.player);
        parties.untold.remove(&leaver.player);
        if parties.here.get(&leaver.character) == Some(&leaver.player) {
            parties.here.remove(&leaver.character);
        }
    }
    for join in joined.read() {
        parties.here.insert(join.load.character, join.player);
    }
    for Returned { player, .. } in players.returned() {
        if parties.is_in_one(*player) {
            parties.untold.insert(*player);
        }
    }
}

/// Stores party updates from the sidecar, and sends them to the players once they have been welcomed.
fn hear(
    mut heard: MessageReader<SocialHeard>,
    sessions: Query<&Session>,
    ears: Ears<'_, '_>,
    mut parties: ResMut<Parties>,
    mut tell: Tell<'_, '_>,
) {
    for SocialHeard { player, event } in heard.read() {
        match event {
            SocialEvent::PartyInvited { party, from } if ears.hears(*player, from) => {
                tell.send_of_others(*player, &ServerMessage::PartyInvited { party: *party, from: from.clone() });
            }
            SocialEvent::PartyState { party, members } => {
                if members.is_empty() {
                    parties.of.remove(player);
                    tell.send(*player, &ServerMessage::Party { party: *party, members: Vec::new() });
                } else {
                    parties.of.insert(*player, Party { id: *party, members: members.clone() });
                    parties.untold.insert(*player);
                }
            }
            _ => {}
        }
    }
    if parties.untold.is_empty() {
        return;
    }
    let Parties { of, untold, .. } = &mut *parties;
    untold.retain(|player| {
        let Some(party) = of.get(player) else { return false };
        let ready = sessions.get(*player).is_ok_and(|session| session.stage == Stage::Ready);
        if ready {
            tell.send(*player, &ServerMessage::Party { party: party.id, members: party.members.clone() });
        }
        !ready
    });
}

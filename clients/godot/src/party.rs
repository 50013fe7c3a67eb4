//! `RealmParty`: the player's party.

use godot::prelude::*;
use realmgate_client::session::Party;
use realmgate_protocol::realm::{ClientMessage, ServerMessage};

use crate::data::RealmPartyMember;
use crate::error::RealmError;
use crate::requests::{Asks, Requests};

/// The player's party: [member RealmClient.party]. What the server refuses comes by [signal refused].
#[derive(GodotClass)]
#[class(tool, init, base=RefCounted)]
pub struct RealmParty {
    /// Its members, the leader first; empty for none.
    #[var(no_set)]
    members: Array<Gd<RealmPartyMember>>,
    /// The party that this player was invited to last; 0 for none.
    #[var(no_set)]
    invited_to: i64,
    requests: Requests,
    base: Base<RefCounted>,
}

#[godot_api]
impl RealmParty {
    /// [member members] has changed.
    #[signal]
    pub fn changed();
    /// Somebody invites this player: [method answer] answers.
    #[signal]
    pub fn invited(from: GString);
    /// The server has refused a request that a method of this made, or it could not be sent. It is told here alone.
    #[signal]
    pub fn refused(error: Gd<RealmError>);

    /// Invites a player, wherever that is.
    #[func]
    fn invite(&self, player_name: GString) {
        self.requests.ask(ClientMessage::PartyInvite { to: player_name.to_string() });
    }

    /// Answers the last invitation.
    #[func]
    fn answer(&mut self, accept: bool) {
        let party = std::mem::take(&mut self.invited_to) as u64;
        self.requests.ask(ClientMessage::PartyAnswer { party, accept });
    }

    /// Leaves the party.
    #[func]
    fn leave(&self) {
        self.requests.ask(ClientMessage::PartyLeave);
    }
}

impl Asks for RealmParty {
    fn requests(&mut self) -> &mut Requests {
        &mut self.requests
    }

    fn refuse(part: &Gd<Self>, error: &Gd<RealmError>) {
        part.signals().refused().emit(error);
    }
}

impl RealmParty {
    /// Shows the party as it is now.
    pub fn take(party: &Gd<Self>, now: &Party) {
        let mut party = party.clone();
        party.bind_mut().members = now.members.iter().map(RealmPartyMember::of).collect();
        party.signals().changed().emit();
    }

    /// Tells what concerns it of a message.
    pub fn hear(party: &Gd<Self>, message: &ServerMessage) {
        if let ServerMessage::PartyInvited { party: id, from } = message {
            let mut party = party.clone();
            // Its bits, which the answer gives back.
            party.bind_mut().invited_to = *id as i64;
            party.signals().invited().emit(&GString::from(from.as_str()));
        }
    }
}

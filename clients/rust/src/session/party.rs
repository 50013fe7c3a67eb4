//! The player's party, as the server last sent it.

use realmgate_protocol::link::PartyMember;
use realmgate_protocol::realm::ServerMessage;

/// The player's party.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Party {
    /// Its id; 0 for none.
    pub id: u64,
    /// Its members, the leader first; empty for none.
    pub members: Vec<PartyMember>,
}

impl Party {
    pub(super) fn take(&mut self, message: &ServerMessage) {
        if let ServerMessage::Party { party, members } = message {
            self.id = if members.is_empty() { 0 } else { *party };
            self.members.clone_from(members);
        }
    }
}

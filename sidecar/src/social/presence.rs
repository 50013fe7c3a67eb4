//! Which characters are in a world, and where.

use std::collections::HashMap;

use realmgate_protocol::ids::{CharacterId, ServerId};

/// Characters in a world, by the map server that said they entered.
#[derive(Debug, Default)]
pub(super) struct Presence {
    present: HashMap<CharacterId, (String, ServerId)>,
}

impl Presence {
    pub(super) fn set(&mut self, character: CharacterId, name: &str, server: &ServerId) {
        self.present.insert(character, (name.to_owned(), server.clone()));
    }

    pub(super) fn remove(&mut self, character: CharacterId) {
        self.present.remove(&character);
    }

    /// The map server a character is on.
    pub(super) fn server_of(&self, character: CharacterId) -> Option<&ServerId> {
        self.present.get(&character).map(|(_, server)| server)
    }

    /// The name of a character that is on this very map server.
    pub(super) fn name_on(&self, character: CharacterId, server: &ServerId) -> Option<String> {
        self.present.get(&character).filter(|(_, at)| at == server).map(|(name, _)| name.clone())
    }
}

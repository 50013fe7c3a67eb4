//! Which connection plays which character in which channel.

use std::collections::BTreeMap;

use realmgate_protocol::ids::{CharacterId, LockEpoch};

use crate::transport::SessionId;

/// Protocol violations after which a player is kicked.
const MAX_VIOLATIONS: u32 = 20;

/// Where a player is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    /// The character's id.
    pub character: CharacterId,
    /// The lock epoch under which it was admitted, or has stayed after a refused travel.
    pub epoch: LockEpoch,
    /// The index of its channel in the host's list.
    pub channel: usize,
    /// Whether its connection is gone; its body may stay for a while.
    lost: bool,
    violations: u32,
}

/// The routes of all players.
#[derive(Debug, Default)]
pub(super) struct Routes {
    by_session: BTreeMap<SessionId, Route>,
    by_character: BTreeMap<CharacterId, SessionId>,
}

impl Routes {
    pub fn add(&mut self, session: SessionId, character: CharacterId, epoch: LockEpoch, channel: usize) {
        self.by_session.insert(session, Route { character, epoch, channel, lost: false, violations: 0 });
        self.by_character.insert(character, session);
    }

    /// The newest route of a character: during a travel within this process its old connection may still be open.
    pub fn of_character(&mut self, character: CharacterId) -> Option<&mut Route> {
        self.by_session.get_mut(self.by_character.get(&character)?)
    }

    pub fn session_of(&self, character: CharacterId) -> Option<SessionId> {
        self.by_character.get(&character).copied()
    }

    pub fn channel_of(&self, session: SessionId) -> Option<usize> {
        self.by_session.get(&session).map(|route| route.channel)
    }

    /// Removes a connection. Returns its character if that has no newer connection.
    pub fn remove(&mut self, session: SessionId) -> Option<CharacterId> {
        let route = self.by_session.remove(&session)?;
        if self.by_character.get(&route.character) != Some(&session) {
            return None;
        }
        self.by_character.remove(&route.character);
        Some(route.character)
    }

    /// Counts a violation. Returns the character to kick, and its channel, when there were too many.
    pub fn violation(&mut self, session: SessionId) -> Option<(CharacterId, usize)> {
        let route = self.by_session.get_mut(&session)?;
        route.violations += 1;
        (route.violations == MAX_VIOLATIONS).then_some((route.character, route.channel))
    }

    /// Removes the players of a channel and returns them.
    pub fn take_channel(&mut self, channel: usize) -> Vec<(SessionId, Route)> {
        let here = self.by_session.iter().filter(|(_, route)| route.channel == channel);
        let here: Vec<(SessionId, Route)> = here.map(|(session, route)| (*session, *route)).collect();
        for (session, _) in &here {
            self.remove(*session);
        }
        here
    }

    /// Every character and the index of its channel.
    pub fn characters(&self) -> Vec<(CharacterId, usize)> {
        self.by_session.values().map(|route| (route.character, route.channel)).collect()
    }

    /// Every character and its epoch.
    pub fn epochs(&self) -> impl Iterator<Item = (CharacterId, LockEpoch)> {
        self.by_session.values().map(|route| (route.character, route.epoch))
    }

    /// Marks a connection as lost.
    pub fn lost(&mut self, session: SessionId) {
        if let Some(route) = self.by_session.get_mut(&session) {
            route.lost = true;
        }
    }

    /// Number of players whose connection is up.
    pub fn connected(&self) -> usize {
        self.by_session.values().filter(|route| !route.lost).count()
    }

    /// Number of players in a channel.
    pub fn count(&self, channel: usize) -> usize {
        self.by_session.values().filter(|route| route.channel == channel).count()
    }

    pub fn len(&self) -> usize {
        self.by_session.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_session.is_empty()
    }
}

//! Which session plays which character in which channel.

use std::collections::BTreeMap;

use realmgate_protocol::ids::{CharacterId, LockEpoch};

use crate::host::channels::ChannelIndex;
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
    /// Its channel.
    pub channel: ChannelIndex,
    /// Whether its connection is lost; its body may stay for a while.
    is_lost: bool,
    violations: u32,
}

/// The routes of all players.
#[derive(Debug, Default)]
pub(super) struct Routes {
    by_session: BTreeMap<SessionId, Route>,
    by_character: BTreeMap<CharacterId, SessionId>,
}

impl Routes {
    pub fn add(&mut self, session: SessionId, character: CharacterId, epoch: LockEpoch, channel: ChannelIndex) {
        self.by_session.insert(session, Route { character, epoch, channel, is_lost: false, violations: 0 });
        self.by_character.insert(character, session);
    }

    /// Gives the newest route of a character to another session, as that of a new connection; what comes over the one before
    /// is nobody's word any more. Returns the route's epoch; `None` if there is no route.
    pub fn reconnect(&mut self, session: SessionId, character: CharacterId) -> Option<LockEpoch> {
        let before = self.by_character.get(&character)?;
        let Route { epoch, channel, .. } = self.by_session.remove(before)?;
        self.add(session, character, epoch, channel);
        Some(epoch)
    }

    /// The newest route of a character: during a travel within this process its old session may still be open.
    pub fn of_character(&self, character: CharacterId) -> Option<&Route> {
        self.by_session.get(self.by_character.get(&character)?)
    }

    /// The newest session of a character.
    pub fn session_of(&self, character: CharacterId) -> Option<SessionId> {
        self.by_character.get(&character).copied()
    }

    /// The channel in which a session plays. `None` if it was not admitted, or if its connection is lost: what comes
    /// then is of another connection under the same ticket, which is refused.
    pub fn channel_of(&self, session: SessionId) -> Option<ChannelIndex> {
        self.by_session.get(&session).filter(|route| !route.is_lost).map(|route| route.channel)
    }

    /// Every route.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.by_session.values()
    }

    /// Sets the epoch of a character's newest route. Returns whether it has one.
    pub fn set_epoch(&mut self, character: CharacterId, epoch: LockEpoch) -> bool {
        let session = self.by_character.get(&character);
        let route = session.and_then(|session| self.by_session.get_mut(session));
        route.map(|route| route.epoch = epoch).is_some()
    }

    /// Marks a connection as lost. Returns the channel in which it played; `None` if there is no open one.
    pub fn lose(&mut self, session: SessionId) -> Option<ChannelIndex> {
        let channel = self.channel_of(session)?;
        self.by_session.get_mut(&session)?.is_lost = true;
        Some(channel)
    }

    /// Counts a violation. Returns the route of the player to kick when there were too many.
    pub fn violation(&mut self, session: SessionId) -> Option<&Route> {
        let route = self.by_session.get_mut(&session)?;
        route.violations += 1;
        (route.violations == MAX_VIOLATIONS).then_some(&*route)
    }

    /// Removes a session. Returns its character if that has no newer session.
    pub fn remove(&mut self, session: SessionId) -> Option<CharacterId> {
        let route = self.by_session.remove(&session)?;
        if self.by_character.get(&route.character) != Some(&session) {
            return None;
        }
        self.by_character.remove(&route.character);
        Some(route.character)
    }

    /// Removes the sessions of a channel and returns them.
    pub fn take_channel(&mut self, channel: ChannelIndex) -> Vec<(SessionId, Route)> {
        let here = self.by_session.iter().filter(|(_, route)| route.channel == channel);
        let here: Vec<(SessionId, Route)> = here.map(|(session, route)| (*session, *route)).collect();
        for (session, _) in &here {
            self.remove(*session);
        }
        here
    }

    /// Removes all sessions and returns them.
    pub fn take_all(&mut self) -> impl Iterator<Item = SessionId> + use<> {
        self.by_character.clear();
        std::mem::take(&mut self.by_session).into_keys()
    }

    /// Number of sessions whose connection is up.
    pub fn connected(&self) -> usize {
        self.iter().filter(|route| !route.is_lost).count()
    }

    /// Number of sessions in a channel.
    pub fn count_in(&self, channel: ChannelIndex) -> usize {
        self.iter().filter(|route| route.channel == channel).count()
    }

    /// Number of sessions.
    pub fn len(&self) -> usize {
        self.by_session.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_session.is_empty()
    }
}

//! The players of a map server: who may enter, which session plays which character in which channel, and who has left
//! and waits for its last messages.
//!
//! `entering` lets them in, `leaving` makes them leave. The directory passes events on to the [`ChannelSet`], which
//! knows no sessions, and tells the sidecar who came and who was dropped.

mod entering;
mod farewells;
mod leaving;
mod routes;

use std::collections::BTreeSet;

use realmgate_protocol::ids::{CharacterId, LockEpoch, MapId, ServerId};
use realmgate_protocol::link::{ChannelLoad, SocialEvent};
use realmgate_protocol::ticket::KeyRing;

use super::channels::{ChannelIndex, ChannelSet};
use super::config::HostConfig;
use crate::admission::{Admission, Hosting};
use crate::channel::ToChannel;
use crate::transport::SessionId;
pub(super) use entering::ReturnAsked;
use farewells::Farewells;
use routes::{Route, Routes};

/// All players of a map server: expected, present, and leaving.
pub(super) struct PlayerDirectory {
    server: ServerId,
    keys: KeyRing,
    /// Most players, expected and present ones together.
    capacity: usize,
    admission: Admission,
    routes: Routes,
    farewells: Farewells,
    is_full: bool,
    is_draining: bool,
}

impl PlayerDirectory {
    /// A directory that expects nobody yet.
    pub fn new(config: &HostConfig) -> Self {
        let capacity = usize::from(config.max_players);
        let maps = config.maps.iter().map(|map| map.id).collect();
        Self {
            server: config.server.clone(),
            keys: config.keys.clone(),
            capacity,
            admission: Admission::new(Hosting { maps, channels: config.channels, capacity }),
            routes: Routes::default(),
            farewells: Farewells::new(config.tick_hz),
            is_full: false,
            is_draining: false,
        }
    }

    /// Passes an event on to the channel in which a character is; nobody gets it if it is in none.
    pub fn tell(&self, character: CharacterId, event: ToChannel, channels: &mut ChannelSet) {
        if let Some(route) = self.routes.of_character(character) {
            channels.tell(route.channel, event);
        }
    }

    /// Gives every player a text of an administrator.
    pub fn announce(&self, text: &str, channels: &mut ChannelSet) {
        for Route { character, channel, .. } in self.routes.iter() {
            let event = SocialEvent::Announced { text: text.to_owned() };
            channels.tell(*channel, ToChannel::Social { character: *character, event });
        }
    }

    /// Gives every player on a map a text of a user who is not on it.
    pub fn chat_on_map(&self, map: MapId, from: &str, text: &str, channels: &mut ChannelSet) {
        for Route { character, channel, .. } in self.routes.iter() {
            if channels.channel(*channel).settings().key.map == map {
                let event = SocialEvent::MapChat { from: from.to_owned(), text: text.to_owned() };
                channels.tell(*channel, ToChannel::Social { character: *character, event });
            }
        }
    }

    /// Passes what a client has sent on to its channel; nobody gets it if the client was not admitted.
    pub fn pass_on(&self, session: SessionId, event: ToChannel, channels: &mut ChannelSet) {
        if let Some(channel) = self.routes.channel_of(session) {
            channels.tell(channel, event);
        }
    }

    /// The characters in the worlds, and the epochs of their locks.
    pub fn present(&self) -> impl Iterator<Item = (CharacterId, LockEpoch)> {
        self.routes.iter().map(|route| (route.character, route.epoch))
    }

    /// Every lock that is held here: of players, of expected characters, and of those whose release is not answered
    /// yet.
    pub fn held_locks(&self) -> BTreeSet<(CharacterId, LockEpoch)> {
        let mut held: BTreeSet<_> = self.present().collect();
        held.extend(self.admission.expected());
        held.extend(self.farewells.epochs());
        held
    }

    /// How full each channel is.
    pub fn loads(&self, channels: &ChannelSet) -> Vec<ChannelLoad> {
        let load = |index: ChannelIndex| {
            let key = channels.channel(index).settings().key;
            let players = self.routes.count_in(index) as u16;
            ChannelLoad { map: key.map, channel: key.channel, players, is_full: self.is_full }
        };
        channels.indexes().map(load).collect()
    }

    /// How many more players may be announced.
    pub fn free_places(&self) -> usize {
        if self.is_full { 0 } else { self.capacity.saturating_sub(self.admission.count()) }
    }

    /// How full the server is in percent, 0 to 100.
    pub fn load_percent(&self) -> u32 {
        if self.is_full { 100 } else { (self.routes.len() * 100 / self.capacity.max(1)) as u32 }
    }

    /// Number of players in the worlds.
    pub fn count(&self) -> usize {
        self.routes.len()
    }

    /// Number of those whose connection is up.
    pub fn connected_count(&self) -> usize {
        self.routes.connected()
    }

    /// Number of characters that were announced and have not come yet.
    pub fn expected_count(&self) -> usize {
        self.admission.count().saturating_sub(self.routes.len())
    }

    /// Number of tickets that are remembered as spent.
    pub fn spent_ticket_count(&self) -> usize {
        self.admission.spent()
    }

    /// Whether nobody is in a world or waits for its last messages.
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty() && self.farewells.is_empty()
    }
}

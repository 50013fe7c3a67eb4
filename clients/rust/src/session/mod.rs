//! A player's stay on one map server, without I/O: what the server says goes in, what the player wants comes out as
//! frames.

mod content;
mod pace;
mod possessions;
mod predict;
mod social;

pub use content::Content;
pub use pace::Pace;
pub use possessions::{FIRST_WORN_SLOT, Possessions};
pub use predict::{Motion, Predictor};
pub use social::{Social, Trade};

use std::collections::BTreeMap;
use std::sync::Arc;

use realmgate_protocol::codec::{decode_reliable, decode_split};
use realmgate_protocol::ids::{ChannelId, CharacterId, EntityId, MapId};
use realmgate_protocol::movement::{Angle, CollisionGrid, Position};
use realmgate_protocol::realm::{ClientMessage, PlaceInfo, ServerMessage, protocol_hash, status};
use realmgate_protocol::wire::Action;
use realmgate_protocol::wire::datagram::ClientFrame;
use realmgate_protocol::wire::parts::Reassembly;

use crate::world::{Seen, WorldView};

/// The solid tiles of the maps a client has; prediction on others knows no walls.
pub type Grids = BTreeMap<MapId, Arc<CollisionGrid>>;

/// What the server said on entering.
#[derive(Debug, Clone, PartialEq)]
pub struct Welcome {
    /// The client's own entity.
    pub entity: EntityId,
    /// Its character.
    pub character: CharacterId,
    /// The map.
    pub map: MapId,
    /// The channel.
    pub channel: ChannelId,
    /// Ticks per second.
    pub tick_hz: u16,
    /// The class's abilities by slot, as places in [`Content::abilities`].
    pub slots: Vec<u16>,
}

/// What a player wants this tick.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Intent {
    /// Where to walk; `None` to stand.
    pub heading: Option<Angle>,
    /// Which ability to use.
    pub action: Option<Action>,
}

/// What a session has counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Reliable messages received; the parts of a split one count as one.
    pub messages_in: u64,
    /// Snapshots applied.
    pub snapshots: u64,
    /// Frames that came too late to be applied.
    pub stale_frames: u64,
    /// Frames and messages that could not be read.
    pub decode_errors: u64,
}

/// A stay on one map server.
#[derive(Debug)]
pub struct Session {
    grids: Arc<Grids>,
    welcome: Option<Welcome>,
    ground: Option<Arc<CollisionGrid>>,
    places: Vec<PlaceInfo>,
    reassembly: Reassembly,
    /// What the player sees.
    pub world: WorldView,
    /// What the character owns.
    pub possessions: Possessions,
    /// Party and trade.
    pub social: Social,
    /// What the numbers on the wire mean.
    pub content: Content,
    predictor: Predictor,
    pace: Pace,
    counters: Counters,
    anomalies: Vec<String>,
    told_of_unknown_entities: u64,
}

impl Session {
    /// A session that has said nothing yet. `carried`: what the character owned where it comes from, to be compared.
    pub fn new(grids: Arc<Grids>, carried: Option<Possessions>) -> Self {
        Self {
            grids,
            welcome: None,
            ground: None,
            places: Vec::new(),
            reassembly: Reassembly::default(),
            world: WorldView::default(),
            possessions: carried.map_or_else(Possessions::default, Possessions::carried_over),
            social: Social::default(),
            content: Content::default(),
            predictor: Predictor::default(),
            pace: Pace::default(),
            counters: Counters::default(),
            anomalies: Vec::new(),
            told_of_unknown_entities: 0,
        }
    }

    /// The first message to send.
    pub fn hello() -> ClientMessage {
        ClientMessage::Hello { protocol_hash: protocol_hash() }
    }

    /// Whether the server has told all that a player needs to begin.
    pub fn is_entered(&self) -> bool {
        self.welcome.is_some() && self.content.is_told() && self.possessions.is_told()
    }

    /// What the server said on entering.
    pub fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_ref()
    }

    /// The player's own entity, once it is in view.
    pub fn own_entity(&self) -> Option<Seen<'_>> {
        self.world.entity(self.welcome.as_ref()?.entity)
    }

    /// Where the player stands, as predicted; where the server last saw it before there is a prediction.
    pub fn position(&self) -> Option<Position> {
        self.predictor.position().or_else(|| self.own_entity()?.position())
    }

    /// The solid tiles of the map, where the server has told them or the client has them.
    pub fn grid(&self) -> Option<&Arc<CollisionGrid>> {
        self.ground.as_ref().or_else(|| self.grids.get(&self.welcome.as_ref()?.map))
    }

    /// Portals, safe zones and what else the server has told of the map.
    pub fn places(&self) -> &[PlaceInfo] {
        &self.places
    }

    /// How long the next client tick should be.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// How often the server put the player elsewhere than predicted.
    pub fn corrections(&self) -> u64 {
        self.predictor.corrections()
    }

    /// The broken promises of the server since the last call, each in a sentence.
    pub fn take_anomalies(&mut self) -> Vec<String> {
        let unknown = self.world.unknown_entities();
        if unknown > self.told_of_unknown_entities {
            self.anomalies
                .push(format!("{} updates of entities never announced", unknown - self.told_of_unknown_entities));
            self.told_of_unknown_entities = unknown;
        }
        std::mem::take(&mut self.anomalies)
    }

    /// Takes a reliable message. What it says is applied; it is handed back for what the caller makes of it.
    pub fn receive_message(&mut self, bytes: &[u8]) -> Option<ServerMessage> {
        match decode_reliable(bytes) {
            Ok(ServerMessage::Part { index, count, bytes }) => self.receive_part(index, count, &bytes),
            Ok(message) => Some(self.take(message)),
            Err(_) => {
                self.counters.decode_errors += 1;
                None
            }
        }
    }

    fn receive_part(&mut self, index: u16, count: u16, bytes: &[u8]) -> Option<ServerMessage> {
        let whole = match self.reassembly.take(index, count, bytes) {
            Ok(whole) => whole?,
            Err(_) => {
                self.counters.decode_errors += 1;
                return None;
            }
        };
        match decode_split(&whole) {
            // A part within parts is nothing an honest server makes.
            Ok(ServerMessage::Part { .. }) | Err(_) => {
                self.counters.decode_errors += 1;
                None
            }
            Ok(message) => Some(self.take(message)),
        }
    }

    fn take(&mut self, message: ServerMessage) -> ServerMessage {
        self.counters.messages_in += 1;
        match &message {
            ServerMessage::Welcome { entity, character, map, channel, tick_hz, body_radius, slots, .. } => {
                let (entity, character, map, channel) = (*entity, *character, *map, *channel);
                self.welcome =
                    Some(Welcome { entity, character, map, channel, tick_hz: *tick_hz, slots: slots.clone() });
                self.predictor = Predictor::new(self.grids.get(&map).cloned(), *body_radius);
                self.pace = Pace::new(*tick_hz);
            }
            ServerMessage::Content { abilities, mobs, items } => {
                self.content = Content::new(abilities.clone(), mobs.clone(), items.clone());
            }
            ServerMessage::MapLayout { width, height, runs, places, .. } => {
                self.learn_ground(*width, *height, runs);
                self.places.clone_from(places);
            }
            other => {
                self.possessions.take(other, &mut self.anomalies);
                self.social.take(other);
            }
        }
        message
    }

    fn learn_ground(&mut self, width: u16, height: u16, runs: &[u32]) {
        // Of a map too large to be told, the client must have the grid itself.
        if runs.is_empty() {
            return;
        }
        match CollisionGrid::from_runs(width.into(), height.into(), runs) {
            Some(grid) => {
                let grid = Arc::new(grid);
                self.predictor.stand_on(grid.clone());
                self.ground = Some(grid);
            }
            None => self.anomalies.push(format!("the ground of {width} by {height} tiles is not covered by its runs")),
        }
    }

    /// Takes the body of a server frame; whether it was applied.
    pub fn receive_frame(&mut self, body: &[u8]) -> bool {
        // Before the welcome the client does not know which entity is its own, and what a number means.
        if self.welcome.is_none() {
            return false;
        }
        match self.world.apply(body) {
            Ok(Some(head)) => {
                self.counters.snapshots += 1;
                self.pace.observe(head.buffered_commands);
                let motion = self.motion();
                match self.own_entity().and_then(|own| own.position()) {
                    Some(server) => self.predictor.reconcile(server, head.last_command, motion),
                    None => self.predictor.forget(head.last_command),
                }
                true
            }
            Ok(None) => {
                self.counters.stale_frames += 1;
                false
            }
            Err(_) => {
                self.counters.decode_errors += 1;
                false
            }
        }
    }

    /// Turns what the player wants into the next command, and that into the frame to send.
    pub fn tick(&mut self, intent: Intent) -> ClientFrame {
        let motion = self.motion();
        self.predictor.issue(intent, motion);
        ClientFrame { ack: self.world.ack(), commands: self.predictor.newest() }
    }

    /// How the player moves now, as far as its components tell.
    fn motion(&self) -> Motion {
        let Some(own) = self.own_entity() else { return Motion::default() };
        let units = own.move_speed.as_ref().map_or(0, |speed| i32::from(speed.units_per_tick));
        let held = own.is_dead() || own.has_status(status::ROOTED);
        Motion { units_per_tick: if held { 0 } else { units } }
    }
}

#[cfg(test)]
mod tests;

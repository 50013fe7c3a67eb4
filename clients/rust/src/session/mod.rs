//! A player's stay on one map server, without I/O: the server's messages and frames go in, the client's frames come
//! out.

mod abilities;
mod content;
mod own;
mod pace;
mod party;
mod possessions;
mod predict;
mod trade;

pub use abilities::{Cast, PredictedUse};
pub use content::Content;
pub use pace::Pace;
pub use party::Party;
pub use possessions::{FIRST_WORN_SLOT, Possessions};
pub use predict::{Motion, Predictor};
pub use trade::Trade;

use std::collections::BTreeMap;
use std::sync::Arc;

use realmgate_protocol::codec::{decode_reliable, decode_split};
use realmgate_protocol::ids::{ChannelId, CharacterId, EntityId, MapId};
use realmgate_protocol::movement::{Angle, CollisionGrid, Position};
use realmgate_protocol::realm::{Answers, ClientMessage, PlaceInfo, ServerMessage, protocol_hash};
use realmgate_protocol::wire::Action;
use realmgate_protocol::wire::parts::Reassembly;

use crate::world::{VisibleEntity, WorldView};
use abilities::Abilities;
use own::known;

/// The solid tiles of the maps that a client has. Prediction on other maps knows no walls.
pub type Grids = BTreeMap<MapId, Arc<CollisionGrid>>;

/// The server's answer to `Hello`.
#[derive(Debug, Clone, PartialEq)]
pub struct Welcome {
    /// The client's own entity.
    pub entity: EntityId,
    /// The client's character.
    pub character: CharacterId,
    /// The map the client is on.
    pub map: MapId,
    /// The channel the client is in.
    pub channel: ChannelId,
    /// The server's ticks per second.
    pub tick_hz: u16,
    /// The class's abilities by slot, as indices into [`Content::abilities`].
    pub slots: Vec<u16>,
}

/// What a player wants to do this tick.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Intent {
    /// The direction to walk in; `None` to stand.
    pub heading: Option<Angle>,
    /// The ability to use, if any.
    pub action: Option<Action>,
}

/// Counters of a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Reliable messages received. The parts of a split message count as one.
    pub messages_in: u64,
    /// Snapshots applied.
    pub snapshots: u64,
    /// Frames that came too late to be applied.
    pub stale_frames: u64,
    /// Frames and messages that could not be read.
    pub decode_errors: u64,
}

/// A stay on one map server.
///
/// ```
/// use std::sync::Arc;
///
/// use realmgate_client::session::{Intent, Session};
/// use realmgate_protocol::codec::encode_reliable;
/// # use realmgate_protocol::realm::ServerMessage;
///
/// let mut session = Session::new(Arc::default(), None);
/// // The first message to send.
/// let hello = encode_reliable(&Session::hello())?;
/// # drop(hello);
///
/// // For each message that arrives. For each snapshot that arrives, call `receive_frame`.
/// # let received = ServerMessage::Inventory { items: Vec::new(), gold: 3, experience: 0, level: 1, bag_slots: 20 };
/// # let received = encode_reliable(&received)?;
/// session.receive_message(&received);
/// assert_eq!(session.possessions.gold, 3);
///
/// // Each client tick makes a frame to send.
/// let frame = session.tick(Intent::default());
/// assert_eq!(frame.commands.len(), 1);
/// # Ok::<(), realmgate_protocol::codec::CodecError>(())
/// ```
#[derive(Debug)]
pub struct Session {
    grids: Arc<Grids>,
    welcome: Option<Welcome>,
    ground: Option<Arc<CollisionGrid>>,
    places: Vec<PlaceInfo>,
    reassembly: Reassembly,
    /// The entities that the player sees.
    pub world: WorldView,
    /// The character's possessions.
    pub possessions: Possessions,
    /// The player's party.
    pub party: Party,
    /// The current trade, if any.
    pub trade: Option<Trade>,
    /// Names for the numbers on the wire, and the rules.
    pub content: Content,
    predictor: Predictor,
    abilities: Abilities,
    pace: Pace,
    counters: Counters,
    anomalies: Vec<String>,
    told_of_unknown_entities: u64,
}

impl Session {
    /// A session that has sent nothing yet. `carried` is what the character owned on the server it comes from, to
    /// compare.
    pub fn new(grids: Arc<Grids>, carried: Option<Possessions>) -> Self {
        Self {
            grids,
            welcome: None,
            ground: None,
            places: Vec::new(),
            reassembly: Reassembly::default(),
            world: WorldView::default(),
            possessions: carried.map_or_else(Possessions::default, Possessions::carried_over),
            party: Party::default(),
            trade: None,
            content: Content::default(),
            predictor: Predictor::default(),
            abilities: Abilities::default(),
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

    /// Whether the server has sent everything that a player needs to begin.
    pub fn is_entered(&self) -> bool {
        self.welcome.is_some() && self.content.is_told() && self.possessions.is_told()
    }

    /// The server's welcome, once it has arrived.
    pub fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_ref()
    }

    /// The player's own entity, once it is in view.
    pub fn own_entity(&self) -> Option<VisibleEntity<'_>> {
        self.world.entity(self.welcome.as_ref()?.entity)
    }

    /// The player's predicted position; the server's last one while there is no prediction.
    pub fn position(&self) -> Option<Position> {
        self.predictor.position().or_else(|| self.own_entity()?.position())
    }

    /// The solid tiles of the map, if the server has sent them or the client has them.
    pub fn grid(&self) -> Option<&Arc<CollisionGrid>> {
        self.ground.as_ref().or_else(|| self.grids.get(&self.welcome.as_ref()?.map))
    }

    /// Portals, safe zones and other places that the server has sent for the map.
    pub fn places(&self) -> &[PlaceInfo] {
        &self.places
    }

    /// The pace, which says how long the next client tick should be.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// The counters so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// How often the server corrected the predicted position.
    pub fn corrections(&self) -> u64 {
        self.predictor.corrections()
    }

    /// By how much all corrections together have moved the player, in units.
    pub fn corrected_units(&self) -> u64 {
        self.predictor.corrected_units()
    }

    /// The contradictions in what the server sent since the last call, each as a sentence.
    pub fn take_anomalies(&mut self) -> Vec<String> {
        let unknown = self.world.unknown_entities();
        if unknown > self.told_of_unknown_entities {
            self.anomalies.push(format!("{} updates of unknown entities", unknown - self.told_of_unknown_entities));
            self.told_of_unknown_entities = unknown;
        }
        std::mem::take(&mut self.anomalies)
    }

    /// Takes a reliable message, applies it and returns it to the caller. `None` for an incomplete or unreadable
    /// message.
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
            // No honest server sends a part within parts.
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
            ServerMessage::Welcome { entity, character, map, channel, tick, tick_hz, body_radius, slots, .. } => {
                let (entity, character, map, channel) = (*entity, *character, *map, *channel);
                self.welcome =
                    Some(Welcome { entity, character, map, channel, tick_hz: *tick_hz, slots: slots.clone() });
                self.predictor = Predictor::new(self.grids.get(&map).cloned(), *body_radius);
                self.abilities = Abilities::default();
                self.pace = Pace::new(*tick_hz);
                self.world = WorldView::new(entity, *tick);
            }
            ServerMessage::Content { classes, abilities, mobs, items, rules } => {
                self.content = Content {
                    classes: classes.clone(),
                    abilities: abilities.clone(),
                    mobs: mobs.clone(),
                    items: items.clone(),
                    rules: Some(rules.clone()),
                };
            }
            ServerMessage::MapLayout { width, height, runs, places, .. } => {
                self.learn_ground(*width, *height, runs);
                self.places.clone_from(places);
            }
            ServerMessage::Refused { answers: Answers::Command { number, .. }, .. } => self.abilities.refused(*number),
            other => {
                self.possessions.take(other, &mut self.anomalies);
                self.party.take(other);
                self.trade = Trade::after(self.trade.take(), other);
            }
        }
        message
    }

    fn learn_ground(&mut self, width: u16, height: u16, runs: &[u32]) {
        // A map that is too large for a message has no runs. The client must have its grid already.
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

    /// Takes the body of a server frame, and reconciles the prediction with it. Returns whether it was applied.
    pub fn receive_frame(&mut self, body: &[u8]) -> bool {
        // Before the welcome the client does not know its own entity, nor what the numbers mean.
        if self.welcome.is_none() {
            return false;
        }
        match self.world.apply(body) {
            Ok(Some(head)) => {
                self.counters.snapshots += 1;
                self.pace.observe(head);
                let motion = self.motion();
                match self.own_entity().and_then(|own| own.position()) {
                    Some(server) => self.predictor.reconcile(server, head.last_command, motion),
                    None => self.predictor.forget(head.last_command),
                }
                if let Some(known) = known(self.welcome.as_ref(), &self.world, &self.content) {
                    self.abilities.observe(known, head.last_command, head.tick);
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
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

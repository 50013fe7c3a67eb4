//! What the network's thread tells the main one.

use std::collections::BTreeMap;
use std::sync::Arc;

use realmgate_client::api::community::Profile;
use realmgate_client::api::{Character, CharacterClass};
use realmgate_client::session::{Content, Party, Possessions, Session, Trade, Welcome};
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::realm::{PlaceInfo, ServerMessage};

use super::Failure;

/// What came of a call.
#[derive(Debug)]
pub enum Outcome {
    /// Logged in, as this account.
    LoggedIn { user: String },
    /// Nothing more to say.
    Done,
    /// Out of the world, and saved.
    LeftWorld,
    /// The classes.
    Classes(Vec<CharacterClass>),
    /// The account's characters.
    Characters(Vec<Character>),
    /// One character.
    Character(Character),
    /// The files of a map, by their names.
    MapFiles(BTreeMap<String, Vec<u8>>),
    /// A profile.
    Profile(Box<Profile>),
    /// A page of profiles, and whether there are more.
    Profiles(Vec<Profile>, bool),
}

/// What a session knows from its beginning.
#[derive(Debug, Clone)]
pub struct World {
    /// Who and where the player is.
    pub welcome: Welcome,
    /// The names behind numbers, and the rules.
    pub content: Arc<Content>,
}

/// Something has happened.
#[derive(Debug)]
pub enum News {
    /// A call has succeeded or failed.
    Answered(u64, Result<Outcome, Failure>),
    /// The gateway has accepted the log-in, with this message.
    Welcomed(String),
    /// The player is in the world: for the first time, on another map, or after a lost connection.
    Entered(Box<World>),
    /// The connection is lost, and is being made anew.
    Lost(String),
    /// The player is on its way to another map or channel.
    Travels,
    /// The player is out of the world. With a reason if the server sent it away, with a failure if it found no way back.
    Left(Option<LeaveReason>, Option<Failure>),
    /// A request was not sent.
    Refused(Failure),
    /// The server said something.
    Told(ServerMessage),
    /// The places of the map.
    Places(Vec<PlaceInfo>),
    /// What the character owns has changed.
    Possessions(Possessions),
    /// The party has changed.
    Party(Party),
    /// The trade has changed, or is over.
    Trade(Option<Trade>),
}

impl News {
    /// What a session says of itself when the player has just entered.
    pub fn of_entering(session: &Session) -> Vec<Self> {
        let Some(welcome) = session.welcome() else { return Vec::new() };
        let world = World { welcome: welcome.clone(), content: Arc::new(session.content.clone()) };
        vec![
            Self::Entered(Box::new(world)),
            Self::Places(session.places().to_vec()),
            Self::Possessions(session.possessions.clone()),
            Self::Party(session.party.clone()),
            Self::Trade(session.trade.clone()),
        ]
    }

    /// What a message has changed of what the session knows.
    pub fn of_message(session: &Session, message: &ServerMessage) -> Option<Self> {
        match message {
            ServerMessage::Inventory { .. }
            | ServerMessage::ItemPlaced { .. }
            | ServerMessage::ItemGone { .. }
            | ServerMessage::Gold { .. }
            | ServerMessage::Experience { .. }
            | ServerMessage::LevelUp { .. }
            | ServerMessage::Store { .. } => Some(Self::Possessions(session.possessions.clone())),
            ServerMessage::Party { .. } => Some(Self::Party(session.party.clone())),
            ServerMessage::TradeState { .. } | ServerMessage::TradeEnded { .. } => {
                Some(Self::Trade(session.trade.clone()))
            }
            ServerMessage::MapLayout { .. } => Some(Self::Places(session.places().to_vec())),
            _ => None,
        }
    }
}

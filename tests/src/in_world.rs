//! A player whose client is really in the world.

use std::time::Duration;

use realmgate_client::client::{GameClient, Setup};
use realmgate_client::clock::Clock;
use realmgate_client::session::Intent;
use realmgate_client::transport::Carrier;
use realmgate_engine::map::Rect;
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::{ChatScope, ClientMessage, ServerMessage};
use serde_json::Value;
use tokio::time::timeout;

use crate::database::Database;
use crate::walk::WayTo;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How far a walk goes.
const WALK_UNITS: i32 = 1_024;
/// Ticks without any change of place after which a player stands still for the server too.
const STILL_TICKS: u32 = 15;
/// Tiles at both ends of the field east of Greenvale's square, where boars are that attack who comes near.
const BOARS: [(i32, i32); 2] = [(46, 24), (56, 24)];
/// Ticks after which a walk that leads nowhere turns.
const BLOCKED_TICKS: u32 = 30;

/// A client that is connected and has entered.
#[derive(Debug)]
pub struct InWorld {
    client: GameClient,
}

impl InWorld {
    /// Connects over UDP with the data of an `enter_world_success`.
    ///
    /// # Panics
    /// When the map server does not let it in.
    pub async fn connect(success: &Value) -> Self {
        Self::connect_by(success, Carrier::Udp).await
    }

    /// As [`InWorld::connect`], over this.
    ///
    /// # Panics
    /// When the map server does not let it in.
    pub async fn connect_by(success: &Value, carrier: Carrier) -> Self {
        let grant: EntryGrant = serde_json::from_value(success.clone()).expect("all that a client needs");
        let setup = Setup { carrier, ..Setup::new(Clock::start()) };
        let mut client = GameClient::enter(&grant, &setup, None).await.expect("it is let in");
        let first_snapshot = async {
            while client.session().own_entity().is_none_or(|own| own.position().is_none()) {
                client.tick().await.expect("it stays in");
                client.act(Intent { heading: None, action: None });
            }
        };
        timeout(PATIENCE, first_snapshot).await.expect("a snapshot comes");
        Self { client }
    }

    /// Where the server says that it is.
    ///
    /// # Panics
    /// Before the server has said so.
    pub fn position(&self) -> Position {
        self.client.session().own_entity().and_then(|own| own.position()).expect("own state is in every snapshot")
    }

    /// The id of its own entity.
    ///
    /// # Panics
    /// Before the server has said so.
    pub fn entity(&self) -> EntityId {
        self.client.session().welcome().expect("it was welcomed").entity
    }

    /// Its health, as the server says.
    ///
    /// # Panics
    /// Before the server has said so.
    pub fn health(&self) -> u16 {
        let own = self.client.session().own_entity().expect("own state is in every snapshot");
        own.health.as_ref().expect("a character has health").current
    }

    /// Stands still until its health is this.
    ///
    /// # Panics
    /// When the connection ends, or it does not come to that in time.
    pub async fn until_health(&mut self, health: u16) {
        let changed = async {
            while self.health() != health {
                self.tick(None).await.expect("the server does not disconnect");
            }
        };
        if timeout(PATIENCE, changed).await.is_err() {
            panic!("its health is {}, not {health}", self.health());
        }
    }

    /// Walks to the field of boars east of Greenvale's square, and up and down there until one hurts it.
    ///
    /// # Panics
    /// When the connection ends, or nobody hurts it in time.
    pub async fn pick_a_fight(&mut self) {
        let grid = self.client.session().grid().expect("the server has sent the ground").clone();
        let ways = BOARS.map(|tile| WayTo::new(&grid, Rect::of_tiles(tile, (1, 1))));
        let fight = async {
            let (mut before, mut way) = (self.health(), 0);
            while self.health() >= before {
                before = self.health();
                let here = self.position();
                if here.tile() == BOARS[way] {
                    way = 1 - way;
                }
                self.tick(ways[way].heading(here)).await.expect("the server does not disconnect");
            }
        };
        timeout(PATIENCE, fight).await.expect("a boar fights it");
    }

    /// Stands still until it is hurt.
    ///
    /// # Panics
    /// As [`InWorld::pick_a_fight`].
    pub async fn until_hurt(&mut self) {
        let standing = async {
            let mut before = self.health();
            while self.health() >= before {
                before = self.health();
                self.tick(None).await.expect("the server does not disconnect");
            }
        };
        timeout(PATIENCE, standing).await.expect("somebody still fights it");
    }

    /// Walks a tile from here, in whatever direction there is room for it, and stands still: where.
    ///
    /// # Panics
    /// When the connection ends, or there is no room in any direction.
    pub async fn walk(&mut self) -> Position {
        let walk = async {
            let start = self.position();
            let (mut heading, mut ticks) = (Angle(0), 0);
            while self.position().within(start, WALK_UNITS) {
                self.tick(Some(heading)).await.expect("the server does not disconnect");
                ticks += 1;
                if ticks % BLOCKED_TICKS == 0 {
                    heading = Angle(heading.0.wrapping_add(40));
                }
            }
            self.stand().await
        };
        timeout(PATIENCE, walk).await.expect("there is room for a walk")
    }

    /// As [`InWorld::walk`], to a place that the database does not know yet: map servers save every few seconds.
    ///
    /// # Panics
    /// As [`InWorld::walk`].
    pub async fn walk_unsaved(&mut self, database: &Database, character: &str) -> Position {
        loop {
            let place = self.walk().await;
            let saved = database.character(character).await;
            if (saved.x, saved.y) != (i64::from(place.x), i64::from(place.y)) {
                return place;
            }
        }
    }

    /// Stands still until the server has seen it: where.
    async fn stand(&mut self) -> Position {
        let (mut place, mut still) = (self.position(), 0);
        while still < STILL_TICKS {
            self.tick(None).await.expect("the server does not disconnect");
            still = if self.position() == place { still + 1 } else { 0 };
            place = self.position();
        }
        place
    }

    /// Waits for what a new character is given.
    ///
    /// # Panics
    /// When the connection ends, or it is given nothing in time.
    pub async fn has_starter_kit(&mut self) {
        let given = async {
            while self.client.session().possessions.bag().next().is_none() {
                self.tick(None).await.expect("the server does not disconnect");
            }
        };
        timeout(PATIENCE, given).await.expect("a new character is given something");
    }

    /// Drops an item while the store is away, until the server says that the store has yet to hear of it.
    ///
    /// # Panics
    /// When the bag is empty, the connection ends, or the server says nothing in time.
    pub async fn drop_unsettled(&mut self) {
        let item = self.client.session().possessions.bag().next().expect("there is something in the bag").item;
        self.client.ask(&ClientMessage::DropItem { item }).expect("it is short enough");
        let pending = async {
            let is_pending = |message: &ServerMessage| matches!(message, ServerMessage::Store { pending: 1.., .. });
            while !self.messages().await.iter().any(is_pending) {
                self.client.act(Intent { heading: None, action: None });
            }
        };
        timeout(PATIENCE, pending).await.expect("the server says what is pending");
    }

    /// Sends a request to the game.
    ///
    /// # Panics
    /// When the request is too long.
    pub fn ask(&mut self, message: &ClientMessage) {
        self.client.ask(message).expect("it is short enough");
    }

    /// Stays until the chat shows a text: in which scope, and from whom.
    ///
    /// # Panics
    /// When it does not in time, or the connection ends.
    pub async fn reads(&mut self, expected: &str) -> (ChatScope, String) {
        let reading = async {
            loop {
                for message in self.messages().await {
                    if let ServerMessage::Chat { scope, from, text } = message
                        && text == expected
                    {
                        return (scope, from);
                    }
                }
                self.client.act(Intent { heading: None, action: None });
            }
        };
        timeout(PATIENCE, reading).await.unwrap_or_else(|_| panic!("nobody has said {expected:?}"))
    }

    /// Logs out in the game: why it has left, if the server has said so.
    pub async fn log_out(self) -> Option<LeaveReason> {
        self.client.log_out().await.left
    }

    /// Ends the connection without a word to the game.
    pub fn lose_connection(self) {
        self.client.close();
    }

    /// Stays until the server says goodbye: why.
    ///
    /// # Panics
    /// When it does not in time, or the connection ends without it.
    pub async fn until_left(mut self) -> LeaveReason {
        let staying = async {
            loop {
                if let Err(reason) = self.tick(None).await {
                    return reason;
                }
            }
        };
        timeout(PATIENCE, staying).await.expect("a goodbye")
    }

    /// One tick; the reason of a goodbye, if there is one.
    async fn tick(&mut self, heading: Option<Angle>) -> Result<(), LeaveReason> {
        for message in self.messages().await {
            if let ServerMessage::Leave { reason } = message {
                return Err(reason);
            }
        }
        self.client.act(Intent { heading, action: None });
        Ok(())
    }

    /// What the server says until the next tick.
    async fn messages(&mut self) -> Vec<ServerMessage> {
        self.client.tick().await.unwrap_or_else(|reason| panic!("the connection ends: {reason}"))
    }
}

//! Players who do what a test tells them and show what is on their screens: one in Rust, others in JavaScript, all alike.

use std::time::Duration;

use realmgate_client::display::Point;
use realmgate_protocol::codec::encode_reliable;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::ClientMessage;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long anything that a test waits for may take, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// What an actor is told.
#[derive(Debug, Clone)]
pub enum Order {
    /// To walk to a point, and to stand there.
    Walk(Position),
    /// To use its first ability on an entity whenever it may; `None` to stop.
    Attack(Option<EntityId>),
    /// To send a request.
    Ask(ClientMessage),
    /// To log out.
    Leave,
}

impl Order {
    /// The order as `clients/js/test/testing/actor.js` takes it.
    pub fn json(&self) -> Value {
        match self {
            Self::Walk(to) => json!({ "walk": { "x": to.x, "y": to.y } }),
            Self::Attack(victim) => json!({ "attack": victim.map(|victim| victim.0) }),
            Self::Ask(message) => json!({ "ask": encode_reliable(message).expect("it is short") }),
            Self::Leave => json!({ "leave": true }),
        }
    }
}

/// What an actor shows and has heard.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Picture {
    /// What carries its payloads.
    pub transport: String,
    /// Whether commands reach a server.
    pub is_connected: bool,
    /// Milliseconds since the newest snapshot.
    pub silent_ms: f64,
    /// Why it has left, if it has.
    pub left: Option<String>,
    /// What happened to the player, but for what it was told.
    pub events: Vec<String>,
    /// Who has asked it to trade.
    pub asked: Vec<String>,
    /// How trades have ended.
    pub ended: Vec<String>,
    /// What was refused, and why.
    pub refused: Vec<String>,
    /// What others have said: the scope, by whom, the text.
    pub heard: Vec<String>,
    /// The parties that it was invited into.
    pub invited: Vec<u64>,
    /// Who is in its party.
    pub party: Vec<String>,
    /// How often it has hit whom it attacks.
    pub hits: u32,
    /// The map.
    pub map: u16,
    /// The channel.
    pub channel: u16,
    /// Its own entity.
    pub entity: u32,
    /// Where its own character is shown.
    pub place: Option<Spot>,
    /// Its gold.
    pub gold: u64,
    /// The trade that it is in, if any.
    pub trade: Option<Bargain>,
    /// Everybody else in view.
    pub others: Vec<Other>,
}

/// A point on the map, in units.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
pub struct Spot {
    x: f64,
    y: f64,
}

/// A trade: its own side, and the other one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Bargain {
    /// Counts the changes.
    pub revision: u32,
    /// The gold that each side offers.
    pub gold: [u64; 2],
    /// Whether each side has confirmed.
    pub confirmed: [bool; 2],
}

/// Another entity in view.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Other {
    /// Its id.
    pub entity: u32,
    /// Its kind, by the name that the protocol has for it.
    pub kind: Option<String>,
    /// Its name; empty if it has none.
    pub name: String,
    /// Where it is shown.
    pub place: Option<Spot>,
    /// Its health, if it has any.
    pub health: Option<u32>,
}

impl From<Point> for Spot {
    fn from(point: Point) -> Self {
        Self { x: point.x, y: point.y }
    }
}

impl Spot {
    /// How far it is from a position, in units.
    pub fn distance(self, to: Position) -> f64 {
        self.distance_to(Self { x: to.x.into(), y: to.y.into() })
    }

    /// How far it is from another one, in units.
    pub fn distance_to(self, to: Self) -> f64 {
        let (dx, dy) = (self.x - to.x, self.y - to.y);
        (dx * dx + dy * dy).sqrt()
    }
}

impl Picture {
    /// Whom it shows under this name.
    pub fn other(&self, name: &str) -> Option<&Other> {
        self.others.iter().find(|other| other.name == name)
    }

    /// The mob in view.
    pub fn mob(&self) -> Option<&Other> {
        self.others.iter().find(|other| other.kind.as_deref() == Some("Mob"))
    }

    /// What happened last.
    pub fn last_event(&self) -> Option<&str> {
        self.events.last().map(String::as_str)
    }
}

/// A player on the stage. It ends with its value.
#[derive(Debug)]
pub struct Actor {
    /// The name of its character.
    pub name: String,
    orders: mpsc::UnboundedSender<Order>,
    pictures: watch::Receiver<Picture>,
    acting: JoinHandle<()>,
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.acting.abort();
    }
}

impl Actor {
    /// Whoever acts, with the ends of its orders and its pictures.
    pub fn new<A>(name: &str, act: impl FnOnce(mpsc::UnboundedReceiver<Order>, watch::Sender<Picture>) -> A) -> Self
    where
        A: Future<Output = ()> + Send + 'static,
    {
        let (orders, to_do) = mpsc::unbounded_channel();
        let (show, pictures) = watch::channel(Picture::default());
        Self { name: name.to_owned(), orders, pictures, acting: tokio::spawn(act(to_do, show)) }
    }

    /// Tells it what to do.
    pub fn order(&self, order: Order) {
        self.orders.send(order).unwrap_or_else(|_| panic!("{} has gone", self.name));
    }

    /// As [`Self::order`], to send a request.
    pub fn ask(&self, message: ClientMessage) {
        self.order(Order::Ask(message));
    }

    /// Its newest picture.
    pub fn picture(&self) -> Picture {
        self.pictures.borrow().clone()
    }

    /// Waits until its picture is so.
    ///
    /// # Panics
    /// When it is not in time, or the actor goes away before.
    pub async fn until(&self, what: &str, is: impl FnMut(&Picture) -> bool) -> Picture {
        let mut pictures = self.pictures.clone();
        let seen = timeout(PATIENCE, pictures.wait_for(is)).await;
        let told = || format!("{} waits in vain until {what}: {:#?}", self.name, self.picture());
        seen.unwrap_or_else(|_| panic!("{}", told())).unwrap_or_else(|_| panic!("{}; it has gone", told())).clone()
    }
}

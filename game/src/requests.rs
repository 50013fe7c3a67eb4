//! Requests that players send in reliable messages, and the order in which features handle them within a tick.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::input::TakeInput;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::realm::{Answers, ClientMessage};

/// A request of a player that was checked: it is decoded, within the rate limit, and the player is alive if the
/// request needs that.
#[derive(Message, Debug, Clone)]
pub struct Request {
    /// The player who asks.
    pub player: Entity,
    /// How many messages its client had sent before this one.
    pub id: u32,
    /// The decoded message.
    pub message: ClientMessage,
}

/// What a player is refused: the name of the request, and which message or command of the client asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The name of the message, or one for what is asked for without a message.
    pub name: &'static str,
    /// The message or command.
    pub by: Answers,
}

impl Asked {
    /// The experience for a kill.
    pub const EXPERIENCE: Self = Self { name: "Experience", by: Answers::Nothing };
    /// A step into a portal.
    pub const PORTAL: Self = Self { name: "Portal", by: Answers::Nothing };
    /// Something that is not known any more.
    pub const UNKNOWN: Self = Self { name: "", by: Answers::Nothing };

    /// The use of an ability in a command.
    pub fn ability(command: u32, slot: u8) -> Self {
        Self { name: "Ability", by: Answers::Command { number: command, slot } }
    }

    /// A message that was not read.
    pub fn unread(id: u32) -> Self {
        Self { name: "", by: Answers::Message { id } }
    }

    /// A message.
    pub fn message(id: u32, message: &ClientMessage) -> Self {
        Self { name: message.name(), by: Answers::Message { id } }
    }
}

impl From<&Request> for Asked {
    fn from(request: &Request) -> Self {
        Self::message(request.id, &request.message)
    }
}

/// The parts of [`TickSet::Intent`] that handle requests, in their order. Every feature has its own.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestSet {
    /// Gives new players their inventories, and applies the outcomes of pending deals.
    Settle,
    /// Tells players whether the store is away, and how much waits for it.
    Outage,
    /// Decodes the bytes of clients into requests.
    Read,
    /// Ignore lists.
    Ignore,
    /// Items and gold on the ground.
    Loot,
    /// Equipping and using items.
    Equipment,
    /// Vendors.
    Vendor,
    /// Trades between players.
    Trade,
    /// Parties.
    Party,
    /// Chat and whispers.
    Chat,
    /// Social commands that go to the sidecar.
    Social,
    /// Travel to other channels and maps.
    Travel,
}

/// Adds requests and their order.
pub struct RequestsPlugin;

impl Plugin for RequestsPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<Request>();
        app.configure_sets(
            TickSchedule,
            (
                RequestSet::Settle,
                RequestSet::Outage,
                RequestSet::Read,
                RequestSet::Ignore,
                RequestSet::Loot,
                RequestSet::Equipment,
                RequestSet::Vendor,
                RequestSet::Trade,
                RequestSet::Party,
                RequestSet::Chat,
                RequestSet::Social,
                RequestSet::Travel,
            )
                .chain()
                .in_set(TickSet::Intent)
                .after(TakeInput),
        );
    }
}

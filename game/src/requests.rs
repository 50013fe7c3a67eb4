//! Requests that players send in reliable messages, and the order in which features handle them within a tick.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::input::TakeInput;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::realm::ClientMessage;

/// A request of a player that was checked: it is decoded, within the rate limit, and the player is alive if the
/// request needs that.
#[derive(Message, Debug, Clone)]
pub struct Request {
    /// The player who asks.
    pub player: Entity,
    /// The decoded message.
    pub message: ClientMessage,
}

/// The name under which players are refused something: that of their message, or one for what they did without a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestName(&'static str);

impl RequestName {
    /// The use of an ability, which comes with a command.
    pub const ABILITY: Self = Self("Ability");
    /// The experience for a kill.
    pub const EXPERIENCE: Self = Self("Experience");
    /// A step into a portal.
    pub const PORTAL: Self = Self("Portal");
    /// A message that was not decoded, or one that is not known any more.
    pub const UNKNOWN: Self = Self("");

    /// The name as it is sent to clients.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl From<&ClientMessage> for RequestName {
    fn from(message: &ClientMessage) -> Self {
        Self(message.name())
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

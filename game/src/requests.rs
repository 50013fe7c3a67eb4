//! What players ask for by reliable messages, and the order in which features answer within a tick.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::input::TakeInput;
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::realm::ClientMessage;

/// A request of a player who may ask it now: decoded, within its rate, and alive where the request needs that.
#[derive(Message, Debug, Clone)]
pub struct Request {
    /// Who asks.
    pub player: Entity,
    /// What.
    pub message: ClientMessage,
}

/// The parts of [`TickSet::Intent`] that have to do with requests, in their order. Every feature has its own.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestSet {
    /// New players get what they own, and the outcomes of what waited for the store are applied.
    Settle,
    /// Players see whether the store is away, and what waits for it.
    Outage,
    /// Clients' bytes become requests.
    Read,
    /// Ground items and gold.
    Loot,
    /// Worn and used items.
    Equipment,
    /// Vendors.
    Vendor,
    /// Trades between players.
    Trade,
    /// Parties.
    Party,
    /// Chat and whispers.
    Chat,
    /// What goes beyond the channel.
    Social,
    /// Other channels and maps.
    Travel,
}

/// Owns the order of requests.
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

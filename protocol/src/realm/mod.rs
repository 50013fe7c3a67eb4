//! Our game's part of the protocol: reliable messages, replicated components, refusal codes.
//!
//! The engine carries these as bytes and never imports this module.

mod client;
mod components;
mod content;
mod document;
mod server;

pub use client::ClientMessage;
pub use components::{
    Appearance, Casting, ComponentValue, Cooldowns, EntityKind, GoldAmount, Health, Label, Look, MoveSpeed, Resource,
    Status, describe_components, status,
};
pub use content::{
    AbilityInfo, AbilityShape, BonusInfo, ClassInfo, ConsumableInfo, ItemInfo, MobInfo, PlaceInfo, PlaceKind,
    RateLimit, Rules, SoldItem, VendorItem,
};
pub use document::{Document, document};
pub use server::{Answers, ChannelInfo, ChatScope, CombatKind, ItemView, OfferView, Refusal, ServerMessage, TradeEnd};

use std::sync::LazyLock;

use crate::movement;
use crate::schema::Schema;
use crate::wire::datagram;

/// The schema of everything that the game's clients and servers send to each other.
pub fn schema() -> Schema {
    let mut schema = Schema::default();
    schema.add::<ClientMessage>();
    schema.add::<ServerMessage>();
    describe_components(&mut schema);
    schema
}

/// The hash that client and server compare on entering. A mismatch is refused, instead of decoded as garbage.
pub fn protocol_hash() -> u64 {
    static HASH: LazyLock<u64> =
        LazyLock::new(|| schema().hash(&format!("datagram {} movement {}", datagram::VERSION, movement::REVISION)));
    *HASH
}

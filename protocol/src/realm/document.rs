//! The protocol as data: what is written to `docs/protocol.json`, from which readers in other languages are made.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{EntityKind, protocol_hash, schema, status};
use crate::schema::{Schema, Shape, Variant};
use crate::wire::layout::{self, Flag, LayoutField, Primitive};
use crate::wire::{datagram, stream};
use crate::{limits, movement};

/// Everything that a client's codec is made of.
#[derive(Debug, Serialize)]
pub struct Document {
    protocol_hash: String,
    netcode_protocol_id: String,
    datagram_version: u8,
    movement_revision: u32,
    limits: BTreeMap<&'static str, usize>,
    /// The types of the messages that each end sends.
    messages: BTreeMap<&'static str, &'static str>,
    /// How primitive types are packed.
    primitives: BTreeMap<&'static str, Primitive>,
    /// Payloads, frames and snapshots, field by field.
    layouts: BTreeMap<&'static str, Vec<LayoutField>>,
    /// The bits of the fields that are made of flags, by `type.field`.
    flags: BTreeMap<&'static str, Vec<Flag>>,
    types: BTreeMap<String, Shape>,
    components: Vec<Variant>,
    entity_kinds: Vec<KindEntry>,
}

/// What an entity of a kind consists of.
#[derive(Debug, Serialize)]
struct KindEntry {
    kind: EntityKind,
    /// Components that each has, from its first update.
    components: Vec<&'static str>,
    /// Components that it may have.
    sometimes: Vec<&'static str>,
    /// Components that it also has if it is the client's own.
    own: Vec<&'static str>,
    /// The list of `Content` that `Appearance.definition` is an index into.
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<&'static str>,
}

/// Describes the protocol.
///
/// ```
/// let document = serde_json::to_value(realmgate_protocol::realm::document()).unwrap();
/// assert_eq!(document["limits"]["payload_bytes"], 1_200);
/// ```
pub fn document() -> Document {
    let Schema { types, components } = schema();
    Document {
        protocol_hash: format!("{:016x}", protocol_hash()),
        netcode_protocol_id: format!("{:016x}", limits::NETCODE_PROTOCOL_ID),
        datagram_version: datagram::VERSION,
        movement_revision: movement::REVISION,
        limits: limits(),
        messages: [("from_client", "ClientMessage"), ("from_server", "ServerMessage")].into(),
        primitives: layout::primitives(),
        layouts: layout::layouts(),
        flags: [("Payload.flags", layout::payload_flags().to_vec()), ("Status.flags", status::FLAGS.to_vec())].into(),
        types,
        components,
        entity_kinds: entity_kinds(),
    }
}

fn limits() -> BTreeMap<&'static str, usize> {
    [
        ("payload_bytes", limits::MAX_PAYLOAD_BYTES),
        ("section_bytes", datagram::MAX_SECTION_BYTES),
        ("messages_under_way", stream::WINDOW_MESSAGES),
        ("message_bytes_under_way", stream::WINDOW_BYTES),
        ("reliable_bytes", limits::MAX_RELIABLE_BYTES),
        ("part_bytes", limits::MAX_PART_BYTES),
        ("parts", usize::from(limits::MAX_PARTS)),
        ("commands_per_frame", limits::MAX_COMMANDS_PER_FRAME),
        ("ability_slots", limits::MAX_ABILITY_SLOTS),
        ("chat_bytes", limits::MAX_CHAT_BYTES),
        ("look_bytes", limits::MAX_LOOK_BYTES),
        ("trade_items", limits::MAX_TRADE_ITEMS),
        ("map_tiles", limits::MAX_MAP_TILES as usize),
    ]
    .into()
}

fn entity_kinds() -> Vec<KindEntry> {
    let kind = |kind, components: &[&'static str], definition| KindEntry {
        kind,
        components: components.to_vec(),
        sometimes: Vec::new(),
        own: Vec::new(),
        definition,
    };
    vec![
        KindEntry {
            sometimes: vec!["Casting", "Look"],
            own: vec!["Resource", "Cooldowns", "MoveSpeed"],
            ..kind(EntityKind::Player, &["Health", "Status", "Appearance", "Label"], Some("classes"))
        },
        KindEntry {
            sometimes: vec!["Casting"],
            ..kind(EntityKind::Mob, &["Health", "Status", "Appearance"], Some("mobs"))
        },
        kind(EntityKind::Projectile, &["Appearance"], Some("abilities")),
        kind(EntityKind::Area, &["Appearance"], Some("abilities")),
        kind(EntityKind::GroundItem, &["Appearance"], Some("items")),
        kind(EntityKind::GroundGold, &["Appearance", "GoldAmount"], None),
        kind(EntityKind::Vendor, &["Appearance", "Label"], None),
    ]
}

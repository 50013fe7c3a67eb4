//! The layouts of payloads, frames and snapshots as data, for `docs/protocol.json`.
//!
//! Another language makes its reader and its writer from these. `tests/vectors.mjs` does, and reads and writes every
//! recorded vector with it, so that what stands here is what this crate does.

use std::collections::BTreeMap;

use serde::Serialize;

use super::datagram::{ACK, ACK_RECEIVED_AFTER, INPUT, MESSAGES, SNAPSHOT, ServerFrameHead};
use crate::bits::UINT_BITS;

/// How a primitive type is packed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Primitive {
    /// An unsigned number of this many bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    bits: Option<u32>,
    /// A number of 32 bits in the shortest of these widths, after 2 bits that say which.
    #[serde(skip_serializing_if = "Option::is_none")]
    widths: Option<[u32; 4]>,
    /// This many `uint`s, the low 32 bits first.
    #[serde(skip_serializing_if = "Option::is_none")]
    uints: Option<u32>,
    /// Whether the number is signed, in zigzag.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    zigzag: bool,
    /// This many bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u32>,
    /// UTF-8: the number of bytes as a `uint`, then the bytes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    utf8: bool,
}

/// A field of a layout.
#[derive(Debug, Clone, Serialize)]
pub struct LayoutField {
    name: &'static str,
    /// A primitive, a layout, a type, `option<T>`; or `bits<N>` (unsigned), `signed<N>` (two's complement), `low<N>` (the low
    /// bits of a number that is nearest to `near`), `ascending` (the distance to the one before it in the same list, 0 before
    /// the first), `components` (for each bit of `mask`, lowest first: a bit that says whether the component is there, not of
    /// a new entity, and the component of that id).
    #[serde(rename = "type")]
    kind: &'static str,
    /// It is there only if this holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<When>,
    /// The field that says how many of it there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<&'static str>,
    /// What the low bits are completed by: a field that was read before, or one of the newest snapshot that was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    near: Option<&'static str>,
    /// What one step of the low bits is.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u32>,
}

/// When a field is there: an earlier field has a bit of `has`, or is one of `is` (`bool` is 0 or 1).
#[derive(Debug, Clone, Serialize)]
struct When {
    field: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    has: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is: Option<&'static [u8]>,
}

/// One bit of a field.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Flag {
    /// The bit's value.
    pub value: u16,
    /// Its name.
    pub name: &'static str,
}

/// The primitive types by name.
pub fn primitives() -> BTreeMap<&'static str, Primitive> {
    let bits = |bits| Primitive { bits: Some(bits), ..Primitive::default() };
    let uints = |uints, zigzag| Primitive { uints: Some(uints), zigzag, ..Primitive::default() };
    [
        ("uint", Primitive { widths: Some(UINT_BITS), ..Primitive::default() }),
        ("bool", bits(1)),
        ("u8", bits(8)),
        ("angle", bits(8)),
        ("u16", uints(1, false)),
        ("u32", uints(1, false)),
        ("u64", uints(2, false)),
        ("i32", uints(1, true)),
        ("i64", uints(2, true)),
        ("uuid", Primitive { bytes: Some(16), ..Primitive::default() }),
        ("text", Primitive { utf8: true, ..Primitive::default() }),
    ]
    .into()
}

/// The bits of a payload's flags.
pub fn payload_flags() -> [Flag; 5] {
    [
        (SNAPSHOT, "snapshot"),
        (INPUT, "input"),
        (ACK, "acknowledgement"),
        (ACK_RECEIVED_AFTER, "gaps"),
        (MESSAGES, "messages"),
    ]
    .map(|(value, name)| Flag { value: u16::from(value), name })
}

/// The layouts by name. A payload is a `Payload`.
pub fn layouts() -> BTreeMap<&'static str, Vec<LayoutField>> {
    [
        ("Payload", payload()),
        ("MessageBytes", vec![field("length", "bits<16>"), field("bytes", "bits<8>").times("length")]),
        ("ClientFrame", client_frame()),
        ("InputCommand", vec![field("heading", "option<angle>"), field("action", "option<Action>")]),
        ("Action", action()),
        ("Seen", vec![field("tick", "low<6>").near("newest"), field("part", "bits<3>")]),
        ("Snapshot", snapshot()),
        ("EntityUpdate", entity_update()),
        ("Course", course()),
        ("position", vec![field("x", "bits<22>"), field("y", "bits<22>")]),
    ]
    .into()
}

fn payload() -> Vec<LayoutField> {
    vec![
        field("version", "bits<8>"),
        field("flags", "bits<8>"),
        field("next", "bits<16>").when_has("flags", ACK),
        field("gaps", "bits<32>").when_has("flags", ACK_RECEIVED_AFTER),
        field("count", "bits<8>").when_has("flags", MESSAGES),
        field("first", "bits<16>").when_has("flags", MESSAGES),
        field("messages", "MessageBytes").times("count").when_has("flags", MESSAGES),
        field("snapshot", "Snapshot").when_has("flags", SNAPSHOT),
        field("input", "ClientFrame").when_has("flags", INPUT),
    ]
}

fn client_frame() -> Vec<LayoutField> {
    vec![
        field("newest", "u32"),
        field("before", "bits<32>"),
        field("count", "bits<3>"),
        field("first", "u32").when_has("count", 7),
        field("commands", "InputCommand").times("count"),
    ]
}

fn action() -> Vec<LayoutField> {
    vec![
        field("slot", "bits<3>"),
        field("aim", "bits<2>"),
        field("entity", "u32").when_is("aim", &[1]),
        field("point", "position").when_is("aim", &[2]),
        field("direction", "angle").when_is("aim", &[3]),
        field("seen", "option<Seen>"),
    ]
}

fn snapshot() -> Vec<LayoutField> {
    const { assert!(ServerFrameHead::LOW_BITS == 16) }
    vec![
        field("tick", "low<16>").near("newest.tick"),
        field("last_command", "low<16>").near("newest.last_command"),
        field("buffered_commands", "bits<4>"),
        field("position", "position"),
        field("facing", "angle"),
        field("has_despawns", "bool"),
        field("despawn_count", "bits<8>").when_is("has_despawns", &[1]),
        field("despawns", "ascending").times("despawn_count").when_is("has_despawns", &[1]),
        field("entity_count", "bits<8>"),
        field("entities", "EntityUpdate").times("entity_count"),
    ]
}

fn entity_update() -> Vec<LayoutField> {
    vec![
        field("entity", "ascending"),
        field("is_new", "bool"),
        field("course", "option<Course>"),
        field("has_components", "bool"),
        field("mask", "uint").when_is("has_components", &[1]),
        field("components", "components").when_is("has_components", &[1]),
    ]
}

fn course() -> Vec<LayoutField> {
    let (stands, ahead, drifts, moves): (&[u8], &[u8], &[u8], &[u8]) = (&[0], &[1], &[2], &[1, 2]);
    vec![
        field("going", "bits<2>"),
        field("facing", "angle"),
        field("x", "low<16>").near("position.x").when_is("going", stands),
        field("y", "low<16>").near("position.y").when_is("going", stands),
        field("x", "low<12>").near("position.x").step(16).when_is("going", moves),
        field("y", "low<12>").near("position.y").step(16).when_is("going", moves),
        field("units_per_tick", "bits<11>").when_is("going", ahead),
        field("dx", "signed<12>").when_is("going", drifts),
        field("dy", "signed<12>").when_is("going", drifts),
    ]
}

fn field(name: &'static str, kind: &'static str) -> LayoutField {
    LayoutField { name, kind, when: None, times: None, near: None, step: None }
}

impl LayoutField {
    fn when_has(self, field: &'static str, bit: u8) -> Self {
        Self { when: Some(When { field, has: Some(bit), is: None }), ..self }
    }

    fn when_is(self, field: &'static str, values: &'static [u8]) -> Self {
        Self { when: Some(When { field, has: None, is: Some(values) }), ..self }
    }

    fn times(self, field: &'static str) -> Self {
        Self { times: Some(field), ..self }
    }

    fn near(self, known: &'static str) -> Self {
        Self { near: Some(known), ..self }
    }

    fn step(self, units: u32) -> Self {
        Self { step: Some(units), ..self }
    }
}

//! Bit fields, and the components that consist of them.

use std::collections::BTreeSet;

use realmgate_protocol::bits::{BitField, BitReader, BitWriter, LongText};
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::{Angle, Course, Going, Position};
use realmgate_protocol::realm::{
    self, Appearance, Casting, ComponentValue, Cooldowns, EntityKind, Health, Label, Look, MoveSpeed, Place, Resource,
    Status, status,
};
use realmgate_protocol::wire::WireComponent;
use serde::Serialize;
use serde_json::{Value, json};

use crate::vectors::{Vector, check};

/// A component as a snapshot holds it: its bit in the mask, and its value unless it was removed.
pub struct Encoded {
    pub id: u8,
    pub name: &'static str,
    pub value: Option<(Value, BitWriter)>,
}

/// A component with a value.
pub fn set<W: WireComponent + Serialize>(component: &W) -> Encoded {
    let mut bits = BitWriter::default();
    component.write(&mut bits);
    Encoded { id: W::ID, name: W::NAME, value: Some((serde_json::to_value(component).unwrap(), bits)) }
}

/// A component that was removed.
pub fn removed<W: WireComponent>() -> Encoded {
    Encoded { id: W::ID, name: W::NAME, value: None }
}

/// A decoded component by its name. Exhaustive, so that a new component does not compile without a vector.
pub fn json_of(value: &ComponentValue) -> (&'static str, Value) {
    fn of<W: WireComponent + Serialize>(component: &W) -> (&'static str, Value) {
        (W::NAME, serde_json::to_value(component).unwrap())
    }
    match value {
        ComponentValue::Place(value) => of(value),
        ComponentValue::Appearance(value) => of(value),
        ComponentValue::Label(value) => of(value),
        ComponentValue::Look(value) => of(value),
        ComponentValue::Health(value) => of(value),
        ComponentValue::Casting(value) => of(value),
        ComponentValue::Status(value) => of(value),
        ComponentValue::Resource(value) => of(value),
        ComponentValue::Cooldowns(value) => of(value),
        ComponentValue::MoveSpeed(value) => of(value),
    }
}

#[test]
fn every_component_has_its_bits() {
    let mut names = BTreeSet::new();
    let mut made: Vec<Vector> = Vec::new();
    for Encoded { id, name, value } in samples() {
        let (fields, bits) = value.unwrap();
        let mut from = BitReader::new(bits.bytes());
        let decoded = ComponentValue::read(id, &mut from).unwrap();
        assert_eq!(json_of(&decoded), (name, fields.clone()), "a component comes back as it was");
        assert!(from.at_end(), "{name} is read to its last bit");
        let before = made.iter().filter(|vector| vector.value["component"] == name).count();
        let suffix = if before == 0 { String::new() } else { format!(".{}", before + 1) };
        let value = json!({ "component": name, "id": id, "bits": bits.len_bits(), "fields": fields });
        made.push(Vector::new(format!("{name}{suffix}"), "A component by itself.", value, bits.bytes()));
        names.insert(name.to_owned());
    }
    let known: BTreeSet<String> = realm::schema().components.into_iter().map(|component| component.name).collect();
    assert_eq!(names, known, "every component has a golden vector");
    check("components", &made);
}

#[test]
fn every_kind_of_bit_field_has_its_bits() {
    fn field<T: BitField + Serialize + PartialEq + std::fmt::Debug>(suffix: &str, value: T) -> Vector {
        let mut bits = BitWriter::default();
        value.write(&mut bits);
        let mut from = BitReader::new(bits.bytes());
        assert_eq!(T::read(&mut from).as_ref(), Some(&value), "a field comes back as it was");
        assert!(from.at_end());
        let kind = T::kind();
        let what = json!({ "kind": kind, "bits": bits.len_bits(), "value": value });
        Vector::new(format!("{kind}.{suffix}"), "A bit field by itself.", what, bits.bytes())
    }
    let mut made: Vec<Vector> = [0, 1, 255, 256, 65_535, 65_536, 70_000, 16_777_215, 16_777_216, u32::MAX]
        .map(|id| field(&id.to_string(), EntityId(id)))
        .into();
    made.extend([
        field("true", true),
        field("false", false),
        field("200", 200u8),
        field("40000", 40_000u16),
        field("3000000000", 3_000_000_000u32),
        field("none", None::<u8>),
        field("64", Some(64u8)),
        field("empty", Vec::<u32>::new()),
        field("three", vec![1u32, 2, 3]),
        field("empty", String::new()),
        field("umlaut", "Jörg".to_owned()),
        field("longest", "x".repeat(63)),
        field("empty", LongText::default()),
        field("umlaut", LongText("Jörg".to_owned())),
        field("longest", LongText("x".repeat(511))),
        field("south", Angle(64)),
        field("tile_10_5", Position::tile_centre(10, 5)),
        field("farthest", Position { x: 4_194_303, y: 4_194_303 }),
        field("vendor", EntityKind::Vendor),
        field("stands", Course::standing(Position { x: 10_753, y: 5_633 }, Angle(3))),
        field(
            "ahead",
            Course { position: Position { x: 4_194_288, y: 16 }, facing: Angle(3), going: Going::Ahead(2_047) },
        ),
        field(
            "drifts",
            Course { position: Position { x: 16, y: 0 }, facing: Angle(255), going: Going::Drifts(-2_047, 5) },
        ),
    ]);
    check("bit_fields", &made);
}

fn samples() -> Vec<Encoded> {
    let kinds = [
        EntityKind::Player,
        EntityKind::Mob,
        EntityKind::Projectile,
        EntityKind::Area,
        EntityKind::GroundItem,
        EntityKind::GroundGold,
        EntityKind::Vendor,
    ];
    let appearances = kinds.into_iter().map(|kind| set(&Appearance { kind, definition: 258, level: 9 }));
    let mut samples = vec![
        set(&Place { course: Course::standing(Position::tile_centre(10, 5), Angle(192)) }),
        set(&Place { course: Course::going(Position { x: 10_752, y: 5_632 }, Angle(64), 0, 136) }),
        set(&Place { course: Course::going(Position { x: 4_194_288, y: 16 }, Angle(64), -90, 2_047) }),
        set(&Label { name: "Jörg".to_owned() }),
        set(&Label { name: String::new() }),
        set(&Look { json: LongText("{\"hair\":\"röt\",\"height\":1.8,\"beard\":true}".to_owned()) }),
        set(&Health { current: 87, max: 300 }),
        set(&Casting { ability: 3, until_tick: 100_000 }),
        set(&Status { flags: status::ROOTED | status::IN_COMBAT | status::LINK_DEAD }),
        set(&Resource { current: 40, max: 100 }),
        set(&Cooldowns { ready_at: vec![0, 100_000, 0] }),
        set(&Cooldowns { ready_at: Vec::new() }),
        set(&MoveSpeed { units_per_tick: 136 }),
    ];
    samples.extend(appearances);
    samples
}

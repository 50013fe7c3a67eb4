//! Bit fields, and the components that consist of them.

use std::collections::BTreeSet;

use realmgate_protocol::bits::{BitField, BitReader, BitWriter};
use realmgate_protocol::movement::{Angle, Course, Going, Position};
use realmgate_protocol::realm::{
    self, Appearance, Casting, ComponentValue, Cooldowns, EntityKind, GoldAmount, Health, Label, Look, MoveSpeed,
    Resource, Status, status,
};
use realmgate_protocol::schema::{Schema, Shape};
use realmgate_protocol::wire::WireComponent;
use serde::Serialize;
use serde_json::{Value, json};

use crate::readable::readable;
use crate::samples::{LARGE, item};
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
        ComponentValue::Appearance(value) => of(value),
        ComponentValue::Label(value) => of(value),
        ComponentValue::Look(value) => of(value),
        ComponentValue::Health(value) => of(value),
        ComponentValue::Casting(value) => of(value),
        ComponentValue::Status(value) => of(value),
        ComponentValue::Resource(value) => of(value),
        ComponentValue::Cooldowns(value) => of(value),
        ComponentValue::MoveSpeed(value) => of(value),
        ComponentValue::GoldAmount(value) => of(value),
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
    fn field<T: BitField + Serialize + PartialEq + std::fmt::Debug>(kind: &str, suffix: &str, value: T) -> Vector {
        let shown = readable(&Schema::default(), kind, &serde_json::to_value(&value).unwrap());
        let mut bits = BitWriter::default();
        value.write(&mut bits);
        let mut from = BitReader::new(bits.bytes());
        assert_eq!(T::read(&mut from).as_ref(), Some(&value), "a field comes back as it was");
        assert!(from.at_end());
        let what = json!({ "kind": kind, "bits": bits.len_bits(), "value": shown });
        Vector::new(format!("{kind}.{suffix}"), "A bit field by itself.", what, bits.bytes())
    }
    let mut made: Vec<Vector> = [0, 63, 64, 2_047, 2_048, 70_000, 131_071, 131_072, u32::MAX]
        .map(|number| field("u32", &number.to_string(), number))
        .into();
    made.extend([
        field("bool", "true", true),
        field("bool", "false", false),
        field("u8", "200", 200u8),
        field("u16", "40000", 40_000u16),
        field("i32", "minus_one", -1i32),
        field("i32", "least", i32::MIN),
        field("u64", "63", 63u64),
        field("u64", "large", LARGE),
        field("i64", "minus_one", -1i64),
        field("i64", "minus_2_to_the_40", -(1i64 << 40)),
        field("uuid", "item", item(1)),
        field("option<u8>", "none", None::<u8>),
        field("option<u8>", "64", Some(64u8)),
        field("list<u32>", "empty", Vec::<u32>::new()),
        field("list<u32>", "three", vec![1u32, 2, 3]),
        field("text", "empty", String::new()),
        field("text", "umlaut", "Jörg".to_owned()),
        field("text", "longest_look", "x".repeat(128)),
        field("angle", "south", Angle(64)),
        field("position", "tile_10_5", Position::tile_centre(10, 5)),
        field("position", "farthest", Position { x: 4_194_303, y: 4_194_303 }),
    ]);
    let kinds: BTreeSet<&str> = made.iter().filter_map(|vector| vector.value["kind"].as_str()).collect();
    let missing: Vec<String> = primitives(&realm::schema()).into_iter().filter(|one| !kinds.contains(&**one)).collect();
    assert!(missing.is_empty(), "these kinds of fields have no golden vector: {missing:?}");
    check("bit_fields", &made);
}

/// The kinds of fields of a schema that consist of no others.
fn primitives(schema: &Schema) -> BTreeSet<String> {
    let of_types = schema.types.values().flat_map(|shape| match shape {
        Shape::Struct(fields) => vec![fields],
        Shape::Enum(variants) => variants.iter().map(|variant| &variant.fields).collect(),
    });
    let fields = of_types.chain(schema.components.iter().map(|component| &component.fields)).flatten();
    let kinds = fields.filter_map(|field| field.kind.split(['<', '>']).rfind(|kind| !kind.is_empty()));
    kinds.filter(|kind| !schema.types.contains_key(*kind)).map(str::to_owned).collect()
}

#[test]
fn every_kind_of_course_has_its_bits() {
    fn course(name: &str, course: Course, near: Position) -> Vector {
        let mut bits = BitWriter::default();
        course.write(&mut bits);
        let mut from = BitReader::new(bits.bytes());
        assert_eq!(Course::read(&mut from, near), Some(course), "a course comes back as it was");
        assert!(from.at_end());
        let what = json!({ "near": near, "bits": bits.len_bits(), "value": course });
        Vector::new(name, "A course, read near a position.", what, bits.bytes())
    }
    let far_corner = Position { x: 4_194_303, y: 0 };
    let going = |position, facing, going| Course { position, facing: Angle(facing), going };
    let made = [
        course("stands", Course::standing(Position { x: 10_753, y: 5_633 }, Angle(3)), Position { x: 9_000, y: 70 }),
        course("ahead", going(Position { x: 4_194_288, y: 16 }, 3, Going::Ahead(2_047)), far_corner),
        course("drifts", going(Position { x: 16, y: 0 }, 255, Going::Drifts(-2_047, 5)), Position { x: 9, y: 9 }),
        course(
            "across_a_border_of_64_tiles",
            going(Position { x: 65_552, y: 131_056 }, 0, Going::Ahead(136)),
            Position { x: 65_500, y: 131_100 },
        ),
        course(
            "as_far_as_can_be",
            Course::standing(Position { x: 100_000 + 32_767, y: 100_000 - 32_768 }, Angle(0)),
            Position { x: 100_000, y: 100_000 },
        ),
    ];
    check("courses", &made);
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
        set(&Label { name: "Jörg".to_owned() }),
        set(&Label { name: String::new() }),
        set(&Look { json: "{\"hair\":\"röt\",\"height\":1.8,\"beard\":true}".to_owned() }),
        set(&Health { current: 87, max: 300 }),
        set(&Casting { ability: 3, until_tick: 100_000 }),
        set(&Status { flags: status::ROOTED | status::IN_COMBAT | status::LINK_DEAD }),
        set(&Resource { current: 40, max: 100 }),
        set(&Cooldowns { ready_at: vec![0, 100_000, 0] }),
        set(&Cooldowns { ready_at: Vec::new() }),
        set(&MoveSpeed { units_per_tick: 136 }),
        set(&GoldAmount { gold: 70_000 }),
    ];
    samples.extend(appearances);
    samples
}

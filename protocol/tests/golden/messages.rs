//! What the vectors of all three bincode message families have in common.

use std::collections::BTreeSet;
use std::fmt::Debug;

use realmgate_protocol::codec::CodecError;
use realmgate_protocol::schema::{Schema, Shape, WireType};
use serde::Serialize;

use crate::readable::{all_there_is, note_seen, readable, variant_of};
use crate::vectors::{Vector, check};

/// How one family of messages is encoded and decoded.
pub struct Family<T> {
    pub file: &'static str,
    pub schema: Schema,
    pub encode: fn(&T) -> Result<Vec<u8>, CodecError>,
    pub decode: fn(&[u8]) -> Result<T, CodecError>,
}

/// Checks the file of a family. A sample is named after its variant; further samples of it have a suffix (`Kick.2`).
#[track_caller]
pub fn check_family<T: Serialize + WireType + PartialEq + Debug>(
    family: &Family<T>,
    samples: &[T],
) -> BTreeSet<String> {
    let root = T::type_name();
    let Some(Shape::Enum(variants)) = family.schema.types.get(&root) else { panic!("{root} is no enum") };
    let (mut made, mut seen): (Vec<Vector>, _) = (Vec::new(), BTreeSet::new());
    for sample in samples {
        let bytes = (family.encode)(sample).unwrap();
        assert_eq!((family.decode)(&bytes).as_ref(), Ok(sample), "a message comes back as it was");
        let value = readable(&family.schema, &root, &serde_json::to_value(sample).unwrap());
        note_seen(&family.schema, &root, &value, &root, &mut seen);
        let name = variant_of(&value).0.to_owned();
        let what = &variants.iter().find(|variant| variant.name == name).unwrap().doc;
        let before = made.iter().filter(|vector| variant_of(&vector.value).0 == name).count();
        let name = if before == 0 { name } else { format!("{name}.{}", before + 1) };
        made.push(Vector::new(name, what.as_str(), value, &bytes));
    }
    check(family.file, &made);
    seen
}

/// Asserts that every variant of every enum, and every optional field with and without its value, has a vector.
#[track_caller]
pub fn assert_all_seen(schema: &Schema, seen: &BTreeSet<String>) {
    let missing: Vec<String> = all_there_is(schema).difference(seen).cloned().collect();
    assert!(missing.is_empty(), "these have no golden vector, add a sample: {missing:#?}");
}

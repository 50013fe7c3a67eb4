//! The files of vectors: one JSON array each, one vector per line.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A value and its bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// The vector's name, unique in its file.
    pub name: String,
    /// What the vector shows.
    pub what: String,
    /// The value, in the clearest form of JSON.
    pub value: Value,
    /// Its bytes, in hexadecimal.
    pub hex: String,
}

impl Vector {
    pub fn new(name: impl Into<String>, what: impl Into<String>, value: Value, bytes: &[u8]) -> Self {
        Self { name: name.into(), what: what.into(), value: sorted(value), hex: hex(bytes) }
    }
}

/// Compares a file with its expected contents, or writes it.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "a switch of this test alone, not a setting of the product")]
pub fn check(file: &str, made: &[Vector]) {
    let names: BTreeSet<&str> = made.iter().map(|vector| vector.name.as_str()).collect();
    assert_eq!(names.len(), made.len(), "two vectors of {file} have one name");
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        fs::write(path(file), text_of(made)).unwrap();
    }
    let recorded = read(file);
    let known: Vec<&str> = recorded.iter().map(|vector| vector.name.as_str()).collect();
    let wanted: Vec<&str> = made.iter().map(|vector| vector.name.as_str()).collect();
    assert_eq!(known, wanted, "{file} names other vectors than the test: UPDATE_VECTORS=1 writes it anew");
    for (recorded, made) in recorded.iter().zip(made) {
        assert_eq!(recorded, made, "{file}: the bytes of {} have changed for every client", made.name);
    }
}

/// The vectors of a file.
#[track_caller]
pub fn read(file: &str) -> Vec<Vector> {
    let text = fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The path of a file of vectors.
fn path(file: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "vectors", &format!("{file}.json")].iter().collect()
}

fn text_of(vectors: &[Vector]) -> String {
    let line = |vector: &Vector| {
        let quoted = |text: &str| Value::from(text).to_string();
        let (name, what) = (quoted(&vector.name), quoted(&vector.what));
        format!(r#"{{"name":{name},"what":{what},"value":{},"hex":"{}"}}"#, vector.value, vector.hex)
    };
    let lines: Vec<String> = vectors.iter().map(line).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

/// Sorts the keys of every object alphabetically, whatever features `serde_json` is built with.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(sorted).collect(),
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields.into_iter().collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(fields.into_iter().map(|(name, value)| (name, sorted(value))).collect::<Map<_, _>>())
        }
        plain => plain,
    }
}

/// Bytes as hexadecimal text.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

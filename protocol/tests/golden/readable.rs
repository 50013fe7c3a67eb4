//! Messages as JSON that people and other languages can read with the schema alone.

use std::collections::BTreeSet;

use realmgate_protocol::schema::{Field, Schema, Shape};
use serde_json::{Map, Value};
use uuid::Uuid;

/// JSON numbers are exact up to this integer.
const MAX_EXACT: u64 = 1 << 53;

/// The value with UUIDs as text and 64-bit numbers beyond 2^53 as decimal text.
pub fn readable(schema: &Schema, kind: &str, value: &Value) -> Value {
    if let Some(inner) = inside(kind, "option") {
        return if value.is_null() { Value::Null } else { readable(schema, inner, value) };
    }
    if let Some(inner) = inside(kind, "list") {
        return items(value).iter().map(|item| readable(schema, inner, item)).collect();
    }
    match (kind, schema.types.get(kind)) {
        ("uuid", _) => {
            let bytes: Vec<u8> = items(value).iter().filter_map(Value::as_u64).map(|byte| byte as u8).collect();
            Uuid::from_slice(&bytes).unwrap().to_string().into()
        }
        ("u64", _) if value.as_u64() > Some(MAX_EXACT) => value.to_string().into(),
        (_, Some(Shape::Struct(fields))) => fields_of(schema, fields, value),
        (_, Some(Shape::Enum(_))) if value.is_string() => value.clone(),
        (_, Some(Shape::Enum(variants))) => {
            let (name, inner) = variant_of(value);
            let variant = variants.iter().find(|variant| variant.name == name).unwrap();
            Map::from_iter([(name.to_owned(), fields_of(schema, &variant.fields, inner))]).into()
        }
        (_, None) => value.clone(),
    }
}

fn fields_of(schema: &Schema, fields: &[Field], value: &Value) -> Value {
    let read = |field: &Field| (field.name.clone(), readable(schema, &field.kind, &value[&field.name]));
    Value::Object(fields.iter().map(read).collect())
}

/// The name of an enum's variant, and its contents.
pub fn variant_of(value: &Value) -> (&str, &Value) {
    match value.as_object().and_then(|object| object.iter().next()) {
        Some((name, inner)) => (name, inner),
        None => (value.as_str().unwrap(), value),
    }
}

/// Notes which enum variants a readable value has, and which optional fields are present or absent.
pub fn note_seen(schema: &Schema, kind: &str, value: &Value, place: &str, seen: &mut BTreeSet<String>) {
    if let Some(inner) = inside(kind, "option") {
        seen.insert(format!("{place} {}", if value.is_null() { "none" } else { "some" }));
        if !value.is_null() {
            note_seen(schema, inner, value, place, seen);
        }
    } else if let Some(inner) = inside(kind, "list") {
        items(value).iter().for_each(|item| note_seen(schema, inner, item, place, seen));
    } else if let Some(shape) = schema.types.get(kind) {
        let (owner, fields, value) = match shape {
            Shape::Struct(fields) => (kind.to_owned(), fields.as_slice(), value),
            Shape::Enum(variants) => {
                let (name, inner) = variant_of(value);
                let variant = variants.iter().find(|variant| variant.name == name).unwrap();
                (format!("{kind}::{name}"), variant.fields.as_slice(), inner)
            }
        };
        seen.insert(owner.clone());
        for field in fields {
            note_seen(schema, &field.kind, &value[&field.name], &format!("{owner}.{}", field.name), seen);
        }
    }
}

/// Everything that [`note_seen`] can note, which vectors must cover.
pub fn all_there_is(schema: &Schema) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut note = |owner: String, fields: &[Field]| {
        for field in fields.iter().filter(|field| field.kind.starts_with("option<")) {
            all.extend(["none", "some"].map(|presence| format!("{owner}.{} {presence}", field.name)));
        }
        all.insert(owner);
    };
    for (name, shape) in &schema.types {
        match shape {
            Shape::Struct(fields) => note(name.clone(), fields),
            Shape::Enum(of) => of.iter().for_each(|v| note(format!("{name}::{}", v.name), &v.fields)),
        }
    }
    all
}

fn inside<'a>(kind: &'a str, outer: &str) -> Option<&'a str> {
    kind.strip_prefix(outer)?.strip_prefix('<')?.strip_suffix('>')
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

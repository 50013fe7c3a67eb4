use std::fs;

use super::*;
use crate::schema::PROTOCOL;
use crate::workspace::Workspace;

/// A protocol of one of each: what a test adds is put into `types`.
fn protocol(types: &Value) -> String {
    let unit = |id: u64, name: &str| serde_json::json!({ "id": id, "name": name, "doc": "", "fields": [] });
    let mut all = serde_json::json!({
        "Refusal": { "enum": [{ "id": 0, "name": "Busy", "doc": "Says \"later\".", "fields": [] }] },
        "LeaveReason": { "enum": [unit(0, "Logout")] },
    });
    for (name, shape) in types.as_object().unwrap() {
        all[name] = shape.clone();
    }
    let health = serde_json::json!({ "name": "current", "type": "u16", "doc": "Points." });
    let document = serde_json::json!({
        "protocol_hash": "00000000000000ff",
        "datagram_version": 3,
        "movement_revision": 1,
        "limits": { "parts": 64 },
        "flags": { "Status.flags": [{ "name": "rooted", "value": 1 }, { "name": "afflicted", "value": 2 }] },
        "primitives": { "u8": { "bits": 8 } },
        "types": all,
        "components": [{ "id": 0, "name": "Health", "doc": "Its health.", "fields": [health] }],
        "layouts": { "Head": [{ "name": "tick", "type": "low<16>", "near": "newest.tick" }] },
        "entity_kinds": [{ "kind": "Mob", "components": ["Health"], "sometimes": [], "own": [] }],
    });
    document.to_string()
}

fn generated(types: &Value) -> (String, String) {
    generate(&protocol(types)).unwrap()
}

#[track_caller]
fn assert_holds(text: &str, expected: &[&str]) {
    for part in expected {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn constants_tables_and_descriptions_are_there() {
    let (tables, types) = generated(&serde_json::json!({}));
    let expected = [
        "export const PROTOCOL_HASH = 0x00000000000000ffn;",
        "export const DATAGRAM_VERSION = 3;",
        "  parts: 64,\n",
        "export const MOVEMENT_REVISION = 1;",
        "/** The bits of `Status.flags`. */\nexport const STATUS_FLAGS = Object.freeze({\n  rooted: 1,\n  afflicted: 2,\n});",
        "export const REFUSALS = Object.freeze({\n  Busy: \"Says \\\"later\\\".\",\n});",
        "export const LEAVE_REASONS = Object.freeze({\n  Logout: \"\",\n});",
        "  u8: {\"bits\":8},\n",
        "  LeaveReason: {\n    enum: [\n      { id: 0, name: \"Logout\", fields: {} },\n    ],\n  },\n",
        "  { id: 0, name: \"Health\", fields: { current: \"u16\" } },\n",
        "  Head: [\n    {\"name\":\"tick\",\"near\":\"newest.tick\",\"type\":\"low<16>\"},\n  ],\n",
        "export const ENTITY_KINDS = Object.freeze([\n  {\"components\":[\"Health\"],\"kind\":\"Mob\",\"own\":[],\"sometimes\":[]},\n]);",
    ];
    assert_holds(&tables, &expected);
    let expected = [
        "export type LeaveReason =\n  | \"Logout\";",
        "/** Its health. */\nexport interface Health {\n  /** Points. */\n  current: number;\n}",
        "  /** Its health. */\n  Health: Health;\n",
    ];
    assert_holds(&types, &expected);
}

#[test]
fn every_kind_of_field_has_its_type() {
    let kinds = [
        ("u32", "number"),
        ("i64", "bigint"),
        ("u64", "bigint"),
        ("bool", "boolean"),
        ("uuid", "string"),
        ("angle", "number"),
        ("position", "Position"),
        ("ItemView", "ItemView"),
        ("list<u16>", "number[]"),
        ("option<u16>", "number | null"),
        ("list<option<u64>>", "(bigint | null)[]"),
        ("option<list<text>>", "string[] | null"),
    ];
    for (kind, expected) in kinds {
        assert_eq!(typescript(kind), expected, "{kind}");
    }
}

#[test]
fn an_enum_with_fields_is_a_union_of_tagged_objects() {
    let field = serde_json::json!({ "name": "gold", "type": "u64", "doc": "How much */ there is." });
    let variants = serde_json::json!([
        { "id": 0, "name": "Nothing", "doc": "", "fields": [] },
        { "id": 4, "name": "Gold", "doc": "Some gold.", "fields": [field] },
    ]);
    let (tables, types) = generated(&serde_json::json!({ "Found": { "enum": variants } }));
    assert_holds(&tables, &["      { id: 4, name: \"Gold\", fields: { gold: \"u64\" } },\n"]);
    let expected = [
        "  /** Some gold. */\n  interface Gold {\n    type: \"Gold\";\n    /** How much * / there is. */\n    gold: bigint;\n  }\n",
        "export type Found =\n  | Found.Nothing\n  | Found.Gold;\n",
    ];
    assert_holds(&types, &expected);
}

#[test]
fn names_that_javascript_could_not_tell_apart_are_refused() {
    let tag = serde_json::json!({ "name": "type", "type": "u8", "doc": "" });
    let variant = serde_json::json!([{ "id": 0, "name": "Odd", "doc": "", "fields": [tag] }]);
    let refused = |types: Value| format!("{:#}", generate(&protocol(&types)).unwrap_err());
    let found = refused(serde_json::json!({ "Found": { "enum": variant } }));
    assert_eq!(found, "type Found: a field of Odd has the name `type`, the tag's own");
    let found = refused(serde_json::json!({ "Health": { "struct": [] } }));
    assert_eq!(found, "Health is a type and a component: TypeScript would join the two");
    assert!(generate("{}").is_err() && generate("nonsense").is_err());
}

#[test]
fn what_is_checked_in_is_what_protocol_json_gives() {
    let root = Workspace::locate().root;
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let (tables, types) = generate(&read(PROTOCOL)).unwrap();
    for (path, fresh) in [(TABLES, tables), (TYPES, types)] {
        assert!(read(path) == fresh, "{path} is behind {PROTOCOL}: run `cargo xtask schema`");
    }
}

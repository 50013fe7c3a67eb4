//! Checks that `docs/protocol.md` and `docs/link.md` match the code: examples, message numbers and limits.

use std::fs;

use realmgate_protocol::link::{self, FromMap, LeaveReason, PrepareRefusal, ToMap};
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage};
use realmgate_protocol::wire::{datagram, stream};
use realmgate_protocol::{limits, realm};

use crate::vectors::read;

#[track_caller]
fn document(name: &str) -> String {
    let path = format!("{}/../docs/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("docs/{name}: {error}"))
}

/// The blocks of a document that begin with "```hex <file>/<vector>": that name, and their hexadecimal digits. Anything
/// after a `#` is a comment.
fn examples(text: &str) -> Vec<(String, String)> {
    let mut examples = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix("```hex ") else { continue };
        let block = lines.by_ref().take_while(|line| *line != "```");
        let digits = block.flat_map(|line| line.split('#').next().unwrap_or("").chars());
        examples.push((name.to_owned(), digits.filter(|digit| !digit.is_whitespace()).collect()));
    }
    examples
}

#[test]
fn every_example_in_the_documents_is_a_vector() {
    let mut count = 0;
    for name in ["protocol.md", "link.md"] {
        for (vector, digits) in examples(&document(name)) {
            let (file, vector_name) =
                vector.split_once('/').unwrap_or_else(|| panic!("{name}: {vector} names no file"));
            let vectors = read(file);
            let known = vectors.iter().find(|known| known.name == vector_name);
            let known = known.unwrap_or_else(|| panic!("{name}: there is no vector {vector}"));
            assert_eq!(digits, known.hex, "{name}: the example {vector} is not what is sent");
            count += 1;
        }
    }
    assert!(count >= 15, "only {count} examples were found: has the form of the blocks changed?");
}

#[track_caller]
fn assert_numbered(document_name: &str, variants: &[&str]) {
    let text = document(document_name);
    for (number, name) in variants.iter().enumerate() {
        let row = format!("| {number} | `{name}` |");
        assert!(text.contains(&row), "docs/{document_name} has no row {row:?}");
    }
}

#[test]
fn every_message_is_in_the_tables_under_its_number() {
    assert_numbered("protocol.md", ClientMessage::VARIANTS);
    assert_numbered("protocol.md", ServerMessage::VARIANTS);
    assert_numbered("protocol.md", Refusal::VARIANTS);
    assert_numbered("protocol.md", LeaveReason::VARIANTS);
    assert_numbered("link.md", FromMap::VARIANTS);
    assert_numbered("link.md", ToMap::VARIANTS);
    assert_numbered("link.md", PrepareRefusal::VARIANTS);
}

#[test]
fn every_component_is_in_the_table_with_its_fields() {
    let text = document("protocol.md");
    for component in realm::schema().components {
        let fields: Vec<String> =
            component.fields.iter().map(|field| format!("`{}: {}`", field.name, field.kind)).collect();
        let row = format!("| {} | `{}` | {} |", component.id, component.name, fields.join(" · "));
        assert!(text.contains(&row), "docs/protocol.md has no row {row:?}");
    }
}

#[test]
fn every_limit_is_in_the_table() {
    let text = document("protocol.md");
    let limits = [
        ("payload bytes", limits::MAX_PAYLOAD_BYTES),
        ("snapshot or input bytes", datagram::MAX_SECTION_BYTES),
        ("reliable message bytes", limits::MAX_RELIABLE_BYTES),
        ("messages under way, each way", stream::WINDOW_MESSAGES),
        ("bytes of messages under way, each way", stream::WINDOW_BYTES),
        ("part bytes", limits::MAX_PART_BYTES),
        ("parts", usize::from(limits::MAX_PARTS)),
        ("commands in a client frame", limits::MAX_COMMANDS_PER_FRAME),
        ("ability slots", limits::MAX_ABILITY_SLOTS),
        ("chat bytes", limits::MAX_CHAT_BYTES),
        ("items on one side of a trade", limits::MAX_TRADE_ITEMS),
        ("content id bytes", limits::MAX_CONTENT_ID_BYTES),
        ("server id characters", limits::MAX_SERVER_ID_BYTES),
        ("ticket bytes", limits::MAX_TICKET_BYTES),
        ("map tiles a side", limits::MAX_MAP_TILES as usize),
    ];
    for (name, limit) in limits {
        let digits = limit.to_string();
        let number = match digits.len() {
            4.. => format!("{},{}", &digits[..digits.len() - 3], &digits[digits.len() - 3..]),
            _ => digits,
        };
        let row = format!("| {name} | {number} |");
        assert!(text.contains(&row), "docs/protocol.md has no row {row:?}");
    }
}

#[test]
fn the_constants_of_the_handshake_are_named() {
    let (protocol, link) = (document("protocol.md"), document("link.md"));
    let netcode = format!("0x{:016x}", limits::NETCODE_PROTOCOL_ID);
    assert!(protocol.contains(&netcode), "docs/protocol.md does not name the netcode protocol id {netcode}");
    let version = format!("link version is {}", limits::LINK_VERSION);
    assert!(link.contains(&version), "docs/link.md does not say {version:?}");
    // The hash itself is not written out: it changes with every message, and docs/protocol.json has it.
    assert_ne!(realm::protocol_hash(), 0);
    assert!(link::schema().types.contains_key("FromMap"));
}

//! Checks that `docs/protocol.md`, `docs/tickets.md` and `docs/link.md` match the code: examples, message numbers,
//! limits.

use std::fs;

use realmgate_protocol::link::{FromMap, LeaveReason, PrepareRefusal, ToMap};
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage};
use realmgate_protocol::wire::{datagram, stream};
use realmgate_protocol::{limits, movement, realm};

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
        let Some(name) = line.strip_prefix("```hex ") else {
            assert!(!line.starts_with("```hex"), "an example without a name");
            continue;
        };
        let block = lines.by_ref().take_while(|line| *line != "```");
        let digits = block.flat_map(|line| line.split('#').next().unwrap_or("").chars());
        examples.push((name.to_owned(), digits.filter(|digit| !digit.is_whitespace()).collect()));
    }
    examples
}

#[test]
fn every_example_in_the_documents_is_a_vector() {
    let mut count = 0;
    for name in ["protocol.md", "tickets.md", "link.md"] {
        let examples = examples(&document(name));
        assert!(!examples.is_empty(), "{name} has no examples: has the form of the blocks changed?");
        for (vector, digits) in examples {
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

/// The tables of a document whose heads begin with these cells: the rows of each below its head, by their first cells.
fn tables(text: &str, head: &[&str]) -> Vec<Vec<Vec<String>>> {
    let cells = |line: &str| -> Vec<String> {
        line.split('|').skip(1).take(head.len()).map(|cell| cell.trim().to_owned()).collect()
    };
    let lines: Vec<&str> = text.lines().collect();
    let blocks = lines.split(|line| !line.starts_with('|')).filter(|block| block.len() > 2 && cells(block[0]) == head);
    blocks.map(|block| block[2..].iter().map(|line| cells(line)).collect()).collect()
}

/// Asserts that some table of numbers has exactly these names, in their order.
#[track_caller]
fn assert_numbered(document_name: &str, head: &str, variants: &[&str]) {
    let numbered = variants.iter().enumerate().map(|(number, name)| vec![number.to_string(), format!("`{name}`")]);
    let (rows, tables) = (numbered.collect::<Vec<_>>(), tables(&document(document_name), &["number", head]));
    assert!(tables.contains(&rows), "docs/{document_name} has no table of {rows:?}\namong {tables:?}");
}

#[test]
fn every_message_is_in_the_tables_under_its_number() {
    assert_numbered("protocol.md", "message", ClientMessage::VARIANTS);
    assert_numbered("protocol.md", "message", ServerMessage::VARIANTS);
    assert_numbered("protocol.md", "reason", Refusal::VARIANTS);
    assert_numbered("protocol.md", "reason", LeaveReason::VARIANTS);
    assert_numbered("link.md", "message", FromMap::VARIANTS);
    assert_numbered("link.md", "message", ToMap::VARIANTS);
    assert_numbered("link.md", "reason", PrepareRefusal::VARIANTS);
}

#[test]
fn every_component_is_in_the_table_with_its_fields() {
    let rows = realm::schema().components.into_iter().map(|component| {
        let fields = component.fields.iter().map(|field| format!("`{}: {}`", field.name, field.kind));
        let fields = fields.collect::<Vec<_>>().join(" · ");
        vec![component.id.to_string(), format!("`{}`", component.name), fields]
    });
    let found = tables(&document("protocol.md"), &["id", "component", "fields, in this order"]);
    assert_eq!(found, [rows.collect::<Vec<_>>()], "the table of components in docs/protocol.md");
}

/// Every limit that is in the table has the number of the code.
#[test]
fn the_table_of_limits_has_the_numbers_of_the_code() {
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
        ("players whom you ignore", limits::MAX_IGNORED),
        ("content id bytes", limits::MAX_CONTENT_ID_BYTES),
        ("server id characters", limits::MAX_SERVER_ID_BYTES),
        ("ticket bytes", limits::MAX_TICKET_BYTES),
        ("map tiles a side", limits::MAX_MAP_TILES as usize),
    ];
    let number = |limit: usize| match limit {
        1_000.. => format!("{},{:03}", limit / 1_000, limit % 1_000),
        _ => limit.to_string(),
    };
    let mut rows = limits.map(|(name, limit)| vec![name.to_owned(), number(limit)]);
    let ignored = rows.iter_mut().find(|row| row[0] == "players whom you ignore").unwrap();
    ignored[1] += &format!(", names of {} bytes", limits::MAX_IGNORED_NAME_BYTES);
    assert_eq!(tables(&document("protocol.md"), &["limit", "value"]), [rows], "the limits of docs/protocol.md");
}

#[test]
fn the_constants_of_the_handshake_are_named() {
    let (protocol, link) = (document("protocol.md"), document("link.md"));
    let (datagram, movement) = (datagram::VERSION, movement::REVISION);
    // The hash itself is not written out: it changes with every message, and docs/protocol.json has it.
    for constant in [
        format!("| netcode protocol id | `0x{:016x}` |", limits::NETCODE_PROTOCOL_ID),
        format!("| datagram version | {datagram} |"),
        format!("`datagram {datagram} movement {movement}`"),
    ] {
        assert!(protocol.contains(&constant), "docs/protocol.md does not name {constant}");
    }
    let version = format!("the link version is {};", limits::LINK_VERSION);
    assert!(link.contains(&version), "docs/link.md does not say {version:?}");
}

//! Checks that the protocol matches its document: `vectors.mjs`, written from `docs/protocol.md` alone, reads and
//! writes every golden vector.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]
#![expect(clippy::disallowed_methods, reason = "the vectors are files")]

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use realmgate_protocol::limits::NETCODE_PROTOCOL_ID;
use realmgate_protocol::wire::datagram;
use realmgate_protocol::{link, movement, realm};
use realmgate_skip::skip;
use serde_json::{Value, json};

#[test]
fn javascript_reads_and_writes_every_vector() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let game = realm::schema();
    // The part of docs/protocol.json that it needs. That file is generated from the same schema.
    let game = json!({
        "protocol_hash": format!("{:016x}", realm::protocol_hash()),
        "netcode_protocol_id": format!("{NETCODE_PROTOCOL_ID:016x}"),
        "datagram_version": datagram::VERSION,
        "movement_revision": movement::REVISION,
        "types": game.types,
        "components": game.components,
    });
    let ran = Command::new("node")
        .arg(crate_folder.join("tests/vectors.mjs"))
        .arg(crate_folder.join("vectors"))
        .arg(written("game.json", &game))
        .arg(written("link.json", &json!({ "types": link::schema().types })))
        .output();
    let ran = match ran {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return skip("node (Node.js) is not installed: the vectors were not checked by another language");
        }
        ran => ran.unwrap(),
    };
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains(" checks, 0 failures"), "it says how much it has checked, not {said:?}");
}

fn written(name: &str, value: &Value) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, value.to_string()).unwrap();
    path
}

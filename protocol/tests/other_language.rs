//! Checks that the protocol matches its document: `vectors.mjs`, written from `docs/protocol.md` alone, reads
//! every golden vector, and writes all but tickets, connect tokens and netcode's requests.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]
#![expect(clippy::disallowed_methods, reason = "the vectors are files")]

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use realmgate_protocol::{link, realm};
use realmgate_skip::skip;
use serde_json::{Value, json};

#[test]
fn javascript_agrees_with_every_vector() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    // What docs/protocol.json holds: that file is generated from it.
    let game = serde_json::to_value(realm::document()).unwrap();
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
    let checks = said.split_once(" checks, 0 failures").and_then(|(checks, _)| checks.parse::<usize>().ok());
    let checks = checks.unwrap_or_else(|| panic!("it says how much it has checked, not {said:?}"));
    let script = fs::read_to_string(crate_folder.join("tests/vectors.mjs")).unwrap();
    let mut count = 0;
    for file in fs::read_dir(crate_folder.join("vectors")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy();
        assert!(script.contains(&format!("\"{name}\"")), "vectors.mjs does not read {name}.json");
        let vectors: Vec<Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        count += vectors.len();
    }
    assert!(checks >= 2 * count, "{checks} checks are too few to read and write {count} vectors");
}

fn written(name: &str, value: &Value) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, value.to_string()).unwrap();
    path
}

//! What a target starts from besides its corpus: the golden vectors, and what is shipped.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

/// The data files, in the order in which `fuzz/src/checks/data.rs` numbers them.
const DATA: [&str; 7] = ["classes", "abilities", "mobs", "items", "loot_tables", "vendors", "world"];

/// The seeds of a target.
pub fn of(root: &Path, target: &str) -> Result<Vec<Vec<u8>>> {
    let vectors = |names: &[&str]| -> Result<Vec<Vec<u8>>> {
        let all = names.iter().map(|name| vector_bytes(&root.join(format!("protocol/vectors/{name}.json"))));
        Ok(all.collect::<Result<Vec<_>>>()?.concat())
    };
    match target {
        "client_payload" => vectors(&["client_frames", "reliable"]),
        "server_payload" => vectors(&["server_frames", "reliable"]),
        "client_message" => vectors(&["client_messages"]),
        "server_message" => vectors(&["server_messages"]),
        "link" => vectors(&["link_from_map", "link_to_map"]),
        "ticket" => vectors(&["tickets", "spectator_tickets"]),
        "connect_token" => vectors(&["connect_token"]),
        "services" => files(&root.join("examples/services"), &["toml"]),
        "map" => files(&root.join("maps"), &["tmx", "tsx"]),
        "data" => DATA.iter().enumerate().map(|(number, name)| data_file(root, number, name)).collect(),
        "recording" => Ok(vec![read(&root.join("game/tests/world/golden.rec"))?]),
        _ => Ok(Vec::new()),
    }
}

/// The data file with its number before it.
fn data_file(root: &Path, number: usize, name: &str) -> Result<Vec<u8>> {
    let text = read(&root.join(format!("assets/{name}.toml")))?;
    Ok(std::iter::once(number as u8).chain(text).collect())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

fn files(folder: &Path, endings: &[&str]) -> Result<Vec<Vec<u8>>> {
    let entries = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    let paths = entries.iter().map(fs::DirEntry::path);
    let wanted = |path: &PathBuf| path.extension().is_some_and(|has| endings.iter().any(|ending| has == *ending));
    paths.filter(wanted).map(|path| read(&path)).collect()
}

/// The bytes of every golden vector of a file.
fn vector_bytes(path: &Path) -> Result<Vec<Vec<u8>>> {
    let vectors: Vec<Value> = serde_json::from_slice(&read(path)?).with_context(|| path.display().to_string())?;
    Ok(vectors.iter().filter_map(|vector| from_hex(vector["hex"].as_str()?)).collect())
}

fn from_hex(hex: &str) -> Option<Vec<u8>> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::TARGETS;
    use crate::workspace::Workspace;

    #[test]
    fn every_target_starts_from_something() {
        let root = Workspace::locate().root;
        let corpora = fs::read_dir(root.join("fuzz/corpus")).unwrap();
        let mut corpora: Vec<_> = corpora.map(|corpus| corpus.unwrap().file_name().into_string().unwrap()).collect();
        let mut targets = TARGETS;
        corpora.sort();
        targets.sort_unstable();
        assert_eq!(corpora, targets, "what has a corpus is run");
        // What is shipped has nothing that these parse.
        let without_seeds = [
            "netcode",
            "renet",
            "websocket_upgrade",
            "webtransport_stream",
            "http3",
            "stream",
            "gateway",
            "text",
            "door_path",
            "socketio",
        ];
        for target in TARGETS {
            let seeds = of(&root, target).unwrap();
            assert_eq!(seeds.is_empty(), without_seeds.contains(&target), "seeds of {target}");
            assert!(seeds.iter().all(|seed| !seed.is_empty()), "an empty seed of {target}");
            let kept = fs::read_dir(root.join("fuzz/corpus").join(target)).is_ok_and(|mut kept| kept.next().is_some());
            assert!(kept || !seeds.is_empty(), "{target} has neither seeds nor a corpus");
        }
    }
}

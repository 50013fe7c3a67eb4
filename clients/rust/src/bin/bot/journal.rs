//! What each bot was told as done, and when it was in the world, line by line as it happens: for whoever holds it
//! against the store while everything around the bots fails.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use realmgate_client::clock::unix_ms;
use realmgate_protocol::realm::{ItemView, ServerMessage};
use serde::Serialize;

/// One thing that a bot knows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Entry {
    /// It has a character.
    Born {
        /// The character's id.
        character: String,
    },
    /// It is in a world.
    In {
        /// The map.
        map: u16,
    },
    /// It still sees the world.
    Sees,
    /// It is out of the world, or on the way to another.
    Out {
        /// Why.
        why: String,
    },
    /// It tried to come back in vain.
    Refused {
        /// Why.
        why: String,
    },
    /// It has everything that it owns listed.
    Owns {
        /// Items by identity.
        items: Vec<String>,
        /// Gold.
        gold: u64,
        /// Experience in all.
        experience: u64,
        /// Level.
        level: u16,
    },
    /// It has an item, or has it elsewhere than before.
    Got {
        /// The item.
        item: String,
    },
    /// It no longer has an item.
    Lost {
        /// The item.
        item: String,
    },
    /// It has so much gold.
    Gold {
        /// How much.
        gold: u64,
    },
    /// It has so much experience.
    Experience {
        /// In all.
        experience: u64,
        /// And this level.
        level: u16,
    },
    /// It has said goodbye, and the server has saved.
    Left,
}

impl Entry {
    /// What a message says as done; most say nothing of the kind.
    pub fn of(message: &ServerMessage) -> Option<Self> {
        let id = |item: &ItemView| item.item.to_string();
        Some(match message {
            ServerMessage::Inventory { items, gold, experience, level, .. } => Self::Owns {
                items: items.iter().map(id).collect(),
                gold: *gold,
                experience: *experience,
                level: *level,
            },
            ServerMessage::ItemPlaced { item } => Self::Got { item: id(item) },
            ServerMessage::ItemGone { item } => Self::Lost { item: item.to_string() },
            ServerMessage::Gold { total } => Self::Gold { gold: *total },
            ServerMessage::Experience { total, level, .. } => Self::Experience { experience: *total, level: *level },
            _ => return None,
        })
    }
}

#[derive(Serialize)]
struct Line<'a> {
    at_ms: u64,
    bot: &'a str,
    #[serde(flatten)]
    entry: &'a Entry,
}

/// The file, or nothing where nobody asked for it.
#[derive(Debug, Default)]
pub struct Journal(Option<Mutex<File>>);

impl Journal {
    /// An empty one.
    pub fn create(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self(Some(Mutex::new(file))))
    }

    /// Adds a line. Each is one write: a reader never sees half of one that is followed by another.
    pub fn note(&self, bot: &str, entry: &Entry) {
        let Some(file) = &self.0 else { return };
        let Ok(mut line) = serde_json::to_string(&Line { at_ms: unix_ms(), bot, entry }) else { return };
        line.push('\n');
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::error!(%error, "the journal has a hole");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use realmgate_protocol::ids::ItemId;

    #[test]
    fn what_was_told_is_a_line() {
        let path = std::env::temp_dir().join(format!("bot-journal-{}", std::process::id()));
        let journal = Journal::create(Some(&path)).unwrap();
        let told = [ServerMessage::Gold { total: 7 }, ServerMessage::ItemGone { item: ItemId([1; 16]) }];
        told.iter().filter_map(Entry::of).for_each(|entry| journal.note("Botone", &entry));
        journal.note("Botone", &Entry::Sees);
        let lines: Vec<serde_json::Value> =
            std::fs::read_to_string(&path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        std::fs::remove_file(path).unwrap();
        assert_eq!(
            (&lines[0]["bot"], &lines[0]["what"], &lines[0]["gold"]),
            (&"Botone".into(), &"gold".into(), &7.into())
        );
        assert_eq!(lines[1]["what"], "lost");
        assert_eq!(lines[2]["what"], "sees");
        assert!(lines[0]["at_ms"].as_u64() > Some(1_700_000_000_000));
    }

    #[test]
    fn talk_is_nothing_owned() {
        assert_eq!(Entry::of(&ServerMessage::WhisperSent { to: "A".to_owned(), text: "psst".to_owned() }), None);
    }
}

//! What the server confirmed to each bot, and when the bot was in the world, line by line as it happens. It can be
//! compared with the store while everything around the bots fails.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use realmgate_client::clock::unix_ms;
use realmgate_protocol::realm::{ItemView, ServerMessage};
use serde::Serialize;

/// An event in the life of a bot.
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
        /// The map's id.
        map: u16,
    },
    /// It still sees the world.
    Sees,
    /// It is out of the world, or travelling to another.
    Out {
        /// The reason, in words.
        why: String,
    },
    /// It tried to come back, and failed.
    Refused {
        /// The reason, in words.
        why: String,
    },
    /// It received the list of everything that it owns.
    Owns {
        /// The ids of its items.
        items: Vec<String>,
        /// Its gold.
        gold: u64,
        /// Its total experience.
        experience: u64,
        /// Its level.
        level: u16,
    },
    /// It received an item, or an item moved to another slot.
    Got {
        /// The item's id.
        item: String,
    },
    /// It lost an item.
    Lost {
        /// The item's id.
        item: String,
    },
    /// Its gold has changed.
    Gold {
        /// Its gold now.
        gold: u64,
    },
    /// Its experience has changed.
    Experience {
        /// Its total experience now.
        experience: u64,
        /// Its level now.
        level: u16,
    },
    /// It logged out, and the server has saved.
    Left,
}

impl Entry {
    /// The entry for a message that confirms a change; `None` for other messages.
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

/// The journal file, or nothing if no file was given.
#[derive(Debug, Default)]
pub struct Journal(Option<Mutex<File>>);

impl Journal {
    /// Creates an empty journal. Without a path it drops all entries.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn create(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self(Some(Mutex::new(file))))
    }

    /// Adds a line. Each line is one write, so a reader never sees half a line that is followed by another.
    pub fn note(&self, bot: &str, entry: &Entry) {
        let Some(file) = &self.0 else { return };
        let Ok(mut line) = serde_json::to_string(&Line { at_ms: unix_ms(), bot, entry }) else { return };
        line.push('\n');
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::error!(%error, "cannot write a line of the journal");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use realmgate_protocol::ids::ItemId;
    use realmgate_protocol::realm::ChatScope;
    use serde_json::{Value, json};

    #[test]
    fn each_confirmation_is_a_line() {
        let path = std::env::temp_dir().join(format!("bot-journal-{}", std::process::id()));
        let journal = Journal::create(Some(&path)).unwrap();
        let item = ItemId([1; 16]);
        let view = ItemView { item, definition: "stick".to_owned(), slot: 0 };
        let told = [
            ServerMessage::Inventory { items: vec![view.clone()], gold: 5, experience: 10, level: 2, bag_slots: 20 },
            ServerMessage::ItemPlaced { item: view },
            ServerMessage::ItemGone { item },
            ServerMessage::Gold { total: 7 },
            ServerMessage::Experience { gained: 1, total: 11, level: 3 },
        ];
        told.iter().filter_map(Entry::of).for_each(|entry| journal.note("Botone", &entry));
        journal.note("Bottwo", &Entry::Sees);
        let mut lines: Vec<Value> =
            std::fs::read_to_string(&path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        std::fs::remove_file(path).unwrap();
        for line in &mut lines {
            let at_ms = line.as_object_mut().and_then(|line| line.remove("at_ms")).and_then(|at_ms| at_ms.as_u64());
            assert!(at_ms > Some(1_700_000_000_000), "{line}");
        }
        let id = item.to_string();
        let expected = [
            json!({ "bot": "Botone", "what": "owns", "items": [id], "gold": 5, "experience": 10, "level": 2 }),
            json!({ "bot": "Botone", "what": "got", "item": id }),
            json!({ "bot": "Botone", "what": "lost", "item": id }),
            json!({ "bot": "Botone", "what": "gold", "gold": 7 }),
            json!({ "bot": "Botone", "what": "experience", "experience": 11, "level": 3 }),
            json!({ "bot": "Bottwo", "what": "sees" }),
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn talk_is_nothing_owned() {
        let (from, text) = ("A".to_owned(), "psst".to_owned());
        let heard = [ChatScope::Channel, ChatScope::Whisper, ChatScope::Party].map(|scope| ServerMessage::Chat {
            scope,
            from: from.clone(),
            text: text.clone(),
        });
        for message in heard.into_iter().chain([ServerMessage::WhisperSent { to: from, text }]) {
            assert_eq!(Entry::of(&message), None);
        }
    }
}

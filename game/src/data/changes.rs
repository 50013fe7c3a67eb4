//! What new data changes, in words for designers.

use std::fmt;

use super::reference::ContentIndex;
use super::{GameData, Table};

/// The definitions that differ between two data, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes(Vec<String>);

impl Changes {
    /// What `new` changes of `old`.
    pub fn between(old: &GameData, new: &GameData) -> Self {
        let mut changes = Self::default();
        changes.compare(&old.classes, &new.classes);
        changes.compare(&old.abilities, &new.abilities);
        changes.compare(&old.mobs, &new.mobs);
        changes.compare(&old.items, &new.items);
        changes.compare(&old.loot_tables, &new.loot_tables);
        changes.compare(&old.vendors, &new.vendors);
        if old.world != new.world {
            changes.0.push("world rules changed".to_owned());
        }
        changes
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn compare<I: ContentIndex, T: PartialEq>(&mut self, old: &Table<I, T>, new: &Table<I, T>) {
        let row = |table: &Table<I, T>, id: &str| table.find(id).map(|index| index.place());
        for (index, id, definition) in new.current() {
            match row(old, id) {
                None => self.0.push(format!("{} `{id}` added", I::KIND)),
                Some(_) if old.get(index).is_none_or(|before| before != definition) => {
                    self.0.push(format!("{} `{id}` changed", I::KIND));
                }
                Some(_) => {}
            }
        }
        for id in old.ids().filter(|id| new.find(id).is_none()) {
            self.0.push(format!("{} `{id}` removed", I::KIND));
        }
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

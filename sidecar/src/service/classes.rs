//! The classes a character may have. Designers write them in `classes.toml`; the game owns the full format.

use std::collections::BTreeMap;
use std::path::Path;

use realmgate_platform::config::ConfigError;
use serde::Deserialize;
use toml::Spanned;

/// A class, as players see it before they choose one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// The id that characters refer to.
    pub id: String,
    /// The name that players see.
    pub name: String,
    /// The description that players see; empty where the designers give none.
    pub description: String,
}

/// `classes.toml`: a table for each class by its id. Only its name and description concern us.
type File = BTreeMap<Spanned<String>, ClassTable>;

#[derive(Deserialize)]
struct ClassTable {
    name: String,
    #[serde(default)]
    description: String,
}

/// All classes, in the designers' order.
#[derive(Debug, Clone)]
pub struct Classes(Vec<Class>);

impl Classes {
    /// Reads `classes.toml`.
    ///
    /// # Errors
    /// When the file cannot be read or parsed, or has no class.
    pub fn read(assets_dir: &Path) -> Result<Self, ConfigError> {
        let file = assets_dir.join("classes.toml");
        let complain = |why: String| ConfigError::new("ASSETS_DIR", format!("{}: {why}", file.display()));
        let text = std::fs::read_to_string(&file).map_err(|error| complain(error.to_string()))?;
        let classes: File = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            complain(format!("line {line}: {}", error.message()))
        })?;
        if classes.is_empty() {
            return Err(complain("no class found: expected a table such as `[warrior]` with a name".to_owned()));
        }
        let mut classes: Vec<(Spanned<String>, ClassTable)> = classes.into_iter().collect();
        classes.sort_by_key(|(id, _)| id.span().start);
        let class = |(id, table): (Spanned<String>, ClassTable)| Class {
            id: id.into_inner(),
            name: table.name,
            description: table.description,
        };
        Ok(Self(classes.into_iter().map(class).collect()))
    }

    /// All classes.
    pub fn all(&self) -> &[Class] {
        &self.0
    }

    /// The class with this id.
    pub fn get(&self, id: &str) -> Option<&Class> {
        self.0.iter().find(|class| class.id == id)
    }

    /// The name of a class; its id if the designers have removed it since.
    pub fn name_of<'a>(&'a self, id: &'a str) -> &'a str {
        self.get(id).map_or(id, |class| &class.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Classes, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("classes.toml"), text).unwrap();
        Classes::read(dir.path())
    }

    #[test]
    fn the_games_own_fields_are_ignored() {
        let mage = "[mage]\nname = 'Mage'\ndescription = 'Burns.'\nslots = [1]\n[mage.growth]\nhealth = 9";
        let classes = read(&format!("{mage}\n[archer]\nname = 'Archer'\nslots = [2]")).unwrap();
        let class = |id: &str, name: &str, description: &str| Class {
            id: id.to_owned(),
            name: name.to_owned(),
            description: description.to_owned(),
        };
        assert_eq!(classes.all(), [class("mage", "Mage", "Burns."), class("archer", "Archer", "")]);
        assert_eq!(classes.name_of("mage"), "Mage");
        assert_eq!(classes.name_of("gone"), "gone");
    }

    #[test]
    fn faults_are_named_with_file_and_line() {
        for (text, fault) in [
            ("[mage]\nname = 'Mage'\n[thief]\nname = 3", "/classes.toml: line 4: invalid type"),
            ("[mage]\nname = 'Mage'\n[thief", "/classes.toml: line 3: "),
            ("[a]\nname = 'A'\n[a]\nname = 'B'", "/classes.toml: line 3: duplicate key"),
            ("", "/classes.toml: no class found"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.key == "ASSETS_DIR" && error.why.contains(fault), "{text}: {error}");
        }
        let nowhere = Classes::read(Path::new("/nonexistent")).unwrap_err();
        assert!(nowhere.why.starts_with("/nonexistent/classes.toml: No such file"), "{nowhere}");
    }
}

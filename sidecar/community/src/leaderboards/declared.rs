//! Boards that designers declare in `leaderboards.toml`. The game owns the full check; what is read here is what it needs.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use realmgate_platform::config::ConfigError;
use realmgate_platform::world_feed::WorldEvent;
use realmgate_protocol::cron::Cron;
use serde::Deserialize;
use toml::Spanned;

use super::service::is_slug;
use crate::store::{Operator, SortOrder};

const FILE: &str = "leaderboards.toml";
/// Longest slug of a board that is declared: the same wherever it is read.
const LONGEST_DECLARED: u32 = 100;

/// The boards that designers declare.
#[derive(Debug, Clone, Default)]
pub struct DeclaredBoards(pub(super) Vec<Declared>);

/// A board that is fed by the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) slug: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) event: WorldEvent,
    pub(super) operator: Operator,
    pub(super) order: SortOrder,
    /// When seasons begin; `None` for one that has none.
    pub(super) season: Option<Cron>,
}

/// `leaderboards.toml`: a table for each board by its slug.
type File = BTreeMap<Spanned<String>, Table>;

#[derive(Deserialize)]
struct Table {
    title: String,
    #[serde(default)]
    description: String,
    event: Spanned<String>,
    operator: Option<Operator>,
    sort_order: Option<SortOrder>,
    season: Option<Spanned<String>>,
}

impl DeclaredBoards {
    /// Reads `leaderboards.toml`. A folder without one declares none.
    ///
    /// # Errors
    /// When the file cannot be read or parsed.
    pub fn read(assets_dir: &Path) -> Result<Self, ConfigError> {
        let file = assets_dir.join(FILE);
        let complain = |why: String| ConfigError::new("ASSETS_DIR", format!("{}: {why}", file.display()));
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(complain(error.to_string())),
        };
        let at = |offset: usize, why: String| {
            let line = text.get(..offset).map_or(1, |before| before.matches('\n').count() + 1);
            complain(format!("line {line}: {why}"))
        };
        let tables: File = toml::from_str(&text)
            .map_err(|error| at(error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
        let mut boards = Vec::with_capacity(tables.len());
        for (slug, table) in tables {
            if !is_slug(slug.get_ref(), LONGEST_DECLARED) {
                return Err(at(slug.span().start, format!("`{}` is not a slug: use a-z, 0-9 and _", slug.get_ref())));
            }
            let event = table.event.get_ref().parse().map_err(|_| {
                let events = WorldEvent::ALL.map(WorldEvent::as_str).join("`, `");
                at(table.event.span().start, format!("event must be one of `{events}`"))
            })?;
            let season = table.season.map(|season| {
                let cron = season.get_ref().parse::<Cron>();
                cron.map_err(|fault| at(season.span().start, format!("invalid season: {fault}")))
            });
            boards.push(Declared {
                slug: slug.into_inner(),
                title: table.title,
                description: table.description,
                event,
                operator: table.operator.unwrap_or(Operator::Best),
                order: table.sort_order.unwrap_or(SortOrder::Desc),
                season: season.transpose()?,
            });
        }
        Ok(Self(boards))
    }

    /// The events that feed any of them.
    pub fn events(&self) -> Vec<WorldEvent> {
        WorldEvent::ALL.into_iter().filter(|event| self.0.iter().any(|board| board.event == *event)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<DeclaredBoards, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), text).unwrap();
        DeclaredBoards::read(dir.path())
    }

    #[test]
    fn boards_have_what_is_written_and_defaults() {
        let text = "[week]\ntitle = 'W'\ndescription = 'D'\nevent = 'kills'\noperator = 'incr'\nsort_order = 'asc'\n\
            season = '0 0 * * 1'\n[gold]\ntitle = 'G'\nevent = 'gold'";
        let boards = read(text).unwrap();
        assert_eq!(boards.events(), [WorldEvent::Gold, WorldEvent::Kills]);
        let week = Declared {
            slug: "week".to_owned(),
            title: "W".to_owned(),
            description: "D".to_owned(),
            event: WorldEvent::Kills,
            operator: Operator::Incr,
            order: SortOrder::Asc,
            season: Some("0 0 * * 1".parse().unwrap()),
        };
        let gold = Declared {
            slug: "gold".to_owned(),
            title: "G".to_owned(),
            description: String::new(),
            event: WorldEvent::Gold,
            operator: Operator::Best,
            order: SortOrder::Desc,
            season: None,
        };
        assert_eq!(boards.0, [gold, week], "by their slugs: one with defaults, one with all that can be written");
        assert!(DeclaredBoards::read(Path::new("/nonexistent")).unwrap().0.is_empty(), "none need be declared");
    }

    #[test]
    fn faults_are_named_with_file_and_line() {
        for (text, fault) in [
            (
                "[a]\ntitle = 'A'\n\nevent = 'fish'",
                "/leaderboards.toml: line 4: event must be one of `gold`, `kills`, `level`",
            ),
            ("[a]\ntitle = 'A'\nevent = 'gold'\nseason = '0 0 30 2 *'", "/leaderboards.toml: line 4: invalid season"),
            ("[a]\ntitle = 'A'\nevent = 'gold'\noperator = 'add'", "/leaderboards.toml: line 4: unknown variant"),
            ("\n['A B']\ntitle = 'A'\nevent = 'gold'", "/leaderboards.toml: line 2: `A B` is not a slug"),
            ("[a", "/leaderboards.toml: line 1: "),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.key == "ASSETS_DIR" && error.why.contains(fault), "{text}: {error}");
        }
    }
}

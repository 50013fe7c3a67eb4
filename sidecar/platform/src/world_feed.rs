//! What worlds tell boards: rows that whoever commits a world's events writes with them, in the same transaction, and that
//! whoever counts deletes in the transaction of the scores. So each event counts once, and boards that are not counted for a
//! while lose nothing.

use std::collections::BTreeMap;
use std::str::FromStr;

use realmgate_protocol::ids::CharacterId;

use crate::database::SqlConnection;
use crate::database::rows::{Statement, Values};

/// Something that characters do, by which boards may be fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorldEvent {
    /// It has gold: how much it has now.
    Gold,
    /// It had a part in a kill: how many.
    Kills,
    /// It has gained experience: its level now.
    Level,
}

/// There is no such event.
#[derive(Debug, thiserror::Error)]
#[error("no such event: {0}")]
pub struct UnknownEvent(String);

impl WorldEvent {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Gold, Self::Kills, Self::Level];

    /// As designers and the database write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gold => "gold",
            Self::Kills => "kills",
            Self::Level => "level",
        }
    }
}

impl FromStr for WorldEvent {
    type Err = UnknownEvent;
    fn from_str(word: &str) -> Result<Self, UnknownEvent> {
        Self::ALL.into_iter().find(|event| event.as_str() == word).ok_or_else(|| UnknownEvent(word.to_owned()))
    }
}

/// What a batch of events comes to, for each character.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorldFeed(BTreeMap<(WorldEvent, CharacterId), i64>);

impl WorldFeed {
    /// A character had a part in one kill more.
    pub fn killed(&mut self, character: CharacterId) {
        let kills = self.0.entry((WorldEvent::Kills, character)).or_default();
        *kills = kills.saturating_add(1);
    }

    /// A character's level or gold is this now.
    pub fn has(&mut self, event: WorldEvent, character: CharacterId, amount: i64) {
        self.0.insert((event, character), amount);
    }

    /// Writes those that are wanted, beside what is there of earlier batches. The transaction must have the locks of the
    /// characters, or be the only one that writes, so that a later value comes later.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn write(&self, connection: &mut SqlConnection, wanted: &[WorldEvent]) -> sqlx::Result<()> {
        const ADD: Values = Values {
            before: "INSERT INTO leaderboard_feed (event, character_id, amount)",
            columns: 3,
            after: "ON CONFLICT (event, character_id) DO UPDATE SET amount = CASE leaderboard_feed.event \
                    WHEN 'kills' THEN leaderboard_feed.amount ELSE 0 END + excluded.amount",
        };
        let rows: Vec<_> = self.0.iter().filter(|((event, _), _)| wanted.contains(event)).collect();
        let bind = |statement: Statement, ((event, character), amount): &(&(WorldEvent, CharacterId), &i64)| {
            statement.bind(event.as_str()).bind(character.to_string()).bind(**amount)
        };
        ADD.execute(connection, &rows, bind).await.map(|_| ())
    }
}

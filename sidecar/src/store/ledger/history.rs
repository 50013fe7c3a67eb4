//! What the books say of one item from its birth on, or of one purse.

use realmgate_platform::database::columns::from_sql_ms;
use realmgate_protocol::ids::{CharacterId, ItemId};

use super::owner::LedgerOwner;
use super::sql::LedgerStore;

/// Lines of an item that are read at most: the oldest.
const OLDEST_ITEM_LINES: i64 = 1_000;
/// Lines of a purse that are read at most: the newest.
const NEWEST_GOLD_LINES: i64 = 200;

/// Something that happened to an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemStep {
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// The item's definition in the game's data.
    pub definition: String,
    /// From whom: `character:<id>`, `ground:<server id>` or `vendor:<id>`; `None` where it was made.
    pub from: Option<String>,
    /// To whom; `None` where it ended.
    pub to: Option<String>,
    /// The cause: `loot`, `pick_up`, `trade`.
    pub reason: String,
    /// The map server that has told it.
    pub server: String,
}

/// Gold that went from one to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoldStep {
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// From whom, as for items; `world` where it was made.
    pub from: String,
    /// To whom.
    pub to: String,
    /// How much.
    pub amount: i64,
    /// The cause.
    pub reason: String,
    /// The map server that has told it.
    pub server: String,
}

impl LedgerStore {
    /// What happened to an item, from its birth on; nothing for one that never was.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn item_history(&self, item: ItemId) -> sqlx::Result<Vec<ItemStep>> {
        let mut db = self.sql().read("item_history").await?;
        let query =
            "SELECT l.at_ms, l.definition, l.from_owner, l.to_owner, COALESCE(e.reason, ''), COALESCE(e.server_id, '')
                     FROM item_ledger l LEFT JOIN owned_events e ON e.event_key = l.event_key
                     WHERE l.item_id = $1 ORDER BY l.at_ms, l.event_key, l.line LIMIT $2";
        type Line = (i64, String, Option<String>, Option<String>, String, String);
        let lines: Vec<Line> =
            sqlx::query_as(query).bind(item.to_string()).bind(OLDEST_ITEM_LINES).fetch_all(&mut *db).await?;
        let step = |(at_ms, definition, from, to, reason, server): Line| ItemStep {
            at_ms: from_sql_ms(at_ms),
            definition,
            from,
            to,
            reason,
            server,
        };
        Ok(lines.into_iter().map(step).collect())
    }

    /// What came to a character's purse and went from it, the newest first.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn gold_history(&self, character: CharacterId) -> sqlx::Result<Vec<GoldStep>> {
        let mut db = self.sql().read("gold_history").await?;
        let query =
            "SELECT l.at_ms, l.from_owner, l.to_owner, l.amount, COALESCE(e.reason, ''), COALESCE(e.server_id, '')
                     FROM gold_ledger l LEFT JOIN owned_events e ON e.event_key = l.event_key
                     WHERE l.from_owner = $1 OR l.to_owner = $1
                     ORDER BY l.at_ms DESC, l.event_key DESC, l.line DESC LIMIT $2";
        type Line = (i64, String, String, i64, String, String);
        let owner = LedgerOwner::Character(character).to_string();
        let lines: Vec<Line> = sqlx::query_as(query).bind(owner).bind(NEWEST_GOLD_LINES).fetch_all(&mut *db).await?;
        let step = |(at_ms, from, to, amount, reason, server): Line| GoldStep {
            at_ms: from_sql_ms(at_ms),
            from,
            to,
            amount,
            reason,
            server,
        };
        Ok(lines.into_iter().map(step).collect())
    }
}

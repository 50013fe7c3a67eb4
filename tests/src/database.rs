//! Looks into the database, beside the server or after it.

mod past;

use std::collections::BTreeMap;

use realmgate_platform::config::DatabaseAt;
use realmgate_platform::database::migrate;
use realmgate_services::TestDatabase;
use sqlx::any::{AnyPoolOptions, AnyRow, install_default_drivers};
use sqlx::{Any, AnyPool, AssertSqlSafe, FromRow, Row, Transaction};

use crate::home::Home;

pub use past::Past;

/// A PostgreSQL database with empty tables; `None`, with a message, if there is no server.
///
/// # Panics
/// Where there is none on CI.
pub async fn migrated_database() -> Option<TestDatabase> {
    TestDatabase::migrated(async |url| migrate(&DatabaseAt::Postgres(url.into())).await).await
}

/// The database: a SQLite file, or one on PostgreSQL.
#[derive(Debug, Clone)]
pub struct Database(AnyPool);

/// A character's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharacterRow {
    /// Its name.
    pub name: String,
    /// Its level.
    pub level: i64,
    /// Its experience in all.
    pub experience: i64,
    /// The map it is on.
    pub map_id: i64,
    /// Where, in 1/1,024 tile.
    pub x: i64,
    /// Where, in 1/1,024 tile.
    pub y: i64,
    /// Who may write it.
    pub lock_owner: String,
    /// How often that has changed.
    pub lock_epoch: i64,
}

impl<'r> FromRow<'r, AnyRow> for CharacterRow {
    fn from_row(row: &'r AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            name: row.try_get("name")?,
            level: row.try_get("level")?,
            experience: row.try_get("experience")?,
            map_id: row.try_get("map_id")?,
            x: row.try_get("x")?,
            y: row.try_get("y")?,
            lock_owner: row.try_get("lock_owner")?,
            lock_epoch: row.try_get("lock_epoch")?,
        })
    }
}

/// An item of a character: what it is, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRow {
    /// What it is.
    pub definition: String,
    /// Where it lies.
    pub slot: i64,
}

/// Questions to a SQLite file, whose every answer is a fault.
const AUDIT: [(&str, &str); 6] = [
    ("gold does not sum to zero", "SELECT CAST(SUM(balance) AS TEXT) FROM gold_balances HAVING SUM(balance) <> 0"),
    (
        "a balance is not what the ledger adds up to",
        "SELECT owner || ' has ' || balance || ', by the ledger ' || booked FROM ( \
           SELECT owner, balance, \
             (SELECT COALESCE(SUM(amount), 0) FROM gold_ledger WHERE to_owner = owner) \
             - (SELECT COALESCE(SUM(amount), 0) FROM gold_ledger WHERE from_owner = owner) AS booked \
           FROM gold_balances) WHERE balance <> booked",
    ),
    (
        "a purse that the ledger names has no balance",
        "SELECT owner FROM (SELECT to_owner AS owner FROM gold_ledger UNION SELECT from_owner FROM gold_ledger) \
         WHERE owner NOT IN (SELECT owner FROM gold_balances)",
    ),
    (
        "a purse is below zero",
        "SELECT owner FROM gold_balances WHERE balance < 0 AND owner <> 'world' AND owner NOT LIKE 'vendor:%'",
    ),
    (
        "an item is not where its last ledger line says",
        "SELECT items.id || ' is at ' || items.owner || ', by the ledger ' || COALESCE(last.to_owner, 'nowhere') \
         FROM items LEFT JOIN item_ledger AS last ON last.rowid = \
           (SELECT MAX(rowid) FROM item_ledger WHERE item_ledger.item_id = items.id) \
         WHERE last.to_owner IS NULL OR last.to_owner <> items.owner OR last.definition <> items.definition",
    ),
    (
        "an item that the ledger has somewhere is not there",
        "SELECT item_id FROM item_ledger AS last WHERE to_owner IS NOT NULL \
           AND rowid = (SELECT MAX(rowid) FROM item_ledger WHERE item_id = last.item_id) \
           AND item_id NOT IN (SELECT id FROM items)",
    ),
];

impl Database {
    /// Opens the file of a home, for reading.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn open(home: &Home) -> Self {
        Self::at(&format!("sqlite://{}?mode=ro", home.data_dir().join("realmgate.db").display())).await
    }

    /// Opens it for writing, for a test that puts something where the game would take long to.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open_for_writing(home: &Home) -> Self {
        Self::at(&format!("sqlite://{}", home.data_dir().join("realmgate.db").display())).await
    }

    /// Opens the database of an address.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn at(url: &str) -> Self {
        install_default_drivers();
        let pool = AnyPoolOptions::new().max_connections(1).connect(url).await;
        Self(pool.unwrap_or_else(|error| panic!("{url} cannot be opened: {error}")))
    }

    /// Writes what a test would take long to make by calls.
    ///
    /// # Panics
    /// When the statement is refused.
    pub async fn write(&self, statement: &str) {
        let written = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&self.0).await;
        written.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// Puts a character that is nowhere in the world onto a map.
    ///
    /// # Panics
    /// When there is none of this id.
    pub async fn put_on_map(&self, character: &str, map: u16) {
        let update = sqlx::query("UPDATE characters SET map_id = $2 WHERE id = $1 AND lock_owner = 'none'");
        let updated =
            update.bind(character).bind(i64::from(map)).execute(&self.0).await.expect("a character can be moved");
        assert_eq!(updated.rows_affected(), 1, "the character {character} is there, and nowhere in the world");
    }

    /// Who holds which lock: of characters, and of accounts.
    ///
    /// # Panics
    /// When the database cannot be asked.
    pub async fn held_locks(&self) -> Vec<String> {
        let held = "SELECT 'character ' || id || ' by ' || lock_owner FROM characters WHERE lock_owner <> 'none' \
             UNION ALL SELECT 'account ' || id || ' by ' || lock_owner FROM accounts WHERE lock_owner <> 'none'";
        sqlx::query_scalar(held).fetch_all(&self.0).await.expect("the locks can be read")
    }

    /// Keeps everybody else from writing accounts and characters until the transaction ends; in SQLite, from writing
    /// anything.
    ///
    /// # Panics
    /// When somebody else does that already.
    pub async fn hold_write_lock(&self) -> Transaction<'static, Any> {
        let is_sqlite = self.0.connect_options().database_url.scheme() == "sqlite";
        let begin = if is_sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
        let mut holding = self.0.begin_with(begin).await.expect("nobody else writes for long");
        if !is_sqlite {
            let lock = sqlx::query("LOCK TABLE accounts, characters IN EXCLUSIVE MODE");
            lock.execute(&mut *holding).await.expect("nobody else holds the tables for long");
        }
        holding
    }

    /// A character.
    ///
    /// # Panics
    /// When there is none of this id.
    pub async fn character(&self, id: &str) -> CharacterRow {
        sqlx::query_as(
            "SELECT name, level, experience, map_id, x, y, lock_owner, lock_epoch FROM characters WHERE id = $1",
        )
        .bind(id)
        .fetch_one(&self.0)
        .await
        .unwrap_or_else(|error| panic!("the character {id}: {error}"))
    }

    /// Who holds an account.
    ///
    /// # Panics
    /// When there is none of this id.
    pub async fn account_lock_owner(&self, id: &str) -> String {
        sqlx::query_scalar("SELECT lock_owner FROM accounts WHERE id = $1")
            .bind(id)
            .fetch_one(&self.0)
            .await
            .unwrap_or_else(|error| panic!("the account {id}: {error}"))
    }

    /// The role of an account.
    ///
    /// # Panics
    /// When there is none of this id.
    pub async fn role(&self, account: &str) -> String {
        let role = sqlx::query_scalar("SELECT role FROM accounts WHERE id = $1").bind(account);
        role.fetch_one(&self.0).await.unwrap_or_else(|error| panic!("the account {account}: {error}"))
    }

    /// The migrations that were made, and when.
    ///
    /// # Panics
    /// When there were none.
    pub async fn migrations(&self) -> Vec<(i64, String)> {
        let made = "SELECT version, CAST(installed_on AS TEXT) FROM _sqlx_migrations ORDER BY version";
        sqlx::query_as(made).fetch_all(&self.0).await.expect("the tables were migrated")
    }

    /// All characters.
    ///
    /// # Panics
    /// When the database cannot be read.
    pub async fn all_characters(&self) -> Vec<CharacterRow> {
        sqlx::query_as("SELECT name, level, experience, map_id, x, y, lock_owner, lock_epoch FROM characters")
            .fetch_all(&self.0)
            .await
            .expect("characters can be read")
    }

    /// A character's gold.
    ///
    /// # Panics
    /// When the database cannot be read.
    pub async fn gold(&self, character: &str) -> i64 {
        let row = sqlx::query(
            "SELECT CAST(COALESCE(SUM(balance), 0) AS BIGINT) FROM gold_balances WHERE owner = 'character:' || $1",
        );
        row.bind(character).fetch_one(&self.0).await.expect("gold can be read").get(0)
    }

    /// A character's items by identity.
    ///
    /// # Panics
    /// When the database cannot be read.
    pub async fn items(&self, character: &str) -> BTreeMap<String, ItemRow> {
        let rows = sqlx::query("SELECT id, definition, slot FROM items WHERE owner = 'character:' || $1");
        let rows = rows.bind(character).fetch_all(&self.0).await.expect("items can be read");
        rows.iter().map(|row| (row.get(0), ItemRow { definition: row.get(1), slot: row.get(2) })).collect()
    }

    /// Gives a character gold of which the ledger knows nothing.
    ///
    /// # Panics
    /// When the character has gold already.
    pub async fn forge_gold(&self, character: &str) {
        let insert = sqlx::query("INSERT INTO gold_balances (owner, balance) VALUES ('character:' || $1, 5)");
        insert.bind(character).execute(&self.0).await.expect("the character has no gold yet");
    }

    /// How many lines of items and of gold the ledgers have from play.
    ///
    /// # Panics
    /// When the database cannot be read.
    pub async fn lines_from_play(&self) -> (i64, i64) {
        let count = async |query: &'static str| {
            sqlx::query_scalar(query).fetch_one(&self.0).await.expect("the ledgers can be read")
        };
        let items = count("SELECT COUNT(*) FROM item_ledger JOIN owned_events USING (event_key)").await;
        (items, count("SELECT COUNT(*) FROM gold_ledger JOIN owned_events USING (event_key)").await)
    }

    /// Adds up both ledgers, from the outside.
    ///
    /// # Panics
    /// When anything does not add up.
    pub async fn assert_books_balance(&self) {
        let mut faults = Vec::new();
        for (fault, question) in AUDIT {
            let rows = sqlx::query(question).fetch_all(&self.0).await.expect("the books can be read");
            faults.extend(rows.iter().map(|row| format!("{fault}: {}", row.get::<String, _>(0))));
        }
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

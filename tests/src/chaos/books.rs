//! What the database says, read past everything that is broken: the characters, and every write for them.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::postgres::{PgPool, PgPoolOptions, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteRow};
use sqlx::{Executor, FromRow};

use super::judge::epochs::{Kind, Write};
use super::judge::told::Stored;
use crate::home::Home;

/// The database, in its own words.
#[derive(Debug, Clone)]
pub enum Books {
    /// A SQLite file.
    Sqlite(SqlitePool),
    /// A PostgreSQL database.
    Postgres(PgPool),
}

type WriteRow = (i64, String, String, i64, String, i64, Option<String>, Option<String>, i64, Option<String>);

const WRITES: &str = "SELECT w.id, w.kind, w.character_id, w.epoch, w.owner, w.sequence, e.server_id, w.event_key, \
     w.gold, w.item FROM chaos_writes w LEFT JOIN owned_events e ON e.event_key = w.event_key ORDER BY w.id";

impl Books {
    /// The SQLite file of a home.
    ///
    /// # Errors
    /// When the file is not there or cannot be opened.
    pub async fn sqlite(home: &Home) -> sqlx::Result<Self> {
        let options = SqliteConnectOptions::new().filename(home.data_dir().join("realmgate.db"));
        Ok(Self::Sqlite(SqlitePoolOptions::new().max_connections(1).connect_with(options).await?))
    }

    /// A PostgreSQL database.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn postgres(url: &str) -> sqlx::Result<Self> {
        Ok(Self::Postgres(PgPoolOptions::new().max_connections(2).connect(url).await?))
    }

    /// From now on every write for a character is written down.
    ///
    /// # Errors
    /// When the database refuses a statement or cannot be reached.
    pub async fn observe(&self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(pool) => {
                pool.execute(sqlx::raw_sql(include_str!("observe.sqlite.sql"))).await?;
            }
            Self::Postgres(pool) => {
                pool.execute(sqlx::raw_sql(include_str!("observe.postgres.sql"))).await?;
            }
        }
        Ok(())
    }

    async fn rows<T>(&self, query: &'static str) -> sqlx::Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        match self {
            Self::Sqlite(pool) => sqlx::query_as(query).fetch_all(pool).await,
            Self::Postgres(pool) => sqlx::query_as(query).fetch_all(pool).await,
        }
    }

    /// Every write that was observed, and what each character has, by its id.
    ///
    /// The writes are read after the characters: what those have is among them.
    ///
    /// # Errors
    /// When a query fails.
    pub async fn read(&self) -> sqlx::Result<(Vec<Write>, BTreeMap<String, Stored>)> {
        let characters: Vec<(String, i64, i64)> = self.rows("SELECT id, experience, level FROM characters").await?;
        let items: Vec<(String, String)> =
            self.rows("SELECT id, owner FROM items WHERE owner LIKE 'character:%'").await?;
        let rows: Vec<WriteRow> = self.rows(WRITES).await?;
        let mut stored: BTreeMap<String, Stored> = characters
            .into_iter()
            .map(|(id, experience, level)| (id, Stored { experience, level, ..Stored::default() }))
            .collect();
        for (item, owner) in items {
            if let Some(stored) = owner.strip_prefix("character:").and_then(|id| stored.get_mut(id)) {
                stored.items.insert(item);
            }
        }
        for (character, stored) in &mut stored {
            let own = rows.iter().filter(|row| row.2 == *character);
            flow(own, stored);
        }
        Ok((rows.into_iter().map(write).collect(), stored))
    }

    /// The owner of each lock that is held, with how many it holds.
    ///
    /// # Errors
    /// When the query fails.
    pub async fn owners(&self) -> sqlx::Result<BTreeMap<String, i64>> {
        let rows: Vec<(String, i64)> = self
            .rows("SELECT lock_owner, COUNT(*) FROM characters WHERE lock_owner <> 'none' GROUP BY lock_owner")
            .await?;
        Ok(rows.into_iter().collect())
    }
}

/// What came to a character and went from it, and its gold after each event.
fn flow<'a>(rows: impl Iterator<Item = &'a WriteRow>, stored: &mut Stored) {
    let (mut balance, mut last_key) = (0, None);
    stored.balances.push(0);
    for (_, kind, .., key, gold, item) in rows {
        if kind != "event" {
            continue;
        }
        let moved: Option<(&mut BTreeSet<String>, &str)> = item.as_deref().and_then(|item| match item.split_at(1) {
            ("+", id) => Some((&mut stored.came, id)),
            ("-", id) => Some((&mut stored.went, id)),
            _ => None,
        });
        if let Some((items, id)) = moved {
            items.insert(id.to_owned());
        }
        if *gold != 0 {
            balance += gold;
            // Of an event's lines only the last leaves a balance that anybody is told.
            if last_key == Some(key) {
                stored.balances.pop();
            }
            stored.balances.push(balance);
            last_key = Some(key);
        }
    }
}

fn write((id, kind, character, epoch, owner, sequence, server, ..): WriteRow) -> Write {
    let kind = match kind.as_str() {
        "lock" => Kind::Lock,
        "save" => Kind::Save,
        _ => Kind::Event,
    };
    Write { id, kind, character, epoch, owner, sequence, server }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backends::{Postgres, or_skip};
    use crate::chaos::judge::epochs;

    /// The tables as far as they matter here; those of the sidecar are under test elsewhere.
    const TABLES: &str = "CREATE TABLE characters (id TEXT, experience BIGINT, level BIGINT, soft_state TEXT, \
         lock_owner TEXT, lock_epoch BIGINT, save_sequence BIGINT); \
         CREATE TABLE items (id TEXT, owner TEXT); \
         CREATE TABLE owned_events (event_key TEXT, server_id TEXT); \
         CREATE TABLE item_ledger (event_key TEXT, item_id TEXT, from_owner TEXT, to_owner TEXT); \
         CREATE TABLE gold_ledger (event_key TEXT, from_owner TEXT, to_owner TEXT, amount BIGINT); \
         INSERT INTO characters VALUES ('c', 0, 1, NULL, 'none', 0, 0), ('d', 7, 3, NULL, 'none', 0, 0)";

    const LIFE: &str = "UPDATE characters SET lock_epoch = 1 WHERE id = 'c'; \
         UPDATE characters SET lock_owner = 'map:a' WHERE id = 'c'; \
         INSERT INTO item_ledger VALUES ('k1', 'i1', NULL, 'character:c'); \
         INSERT INTO items VALUES ('i1', 'character:c'); \
         INSERT INTO owned_events VALUES ('k1', 'a'); \
         INSERT INTO gold_ledger VALUES ('k2', 'world', 'character:c', 5), ('k2', 'world', 'character:c', 2), \
           ('k3', 'character:c', 'world', 3); \
         INSERT INTO item_ledger VALUES ('k3', 'i2', NULL, 'character:c'), ('k4', 'i2', 'character:c', NULL); \
         UPDATE characters SET soft_state = 'x', save_sequence = 1 WHERE id = 'c'; \
         UPDATE characters SET save_sequence = 2 WHERE id = 'c'; \
         UPDATE characters SET experience = 9 WHERE id = 'c'; \
         UPDATE characters SET level = 2 WHERE id = 'c'; \
         UPDATE characters SET level = 2 WHERE id = 'c'";

    /// A save that is not newer, a write by a server that has not the lock, and an epoch that goes back.
    const WRONG: &str = "UPDATE characters SET soft_state = 'y' WHERE id = 'c'; \
         INSERT INTO owned_events VALUES ('k9', 'b'); \
         INSERT INTO gold_ledger VALUES ('k9', 'world', 'character:c', 1); \
         UPDATE characters SET lock_epoch = 0 WHERE id = 'c'";

    /// What is observed of a life: kind, owner, sequence and server of each write, all under epoch 1.
    fn observed() -> Vec<Write> {
        let (lock, save, event) = (Kind::Lock, Kind::Save, Kind::Event);
        let writes = [
            (lock, "none", 0, None),
            (lock, "map:a", 0, None),
            (event, "map:a", 0, Some("a")),
            (event, "map:a", 0, None),
            (event, "map:a", 0, None),
            (event, "map:a", 0, None),
            (event, "map:a", 0, None),
            (event, "map:a", 0, None),
            (save, "map:a", 1, None),
            (save, "map:a", 2, None),
            (event, "map:a", 0, None),
            (event, "map:a", 0, None),
        ];
        let write = |(id, (kind, owner, sequence, server)): (i64, (Kind, &str, i64, Option<&str>))| Write {
            id,
            kind,
            character: "c".to_owned(),
            epoch: 1,
            owner: owner.to_owned(),
            sequence,
            server: server.map(str::to_owned),
        };
        (1..).zip(writes).map(write).collect()
    }

    async fn run(books: &Books, sql: &'static str) {
        match books {
            Books::Sqlite(pool) => drop(pool.execute(sqlx::raw_sql(sql)).await.unwrap()),
            Books::Postgres(pool) => drop(pool.execute(sqlx::raw_sql(sql)).await.unwrap()),
        }
    }

    async fn what_is_written_is_read(books: &Books) {
        run(books, TABLES).await;
        books.observe().await.unwrap();
        run(books, LIFE).await;
        let (writes, stored) = books.read().await.unwrap();
        assert_eq!(writes, observed());
        assert_eq!(epochs::faults(&writes), [""; 0]);
        let items = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let (came, went, balances) = (items(&["i1", "i2"]), items(&["i2"]), vec![0, 7, 4]);
        let life = Stored { items: items(&["i1"]), came, went, balances, experience: 9, level: 2 };
        let other = Stored { balances: vec![0], experience: 7, level: 3, ..Stored::default() };
        assert_eq!(stored, [("c".to_owned(), life), ("d".to_owned(), other)].into());
        assert_eq!(books.owners().await.unwrap(), [("map:a".to_owned(), 1)].into());
        run(books, WRONG).await;
        let (writes, _) = books.read().await.unwrap();
        assert_eq!(
            epochs::faults(&writes),
            [
                "write 13 for c: save 2 of epoch 1 after save 2",
                "write 14 for c: b has written, and map:a has the lock of epoch 1",
                "write 15 for c: Lock under epoch 0, though 1 was there already",
            ]
        );
    }

    #[tokio::test]
    async fn every_write_is_observed_in_sqlite() {
        let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
        what_is_written_is_read(&Books::Sqlite(pool)).await;
    }

    #[tokio::test]
    async fn every_write_is_observed_in_postgres() {
        let Some(postgres) = or_skip(Postgres::start().await) else { return };
        postgres.create_database("realm").await;
        what_is_written_is_read(&Books::postgres(&postgres.url("realm")).await.unwrap()).await;
    }
}

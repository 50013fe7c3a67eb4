//! Where SQLite and PostgreSQL differ. Every other SQL text of the store runs on both.
//!
//! SQLite has one writer at a time: a write transaction owns the whole file from its start, so what it reads cannot
//! change before it writes. PostgreSQL has as many writers as connections, at READ COMMITTED: code that checks rows and
//! then writes needs row locks, which [`lock_rows`] takes.

use sqlx::AssertSqlSafe;

use super::SqlConnection;
use super::columns::from_sql_ms;
use crate::clock::Clock;

/// The database's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// A file on this machine.
    Sqlite,
    /// A server that several sidecars share.
    Postgres,
}

/// The kinds of rows that [`lock_rows`] can lock, and their keys. A transaction that locks several kinds must do so in
/// this order, or it may deadlock with another one. Rows of `server_locks` come after the first kind and before all
/// others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rows {
    /// The one row that records when timers were last fired.
    TimerWatch,
    /// Accounts, by id.
    Accounts,
    /// Accounts, by the owner of their lock.
    AccountsOfOwner,
    /// Refresh tokens, by hash.
    RefreshTokens,
    /// Characters, by id.
    Characters,
    /// Characters, by the owner of their lock.
    CharactersOfOwner,
    /// Characters, by the map server without a link that their lock is lent to.
    CharactersLentTo,
    /// Items, by id.
    Items,
    /// Items, by owner.
    ItemsOfOwner,
    /// Gold balances, by owner.
    Gold,
}

impl Dialect {
    /// The kind of database that a connection leads to.
    pub fn of(connection: &SqlConnection) -> Self {
        match connection.backend_name() {
            "SQLite" => Self::Sqlite,
            _ => Self::Postgres,
        }
    }

    /// The statement that begins a transaction that writes.
    pub(super) fn begin_write(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// The suffix of a query that locks its one row until the transaction ends: nobody can delete it, or lock it by
    /// [`Dialect::for_update`]. Others may share the lock, and updates of columns outside the key are not held up.
    pub fn for_key_share(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR KEY SHARE",
        }
    }

    /// The suffix of a query that locks its one row for this transaction alone until it ends.
    pub fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// The statement that begins a read transaction whose queries all see the same snapshot.
    pub(super) fn begin_read(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        }
    }
}

/// Takes row locks: nobody else can change these rows until the transaction ends. A row that does not exist is not
/// locked. Rows are locked in the order of their keys, whatever the order of `keys`. On SQLite, where a write
/// transaction owns the whole file, this does nothing.
///
/// # Errors
/// When the database cannot be asked, or the transaction loses to another one (see [`retried`](super::retry::retried)).
pub async fn lock_rows(
    connection: &mut SqlConnection,
    rows: Rows,
    keys: impl IntoIterator<Item = String>,
) -> sqlx::Result<()> {
    if Dialect::of(connection) == Dialect::Sqlite {
        return Ok(());
    }
    let keys: Vec<String> = keys.into_iter().collect();
    if keys.is_empty() {
        return Ok(());
    }
    let keys = serde_json::to_string(&keys).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let (table, key, order) = match rows {
        Rows::TimerWatch => ("timer_watch", "CAST(one AS TEXT)", "CAST(one AS TEXT)"),
        Rows::Accounts => ("accounts", "id", "id"),
        Rows::AccountsOfOwner => ("accounts", "lock_owner", "id"),
        Rows::RefreshTokens => ("refresh_tokens", "token_hash", "token_hash"),
        Rows::Characters => ("characters", "id", "id"),
        Rows::CharactersOfOwner => ("characters", "lock_owner", "id"),
        Rows::CharactersLentTo => ("characters", "lent_to", "id"),
        Rows::Items => ("items", "id", "id"),
        Rows::ItemsOfOwner => ("items", "owner", "id"),
        Rows::Gold => ("gold_balances", "owner", "owner"),
    };
    // Not FOR UPDATE: rows that refer to these by a foreign key may still be inserted. Ordered by bytes, as our own
    // maps are, and not by the collation that the database is set to.
    let query = format!(
        "SELECT 1 FROM {table} WHERE {key} = ANY(ARRAY(SELECT json_array_elements_text(CAST($1 AS json)))) \
         ORDER BY {order} COLLATE \"C\" FOR NO KEY UPDATE"
    );
    sqlx::query(AssertSqlSafe(query)).bind(keys).execute(connection).await.map(|_| ())
}

/// Waits until no other transaction has locked this key, and locks it until this one ends: for what has no row yet. On SQLite, where a
/// write transaction owns the whole file, this does nothing.
///
/// # Errors
/// When the database cannot be asked.
pub async fn lock_key(connection: &mut SqlConnection, key: i64) -> sqlx::Result<()> {
    match Dialect::of(connection) {
        Dialect::Sqlite => Ok(()),
        Dialect::Postgres => sqlx::query("SELECT 1 FROM (SELECT pg_advisory_xact_lock($1)) AS locked")
            .bind(key)
            .execute(connection)
            .await
            .map(|_| ()),
    }
}

/// Lifts the limit of `DATABASE_STATEMENT_SECONDS` for the rest of a transaction that reads whole tables.
///
/// # Errors
/// When the database cannot be asked.
pub async fn unlimited_time(connection: &mut SqlConnection) -> sqlx::Result<()> {
    match Dialect::of(connection) {
        Dialect::Sqlite => Ok(()),
        Dialect::Postgres => {
            connection.unlimited();
            sqlx::query("SET LOCAL statement_timeout = 0").execute(connection).await.map(|_| ())
        }
    }
}

/// The database's own time in Unix milliseconds, which several sidecars agree on. SQLite has no clock but this
/// process's.
pub(super) async fn database_time(connection: &mut SqlConnection, clock: &Clock) -> sqlx::Result<u64> {
    match Dialect::of(connection) {
        Dialect::Sqlite => Ok(clock.now_ms()),
        Dialect::Postgres => {
            let query = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
            sqlx::query_scalar(query).fetch_one(connection).await.map(from_sql_ms)
        }
    }
}

//! Where SQLite and PostgreSQL differ. Every other SQL text of the store runs on both.
//!
//! SQLite has one writer at a time: a write transaction owns the whole file from its start, so what it reads stays so
//! until it writes. PostgreSQL has as many writers as connections, at READ COMMITTED: who checks and then writes locks
//! the rows in between with [`lock_rows`].

use sqlx::AssertSqlSafe;

use super::SqlConnection;
use crate::clock::Clock;
use crate::store::columns::from_sql_ms;

/// The database's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A file of this machine.
    Sqlite,
    /// A server that several sidecars share.
    Postgres,
}

/// Rows that [`lock_rows`] knows, and what their keys are. A transaction that locks several kinds does so in this order,
/// or it may meet another one that holds what it wants and wants what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rows {
    /// Replicas and map servers, by id.
    ServerLocks,
    /// Accounts, by id.
    Accounts,
    /// Accounts, by who holds their lock.
    AccountsOfOwner,
    /// Refresh tokens, by hash.
    RefreshTokens,
    /// Characters, by id.
    Characters,
    /// Characters, by who holds their lock.
    CharactersOfOwner,
    /// Items, by id.
    Items,
    /// Items, by who has them.
    ItemsOfOwner,
    /// Gold balances, by owner.
    Gold,
    /// The one row that says when timers were last fired.
    TimerWatch,
}

impl Dialect {
    /// The kind of database that a connection leads to.
    pub(crate) fn of(connection: &SqlConnection) -> Self {
        match connection.backend_name() {
            "SQLite" => Self::Sqlite,
            _ => Self::Postgres,
        }
    }

    /// Begins a transaction that writes.
    pub(super) fn begin_write(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// Begins a transaction whose queries all see one moment.
    pub(super) fn begin_read(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        }
    }
}

/// Keeps everybody else from changing these rows until the transaction ends, as far as they are: one that is missing is
/// not locked. Rows are locked in the order of their keys, whatever the order of `keys`.
pub(crate) async fn lock_rows(
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
        Rows::ServerLocks => ("server_locks", "id", "id"),
        Rows::Accounts => ("accounts", "id", "id"),
        Rows::AccountsOfOwner => ("accounts", "lock_owner", "id"),
        Rows::RefreshTokens => ("refresh_tokens", "token_hash", "token_hash"),
        Rows::Characters => ("characters", "id", "id"),
        Rows::CharactersOfOwner => ("characters", "lock_owner", "id"),
        Rows::Items => ("items", "id", "id"),
        Rows::ItemsOfOwner => ("items", "owner", "id"),
        Rows::Gold => ("gold_balances", "owner", "owner"),
        Rows::TimerWatch => ("timer_watch", "CAST(one AS TEXT)", "one"),
    };
    // Not FOR UPDATE: rows that refer to these by a foreign key may still be inserted.
    let query = format!(
        "SELECT 1 FROM {table} WHERE {key} = ANY(ARRAY(SELECT json_array_elements_text(CAST($1 AS json)))) \
         ORDER BY {order} FOR NO KEY UPDATE"
    );
    sqlx::query(AssertSqlSafe(query)).bind(keys).execute(connection).await.map(|_| ())
}

/// Lifts the limit of `DATABASE_STATEMENT_SECONDS` for the rest of a transaction that reads everything there is.
pub(crate) async fn unlimited_time(connection: &mut SqlConnection) -> sqlx::Result<()> {
    match Dialect::of(connection) {
        Dialect::Sqlite => Ok(()),
        Dialect::Postgres => {
            connection.unlimited();
            sqlx::query("SET LOCAL statement_timeout = 0").execute(connection).await.map(|_| ())
        }
    }
}

/// The database's own time in Unix milliseconds: what several sidecars agree on. A SQLite file has none but ours.
pub(crate) async fn database_time(connection: &mut SqlConnection, clock: &Clock) -> sqlx::Result<u64> {
    match Dialect::of(connection) {
        Dialect::Sqlite => Ok(clock.now_ms()),
        Dialect::Postgres => {
            let query = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
            sqlx::query_scalar(query).fetch_one(connection).await.map(from_sql_ms)
        }
    }
}

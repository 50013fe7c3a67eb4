//! What lasts: traits by concern, and their SQLite implementation.
//!
//! Services know the traits alone. SQL text keeps to the subset that SQLite and PostgreSQL share (`$1`, RETURNING,
//! ON CONFLICT), times are BIGINT milliseconds, ids are UUIDs as TEXT.

pub mod accounts;
pub mod characters;
pub mod ledger;
pub mod locks;
pub mod sessions;
mod sqlite;

use std::sync::Arc;

pub use accounts::AccountStore;
pub use characters::CharacterStore;
pub use ledger::LedgerStore;
pub use locks::LockStore;
pub use sessions::SessionStore;
pub use sqlite::SqliteStore;

/// The stores of one database.
#[derive(Clone)]
pub struct Store {
    /// Accounts and their credentials.
    pub accounts: Arc<dyn AccountStore>,
    /// Log-ins and refresh tokens.
    pub sessions: Arc<dyn SessionStore>,
    /// Characters, without what they own.
    pub characters: Arc<dyn CharacterStore>,
    /// Who may change a character.
    pub locks: Arc<dyn LockStore>,
    /// What characters own.
    pub ledger: Arc<dyn LedgerStore>,
    health: Arc<dyn StoreHealth>,
}

/// Whether the database answers.
#[async_trait::async_trait]
pub trait StoreHealth: Send + Sync {
    /// Asks it something trivial.
    async fn ping(&self) -> sqlx::Result<()>;
    /// Finishes what is under way and lets go of the database.
    async fn close(&self);
}

impl Store {
    /// All stores over one SQLite file.
    pub fn sqlite(sqlite: SqliteStore) -> Self {
        let sqlite = Arc::new(sqlite);
        Self {
            accounts: sqlite.clone(),
            sessions: sqlite.clone(),
            characters: sqlite.clone(),
            locks: sqlite.clone(),
            ledger: sqlite.clone(),
            health: sqlite,
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> sqlx::Result<()> {
        self.health.ping().await
    }

    /// Finishes what is under way and lets go of the database.
    pub async fn close(&self) {
        self.health.close().await;
    }
}

/// A time as the database keeps it.
pub(crate) fn to_sql_ms(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// A time from the database.
pub(crate) fn from_sql_ms(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0)
}

/// An id from the database, where every id is text that we wrote.
pub(crate) fn parse_id<T>(column: &str, text: &str) -> sqlx::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error| sqlx::Error::ColumnDecode { index: column.to_owned(), source: Box::new(error) })
}

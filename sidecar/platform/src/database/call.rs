//! A pool connection on loan for one call of the store. The time from asking for the connection to giving it back is
//! recorded under the call's name.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use tracing::Span;

use super::SqlConnection;
use crate::clock::Clock;

/// A connection whose statements each run in a transaction of their own. Used as `&mut *call`.
pub struct Lent {
    connection: SqlConnection,
    _timer: Timer,
}

/// A transaction, used as `&mut *call`. If it is dropped without [`Transaction::commit`], it changes nothing.
pub struct Transaction(Lent);

impl Lent {
    /// Waits for a connection.
    pub(super) async fn begin(
        name: &'static str,
        clock: &Clock,
        connection: impl Future<Output = sqlx::Result<SqlConnection>>,
    ) -> sqlx::Result<Self> {
        let span = tracing::debug_span!("database", call = name);
        let timer = Timer { name, clock: clock.clone(), began: clock.uptime(), _span: span };
        let waiting = Waiting::new();
        let connection = connection.await.inspect_err(|error| {
            if matches!(error, sqlx::Error::PoolTimedOut) {
                tracing::error!(
                    call = name,
                    "no free database connection: the database is unavailable, or DATABASE_POOL is too small"
                );
            }
        })?;
        drop(waiting);
        Ok(Self { connection, _timer: timer })
    }

    /// Begins a transaction with this statement.
    pub(super) async fn transaction(mut self, statement: &'static str) -> sqlx::Result<Transaction> {
        self.connection.begin(statement).await?;
        Ok(Transaction(self))
    }
}

impl Transaction {
    /// Commits the transaction.
    ///
    /// # Errors
    /// When the database cannot commit it, or does not answer: then it may have committed it.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        self.0.connection.commit().await
    }

    /// Rolls back and waits for the answer, rather than leaving the rollback to the drop of the connection.
    ///
    /// # Errors
    /// When the database does not answer; it rolls back by itself then.
    pub async fn rollback(mut self) -> sqlx::Result<()> {
        self.0.connection.rollback().await
    }
}

impl Deref for Lent {
    type Target = SqlConnection;
    fn deref(&self) -> &SqlConnection {
        &self.connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut SqlConnection {
        &mut self.connection
    }
}

impl Deref for Transaction {
    type Target = SqlConnection;
    fn deref(&self) -> &SqlConnection {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut SqlConnection {
        &mut self.0
    }
}

struct Timer {
    name: &'static str,
    clock: Clock,
    began: Duration,
    /// Its part in a trace ends with it.
    _span: Span,
}

impl Drop for Timer {
    fn drop(&mut self) {
        let took = self.clock.uptime().saturating_sub(self.began);
        metrics::histogram!("realmgate_database_seconds", "call" => self.name).record(took.as_secs_f64());
    }
}

/// Counts one call as waiting for a connection, until it is dropped.
struct Waiting;

impl Waiting {
    fn new() -> Self {
        metrics::gauge!("realmgate_database_connections", "state" => "waiting").increment(1.0);
        Self
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        metrics::gauge!("realmgate_database_connections", "state" => "waiting").decrement(1.0);
    }
}

//! A connection pool.
//!
//! sqlx's own pool waits without end for a database that has gone silent, and pings it whenever a connection is given
//! back. This pool limits every wait, and keeps a connection without a ping if everything sent on it has been answered.
//! See `docs/decisions/0011-own-connection-pool.md`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, AssertSqlSafe, ConnectOptions, Connection, Executor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use super::connection::SqlConnection;
use crate::clock::Clock;

#[cfg(test)]
mod tests;

/// How long a database may take to answer a ping or to accept a connection. If it takes longer, another connection is
/// tried, as long as there is time.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// The first pause before connecting again to a database that is starting; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// How connections are made and used.
#[derive(Debug)]
pub(super) struct PoolOptions {
    /// Where to connect to.
    pub(super) connect: AnyConnectOptions,
    /// The statements that each new connection runs first.
    pub(super) greeting: String,
    /// Maximum number of connections.
    pub(super) most: u32,
    /// How long a call waits for a connection.
    pub(super) acquire: Duration,
    /// How long a statement may take; `None` for a file, which does not fall silent.
    pub(super) statement: Option<Duration>,
    /// A connection that was idle for longer may be dead, and is pinged before it is lent.
    pub(super) trusted_idle: Duration,
}

/// The connections to one database. Clones are the same pool.
#[derive(Debug, Clone)]
pub(super) struct Pool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    options: PoolOptions,
    clock: Clock,
    places: Arc<Semaphore>,
    /// A stack: the connection given back last is lent first, so that those that are not needed grow old.
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    connection: AnyConnection,
    /// When it was given back, by the clock's uptime.
    since: Duration,
}

impl Pool {
    /// Opens a pool and makes its first connection.
    pub(super) async fn open(options: PoolOptions, clock: &Clock) -> sqlx::Result<Self> {
        let places = Arc::new(Semaphore::new(options.most as usize));
        let pool = Self(Arc::new(Shared { options, clock: clock.clone(), places, idle: Mutex::default() }));
        drop(pool.lend().await?);
        Ok(pool)
    }

    /// Waits for a connection: an idle one if there is one, else a new one if there may be more.
    pub(super) async fn lend(&self) -> sqlx::Result<SqlConnection> {
        timeout(self.0.options.acquire, self.next()).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    /// The number of connections, and how many of them are idle.
    pub(super) fn count(&self) -> (usize, usize) {
        let in_use = (self.0.options.most as usize).saturating_sub(self.0.places.available_permits());
        let idle = self.idle().len();
        (in_use + idle, idle)
    }

    /// Closes every connection, once those on loan have come back or their time is up.
    pub(super) async fn close(&self) {
        let all = self.0.places.clone().acquire_many_owned(self.0.options.most);
        let patience = self.tidy_limit();
        let _places = timeout(patience, all).await;
        self.0.places.close();
        let idle = std::mem::take(&mut *self.idle());
        let goodbyes = async {
            for idle in idle {
                // If the goodbye fails, the connection is gone all the same.
                let _ = idle.connection.close().await;
            }
        };
        // If the database is silent, the first goodbye would keep all others waiting.
        let _ = timeout(patience, goodbyes).await;
    }

    /// How long a statement may take.
    pub(super) fn statement_limit(&self) -> Option<Duration> {
        self.0.options.statement
    }

    /// How long the rollback or ping of a connection that is given back may take.
    pub(super) fn tidy_limit(&self) -> Duration {
        self.0.options.statement.unwrap_or(self.0.options.acquire)
    }

    /// Takes back a connection on which everything was answered.
    pub(super) fn keep(&self, connection: AnyConnection) {
        if !self.0.places.is_closed() {
            let since = self.0.clock.uptime();
            self.idle().push(Idle { connection, since });
        }
    }

    /// Drops all idle connections: one has fallen silent, and those that were idle meanwhile are no better.
    pub(super) fn distrust_idle(&self) {
        self.idle().clear();
    }

    async fn next(&self) -> sqlx::Result<SqlConnection> {
        let place = self.0.places.clone().acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle().pop();
        if let Some(idle) = idle
            && let Some(lent) = self.trusted(idle).await
        {
            return Ok(self.lent(lent, place));
        }
        let connection = self.connect().await?;
        Ok(self.lent(connection, place))
    }

    fn lent(&self, connection: AnyConnection, place: OwnedSemaphorePermit) -> SqlConnection {
        SqlConnection::new(connection, self.clone(), place)
    }

    /// Returns the connection if it is alive. If not, all idle ones are dropped too: they lead to the same place.
    async fn trusted(&self, idle: Idle) -> Option<AnyConnection> {
        let Idle { mut connection, since } = idle;
        if self.0.clock.uptime().saturating_sub(since) <= self.0.options.trusted_idle {
            return Some(connection);
        }
        let unanswered = Unanswered(self);
        timeout(ANSWER_WITHIN, connection.ping()).await.ok()?.ok()?;
        std::mem::forget(unanswered);
        Some(connection)
    }

    /// Makes a new connection; tries again while nobody listens yet.
    async fn connect(&self) -> sqlx::Result<AnyConnection> {
        let mut pause = FIRST_PAUSE;
        loop {
            match timeout(ANSWER_WITHIN, self.connect_once()).await {
                Ok(Err(error)) if is_starting(&error) => sleep(pause).await,
                Ok(outcome) => return outcome,
                Err(_) => {}
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    async fn connect_once(&self) -> sqlx::Result<AnyConnection> {
        let mut connection = self.0.options.connect.connect().await?;
        connection.execute(AssertSqlSafe(self.0.options.greeting.clone())).await?;
        Ok(connection)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops all idle connections when it is dropped: the ping was not answered, or not in time.
struct Unanswered<'a>(&'a Pool);

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        self.0.distrust_idle();
    }
}

/// Whether nobody listens there, or the database is starting or has no room: a later try may succeed.
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => matches!(error.code().as_deref(), Some("57P03" | "53300")),
        _ => false,
    }
}

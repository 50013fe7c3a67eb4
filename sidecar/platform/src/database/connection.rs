//! A pool connection on loan. Every statement on it has a time limit, and it goes back to the pool only if it is known
//! to be in order.

use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, Stream};
use sqlx::any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::{Any, AnyConnection, Connection, Either, Execute, Executor, SqlStr};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep, timeout};

use super::pool::Pool;

/// What is known about the state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Everything that was sent has been answered.
    InOrder,
    /// The last answer was a database error, which may have ended the connection.
    Doubtful,
    /// Something was sent, and the answer did not come, or nobody waited for it.
    Broken,
}

/// A connection to either database, on loan from its pool.
#[derive(Debug)]
pub struct SqlConnection {
    /// `Some` until the value is dropped.
    live: Option<AnyConnection>,
    state: State,
    /// Whether it leads to a database that takes no writes. It stays so, whatever is answered next.
    takes_no_writes: bool,
    in_transaction: bool,
    limit: Option<Duration>,
    pool: Pool,
    place: Option<OwnedSemaphorePermit>,
}

impl SqlConnection {
    pub(super) fn new(live: AnyConnection, pool: Pool, place: OwnedSemaphorePermit) -> Self {
        let limit = pool.statement_limit();
        Self {
            live: Some(live),
            state: State::InOrder,
            takes_no_writes: false,
            in_transaction: false,
            limit,
            pool,
            place: Some(place),
        }
    }

    /// The database's name in sqlx.
    pub(super) fn backend_name(&self) -> &str {
        self.live.as_ref().expect(LENT).backend_name()
    }

    /// Lifts the time limit of statements until the connection is given back.
    pub(super) fn unlimited(&mut self) {
        self.limit = None;
    }

    /// Begins a transaction with this statement.
    pub(super) async fn begin(&mut self, statement: &'static str) -> sqlx::Result<()> {
        // Set first, so that it is rolled back even if the answer is an error.
        self.in_transaction = true;
        self.execute(statement).await.map(|_| ())
    }

    /// Commits the transaction.
    pub(super) async fn commit(&mut self) -> sqlx::Result<()> {
        self.execute("COMMIT").await?;
        self.in_transaction = false;
        Ok(())
    }

    /// Rolls back everything since [`SqlConnection::begin`].
    pub(super) async fn rollback(&mut self) -> sqlx::Result<()> {
        self.execute("ROLLBACK").await?;
        self.in_transaction = false;
        Ok(())
    }

    fn say(&mut self) -> Saying<'_> {
        // Until the answer is there. A caller that stops waiting leaves it so.
        self.state = State::Broken;
        Saying {
            live: self.live.as_mut(),
            state: &mut self.state,
            takes_no_writes: &mut self.takes_no_writes,
            limit: self.limit,
            pool: &self.pool,
        }
    }

    /// Closes this connection when it is given back, and all idle ones: after a failover they lead to a server that takes no writes.
    pub(super) fn condemn(&mut self) {
        self.takes_no_writes = true;
        self.pool.distrust_idle();
    }
}

/// What PostgreSQL answers to a write where it takes none, as a standby does, or a server that was demoted.
const READ_ONLY: &str = "25006";
const LENT: &str = "a connection is there until it is dropped";

/// A statement whose answer is awaited.
struct Saying<'c> {
    live: Option<&'c mut AnyConnection>,
    state: &'c mut State,
    takes_no_writes: &'c mut bool,
    limit: Option<Duration>,
    pool: &'c Pool,
}

impl<'c> Saying<'c> {
    fn live(&mut self) -> &'c mut AnyConnection {
        self.live.take().expect(LENT)
    }

    /// Updates the connection's state from an answer.
    fn heard<T>(&mut self, outcome: sqlx::Result<T>) -> sqlx::Result<T> {
        match &outcome {
            Ok(_) => *self.state = State::InOrder,
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(READ_ONLY) => {
                *self.takes_no_writes = true;
                self.pool.distrust_idle();
            }
            // The statement or its answer was not as expected; the connection itself may be fine.
            Err(
                sqlx::Error::RowNotFound
                | sqlx::Error::TypeNotFound { .. }
                | sqlx::Error::ColumnIndexOutOfBounds { .. }
                | sqlx::Error::ColumnNotFound(_)
                | sqlx::Error::ColumnDecode { .. }
                | sqlx::Error::Encode(_)
                | sqlx::Error::Decode(_)
                | sqlx::Error::Database(_),
            ) => *self.state = State::Doubtful,
            Err(error) if is_late(error) => self.pool.distrust_idle(),
            Err(_) => {}
        }
        outcome
    }
}

impl<'c> Executor<'c> for &'c mut SqlConnection {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<AnyQueryResult, AnyRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let mut saying = self.say();
        let rows = saying.live().fetch_many(query);
        Box::pin(Rows { rows, late: None, saying })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<AnyRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let mut saying = self.say();
        let row = saying.live().fetch_optional(query);
        Box::pin(async move {
            let outcome = in_time(saying.limit, row).await;
            saying.heard(outcome)
        })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [AnyTypeInfo]) -> BoxFuture<'e, sqlx::Result<AnyStatement>>
    where
        'c: 'e,
    {
        let mut saying = self.say();
        let statement = saying.live().prepare_with(sql, parameters);
        Box::pin(async move {
            let outcome = in_time(saying.limit, statement).await;
            saying.heard(outcome)
        })
    }
}

/// The rows of an answer, up to its end.
struct Rows<'c> {
    rows: BoxStream<'c, sqlx::Result<Either<AnyQueryResult, AnyRow>>>,
    /// The time limit, which runs from the first time that rows had to be waited for.
    late: Option<Pin<Box<Sleep>>>,
    saying: Saying<'c>,
}

impl Stream for Rows<'_> {
    type Item = sqlx::Result<Either<AnyQueryResult, AnyRow>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { rows, late, saying } = self.get_mut();
        match rows.as_mut().poll_next(context) {
            Poll::Ready(Some(Ok(row))) => return Poll::Ready(Some(Ok(row))),
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(saying.heard(Err(error)))),
            Poll::Ready(None) => {
                // After an error, the end of the stream adds nothing.
                if *saying.state == State::Broken {
                    *saying.state = State::InOrder;
                }
                return Poll::Ready(None);
            }
            Poll::Pending => {}
        }
        let Some(limit) = saying.limit else { return Poll::Pending };
        let late = late.get_or_insert_with(|| Box::pin(sleep(limit)));
        late.as_mut().poll(context).map(|()| Some(saying.heard(Err(too_late()))))
    }
}

/// Waits for an answer, within the time limit if there is one.
async fn in_time<T>(limit: Option<Duration>, answer: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    match limit {
        None => answer.await,
        Some(limit) => timeout(limit, answer).await.unwrap_or_else(|_| Err(too_late())),
    }
}

fn too_late() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(ErrorKind::TimedOut, "the database did not answer in time"))
}

fn is_late(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(error) if error.kind() == ErrorKind::TimedOut)
}

/// Gives the connection back to the pool: at once if it is in order, after a rollback or a ping if that is needed, and
/// never if it is broken.
impl Drop for SqlConnection {
    fn drop(&mut self) {
        let Some(live) = self.live.take() else { return };
        match (self.state, self.in_transaction) {
            _ if self.takes_no_writes => drop(live),
            // Closing it ends its statement; the database rolls back what was not committed.
            (State::Broken, _) => drop(live),
            (State::InOrder, false) => self.pool.keep(live),
            (State::InOrder, true) | (State::Doubtful, _) => {
                // Without a runtime, nobody is left to use the connection.
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    let tidy = tidied(live, self.in_transaction, self.pool.clone(), self.place.take());
                    runtime.spawn(tidy);
                }
            }
        }
    }
}

/// Rolls back or pings, and gives the connection back to the pool if that succeeds. It keeps its place in the pool
/// until then.
async fn tidied(mut live: AnyConnection, in_transaction: bool, pool: Pool, _place: Option<OwnedSemaphorePermit>) {
    let question = async {
        match in_transaction {
            true => live.execute("ROLLBACK").await.map(|_| ()),
            false => live.ping().await,
        }
    };
    if let Ok(Ok(())) = timeout(pool.tidy_limit(), question).await {
        pool.keep(live);
    }
}

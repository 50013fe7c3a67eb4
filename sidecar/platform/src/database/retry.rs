//! Transactions that may be tried again.

/// How often a transaction is retried before its error is returned.
const MOST: u32 = 5;

/// Awaits a future that is a whole transaction. If it lost to another transaction, evaluates the expression again and
/// awaits that. A macro, since a future that has to be `Send` may not await an asynchronous closure that borrows.
///
/// ```ignore
/// retried!("enter", async {
///     let mut transaction = self.0.begin_write("enter").await?;
///     // ...
///     transaction.commit().await
/// })
/// ```
#[macro_export]
macro_rules! retried {
    ($call:expr, $transaction:expr) => {{
        let mut tries = $crate::database::retry::Tries::of($call);
        loop {
            match $transaction.await {
                Err(error) if tries.again(&error) => {}
                outcome => break outcome,
            }
        }
    }};
}
pub use crate::retried;

/// Counts the retries of a transaction.
pub struct Tries {
    call: &'static str,
    again: u32,
}

impl Tries {
    /// No retries yet. `call` names the transaction in logs and metrics.
    pub fn of(call: &'static str) -> Self {
        Self { call, again: 0 }
    }

    /// Whether the whole transaction is worth another try: it changed nothing, because it lost to another one.
    pub fn again(&mut self, error: &sqlx::Error) -> bool {
        if !lost_to_another(error) || self.again == MOST {
            return false;
        }
        self.again += 1;
        metrics::counter!("realmgate_database_retries_total", "call" => self.call).increment(1);
        tracing::debug!(call = self.call, again = self.again, %error, "retrying a transaction");
        true
    }
}

/// Whether this is a serialization failure or a deadlock. SQLite, with its one writer, knows neither.
fn lost_to_another(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("40001" | "40P01"))
}

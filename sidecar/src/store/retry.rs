//! Transactions that may be tried again.

/// How often a transaction is begun anew before its error is told.
const MOST: u32 = 5;

/// Counts how often a transaction was tried.
///
/// ```ignore
/// let mut tries = Tries::of("commit_events");
/// loop {
///     match self.commit_once(events).await {
///         Err(error) if tries.again(&error) => {}
///         outcome => return outcome,
///     }
/// }
/// ```
pub(crate) struct Tries {
    call: &'static str,
    again: u32,
}

impl Tries {
    /// None yet.
    pub(crate) fn of(call: &'static str) -> Self {
        Self { call, again: 0 }
    }

    /// Whether the whole transaction is worth another try: it changed nothing, because another one was in its way.
    pub(crate) fn again(&mut self, error: &sqlx::Error) -> bool {
        if !lost_to_another(error) || self.again == MOST {
            return false;
        }
        self.again += 1;
        metrics::counter!("realmgate_database_retries_total", "call" => self.call).increment(1);
        tracing::debug!(call = self.call, again = self.again, %error, "a transaction is tried again");
        true
    }
}

/// Serialization failure and deadlock. SQLite, with its one writer, knows neither.
fn lost_to_another(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("40001" | "40P01"))
}

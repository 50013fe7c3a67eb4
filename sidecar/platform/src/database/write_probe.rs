//! Whether the database has room for writes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::SqlStore;
use super::columns::to_sql_ms;

/// How long what a probe has found is believed.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// What the last probe has found.
#[derive(Clone, Default)]
pub(super) struct WriteProbe(Arc<Found>);

#[derive(Default)]
struct Found {
    begun_at: Mutex<Option<Duration>>,
    refused: AtomicBool,
}

impl WriteProbe {
    /// Begins another probe if the last one is old, in the background: anybody may ask for readiness, and a SQLite file has one writer, for
    /// which a probe may have to wait. Returns whether the last one that has ended was refused.
    pub(super) fn is_refused(&self, store: &SqlStore) -> bool {
        if self.begins(store.uptime()) {
            let (store, found) = (store.clone(), self.0.clone());
            tokio::spawn(async move { found.note(write(&store).await) });
        }
        self.0.refused.load(Ordering::Relaxed)
    }

    fn begins(&self, now: Duration) -> bool {
        let mut begun_at = self.0.begun_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = begun_at.is_none_or(|begun_at| now.saturating_sub(begun_at) >= PROBE_EVERY);
        if is_due {
            *begun_at = Some(now);
        }
        is_due
    }
}

impl Found {
    fn note(&self, written: sqlx::Result<()>) {
        let refused = match &written {
            Ok(()) => false,
            Err(error) if has_no_room(error) => true,
            // Others are found by the query that readiness makes itself, or pass.
            Err(_) => return,
        };
        if self.refused.swap(refused, Ordering::Relaxed) != refused {
            match written {
                Err(error) => tracing::error!(%error, "the database refuses writes"),
                Ok(()) => tracing::info!("the database accepts writes again"),
            }
        }
    }
}

/// Whether the database has refused a write for want of room, or since its disk fails.
fn has_no_room(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    match error.code().as_deref() {
        // PostgreSQL: disk_full, out_of_memory, io_error.
        Some("53100" | "53200" | "58030") => true,
        // SQLite: whatever is not SQLITE_BUSY, SQLITE_LOCKED or SQLITE_INTERRUPT. PostgreSQL's codes have five characters.
        Some(code) if code.len() < 5 => code.parse::<u32>().is_ok_and(|code| !matches!(code & 0xff, 5 | 6 | 9)),
        _ => false,
    }
}

async fn write(store: &SqlStore) -> sqlx::Result<()> {
    let mut db = store.write("write_probe").await?;
    let at_ms = to_sql_ms(store.now_ms());
    sqlx::query("UPDATE write_probe SET at_ms = $1").bind(at_ms).execute(&mut *db).await.map(|_| ())
}

//! What characters own: items and gold. Only events change it, and each event writes ledger lines that show where
//! everything went.

mod audit;
mod entries;
mod holdings;
mod plan;
mod sql;
mod sweep;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use async_trait::async_trait;
use realmgate_protocol::ids::ServerId;
use realmgate_protocol::link::{EventOutcome, Fence, OwnedEvent};

pub use audit::AuditReport;

/// The outcome of a batch of events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchOutcome {
    /// One outcome for each event, in order.
    pub outcomes: Vec<EventOutcome>,
    /// The fences that were stale: the sender of the batch does not own these characters any more.
    pub stale: Vec<Fence>,
}

/// What was swept from the ground of a map server that was restarted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Number of items that were destroyed.
    pub items: u64,
    /// Amount of gold that went back to the world.
    pub gold: u64,
}

/// The ledger of ownership events. The sidecar knows no game rule: it only checks that the giver has what is given.
#[async_trait]
pub trait LedgerStore: Send + Sync {
    /// Commits a batch in one transaction. A refused event changes nothing and does not hold up the others; an event
    /// whose idempotency key is known is answered as done. When this returns, the outcomes are durable.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries.
    async fn commit(&self, server: &ServerId, events: &[OwnedEvent], now_ms: u64) -> sqlx::Result<BatchOutcome>;

    /// Destroys what lies on the ground of a map server whose process is gone, and gives its gold back to the world.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries.
    async fn sweep_ground(&self, server: &ServerId, now_ms: u64) -> sqlx::Result<Swept>;

    /// Audits the ledgers: each item must be in one place with ledger lines that lead there, and gold must sum to zero.
    ///
    /// # Errors
    /// When the database cannot be asked.
    async fn audit(&self) -> sqlx::Result<AuditReport>;

    /// Totals for metrics, by name.
    ///
    /// # Errors
    /// When the database cannot be asked.
    async fn totals(&self) -> sqlx::Result<BTreeMap<&'static str, i64>>;
}

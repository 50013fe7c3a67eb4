//! What characters own: items and gold, changed only by events, each with lines that show where everything went.

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

/// What became of a batch of events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchOutcome {
    /// One for each event, in order.
    pub outcomes: Vec<EventOutcome>,
    /// The fences that were stale: who sent the batch does not own these characters any more.
    pub stale: Vec<Fence>,
}

/// What was on the ground of a map server that started anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Items that ceased to be.
    pub items: u64,
    /// Gold that went back to the world.
    pub gold: u64,
}

/// Events of what is owned. The sidecar knows no game rule: it checks that who gives has what is given.
#[async_trait]
pub trait LedgerStore: Send + Sync {
    /// Commits a batch in one transaction. An event that is refused changes nothing and does not hold up the others; one
    /// whose key is known is answered as done. When this returns, the outcomes are durable.
    async fn commit(&self, server: &ServerId, events: &[OwnedEvent], now_ms: u64) -> sqlx::Result<BatchOutcome>;

    /// Destroys what lies on the ground of a map server whose process is gone, and gives its gold back to the world.
    async fn sweep_ground(&self, server: &ServerId, now_ms: u64) -> sqlx::Result<Swept>;

    /// Adds everything up: each item is in one place and its ledger lines lead there, gold sums to zero.
    async fn audit(&self) -> sqlx::Result<AuditReport>;

    /// How much there is, for metrics: by figure.
    async fn totals(&self) -> sqlx::Result<BTreeMap<&'static str, i64>>;
}

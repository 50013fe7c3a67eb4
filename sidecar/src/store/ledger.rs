//! What characters own: items and gold. Only events change it, and each event writes ledger lines that show where
//! everything went.

mod audit;
mod deeds;
mod entries;
mod history;
mod holdings;
mod owner;
mod plan;
mod sql;
mod sweep;
#[cfg(test)]
mod tests;

use realmgate_protocol::link::{EventOutcome, Fence};

pub use audit::AuditReport;
pub use history::{GoldStep, ItemStep};
pub(super) use owner::LedgerOwner;
pub use sql::LedgerStore;

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

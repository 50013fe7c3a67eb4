//! A map server opens its link: as a new process, or as one that was away.

use realmgate_protocol::ids::ServerId;
use realmgate_protocol::link::LeaveReason;

use super::settle_session;
use crate::error::Error;
use crate::lock::LockOwner;
use crate::social;
use crate::state::AppState;

/// A new process: what the old one held in its memory is gone. Its locks are fenced, and what lay on its ground goes by
/// the book.
pub(crate) async fn server_started(state: &AppState, server: &ServerId) -> Result<(), Error> {
    let now_ms = state.clock.now_ms();
    let freed = state.store.locks.fence_all(&LockOwner::Map(server.clone()), now_ms).await?;
    let swept = state.store.ledger.sweep_ground(server, now_ms).await?;
    if !freed.is_empty() || swept != Default::default() {
        tracing::info!(%server, locks = freed.len(), items = swept.items, gold = swept.gold, "swept after a restart");
    }
    for (character, account) in freed {
        social::left(state, character, LeaveReason::ServerClosing);
        state.link.departures.departed(character);
        settle_session(state, account).await?;
    }
    Ok(())
}

/// The same process was away: its locks are as it left them. Whoever plays there is in the world, even if it is we who
/// have started anew.
pub(crate) async fn server_returned(state: &AppState, server: &ServerId) -> Result<(), Error> {
    for found in state.store.locks.held_by(&LockOwner::Map(server.clone())).await? {
        social::arrived(state, &found, server);
    }
    Ok(())
}

//! A character leaves the world, or never arrived.

use realmgate_protocol::ids::{CharacterId, LockEpoch};
use realmgate_protocol::link::{LeaveReason, Save, ToMap};

use super::after;
use super::session_entry::settle_session;
use crate::error::Error;
use crate::link::Link;
use crate::lock::{CharacterLock, LockOwner, LockStep};
use crate::replicas::News;
use crate::social;
use crate::state::AppState;

/// The map server has let a character go: its last save and its free lock are one write.
pub(crate) async fn released(state: &AppState, link: &Link, save: &Save, reason: LeaveReason) -> Result<(), Error> {
    give_seat_back(state, link, save.character).await;
    let step = LockStep::Released { server: link.server.clone() };
    let freed = state
        .store
        .locks
        .save_and_step(&link.server, save, &step, state.db_time.now_ms(), &state.config.timers)
        .await?;
    let settled = ToMap::Settled { character: save.character, epoch: save.epoch };
    if freed.is_none() {
        // The server drops the character anyway; this tells its log that the last save came too late.
        let _ = link.send(ToMap::Fenced { character: save.character, epoch: save.epoch });
        let _ = link.send(settled);
        tell_departed(state, save.character).await;
        return Ok(());
    }
    metrics::counter!("realmgate_departures_total", "reason" => reason.name()).increment(1);
    let _ = link.send(settled);
    departed(state, save.character, reason).await
}

/// Handles a character that is not on the map server which owns its lock, with nothing to save: it never came, or its
/// channel failed. `figure` is its reason in the metrics.
pub(crate) async fn dropped(
    state: &AppState,
    link: &Link,
    character: CharacterId,
    epoch: LockEpoch,
    reason: LeaveReason,
    figure: &'static str,
) -> Result<(), Error> {
    give_seat_back(state, link, character).await;
    let lock = CharacterLock { owner: LockOwner::Map(link.server.clone()), epoch, deadline_ms: None };
    let step = LockStep::Released { server: link.server.clone() };
    let free = after(state, &lock, &step).map_err(Error::internal)?;
    if !state.store.locks.change(character, &lock, &free, state.db_time.now_ms()).await? {
        // Freed already. A caller that waits looks at the lock again.
        tell_departed(state, character).await;
        return Ok(());
    }
    metrics::counter!("realmgate_departures_total", "reason" => figure).increment(1);
    departed(state, character, reason).await
}

/// Releases the seat of a character that was on its way.
pub(super) async fn give_seat_back(state: &AppState, link: &Link, character: CharacterId) {
    let Some(ticket) = link.take_ticket(character) else { return };
    if let Err(error) = state.registry.release_seat(&link.server, ticket).await {
        // It expires by itself.
        tracing::debug!(%error, "a seat could not be given back");
    }
}

async fn departed(state: &AppState, character: CharacterId, reason: LeaveReason) -> Result<(), Error> {
    social::left(state, character, reason);
    tell_departed(state, character).await;
    let Some(found) = state.store.locks.find(character).await? else { return Ok(()) };
    settle_session(state, found.account).await
}

/// Wakes all who wait for the character's lock, here and at other sidecars.
pub(super) async fn tell_departed(state: &AppState, character: CharacterId) {
    state.link.departures.departed(character);
    state.replicas.tell_all(News::Departed { character }).await;
}

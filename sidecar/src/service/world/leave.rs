//! A character leaves the world, or never came.

use realmgate_protocol::ids::{AccountId, CharacterId, LockEpoch};
use realmgate_protocol::link::{LeaveReason, Save, ToMap};

use crate::error::Error;
use crate::link::Link;
use crate::lock::{CharacterLock, LockOwner, LockStep};
use crate::social;
use crate::state::AppState;

/// The map server has let a character go: its last save and its free lock are one write.
pub(crate) async fn released(state: &AppState, link: &Link, save: &Save, reason: LeaveReason) -> Result<(), Error> {
    let step = LockStep::Released { server: link.server.clone() };
    let freed = state.store.locks.save_and_step(&link.server, save, &step, state.clock.now_ms()).await?;
    let settled = ToMap::Settled { character: save.character, epoch: save.epoch };
    if freed.is_none() {
        // It drops the character anyway; this tells its log that the last save came too late.
        let _ = link.send(ToMap::Fenced { character: save.character, epoch: save.epoch });
        let _ = link.send(settled);
        state.link.departures.departed(save.character);
        return Ok(());
    }
    metrics::counter!("realmgate_departures_total", "reason" => reason.name()).increment(1);
    let _ = link.send(settled);
    departed(state, save.character, reason).await
}

/// A character is not on a map server that owns its lock, and there is nothing to save: it never came, or its channel
/// failed. `figure` is what the metrics call it.
pub(crate) async fn dropped(
    state: &AppState,
    link: &Link,
    character: CharacterId,
    epoch: LockEpoch,
    reason: LeaveReason,
    figure: &'static str,
) -> Result<(), Error> {
    let lock = CharacterLock { owner: LockOwner::Map(link.server.clone()), epoch };
    let step = LockStep::Released { server: link.server.clone() };
    let free = lock.after(&step).map_err(Error::internal)?;
    if !state.store.locks.change(character, &lock, &free, state.clock.now_ms()).await? {
        // Freed already. Who waits looks at the lock again.
        state.link.departures.departed(character);
        return Ok(());
    }
    metrics::counter!("realmgate_departures_total", "reason" => figure).increment(1);
    departed(state, character, reason).await
}

async fn departed(state: &AppState, character: CharacterId, reason: LeaveReason) -> Result<(), Error> {
    social::left(state, character, reason);
    state.link.departures.departed(character);
    let Some(found) = state.store.locks.find(character).await? else { return Ok(()) };
    if reason == LeaveReason::Logout {
        state.link.sessions.remove(&found.account.to_string());
        return Ok(());
    }
    settle_session(state, found.account).await
}

/// Ends the session entry of an account that has neither a socket nor a character lock any more.
pub(crate) async fn settle_session(state: &AppState, account: AccountId) -> Result<(), Error> {
    let user = account.to_string();
    if state.link.sockets.has(account) || state.link.sessions.get(&user).is_none() {
        return Ok(());
    }
    if state.store.locks.held_by_account(account).await?.is_empty() {
        state.link.sessions.remove(&user);
    }
    Ok(())
}

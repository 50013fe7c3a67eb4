//! Fires the timers that are due by the database's time. Any replica does it, whichever set them.

use realmgate_protocol::ids::AccountId;
use realmgate_protocol::link::{LeaveReason, ToMap};

use super::{replica, servers, settle_session};
use crate::error::Error;
use crate::link::reach;
use crate::lock::timers::is_due;
use crate::lock::{AccountLock, AccountOwner, AccountStep, LockStep, ServerKey};
use crate::replicas::News;
use crate::social;
use crate::state::AppState;
use crate::store::locks::{CharacterTimer, KnownServer, LockedCharacter};

/// Fires everything that is due now.
pub(super) async fn sweep(state: &AppState) -> Result<(), Error> {
    let now_ms = state.store.now_ms().await?;
    state.db_time.set(now_ms);
    if state.store.deadlines.watch(now_ms, &state.config.timers).await? {
        metrics::counter!("realmgate_outages_total").increment(1);
        tracing::warn!(grace = ?state.config.timers.outage_grace, "nobody fired timers for a while: owners have a grace to come back");
        return Ok(());
    }
    let due = state.store.deadlines.due(now_ms).await?;
    for (account, lock) in due.accounts {
        expire_account(state, account, &lock, now_ms).await?;
    }
    for (found, timer) in due.characters {
        expire(state, &found, timer, now_ms).await?;
    }
    for known in due.servers {
        expire_server(state, &known).await?;
    }
    Ok(())
}

async fn expire_account(state: &AppState, account: AccountId, lock: &AccountLock, now_ms: u64) -> Result<(), Error> {
    let (step, timer) = match &lock.owner {
        AccountOwner::Gateway(_) if is_due(lock.deadline_ms, now_ms) => (AccountStep::Expired, "replica_reclaim"),
        AccountOwner::Gateway(_) => (AccountStep::WaitExpired, "log_in"),
        AccountOwner::None | AccountOwner::LogIn => (AccountStep::Expired, "log_in"),
    };
    let Ok(next) = lock.after(&step, now_ms, &state.config.timers) else { return Ok(()) };
    if state.store.deadlines.expire_account(account, lock, &next).await? {
        fired(timer);
        settle_session(state, account).await?;
    }
    Ok(())
}

async fn expire(state: &AppState, found: &LockedCharacter, timer: CharacterTimer, now_ms: u64) -> Result<(), Error> {
    let Ok(free) = found.lock.after(&LockStep::Expired, now_ms, &state.config.timers) else { return Ok(()) };
    let character = found.character;
    if !state.store.deadlines.expire(character, &found.lock, &free, now_ms).await? {
        return Ok(());
    }
    fired(timer.name());
    tracing::info!(%character, timer = timer.name(), owner = %found.lock.owner, epoch = %found.lock.epoch, "a lock's time has run out");
    if let Some(server) = found.lock.owner.map_server() {
        reach::tell_soon(state, server, ToMap::Fenced { character, epoch: found.lock.epoch });
    }
    social::left(state, character, LeaveReason::ConnectionLost);
    state.link.departures.departed(character);
    state.replicas.tell_all(News::Departed { character }).await;
    settle_session(state, found.account).await
}

async fn expire_server(state: &AppState, known: &KnownServer) -> Result<(), Error> {
    let now_ms = state.db_time.now_ms();
    let Some(held) = state.store.server_locks.retire_server(&known.key, &known.lock, now_ms).await? else {
        return Ok(());
    };
    match &known.key {
        ServerKey::Map(server) => {
            fired("map_reconnect");
            tracing::warn!(%server, "a map server did not come back: what it held is released");
            servers::retired(state, server, held).await
        }
        ServerKey::Replica(id) => {
            fired("replica_reconnect");
            tracing::warn!(replica = id, "a sidecar did not come back: what it held is released");
            replica::retired(state, id, held).await
        }
    }
}

fn fired(timer: &'static str) {
    metrics::counter!("realmgate_timers_fired_total", "timer" => timer).increment(1);
}

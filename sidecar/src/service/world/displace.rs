//! Getting a character out of where it is: by asking its map server, and if that does not answer, by a newer epoch.

use realmgate_protocol::ids::{AccountId, CharacterId, LockEpoch, ServerId};
use realmgate_protocol::link::{LeaveReason, ToMap};
use uuid::Uuid;

use super::account::logged_out;
use super::{after, session_entry};
use crate::error::{Error, ErrorCode};
use crate::link::reach;
use crate::lock::{LockOwner, LockStep};
use crate::replicas::News;
use crate::state::AppState;
use crate::store::locks::LockedCharacter;

/// How often somebody else may be faster before we give up.
const TRIES: usize = 4;

/// Makes way for a newer log-in: afterwards the character's lock is free.
pub(super) async fn displace(state: &AppState, character: CharacterId) -> Result<(), Error> {
    put_out(state, character, LeaveReason::Replaced).await
}

/// Takes the account's player out of the world: saves, waits for the acknowledgement, frees the locks, removes the
/// session entry. A log-in that ends while another one of the account is in the world leaves that one alone.
pub async fn log_out(state: &AppState, account: AccountId, log_in: Uuid) -> Result<(), Error> {
    state.link.sockets.close_log_in(account, log_in);
    state.replicas.tell_all(News::SessionEnded { session: log_in }).await;
    let entered_by = session_entry::entered_by(state, account).await?;
    if entered_by.is_some_and(|other| other != log_in.to_string()) {
        return Ok(());
    }
    leave_world(state, account).await
}

/// Takes the account's player out of the world, whoever brought it in.
pub(crate) async fn leave_world(state: &AppState, account: AccountId) -> Result<(), Error> {
    let _alone = state.link.gates.pass(account).await;
    for held in state.store.locks.held_by_account(account).await? {
        put_out(state, held.character, LeaveReason::Logout).await?;
    }
    session_entry::logged_out(state, account).await;
    logged_out(state, account).await
}

/// Frees a lock, in peace if possible.
async fn put_out(state: &AppState, character: CharacterId, reason: LeaveReason) -> Result<(), Error> {
    for _ in 0..TRIES {
        let Some(found) = state.store.locks.find(character).await? else { return Ok(()) };
        match &found.lock.owner {
            LockOwner::None => return Ok(()),
            LockOwner::Gateway(_) => {}
            LockOwner::Map(server) => {
                if kick(state, server, character, found.lock.epoch, reason).await {
                    continue;
                }
            }
        }
        if fence(state, &found, reason).await? {
            return Ok(());
        }
    }
    Err(ErrorCode::AlreadyOnline.into())
}

/// Asks the map server for the character; whether it let it go in time.
async fn kick(
    state: &AppState,
    server: &ServerId,
    character: CharacterId,
    epoch: LockEpoch,
    reason: LeaveReason,
) -> bool {
    let departure = state.link.departures.next(character);
    if reach::tell(state, server, ToMap::Kick { character, epoch, reason }).await.is_err() {
        return false;
    }
    // Of a link that is here we know when it ends.
    let gone = async {
        match state.link.links.get(server) {
            Some(link) => link.closed.cancelled().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        departed = tokio::time::timeout(state.config.timers.handover_wait, departure) => departed.is_ok(),
        () = gone => false,
    }
}

/// Asks for an older player to be let go, without waiting: the next to ask finds the lock free.
pub(super) fn ask_to_leave(state: &AppState, older: &LockedCharacter) {
    if let Some(server) = older.lock.owner.map_server() {
        let (character, epoch) = (older.character, older.lock.epoch);
        reach::tell_soon(state, server, ToMap::Kick { character, epoch, reason: LeaveReason::Replaced });
    }
}

/// Takes the lock away: whatever its owner still writes is refused from now on.
async fn fence(state: &AppState, found: &LockedCharacter, reason: LeaveReason) -> Result<bool, Error> {
    let Ok(free) = after(state, &found.lock, &LockStep::Fenced) else { return Ok(true) };
    let fenced = state.store.locks.change(found.character, &found.lock, &free, state.db_time.now_ms()).await?;
    if fenced {
        crate::social::left(state, found.character, reason);
        metrics::counter!("realmgate_locks_fenced_total", "owner" => found.lock.owner.kind()).increment(1);
        tracing::warn!(character = %found.character, owner = %found.lock.owner, epoch = %found.lock.epoch, "lock fenced");
        if let Some(server) = found.lock.owner.map_server() {
            let message = ToMap::Fenced { character: found.character, epoch: found.lock.epoch };
            reach::tell_soon(state, server, message);
        }
    }
    Ok(fenced)
}

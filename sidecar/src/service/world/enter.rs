//! A player enters the world.

use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId};
use realmgate_protocol::link::TravelGrant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use super::account::hold;
use super::admission::{Admission, admit, call_off};
use super::choice::{Target, Wish, choose, give_seat_back};
use super::displace::{ask_to_leave, displace};
use super::tickets::ticket_id;
use super::{after, session_entry, settle_session};
use crate::config::DuplicateLogin;
use crate::error::{Error, ErrorCode};
use crate::lock::{CharacterLock, LockStep};
use crate::service::characters::first_map;
use crate::state::AppState;
use crate::store::locks::{Entering, LockedCharacter};

/// Who wants in.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The account.
    pub account: AccountId,
    /// Its log-in.
    pub log_in: Uuid,
    /// With which character.
    pub character: CharacterId,
    /// Into which channel; `None` for the least loaded.
    pub channel: Option<ChannelId>,
    /// The character that the same socket brought in before: taking its place is no second log-in.
    pub own: Option<CharacterId>,
    /// What this request is called in logs, here and on the map server.
    pub trace: String,
    /// Cancelled when the player does not want in any more: the locks are let go.
    pub cancel: CancellationToken,
}

/// Brings a character into the world: the answer holds where its player is to connect, and the ticket.
pub async fn enter(state: &AppState, entry: &Entry) -> Result<TravelGrant, Error> {
    let span = tracing::error_span!("enter_world", trace = entry.trace);
    let result = enter_alone(state, entry).instrument(span).await;
    let outcome = match &result {
        Ok(_) => "ok",
        Err(error) => error.code.as_str(),
    };
    metrics::counter!("realmgate_enter_world_total", "result" => outcome).increment(1);
    result
}

async fn enter_alone(state: &AppState, entry: &Entry) -> Result<TravelGrant, Error> {
    let _alone = state.link.gates.pass(entry.account).await;
    let found = state.store.locks.find(entry.character).await?.ok_or(ErrorCode::CharacterNotFound)?;
    if found.account != entry.account {
        return Err(Error::new(ErrorCode::Forbidden, "You do not own this character"));
    }
    if entry.cancel.is_cancelled() {
        // It waited for its turn too long: nobody is disturbed for a player who has gone.
        return Err(Error::new(ErrorCode::BadMessage, "Called off"));
    }
    hold(state, entry.account, entry.log_in).await?;
    let held = state.store.locks.held_by_account(entry.account).await?;
    if state.config.gateway.duplicate_login == DuplicateLogin::Reject
        && let Some(older) = held.iter().find(|other| is_elsewhere(other, entry))
    {
        ask_to_leave(state, older);
        return Err(ErrorCode::AlreadyOnline.into());
    }
    let leaving = held.iter().find_map(|other| other.lock.owner.map_server());
    let map = match found.map {
        Some(map) => map,
        None => first_map(state).await?,
    };
    let target = choose(state, Wish { map, channel: entry.channel, leaving, ticket: ticket_id()? }).await?;
    let lock = match make_way(state, entry, &held).await {
        Ok(lock) => lock,
        Err(error) => {
            give_seat_back(state, &target).await;
            return Err(error);
        }
    };
    match admit(state, &target, entry.character, &lock, &entry.trace, &entry.cancel).await {
        Ok(admission) => finish(state, entry, &target, admission).await,
        Err(error) => {
            give_up(state, entry, &lock, &LockStep::Abandoned).await?;
            Err(error)
        }
    }
}

/// Whether a character of the account that is held is in a world, or on its way to one, and not by this socket.
fn is_elsewhere(other: &LockedCharacter, entry: &Entry) -> bool {
    entry.own != Some(other.character)
}

/// Gets what the account holds elsewhere out of its worlds, and takes the character's lock.
async fn make_way(state: &AppState, entry: &Entry, held: &[LockedCharacter]) -> Result<CharacterLock, Error> {
    for other in held {
        displace(state, other.character).await?;
    }
    take(state, entry).await
}

/// Takes the free lock of the character for this gateway, which must hold the account's lock for this log-in.
async fn take(state: &AppState, entry: &Entry) -> Result<CharacterLock, Error> {
    let found = state.store.locks.find(entry.character).await?.ok_or(ErrorCode::CharacterNotFound)?;
    let gateway = &state.config.gateway.id;
    let step = LockStep::Enter { gateway: gateway.clone() };
    let taken = after(state, &found.lock, &step).map_err(|_| ErrorCode::AlreadyOnline)?;
    let (character, account, session) = (entry.character, entry.account, entry.log_in);
    let entering = Entering { character, account, session, gateway, from: &found.lock, to: &taken };
    if state.store.account_locks.enter(&entering, state.db_time.now_ms()).await? {
        Ok(taken)
    } else {
        Err(ErrorCode::AlreadyOnline.into())
    }
}

async fn finish(state: &AppState, entry: &Entry, target: &Target, admission: Admission) -> Result<TravelGrant, Error> {
    if entry.cancel.is_cancelled() {
        if target.link.is_some() {
            call_off(state, &target.server.id, entry.character, admission.lock.epoch);
        }
        give_seat_back(state, target).await;
        let step = match admission.lock.owner.map_server() {
            Some(server) => LockStep::Released { server: server.clone() },
            None => LockStep::Abandoned,
        };
        give_up(state, entry, &admission.lock, &step).await?;
        return Err(Error::new(ErrorCode::BadMessage, "Called off"));
    }
    session_entry::entered(state, entry.account, entry.log_in).await;
    tracing::info!(character = %entry.character, server = %target.server.id, map = %target.map,
        channel = %target.channel, epoch = %admission.lock.epoch, trace = entry.trace, "a character is expected");
    Ok(admission.grant)
}

/// Lets the lock go again, if it still is what it was.
async fn give_up(state: &AppState, entry: &Entry, lock: &CharacterLock, step: &LockStep) -> Result<(), Error> {
    if let Ok(free) = after(state, lock, step) {
        state.store.locks.change(entry.character, lock, &free, state.db_time.now_ms()).await?;
    }
    settle_session(state, entry.account).await
}

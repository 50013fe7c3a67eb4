//! A player enters the world.

use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId};
use realmgate_protocol::link::TravelGrant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::admission::{Admission, admit, call_off};
use super::choice::{Target, Wish, choose};
use super::displace::displace;
use super::settle_session;
use crate::config::DuplicateLogin;
use crate::directory::SessionEntry;
use crate::error::{Error, ErrorCode};
use crate::lock::{CharacterLock, LockStep};
use crate::service::characters::first_map;
use crate::state::AppState;
use crate::store::locks::LockedCharacter;

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
    /// Cancelled when the player does not want in any more: the locks are let go.
    pub cancel: CancellationToken,
}

/// Brings a character into the world: the answer holds where its player is to connect, and the ticket.
pub async fn enter(state: &AppState, entry: &Entry) -> Result<TravelGrant, Error> {
    let result = enter_alone(state, entry).await;
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
    let held = state.store.locks.held_by_account(entry.account).await?;
    if state.config.gateway.duplicate_login == DuplicateLogin::Reject
        && held.iter().any(|other| is_elsewhere(other, entry))
    {
        return Err(ErrorCode::AlreadyOnline.into());
    }
    let leaving = held.iter().find_map(|other| other.lock.owner.map_server());
    let map = match found.map {
        Some(map) => map,
        None => first_map(state).await?,
    };
    let target = choose(state, Wish { map, channel: entry.channel, leaving }).await?;
    for other in &held {
        displace(state, other.character).await?;
    }
    let lock = take(state, entry.character).await?;
    match admit(state, &target, entry.character, &lock, &entry.cancel).await {
        Ok(admission) => finish(state, entry, &target, admission).await,
        Err(error) => {
            give_up(state, entry, &lock, &LockStep::Abandoned).await?;
            Err(error)
        }
    }
}

/// Whether a character of the account is in a world that this socket did not bring it to.
fn is_elsewhere(other: &LockedCharacter, entry: &Entry) -> bool {
    other.lock.owner.map_server().is_some() && entry.own != Some(other.character)
}

/// Takes the free lock of the character for this gateway.
async fn take(state: &AppState, character: CharacterId) -> Result<CharacterLock, Error> {
    let found = state.store.locks.find(character).await?.ok_or(ErrorCode::CharacterNotFound)?;
    let step = LockStep::Enter { gateway: state.config.gateway.id.clone() };
    let taken = found.lock.after(&step).map_err(|_| ErrorCode::AlreadyOnline)?;
    if state.store.locks.change(character, &found.lock, &taken, state.clock.now_ms()).await? {
        Ok(taken)
    } else {
        Err(ErrorCode::AlreadyOnline.into())
    }
}

async fn finish(state: &AppState, entry: &Entry, target: &Target, admission: Admission) -> Result<TravelGrant, Error> {
    if entry.cancel.is_cancelled() {
        if let Some(link) = &target.link {
            call_off(link, entry.character, admission.lock.epoch);
        }
        let step = match admission.lock.owner.map_server() {
            Some(server) => LockStep::Released { server: server.clone() },
            None => LockStep::Abandoned,
        };
        give_up(state, entry, &admission.lock, &step).await?;
        return Err(Error::new(ErrorCode::BadMessage, "Called off"));
    }
    let session = SessionEntry { gateway_id: state.config.gateway.id.clone(), log_in: Some(entry.log_in.to_string()) };
    state.link.sessions.set(&entry.account.to_string(), session);
    tracing::info!(character = %entry.character, server = %target.server.id, map = %target.map,
        channel = %target.channel, epoch = %admission.lock.epoch, "a character is expected");
    Ok(admission.grant)
}

/// Lets the lock go again, if it still is what it was.
async fn give_up(state: &AppState, entry: &Entry, lock: &CharacterLock, step: &LockStep) -> Result<(), Error> {
    if let Ok(free) = lock.after(step) {
        state.store.locks.change(entry.character, lock, &free, state.clock.now_ms()).await?;
    }
    settle_session(state, entry.account).await
}

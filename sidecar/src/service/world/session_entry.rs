//! The session entry of an account: it lives as long as a socket of the account or a lock of one of its characters.
//!
//! An entry that can not be written now is put right when it is next renewed: nobody is kept out of the world for it.

use std::collections::BTreeSet;

use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use crate::directory::SessionEntry;
use crate::error::Error;
use crate::lock::{AccountOwner, LockOwner};
use crate::state::AppState;

/// A socket of the account has opened here.
pub(crate) async fn connected(state: &AppState, account: AccountId) {
    note(state.sessions.connected(&account.to_string(), &state.config.gateway.id).await);
}

/// A log-in has brought a character of the account into the world.
pub(super) async fn entered(state: &AppState, account: AccountId, log_in: Uuid) {
    let entry = SessionEntry { gateway_id: state.config.gateway.id.clone(), log_in: Some(log_in.to_string()) };
    note(state.sessions.set(&account.to_string(), entry).await);
}

/// Which log-in brought the account's character into the world, where that is known.
pub(super) async fn entered_by(state: &AppState, account: AccountId) -> Result<Option<String>, Error> {
    if let Ok(Some(entry)) = state.sessions.get(&account.to_string()).await
        && entry.log_in.is_some()
    {
        return Ok(entry.log_in);
    }
    // The entry is lost, or Redis is away. Whoever has the socket will most likely be the one.
    let lock = state.store.account_locks.account_lock(account).await?;
    let held = lock.filter(|lock| matches!(lock.owner, AccountOwner::Gateway(_)));
    Ok(held.and_then(|lock| lock.session).map(|session| session.to_string()))
}

/// The account has logged out of the world.
pub(super) async fn logged_out(state: &AppState, account: AccountId) {
    note(state.sessions.remove(&account.to_string()).await);
}

/// Ends the entry of an account that has neither a socket at any gateway nor a character lock any more.
pub(crate) async fn settle_session(state: &AppState, account: AccountId) -> Result<(), Error> {
    if state.link.sockets.has(account) || !matches!(state.sessions.get(&account.to_string()).await, Ok(Some(_))) {
        return Ok(());
    }
    let lock = state.store.account_locks.account_lock(account).await?;
    let is_connected = lock.is_some_and(|lock| matches!(lock.owner, AccountOwner::Gateway(_)));
    if !is_connected && state.store.locks.held_by_account(account).await?.is_empty() {
        logged_out(state, account).await;
    }
    Ok(())
}

/// Renews the entries of everybody whose socket is here, or whose map server's link is.
pub(super) async fn renew_sessions(state: &AppState) -> Result<(), Error> {
    let mut here: BTreeSet<AccountId> = state.link.sockets.accounts().into_iter().collect();
    for link in state.link.links.all() {
        let held = state.store.locks.held_by(&LockOwner::Map(link.server.clone())).await?;
        here.extend(held.into_iter().map(|found| found.account));
    }
    let users: Vec<String> = here.into_iter().map(|account| account.to_string()).collect();
    state.sessions.renew(&users).await
}

fn note(written: Result<(), Error>) {
    if let Err(error) = written {
        tracing::debug!(%error, "a session entry is not up to date");
    }
}

//! Who speaks for an account: the newest log-in, through the gateway where its socket is.

use std::collections::HashSet;
use std::time::Duration;

use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use super::settle_session;
use crate::error::{Error, ErrorCode};
use crate::lock::{AccountLock, AccountOwner, AccountStep, ServerKey, StepRefused};
use crate::replicas::{Answer, Ask};
use crate::state::AppState;

/// How often somebody else may be faster before we give up.
const TRIES: usize = 5;
/// How often the lock is looked at while another gateway lets go.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The close code of a socket whose account has come in elsewhere.
const REPLACED: u16 = 4_001;

/// Somebody has logged in: the account's lock waits for their socket, unless a gateway holds it, whose player is not
/// disturbed yet.
pub(crate) async fn logged_in(state: &AppState, account: AccountId, session: Uuid) -> Result<(), Error> {
    for _ in 0..TRIES {
        let lock = lock_of(state, account).await?;
        let Ok(next) = after(state, &lock, &AccountStep::LoggedIn { session }) else { return Ok(()) };
        if state.store.account_locks.change_account_lock(account, &lock, &next).await? {
            return Ok(());
        }
    }
    // Others log in to the same account all the time; whoever opens a socket first gets the lock.
    Ok(())
}

/// Takes the account's lock for a socket that has opened here. An older socket of the account is closed, wherever it is;
/// a gateway that does not let go in time is fenced.
pub async fn claim(state: &AppState, account: AccountId, session: Uuid) -> Result<(), Error> {
    for _ in 0..TRIES {
        let lock = lock_of(state, account).await?;
        match after(state, &lock, &claimed(state, session)) {
            Ok(next) if take(state, account, &lock, &next).await? => return Ok(()),
            Ok(_) => {}
            Err(StepRefused) => oust(state, account, &lock).await?,
        }
    }
    Err(ErrorCode::AlreadyOnline.into())
}

/// Makes sure of the account's lock for a socket that is open here and may have left the world since it took it. Whoever
/// has taken it in the meantime is newer, and keeps it.
pub(super) async fn hold(state: &AppState, account: AccountId, session: Uuid) -> Result<(), Error> {
    for _ in 0..TRIES {
        let lock = lock_of(state, account).await?;
        match &lock.owner {
            AccountOwner::Gateway(id) if *id == state.config.gateway.id && lock.session == Some(session) => {
                return Ok(());
            }
            AccountOwner::Gateway(_) => break,
            AccountOwner::None | AccountOwner::LogIn => {}
        }
        let next = after(state, &lock, &claimed(state, session)).map_err(Error::internal)?;
        if take(state, account, &lock, &next).await? {
            return Ok(());
        }
    }
    Err(ErrorCode::AlreadyOnline.into())
}

fn claimed(state: &AppState, session: Uuid) -> AccountStep {
    AccountStep::Claimed { session, gateway: state.config.gateway.id.clone() }
}

/// Puts a lock that is this gateway's in the place of one that was read; false where somebody was faster.
async fn take(state: &AppState, account: AccountId, lock: &AccountLock, next: &AccountLock) -> Result<bool, Error> {
    let key = ServerKey::Replica(state.config.gateway.id.clone());
    let cookie = state.link.own_cookie.get().ok_or(ErrorCode::Overloaded)?;
    Ok(state.store.account_locks.claim_account(account, lock, next, (&key, cookie)).await?)
}

/// The account's socket here has closed. What a newer socket holds by now stays as it is.
pub async fn release(state: &AppState, account: AccountId) -> Result<(), Error> {
    // Read before the sockets are looked at: a newer one has its seat before it takes the lock, and changes what is read
    // here if it takes it after that.
    let lock = lock_of(state, account).await?;
    if state.link.sockets.has(account) {
        return Ok(());
    }
    give_up(state, account, &lock).await
}

/// The account's player has logged out; its socket may stay open.
pub(super) async fn logged_out(state: &AppState, account: AccountId) -> Result<(), Error> {
    let lock = lock_of(state, account).await?;
    give_up(state, account, &lock).await
}

/// Frees the lock if this gateway holds it, and it is still as it was read.
async fn give_up(state: &AppState, account: AccountId, lock: &AccountLock) -> Result<(), Error> {
    let step = AccountStep::Released { gateway: state.config.gateway.id.clone(), epoch: lock.epoch };
    if let Ok(free) = after(state, lock, &step) {
        state.store.account_locks.change_account_lock(account, lock, &free).await?;
    }
    Ok(())
}

/// Closes sockets whose accounts are held through another gateway by now, which could not reach this one.
pub(super) async fn close_the_ousted(state: &AppState) -> Result<(), Error> {
    let here = state.link.sockets.have_come_in();
    if here.is_empty() {
        return Ok(());
    }
    let gateway = &state.config.gateway.id;
    let held: HashSet<AccountId> = state.store.account_locks.held_by_gateway(gateway).await?.into_iter().collect();
    for account in here.into_iter().filter(|account| !held.contains(account)) {
        // A socket whose player has left the world holds nothing, and stays open.
        if matches!(lock_of(state, account).await?.owner, AccountOwner::Gateway(other) if other != *gateway) {
            state.link.sockets.close_others(account, None, REPLACED, "Replaced");
        }
    }
    Ok(())
}

/// Gives up accounts that are held here for no socket: of one that closed while the store was away, or whose player came
/// in as it closed. Those that an earlier run left behind have a timer.
pub(super) async fn release_the_deserted(state: &AppState) -> Result<(), Error> {
    let held = state.store.account_locks.held_by_gateway(&state.config.gateway.id).await?;
    for account in held.into_iter().filter(|account| !state.link.sockets.has(*account)) {
        if lock_of(state, account).await?.deadline_ms.is_none() {
            release(state, account).await?;
            settle_session(state, account).await?;
        }
    }
    Ok(())
}

/// Has another gateway let go of an account: it closes the socket and releases the lock, or is fenced.
async fn oust(state: &AppState, account: AccountId, held: &AccountLock) -> Result<(), Error> {
    let AccountOwner::Gateway(gateway) = &held.owner else { return Ok(()) };
    let wait = state.config.timers.handover_wait;
    let began = state.clock.uptime();
    let ask = Ask::CloseSockets { account, keep_session: None, code: REPLACED, reason: "Replaced".to_owned() };
    if let Ok(Answer::Closed { count: 1.. }) = state.replicas.ask(gateway, ask, wait).await {
        while state.clock.uptime().saturating_sub(began) < wait {
            if lock_of(state, account).await?.epoch != held.epoch {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    let Ok(free) = after(state, held, &AccountStep::Fenced) else { return Ok(()) };
    if state.store.account_locks.change_account_lock(account, held, &free).await? {
        metrics::counter!("realmgate_locks_fenced_total", "owner" => "account").increment(1);
        tracing::warn!(%account, gateway, "account lock fenced: its gateway does not let go");
    }
    Ok(())
}

async fn lock_of(state: &AppState, account: AccountId) -> Result<AccountLock, Error> {
    // An account is never deleted; one that is not there has no valid token either.
    state.store.account_locks.account_lock(account).await?.ok_or_else(|| ErrorCode::Unauthorized.into())
}

fn after(state: &AppState, lock: &AccountLock, step: &AccountStep) -> Result<AccountLock, StepRefused> {
    lock.after(step, state.db_time.now_ms(), &state.config.timers)
}

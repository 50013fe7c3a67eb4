//! The lock of an account: the newest log-in holds it, through the gateway where its socket is.

use std::collections::HashSet;
use std::time::Duration;

use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use super::settle_session;
use crate::error::{Error, ErrorCode};
use crate::lock::{AccountLock, AccountStep, NextClaim, NotClaimed, ServerKey, StepRefused};
use crate::replicas::{Answer, Ask};
use crate::state::AppState;

/// Maximum number of tries while others change the lock too.
const TRIES: usize = 5;
/// How often the lock is checked while another gateway lets go.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The close code of a socket whose account has connected elsewhere.
const REPLACED: u16 = 4_001;

/// Why a socket may not take the lock of its account.
#[derive(Debug)]
pub enum NotLetIn {
    /// The account's lock does not wait for its log-in.
    Refused(NotClaimed),
    /// The lock cannot be taken.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for NotLetIn {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// After a log-in: the account's lock waits for its socket. Where a gateway holds the lock, that player is not
/// disturbed yet.
///
/// # Errors
/// `UNAUTHORIZED` when there is no such account; others when the database cannot be asked.
pub async fn logged_in(state: &AppState, account: AccountId, session: Uuid) -> Result<(), Error> {
    change(state, account, &AccountStep::LoggedIn { session }).await
}

/// After a refresh: the account's lock waits anew for the log-in, unless it waits for a newer one.
pub(crate) async fn refreshed(state: &AppState, account: AccountId, session: Uuid) -> Result<(), Error> {
    change(state, account, &AccountStep::Refreshed { session }).await
}

/// After the end of a log-in: frees what it has of the account's lock.
pub(super) async fn ended(state: &AppState, account: AccountId, session: Uuid) -> Result<(), Error> {
    change(state, account, &AccountStep::Ended { session }).await
}

/// Takes a step that needs no gateway, if it fits the lock.
async fn change(state: &AppState, account: AccountId, step: &AccountStep) -> Result<(), Error> {
    for _ in 0..TRIES {
        let lock = lock_of(state, account).await?;
        let Ok(next) = after(state, &lock, step) else { return Ok(()) };
        if state.store.account_locks.change_account_lock(account, &lock, &next).await? {
            return Ok(());
        }
    }
    // Others log in to the same account all the time; the newest log-in is the one that counts.
    Ok(())
}

/// Checks whether a log-in may come to this gateway at all, before an older socket is closed for it.
///
/// # Errors
/// `Refused` when the lock does not wait for the log-in, `Failed` when it cannot be read.
pub async fn expects(state: &AppState, account: AccountId, session: Uuid) -> Result<(), NotLetIn> {
    let lock = lock_of(state, account).await?;
    match next_claim(state, &lock, session) {
        NextClaim::Take(_) | NextClaim::Oust(_) => Ok(()),
        NextClaim::Refuse(why) => Err(NotLetIn::Refused(why)),
    }
}

/// Takes the account's lock for a socket that has opened here. An older socket of the account is closed, wherever it
/// is; a gateway that does not let go in time is fenced.
///
/// # Errors
/// `Refused` when the lock does not wait for the log-in or others keep changing it, `Failed` when it cannot be changed.
pub async fn claim(state: &AppState, account: AccountId, session: Uuid) -> Result<(), NotLetIn> {
    for _ in 0..TRIES {
        let lock = lock_of(state, account).await?;
        match next_claim(state, &lock, session) {
            NextClaim::Take(next) if change_as_replica(state, account, &lock, &next).await? => return Ok(()),
            NextClaim::Take(_) => {}
            NextClaim::Oust(gateway) => oust(state, account, &lock, &gateway).await?,
            NextClaim::Refuse(why) => return Err(NotLetIn::Refused(why)),
        }
    }
    // Others open sockets of this account all the time.
    Err(NotLetIn::Refused(NotClaimed::Newer))
}

/// Checks that a socket here, whose token was valid when it opened, still holds the account.
pub(super) async fn hold(state: &AppState, account: AccountId, session: Uuid) -> Result<(), Error> {
    if state.store.sessions.find_live(session).await?.is_none() {
        state.link.sockets.close_log_in(account, session);
        return Err(Error::new(ErrorCode::Forbidden, "This log-in has ended"));
    }
    if lock_of(state, account).await?.is_held(session, &state.config.gateway.id) {
        Ok(())
    } else {
        Err(Error::new(ErrorCode::AlreadyOnline, "Another log-in has this account"))
    }
}

fn next_claim(state: &AppState, lock: &AccountLock, session: Uuid) -> NextClaim {
    lock.next_claim(session, &state.config.gateway.id, state.db_time.now_ms(), &state.config.timers)
}

/// Replaces a lock that was read, while this process holds its own lock as a replica. False where somebody was faster,
/// or where it does not hold that.
async fn change_as_replica(
    state: &AppState,
    account: AccountId,
    lock: &AccountLock,
    next: &AccountLock,
) -> Result<bool, Error> {
    let key = ServerKey::Replica(state.config.gateway.id.clone());
    let cookie = state.link.own_cookie.get().ok_or(ErrorCode::Overloaded)?;
    Ok(state.store.account_locks.claim_account(account, lock, next, (&key, cookie)).await?)
}

/// After the account's socket here has closed: its log-in may come back within the timer. What a newer socket holds by
/// now stays as it is.
///
/// # Errors
/// When the account's lock cannot be read or changed.
pub async fn release(state: &AppState, account: AccountId) -> Result<(), Error> {
    for _ in 0..TRIES {
        // Read before the sockets are looked at: a newer socket has its seat before it takes the lock. If it takes the
        // lock after this, that changes what is read here.
        let lock = lock_of(state, account).await?;
        if state.link.sockets.has(account) {
            return Ok(());
        }
        let step = AccountStep::Released { gateway: state.config.gateway.id.clone(), epoch: lock.epoch };
        let Ok(next) = after(state, &lock, &step) else { return Ok(()) };
        if change_as_replica(state, account, &lock, &next).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Closes sockets whose accounts are not held here any more: another gateway took the account and could not reach this
/// one, or the log-in has ended and that message was lost.
pub(super) async fn close_the_ousted(state: &AppState) -> Result<(), Error> {
    let here = state.link.sockets.have_come_in();
    if here.is_empty() {
        return Ok(());
    }
    let gateway = &state.config.gateway.id;
    let held: HashSet<AccountId> = state.store.account_locks.held_by_gateway(gateway).await?.into_iter().collect();
    for account in here.into_iter().filter(|account| !held.contains(account)) {
        // It may have come back between the two looks.
        if !lock_of(state, account).await?.is_at(gateway) {
            state.link.sockets.close_others(account, None, REPLACED, "Replaced");
        }
    }
    Ok(())
}

/// Releases accounts that are held here without a socket: of a socket that closed while the store was away, or whose
/// player came in as it closed. Those that an earlier run left behind have a timer.
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

/// Makes another gateway let go of an account: it closes the socket and releases the lock, or is fenced.
async fn oust(state: &AppState, account: AccountId, held: &AccountLock, gateway: &str) -> Result<(), Error> {
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
    // An account is never deleted; one that is missing has no valid token either.
    state.store.account_locks.account_lock(account).await?.ok_or_else(|| ErrorCode::Unauthorized.into())
}

fn after(state: &AppState, lock: &AccountLock, step: &AccountStep) -> Result<AccountLock, StepRefused> {
    lock.after(step, state.db_time.now_ms(), &state.config.timers)
}

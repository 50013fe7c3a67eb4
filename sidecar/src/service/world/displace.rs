//! Takes a character out of where it is: by asking its map server, and if that does not answer, by a newer epoch. A
//! character that fights stays in its world for a while; that is waited for.

use std::time::Duration;

use realmgate_protocol::ids::{AccountId, CharacterId, LockEpoch, ServerId};
use realmgate_protocol::link::{LeaveReason, ToMap};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::account;
use super::leave::give_seat_back;
use super::{after, session_entry};
use crate::error::{Error, ErrorCode};
use crate::link::{Departure, Link, reach};
use crate::lock::{AccountOwner, LockStep, WayOut};
use crate::replicas::News;
use crate::state::AppState;
use crate::store::locks::LockedCharacter;

/// Maximum number of tries while others change the lock too.
const TRIES: usize = 4;

/// A caller that waits until a body that lingers is gone.
#[derive(Debug, Clone)]
pub struct Waiter {
    /// Receives how long that may take.
    pub told: mpsc::Sender<Duration>,
    /// Cancelled when the caller no longer waits.
    pub cancel: CancellationToken,
}

/// The outcome of a kick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kicked {
    /// The map server has let the character go.
    LetGo,
    /// Its body lingers, and nobody waits for that: the map server will let it go all the same.
    Lingers,
    /// The waiter has been cancelled.
    CalledOff,
    /// No answer came in time.
    Unheard,
}

/// Makes way for a newer log-in: afterwards the character's lock is free.
pub(super) async fn displace(state: &AppState, character: CharacterId, waiter: &Waiter) -> Result<(), Error> {
    put_out(state, character, PutOut::Replace, Some(waiter)).await
}

/// After the end of a log-in, whatever ended it: its sockets close at every sidecar, with what they were about to do;
/// its part of the account's lock is free; and the player that it brought into the world is saved and leaves. Where
/// another log-in of the account is in the world, that one is left alone.
///
/// # Errors
/// `ALREADY_ONLINE` when others keep changing the character's lock; others when the database cannot be asked.
pub async fn log_out(state: &AppState, account: AccountId, log_in: Uuid) -> Result<(), Error> {
    state.link.sockets.close_log_in(account, log_in);
    state.replicas.tell_all(News::SessionEnded { session: log_in }).await;
    account::ended(state, account, log_in).await?;
    let _alone = state.link.gates.pass(account).await;
    // Checked behind the gate: another log-in may have come in while this one waited.
    if session_entry::entered_by(state, account).await?.is_some_and(|other| other != log_in.to_string()) {
        return Ok(());
    }
    log_out_all(state, account, log_in, None).await
}

/// Takes the account's player out of the world for its log-in, whichever log-in brought it in: saves, waits for the
/// acknowledgement, frees the character's lock. The account's lock stays with its socket.
pub(crate) async fn leave_world(
    state: &AppState,
    account: AccountId,
    log_in: Uuid,
    waiter: &Waiter,
) -> Result<(), Error> {
    let _alone = state.link.gates.pass(account).await;
    log_out_all(state, account, log_in, Some(waiter)).await
}

/// Logs out every character of the account. Without a waiter, a body that lingers is not waited for.
async fn log_out_all(state: &AppState, account: AccountId, log_in: Uuid, waiter: Option<&Waiter>) -> Result<(), Error> {
    for held in state.store.locks.held_by_account(account).await? {
        put_out(state, held.character, PutOut::LogOut { account, log_in }, waiter).await?;
    }
    session_entry::logged_out(state, account).await;
    Ok(())
}

/// Why a character is put out of the world.
#[derive(Debug, Clone, Copy)]
enum PutOut {
    /// A newer log-in, or another character of the account, needs the lock.
    Replace,
    /// Its player leaves. After that, a newer log-in may have its place, perhaps at another sidecar: that one stays.
    LogOut { account: AccountId, log_in: Uuid },
}

impl PutOut {
    fn reason(self) -> LeaveReason {
        match self {
            Self::Replace => LeaveReason::Replaced,
            Self::LogOut { .. } => LeaveReason::Logout,
        }
    }

    /// Whether another log-in has the account's lock by now, which is needed to bring a character in.
    async fn is_succeeded(self, state: &AppState) -> Result<bool, Error> {
        let Self::LogOut { account, log_in } = self else { return Ok(false) };
        let lock = state.store.account_locks.account_lock(account).await?;
        let held = lock.filter(|lock| matches!(lock.owner, AccountOwner::Gateway(_)));
        Ok(held.is_some_and(|lock| lock.session != Some(log_in)))
    }
}

/// Frees a character's lock: by a kick if possible, else by fencing it.
async fn put_out(state: &AppState, character: CharacterId, why: PutOut, waiter: Option<&Waiter>) -> Result<(), Error> {
    let reason = why.reason();
    for _ in 0..TRIES {
        let Some(found) = state.store.locks.find(character).await? else { return Ok(()) };
        match found.lock.way_out() {
            WayOut::Clear => return Ok(()),
            WayOut::Fence => {}
            WayOut::Kick(server) => {
                let kick = Kick { server: &server, character, epoch: found.lock.epoch, reason };
                match kick.send(state, waiter).await {
                    Kicked::LetGo if why.is_succeeded(state).await? => return Ok(()),
                    Kicked::LetGo => continue,
                    Kicked::Lingers => return Ok(()),
                    Kicked::CalledOff => return Err(ErrorCode::CalledOff.into()),
                    Kicked::Unheard => {}
                }
            }
        }
        if fence(state, &found, reason).await? {
            return Ok(());
        }
    }
    Err(ErrorCode::AlreadyOnline.into())
}

/// A request to a map server to let a character go.
struct Kick<'a> {
    server: &'a ServerId,
    character: CharacterId,
    epoch: LockEpoch,
    reason: LeaveReason,
}

impl Kick<'_> {
    async fn send(&self, state: &AppState, waiter: Option<&Waiter>) -> Kicked {
        let departure = state.link.departures.next(self.character);
        let &Kick { server, character, epoch, reason } = self;
        if reach::tell(state, server, ToMap::Kick { character, epoch, reason }).await.is_err() {
            return Kicked::Unheard;
        }
        // For a link to this sidecar, we know when it ends.
        let gone = async {
            match state.link.links.get(server) {
                Some(link) => link.closed.cancelled().await,
                None => std::future::pending().await,
            }
        };
        let timers = &state.config.timers;
        tokio::select! {
            kicked = outcome(departure, timers.handover_wait, timers.linger_max, waiter) => kicked,
            () = gone => Kicked::Unheard,
        }
    }
}

/// Waits for a departure: for `wait`, and where the body lingers, for as long as it may, up to `most`.
async fn outcome(
    mut departure: watch::Receiver<Departure>,
    wait: Duration,
    most: Duration,
    waiter: Option<&Waiter>,
) -> Kicked {
    let began = Instant::now();
    let mut until = began + wait;
    loop {
        let changed = tokio::select! {
            changed = tokio::time::timeout_at(until, departure.changed()) => changed,
            () = called_off(waiter) => return Kicked::CalledOff,
        };
        if !matches!(changed, Ok(Ok(()))) {
            return Kicked::Unheard;
        }
        let heard = *departure.borrow_and_update();
        match (heard, waiter) {
            (Departure::Done, _) => return Kicked::LetGo,
            (Departure::Lingers(_), None) => return Kicked::Lingers,
            (Departure::Lingers(longest), Some(waiter)) => {
                until = (Instant::now() + longest).min(began + most) + wait;
                // A waiter that does not listen waits all the same.
                let _ = waiter.told.try_send(longest.min(most));
            }
            (Departure::Awaited, _) => {}
        }
    }
}

async fn called_off(waiter: Option<&Waiter>) {
    match waiter {
        Some(waiter) => waiter.cancel.cancelled().await,
        None => std::future::pending().await,
    }
}

/// Handles a map server's message that a character which it was asked for stays for a while, since it fights.
pub(crate) async fn lingers(state: &AppState, link: &Link, character: CharacterId, longest: Duration) {
    metrics::counter!("realmgate_departures_delayed_total").increment(1);
    tracing::debug!(%character, server = %link.server, ?longest, "a character fights, and leaves later");
    state.link.departures.lingers(character, longest);
    let longest_ms = u32::try_from(longest.as_millis()).unwrap_or(u32::MAX);
    state.replicas.tell_all(News::Lingers { character, longest_ms }).await;
}

/// Asks a map server to let an older player go, without waiting: the next attempt finds the lock free.
pub(super) fn ask_to_leave(state: &AppState, older: &LockedCharacter) {
    if let Some(server) = older.lock.owner.map_server() {
        let (character, epoch) = (older.character, older.lock.epoch);
        reach::tell_soon(state, server, ToMap::Kick { character, epoch, reason: LeaveReason::Replaced });
    }
}

/// Takes the lock away: whatever its owner still writes is refused from now on. False where the lock has changed
/// meanwhile.
async fn fence(state: &AppState, found: &LockedCharacter, reason: LeaveReason) -> Result<bool, Error> {
    let Ok(free) = after(state, &found.lock, &LockStep::Fenced) else { return Ok(true) };
    let fenced = state.store.locks.change(found.character, &found.lock, &free, state.db_time.now_ms()).await?;
    if fenced {
        crate::social::left(state, found.character, reason);
        metrics::counter!("realmgate_locks_fenced_total", "owner" => found.lock.owner.kind()).increment(1);
        tracing::warn!(character = %found.character, owner = %found.lock.owner, epoch = %found.lock.epoch, "lock fenced");
        if let Some(server) = found.lock.owner.map_server() {
            if let Some(link) = state.link.links.get(server) {
                give_seat_back(state, &link, found.character).await;
            }
            let message = ToMap::Fenced { character: found.character, epoch: found.lock.epoch };
            reach::tell_soon(state, server, message);
        }
    }
    Ok(fenced)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Departures;

    const WHO: CharacterId = CharacterId([1; 16]);
    const WAIT: Duration = Duration::from_millis(200);
    const MOST: Duration = Duration::from_secs(600);

    fn waiter() -> (Waiter, mpsc::Receiver<Duration>) {
        let (told, hears) = mpsc::channel(1);
        (Waiter { told, cancel: CancellationToken::new() }, hears)
    }

    #[tokio::test]
    async fn a_body_that_lingers_is_waited_for_and_no_longer_than_it_may() {
        let (departures, (waiter, mut hears)) = (Departures::default(), waiter());
        let departure = departures.next(WHO);
        departures.lingers(WHO, Duration::from_secs(900));
        let waiting = outcome(departure, WAIT, Duration::ZERO, Some(&waiter));
        assert_eq!(waiting.await, Kicked::Unheard, "the most that is waited is over at once");
        assert_eq!(hears.recv().await, Some(Duration::ZERO));

        let departure = departures.next(WHO);
        departures.lingers(WHO, Duration::from_secs(30));
        let waiting = outcome(departure, WAIT, MOST, Some(&waiter));
        let letting_go = async {
            assert_eq!(hears.recv().await, Some(Duration::from_secs(30)));
            // Another wait of the same length is over: this one is not.
            assert_eq!(outcome(departures.next(CharacterId([2; 16])), WAIT * 2, MOST, None).await, Kicked::Unheard);
            departures.departed(WHO);
        };
        assert_eq!(tokio::join!(waiting, letting_go).0, Kicked::LetGo);
    }

    #[tokio::test]
    async fn who_does_not_wait_for_it_goes_on_at_once() {
        let (departures, (waiter, _hears)) = (Departures::default(), waiter());
        let departure = departures.next(WHO);
        departures.lingers(WHO, Duration::from_secs(30));
        assert_eq!(outcome(departure, MOST, MOST, None).await, Kicked::Lingers);
        let departure = departures.next(WHO);
        departures.lingers(WHO, Duration::from_secs(30));
        waiter.cancel.cancel();
        assert_eq!(outcome(departure, MOST, MOST, Some(&waiter)).await, Kicked::CalledOff);
    }
}

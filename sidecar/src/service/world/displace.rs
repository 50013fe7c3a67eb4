//! Takes a character out of where it is: by asking its map server, and if that does not answer, by a newer epoch. A
//! character that fights stays in its world for a while; that is waited for.

use std::sync::Arc;
use std::time::Duration;

use realmgate_community::Events;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::gates::Gates;
use realmgate_protocol::ids::{AccountId, CharacterId, LockEpoch, ServerId};
use realmgate_protocol::link::{LeaveReason, ToMap};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::account::AccountLocks;
use super::departures::DepartureNews;
use super::leave::give_seat_back;
use super::lock_clock::LockClock;
use super::reach::MapServers;
use super::session_entry::SessionEntries;
use crate::directory::Registry;
use crate::gateway::Sockets;
use crate::link::{Departure, Links};
use crate::lock::{AccountOwner, CharacterLock, LockStep, WayOut};
use crate::replicas::{News, Replicas};
use crate::social::Social;
use crate::store::locks::LockedCharacter;
use crate::store::{AccountLockStore, LockStore};

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

/// Why a character is put out of the world.
#[derive(Debug, Clone, Copy)]
enum PutOut {
    /// A newer log-in, or another character of the account, needs the lock.
    Replace,
    /// An administrator sends its player out of the world.
    Kick,
    /// Its player leaves. After that, a newer log-in may have its place, perhaps at another sidecar: that one stays.
    LogOut { account: AccountId, log_in: Uuid },
}

impl PutOut {
    fn reason(self) -> LeaveReason {
        match self {
            Self::Replace => LeaveReason::Replaced,
            Self::Kick => LeaveReason::Kicked,
            Self::LogOut { .. } => LeaveReason::Logout,
        }
    }

    /// Whether another log-in has the account's lock by now, which is needed to bring a character in.
    async fn is_succeeded(self, account_locks: &AccountLockStore) -> Result<bool, Error> {
        let Self::LogOut { account, log_in } = self else { return Ok(false) };
        let lock = account_locks.account_lock(account).await?;
        let held = lock.filter(|lock| matches!(lock.owner, AccountOwner::Gateway(_)));
        Ok(held.is_some_and(|lock| lock.session != Some(log_in)))
    }
}

/// A request to a map server to let a character go.
struct Kick<'a> {
    server: &'a ServerId,
    character: CharacterId,
    epoch: LockEpoch,
    reason: LeaveReason,
}

impl Kick<'_> {
    async fn send(&self, exits: &Exits, waiter: Option<&Waiter>) -> Kicked {
        let departure = exits.departures.next(self.character);
        let &Kick { server, character, epoch, reason } = self;
        if exits.map_servers.tell(server, ToMap::Kick { character, epoch, reason }).await.is_err() {
            return Kicked::Unheard;
        }
        // For a link to this sidecar, we know when it ends.
        let gone = async {
            match exits.links.get(server) {
                Some(link) => link.closed.cancelled().await,
                None => std::future::pending().await,
            }
        };
        let timers = &exits.time.timers;
        tokio::select! {
            kicked = outcome(departure, timers.handover_wait, timers.linger_max, waiter) => kicked,
            () = gone => Kicked::Unheard,
        }
    }
}

/// The ways out of the worlds.
pub struct Exits {
    pub(super) locks: LockStore,
    pub(super) account_locks: AccountLockStore,
    pub(super) time: LockClock,
    pub(super) registry: Registry,
    pub(super) links: Arc<Links>,
    pub(super) sockets: Arc<Sockets>,
    pub(super) replicas: Replicas,
    pub(super) map_servers: Arc<MapServers>,
    pub(super) departures: DepartureNews,
    pub(super) social: Social,
    pub(super) accounts: Arc<AccountLocks>,
    pub(super) entries: Arc<SessionEntries>,
    pub(super) gates: Arc<Gates>,
    pub(super) events: Events,
}

impl Exits {
    /// Makes way for a newer log-in: afterwards the character's lock is free.
    pub(super) async fn displace(&self, character: CharacterId, waiter: &Waiter) -> Result<(), Error> {
        self.put_out(character, PutOut::Replace, Some(waiter)).await
    }

    /// After the end of a log-in, whatever ended it: its sockets close at every sidecar, with what they were about to
    /// do; its part of the account's lock is free; and the player that it brought into the world is saved and leaves.
    /// Where another log-in of the account is in the world, that one is left alone.
    ///
    /// # Errors
    /// `ALREADY_ONLINE` when others keep changing the character's lock; others when the database cannot be asked.
    pub async fn log_out(&self, account: AccountId, log_in: Uuid) -> Result<(), Error> {
        self.sockets.close_log_in(account, log_in);
        self.events.log_in_ended(log_in);
        self.replicas.tell_all(News::SessionEnded { session: log_in }).await;
        self.accounts.ended(account, log_in).await?;
        let _alone = self.gates.pass(account).await;
        // Checked behind the gate: another log-in may have come in while this one waited.
        if self.entries.entered_by(account).await?.is_some_and(|other| other != log_in) {
            return Ok(());
        }
        self.log_out_all(account, log_in, None).await
    }

    /// Takes the account's player out of the world for an administrator: saved, and with the log-ins that it has, so that it may come
    /// back. Returns whether it was in the world. A body that fights leaves when the fight is over.
    ///
    /// # Errors
    /// `ALREADY_ONLINE` when others keep changing the character's lock; others when the database cannot be asked.
    pub async fn kick(&self, account: AccountId) -> Result<bool, Error> {
        let _alone = self.gates.pass(account).await;
        let held = self.locks.held_by_account(account).await?;
        for character in &held {
            self.put_out(character.character, PutOut::Kick, None).await?;
        }
        Ok(!held.is_empty())
    }

    /// Takes the account's player out of the world for its log-in, whichever log-in brought it in: saves, waits for the
    /// acknowledgement, frees the character's lock. The account's lock stays with its socket.
    pub(crate) async fn leave_world(&self, account: AccountId, log_in: Uuid, waiter: &Waiter) -> Result<(), Error> {
        let _alone = self.gates.pass(account).await;
        self.log_out_all(account, log_in, Some(waiter)).await
    }

    /// Logs out every character of the account. Without a waiter, a body that lingers is not waited for.
    async fn log_out_all(&self, account: AccountId, log_in: Uuid, waiter: Option<&Waiter>) -> Result<(), Error> {
        for held in self.locks.held_by_account(account).await? {
            self.put_out(held.character, PutOut::LogOut { account, log_in }, waiter).await?;
        }
        self.entries.logged_out(account).await;
        Ok(())
    }

    /// Frees a character's lock: by a kick if possible, else by fencing it.
    async fn put_out(&self, character: CharacterId, why: PutOut, waiter: Option<&Waiter>) -> Result<(), Error> {
        let reason = why.reason();
        for _ in 0..TRIES {
            let Some(found) = self.locks.find(character).await? else { return Ok(()) };
            match found.lock.way_out() {
                WayOut::Clear => return Ok(()),
                WayOut::Fence => {}
                WayOut::Kick(server) => {
                    let kick = Kick { server: &server, character, epoch: found.lock.epoch, reason };
                    match kick.send(self, waiter).await {
                        Kicked::LetGo if why.is_succeeded(&self.account_locks).await? => return Ok(()),
                        Kicked::LetGo => continue,
                        Kicked::Lingers => return Ok(()),
                        Kicked::CalledOff => return Err(ErrorCode::CalledOff.into()),
                        Kicked::Unheard => {}
                    }
                }
            }
            if self.fence(&found, reason).await? {
                return Ok(());
            }
        }
        Err(ErrorCode::AlreadyOnline.into())
    }

    /// Asks a map server to let an older player go, without waiting: the next attempt finds the lock free.
    pub(super) fn ask_to_leave(&self, older: &LockedCharacter) {
        if let Some(server) = older.lock.owner.map_server() {
            let (character, epoch) = (older.character, older.lock.epoch);
            self.map_servers.tell_soon(server, ToMap::Kick { character, epoch, reason: LeaveReason::Replaced });
        }
    }

    /// Takes the lock away: whatever its owner still writes is refused from now on. False where the lock has changed
    /// meanwhile.
    async fn fence(&self, found: &LockedCharacter, reason: LeaveReason) -> Result<bool, Error> {
        let Ok(free) = self.time.after(&found.lock, &LockStep::Fenced) else { return Ok(true) };
        let fenced = self.locks.change(found.character, &found.lock, &free, self.time.now_ms()).await?;
        if fenced {
            self.social.left(found.character, reason);
            metrics::counter!("realmgate_locks_fenced_total", "owner" => found.lock.owner.kind()).increment(1);
            let CharacterLock { owner, epoch, .. } = &found.lock;
            tracing::warn!(character = %found.character, %owner, %epoch, "lock fenced");
            if let Some(server) = found.lock.owner.map_server() {
                if let Some(link) = self.links.get(server) {
                    give_seat_back(&self.registry, &link, found.character).await;
                }
                let message = ToMap::Fenced { character: found.character, epoch: found.lock.epoch };
                self.map_servers.tell_soon(server, message);
            }
        }
        Ok(fenced)
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

#[cfg(test)]
mod tests {
    use realmgate_platform::testing::soon;

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
        // The body may stay for longer than is waited at most, and for less: what is over first ends the wait.
        for (stays, most) in [(MOST, Duration::ZERO), (Duration::ZERO, MOST)] {
            let departure = departures.next(WHO);
            departures.lingers(WHO, stays);
            // Begun later, and half as long again. Where both are over, as on a busy machine, the first one counts.
            let longer = outcome(departures.next(CharacterId([2; 16])), WAIT * 3 / 2, MOST, None);
            tokio::select! {
                biased;
                kicked = outcome(departure, WAIT, most, Some(&waiter)) => assert_eq!(kicked, Kicked::Unheard),
                _ = longer => panic!("it is still waited for: {stays:?}, at most {most:?}"),
            }
            assert_eq!(hears.recv().await, Some(Duration::ZERO));
        }

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
        assert_eq!(soon("an answer", outcome(departure, MOST, MOST, None)).await, Kicked::Lingers);
        let departure = departures.next(WHO);
        departures.lingers(WHO, Duration::from_secs(30));
        waiter.cancel.cancel();
        assert_eq!(soon("an answer", outcome(departure, MOST, MOST, Some(&waiter))).await, Kicked::CalledOff);
    }
}

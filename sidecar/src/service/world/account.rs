//! The lock of an account: the newest log-in holds it, through the gateway where its socket is.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use realmgate_platform::clock::Clock;
use realmgate_platform::error::{Error, ErrorCode};
use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use super::lock_clock::LockClock;
use super::session_entry::SessionEntries;
use super::this_replica::ThisReplica;
use crate::gateway::Sockets;
use crate::lock::timers::deadline;
use crate::lock::{AccountLock, AccountOwner, AccountStep, NextClaim, NotClaimed};
use crate::replicas::{Answer, Ask, Replicas};
use crate::store::AccountLockStore;

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

/// The locks of accounts: which log-in speaks for an account, and through which gateway.
pub struct AccountLocks {
    pub(super) account_locks: AccountLockStore,
    pub(super) time: LockClock,
    pub(super) this: Arc<ThisReplica>,
    pub(super) sockets: Arc<Sockets>,
    pub(super) replicas: Replicas,
    pub(super) entries: Arc<SessionEntries>,
    pub(super) clock: Clock,
    /// Log-ins since this process started.
    pub(super) log_ins: AtomicU64,
}

impl AccountLocks {
    /// How many log-ins there have been here since this process started.
    pub(crate) fn log_ins(&self) -> u64 {
        self.log_ins.load(Ordering::Relaxed)
    }

    /// After a log-in: the account's lock waits for its socket. Where a gateway holds the lock, that player is not
    /// disturbed yet.
    ///
    /// # Errors
    /// `UNAUTHORIZED` when there is no such account; others when the database cannot be asked.
    pub async fn logged_in(&self, account: AccountId, session: Uuid) -> Result<(), Error> {
        self.log_ins.fetch_add(1, Ordering::Relaxed);
        self.change(account, &AccountStep::LoggedIn { session }).await
    }

    /// After a refresh: the account's lock waits anew for the log-in, unless it waits for a newer one.
    pub(crate) async fn refreshed(&self, account: AccountId, session: Uuid) -> Result<(), Error> {
        self.change(account, &AccountStep::Refreshed { session }).await
    }

    /// After a call of a log-in that has no socket yet: its user is still there, so the account's lock waits on for it. A wait that is
    /// over stays over, and one that has just begun is left as it is: calls cost no write each.
    pub(crate) async fn called(&self, account: AccountId, session: Uuid) -> Result<(), Error> {
        let lock = self.lock_of(account).await?;
        let half_over = deadline(self.time.now_ms(), self.time.timers.log_in / 2);
        let is_waited_for = lock.owner == AccountOwner::LogIn && lock.session == Some(session);
        if is_waited_for && lock.deadline_ms.is_some_and(|deadline_ms| deadline_ms < half_over) {
            self.refreshed(account, session).await?;
        }
        Ok(())
    }

    /// After the end of a log-in: frees what it has of the account's lock.
    pub(super) async fn ended(&self, account: AccountId, session: Uuid) -> Result<(), Error> {
        self.change(account, &AccountStep::Ended { session }).await
    }

    /// Takes a step that needs no gateway, if it fits the lock.
    async fn change(&self, account: AccountId, step: &AccountStep) -> Result<(), Error> {
        for _ in 0..TRIES {
            let lock = self.lock_of(account).await?;
            let Ok(next) = self.time.account_after(&lock, step) else { return Ok(()) };
            if self.account_locks.change_account_lock(account, &lock, &next).await? {
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
    pub async fn expects(&self, account: AccountId, session: Uuid) -> Result<(), NotLetIn> {
        let lock = self.lock_of(account).await?;
        match self.next_claim(&lock, session) {
            NextClaim::Take(_) | NextClaim::Oust(_) => Ok(()),
            NextClaim::Refuse(why) => Err(NotLetIn::Refused(why)),
        }
    }

    /// Takes the account's lock for a socket that has opened here. An older socket of the account is closed, wherever
    /// it is; a gateway that does not let go in time is fenced.
    ///
    /// # Errors
    /// `Refused` when the lock does not wait for the log-in or others keep changing it, `Failed` when it cannot be
    /// changed.
    pub async fn claim(&self, account: AccountId, session: Uuid) -> Result<(), NotLetIn> {
        for _ in 0..TRIES {
            let lock = self.lock_of(account).await?;
            match self.next_claim(&lock, session) {
                NextClaim::Take(next) if self.change_as_replica(account, &lock, &next).await? => return Ok(()),
                NextClaim::Take(_) => {}
                NextClaim::Oust(gateway) => self.oust(account, &lock, &gateway).await?,
                NextClaim::Refuse(why) => return Err(NotLetIn::Refused(why)),
            }
        }
        // Others open sockets of this account all the time.
        Err(NotLetIn::Refused(NotClaimed::Newer))
    }

    /// Checks that a socket here, whose token was valid when it opened, still holds the account.
    pub(super) async fn hold(&self, account: AccountId, session: Uuid) -> Result<(), Error> {
        let found = self.account_locks.account_lock_and_log_in(account, session).await?;
        let (lock, is_live) = found.ok_or(ErrorCode::Unauthorized)?;
        if !is_live {
            self.sockets.close_log_in(account, session);
            return Err(Error::new(ErrorCode::Forbidden, "This login has ended"));
        }
        if lock.is_held(session, &self.this.id) {
            Ok(())
        } else {
            Err(Error::new(ErrorCode::AlreadyOnline, "Another login holds this account"))
        }
    }

    fn next_claim(&self, lock: &AccountLock, session: Uuid) -> NextClaim {
        lock.next_claim(session, &self.this.id, self.time.now_ms(), &self.time.timers)
    }

    /// Replaces a lock that was read, while this process holds its own lock as a replica. False where somebody was
    /// faster, or where it does not hold that.
    async fn change_as_replica(
        &self,
        account: AccountId,
        lock: &AccountLock,
        next: &AccountLock,
    ) -> Result<bool, Error> {
        let key = self.this.key();
        let cookie = self.this.cookie().ok_or(ErrorCode::Overloaded)?;
        Ok(self.account_locks.claim_account(account, lock, next, (&key, cookie)).await?)
    }

    /// After the account's socket here has closed: its log-in may come back within the timer. What a newer socket holds
    /// by now stays as it is.
    ///
    /// # Errors
    /// When the account's lock cannot be read or changed.
    pub async fn release(&self, account: AccountId) -> Result<(), Error> {
        for _ in 0..TRIES {
            // Read before the sockets are looked at: a newer socket has its seat before it takes the lock. If it takes
            // the lock after this, that changes what is read here.
            let lock = self.lock_of(account).await?;
            if self.sockets.has(account) {
                return Ok(());
            }
            let step = AccountStep::Released { gateway: self.this.id.clone(), epoch: lock.epoch };
            let Ok(next) = self.time.account_after(&lock, &step) else { return Ok(()) };
            if self.change_as_replica(account, &lock, &next).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Closes sockets whose accounts are not held here any more: another gateway took the account and could not reach
    /// this one, or the log-in has ended and that message was lost.
    pub(super) async fn close_the_ousted(&self) -> Result<(), Error> {
        let here = self.sockets.have_come_in();
        if here.is_empty() {
            return Ok(());
        }
        let gateway = &self.this.id;
        let held: HashSet<AccountId> = self.account_locks.held_by_gateway(gateway).await?.into_iter().collect();
        for account in here.into_iter().filter(|account| !held.contains(account)) {
            // It may have come back between the two looks.
            if !self.lock_of(account).await?.is_at(gateway) {
                self.sockets.close_others(account, None, REPLACED, "Replaced");
            }
        }
        Ok(())
    }

    /// Releases accounts that are held here without a socket: of a socket that closed while the store was away, or
    /// whose player came in as it closed. Those that an earlier run left behind have a timer.
    pub(super) async fn release_the_deserted(&self) -> Result<(), Error> {
        let held = self.account_locks.held_by_gateway(&self.this.id).await?;
        for account in held.into_iter().filter(|account| !self.sockets.has(*account)) {
            if self.lock_of(account).await?.deadline_ms.is_none() {
                self.release(account).await?;
                self.entries.settle(account).await?;
            }
        }
        Ok(())
    }

    /// Makes another gateway let go of an account: it closes the socket and releases the lock, or is fenced.
    async fn oust(&self, account: AccountId, held: &AccountLock, gateway: &str) -> Result<(), Error> {
        let wait = self.time.timers.handover_wait;
        let began = self.clock.uptime();
        let ask = Ask::CloseSockets { account, keep_session: None, code: REPLACED, reason: "Replaced".to_owned() };
        if let Ok(Answer::Closed { count: 1.. }) = self.replicas.ask(gateway, ask, wait).await {
            while self.clock.uptime().saturating_sub(began) < wait {
                if self.lock_of(account).await?.epoch != held.epoch {
                    return Ok(());
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        let Ok(free) = self.time.account_after(held, &AccountStep::Fenced) else { return Ok(()) };
        if self.account_locks.change_account_lock(account, held, &free).await? {
            metrics::counter!("realmgate_locks_fenced_total", "owner" => "account").increment(1);
            tracing::warn!(%account, gateway, "account lock fenced: its gateway did not release it");
        }
        Ok(())
    }

    async fn lock_of(&self, account: AccountId) -> Result<AccountLock, Error> {
        // An account is never deleted; one that is missing has no valid token either.
        self.account_locks.account_lock(account).await?.ok_or_else(|| ErrorCode::Unauthorized.into())
    }
}

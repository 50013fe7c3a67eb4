//! A player enters the world with a character.

use std::sync::Arc;

use realmgate_platform::error::{Error, ErrorCode};
use realmgate_platform::gates::Gates;
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use super::account::AccountLocks;
use super::admission::{Admission, Admissions};
use super::choice::{Seats, Target, Wish};
use super::displace::{Exits, Waiter};
use super::entry_rules::Rules;
use super::lock_clock::LockClock;
use super::session_entry::SessionEntries;
use super::this_replica::ThisReplica;
use super::tickets::ticket_id;
use crate::config::DuplicateLogin;
use crate::lock::{CharacterLock, CharacterOwner, LockStep};
use crate::service::characters::Characters;
use crate::store::locks::{Entering, LockedCharacter};
use crate::store::{AccountLockStore, LockStore};

/// A request to enter the world.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The account.
    pub account: AccountId,
    /// The log-in of the socket.
    pub log_in: Uuid,
    /// The character to bring in.
    pub character: CharacterId,
    /// The channel to enter; `None` for the least loaded.
    pub channel: Option<ChannelId>,
    /// The character that the same socket brought in before: replacing it is no second log-in.
    pub own: Option<CharacterId>,
    /// The trace id of this request in logs, here and on the map server.
    pub trace: String,
    /// Told how long to wait, where the account's older player fights and has to stay. Cancelled when the player gives
    /// up; then the locks are let go.
    pub waiter: Waiter,
}

impl Entry {
    fn cancel(&self) -> &CancellationToken {
        &self.waiter.cancel
    }
}

/// The way into the worlds.
pub struct Entrance {
    pub(super) locks: LockStore,
    pub(super) account_locks: AccountLockStore,
    pub(super) characters: Arc<Characters>,
    pub(super) time: LockClock,
    pub(super) this: Arc<ThisReplica>,
    pub(super) accounts: Arc<AccountLocks>,
    pub(super) exits: Arc<Exits>,
    pub(super) seats: Arc<Seats>,
    pub(super) admissions: Arc<Admissions>,
    pub(super) entries: Arc<SessionEntries>,
    pub(super) gates: Arc<Gates>,
    /// Who may enter at all.
    pub rules: Rules,
    pub(super) duplicate_login: DuplicateLogin,
}

impl Entrance {
    /// Brings a character into the world.
    ///
    /// # Errors
    /// `CHARACTER_NOT_FOUND`, `CHARACTER_DELETED`, `ENTRY_REFUSED`, `FORBIDDEN` for somebody else's character or an ended log-in,
    /// `ALREADY_ONLINE`, `MAP_NOT_FOUND`, `MAP_FULL`, `MAP_SERVER_UNREACHABLE`, `CALLED_OFF` when the waiter was
    /// cancelled; others when the database or the registry cannot be asked.
    pub async fn enter(&self, entry: &Entry) -> Result<EntryGrant, Error> {
        let span = tracing::error_span!("enter_world", trace = entry.trace);
        let result = self.enter_alone(entry).instrument(span).await;
        let outcome = match &result {
            Ok(_) => "ok",
            Err(error) => error.code.as_str(),
        };
        metrics::counter!("realmgate_enter_world_total", "result" => outcome).increment(1);
        result
    }

    async fn enter_alone(&self, entry: &Entry) -> Result<EntryGrant, Error> {
        let _alone = self.gates.pass(entry.account).await;
        let found = self.locks.find(entry.character).await?.ok_or(ErrorCode::CharacterNotFound)?;
        if found.account != entry.account {
            return Err(Error::new(ErrorCode::Forbidden, "You do not own this character"));
        }
        if found.deletes_at_ms.is_some() {
            return Err(ErrorCode::CharacterDeleted.into());
        }
        if entry.cancel().is_cancelled() {
            // It has waited too long for its turn: nobody is disturbed for a player who has gone.
            return Err(ErrorCode::CalledOff.into());
        }
        self.accounts.hold(entry.account, entry.log_in).await?;
        let held = self.locks.held_by_account(entry.account).await?;
        if self.duplicate_login == DuplicateLogin::Reject
            && let Some(older) = held.iter().find(|other| is_elsewhere(other, entry))
            && !self.is_coming_back(older, entry).await
        {
            self.exits.ask_to_leave(older);
            return Err(ErrorCode::AlreadyOnline.into());
        }
        let leaving = held.iter().find_map(|other| other.lock.owner.map_server());
        let map = match found.map {
            Some(map) => map,
            None => self.characters.beginning().await.map,
        };
        self.rules.check(entry.account, entry.character, map).await?;
        if let Some(grant) = self.come_back(entry, &held).await? {
            return Ok(grant);
        }
        let target = self.seats.choose(Wish { map, channel: entry.channel, leaving, ticket: ticket_id()? }).await?;
        let lock = match self.make_way(entry, found.lock, &held).await {
            Ok(lock) => lock,
            Err(error) => {
                self.seats.give_back(&target).await;
                return Err(error);
            }
        };
        match self.admissions.admit(&target, entry.character, &lock, &entry.trace, entry.cancel()).await {
            Ok(admission) => self.finish(entry, &target, admission).await,
            Err(error) => {
                self.give_up(entry, &lock, &lock.called_off()).await?;
                Err(error)
            }
        }
    }

    /// Whether the log-in that brought a character into its world wants back to it, over whichever socket.
    async fn is_coming_back(&self, body: &LockedCharacter, entry: &Entry) -> bool {
        body.character == entry.character
            && body.lock.owner.map_server().is_some()
            && self.entries.is_entered_by(entry.account, entry.log_in).await
    }

    /// Brings the player back to the body of its character, where that is all that the account has in a world, and stands
    /// where the player wants to be. Nobody leaves for that, so a fight does not hold it up, and no lock changes. `None` where
    /// it has to enter in the ordinary way.
    async fn come_back(&self, entry: &Entry, held: &[LockedCharacter]) -> Result<Option<EntryGrant>, Error> {
        let [body] = held else { return Ok(None) };
        let Some(server) = body.lock.owner.map_server().filter(|_| body.character == entry.character) else {
            return Ok(None);
        };
        let again = self.admissions.admit_again(server, body, entry.channel, &entry.trace);
        let again = tokio::select! {
            again = again => again?,
            () = entry.cancel().cancelled() => return Err(ErrorCode::CalledOff.into()),
        };
        let Some(admission) = again else { return Ok(None) };
        // The character's lock does not tell whether a newer log-in has come meanwhile: what that one asks its map server
        // for comes after this, and makes this ticket void.
        self.accounts.hold(entry.account, entry.log_in).await?;
        self.entries.entered(entry.account, entry.log_in, admission.character).await;
        tracing::info!(character = %entry.character, %server, epoch = %admission.lock.epoch, trace = entry.trace,
        "expecting a player back");
        Ok(Some(admission.grant))
    }

    /// Takes the characters that the account holds out of their worlds, then takes the entering character's lock, which was so
    /// when it was read.
    async fn make_way(
        &self,
        entry: &Entry,
        lock: CharacterLock,
        held: &[LockedCharacter],
    ) -> Result<CharacterLock, Error> {
        if held.is_empty() && lock.owner == CharacterOwner::None {
            // It was free a moment ago, and is taken only if it has not changed since.
            return self.take(entry, &lock).await;
        }
        for other in held {
            self.exits.displace(other.character, &entry.waiter).await?;
        }
        let left = self.locks.find(entry.character).await?.ok_or(ErrorCode::CharacterNotFound)?;
        self.take(entry, &left.lock).await
    }

    /// Takes the free lock of the character for this gateway, which must hold the account's lock for this log-in.
    async fn take(&self, entry: &Entry, free: &CharacterLock) -> Result<CharacterLock, Error> {
        let gateway = &self.this.id;
        let step = LockStep::Enter { gateway: gateway.clone() };
        let taken = self.time.after(free, &step).map_err(|_| ErrorCode::AlreadyOnline)?;
        let (character, account, session) = (entry.character, entry.account, entry.log_in);
        let entering = Entering { character, account, session, gateway, from: free, to: &taken };
        if self.account_locks.enter(&entering, self.time.now_ms()).await? {
            Ok(taken)
        } else {
            Err(ErrorCode::AlreadyOnline.into())
        }
    }

    async fn finish(&self, entry: &Entry, target: &Target, admission: Admission) -> Result<EntryGrant, Error> {
        if entry.cancel().is_cancelled() {
            if target.link.is_some() {
                self.admissions.call_off(&target.server.id, entry.character, admission.lock.epoch);
            }
            self.seats.give_back(target).await;
            self.give_up(entry, &admission.lock, &admission.lock.called_off()).await?;
            return Err(ErrorCode::CalledOff.into());
        }
        self.entries.entered(entry.account, entry.log_in, admission.character).await;
        tracing::info!(character = %entry.character, server = %target.server.id, map = %target.map,
        channel = %target.channel, epoch = %admission.lock.epoch, trace = entry.trace, "expecting a character");
        Ok(admission.grant)
    }

    /// Releases the lock again, if it has not changed since.
    async fn give_up(&self, entry: &Entry, lock: &CharacterLock, step: &LockStep) -> Result<(), Error> {
        if let Ok(free) = self.time.after(lock, step) {
            self.locks.change(entry.character, lock, &free, self.time.now_ms()).await?;
        }
        self.entries.settle(entry.account).await
    }
}

/// Whether a held character of the account is in a world, or on its way to one, by another socket than this one.
fn is_elsewhere(other: &LockedCharacter, entry: &Entry) -> bool {
    entry.own != Some(other.character)
}

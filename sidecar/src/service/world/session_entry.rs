//! The session entry of an account. It lives as long as a socket of the account or a lock of one of its characters.
//!
//! An entry that cannot be written now is corrected when it is next renewed: nobody is kept out of the world for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use realmgate_community::Events;
use realmgate_platform::error::Error;
use realmgate_protocol::ids::AccountId;
use realmgate_protocol::movement::Position;
use uuid::Uuid;

use super::lock_clock::LockClock;
use super::this_replica::ThisReplica;
use crate::directory::{Present, SessionCharacter, SessionEntry, Sessions};
use crate::gateway::Sockets;
use crate::link::Links;
use crate::lock::{AccountOwner, CharacterOwner};
use crate::store::locks::LockedCharacter;
use crate::store::{AccountLockStore, AccountStore, LockStore};

/// The session entries of accounts, as locks and sockets have them.
pub struct SessionEntries {
    pub(super) sessions: Sessions,
    pub(super) locks: LockStore,
    pub(super) account_locks: AccountLockStore,
    pub(super) accounts: AccountStore,
    pub(super) time: LockClock,
    pub(super) links: Arc<Links>,
    pub(super) sockets: Arc<Sockets>,
    pub(super) this: Arc<ThisReplica>,
    /// Whoever comes, goes or travels is told to the account's friends.
    pub(super) events: Events,
}

impl SessionEntries {
    /// After a socket of the account has opened here.
    pub(crate) async fn connected(&self, account: AccountId) {
        note(self.sessions.connected(&account.to_string(), &self.this.id).await);
        self.seen(account).await;
        self.events.changed(account);
    }

    /// After a log-in has brought a character of the account into the world.
    pub(super) async fn entered(&self, account: AccountId, log_in: Uuid, character: SessionCharacter) {
        let entry = SessionEntry { gateway_id: self.this.id.clone(), log_in: Some(log_in), character: Some(character) };
        note(self.sessions.set(&account.to_string(), entry).await);
        self.events.changed(account);
    }

    /// When the account's character goes from one map server or channel to another.
    pub(super) async fn moved(&self, account: AccountId, character: SessionCharacter) {
        note(self.sessions.moved(&account.to_string(), character).await);
        self.events.changed(account);
    }

    /// Whether it is known that this log-in brought the account's character into the world.
    pub(super) async fn is_entered_by(&self, account: AccountId, log_in: Uuid) -> bool {
        let entry = self.sessions.get(&account.to_string()).await;
        matches!(entry, Ok(Some(entry)) if entry.log_in == Some(log_in))
    }

    /// The log-in that brought the account's character into the world, if known.
    pub(super) async fn entered_by(&self, account: AccountId) -> Result<Option<Uuid>, Error> {
        if let Ok(Some(entry)) = self.sessions.get(&account.to_string()).await
            && entry.log_in.is_some()
        {
            return Ok(entry.log_in);
        }
        // The entry is lost, or Redis is away. The log-in that has the socket is most likely the one.
        let lock = self.account_locks.account_lock(account).await?;
        let held = lock.filter(|lock| matches!(lock.owner, AccountOwner::Gateway(_)));
        Ok(held.and_then(|lock| lock.session))
    }

    /// After the account has logged out of the world.
    pub(super) async fn logged_out(&self, account: AccountId) {
        note(self.settle(account).await);
    }

    /// Updates the entry of an account after a socket or a character of it has gone. Without a character lock, the
    /// entry has no character any more. If there is also no socket at any gateway, the entry ends.
    pub(crate) async fn settle(&self, account: AccountId) -> Result<(), Error> {
        let settled = self.settle_entry(account).await;
        self.seen(account).await;
        self.events.changed(account);
        settled
    }

    /// Records that the account is here, or was here just now. A time that is lost keeps nobody waiting.
    async fn seen(&self, account: AccountId) {
        note(self.accounts.seen(account, self.time.now_ms()).await.map_err(Error::from));
    }

    async fn settle_entry(&self, account: AccountId) -> Result<(), Error> {
        let user = account.to_string();
        let Ok(Some(entry)) = self.sessions.get(&user).await else { return Ok(()) };
        let connected = SessionEntry::connected(&entry.gateway_id);
        let is_here = self.sockets.has(account);
        if (is_here && entry == connected) || !self.locks.held_by_account(account).await?.is_empty() {
            return Ok(());
        }
        let is_connected = is_here || {
            let lock = self.account_locks.account_lock(account).await?;
            lock.is_some_and(|lock| matches!(lock.owner, AccountOwner::Gateway(_)))
        };
        note(if is_connected { self.sessions.set(&user, connected).await } else { self.sessions.remove(&user).await });
        Ok(())
    }

    /// Renews the entries of all accounts that have their socket or their map server's link here.
    pub(super) async fn renew(&self) -> Result<(), Error> {
        let accounts = self.sockets.accounts().into_iter();
        let mut here: BTreeMap<AccountId, Option<SessionCharacter>> = accounts.map(|account| (account, None)).collect();
        for link in self.links.all() {
            let held = self.locks.held_by(&CharacterOwner::Map(link.server.clone())).await?;
            here.extend(held.into_iter().map(|found| (found.account, last_seen(found))));
        }
        let present = |(account, character): (AccountId, _)| Present { user: account.to_string(), character };
        let present: Vec<Present> = here.into_iter().map(present).collect();
        self.sessions.renew(&present).await
    }
}

/// A character where it was last saved; `None` for one that was never saved: its entry knows more.
fn last_seen(found: LockedCharacter) -> Option<SessionCharacter> {
    Some(SessionCharacter {
        id: found.character.to_string(),
        name: found.name,
        map_server: found.lock.owner.map_server()?.clone(),
        map_id: found.map?,
        at: Some(Position { x: found.x, y: found.y }),
    })
}

fn note(written: Result<(), Error>) {
    if let Err(error) = written {
        tracing::debug!(%error, "cannot update a session entry");
    }
}

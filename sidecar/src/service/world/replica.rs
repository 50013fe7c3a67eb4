//! This sidecar's own lock: no other process has its id, and after a restart it may reclaim what it held.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use realmgate_platform::error::Error;

use super::lock_clock::LockClock;
use super::own_cookie::CookieJar;
use super::session_entry::SessionEntries;
use super::this_replica::ThisReplica;
use crate::lock::timers::{SILENT_AFTER, deadline};
use crate::lock::{Claim, CookieHash, ServerKey, ServerLock};
use crate::own_folder::OwnFolder;
use crate::store::locks::{KnownServer, Retired};
use crate::store::{AccountLockStore, LockStore, ServerLockStore};

/// Maximum number of tries while others change the lock too.
const TRIES: usize = 5;
/// How often to check whether the process that has our cookie is silent.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Why this sidecar may not run.
#[derive(Debug, thiserror::Error)]
pub enum NotAllowed {
    /// Another sidecar has its id.
    #[error("GATEWAY_ID: {0} is in use by another sidecar: give each sidecar its own id, or keep its DATA_DIR")]
    IdTaken(String),
    /// Another process of this machine runs in its folder.
    #[error(
        "DATA_DIR: sidecar {id} already runs in {}: stop it first, or give this one another GATEWAY_ID",
        folder.display()
    )]
    FolderTaken {
        /// The sidecar's id.
        id: String,
        /// The folder that is locked.
        folder: PathBuf,
    },
    /// A process elsewhere uses a copy of its cookie.
    #[error(
        "GATEWAY_ID: {id} is in use by another sidecar, with a copy of the cookie in {}: stop it first, or give this one \
         another GATEWAY_ID and DATA_DIR",
        file.display()
    )]
    CookieTaken {
        /// The sidecar's id.
        id: String,
        /// The cookie's file.
        file: PathBuf,
    },
    /// Several sidecars on one database need a Redis that they share. Names another sidecar.
    #[error("REDIS_URL: sidecar {0} runs on the same database: give all sidecars the REDIS_URL of one Redis")]
    NotShared(String),
    /// The cookie cannot be kept, or its folder cannot be locked.
    #[error("{}: {source}", file.display())]
    Cookie {
        /// The cookie's file, or the folder.
        file: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The database cannot be asked.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// The lock of this sidecar.
pub(super) struct ReplicaLock {
    pub(super) server_locks: ServerLockStore,
    pub(super) account_locks: AccountLockStore,
    pub(super) locks: LockStore,
    pub(super) time: LockClock,
    pub(super) this: Arc<ThisReplica>,
    pub(super) entries: Arc<SessionEntries>,
    /// Where its cookie and the lock of its folder are.
    pub(super) data_dir: PathBuf,
    /// Whether it shares its directory with others.
    pub(super) is_shared: bool,
    /// Its own folder, from when it has its lock until it gives it back.
    pub(super) folder: Mutex<Option<OwnFolder>>,
}

impl ReplicaLock {
    /// Takes this sidecar's lock. It has a while to reclaim what an earlier run of it held; what another process held
    /// under its id is released. If the earlier run may still be alive, this waits until that is silent.
    pub(super) async fn claim(&self) -> Result<(), NotAllowed> {
        let id = &self.this.id;
        let folder = self.lock_folder()?;
        let (jar, key) = (CookieJar::of(&self.data_dir, id), self.this.key());
        let (kept, mut tries, mut heard_before) = (jar.read(), 0, None);
        while tries < TRIES {
            let now_ms = self.time.now_ms();
            self.refuse_the_unshared(now_ms).await?;
            let known = self.server_locks.server(&key).await.map_err(Error::from)?;
            let existing = known.as_ref().map(|known| &known.lock);
            let shown = kept.iter().find(|kept| existing.is_some_and(|lock| lock.cookie == **kept)).or(kept.first());
            let was_here = known.as_ref().and_then(|known| known.linked_to.as_deref());
            let is_known_gone = was_here.is_some() && was_here == folder.place();
            let claim = ServerLock::claim_replica(existing, shown, is_known_gone, now_ms);
            match (claim, existing) {
                (Claim::Taken, _) => return Err(NotAllowed::IdTaken(id.clone())),
                (Claim::Connected, Some(lock)) => {
                    watch(id, &jar, lock.heard_ms, &mut heard_before).await?;
                    continue;
                }
                (Claim::Returned | Claim::New | Claim::Connected, _) => tries += 1,
            }
            let cookie = jar.bake()?;
            let claimed = self.itself(cookie, folder.place());
            if !self.server_locks.claim_server(existing, &claimed).await.map_err(Error::from)? {
                continue;
            }
            jar.keep()?;
            self.take_stock(claim).await?;
            self.this.has_lock(cookie);
            *self.own_folder() = Some(folder);
            return Ok(());
        }
        Err(NotAllowed::IdTaken(id.clone()))
    }

    /// Locks the folder. The second of two processes in one folder is refused at once.
    fn lock_folder(&self) -> Result<OwnFolder, NotAllowed> {
        let (folder, id) = (&self.data_dir, &self.this.id);
        let locked = OwnFolder::lock(folder, id);
        let locked = locked.map_err(|source| NotAllowed::Cookie { file: folder.clone(), source })?;
        locked.ok_or_else(|| NotAllowed::FolderTaken { id: id.clone(), folder: folder.clone() })
    }

    fn own_folder(&self) -> MutexGuard<'_, Option<OwnFolder>> {
        self.folder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses to run beside sidecars without a shared Redis: the directory would be in one process only.
    async fn refuse_the_unshared(&self, now_ms: u64) -> Result<(), NotAllowed> {
        let others = self.server_locks.replicas().await.map_err(Error::from)?;
        let own = self.this.key();
        let other = others
            .into_iter()
            .find(|other| other.key != own && !other.lock.is_over(now_ms) && !(other.shared && self.is_shared));
        match other.map(|other| other.key) {
            Some(ServerKey::Replica(id)) => Err(NotAllowed::NotShared(id)),
            _ => Ok(()),
        }
    }

    /// Settles what an earlier run left behind. A gateway holds a character's lock only on the way into a world, and
    /// after a restart no character is on that way. Account locks wait for their players' sockets.
    async fn take_stock(&self, claim: Claim) -> Result<(), Error> {
        let id = &self.this.id;
        match claim {
            Claim::Returned => {
                let until_ms = deadline(self.time.now_ms(), self.time.timers.replica_reclaim);
                let held = self.account_locks.set_account_deadlines(id, until_ms).await?;
                let freed = self.locks.fence_passing(id, self.time.now_ms()).await?;
                if held > 0 || !freed.is_empty() {
                    tracing::info!(accounts = held, characters = freed.len(), "resumed the locks of an earlier run");
                }
                Ok(())
            }
            Claim::New | Claim::Taken | Claim::Connected => self.release_everything(id).await,
        }
    }

    /// Releases what a replica held, since nobody can come back for it.
    pub(super) async fn release_everything(&self, id: &str) -> Result<(), Error> {
        let characters = self.locks.fence_passing(id, self.time.now_ms()).await?;
        let accounts = self.account_locks.free_accounts_of(id).await?;
        self.retired(id, Retired { characters, accounts }).await
    }

    /// After what a replica held was released.
    pub(super) async fn retired(&self, id: &str, held: Retired) -> Result<(), Error> {
        let Retired { characters: passing, accounts } = held;
        if !passing.is_empty() || !accounts.is_empty() {
            tracing::info!(
                replica = id,
                accounts = accounts.len(),
                characters = passing.len(),
                "locks of a sidecar released"
            );
        }
        for account in accounts.into_iter().chain(passing.into_iter().map(|(_, account)| account)) {
            self.entries.settle(account).await?;
        }
        Ok(())
    }

    /// Gives the lock back at a clean end: the id is free at once.
    pub(super) async fn leave(&self) -> Result<(), Error> {
        let id = &self.this.id;
        let key = self.this.key();
        let own = self.this.cookie();
        let known = self.server_locks.server(&key).await?;
        if let Some(known) = known.filter(|known| Some(&known.lock.cookie) == own) {
            let now_ms = self.time.now_ms();
            if let Some(held) = self.server_locks.retire_server(&key, &known.lock, now_ms).await? {
                self.retired(id, held).await?;
            }
        }
        self.own_folder().take();
        Ok(())
    }

    /// Takes this sidecar's lock again after others ended it, since this was silent for too long. Not if another
    /// process has the id by now.
    pub(super) async fn claim_again(&self, cookie: CookieHash) -> Result<(), Error> {
        let place = self.own_folder().as_ref().and_then(|folder| folder.place().map(str::to_owned));
        self.server_locks.claim_server(None, &self.itself(cookie, place.as_deref())).await?;
        Ok(())
    }

    /// This sidecar's row in the store.
    fn itself(&self, cookie: CookieHash, place: Option<&str>) -> KnownServer {
        let key = self.this.key();
        let lock = self.time.heard(&key, cookie);
        KnownServer { key, lock, linked_to: place.map(str::to_owned), shared: self.is_shared }
    }
}

/// Waits a moment. Refused if the process that has our cookie was heard of in between.
async fn watch(id: &str, jar: &CookieJar, heard_ms: u64, before: &mut Option<u64>) -> Result<(), NotAllowed> {
    match before.replace(heard_ms) {
        Some(before) if before != heard_ms => {
            return Err(NotAllowed::CookieTaken { id: id.to_owned(), file: jar.file.clone() });
        }
        Some(_) => {}
        None => tracing::info!(id, silence = ?SILENT_AFTER, "checking whether another process uses this cookie"),
    }
    tokio::time::sleep(LOOK_EVERY).await;
    Ok(())
}

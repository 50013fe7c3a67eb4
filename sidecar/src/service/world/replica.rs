//! This sidecar's own lock: no other process has its id, and after a restart it may reclaim what it held.

use std::path::PathBuf;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use super::own_cookie::CookieJar;
use super::settle_session;
use crate::error::Error;
use crate::lock::timers::{SILENT_AFTER, deadline};
use crate::lock::{Claim, CookieHash, ServerKey, ServerLock};
use crate::own_folder::OwnFolder;
use crate::state::AppState;
use crate::store::locks::{KnownServer, Retired};

/// Maximum number of tries while others change the lock too.
const TRIES: usize = 5;
/// How often to check whether the process that has our cookie is silent.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Why this sidecar may not run.
#[derive(Debug, thiserror::Error)]
pub enum NotAllowed {
    /// Another sidecar has its id.
    #[error("GATEWAY_ID: {0} is alive elsewhere: give every sidecar an id of its own, or keep its DATA_DIR")]
    IdTaken(String),
    /// Another process of this machine runs in its folder.
    #[error(
        "DATA_DIR: a sidecar {id} runs in {} already: end that one first, or give this one a GATEWAY_ID of its own",
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
        "GATEWAY_ID: {id} is alive elsewhere, by the cookie that is in {} too: end that one first, or give this one a \
         GATEWAY_ID and a DATA_DIR of its own",
        file.display()
    )]
    CookieTaken {
        /// The sidecar's id.
        id: String,
        /// The cookie's file.
        file: PathBuf,
    },
    /// Several sidecars on one database need a Redis that they share. Names another sidecar.
    #[error(
        "REDIS_URL: the sidecar {0} runs on the same database: several need a Redis that they share, and all of them its REDIS_URL"
    )]
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

/// Takes this sidecar's lock. It has a while to reclaim what an earlier run of it held; what another process held under
/// its id is released. If the earlier run may still be alive, this waits until that is silent.
pub(super) async fn claim(state: &AppState) -> Result<(), NotAllowed> {
    let id = &state.config.gateway.id;
    let folder = lock_folder(state)?;
    let (jar, key) = (CookieJar::of(state), ServerKey::Replica(id.clone()));
    let (kept, mut tries, mut heard_before) = (jar.read(), 0, None);
    while tries < TRIES {
        let now_ms = state.db_time.now_ms();
        refuse_the_unshared(state, now_ms).await?;
        let known = state.store.server_locks.server(&key).await.map_err(Error::from)?;
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
        let claimed = itself(state, cookie, folder.place());
        if !state.store.server_locks.claim_server(existing, &claimed).await.map_err(Error::from)? {
            continue;
        }
        jar.keep()?;
        take_stock(state, claim).await?;
        // Claimed once in the lifetime of a process.
        let _ = state.link.own_cookie.set(cookie);
        *own_folder(state) = Some(folder);
        return Ok(());
    }
    Err(NotAllowed::IdTaken(id.clone()))
}

/// Locks the folder. The second of two processes in one folder is refused at once.
fn lock_folder(state: &AppState) -> Result<OwnFolder, NotAllowed> {
    let (folder, id) = (&state.config.data_dir, &state.config.gateway.id);
    let locked = OwnFolder::lock(folder, id);
    let locked = locked.map_err(|source| NotAllowed::Cookie { file: folder.clone(), source })?;
    locked.ok_or_else(|| NotAllowed::FolderTaken { id: id.clone(), folder: folder.clone() })
}

/// Waits a moment. Refused if the process that has our cookie was heard of in between.
async fn watch(id: &str, jar: &CookieJar, heard_ms: u64, before: &mut Option<u64>) -> Result<(), NotAllowed> {
    match before.replace(heard_ms) {
        Some(before) if before != heard_ms => {
            return Err(NotAllowed::CookieTaken { id: id.to_owned(), file: jar.file.clone() });
        }
        Some(_) => {}
        None => tracing::info!(id, silence = ?SILENT_AFTER, "waiting whether another process lives by this cookie"),
    }
    tokio::time::sleep(LOOK_EVERY).await;
    Ok(())
}

fn own_folder(state: &AppState) -> MutexGuard<'_, Option<OwnFolder>> {
    state.link.own_folder.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Refuses to run beside sidecars without a shared Redis: the directory would be in one process only.
async fn refuse_the_unshared(state: &AppState, now_ms: u64) -> Result<(), NotAllowed> {
    let others = state.store.server_locks.replicas().await.map_err(Error::from)?;
    let own = ServerKey::Replica(state.config.gateway.id.clone());
    let other = others
        .into_iter()
        .find(|other| other.key != own && !other.lock.is_over(now_ms) && !(other.shared && is_shared(state)));
    match other.map(|other| other.key) {
        Some(ServerKey::Replica(id)) => Err(NotAllowed::NotShared(id)),
        _ => Ok(()),
    }
}

fn is_shared(state: &AppState) -> bool {
    state.redis.is_some()
}

/// Settles what an earlier run left behind. A gateway holds a character's lock only on the way into a world, and after
/// a restart no character is on that way. Account locks wait for their players' sockets.
async fn take_stock(state: &AppState, claim: Claim) -> Result<(), Error> {
    let id = &state.config.gateway.id;
    match claim {
        Claim::Returned => {
            let until_ms = deadline(state.db_time.now_ms(), state.config.timers.replica_reclaim);
            let held = state.store.account_locks.set_account_deadlines(id, until_ms).await?;
            let freed = state.store.locks.fence_passing(id, state.db_time.now_ms()).await?;
            if held > 0 || !freed.is_empty() {
                tracing::info!(accounts = held, characters = freed.len(), "came back to what an earlier run held");
            }
            Ok(())
        }
        Claim::New | Claim::Taken | Claim::Connected => release_everything(state, id).await,
    }
}

/// Releases what a replica held, since nobody can come back for it.
pub(super) async fn release_everything(state: &AppState, id: &str) -> Result<(), Error> {
    let characters = state.store.locks.fence_passing(id, state.db_time.now_ms()).await?;
    let accounts = state.store.account_locks.free_accounts_of(id).await?;
    retired(state, id, Retired { characters, accounts }).await
}

/// After what a replica held was released.
pub(super) async fn retired(state: &AppState, id: &str, held: Retired) -> Result<(), Error> {
    let Retired { characters: passing, accounts } = held;
    if !passing.is_empty() || !accounts.is_empty() {
        tracing::info!(replica = id, accounts = accounts.len(), characters = passing.len(), "released");
    }
    for account in accounts.into_iter().chain(passing.into_iter().map(|(_, account)| account)) {
        settle_session(state, account).await?;
    }
    Ok(())
}

/// Gives the lock back at a clean end: the id is free at once.
pub(super) async fn leave(state: &AppState) -> Result<(), Error> {
    let id = &state.config.gateway.id;
    let key = ServerKey::Replica(id.clone());
    let own = state.link.own_cookie.get();
    let known = state.store.server_locks.server(&key).await?;
    if let Some(known) = known.filter(|known| Some(&known.lock.cookie) == own) {
        let now_ms = state.db_time.now_ms();
        if let Some(held) = state.store.server_locks.retire_server(&key, &known.lock, now_ms).await? {
            retired(state, id, held).await?;
        }
    }
    own_folder(state).take();
    Ok(())
}

/// Takes this sidecar's lock again after others ended it, since this was silent for too long. Not if another process
/// has the id by now.
pub(super) async fn claim_again(state: &AppState, cookie: CookieHash) -> Result<(), Error> {
    let place = own_folder(state).as_ref().and_then(|folder| folder.place().map(str::to_owned));
    state.store.server_locks.claim_server(None, &itself(state, cookie, place.as_deref())).await?;
    Ok(())
}

/// This sidecar's row in the store.
fn itself(state: &AppState, cookie: CookieHash, place: Option<&str>) -> KnownServer {
    let key = ServerKey::Replica(state.config.gateway.id.clone());
    let lock = ServerLock::heard(&key, cookie, state.db_time.now_ms(), &state.config.timers);
    KnownServer { key, lock, linked_to: place.map(str::to_owned), shared: is_shared(state) }
}

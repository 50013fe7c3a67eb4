//! This sidecar's own lock: that nobody else goes by its id, and that it may reclaim what it held when it comes back.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::settle_session;
use crate::directory::Cookie;
use crate::error::Error;
use crate::lock::timers::deadline;
use crate::lock::{Claim, CookieHash, ServerKey, ServerLock};
use crate::state::AppState;
use crate::store::locks::{KnownServer, Retired};

/// How often somebody else may be faster before we give up.
const TRIES: usize = 5;

/// Why this sidecar may not run.
#[derive(Debug, thiserror::Error)]
pub enum NotAllowed {
    /// Another one goes by its id.
    #[error("GATEWAY_ID: {0} is alive elsewhere: give every sidecar an id of its own, or keep its DATA_DIR")]
    IdTaken(String),
    /// Several sidecars on one database need what they share.
    #[error(
        "REDIS_URL: the sidecar {0} runs on the same database: several need a Redis that they share, and all of them its REDIS_URL"
    )]
    NotShared(String),
    /// The cookie can not be kept.
    #[error("{file}: {source}")]
    Cookie {
        /// Where.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database can not be asked.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Takes this sidecar's lock. What an earlier run of it held it has a while to reclaim; what somebody else held under its
/// id is released.
pub(super) async fn claim(state: &AppState) -> Result<(), NotAllowed> {
    let id = &state.config.gateway.id;
    let key = ServerKey::Replica(id.clone());
    let file = cookie_file(state);
    let kept = read_cookie(&file);
    for _ in 0..TRIES {
        let now_ms = state.db_time.now_ms();
        refuse_the_unshared(state, now_ms).await?;
        let known = state.store.server_locks.server(&key).await.map_err(Error::from)?;
        let existing = known.as_ref().map(|known| &known.lock);
        let claim = ServerLock::claim(existing, kept.as_ref().map(Cookie::hash).as_ref(), now_ms);
        let cookie = match (claim, &kept) {
            (Claim::Taken, _) => return Err(NotAllowed::IdTaken(id.clone())),
            (Claim::Returned, Some(cookie)) => cookie.clone(),
            (Claim::Returned | Claim::New, _) => {
                let cookie = Cookie::random()?;
                write_cookie(&file, &cookie).map_err(|source| NotAllowed::Cookie { file: file.clone(), source })?;
                cookie
            }
        };
        let lock = ServerLock::heard(&key, cookie.hash(), now_ms, &state.config.timers);
        let claimed = KnownServer { key: key.clone(), lock: lock.clone(), linked_to: None, shared: is_shared(state) };
        if !state.store.server_locks.claim_server(existing, &claimed).await.map_err(Error::from)? {
            continue;
        }
        take_stock(state, claim).await?;
        // Claimed once in the life of a process.
        let _ = state.link.own_cookie.set(lock.cookie);
        return Ok(());
    }
    Err(NotAllowed::IdTaken(id.clone()))
}

/// Without a Redis, the directory is in one process.
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

/// What an earlier run left behind: a gateway's character lock is held only on the way into a world, and after a restart
/// nobody is on that way. Account locks wait for their players' sockets.
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
        Claim::New | Claim::Taken => release_everything(state, id).await,
    }
}

/// Nobody can come back for what a replica held.
pub(super) async fn release_everything(state: &AppState, id: &str) -> Result<(), Error> {
    let characters = state.store.locks.fence_passing(id, state.db_time.now_ms()).await?;
    let accounts = state.store.account_locks.free_accounts_of(id).await?;
    retired(state, id, Retired { characters, accounts }).await
}

/// What a replica held is released.
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

/// Gives the lock back at a clean end: the id is free, and nothing waits for it.
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
    Ok(())
}

/// This sidecar as the store is to know it.
pub(super) fn itself(state: &AppState, cookie: CookieHash) -> KnownServer {
    let key = ServerKey::Replica(state.config.gateway.id.clone());
    let lock = ServerLock::heard(&key, cookie, state.db_time.now_ms(), &state.config.timers);
    KnownServer { key, lock, linked_to: None, shared: is_shared(state) }
}

fn cookie_file(state: &AppState) -> PathBuf {
    state.config.data_dir.join(format!("{}.cookie", state.config.gateway.id))
}

fn read_cookie(file: &Path) -> Option<Cookie> {
    Cookie::shown(fs::read_to_string(file).ok()?.trim())
}

fn write_cookie(file: &Path, cookie: &Cookie) -> std::io::Result<()> {
    // Where the database and every secret lie elsewhere, nothing else has made it.
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let part = file.with_extension("part");
    let mut open = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    open.write_all(cookie.expose().as_bytes())?;
    open.sync_all()?;
    fs::rename(part, file)
}

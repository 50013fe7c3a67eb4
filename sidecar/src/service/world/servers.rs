//! Registration, links and end of map servers: their locks by cookie, and what happens to the characters they held.

use std::sync::Arc;

use realmgate_platform::error::{Error, ErrorCode};
use realmgate_protocol::ids::{AccountId, CharacterId, ServerId};
use realmgate_protocol::link::{Fence, LeaveReason};

use super::departures::DepartureNews;
use super::lock_clock::LockClock;
use super::session_entry::SessionEntries;
use super::this_replica::ThisReplica;
use crate::directory::{Cookie, MapServer, Registered, Registration, Registry};
use crate::link::{Links, PROBE};
use crate::lock::timers::{ID_HELD, deadline};
use crate::lock::{CharacterOwner, Claim, CookieHash, ServerKey, ServerLock};
use crate::replicas::{Answer, Ask, Replicas};
use crate::social::Social;
use crate::store::ledger::Swept;
use crate::store::locks::{KnownServer, Retired};
use crate::store::{LedgerStore, LockStore, ServerLockStore};

/// Maximum number of tries while others change the lock too.
const TRIES: usize = 5;

/// Why a map server may not open a link.
#[derive(Debug)]
pub(crate) enum Unmet {
    /// Its cookie is not, or no longer, the one of its id.
    CookieUnknown,
    /// Its id has a link that is alive.
    StillLinked,
    /// Its lock cannot be read.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Unmet {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// The locks of map servers.
pub struct MapServerLocks {
    pub(super) server_locks: ServerLockStore,
    pub(super) locks: LockStore,
    pub(super) ledger: LedgerStore,
    pub(super) time: LockClock,
    pub(super) this: Arc<ThisReplica>,
    pub(super) registry: Registry,
    pub(super) links: Arc<Links>,
    pub(super) replicas: Replicas,
    pub(super) departures: DepartureNews,
    pub(super) social: Social,
    pub(super) entries: Arc<SessionEntries>,
}

impl MapServerLocks {
    /// Lists a map server. With its cookie, it is the process that was listed before. Without, it is a new process, and
    /// what the old one held is released, unless the old one is alive.
    ///
    /// # Errors
    /// `SERVER_ID_TAKEN` when a live process has the id; others when the database or the registry cannot be asked.
    pub async fn register(&self, registration: &Registration) -> Result<Registered, Error> {
        let key = ServerKey::Map(registration.id.clone());
        let shown = registration.cookie.as_ref().map(Cookie::hash);
        for _ in 0..TRIES {
            let known = self.server_locks.server(&key).await?;
            let now_ms = self.time.now_ms();
            let existing = known.as_ref().map(|known| &known.lock);
            let claim = match ServerLock::claim(existing, shown.as_ref(), now_ms) {
                // A foreign server without a link may restart in place without a cookie, as the contract says.
                Claim::Taken if self.is_in_place(known.as_ref(), registration).await? => Claim::New,
                claim => claim,
            };
            let (cookie, linked_to) = match (claim, &registration.cookie) {
                (Claim::Taken | Claim::Connected, _) => return Err(ErrorCode::ServerIdTaken.into()),
                (Claim::Returned, Some(cookie)) => {
                    (cookie.clone(), known.as_ref().and_then(|known| known.linked_to.clone()))
                }
                (Claim::Returned | Claim::New, _) => (Cookie::random()?, None),
            };
            let lock = self.time.heard(&key, cookie.hash());
            let claimed = KnownServer { key: key.clone(), lock, linked_to, shared: false };
            if !self.server_locks.claim_server(existing, &claimed).await? {
                continue;
            }
            if claim == Claim::New {
                self.release_everything(&registration.id).await?;
            }
            let renewed = self.registry.list(registration, cookie.hash(), claim == Claim::Returned).await?;
            if let Some(link) = self.links.get(&registration.id).filter(|link| link.cookie == cookie.hash()) {
                // Its link was open before it was listed.
                self.registry.linked(&registration.id, link.facts(&self.this.id)).await?;
            }
            return Ok(Registered { cookie, renewed });
        }
        Err(ErrorCode::ServerIdTaken.into())
    }

    async fn is_in_place(&self, known: Option<&KnownServer>, registration: &Registration) -> Result<bool, Error> {
        if registration.cookie.is_some() || known.is_none_or(|known| known.linked_to.is_some()) {
            return Ok(false);
        }
        let listed = self.registry.find(&registration.id).await?;
        Ok(listed.is_some_and(|listed: MapServer| listed.ip == registration.ip && listed.port == registration.port))
    }

    /// Takes a heartbeat that a map server sends over HTTP; false where it has to register again.
    ///
    /// # Errors
    /// When the database or the registry cannot be asked.
    pub async fn heartbeat(&self, server: &ServerId, players: u32, load: f64) -> Result<bool, Error> {
        if !self.registry.heartbeat(server, players, load).await? {
            return Ok(false);
        }
        let key = ServerKey::Map(server.clone());
        let Some(known) = self.server_locks.server(&key).await? else { return Ok(false) };
        let now_ms = self.time.now_ms();
        let lock = self.time.heard(&key, known.lock.cookie);
        self.server_locks.renew_servers(&[(key, lock)]).await?;
        self.server_locks.renew_lent(server, deadline(now_ms, ID_HELD)).await?;
        Ok(true)
    }

    /// Deregisters a map server: it is not listed any more, and its id is free. It may still send the last state of its
    /// players over its link; what it does not release is released when its timer runs out.
    ///
    /// # Errors
    /// When the database or the registry cannot be asked.
    pub async fn deregister(&self, server: &ServerId) -> Result<(), Error> {
        self.registry.remove(server).await?;
        let key = ServerKey::Map(server.clone());
        if let Some(known) = self.server_locks.server(&key).await? {
            let gone = KnownServer { lock: ServerLock { heard_ms: 0, ..known.lock.clone() }, ..known.clone() };
            self.server_locks.claim_server(Some(&known.lock), &gone).await?;
            // Nothing keeps what was lent to it without its heartbeats.
            self.server_locks.renew_lent(server, self.time.now_ms()).await?;
        }
        Ok(())
    }

    /// Lets a map server open a link. Returns whether it may reclaim what it held; if not, that is released already.
    pub(crate) async fn meet(&self, server: &ServerId, cookie: &str, fresh: bool) -> Result<bool, Unmet> {
        let key = ServerKey::Map(server.clone());
        let known = self.server_locks.server(&key).await?;
        // Its deadline is not checked: the timers do that, and after an outage they give a grace.
        let known = known.filter(|known| known.lock.cookie == CookieHash::of(cookie));
        let Some(known) = known else { return Err(Unmet::CookieUnknown) };
        if let Some(replica) = &known.linked_to
            && self.is_link_alive(server, replica).await
        {
            return Err(Unmet::StillLinked);
        }
        let resumed = known.linked_to.is_some() && !fresh;
        if resumed {
            let until_ms = deadline(self.time.now_ms(), self.time.timers.map_reclaim);
            self.server_locks.set_character_deadlines(server, until_ms).await?;
        } else {
            self.release_everything(server).await?;
        }
        let lock = self.time.heard(&key, known.lock.cookie);
        if !self.server_locks.link_server(server, &lock, &self.this.id).await? {
            return Err(Unmet::CookieUnknown);
        }
        Ok(resumed)
    }

    /// Whether the earlier link of a map server still answers. One that does not is closed.
    async fn is_link_alive(&self, server: &ServerId, replica: &str) -> bool {
        if let Some(link) = self.links.get(server) {
            return link.answers().await;
        }
        if replica == self.this.id {
            return false;
        }
        let ask = Ask::PingLink { server: server.clone() };
        matches!(self.replicas.ask(replica, ask, PROBE + PROBE).await, Ok(Answer::LinkAlive(true)))
    }

    /// Reclaims locks that a map server still holds after its return. Returns those that it does not hold any more.
    pub(crate) async fn reclaim(
        &self,
        server: &ServerId,
        cookie: &CookieHash,
        fences: &[Fence],
    ) -> Result<Vec<Fence>, Error> {
        let lost = self.server_locks.reclaim(server, cookie, fences).await?;
        let kept = fences.len().saturating_sub(lost.len());
        metrics::counter!("realmgate_server_locks_reclaimed_total").increment(kept as u64);
        Ok(lost)
    }

    /// After a map server has reclaimed all its locks: the rest is released, and all who play there count as in the
    /// world, even if it is this sidecar that has restarted.
    pub(crate) async fn reclaimed(&self, server: &ServerId) -> Result<(), Error> {
        let freed = self.server_locks.fence_unclaimed(server, self.time.now_ms()).await?;
        if !freed.is_empty() {
            tracing::info!(%server, locks = freed.len(), "locks released that were not reclaimed");
        }
        self.gone(freed).await?;
        for found in self.locks.held_by(&CharacterOwner::Map(server.clone())).await? {
            self.social.arrived(found.character);
        }
        Ok(())
    }

    /// Releases what was held under this id, since nobody can come back for it: its locks are fenced, and what lay on
    /// its ground is swept by the ledger.
    pub(super) async fn release_everything(&self, server: &ServerId) -> Result<(), Error> {
        if let Some(old) = self.links.get(server) {
            // The old process may not know yet that it is gone.
            old.closed.cancel();
        }
        let now_ms = self.time.now_ms();
        let freed = self.locks.fence_all(&CharacterOwner::Map(server.clone()), now_ms).await?;
        let swept = self.ledger.sweep_ground(server, now_ms).await?;
        if !freed.is_empty() || swept != Swept::default() {
            let Swept { items, gold } = swept;
            tracing::info!(%server, locks = freed.len(), items, gold, "locks and items on the ground released after a restart");
        }
        self.gone(freed).await
    }

    /// After a map server did not come back and was forgotten: the locks in its store row are released already.
    pub(super) async fn retired(&self, server: &ServerId, retired: Retired) -> Result<(), Error> {
        self.gone(retired.characters).await?;
        self.release_everything(server).await
    }

    /// After characters have left their world.
    async fn gone(&self, freed: Vec<(CharacterId, AccountId)>) -> Result<(), Error> {
        for (character, account) in freed {
            self.social.left(character, LeaveReason::ServerClosing);
            self.departures.departed(character).await;
            self.entries.settle(account).await?;
        }
        Ok(())
    }
}

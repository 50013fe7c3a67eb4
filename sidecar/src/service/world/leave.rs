//! A character leaves the world, or never arrived.

use std::sync::Arc;

use realmgate_platform::error::Error;
use realmgate_protocol::ids::{CharacterId, LockEpoch};
use realmgate_protocol::link::{LeaveReason, Save, ToMap};

use super::departures::DepartureNews;
use super::lock_clock::LockClock;
use super::session_entry::SessionEntries;
use crate::directory::Registry;
use crate::link::Link;
use crate::lock::{CharacterLock, CharacterOwner, LockStep};
use crate::social::Social;
use crate::store::LockStore;

/// Characters that their map servers let go.
pub(crate) struct Releases {
    pub(super) locks: LockStore,
    pub(super) time: LockClock,
    pub(super) registry: Registry,
    pub(super) social: Social,
    pub(super) departures: DepartureNews,
    pub(super) entries: Arc<SessionEntries>,
}

impl Releases {
    /// The map server has let a character go: its last save and its free lock are one write.
    pub(crate) async fn released(&self, link: &Link, save: &Save, reason: LeaveReason) -> Result<(), Error> {
        give_seat_back(&self.registry, link, save.character).await;
        let step = LockStep::Released { server: link.server.clone() };
        let freed = self.locks.save_and_step(&link.server, save, &step, self.time.now_ms(), &self.time.timers).await?;
        let settled = ToMap::Settled { character: save.character, epoch: save.epoch };
        if freed.is_none() {
            // The server drops the character anyway; this tells its log that the last save came too late.
            let _ = link.send(ToMap::Fenced { character: save.character, epoch: save.epoch });
            let _ = link.send(settled);
            self.departures.departed(save.character).await;
            return Ok(());
        }
        metrics::counter!("realmgate_departures_total", "reason" => reason.name()).increment(1);
        let _ = link.send(settled);
        self.departed(save.character, reason).await
    }

    /// Handles a character that is not on the map server which owns its lock, with nothing to save: it never came, or
    /// its channel failed. `figure` is its reason in the metrics.
    pub(crate) async fn dropped(
        &self,
        link: &Link,
        character: CharacterId,
        epoch: LockEpoch,
        reason: LeaveReason,
        figure: &'static str,
    ) -> Result<(), Error> {
        give_seat_back(&self.registry, link, character).await;
        let lock = CharacterLock { owner: CharacterOwner::Map(link.server.clone()), epoch, deadline_ms: None };
        let step = LockStep::Released { server: link.server.clone() };
        let free = self.time.after(&lock, &step).map_err(Error::internal)?;
        if !self.locks.change(character, &lock, &free, self.time.now_ms()).await? {
            // Freed already. A caller that waits looks at the lock again.
            self.departures.departed(character).await;
            return Ok(());
        }
        metrics::counter!("realmgate_departures_total", "reason" => figure).increment(1);
        self.departed(character, reason).await
    }

    async fn departed(&self, character: CharacterId, reason: LeaveReason) -> Result<(), Error> {
        self.social.left(character, reason);
        self.departures.departed(character).await;
        let Some(found) = self.locks.find(character).await? else { return Ok(()) };
        self.entries.settle(found.account).await
    }
}

/// Releases the seat of a character that was on its way.
pub(super) async fn give_seat_back(registry: &Registry, link: &Link, character: CharacterId) {
    let Some(ticket) = link.take_ticket(character) else { return };
    if let Err(error) = registry.release_seat(&link.server, ticket).await {
        // It expires by itself.
        tracing::debug!(%error, "cannot release a seat");
    }
}

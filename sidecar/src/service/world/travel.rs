//! A character goes from one channel to another, on the same map server or on another one.

use std::sync::Arc;

use realmgate_platform::error::Error;
use realmgate_platform::limits::Limits;
use realmgate_protocol::ids::{ChannelId, RequestId, ServerId};
use realmgate_protocol::link::{Save, ToMap};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::admission::{Admission, Admissions};
use super::choice::{Seats, Wish};
use super::lock_clock::LockClock;
use super::reach::MapServers;
use super::session_entry::SessionEntries;
use super::this_replica::ThisReplica;
use super::tickets::ticket_id;
use crate::link::Link;
use crate::lock::{CharacterLock, LockStep};
use crate::store::LockStore;

struct Journey {
    request: RequestId,
    from: ServerId,
    save: Save,
    channel: Option<ChannelId>,
    held: CharacterLock,
}

impl Journey {
    async fn finish(self, journeys: &Journeys) -> Result<(), Error> {
        let outcome = self.seek(journeys).await;
        let result = outcome.as_ref().map_or_else(|error| error.code.as_str(), |_| "ok");
        metrics::counter!("realmgate_journeys_total", "result" => result).increment(1);
        let (message, arriving) = match outcome {
            Ok(Admission { grant, account, character, .. }) => {
                tracing::info!(character = %self.save.character, from = %self.from, to = grant.server_id,
                    map = grant.map_id, channel = grant.channel, "character travels");
                let text = serde_json::to_string(&grant).map_err(Error::internal)?;
                let granted =
                    ToMap::TravelGranted { request: self.request, character: self.save.character, grant: text };
                (granted, Some((account, character)))
            }
            Err(error) => (self.turn_back(journeys, &error).await?, None),
        };
        // If the map server lost its link, it cannot tell its player; the ticket expires and the lock is released.
        let _ = journeys.map_servers.tell(&self.from, message).await;
        if let Some((account, character)) = arriving {
            journeys.entries.moved(account, character).await;
        }
        Ok(())
    }

    /// The trace id of this journey in the logs of both map servers.
    fn trace(&self) -> String {
        format!("travel-{}-{}", self.save.character, self.held.epoch)
    }

    async fn seek(&self, journeys: &Journeys) -> Result<Admission, Error> {
        journeys.limits.journey(self.save.character).await?;
        let wish =
            Wish { map: self.save.soft.map, channel: self.channel, leaving: Some(&self.from), ticket: ticket_id()? };
        let target = journeys.seats.choose(wish).await?;
        let to_the_end = CancellationToken::new();
        journeys.admissions.admit(&target, self.save.character, &self.held, &self.trace(), &to_the_end).await
    }

    /// Gives the character back to the map server it came from, under a newer epoch than the target ever heard of.
    async fn turn_back(&self, journeys: &Journeys, error: &Error) -> Result<ToMap, Error> {
        tracing::info!(character = %self.save.character, from = %self.from, %error, "journey refused");
        let character = self.save.character;
        let step = LockStep::TravelFailed { server: self.from.clone() };
        let back = journeys.time.after(&self.held, &step).map_err(Error::internal)?;
        if journeys.locks.change(character, &self.held, &back, journeys.time.now_ms()).await? {
            let code = error.code.as_str().to_owned();
            return Ok(ToMap::TravelRefused { request: self.request, character, epoch: back.epoch, code });
        }
        Ok(ToMap::Fenced { character, epoch: self.save.epoch })
    }
}

/// Journeys from one channel to another.
pub(crate) struct Journeys {
    pub(super) locks: LockStore,
    pub(super) time: LockClock,
    pub(super) this: Arc<ThisReplica>,
    pub(super) limits: Arc<Limits>,
    pub(super) seats: Arc<Seats>,
    pub(super) admissions: Arc<Admissions>,
    pub(super) map_servers: Arc<MapServers>,
    pub(super) entries: Arc<SessionEntries>,
    pub(super) tasks: TaskTracker,
}

impl Journeys {
    /// Saves the character and takes its lock, in the order of the link. The rest goes on beside it, since the target
    /// may be the very map server that asks.
    pub(crate) async fn travel(
        self: &Arc<Self>,
        link: &Link,
        request: RequestId,
        save: Save,
        channel: Option<ChannelId>,
    ) -> Result<(), Error> {
        let step = LockStep::Travel { server: link.server.clone(), gateway: self.this.id.clone() };
        let taken = self.locks.save_and_step(&link.server, &save, &step, self.time.now_ms(), &self.time.timers).await?;
        let Some(held) = taken else {
            let _ = link.send(ToMap::Fenced { character: save.character, epoch: save.epoch });
            return Ok(());
        };
        let journey = Journey { request, from: link.server.clone(), save, channel, held };
        let journeys = self.clone();
        self.tasks.spawn(async move {
            if let Err(error) = journey.finish(&journeys).await {
                tracing::error!(%error, "cannot finish a journey");
            }
        });
        Ok(())
    }
}

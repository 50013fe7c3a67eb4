//! A character in the world: it arrives, is saved, and what it owns changes.

use std::sync::Arc;

use realmgate_platform::clock::Clock;
use realmgate_platform::error::Error;
use realmgate_protocol::ids::{BatchId, CharacterId, LockEpoch};
use realmgate_protocol::link::{ChannelLoad, Fence, OwnedEvent, Save, ToMap};

use super::this_replica::ThisReplica;
use crate::directory::Registry;
use crate::link::Link;
use crate::social::Social;
use crate::store::ledger::BatchOutcome;
use crate::store::locks::SaveOutcome;
use crate::store::{LedgerStore, LockStore, ServerLockStore};

/// The characters on the map servers that are linked here.
pub(crate) struct Residents {
    pub(super) locks: LockStore,
    pub(super) server_locks: ServerLockStore,
    pub(super) ledger: LedgerStore,
    pub(super) registry: Registry,
    pub(super) social: Social,
    pub(super) this: Arc<ThisReplica>,
    pub(super) clock: Clock,
}

impl Residents {
    /// After the player of a prepared character has connected.
    pub(crate) async fn entered(&self, link: &Link, character: CharacterId, epoch: LockEpoch) -> Result<(), Error> {
        let found = self.locks.find(character).await?;
        match found.filter(|found| found.lock.admits(&link.server, epoch)) {
            Some(_) => {
                // False where the character has left again already, or where this process no longer has the server's
                // lock: then it must be possible to end the character's lock.
                self.server_locks.arrive(&link.server, &link.cookie, &Fence { character, epoch }).await?;
                if let Some(ticket) = link.take_ticket(character)
                    && let Err(error) = self.registry.release_seat(&link.server, ticket).await
                {
                    // It expires by itself; a directory that is away ends no link.
                    tracing::debug!(%error, "cannot release a seat");
                }
                tracing::info!(%character, server = %link.server, %epoch, "character entered the world");
                self.social.arrived(character);
            }
            None => fenced(link, character, epoch),
        }
        Ok(())
    }

    /// Takes the load of a map server, which is its heartbeat, too.
    pub(crate) async fn loaded(&self, link: &Link, channels: Vec<ChannelLoad>) -> Result<(), Error> {
        let facts = link.facts(&self.this.id);
        // False where the server was forgotten, and nobody here knows its address: its next heartbeat over HTTP tells
        // it so.
        if let Err(error) = self.registry.set_load(&link.server, channels, link.cookie, facts).await {
            // The directory is away: that does not end the link.
            tracing::debug!(server = %link.server, %error, "cannot record a map server's load");
        }
        Ok(())
    }

    /// Saves the soft state of characters in the world.
    pub(crate) async fn save(&self, link: &Link, saves: &[Save]) -> Result<(), Error> {
        let outcomes = self.locks.save(&link.server, &link.cookie, saves).await?;
        for (save, outcome) in saves.iter().zip(outcomes) {
            let result = match outcome {
                SaveOutcome::Written => "written",
                SaveOutcome::Older => "older",
                SaveOutcome::Fenced => {
                    fenced(link, save.character, save.epoch);
                    "fenced"
                }
            };
            metrics::counter!("realmgate_saves_total", "result" => result).increment(1);
        }
        Ok(())
    }

    /// Commits changes of what players own. Answers only when they are durable.
    pub(crate) async fn commit(&self, link: &Link, batch: BatchId, events: &[OwnedEvent]) -> Result<(), Error> {
        let began = self.clock.uptime();
        let BatchOutcome { outcomes, stale } = self.ledger.commit(&link.server, events, self.clock.now_ms()).await?;
        metrics::histogram!("realmgate_event_batch_seconds")
            .record(self.clock.uptime().saturating_sub(began).as_secs_f64());
        for (event, outcome) in events.iter().zip(&outcomes) {
            let result = outcome.refusal.map_or("committed", |refusal| refusal.name());
            metrics::counter!("realmgate_events_total", "result" => result).increment(1);
            if outcome.refusal.is_some() {
                tracing::warn!(server = %link.server, key = %event.key, reason = event.reason, result, "event refused");
            }
        }
        for fence in stale {
            fenced(link, fence.character, fence.epoch);
        }
        // A link that is gone gets its answer when the batch is sent again: its keys are known then.
        let _ = link.send(ToMap::Committed { batch, outcomes });
        Ok(())
    }
}

/// Tells the map server to drop the character, since it has another owner now.
fn fenced(link: &Link, character: CharacterId, epoch: LockEpoch) {
    let _ = link.send(ToMap::Fenced { character, epoch });
}

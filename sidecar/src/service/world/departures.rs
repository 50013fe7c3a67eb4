//! Tells those who wait for a character's lock, here and at other sidecars.

use std::sync::Arc;
use std::time::Duration;

use realmgate_protocol::ids::CharacterId;
use tokio::sync::watch;

use crate::link::{Departure, Departures, Link};
use crate::replicas::{News, Replicas};

/// Who waits for a character to leave its world, at every sidecar.
#[derive(Clone)]
pub(crate) struct DepartureNews {
    pub(super) here: Arc<Departures>,
    pub(super) replicas: Replicas,
}

impl DepartureNews {
    /// Subscribes to the next departure of the character. To be called before the map server is asked.
    pub(super) fn next(&self, character: CharacterId) -> watch::Receiver<Departure> {
        self.here.next(character)
    }

    /// The character's lock is free: wakes all who wait.
    pub(super) async fn departed(&self, character: CharacterId) {
        self.here.departed(character);
        self.replicas.tell_all(News::Departed { character }).await;
    }

    /// Handles a map server's message that a character which it was asked for stays for a while, since it fights.
    pub(crate) async fn lingers(&self, link: &Link, character: CharacterId, longest: Duration) {
        metrics::counter!("realmgate_departures_delayed_total").increment(1);
        tracing::debug!(%character, server = %link.server, ?longest, "departure delayed: the character is in combat");
        self.here.lingers(character, longest);
        let longest_ms = u32::try_from(longest.as_millis()).unwrap_or(u32::MAX);
        self.replicas.tell_all(News::Lingers { character, longest_ms }).await;
    }
}

//! Metrics of the relay, and the sockets of each service, which are limited.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::{Counter, Gauge};
use tokio::time::Instant;

use crate::dictionary::Service;

/// How long clients of a service that was lost keep trying to reconnect, instead of being refused.
const OUTAGE: Duration = Duration::from_secs(120);

/// What the relay knows of each service, by name.
#[derive(Default)]
pub(super) struct Measures(Mutex<HashMap<String, Arc<OfService>>>);

#[derive(Default)]
struct OfService {
    sockets: AtomicU32,
    /// When sockets were lost last.
    lost: Mutex<Option<Instant>>,
}

/// A socket's place among those of its service, and its metrics. Dropped when the socket closes.
pub(super) struct Place {
    of: Arc<OfService>,
    gauge: Gauge,
    name: String,
    /// Packets of the client.
    pub(super) up: Counter,
    /// Packets of the service.
    pub(super) down: Counter,
}

impl Measures {
    /// A place for another socket of a service; `None` if it has the maximum.
    pub(super) fn take(&self, service: &Service) -> Option<Place> {
        let of = self.of(&service.name);
        let below = |sockets: u32| (sockets < service.limits.max_sockets).then_some(sockets + 1);
        of.sockets.fetch_update(Ordering::Relaxed, Ordering::Relaxed, below).ok()?;
        let name = service.name.clone();
        let gauge = metrics::gauge!("realmgate_door_sockets", "service" => name.clone());
        gauge.increment(1.0);
        let events = |direction: &'static str| {
            let service = name.clone();
            metrics::counter!("realmgate_door_socket_events_total", "service" => service, "direction" => direction)
        };
        let (up, down) = (events("up"), events("down"));
        Some(Place { of, gauge, name, up, down })
    }

    /// Whether sockets of this service were lost lately.
    pub(super) fn is_in_outage(&self, service: &Service) -> bool {
        let of = self.of(&service.name);
        let lost = of.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.is_some_and(|lost| lost.elapsed() < OUTAGE)
    }

    fn of(&self, name: &str) -> Arc<OfService> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of) = all.get(name) {
            return of.clone();
        }
        all.entry(name.to_owned()).or_default().clone()
    }
}

impl Place {
    /// The service has lost this socket.
    pub(super) fn lose(&self) {
        *self.of.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Counts the end of this socket.
    pub(super) fn count_end(&self, reason: &'static str) {
        let (name, service) = ("realmgate_door_sockets_closed_total", self.name.clone());
        metrics::counter!(name, "service" => service, "reason" => reason).increment(1);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.sockets.fetch_sub(1, Ordering::Relaxed);
        self.gauge.decrement(1.0);
    }
}

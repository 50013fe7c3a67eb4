//! Something that went wrong, as it waits to be sent.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::Sender;

use super::rates::{Rates, Site};
use crate::clock::Clock;
use crate::telemetry::courier::lost;
use crate::telemetry::fields::Fields;
use crate::telemetry::ids::{SpanNumber, TraceNumber};

/// An error in the log, or a panic.
#[derive(Debug)]
pub(in crate::telemetry) struct Report {
    pub(super) is_panic: bool,
    /// The module that tells of it.
    pub(super) module: String,
    /// File and line.
    pub(super) place: Option<(String, u32)>,
    pub(super) message: String,
    pub(super) fields: Fields,
    pub(super) thread: Option<String>,
    /// The name of the request in the log.
    pub(super) request: Option<String>,
    pub(super) within: Option<(TraceNumber, SpanNumber)>,
    pub(super) at_ms: u64,
}

/// Where reports are put.
#[derive(Clone)]
pub(super) struct Tray {
    reports: Sender<Report>,
    rates: Arc<Mutex<Rates>>,
    pub(super) clock: Clock,
}

impl Tray {
    pub(super) fn new(reports: Sender<Report>, clock: Clock) -> Self {
        Self { reports, rates: Arc::default(), clock }
    }

    /// Queues what happened at a place of the code, unless that has told enough for this minute. Never waits.
    pub(super) fn put(&self, site: Site, report: impl FnOnce() -> Report) {
        let minute = self.clock.uptime().as_secs() / 60;
        if !self.rates.lock().unwrap_or_else(PoisonError::into_inner).allow(site, minute) {
            return lost("errors", "rate", 1);
        }
        if self.reports.try_send(report()).is_err() {
            lost("errors", "full", 1);
        }
    }
}

//! The server's memory, looked at every second, and its ticks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use realmgate_client::scrape::{Histogram, Scrape};
use tokio::task::JoinHandle;

use super::endpoints::pause;
use crate::load::server::resident;
use crate::map_server::MapServer;

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a look at the server has shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Health {
    /// Resident memory when the attack began, in bytes.
    pub resident_first: u64,
    /// The most there was.
    pub resident_most: u64,
    /// At the end.
    pub resident_last: u64,
    /// 99 of 100 ticks took at most so long.
    pub tick_p99: Duration,
}

/// Somebody who looks.
pub struct Watch {
    first: u64,
    seen: Arc<[AtomicU64; 2]>,
    looking: JoinHandle<()>,
    ticks: Option<Histogram>,
}

impl Watch {
    /// Begins to look at a server.
    pub async fn begin(server: &MapServer) -> Self {
        let pid = server.process.pid();
        let first = resident(pid).unwrap_or_default();
        let seen: Arc<[AtomicU64; 2]> = Arc::new([AtomicU64::new(first), AtomicU64::new(first)]);
        let noted = seen.clone();
        let looking = tokio::spawn(async move {
            loop {
                // One that has ended has no memory any more, and that is judged elsewhere.
                if let Ok(bytes) = resident(pid) {
                    noted[0].fetch_max(bytes, Ordering::Relaxed);
                    noted[1].store(bytes, Ordering::Relaxed);
                }
                pause(LOOK_EVERY).await;
            }
        });
        Self { first, seen, looking, ticks: ticks(server).await }
    }

    /// Resident memory now, and the most so far.
    pub fn resident(&self) -> (u64, u64) {
        (self.seen[1].load(Ordering::Relaxed), self.seen[0].load(Ordering::Relaxed))
    }

    /// What it has shown.
    pub async fn end(self, server: &MapServer) -> Health {
        self.looking.abort();
        let (resident_last, resident_most) = self.resident();
        let during = ticks(server).await.zip(self.ticks).map(|(now, before)| now.since(&before));
        let tick_p99 = during.map_or(Duration::ZERO, |during| Duration::from_secs_f64(during.quantile(0.99)));
        Health { resident_first: self.first, resident_most, resident_last, tick_p99 }
    }
}

async fn ticks(server: &MapServer) -> Option<Histogram> {
    if !server.process.is_running() {
        return None;
    }
    let metrics = server.admin().get("/metrics").await;
    Scrape::of(&metrics.text).histogram("realmgate_tick_work_seconds")
}

//! How the realm has done in the last hours, for administrators: a sample each minute, kept in this process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use realmgate_platform::clock::Clock;
use realmgate_platform::error::Error;

use crate::directory::Registry;
use crate::service::world::AccountLocks;

/// Samples that are kept: six hours of minutes.
const KEPT: usize = 6 * 60;

/// The figures of a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// Players in the world.
    pub players: u32,
    /// Live map servers.
    pub servers: u32,
    /// How full the fullest map server is, in percent.
    pub load: f64,
    /// Log-ins at this sidecar since the sample before.
    pub log_ins: u64,
}

/// Takes samples, and keeps them.
pub struct Figures {
    pub(crate) registry: Registry,
    pub(crate) accounts: Arc<AccountLocks>,
    pub(crate) clock: Clock,
    pub(crate) kept: Mutex<Kept>,
}

/// What is kept of the figures.
#[derive(Debug, Default)]
pub struct Kept {
    samples: VecDeque<Sample>,
    /// Log-ins up to the last sample.
    log_ins: u64,
}

impl Figures {
    /// Takes a sample.
    ///
    /// # Errors
    /// When the registry cannot be asked. The next sample then has the log-ins of both.
    pub async fn sample(&self) -> Result<(), Error> {
        let servers = self.registry.servers().await?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let log_ins = self.accounts.log_ins();
        let sample = Sample {
            at_ms: self.clock.now_ms(),
            players: servers.iter().map(|server| server.current_players).sum(),
            servers: u32::try_from(servers.len()).unwrap_or(u32::MAX),
            load: servers.iter().map(|server| server.load).fold(0.0, f64::max),
            log_ins: log_ins - kept.log_ins,
        };
        kept.log_ins = log_ins;
        if kept.samples.len() == KEPT {
            kept.samples.pop_front();
        }
        kept.samples.push_back(sample);
        Ok(())
    }

    /// The samples, the oldest first.
    pub fn samples(&self) -> Vec<Sample> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).samples.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::world::testing::{FakeMap, TestWorld};

    #[tokio::test]
    async fn a_sample_has_what_happened_since_the_one_before_and_the_oldest_goes() {
        let world = TestWorld::start().await;
        let figures = &world.state().figures;
        world.player("Ann").await;
        FakeMap::register(world.state(), "map-1", &[1], None).await;
        assert!(world.state().registry.heartbeat(&"map-1".parse().unwrap(), 3, 25.0).await.unwrap());
        figures.sample().await.unwrap();
        figures.sample().await.unwrap();
        // One more may have been taken meanwhile.
        let samples = figures.samples();
        let last = samples.last().unwrap();
        assert_eq!((last.players, last.servers, last.load, last.log_ins), (3, 1, 25.0, 0));
        assert_eq!(samples.iter().map(|sample| sample.log_ins).sum::<u64>(), 1, "each log-in counts once");
        for _ in 0..KEPT {
            figures.sample().await.unwrap();
        }
        assert_eq!(figures.samples().len(), KEPT);
        assert!(figures.samples().iter().all(|sample| sample.log_ins == 0));
    }
}

//! Rate limits: a token bucket that counts ticks.

use realmgate_engine::clock::TickClock;
use realmgate_protocol::ids::Tick;

/// Parameters of a rate limit.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Most tokens in the bucket, so most actions at once.
    pub burst: u32,
    /// Milliseconds until one more token is added.
    pub every_ms: u32,
}

/// A token bucket. Its level is in milliseconds times ticks per second, so that refilling is exact.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    level: u64,
    filled_at: Tick,
}

impl Allowance {
    /// Creates a full bucket.
    pub fn full(rate: Rate, clock: &TickClock) -> Self {
        Self { level: u64::from(rate.burst) * cost(rate, clock), filled_at: clock.now() }
    }

    /// Takes a token. Returns false if there is none.
    pub fn take(&mut self, rate: Rate, clock: &TickClock) -> bool {
        let cost = cost(rate, clock);
        let earned = u64::from(clock.now().since(self.filled_at)) * 1_000;
        self.level = (self.level + earned).min(u64::from(rate.burst) * cost);
        self.filled_at = clock.now();
        let enough = self.level >= cost;
        if enough {
            self.level -= cost;
        }
        enough
    }
}

fn cost(rate: Rate, clock: &TickClock) -> u64 {
    u64::from(rate.every_ms.max(1)) * u64::from(clock.tick_hz())
}

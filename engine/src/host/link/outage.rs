//! How long the map link has been down.

/// Play goes on without the link for a while; if that takes too long, all players are released.
#[derive(Debug)]
pub(super) struct Outage {
    tick_hz: u64,
    offline_play_max_s: u32,
    /// The tick since which the link is down; `None` while it is up.
    since_tick: Option<u64>,
    /// Whether it has been down for too long, and that was said.
    given_up: bool,
}

impl Outage {
    /// The link counts as up.
    pub fn new(tick_hz: u32, offline_play_max_s: u32) -> Self {
        Self { tick_hz: u64::from(tick_hz.max(1)), offline_play_max_s, since_tick: None, given_up: false }
    }

    /// The link is down. Returns whether it was up before.
    pub fn begin(&mut self, now_tick: u64) -> bool {
        let was_up = self.since_tick.is_none();
        self.since_tick.get_or_insert(now_tick);
        was_up
    }

    /// The link is up. Returns whether it was down before.
    pub fn end(&mut self) -> bool {
        self.given_up = false;
        self.since_tick.take().is_some()
    }

    /// Whole seconds since the link went down; 0 while it is up.
    pub fn seconds(&self, now_tick: u64) -> u32 {
        let ticks = self.since_tick.map_or(0, |since| now_tick - since);
        u32::try_from(ticks / self.tick_hz).unwrap_or(u32::MAX)
    }

    /// Whether play has gone on for too long; says so once in each outage.
    pub fn gives_up(&mut self, now_tick: u64) -> bool {
        if self.since_tick.is_none() || self.given_up || self.seconds(now_tick) < self.offline_play_max_s {
            return false;
        }
        self.given_up = true;
        true
    }
}

//! How far behind the present a player saw others, and what of that is believed.

use realmgate_protocol::ids::Tick;
use realmgate_protocol::wire::Seen;

use super::KEPT_TICKS;
use crate::clock::TickClock;

/// Nobody is hit by where others were longer ago than this, in milliseconds.
pub const MAX_LAG_MS: u32 = 250;
/// Ticks by which what a player saw may be older than what its client has acknowledged, beyond those in which the command was
/// repeated: where the line is uneven, snapshots come several at once, and are shown later than they come.
const ALLOWANCE_TICKS: u32 = 3;
/// Most ticks back that are asked for, whatever the tick rate: as many are kept, beside the present.
const MAX_LAG_TICKS: u32 = KEPT_TICKS as u32 - 1;

const PARTS: u32 = Seen::PARTS;

/// How far behind the server's present a player saw others. The default is not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lag {
    /// The age of what was shown, in parts of a tick.
    parts: u32,
}

impl Lag {
    /// The lag of a command that is applied now, at most [`MAX_LAG_MS`]. What lies in the future is the present.
    pub fn of(seen: Seen, clock: &TickClock) -> Self {
        let most = u64::from(MAX_LAG_MS) * u64::from(clock.tick_hz()) * u64::from(PARTS) / 1_000;
        let now = u64::from(clock.now().0) * u64::from(PARTS);
        let shown = u64::from(seen.tick.0) * u64::from(PARTS) + u64::from(seen.part);
        Self { parts: now.saturating_sub(shown).min(most).min(u64::from(MAX_LAG_TICKS * PARTS)) as u32 }
    }

    /// Whether the player saw the present.
    pub fn is_none(self) -> bool {
        self.parts == 0
    }

    /// The last whole tick that is so old or older, in ticks back from now.
    pub(super) fn ticks(self) -> u32 {
        self.parts.div_ceil(PARTS)
    }

    /// How much of the tick after that was shown, in parts.
    pub(super) fn part(self) -> u32 {
        self.ticks() * PARTS - self.parts
    }
}

/// What is believed of when a player says that it saw others, in a command after which its frame has so many `later` ones: not
/// long before the newest snapshot that the client has acknowledged.
pub fn believed(seen: Seen, acknowledged: Tick, later: u32) -> Seen {
    let oldest = Seen { tick: acknowledged.before(later + ALLOWANCE_TICKS), part: 0 };
    if seen.tick < oldest.tick { oldest } else { seen }
}

/// The whole ticks in so many milliseconds, rounded down.
pub(super) fn whole_ticks(ms: u32, tick_hz: u32) -> u32 {
    (u64::from(ms) * u64::from(tick_hz) / 1_000).min(u64::from(MAX_LAG_TICKS)) as u32
}

//! Which pending updates have a turn in a tick.

use realmgate_protocol::ids::Tick;

use super::budget::{Distance, SnapshotBudget};
use super::pending::GROUPS;
use crate::overload::OverloadLevel;

/// An update has at least about this many bits.
const MIN_UPDATE_BITS: usize = 80;
/// Far entities of the last group still have their turn.
const MAX_STRETCH: usize = GROUPS as usize / 2;

/// How often a client is sent updates, and of which entities. All periods are powers of two.
#[derive(Debug, Clone, Copy)]
pub(super) struct UpdateSchedule {
    /// Ticks between two turns of the client; in the others it is sent its own state and despawns alone.
    client_period: u32,
    /// Turns of the client between two of a near entity, and of a far one.
    near_period: u32,
    far_period: u32,
    /// The tick, shifted for each client so that not all have their turn in the same.
    phase: u32,
}

impl UpdateSchedule {
    /// The schedule of a client for which `pending` updates wait. The more wait, the longer the periods, so that a tick encodes only
    /// what has a chance to fit.
    pub fn new(level: OverloadLevel, own_slot: u32, now: Tick, pending: usize, budget: &SnapshotBudget) -> Self {
        let (client_period, near_period, far_period) = match level {
            OverloadLevel::Normal => (1, 1, 2),
            OverloadLevel::FarRarely => (1, 1, 4),
            _ => (2, 1, 2),
        };
        let fit = (8 * budget.bytes / MIN_UPDATE_BITS).max(1);
        // Of those that have a turn, the far ones among them every other time, enough are left to fill a snapshot.
        let backlog = (3 * pending / (4 * fit)).clamp(1, MAX_STRETCH) as u32;
        let stretch = 1 << backlog.ilog2();
        Self {
            client_period,
            near_period: near_period.max(stretch),
            far_period: far_period.max(2 * stretch),
            phase: own_slot.wrapping_add(now.0),
        }
    }

    /// The groups that have a turn, each with the farthest entities of it that have one.
    pub fn due_groups(self) -> impl Iterator<Item = (u32, Distance)> {
        let is_clients_turn = self.phase & (self.client_period - 1) == 0;
        let turn = self.phase / self.client_period;
        let is_turn = move |group: u32, period: u32| group.wrapping_add(turn) & (period - 1) == 0;
        let groups = if is_clients_turn { 0..GROUPS } else { 0..0 };
        let farthest = move |group| if is_turn(group, self.far_period) { Distance::Far } else { Distance::Near };
        groups.filter(move |group| is_turn(*group, self.near_period)).map(move |group| (group, farthest(group)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In how many of 16 ticks a near entity has its turn, and in how many a far one.
    fn turns(level: OverloadLevel, pending: usize) -> (usize, usize) {
        let schedule = |tick| UpdateSchedule::new(level, 0, Tick(tick), pending, &SnapshotBudget::default());
        let of_one_group = |(group, farthest)| (group == 0).then_some(farthest);
        let turns: Vec<Distance> =
            (0..16).flat_map(|tick| schedule(tick).due_groups()).filter_map(of_one_group).collect();
        (turns.len(), turns.iter().filter(|farthest| **farthest == Distance::Far).count())
    }

    #[test]
    fn the_first_levels_of_overload_leave_out_the_far_and_then_the_near() {
        use OverloadLevel::{FarRarely, NearRarely, Normal, SlowClock};
        let at = |level| turns(level, 0);
        assert_eq!([Normal, FarRarely, NearRarely, SlowClock].map(at), [(16, 8), (16, 4), (8, 4), (8, 4)]);
    }
}

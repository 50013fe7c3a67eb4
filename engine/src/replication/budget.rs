//! Which pending updates go into a snapshot that has no room for all: those of the highest priority, which grows with every
//! tick that an update waits, so that none waits forever (a priority accumulator, as in Gaffer On Games, "State
//! Synchronization").

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::{EntityId, Tick};

use super::update_cache::EncodedUpdate;

/// The send budget: bytes of a snapshot. Own state is always sent; what exceeds the budget waits, and gains priority.
///
/// Of `n` entities in view, of which `c` fit into a snapshot, each is sent at least every `6n / c + 1` turns of the client, however
/// often they change: `4n / c + 1` for the weights, up to `2n / c` for its own turn. That holds up to `n / c` = 60.
///
/// ```
/// use bevy_app::App;
/// use realmgate_engine::replication::SnapshotBudget;
///
/// fn game(app: &mut App) {
///     // For players on slow connections.
///     app.insert_resource(SnapshotBudget { bytes: 600 });
/// }
/// # game(&mut App::empty());
/// ```
#[derive(Resource, Debug, Clone, Copy)]
pub struct SnapshotBudget {
    /// At most [`MAX_SNAPSHOT_BYTES`](super::MAX_SNAPSHOT_BYTES).
    pub bytes: usize,
}

impl Default for SnapshotBudget {
    fn default() -> Self {
        // With the headers of UDP, netcode and frame, 20 a second stay within 24 KB.
        Self { bytes: 1_100 }
    }
}

/// Bits of an id but for the rarest.
const ID_BITS: usize = 19;
/// Priorities go from 0 to this.
const MAX_PRIORITY: usize = 255;

/// An update that is sent if it fits.
#[derive(Debug, Clone, Copy)]
pub(super) struct DueUpdate {
    /// Its index in its group of pending updates.
    pub index: u32,
    pub slot: u32,
    pub id: EntityId,
    /// It holds all changes after this tick.
    pub since: Tick,
    pub encoded: EncodedUpdate,
    pub is_full: bool,
    pub priority: u8,
}

impl DueUpdate {
    /// Bits it takes at most.
    fn bits(&self) -> usize {
        ID_BITS + usize::from(self.encoded.bits)
    }
}

/// How far an entity is from a client's viewpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Distance {
    /// Within half of the range in which entities become visible.
    #[default]
    Near,
    /// Beyond.
    Far,
}

/// The priority of an update that has waited for this many ticks.
pub(super) fn priority(waited_ticks: u32, distance: Distance, is_preferred: bool) -> u8 {
    let weight = if distance == Distance::Far { 1 } else { 2 } * if is_preferred { 2 } else { 1 };
    waited_ticks.saturating_mul(weight).min(MAX_PRIORITY as u32) as u8
}

/// Shares the bits of a snapshot among the due updates, by priority. In time that grows with their number: it counts, and does
/// not sort.
#[derive(Debug)]
pub(super) struct BitBudget {
    /// Everything above this priority fits.
    threshold: usize,
    /// Bits for updates of the threshold's own priority.
    left_bits: usize,
}

impl BitBudget {
    /// Shares out this many bits.
    pub fn share(due: &[DueUpdate], available_bits: usize) -> Self {
        let wanted: usize = due.iter().map(DueUpdate::bits).sum();
        if wanted <= available_bits {
            return Self { threshold: 0, left_bits: available_bits };
        }
        let mut bits_by_priority = [0usize; MAX_PRIORITY + 1];
        for due in due {
            bits_by_priority[usize::from(due.priority)] += due.bits();
        }
        let (mut threshold, mut left_bits) = (MAX_PRIORITY, available_bits);
        while threshold > 0 && bits_by_priority[threshold] <= left_bits {
            left_bits -= bits_by_priority[threshold];
            threshold -= 1;
        }
        Self { threshold, left_bits }
    }

    /// Takes the bits of an update if it fits; to be called once for each that is due.
    pub fn take(&mut self, due: &DueUpdate) -> bool {
        let priority = usize::from(due.priority);
        if priority != self.threshold {
            return priority > self.threshold;
        }
        let fits = due.bits() <= self.left_bits;
        self.left_bits -= if fits { due.bits() } else { 0 };
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn due(index: usize, priority: u8, bits: usize) -> DueUpdate {
        let mut encoded = EncodedUpdate::default();
        encoded.bits = (bits - ID_BITS) as u16;
        let (id, index) = (EntityId(index as u32 + 1), index as u32);
        DueUpdate { index, slot: index, id, since: Tick(1), encoded, is_full: false, priority }
    }

    fn distance() -> impl Strategy<Value = Distance> {
        prop_oneof![Just(Distance::Near), Just(Distance::Far)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_is_sent_fits_and_has_the_highest_priority(
            all in prop::collection::vec((distance(), 0u32..400, 50usize..90, any::<bool>()), 0..300),
            available_bits in 0usize..12_000,
        ) {
            let mut sent: Vec<DueUpdate> = all.iter().enumerate()
                .map(|(index, (distance, waited, bits, preferred))| due(index, priority(*waited, *distance, *preferred), *bits))
                .collect();
            let before = sent.clone();
            let mut budget = BitBudget::share(&sent, available_bits);
            sent.retain(|due| budget.take(due));
            let bits: usize = sent.iter().map(|due| due.bits()).sum();
            prop_assert!(bits <= available_bits);
            let is_sent = |one: &DueUpdate| sent.iter().any(|due| due.index == one.index);
            let lowest = sent.iter().map(|due| due.priority).min().unwrap_or(u8::MAX);
            for one in before.iter().filter(|one| !is_sent(one)) {
                prop_assert!(one.priority <= lowest, "{one:?} waits for one of lower priority");
                prop_assert!(bits + 90 > available_bits, "{one:?} would have fitted");
            }
        }

        /// Everything changes in every tick: an update of the lowest weight is sent within the bound.
        #[test]
        fn no_update_waits_longer_than_the_bound(near in 0usize..300, far in 1usize..300, fits in 20usize..120) {
            let count = near + far;
            let mut sent_at = vec![0u32; count];
            let bound = (4 * count / fits + 1) as u32;
            let distance = |index: usize| if index >= near { Distance::Far } else { Distance::Near };
            for now in 1..400u32 {
                let mut sent: Vec<DueUpdate> = (0..count)
                    .map(|index| due(index, priority(now - sent_at[index], distance(index), index % 3 == 0), 80))
                    .collect();
                let mut budget = BitBudget::share(&sent, 80 * fits);
                sent.retain(|due| budget.take(due));
                sent.iter().for_each(|due| sent_at[due.index as usize] = now);
                if now > 2 * bound {
                    let longest = sent_at.iter().map(|sent| now - sent).max().unwrap();
                    prop_assert!(longest <= bound, "{longest} ticks of {bound}");
                }
            }
        }
    }
}

//! What a client is told when not all that is new fits: the most pressing first, so that nobody waits for ever.

use bevy_ecs::prelude::*;

use super::known::News;
use crate::overload::OverloadLevel;
use realmgate_protocol::wire::snapshot::Told;

/// Bytes of a snapshot. Own state is always told; what exceeds the budget waits, and presses the more the longer.
///
/// Of `n` entities in view, of which `c` fit into a snapshot, each is told at least every `4n / c + 1` ticks, however often
/// they change; every `n / c + 1` where all press alike. That holds up to `n / c` = 60.
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

/// Ticks between updates of near and of far entities: powers of two.
pub(super) fn periods(level: OverloadLevel) -> (u32, u32) {
    match level {
        OverloadLevel::Normal => (1, 2),
        OverloadLevel::FarRarely => (1, 4),
        _ => (2, 4),
    }
}

/// What presses most is told first: from 0 to here.
const MOST_PRESSING: usize = 255;

/// News that is to be told, if it fits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    pub news: News,
    pub told: Told,
    /// Bits it takes at most.
    pub bits: u32,
    press: u8,
}

impl Due {
    /// `preferred`: something has changed that is to be told before others.
    pub(super) fn new(news: News, told: Told, bits: usize, preferred: bool) -> Self {
        let weight = if news.far { 1 } else { 2 } * if preferred { 2 } else { 1 };
        let press = news.waited.saturating_mul(weight).min(MOST_PRESSING as u32) as u8;
        Self { news, told, bits: bits as u32, press }
    }
}

/// Keeps of `due` what presses most and fits into `room_bits`, in time that grows with their number.
pub(super) fn keep_most_pressing(due: &mut Vec<Due>, room_bits: usize) {
    let wanted: usize = due.iter().map(|due| due.bits as usize).sum();
    if wanted <= room_bits {
        return;
    }
    let mut bits_by_press = [0usize; MOST_PRESSING + 1];
    for due in due.iter() {
        bits_by_press[usize::from(due.press)] += due.bits as usize;
    }
    // All that presses more than `border` fits; of what presses as much, the rest of the room is filled.
    let (mut border, mut room) = (MOST_PRESSING, room_bits);
    while border > 0 && bits_by_press[border] <= room {
        room -= bits_by_press[border];
        border -= 1;
    }
    due.retain(|due| {
        let press = usize::from(due.press);
        if press != border {
            return press > border;
        }
        let fits = due.bits as usize <= room;
        room -= if fits { due.bits as usize } else { 0 };
        fits
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use realmgate_protocol::ids::{EntityId, Tick};

    fn news(at: usize, far: bool, waited: u32) -> News {
        News { at, slot: at as u32, id: EntityId(at as u32 + 1), far, from: Tick(1), waited }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_is_kept_fits_and_presses_most(
            all in prop::collection::vec((any::<bool>(), 0u32..400, 50usize..90, any::<bool>()), 0..300),
            room in 0usize..12_000,
        ) {
            let mut due: Vec<Due> = all.iter().enumerate()
                .map(|(at, (far, waited, bits, preferred))| Due::new(news(at, *far, *waited), Told::default(), *bits, *preferred))
                .collect();
            let before = due.clone();
            keep_most_pressing(&mut due, room);
            let bits: usize = due.iter().map(|due| due.bits as usize).sum();
            prop_assert!(bits <= room);
            let kept = |one: &Due| due.iter().any(|due| due.news.at == one.news.at);
            let least = due.iter().map(|due| due.press).min().unwrap_or(u8::MAX);
            for one in before.iter().filter(|one| !kept(one)) {
                prop_assert!(one.press <= least, "{one:?} waits for what presses less");
                prop_assert!(bits + 90 > room, "{one:?} would have fitted");
            }
        }

        /// Everything changes in every tick: whoever presses least is told within the bound.
        #[test]
        fn nobody_waits_longer_than_the_bound(near in 0usize..300, far in 1usize..300, fits in 20usize..120) {
            let count = near + far;
            let mut told_at = vec![0u32; count];
            let bound = (4 * count / fits + 1) as u32;
            for now in 1..400u32 {
                let mut due: Vec<Due> = (0..count)
                    .map(|at| Due::new(news(at, at >= near, now - told_at[at]), Told::default(), 80, at % 3 == 0))
                    .collect();
                keep_most_pressing(&mut due, 80 * fits);
                due.iter().for_each(|due| told_at[due.news.at] = now);
                if now > 2 * bound {
                    let longest = told_at.iter().map(|told| now - told).max().unwrap();
                    prop_assert!(longest <= bound, "{longest} ticks of {bound}");
                }
            }
        }
    }
}

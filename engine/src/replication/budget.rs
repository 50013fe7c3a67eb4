//! What a client is told when not all that is new fits: the most pressing first, so that nobody waits for ever.

use bevy_ecs::prelude::*;

use realmgate_protocol::ids::{EntityId, Tick};

use super::bodies::Body;
use super::known::CLASSES;
use crate::overload::OverloadLevel;

/// Bytes of a snapshot. Own state is always told; what exceeds the budget waits, and presses the more the longer.
///
/// Of `n` entities in view, of which `c` fit into a snapshot, each is told at least every `6n / c + 1` turns of the client, however
/// often they change: `4n / c + 1` for the weights, up to `2n / c` for its own turn. That holds up to `n / c` = 60.
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

/// Whose turn it is to be told, and of whom. All are powers of two.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Ticks between two turns of a client; in others it is told of itself alone.
    client: u32,
    /// Turns of a client between two of a near entity, and of a far one.
    near: u32,
    far: u32,
    /// Counts the turns of this client.
    turn: u32,
}

impl Pace {
    /// Of a client, for which so many news wait. The more wait, the more turns all of them share, so that a tick looks closely at
    /// those only of which some will fit.
    pub fn new(level: OverloadLevel, own_slot: u32, now: Tick, waiting: usize, budget: &SnapshotBudget) -> Self {
        let (client, near, far) = match level {
            OverloadLevel::Normal => (1, 1, 2),
            OverloadLevel::FarRarely => (1, 1, 4),
            _ => (2, 1, 2),
        };
        let fit = (8 * budget.bytes / LEAST_BITS).max(1);
        // Of those that have a turn, the far ones among them every other time, so many are left that all that fits is told.
        let backlog = (3 * waiting / (4 * fit)).clamp(1, MOST_BACKLOG) as u32;
        let stretch = 1 << backlog.ilog2();
        let ticks = own_slot.wrapping_add(now.0);
        Self { client, near: near.max(stretch), far: far.max(2 * stretch), turn: ticks }
    }

    /// The classes whose turn it is, and whether it is that of the far ones among them too.
    pub fn classes(self) -> impl Iterator<Item = (u32, bool)> {
        let is_clients = self.turn & (self.client - 1) == 0;
        let turn = self.turn / self.client;
        let is_turn = move |class: u32, period: u32| class.wrapping_add(turn) & (period - 1) == 0;
        let classes = if is_clients { 0..CLASSES } else { 0..0 };
        classes.filter(move |class| is_turn(*class, self.near)).map(move |class| (class, is_turn(class, self.far)))
    }
}

/// What is told of an entity has about so many bits at least.
const LEAST_BITS: usize = 80;
/// The far of the last class still have their turn.
const MOST_BACKLOG: usize = CLASSES as usize / 2;
/// Bits of an id but for the rarest.
const ID_BITS: usize = 19;
/// What presses most is told first: from 0 to here.
const MOST_PRESSING: usize = 255;

/// An entity that is to be told, if it fits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    /// Its place in its class.
    pub at: u32,
    pub slot: u32,
    pub id: EntityId,
    /// After which tick all changes are told.
    pub from: Tick,
    pub body: Body,
    pub is_new: bool,
    pub press: u8,
}

impl Due {
    /// Bits it takes at most.
    fn bits(&self) -> usize {
        ID_BITS + usize::from(self.body.bits)
    }
}

/// How much something presses that has waited for so many ticks. `preferred`: something has changed that is to be told before
/// others.
pub(super) fn press(waited: u32, far: bool, preferred: bool) -> u8 {
    let weight = if far { 1 } else { 2 } * if preferred { 2 } else { 1 };
    waited.saturating_mul(weight).min(MOST_PRESSING as u32) as u8
}

/// Who of those that are due has a place in a snapshot: who presses most. Found in time that grows with their number.
#[derive(Debug)]
pub(super) struct Room {
    /// All that presses more fits.
    border: usize,
    /// Bits for what presses as much as the border.
    left_bits: usize,
}

impl Room {
    /// Shares out so many bits.
    pub fn share(due: &[Due], room_bits: usize) -> Self {
        let wanted: usize = due.iter().map(Due::bits).sum();
        if wanted <= room_bits {
            return Self { border: 0, left_bits: room_bits };
        }
        let mut bits_by_press = [0usize; MOST_PRESSING + 1];
        for due in due {
            bits_by_press[usize::from(due.press)] += due.bits();
        }
        let (mut border, mut left_bits) = (MOST_PRESSING, room_bits);
        while border > 0 && bits_by_press[border] <= left_bits {
            left_bits -= bits_by_press[border];
            border -= 1;
        }
        Self { border, left_bits }
    }

    /// Whether it has a place; to be asked once for each of those that are due.
    pub fn has_place_for(&mut self, due: &Due) -> bool {
        let press = usize::from(due.press);
        if press != self.border {
            return press > self.border;
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

    fn due(at: usize, press: u8, bits: usize) -> Due {
        let mut body = Body::default();
        body.bits = (bits - ID_BITS) as u16;
        let (id, at) = (EntityId(at as u32 + 1), at as u32);
        Due { at, slot: at, id, from: Tick(1), body, is_new: false, press }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_is_kept_fits_and_presses_most(
            all in prop::collection::vec((any::<bool>(), 0u32..400, 50usize..90, any::<bool>()), 0..300),
            room in 0usize..12_000,
        ) {
            let mut due: Vec<Due> = all.iter().enumerate()
                .map(|(at, (far, waited, bits, preferred))| due(at, press(*waited, *far, *preferred), *bits))
                .collect();
            let before = due.clone();
            let mut places = Room::share(&due, room);
            due.retain(|due| places.has_place_for(due));
            let bits: usize = due.iter().map(|due| due.bits()).sum();
            prop_assert!(bits <= room);
            let kept = |one: &Due| due.iter().any(|due| due.at == one.at);
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
                    .map(|at| due(at, press(now - told_at[at], at >= near, at % 3 == 0), 80))
                    .collect();
                let mut places = Room::share(&due, 80 * fits);
                due.retain(|due| places.has_place_for(due));
                due.iter().for_each(|due| told_at[due.at as usize] = now);
                if now > 2 * bound {
                    let longest = told_at.iter().map(|told| now - told).max().unwrap();
                    prop_assert!(longest <= bound, "{longest} ticks of {bound}");
                }
            }
        }
    }
}

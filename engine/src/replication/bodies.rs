//! What snapshots of one tick tell of entities, each encoded once for all clients that were told up to the same tick before.

use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::ids::Tick;

/// Encodings of an entity that are kept: clients differ in what they were told by a tick or two.
const WAYS: usize = 4;

/// What is told of an entity after its id.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Body {
    /// The tick in whose snapshots it is told.
    tick: Tick,
    /// It holds all changes after this tick; 0 for the whole entity.
    from: Tick,
    start_byte: u32,
    pub bits: u16,
    /// Something in it is to be told before others.
    pub preferred: bool,
}

#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Ways([Body; WAYS]);

/// The bodies of a tick.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    encoded: BitWriter,
    /// By slot, each in one line of the cache.
    kept: Vec<Ways>,
}

impl Bodies {
    /// Forgets those of the tick before.
    pub fn begin(&mut self, slots: usize) {
        self.encoded.clear();
        self.kept.resize(self.kept.len().max(slots), Default::default());
    }

    /// All changes of an entity after `from`. `encode` appends what nobody has asked for yet, and says whether that is to be told
    /// before others.
    pub fn get(&mut self, slot: u32, from: Tick, tick: Tick, encode: impl FnOnce(&mut BitWriter) -> bool) -> Body {
        let kept = &mut self.kept[slot as usize].0[from.0 as usize % WAYS];
        if kept.tick != tick || kept.from != from {
            self.encoded.align();
            let start_bits = self.encoded.len_bits();
            let preferred = encode(&mut self.encoded);
            let bits = (self.encoded.len_bits() - start_bits).min(u16::MAX.into()) as u16;
            *kept = Body { tick, from, start_byte: (start_bits / 8) as u32, bits, preferred };
        }
        *kept
    }

    /// The bits of one; other bodies may follow.
    pub fn bytes(&self, body: &Body) -> &[u8] {
        &self.encoded.bytes()[body.start_byte as usize..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_from_the_same_tick_on_is_encoded_once_and_forgotten_with_the_tick() {
        let (mut bodies, mut asked) = (Bodies::default(), Vec::new());
        let mut get = |bodies: &mut Bodies, slot: u32, from: u32, tick: u32| {
            let body = bodies.get(slot, Tick(from), Tick(tick), |out| {
                asked.push((slot, from, tick));
                out.put(u64::from(slot * 100 + from), 13);
                from == 5
            });
            let bytes = bodies.bytes(&body);
            assert_eq!((body.bits, body.preferred), (13, from == 5));
            assert_eq!(u32::from(bytes[0]) | u32::from(bytes[1] & 0x1f) << 8, slot * 100 + from);
        };
        bodies.begin(3);
        // 5 and 9 share a place, so that each puts out the other.
        for (slot, from) in [(0, 5), (2, 6), (0, 5), (0, 6), (2, 6), (0, 9), (0, 5), (0, 6)] {
            get(&mut bodies, slot, from, 10);
        }
        bodies.begin(3);
        get(&mut bodies, 0, 6, 11);
        assert_eq!(asked, [(0, 5, 10), (2, 6, 10), (0, 6, 10), (0, 9, 10), (0, 5, 10), (0, 6, 11)]);
    }
}

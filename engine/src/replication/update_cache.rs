//! Updates of entities as snapshots of one tick hold them, each encoded once for all clients that lack the same changes.

use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::ids::Tick;

/// Encodings that are kept of one entity: what clients lack differs by a tick or two.
const WAYS: usize = 4;

/// An entity's update, as it stands in a snapshot after the entity's id.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct EncodedUpdate {
    /// The tick of the snapshots that it is for.
    tick: Tick,
    /// It holds all changes after this tick; after tick 0, the whole entity.
    since: Tick,
    start_byte: u32,
    /// Its length.
    pub bits: u16,
    /// Whether it holds a change of a preferred component.
    pub is_preferred: bool,
}

#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Ways([EncodedUpdate; WAYS]);

/// The encoded updates of a tick.
#[derive(Debug, Default)]
pub(super) struct UpdateCache {
    encoded: BitWriter,
    /// By slot, each in one cache line.
    ways: Vec<Ways>,
}

impl UpdateCache {
    /// Empties the cache for a new tick.
    pub fn begin_tick(&mut self, slots: usize) {
        self.encoded.clear();
        self.ways.resize(self.ways.len().max(slots), Ways::default());
    }

    /// All changes of an entity after `since`. On a miss, `encode` appends them, and says whether a preferred component is
    /// among them.
    pub fn get_or_encode(
        &mut self,
        slot: u32,
        since: Tick,
        tick: Tick,
        encode: impl FnOnce(&mut BitWriter) -> bool,
    ) -> EncodedUpdate {
        let way = &mut self.ways[slot as usize].0[since.0 as usize % WAYS];
        if way.tick != tick || way.since != since {
            self.encoded.align();
            let start_bits = self.encoded.len_bits();
            let is_preferred = encode(&mut self.encoded);
            let bits = (self.encoded.len_bits() - start_bits).min(u16::MAX.into()) as u16;
            *way = EncodedUpdate { tick, since, start_byte: (start_bits / 8) as u32, bits, is_preferred };
        }
        *way
    }

    /// The bytes of an update; those of other updates may follow.
    pub fn bytes(&self, update: &EncodedUpdate) -> &[u8] {
        &self.encoded.bytes()[update.start_byte as usize..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_encoded_once_in_a_tick_for_all_who_lack_the_same() {
        let (mut cache, mut misses) = (UpdateCache::default(), Vec::new());
        let mut get = |cache: &mut UpdateCache, slot: u32, since: u32, tick: u32| {
            let update = cache.get_or_encode(slot, Tick(since), Tick(tick), |out| {
                misses.push((slot, since, tick));
                out.put(u64::from(slot * 100 + since), 13);
                since == 5
            });
            let bytes = cache.bytes(&update);
            assert_eq!((update.bits, update.is_preferred), (13, since == 5));
            assert_eq!(u32::from(bytes[0]) | u32::from(bytes[1] & 0x1f) << 8, slot * 100 + since);
        };
        cache.begin_tick(3);
        // 5 and 9 share a way, so that each evicts the other.
        for (slot, since) in [(0, 5), (2, 6), (0, 5), (0, 6), (2, 6), (0, 9), (0, 5), (0, 6)] {
            get(&mut cache, slot, since, 10);
        }
        cache.begin_tick(3);
        get(&mut cache, 0, 6, 11);
        assert_eq!(misses, [(0, 5, 10), (2, 6, 10), (0, 6, 10), (0, 9, 10), (0, 5, 10), (0, 6, 11)]);
    }
}

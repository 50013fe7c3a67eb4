//! The only source of randomness in a world: seeded, recorded, replayed.
//!
//! Players see much of what is drawn: damage, drops, and every bit of item identities. So the generator is a cipher:
//! known output reveals nothing about other output, past or future. Identities, which are shown raw, have a stream of
//! their own.

use bevy_ecs::prelude::*;
use chacha20::ChaCha8Rng;
use rand::{Rng, RngExt, SeedableRng};

/// The stream that identities are drawn from; everything else is drawn from stream 0.
const IDENTITIES: u64 = 1;

/// A channel's random number generators.
#[derive(Resource, Debug)]
pub struct ChannelRandom {
    rolls: ChaCha8Rng,
    identities: ChaCha8Rng,
}

impl ChannelRandom {
    /// Creates both generators from one seed, each with its own stream.
    pub fn new(seed: [u8; 32]) -> Self {
        let mut identities = ChaCha8Rng::from_seed(seed);
        identities.set_stream(IDENTITIES);
        Self { rolls: ChaCha8Rng::from_seed(seed), identities }
    }

    /// A number from `low` to `high`, both included; `low` if `high` is not above it.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        if low >= high { low } else { self.rolls.random_range(low..=high) }
    }

    /// A random index below `count`; 0 if `count` is 0.
    pub fn index(&mut self, count: usize) -> usize {
        if count == 0 { 0 } else { self.rolls.random_range(0..count) }
    }

    /// Returns true with a probability of `per_mille` in 1,000.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.rolls.random_range(0..1_000) < per_mille
    }

    /// A random version 4 UUID as 16 bytes, for the identities of items and events. Drawn from the seeded generator, so
    /// that a replay yields the same ones.
    pub fn uuid(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.identities.fill_bytes(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        bytes
    }

    /// The next random bits of both streams, without consuming them. Part of the state hash.
    pub(crate) fn peek(&self) -> u64 {
        let next = |random: &ChaCha8Rng| ChaCha8Rng::deserialize_state(&random.serialize_state()).next_u64();
        next(&self.rolls) ^ next(&self.identities).rotate_left(1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn an_identity_shows_nothing_of_what_is_rolled() {
        let (mut one, mut other) = (ChannelRandom::new([5; 32]), ChannelRandom::new([5; 32]));
        one.uuid();
        let rolls = |random: &mut ChannelRandom| [0; 8].map(|_| random.between(0, i32::MAX));
        assert_eq!(rolls(&mut one), rolls(&mut other), "identities are drawn from a stream of their own");
        let mut random = ChannelRandom::new([5; 32]);
        let rolled: BTreeSet<u32> = (0..1_000).map(|_| random.rolls.next_u32()).collect();
        let mut shown = (0..200).map(|_| u128::from_le_bytes(random.uuid()) as u32);
        assert!(shown.all(|bits| !rolled.contains(&bits)), "and that stream is another");
    }
}

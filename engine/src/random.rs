//! The only source of chance in a world: seeded, recorded, replayed.

use bevy_ecs::prelude::*;
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// A channel's generator.
#[derive(Resource, Debug, Clone)]
pub struct ChannelRandom(Pcg64);

impl ChannelRandom {
    /// A generator with its own stream for each seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self(Pcg64::from_seed(seed))
    }

    /// A number from `low` to `high`, both included; `low` where they are the wrong way round.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        if low >= high { low } else { self.0.random_range(low..=high) }
    }

    /// One of `count` places; 0 for an empty list.
    pub fn place(&mut self, count: usize) -> usize {
        if count == 0 { 0 } else { self.0.random_range(0..count) }
    }

    /// Whether a chance of `per_mille` in 1,000 comes true.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.0.random_range(0..1_000) < per_mille
    }

    /// 16 random bytes with the marks of a version 4 UUID: identities of items and events. From the seeded generator, so
    /// that a replay gives the same ones.
    pub fn uuid(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        bytes
    }

    /// The next 64 random bits, without taking them: part of the state hash.
    pub(crate) fn peek(&self) -> u64 {
        self.0.clone().next_u64()
    }
}

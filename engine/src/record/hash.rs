//! A 64-bit hash that is the same in every build and on every machine, which std's hashers do not promise.

/// Odd, without a pattern: the first bits of the square root of 3's fraction.
const MULTIPLIER: u64 = 0xbb67_ae85_84ca_a73b;

/// Hashes eight bytes in one multiplication, folded to 64 bits (the step of wyhash). Not for input that an adversary
/// may choose.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hasher(u64);

impl Hasher {
    /// A hasher whose results differ from those of every other `seed`.
    pub fn new(seed: u64) -> Self {
        let mut hasher = Self(MULTIPLIER);
        hasher.word(seed);
        hasher
    }

    /// Adds a number.
    pub fn word(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(MULTIPLIER);
        self.0 = product as u64 ^ (product >> 64) as u64;
    }

    /// Adds bytes and their count.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.word(u64::from_le_bytes(last));
        }
    }

    /// The hash of everything that was added.
    pub fn finish(mut self) -> u64 {
        self.word(0);
        self.0
    }
}

/// The hash of some bytes.
pub(super) fn hash_of(bytes: &[u8]) -> u64 {
    let mut hasher = Hasher::new(0);
    hasher.bytes(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_is_the_same_everywhere_and_every_byte_counts() {
        assert_eq!(
            hash_of(b"the same on every machine"),
            0xe763_7b90_e610_b28a,
            "recordings are compared across machines"
        );
        let mut seen = BTreeSet::new();
        let base = [0u8; 20];
        for at in 0..base.len() {
            for value in 0..=255 {
                let mut bytes = base;
                bytes[at] = value;
                seen.insert(hash_of(&bytes));
            }
        }
        assert_eq!(seen.len(), 20 * 255 + 1, "all zeros come up twenty times");
        let lengths: BTreeSet<u64> = (0..=20).map(|length| hash_of(&base[..length])).collect();
        assert_eq!(lengths.len(), 21, "zeros are counted");
    }
}

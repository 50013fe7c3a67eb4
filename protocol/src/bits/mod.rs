//! Bit packing: the encoding of everything that clients and map servers say to each other.
//!
//! Bits are written least significant first into bytes of ascending index, so an 8-bit field on a byte boundary is that
//! byte. Integers of up to 32 bits are written in one of four widths ([`UINT_BITS`]). With [`BitField`] a type declares
//! its encoding once, for writing, reading and the schema.

mod fields;
mod writer;

pub use writer::BitWriter;

/// The widest field that fits into 8 bytes at any bit offset within its first byte.
const READ_BITS: u32 = 57;

/// The widths of a `uint`: 2 bits select one, and that many bits follow.
pub const UINT_BITS: [u32; 4] = [6, 11, 17, 32];

/// Reads bit fields from a buffer. A read past the end is `None`, never a panic.
///
/// ```
/// use realmgate_protocol::bits::BitReader;
///
/// let mut from = BitReader::new(&[0b0000_1101]);
/// assert_eq!(from.take(3), Some(0b101));
/// assert_eq!(from.take(6), None, "only 5 bits are left");
/// assert_eq!(from.take(5), Some(1));
/// ```
#[derive(Debug, Clone)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BitReader<'a> {
    /// A reader at the first bit of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bits not read yet, including the padding of the last byte.
    pub fn left_bits(&self) -> usize {
        self.bytes.len() * 8 - self.at
    }

    /// Reads the next `width` bits (at most 64) as an unsigned number; `None` if fewer are left.
    #[inline]
    pub fn take(&mut self, width: u32) -> Option<u64> {
        if self.left_bits() < width as usize {
            return None;
        }
        if width > READ_BITS {
            let low = self.take(32)?;
            return Some(low | self.take(width - 32)? << 32);
        }
        let rest = &self.bytes[self.at / 8..];
        let word = match rest.first_chunk() {
            Some(word) => *word,
            None => {
                let mut word = [0; 8];
                word[..rest.len()].copy_from_slice(rest);
                word
            }
        };
        let value = u64::from_le_bytes(word) >> (self.at % 8) & ((1 << width) - 1);
        self.at += width as usize;
        Some(value)
    }

    /// Reads a `uint`; `None` if it is cut short.
    #[inline]
    pub fn take_uint(&mut self) -> Option<u32> {
        let width = UINT_BITS[self.take(2)? as usize];
        self.take(width).map(|value| value as u32)
    }

    /// Whether only zero padding of fewer than 8 bits is left, as at the end of a well-formed buffer.
    pub fn at_end(mut self) -> bool {
        let left = self.left_bits();
        left < 8 && self.take(left as u32) == Some(0)
    }
}

/// A type with an encoding in the bit stream.
pub trait BitField: Sized {
    /// Appends the value.
    fn write(&self, out: &mut BitWriter);
    /// Reads a value; `None` if the buffer ends early or the bits are not a legal value.
    fn read(from: &mut BitReader<'_>) -> Option<Self>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fields_of_any_width_come_back(fields in prop::collection::vec((any::<u64>(), 0u32..=64), 0..40)) {
            let mut out = BitWriter::default();
            for (value, width) in &fields {
                out.put(*value, *width);
            }
            let mut from = BitReader::new(out.bytes());
            for (value, width) in &fields {
                let mask = if *width == 64 { u64::MAX } else { (1 << width) - 1 };
                prop_assert_eq!(from.take(*width), Some(value & mask));
            }
            prop_assert!(from.at_end());
        }

        #[test]
        fn what_another_wrote_can_be_copied_to_any_bit(
            fields in prop::collection::vec((any::<u64>(), 1u32..=64), 0..10),
            before in 0u32..=64,
        ) {
            let (mut alone, mut behind) = (BitWriter::default(), BitWriter::default());
            behind.put(0, before);
            for (value, width) in &fields {
                alone.put(*value, *width);
                behind.put(*value, *width);
            }
            let bits = alone.len_bits();
            alone.align();
            prop_assert_eq!(alone.len_bits(), bits.div_ceil(8) * 8);
            alone.put(u64::MAX, 64);
            let mut copied = BitWriter::default();
            copied.put(0, before);
            copied.put_bits(alone.bytes(), bits);
            prop_assert_eq!((copied.len_bits(), copied.bytes()), (behind.len_bits(), behind.bytes()));
        }

        #[test]
        fn what_is_cut_off_and_patched_leaves_the_rest_as_it_was(
            fields in prop::collection::vec((any::<u64>(), 0u32..=64), 1..12),
            more in prop::collection::vec((any::<u64>(), 0u32..=64), 0..12),
            cut in any::<prop::sample::Index>(),
            before in 0usize..10,
        ) {
            let put = |out: &mut BitWriter, fields: &[(u64, u32)]| {
                fields.iter().for_each(|(value, width)| out.put(*value, *width));
            };
            let kept = cut.index(fields.len());
            let (mut one, mut other) = (BitWriter::append(vec![9; before]), BitWriter::append(vec![9; before]));
            put(&mut one, &fields[..kept]);
            let (bits, count) = (one.len_bits(), fields[kept].1.min(13));
            put(&mut one, &fields[kept..]);
            one.truncate(bits);
            one.put(0, count);
            one.patch(bits, fields[kept].0, count);
            put(&mut one, &more);
            put(&mut other, &fields[..kept]);
            other.put(fields[kept].0, count);
            put(&mut other, &more);
            prop_assert_eq!((one.bytes(), one.len_bits()), (other.bytes(), other.len_bits()));
            let whole = one.into_bytes();
            prop_assert_eq!(&whole[..before], &vec![9; before]);
            prop_assert_eq!(whole, other.into_bytes());
        }

        #[test]
        fn truncating_takes_back_exactly_what_came_after(
            first: u64, width in 1u32..=64, rest: u64, more in 0u32..=64, next: u64,
        ) {
            let mut kept = BitWriter::default();
            kept.put(first, width);
            let mut cut = kept.clone();
            cut.put(rest, more);
            cut.put(rest, more);
            cut.truncate(width as usize);
            prop_assert_eq!((cut.bytes(), cut.len_bits()), (kept.bytes(), width as usize));
            // Nothing of it comes back with what is written next.
            cut.put(next, 37);
            kept.put(next, 37);
            prop_assert_eq!(cut.into_bytes(), kept.into_bytes());
        }
    }

    #[test]
    fn a_writer_behind_other_bytes_leaves_them_alone() {
        let mut out = BitWriter::append(vec![7, 8]);
        out.put(0x1234, 16);
        out.put(1, 64);
        out.truncate(12);
        out.put(0, 3);
        assert_eq!((out.bytes(), out.len_bits()), (&[0x34, 0x02][..], 15));
        assert_eq!(out.clone().into_bytes(), [7, 8, 0x34, 0x02]);
        out.patch(4, 0xf, 4);
        out.align();
        out.put_bits(&[0x56], 8);
        assert_eq!(out.clone().into_bytes(), [7, 8, 0xf4, 0x02, 0x56]);
        out.clear();
        assert_eq!(out.into_bytes(), [7, 8]);
    }

    #[test]
    fn a_patched_count_replaces_the_placeholder() {
        let mut out = BitWriter::default();
        out.put(1, 3);
        out.put(0x5E, 8);
        out.put(5, 3);
        out.patch(3, 0xFAB, 8);
        out.put(1, 2);
        let mut from = BitReader::new(out.bytes());
        assert_eq!((from.take(3), from.take(8), from.take(3)), (Some(1), Some(0xAB), Some(5)), "8 bits and no more");
        assert_eq!(from.take(2), Some(1), "and it stays when more is written");
    }
}

//! Bit packing for input commands and snapshots.
//!
//! Bits are written least significant first into bytes of ascending index, so an 8-bit field on a byte boundary is that
//! byte. With [`BitField`] a type declares its width once, for writing, reading and the schema.

mod writer;

pub use writer::BitWriter;

use serde::{Deserialize, Serialize};

use crate::ids::EntityId;

/// The widest field that fits into 8 bytes at any bit offset within its first byte.
const READ_BITS: u32 = 57;

/// Reads bit fields from a buffer. A read past the end is `None`, never a panic.
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

    /// Whether only zero padding of fewer than 8 bits is left, as at the end of a well-formed buffer.
    pub fn at_end(mut self) -> bool {
        let left = self.left_bits();
        left < 8 && self.take(left as u32) == Some(0)
    }
}

/// A type with an encoding in the bit stream.
pub trait BitField: Sized {
    /// The schema's name for the encoding, e.g. `u16`.
    fn kind() -> String;
    /// Appends the value.
    fn write(&self, out: &mut BitWriter);
    /// Reads a value; `None` if the buffer ends early or the bits are not a legal value.
    fn read(from: &mut BitReader<'_>) -> Option<Self>;
}

macro_rules! unsigned_fields {
    ($($ty:ty),*) => {$(
        impl BitField for $ty {
            fn kind() -> String {
                stringify!($ty).to_owned()
            }
            fn write(&self, out: &mut BitWriter) {
                out.put(u64::from(*self), <$ty>::BITS);
            }
            fn read(from: &mut BitReader<'_>) -> Option<Self> {
                from.take(<$ty>::BITS).map(|value| value as $ty)
            }
        }
    )*};
}
unsigned_fields!(u8, u16, u32);

impl BitField for bool {
    fn kind() -> String {
        "bool".to_owned()
    }
    fn write(&self, out: &mut BitWriter) {
        out.put(u64::from(*self), 1);
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        from.take(1).map(|bit| bit == 1)
    }
}

/// `optional<T>`: one presence bit, then the value if it is 1.
impl<T: BitField> BitField for Option<T> {
    fn kind() -> String {
        format!("optional<{}>", T::kind())
    }
    fn write(&self, out: &mut BitWriter) {
        out.put(u64::from(self.is_some()), 1);
        if let Some(value) = self {
            value.write(out);
        }
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        if from.take(1)? == 1 { T::read(from).map(Some) } else { Some(None) }
    }
}

/// `list4<T>`: a count of 4 bits, then the values. Values beyond the 15th are not written.
impl<T: BitField> BitField for Vec<T> {
    fn kind() -> String {
        format!("list4<{}>", T::kind())
    }
    fn write(&self, out: &mut BitWriter) {
        let count = self.len().min(15);
        out.put(count as u64, 4);
        for value in &self[..count] {
            value.write(out);
        }
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        let count = from.take(4)?;
        (0..count).map(|_| T::read(from)).collect()
    }
}

/// `text`: a byte count of 6 bits, then that many bytes of UTF-8 (at most 63; longer texts are cut at a character).
impl BitField for String {
    fn kind() -> String {
        "text".to_owned()
    }
    fn write(&self, out: &mut BitWriter) {
        write_text(self, 6, out);
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        read_text(6, from)
    }
}

/// A text of up to 511 bytes; a plain `String` field holds 63.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LongText(pub String);

/// `long_text`: a byte count of 9 bits, then that many bytes of UTF-8 (at most 511; longer texts are cut at a
/// character).
impl BitField for LongText {
    fn kind() -> String {
        "long_text".to_owned()
    }
    fn write(&self, out: &mut BitWriter) {
        write_text(&self.0, 9, out);
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        read_text(9, from).map(Self)
    }
}

fn write_text(text: &str, count_bits: u32, out: &mut BitWriter) {
    let end = text.floor_char_boundary((1 << count_bits) - 1);
    out.put(end as u64, count_bits);
    for byte in &text.as_bytes()[..end] {
        out.put(u64::from(*byte), 8);
    }
}

fn read_text(count_bits: u32, from: &mut BitReader<'_>) -> Option<String> {
    let count = from.take(count_bits)?;
    let bytes: Option<Vec<u8>> = (0..count).map(|_| from.take(8).map(|byte| byte as u8)).collect();
    String::from_utf8(bytes?).ok()
}

/// `entity`: 2 bits say how many bytes follow (1 to 4), then the id in that many bytes.
impl BitField for EntityId {
    fn kind() -> String {
        "entity".to_owned()
    }
    fn write(&self, out: &mut BitWriter) {
        let bytes = (32 - self.0.leading_zeros()).div_ceil(8).max(1);
        out.put(u64::from(bytes - 1), 2);
        out.put(u64::from(self.0), bytes * 8);
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        let bytes = from.take(2)? as u32 + 1;
        from.take(bytes * 8).map(|id| EntityId(id as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fields_of_any_width_come_back(fields in prop::collection::vec((any::<u64>(), 1u32..=64), 0..40)) {
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
            before in 0u32..16,
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
            let put = |out: &mut BitWriter, fields: &[(u64, u32)]| fields.iter().for_each(|(value, width)| out.put(*value, *width));
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
            prop_assert_eq!(one.bytes(), other.bytes());
            prop_assert_eq!(one.into_bytes(), other.into_bytes());
        }

        #[test]
        fn truncating_takes_back_exactly_what_came_after(first in any::<u64>(), width in 1u32..=64, rest in any::<u64>()) {
            let mut kept = BitWriter::default();
            kept.put(first, width);
            let mut cut = kept.clone();
            cut.put(rest, 37);
            cut.truncate(width as usize);
            prop_assert_eq!(cut.bytes(), kept.bytes());
        }

        #[test]
        fn garbage_is_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut from = BitReader::new(&bytes);
            let _ = Vec::<Option<EntityId>>::read(&mut from);
            let _ = String::read(&mut from);
        }

        #[test]
        fn entity_ids_come_back(id in any::<u32>()) {
            let mut out = BitWriter::default();
            EntityId(id).write(&mut out);
            prop_assert_eq!(EntityId::read(&mut BitReader::new(out.bytes())), Some(EntityId(id)));
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
        assert_eq!(out.into_bytes(), [7, 8, 0x34, 0x02]);
    }

    #[test]
    fn a_patched_count_replaces_the_placeholder() {
        let mut out = BitWriter::default();
        out.put(1, 3);
        out.put(0, 8);
        out.put(5, 3);
        out.patch(3, 0xAB, 8);
        let mut from = BitReader::new(out.bytes());
        assert_eq!((from.take(3), from.take(8), from.take(3)), (Some(1), Some(0xAB), Some(5)));
    }
}

//! The encodings of primitive values.

use super::{BitField, BitReader, BitWriter};

/// `bool`: 1 bit.
impl BitField for bool {
    fn write(&self, out: &mut BitWriter) {
        out.put(u64::from(*self), 1);
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        from.take(1).map(|bit| bit == 1)
    }
}

/// `u8`: 8 bits.
impl BitField for u8 {
    fn write(&self, out: &mut BitWriter) {
        out.put(u64::from(*self), 8);
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        from.take(8).map(|value| value as u8)
    }
}

/// `u16`: a `uint` of at most 65,535.
impl BitField for u16 {
    fn write(&self, out: &mut BitWriter) {
        out.put_uint((*self).into());
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        from.take_uint()?.try_into().ok()
    }
}

/// `u32`: a `uint`.
impl BitField for u32 {
    fn write(&self, out: &mut BitWriter) {
        out.put_uint(*self);
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        from.take_uint()
    }
}

/// `u64`: the low 32 bits as a `uint`, then the high ones.
impl BitField for u64 {
    fn write(&self, out: &mut BitWriter) {
        out.put_uint(*self as u32);
        out.put_uint((*self >> 32) as u32);
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        Some(u64::from(from.take_uint()?) | u64::from(from.take_uint()?) << 32)
    }
}

/// `i32`: zigzag (0, -1, 1, -2 … become 0, 1, 2, 3 …), then a `uint`.
impl BitField for i32 {
    fn write(&self, out: &mut BitWriter) {
        out.put_uint((self << 1 ^ self >> 31) as u32);
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        from.take_uint().map(|zigzag| (zigzag >> 1) as i32 ^ -((zigzag & 1) as i32))
    }
}

/// `i64`: zigzag, then as a `u64`.
impl BitField for i64 {
    fn write(&self, out: &mut BitWriter) {
        ((self << 1 ^ self >> 63) as u64).write(out);
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        u64::read(from).map(|zigzag| (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }
}

/// `option<T>`: a bit that says whether there is a value, then the value if so.
impl<T: BitField> BitField for Option<T> {
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

/// `list<T>`: the count as a `uint`, then the values.
impl<T: BitField> BitField for Vec<T> {
    fn write(&self, out: &mut BitWriter) {
        out.put_uint(self.len() as u32);
        self.iter().for_each(|value| value.write(out));
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        let count = take_count(from, 1)?;
        // Grows with what is read: a value may need more memory than bits.
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(T::read(from)?);
        }
        Some(values)
    }
}

/// `text`: the number of bytes as a `uint`, then these bytes of UTF-8.
impl BitField for String {
    fn write(&self, out: &mut BitWriter) {
        out.put_uint(self.len() as u32);
        out.put_bits(self.as_bytes(), 8 * self.len());
    }
    fn read(from: &mut BitReader<'_>) -> Option<Self> {
        let count = take_count(from, 8)?;
        let bytes: Option<Vec<u8>> = (0..count).map(|_| u8::read(from)).collect();
        String::from_utf8(bytes?).ok()
    }
}

/// A count of values of at least `bits` each. `None` if so many cannot follow, so that a lying count allocates nothing.
fn take_count(from: &mut BitReader<'_>, bits: usize) -> Option<usize> {
    let count = from.take_uint()? as usize;
    (count.checked_mul(bits)? <= from.left_bits()).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{
        AccountId, BatchId, ChannelId, CharacterId, EntityId, EventKey, ItemId, LockEpoch, MapId, RequestId,
        SaveSequence, Tick, TicketId,
    };
    use proptest::prelude::*;

    #[track_caller]
    fn comes_back<T: BitField + PartialEq + std::fmt::Debug>(value: &T, bits: usize) {
        let mut out = BitWriter::default();
        value.write(&mut out);
        assert_eq!(out.len_bits(), bits, "{value:?}");
        let mut from = BitReader::new(out.bytes());
        assert_eq!(T::read(&mut from).as_ref(), Some(value));
        assert!(from.at_end());
    }

    #[test]
    fn integers_take_the_shortest_of_four_widths() {
        for (value, bits) in [(0u32, 8), (63, 8), (64, 13), (2_047, 13), (2_048, 19), (131_071, 19), (131_072, 34)] {
            comes_back(&value, bits);
        }
        comes_back(&u32::MAX, 34);
        comes_back(&u16::MAX, 19);
        comes_back(&200u8, 8);
        comes_back(&63u64, 16);
        comes_back(&u64::MAX, 68);
        for (value, bits) in [(-32i32, 8), (31, 8), (32, 13), (-33, 13), (i32::MIN, 34), (i32::MAX, 34)] {
            comes_back(&value, bits);
        }
        comes_back(&i64::MIN, 68);
        comes_back(&-1i64, 16);
    }

    #[test]
    fn a_number_that_does_not_fit_its_type_is_refused() {
        let mut out = BitWriter::default();
        out.put_uint(65_536);
        assert_eq!(u16::read(&mut BitReader::new(out.bytes())), None);
        assert_eq!(u32::read(&mut BitReader::new(out.bytes())), Some(65_536));
    }

    /// Reads a count with so many zero bits behind it: the value, and how many of these bits were read.
    fn read_behind<T: BitField>(count: u32, bits: u32) -> (Option<T>, usize) {
        let mut out = BitWriter::default();
        out.put_uint(count);
        let start = out.len_bits();
        out.put(0, bits);
        let mut from = BitReader::new(out.bytes());
        let all = from.left_bits();
        let value = T::read(&mut from);
        (value, all - from.left_bits() - start)
    }

    #[test]
    fn a_count_of_more_than_can_follow_is_refused_before_a_value_is_read() {
        assert_eq!(read_behind(56, 56), (Some(vec![false; 56]), 56));
        assert_eq!(read_behind::<Vec<bool>>(57, 56), (None, 0), "a value has a bit at least");
        assert_eq!(read_behind::<Vec<u32>>(u32::MAX, 62), (None, 0));
        assert_eq!(read_behind(8, 64), (Some("\0".repeat(8)), 64));
        assert_eq!(read_behind::<String>(9, 64), (None, 0), "9 bytes are not there, 8 are");
        assert_eq!(read_behind::<String>(u32::MAX, 62), (None, 0));
    }

    #[test]
    fn text_that_is_not_utf_8_is_refused() {
        let mut out = BitWriter::default();
        out.put_uint(1);
        out.put(0xff, 8);
        assert_eq!(String::read(&mut BitReader::new(out.bytes())), None);
    }

    /// Writes a value between other bits, and reads it back.
    #[track_caller]
    fn returns<T: BitField + PartialEq + std::fmt::Debug>(value: T, bits_before: u32) {
        let mut out = BitWriter::default();
        out.put(0, bits_before);
        value.write(&mut out);
        out.put(1, 1);
        let mut from = BitReader::new(out.bytes());
        assert_eq!(from.take(bits_before), Some(0));
        assert_eq!(T::read(&mut from), Some(value));
        assert_eq!(from.take(1), Some(1), "what follows it");
        assert!(from.at_end());
    }

    fn reads<T: BitField>(bytes: &[u8]) {
        let mut from = BitReader::new(bytes);
        while T::read(&mut from).is_some() {}
    }

    proptest! {
        #[test]
        fn whatever_is_written_comes_back(
            numbers in prop::collection::vec(any::<u32>(), 0..40), texts in prop::collection::vec("\\PC{0,90}", 0..3),
            narrow: u32, signed: i32, wide: u64, far: i64, there: bool, id: [u8; 16], before in 0u32..64,
        ) {
            returns(there, before);
            returns(narrow as u8, before);
            returns(narrow as u16, before);
            returns(narrow, before);
            returns(wide, before);
            returns(signed, before);
            returns(far, before);
            returns(there.then_some(wide), before);
            returns(vec![there.then_some(signed), None, Some(signed)], before);
            returns(numbers, before);
            texts.iter().for_each(|text| returns(text.clone(), before));
            returns(texts, before);
            returns(AccountId(id), before);
            returns(CharacterId(id), before);
            returns(ItemId(id), before);
            returns(EventKey(id), before);
            returns(MapId(narrow as u16), before);
            returns(ChannelId((narrow >> 16) as u16), before);
            returns(EntityId(narrow), before);
            returns(Tick(narrow), before);
            returns(TicketId(wide), before);
            returns(LockEpoch(wide), before);
            returns(SaveSequence(wide), before);
            returns(RequestId(wide), before);
            returns(BatchId(wide), before);
        }

        #[test]
        fn garbage_is_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            reads::<bool>(&bytes);
            reads::<u8>(&bytes);
            reads::<u16>(&bytes);
            reads::<u32>(&bytes);
            reads::<u64>(&bytes);
            reads::<i32>(&bytes);
            reads::<i64>(&bytes);
            reads::<ItemId>(&bytes);
            reads::<MapId>(&bytes);
            reads::<String>(&bytes);
            reads::<Vec<String>>(&bytes);
            reads::<Vec<Option<EntityId>>>(&bytes);
        }
    }
}

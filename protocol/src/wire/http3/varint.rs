//! QUIC's integers: one, two, four or eight bytes, as the first two bits say (RFC 9000, section 16).

/// Takes one off the front; `None` when it is not whole yet.
pub(super) fn take(from: &mut &[u8]) -> Option<u64> {
    let first = *from.first()?;
    let (bytes, rest) = from.split_at_checked(1 << (first >> 6))?;
    *from = rest;
    let value = bytes.iter().skip(1).fold(u64::from(first & 0x3f), |value, byte| value << 8 | u64::from(*byte));
    Some(value)
}

/// Appends one, in as few bytes as it takes.
pub(super) fn put(value: u64, out: &mut Vec<u8>) {
    let bytes = value.to_be_bytes();
    let (marked, kept) = match value {
        0..0x40 => (0x00, 1),
        0x40..0x4000 => (0x40, 2),
        0x4000..0x4000_0000 => (0x80, 4),
        _ => (0xc0, 8),
    };
    let from = out.len();
    out.extend_from_slice(&bytes[bytes.len() - kept..]);
    out[from] |= marked;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn examples_of_the_standard_are_read() {
        let read = |mut bytes: &[u8]| take(&mut bytes);
        assert_eq!(read(&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c]), Some(151_288_809_941_952_652));
        assert_eq!(read(&[0x9d, 0x7f, 0x3e, 0x7d]), Some(494_878_333));
        assert_eq!((read(&[0x7b, 0xbd]), read(&[0x25]), read(&[0x40, 0x25])), (Some(15_293), Some(37), Some(37)));
        assert_eq!((read(&[]), read(&[0x40]), read(&[0xc0, 0, 0])), (None, None, None));
    }

    /// The last number and the first of each length.
    fn bounds() -> impl Strategy<Value = u64> {
        prop::sample::select(vec![0x3f_u64, 0x40, 0x3fff, 0x4000, 0x3fff_ffff, 0x4000_0000, (1 << 62) - 1])
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            value in prop_oneof![0..100_u64, 0..0x8000_u64, 0..0x8000_0000_u64, 0..1_u64 << 62, bounds()],
            before: Vec<u8>,
            rest: Vec<u8>,
        ) {
            let mut bytes = before.clone();
            put(value, &mut bytes);
            bytes.extend_from_slice(&rest);
            let (kept, mut left) = bytes.split_at(before.len());
            prop_assert_eq!(kept, before);
            prop_assert_eq!(take(&mut left), Some(value));
            prop_assert_eq!(left, rest);
        }
    }
}

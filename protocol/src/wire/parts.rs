//! Splitting reliable content that is longer than one reliable message.

use crate::limits::{MAX_PART_BYTES, MAX_PARTS};

/// Reassembles parts. They arrive in order, since the reliable channel is ordered.
#[derive(Debug, Default)]
pub struct Reassembly {
    bytes: Vec<u8>,
    next: u16,
    count: u16,
}

/// The parts did not fit together. The parts collected so far are discarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("message parts out of order, too many or too long")]
pub struct BadPart;

impl Reassembly {
    /// Takes the next part. Returns the whole content after the last one.
    ///
    /// # Errors
    /// [`BadPart`] when the part is out of order, its count differs or exceeds [`MAX_PARTS`], or it is longer than
    /// [`MAX_PART_BYTES`]. Everything collected so far is discarded.
    pub fn take(&mut self, index: u16, count: u16, bytes: &[u8]) -> Result<Option<Vec<u8>>, BadPart> {
        let starts = index == 0 && self.next == 0;
        let goes_on = index == self.next && count == self.count && index > 0;
        if !(starts || goes_on) || index >= count || count > MAX_PARTS || bytes.len() > MAX_PART_BYTES {
            *self = Self::default();
            return Err(BadPart);
        }
        self.bytes.extend_from_slice(bytes);
        (self.next, self.count) = (index + 1, count);
        Ok((self.next == count).then(|| std::mem::take(self).bytes))
    }
}

/// Splits `content` into parts of (index, count, bytes).
pub fn split(content: &[u8]) -> impl Iterator<Item = (u16, u16, &[u8])> {
    let count = content.len().div_ceil(MAX_PART_BYTES) as u16;
    content.chunks(MAX_PART_BYTES).enumerate().map(move |(index, bytes)| (index as u16, count, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_together() {
        let mut reassembly = Reassembly::default();
        let most = usize::from(MAX_PARTS) * MAX_PART_BYTES;
        for length in [1, MAX_PART_BYTES, MAX_PART_BYTES + 1, 2 * MAX_PART_BYTES, 2_500, most] {
            let content: Vec<u8> = (0..length).map(|i| (i / 7) as u8).collect();
            let parts: Vec<_> =
                split(&content).map(|(index, count, bytes)| reassembly.take(index, count, bytes).unwrap()).collect();
            let (last, before) = parts.split_last().unwrap();
            assert!(before.iter().all(Option::is_none), "not before the last");
            assert_eq!(last.as_ref(), Some(&content), "{length} bytes");
        }
    }

    #[test]
    fn a_part_that_does_not_fit_is_refused_and_the_next_message_is_fine() {
        let long = [0; MAX_PART_BYTES + 1];
        type Parts<'a> = &'a [(u16, u16, &'a [u8])];
        let wrong: [(&str, Parts<'_>); 9] = [
            ("the first is missing", &[(1, 3, b"b")]),
            ("the second is missing", &[(0, 3, b"a"), (2, 3, b"c")]),
            ("the last is missing", &[(0, 2, b"a"), (0, 2, b"x")]),
            ("one comes again", &[(0, 3, b"a"), (1, 3, b"b"), (1, 3, b"b")]),
            ("of more parts than the first", &[(0, 3, b"a"), (1, 4, b"b")]),
            ("of fewer", &[(0, 3, b"a"), (1, 2, b"b")]),
            ("of none", &[(0, 0, b"")]),
            ("of too many", &[(0, MAX_PARTS + 1, b"a")]),
            ("too long", &[(0, 3, b"a"), (1, 3, &long)]),
        ];
        for (what, parts) in wrong {
            let mut reassembly = Reassembly::default();
            let taken: Vec<_> =
                parts.iter().map(|(index, count, bytes)| reassembly.take(*index, *count, bytes)).collect();
            let (last, before) = taken.split_last().unwrap();
            assert!(before.iter().all(|taken| *taken == Ok(None)), "{what}: {before:?}");
            assert_eq!(*last, Err(BadPart), "{what}");
            assert_eq!(reassembly.take(0, 2, b"x"), Ok(None), "{what}");
            assert_eq!(reassembly.take(1, 2, b"y"), Ok(Some(b"xy".to_vec())), "{what}: nothing of it is left");
        }
    }
}

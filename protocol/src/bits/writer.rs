//! Writing bit fields.

use super::UINT_BITS;

/// When the buffer is too short, it is grown to this many bytes past the start of the current word. Unused bytes are
/// zero.
const CHUNK_BYTES: usize = 64;
const WORD_BYTES: usize = 8;
const WORD_BITS: usize = 64;

/// Appends bit fields to a growing buffer.
///
/// ```
/// use realmgate_protocol::bits::{BitReader, BitWriter};
///
/// let mut out = BitWriter::default();
/// out.put(5, 3);
/// out.put_uint(1_000);
/// assert_eq!((out.len_bits(), out.len_bytes()), (16, 2));
///
/// let mut from = BitReader::new(out.bytes());
/// assert_eq!((from.take(3), from.take_uint()), (Some(5), Some(1_000)));
/// assert!(from.at_end());
/// ```
#[derive(Debug, Default, Clone)]
pub struct BitWriter {
    /// The `start` bytes from before, the written bits, then zeros.
    bytes: Vec<u8>,
    /// Number of bytes that were in the buffer before this writer.
    start: usize,
    /// Bits written so far.
    bits: usize,
    /// The bits written since the last word boundary. They are in `bytes` too. Keeping them here avoids a load that
    /// would have to wait for the store before it.
    word: u64,
}

impl BitWriter {
    /// A writer that appends to `bytes` and keeps them: see [`Self::into_bytes`].
    pub fn append(bytes: Vec<u8>) -> Self {
        let start = bytes.len();
        Self { bytes, start, bits: 0, word: 0 }
    }

    /// Discards everything written and keeps the allocation.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Bits written so far.
    pub fn len_bits(&self) -> usize {
        self.bits
    }

    /// Bytes needed for the bits written so far.
    pub fn len_bytes(&self) -> usize {
        self.bits.div_ceil(8)
    }

    /// Writes the low `width` bits of `value` (`width` at most 64); higher bits are ignored.
    #[inline]
    pub fn put(&mut self, value: u64, width: u32) {
        if width == 0 {
            return;
        }
        let value = value & (u64::MAX >> (WORD_BITS as u32 - width));
        let (at, shift) = (self.word_at(self.bits), self.bits % WORD_BITS);
        if self.bytes.len() < at + 2 * WORD_BYTES {
            self.bytes.resize(at + CHUNK_BYTES, 0);
        }
        self.word |= value << shift;
        self.store(at);
        self.bits += width as usize;
        if shift + width as usize >= WORD_BITS {
            self.word = if shift == 0 { 0 } else { value >> (WORD_BITS - shift) };
            self.store(at + WORD_BYTES);
        }
    }

    /// Writes a `uint` in the shortest width of [`UINT_BITS`].
    #[inline]
    pub fn put_uint(&mut self, value: u32) {
        let class = UINT_BITS.iter().position(|bits| u64::from(value) < 1 << bits).unwrap_or(UINT_BITS.len() - 1);
        self.put(class as u64 | u64::from(value) << 2, UINT_BITS[class] + 2);
    }

    /// Byte index at which the word of a bit starts.
    fn word_at(&self, bit: usize) -> usize {
        self.start + bit / WORD_BITS * WORD_BYTES
    }

    fn store(&mut self, at: usize) {
        if let Some(place) = self.bytes[at..].first_chunk_mut() {
            *place = self.word.to_le_bytes();
        }
    }

    /// Appends the first `bits` bits of `bytes`, which another writer made. Anything after them is ignored.
    pub fn put_bits(&mut self, bytes: &[u8], bits: usize) {
        let (mut rest, mut left) = (bytes, bits);
        while left > 0 {
            let width = left.min(WORD_BITS);
            let word = match rest.first_chunk() {
                Some(word) => *word,
                None => {
                    let mut word = [0; WORD_BYTES];
                    word[..rest.len()].copy_from_slice(rest);
                    word
                }
            };
            self.put(u64::from_le_bytes(word), width as u32);
            rest = rest.get(WORD_BYTES..).unwrap_or_default();
            left -= width;
        }
    }

    /// Writes zeros up to the next byte boundary.
    pub fn align(&mut self) {
        self.put(0, (self.bits.wrapping_neg() % 8) as u32);
    }

    /// Shortens the buffer to `bits` bits, to take back an entity that did not fit.
    pub fn truncate(&mut self, bits: usize) {
        if bits >= self.bits {
            return;
        }
        let end = self.start + self.len_bytes();
        self.bits = bits;
        let kept = self.start + self.len_bytes();
        self.bytes[kept..end].fill(0);
        if !bits.is_multiple_of(8) {
            self.bytes[kept - 1] &= (1u8 << (bits % 8)) - 1;
        }
        self.load();
    }

    /// Overwrites `width` already written bits at bit `at`, to fill in a count afterwards.
    pub fn patch(&mut self, at: usize, value: u64, width: u32) {
        for bit in 0..width as usize {
            let (byte, shift) = (self.start + (at + bit) / 8, (at + bit) % 8);
            self.bytes[byte] &= !(1 << shift);
            self.bytes[byte] |= (((value >> bit) & 1) as u8) << shift;
        }
        self.load();
    }

    /// Reloads the current word from the buffer.
    fn load(&mut self) {
        let at = self.word_at(self.bits);
        self.word =
            self.bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u64::from_le_bytes(*word));
    }

    /// The written bytes. Unused bits of the last byte are zero.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.len_bytes()]
    }

    /// The whole buffer: the bytes from before this writer, then the written ones.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.start + self.bits.div_ceil(8));
        self.bytes
    }
}

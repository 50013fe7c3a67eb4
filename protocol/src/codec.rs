//! The one place that turns reliable messages and link messages into bytes and back.
//!
//! Reliable messages are packed in bits like frames ([`crate::bits`]), so that clients need one coding only. Messages
//! between our own processes are bincode 2 with its standard configuration. Decoding either is bounded by bytes, so a
//! length field cannot make us allocate.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bits::{BitField, BitReader, BitWriter};
use crate::limits::{MAX_LINK_BYTES, MAX_PART_BYTES, MAX_PARTS, MAX_RELIABLE_BYTES};

/// Why a message cannot be encoded or decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The message is longer than the limit for its kind.
    #[error("a message of {bytes} bytes exceeds the limit of {limit}")]
    TooLong {
        /// Length of the message in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The bytes are not a value of the type, or the value cannot be serialized.
    #[error("invalid message: {0}")]
    Malformed(String),
    /// This many bytes follow the message.
    #[error("{0} trailing bytes after the message")]
    Trailing(usize),
}

/// Encodes a value to at most `limit` bytes.
///
/// # Errors
/// [`CodecError::TooLong`] when the encoded value is longer than `limit`, [`CodecError::Malformed`] when it cannot be
/// serialized.
pub fn encode_within<T: Serialize>(value: &T, limit: usize) -> Result<Vec<u8>, CodecError> {
    let bytes = bincode::serde::encode_to_vec(value, bincode::config::standard())
        .map_err(|error| CodecError::Malformed(error.to_string()))?;
    if bytes.len() > limit { Err(CodecError::TooLong { bytes: bytes.len(), limit }) } else { Ok(bytes) }
}

/// Decodes exactly one value from at most `limit` bytes, claiming at most `MEMORY` bytes of memory for it.
///
/// # Errors
/// [`CodecError::TooLong`] when `bytes` is longer than `limit`, [`CodecError::Malformed`] when it is not a value of the
/// type or claims more than `MEMORY` bytes, [`CodecError::Trailing`] when bytes follow the value.
pub fn decode_within<T: DeserializeOwned, const MEMORY: usize>(bytes: &[u8], limit: usize) -> Result<T, CodecError> {
    if bytes.len() > limit {
        return Err(CodecError::TooLong { bytes: bytes.len(), limit });
    }
    // This limit counts claimed memory, which for lists of small numbers is more than their encoded bytes. It stops
    // a lying length field from making us allocate.
    let config = bincode::config::standard().with_limit::<MEMORY>();
    let (value, used) =
        bincode::serde::decode_from_slice(bytes, config).map_err(|error| CodecError::Malformed(error.to_string()))?;
    if used == bytes.len() { Ok(value) } else { Err(CodecError::Trailing(bytes.len() - used)) }
}

/// Encodes a reliable message of at most [`MAX_RELIABLE_BYTES`].
///
/// ```
/// use realmgate_protocol::codec::{CodecError, decode_reliable, encode_reliable};
///
/// realmgate_protocol::messages! {
///     /// From clients.
///     pub enum ToServer {
///         /// Says something to everyone nearby.
///         Say {
///             /// Any text.
///             text: String,
///         },
///     }
/// }
///
/// let message = ToServer::Say { text: "hello".to_owned() };
/// let bytes = encode_reliable(&message)?;
/// assert_eq!(decode_reliable::<ToServer>(&bytes)?, message);
///
/// let long = ToServer::Say { text: "a".repeat(2_000) };
/// assert!(matches!(encode_reliable(&long), Err(CodecError::TooLong { .. })));
/// # Ok::<(), CodecError>(())
/// ```
///
/// # Errors
/// [`CodecError::TooLong`] when it is longer.
pub fn encode_reliable<T: BitField>(message: &T) -> Result<Vec<u8>, CodecError> {
    encode_bits(message, MAX_RELIABLE_BYTES)
}

/// Decodes a reliable message. The bytes must be exactly one message. [`encode_reliable`] has an example.
///
/// # Errors
/// [`CodecError::TooLong`] above [`MAX_RELIABLE_BYTES`], [`CodecError::Malformed`] when the bytes are not a message,
/// [`CodecError::Trailing`] when bytes follow it.
pub fn decode_reliable<T: BitField>(bytes: &[u8]) -> Result<T, CodecError> {
    decode_bits(bytes, MAX_RELIABLE_BYTES)
}

/// Maximum bytes of a message that is sent in parts.
pub const MAX_SPLIT_BYTES: usize = MAX_PARTS as usize * MAX_PART_BYTES;

/// Encodes a message that may be too long for one reliable message. The caller splits it into parts.
///
/// # Errors
/// [`CodecError::TooLong`] above [`MAX_SPLIT_BYTES`].
pub fn encode_split<T: BitField>(message: &T) -> Result<Vec<u8>, CodecError> {
    encode_bits(message, MAX_SPLIT_BYTES)
}

/// Decodes a message that was reassembled from its parts.
///
/// # Errors
/// [`CodecError::TooLong`] above [`MAX_SPLIT_BYTES`], [`CodecError::Malformed`] when the bytes are not a message,
/// [`CodecError::Trailing`] when bytes follow it.
pub fn decode_split<T: BitField>(bytes: &[u8]) -> Result<T, CodecError> {
    decode_bits(bytes, MAX_SPLIT_BYTES)
}

fn encode_bits<T: BitField>(message: &T, limit: usize) -> Result<Vec<u8>, CodecError> {
    let mut out = BitWriter::default();
    message.write(&mut out);
    let bytes = out.len_bytes();
    if bytes > limit { Err(CodecError::TooLong { bytes, limit }) } else { Ok(out.into_bytes()) }
}

fn decode_bits<T: BitField>(bytes: &[u8], limit: usize) -> Result<T, CodecError> {
    if bytes.len() > limit {
        return Err(CodecError::TooLong { bytes: bytes.len(), limit });
    }
    let mut from = BitReader::new(bytes);
    let message =
        T::read(&mut from).ok_or_else(|| CodecError::Malformed("truncated, or an invalid value".to_owned()))?;
    let left = from.left_bits();
    if from.at_end() { Ok(message) } else { Err(CodecError::Trailing(left.div_ceil(8))) }
}

/// Encodes a link message of at most [`MAX_LINK_BYTES`].
///
/// # Errors
/// [`CodecError::TooLong`] when it is longer, [`CodecError::Malformed`] when it cannot be serialized.
pub fn encode_link<T: Serialize>(message: &T) -> Result<Vec<u8>, CodecError> {
    encode_within(message, MAX_LINK_BYTES)
}

/// Decodes a link message. The bytes must be exactly one message.
///
/// # Errors
/// [`CodecError::TooLong`] above [`MAX_LINK_BYTES`], [`CodecError::Malformed`] when the bytes are not a message,
/// [`CodecError::Trailing`] when bytes follow it.
pub fn decode_link<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    decode_within::<T, { MAX_LINK_BYTES * 8 }>(bytes, MAX_LINK_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lying_length_is_refused_without_allocating() {
        // 253 marks an integer of 8 bytes, here the length of what does not follow.
        let lying = |length: u64| [&[253][..], &length.to_le_bytes()].concat();
        let malformed = |why: &str| CodecError::Malformed(why.to_owned());
        let memory = 8 * MAX_LINK_BYTES as u64;
        for length in [memory, 1 << 40, 1 << 62] {
            assert_eq!(decode_link::<String>(&lying(length)), Err(malformed("LimitExceeded")), "a text of {length}");
        }
        // A list grows with what is read of it.
        let cut_short = malformed("UnexpectedEnd { additional: 1 }");
        assert_eq!(decode_link::<Vec<u8>>(&lying(1 << 62)), Err(cut_short));
    }

    #[test]
    fn bytes_after_the_message_are_refused() {
        let refused_after = |mut bytes: Vec<u8>, decode: fn(&[u8]) -> Result<u32, CodecError>| {
            assert_eq!(decode(&bytes), Ok(7));
            for (count, byte) in [(1, 0), (2, 0), (3, 9)] {
                bytes.push(byte);
                assert_eq!(decode(&bytes), Err(CodecError::Trailing(count)));
            }
        };
        refused_after(encode_reliable(&7u32).unwrap(), decode_reliable);
        refused_after(encode_split(&7u32).unwrap(), decode_split);
        refused_after(encode_link(&7u32).unwrap(), decode_link);
    }

    #[test]
    fn bits_set_after_the_message_are_refused() {
        assert_eq!(decode_reliable::<bool>(&[1]), Ok(true));
        for bit in 1..8 {
            assert_eq!(decode_reliable::<bool>(&[1 | 1 << bit]), Err(CodecError::Trailing(1)), "bit {bit}");
            assert_eq!(decode_split::<bool>(&[1 | 1 << bit]), Err(CodecError::Trailing(1)), "bit {bit}");
        }
    }

    type Encode = fn(&String) -> Result<Vec<u8>, CodecError>;
    type Decode = fn(&[u8]) -> Result<String, CodecError>;

    /// Tries a text that is encoded in `limit` bytes, `head` of them its length, and one that is a byte longer.
    #[track_caller]
    fn assert_limit(limit: usize, head: usize, encode: Encode, decode: Decode) {
        let text = "x".repeat(limit - head);
        let bytes = encode(&text).unwrap();
        assert_eq!(bytes.len(), limit);
        assert!(decode(&bytes).as_ref() == Ok(&text), "{limit} bytes are taken");
        let too_long = CodecError::TooLong { bytes: limit + 1, limit };
        assert_eq!(encode(&(text + "x")), Err(too_long.clone()));
        assert_eq!(decode(&[&bytes[..], &[0]].concat()), Err(too_long));
    }

    #[test]
    fn messages_up_to_the_limit_are_sent_and_taken_and_longer_ones_are_not() {
        assert_limit(MAX_RELIABLE_BYTES, 2, encode_reliable, decode_reliable);
        assert_limit(MAX_SPLIT_BYTES, 3, encode_split, decode_split);
        assert_limit(MAX_LINK_BYTES, 5, encode_link, decode_link);
        assert_limit(9, 1, |text| encode_within(text, 9), |bytes| decode_within::<_, 72>(bytes, 9));
    }
}

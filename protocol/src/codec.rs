//! The one place that turns reliable messages and link messages into bytes and back.
//!
//! bincode 2 with its standard configuration: little endian, variable-length integers (below 251 one byte, else a
//! marker byte 251/252/253 and 2/4/8 bytes), zigzag for signed numbers, enum variants as such an integer, length before
//! lists and texts. Decoding is bounded by bytes, so a length field cannot make us allocate.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::limits::{MAX_LINK_BYTES, MAX_PART_BYTES, MAX_PARTS, MAX_RELIABLE_BYTES};

/// Why a message cannot be encoded or decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The message is longer than the limit for its kind.
    #[error("a message of {bytes} bytes is over the limit of {limit}")]
    TooLong {
        /// Length of the message in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The bytes are not a value of the type, or the value cannot be serialized.
    #[error("not a message: {0}")]
    Malformed(String),
    /// This many bytes follow the message.
    #[error("{0} bytes follow the message")]
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
/// # Errors
/// [`CodecError::TooLong`] when it is longer, [`CodecError::Malformed`] when it cannot be serialized.
pub fn encode_reliable<T: Serialize>(message: &T) -> Result<Vec<u8>, CodecError> {
    encode_within(message, MAX_RELIABLE_BYTES)
}

/// Decodes a reliable message. The bytes must be exactly one message.
///
/// # Errors
/// [`CodecError::TooLong`] above [`MAX_RELIABLE_BYTES`], [`CodecError::Malformed`] when the bytes are not a message,
/// [`CodecError::Trailing`] when bytes follow it.
pub fn decode_reliable<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    decode_within::<T, { MAX_RELIABLE_BYTES * 8 }>(bytes, MAX_RELIABLE_BYTES)
}

/// Maximum bytes of a message that is sent in parts.
pub const MAX_SPLIT_BYTES: usize = MAX_PARTS as usize * MAX_PART_BYTES;

/// Encodes a message that may be too long for one reliable message. The caller splits it into parts.
///
/// # Errors
/// [`CodecError::TooLong`] above [`MAX_SPLIT_BYTES`], [`CodecError::Malformed`] when it cannot be serialized.
pub fn encode_split<T: Serialize>(message: &T) -> Result<Vec<u8>, CodecError> {
    encode_within(message, MAX_SPLIT_BYTES)
}

/// Decodes a message that was reassembled from its parts.
///
/// # Errors
/// [`CodecError::TooLong`] above [`MAX_SPLIT_BYTES`], [`CodecError::Malformed`] when the bytes are not a message,
/// [`CodecError::Trailing`] when bytes follow it.
pub fn decode_split<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    decode_within::<T, { MAX_SPLIT_BYTES * 8 }>(bytes, MAX_SPLIT_BYTES)
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
        // 253 marks an 8-byte integer: a list of 2^62 bytes in a buffer of 9.
        let mut bytes = vec![253];
        bytes.extend_from_slice(&(1u64 << 62).to_le_bytes());
        assert!(matches!(decode_reliable::<Vec<u8>>(&bytes), Err(CodecError::Malformed(_))));
    }

    #[test]
    fn bytes_after_the_message_are_refused() {
        let mut bytes = encode_reliable(&7u32).unwrap();
        bytes.push(0);
        assert_eq!(decode_reliable::<u32>(&bytes), Err(CodecError::Trailing(1)));
    }

    #[test]
    fn too_long_a_message_is_not_sent() {
        let text = "x".repeat(MAX_RELIABLE_BYTES);
        assert!(matches!(encode_reliable(&text), Err(CodecError::TooLong { .. })));
    }
}

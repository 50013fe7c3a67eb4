//! How messages between sidecars are encoded.
//!
//! The envelope is the same in every version, so that a sidecar can decline what it does not understand instead of
//! letting the asker wait. Its content may change with [`VERSION`].

use std::time::Duration;

use realmgate_protocol::codec::{CodecError, decode_within, encode_within};
use realmgate_protocol::limits::MAX_LINK_BYTES;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::BusError;

/// The version of the content. Raised when a sidecar would misunderstand one of the previous version.
const VERSION: u16 = 2;
/// Maximum size of a message in bytes: the largest link message, and what is around it.
pub const MAX_BYTES: usize = MAX_LINK_BYTES + 64 * 1_024;
const MAX_MEMORY: usize = MAX_BYTES * 8;
/// Maximum size in bytes of an envelope without its content; an id has 64 at most.
const ENVELOPE_BYTES: usize = 256;

/// A message with its sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Envelope {
    version: u16,
    /// The id of the sidecar that sent it.
    pub(super) from: String,
    /// Pairs an answer with its ask.
    pub(super) id: Uuid,
    pub(super) content: Content,
}

/// The content of an envelope; the bytes are an `Ask`, an `Answer` or `News`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Content {
    Ask { deadline_ms: u32, bytes: Vec<u8> },
    Answer(Vec<u8>),
    News(Vec<u8>),
    Declined(Decline),
}

/// Why an ask is declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Decline {
    Overloaded,
    NotUnderstood,
    AnswerTooLarge,
}

impl From<Decline> for BusError {
    fn from(decline: Decline) -> Self {
        match decline {
            Decline::Overloaded => Self::Overloaded,
            Decline::NotUnderstood => Self::Incompatible,
            Decline::AnswerTooLarge => Self::TooLarge,
        }
    }
}

impl Content {
    pub(super) fn ask(ask: &impl Serialize, deadline: Duration) -> Result<Self, CodecError> {
        let deadline_ms = u32::try_from(deadline.as_millis()).unwrap_or(u32::MAX);
        Ok(Self::Ask { deadline_ms, bytes: pack(ask)? })
    }

    pub(super) fn answer(answer: &impl Serialize) -> Self {
        pack(answer).map_or(Self::Declined(Decline::AnswerTooLarge), Self::Answer)
    }

    pub(super) fn news(news: &impl Serialize) -> Result<Self, CodecError> {
        Ok(Self::News(pack(news)?))
    }
}

impl Envelope {
    pub(super) fn new(from: &str, id: Uuid, content: Content) -> Self {
        Self { version: VERSION, from: from.to_owned(), id, content }
    }

    pub(super) fn seal(&self) -> Result<Vec<u8>, CodecError> {
        encode_within(self, MAX_BYTES)
    }

    pub(super) fn open(bytes: &[u8]) -> Result<Self, CodecError> {
        decode_within::<Self, MAX_MEMORY>(bytes, MAX_BYTES)
    }

    /// Decodes the message in this envelope; `None` if it is of another version, or cannot be decoded.
    pub(super) fn unpack<T: DeserializeOwned>(&self, bytes: &[u8]) -> Option<T> {
        if self.version != VERSION {
            return None;
        }
        decode_within::<T, MAX_MEMORY>(bytes, MAX_BYTES).ok()
    }
}

fn pack(message: &impl Serialize) -> Result<Vec<u8>, CodecError> {
    encode_within(message, MAX_BYTES - ENVELOPE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::super::{Ask, News};
    use super::*;
    use realmgate_protocol::ids::CharacterId;
    use realmgate_protocol::link::ToMap;

    fn refusal(bytes: usize) -> Ask {
        let message = ToMap::Refused { code: "BIG".to_owned(), message: "x".repeat(bytes) };
        Ask::ToMapServer { server: "map-server-1".parse().unwrap(), message }
    }

    #[test]
    fn the_largest_link_message_fits_and_more_does_not() {
        let sender = "g".repeat(64);
        let limit = MAX_BYTES - ENVELOPE_BYTES;
        // What is around the text has always the same size.
        let most = limit - (pack(&refusal(MAX_LINK_BYTES)).unwrap().len() - MAX_LINK_BYTES);
        for bytes in [MAX_LINK_BYTES, most] {
            let largest = Content::ask(&refusal(bytes), Duration::MAX).unwrap();
            let sealed = Envelope::new(&sender, Uuid::max(), largest).seal().unwrap();
            let opened = Envelope::open(&sealed).unwrap();
            let Content::Ask { bytes: packed, .. } = &opened.content else { panic!("{opened:?}") };
            assert_eq!(opened.unpack::<Ask>(packed), Some(refusal(bytes)));
        }
        let more = Content::ask(&refusal(most + 1), Duration::ZERO);
        assert_eq!(more, Err(CodecError::TooLong { bytes: limit + 1, limit }));
    }

    #[test]
    fn another_version_is_not_guessed_at() {
        let news = News::Departed { character: CharacterId([1; 16]) };
        let content = Content::news(&news).unwrap();
        for (version, understood) in [(VERSION - 1, None), (VERSION, Some(news)), (VERSION + 1, None)] {
            let other = Envelope { version, ..Envelope::new("a", Uuid::nil(), content.clone()) };
            let opened = Envelope::open(&other.seal().unwrap()).unwrap();
            let Content::News(bytes) = &opened.content else { panic!("{opened:?}") };
            assert_eq!(opened.unpack::<News>(bytes), understood);
        }
    }

    #[test]
    fn noise_is_no_envelope() {
        let sealed = Envelope::new("a", Uuid::nil(), Content::News(vec![1, 2])).seal().unwrap();
        for malformed in [&b"hello"[..], b"", &sealed[..sealed.len() - 1]] {
            assert!(matches!(Envelope::open(malformed), Err(CodecError::Malformed(_))), "{malformed:?}");
        }
        assert_eq!(Envelope::open(&[&sealed[..], &[0]].concat()), Err(CodecError::Trailing(1)));
        let too_long = CodecError::TooLong { bytes: MAX_BYTES + 1, limit: MAX_BYTES };
        assert_eq!(Envelope::open(&vec![0; MAX_BYTES + 1]), Err(too_long));
    }
}

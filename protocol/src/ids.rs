//! Identifiers that cross a wire.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bits::{BitField, BitReader, BitWriter};
use crate::limits::MAX_SERVER_ID_BYTES;

macro_rules! uuid_ids {
    ($($(#[doc = $doc:literal])* $name:ident),* $(,)?) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// The id as a UUID, its form in JSON and in the store.
            pub fn uuid(self) -> Uuid {
                Uuid::from_bytes(self.0)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(*uuid.as_bytes())
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self::from)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.uuid().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.uuid())
            }
        }

        /// `uuid`: 16 bytes in network order.
        impl BitField for $name {
            fn write(&self, out: &mut BitWriter) {
                out.put_bits(&self.0, 128);
            }
            fn read(from: &mut BitReader<'_>) -> Option<Self> {
                let (first, last) = (from.take(64)?, from.take(64)?);
                let mut bytes = [0; 16];
                bytes[..8].copy_from_slice(&first.to_le_bytes());
                bytes[8..].copy_from_slice(&last.to_le_bytes());
                Some(Self(bytes))
            }
        }
    )*};
}

uuid_ids! {
    /// An account: one login.
    AccountId,
    /// A character of an account.
    CharacterId,
    /// One item. It keeps its id for life, wherever it is.
    ItemId,
    /// The idempotency key of an owned event.
    EventKey,
}

macro_rules! number_ids {
    ($($(#[doc = $doc:literal])* $name:ident($ty:ty)),* $(,)?) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        pub struct $name(pub $ty);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        /// As its number.
        impl BitField for $name {
            fn write(&self, out: &mut BitWriter) {
                self.0.write(out);
            }
            fn read(from: &mut BitReader<'_>) -> Option<Self> {
                <$ty>::read(from).map(Self)
            }
        }
    )*};
}

number_ids! {
    /// A map, by the number that `start_server` uses.
    MapId(u16),
    /// A channel of a map, numbered from 1.
    ChannelId(u16),
    /// A replicated entity within its channel. An id is never reused during the channel's life.
    EntityId(u32),
    /// A simulation tick of one channel, from 1.
    Tick(u32),
    /// A ticket, and the netcode client id of the client that uses it. Random, never the account's id.
    TicketId(u64),
    /// The fencing token of a character's lock: counts how often the lock has changed hands. It only grows, and a write
    /// with a stale epoch is refused.
    LockEpoch(u64),
    /// Sequence number of the saves of a character under one epoch, from 1.
    SaveSequence(u64),
    /// Pairs a request on the map link with its answer.
    RequestId(u64),
    /// A batch of owned events from one map server.
    BatchId(u64),
}

impl Tick {
    /// The tick `ticks` later.
    pub fn after(self, ticks: u32) -> Self {
        Self(self.0.saturating_add(ticks))
    }

    /// The tick `ticks` earlier, at least 0.
    pub fn before(self, ticks: u32) -> Self {
        Self(self.0.saturating_sub(ticks))
    }

    /// Ticks from `earlier` to this one, or 0 if `earlier` is later.
    pub fn since(self, earlier: Self) -> u32 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The name of a map server: 1 to 48 characters of `a-z A-Z 0-9 . _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServerId(String);

/// The text is not a valid [`ServerId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a server id must have 1 to 48 characters of a-z, A-Z, 0-9, '.', '_' and '-'")]
pub struct BadServerId;

impl ServerId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ServerId {
    type Error = BadServerId;
    fn try_from(text: String) -> Result<Self, BadServerId> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let sized = (1..=MAX_SERVER_ID_BYTES).contains(&text.len());
        if sized && text.bytes().all(legal) { Ok(Self(text)) } else { Err(BadServerId) }
    }
}

impl FromStr for ServerId {
    type Err = BadServerId;
    fn from_str(text: &str) -> Result<Self, BadServerId> {
        Self::try_from(text.to_owned())
    }
}

impl From<ServerId> for String {
    fn from(id: ServerId) -> String {
        id.0
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_ids_are_short_ascii_names() {
        let legal = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
        for symbol in (0..=0x17f).filter_map(char::from_u32) {
            let text = format!("a{symbol}b");
            let expected = if legal.contains(symbol) { Ok(text.clone()) } else { Err(BadServerId) };
            assert_eq!(text.parse::<ServerId>().map(String::from), expected, "{text:?}");
        }
        for (length, is_good) in [(0, false), (1, true), (48, true), (49, false)] {
            assert_eq!("x".repeat(length).parse::<ServerId>().is_ok(), is_good, "{length} characters");
        }
    }

    #[test]
    fn uuid_ids_print_as_they_parse() {
        let text = "018f0000-0000-7000-8000-0000000000a1";
        let bytes = [0x01, 0x8f, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0xa1];
        assert_eq!(text.parse(), Ok(AccountId(bytes)));
        assert_eq!(text.parse(), Ok(CharacterId(bytes)));
        assert_eq!(text.parse(), Ok(ItemId(bytes)));
        assert_eq!(text.parse(), Ok(EventKey(bytes)));
        for printed in [AccountId(bytes).to_string(), CharacterId(bytes).to_string(), ItemId(bytes).to_string()] {
            assert_eq!(printed, text);
        }
        assert_eq!(EventKey(bytes).to_string(), text);
    }
}

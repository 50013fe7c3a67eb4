//! The contents of netcode payloads between client and map server.
//!
//! [`datagram`] is the only module that knows the payload's layout. [`input`] and [`snapshot`] are the bit-packed
//! bodies. [`stream`] carries reliable messages beside them, and [`parts`] splits messages that are too long. [`framing`]
//! is for what WebTransport sends as a stream of bytes, [`http3`] what opens its session.
//! [`view`] is what a client knows after them. [`layout`] says all this as data, for readers in other languages.

pub mod datagram;
mod frame;
pub mod framing;
pub mod http3;
pub mod input;
pub mod layout;
pub mod parts;
pub mod snapshot;
pub mod stream;
pub mod view;

pub use input::{Action, Aim, InputCommand, InputCommands, Seen};

use crate::bits::{BitReader, BitWriter};

/// A component that can be replicated: an id, a name and a bit encoding.
pub trait WireComponent: Clone + PartialEq + Send + Sync + 'static {
    /// Its bit in an entity's component mask.
    const ID: u8;
    /// Its name in the schema, in logs and in state hashes.
    const NAME: &'static str;
    /// Appends the value.
    fn write(&self, out: &mut BitWriter);
    /// Reads a value; `None` if it is cut short or illegal.
    fn read(from: &mut BitReader<'_>) -> Option<Self>;
}

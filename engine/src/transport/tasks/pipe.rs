//! What carries a client's payloads.

use bytes::Bytes;

/// Takes a client's payloads, one after the other: from the thread's loop, at once when the host hands a tick over, and from
/// the client's task, which alone waits where a socket takes no more.
pub(in crate::transport) trait Pipe {
    /// Whether it has passed on all that it was given. Never again once it is broken.
    fn is_free(&self) -> bool;

    /// Takes a payload while it is free, and passes it on if that needs no waiting.
    fn give(&self, payload: Bytes);
}

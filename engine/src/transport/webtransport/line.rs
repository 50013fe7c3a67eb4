//! What carries a session's payloads: datagrams, and the stream where the way carries none that long.

use std::cell::{Cell, RefCell};

use bytes::{BufMut, Bytes, BytesMut};
use quinn::{Connection, SendDatagramError};
use realmgate_protocol::wire::{framing, http3};

use super::stream::Outgoing;
use crate::transport::tasks::Pipe;

/// The connection, and the payload that it has no room for yet.
pub(super) struct Line {
    connection: Connection,
    waits: RefCell<Option<Bytes>>,
    state: Cell<State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    /// A payload waits, or is on its way to the stream.
    Full,
    Broken,
}

impl Line {
    pub(super) fn new(connection: &Connection) -> Self {
        Self { connection: connection.clone(), waits: RefCell::default(), state: Cell::new(State::Free) }
    }

    /// Waits until the connection has taken all. Returns whether it has.
    pub(super) async fn pass_on(&self, out: &mut Outgoing, is_midway: &Cell<bool>) -> bool {
        let waits = self.waits.take();
        if let Some(payload) = waits {
            let is_sent = self.send(out, is_midway, payload).await;
            self.state.set(if is_sent { State::Free } else { State::Broken });
        }
        self.state.get() == State::Free
    }

    /// Sends a payload: as a datagram, or on the stream where the way carries none that long. Returns whether the
    /// connection has taken it.
    async fn send(&self, out: &mut Outgoing, is_midway: &Cell<bool>, payload: Bytes) -> bool {
        if self.carries(&payload) {
            // quinn drops what is old when its buffer is full. Here a snapshot waits instead, and may be replaced.
            match self.connection.send_datagram_wait(datagram(&payload)).await {
                Ok(()) => return true,
                // The way has become narrower.
                Err(SendDatagramError::TooLarge) => {}
                Err(_) => return false,
            }
        }
        let Some(out) = out.opened().await else { return false };
        is_midway.set(true);
        let is_written = out.write_all(&framing::message(&payload)).await.is_ok();
        is_midway.set(!is_written);
        is_written
    }

    /// Whether a datagram may be as long as this one needs. A byte is for the number of the session.
    fn carries(&self, payload: &[u8]) -> bool {
        self.connection.max_datagram_size().is_some_and(|longest| payload.len() < longest)
    }
}

impl Pipe for Line {
    fn is_free(&self) -> bool {
        self.state.get() == State::Free
    }

    fn give(&self, payload: Bytes) {
        let has_room = payload.len() < self.connection.datagram_send_buffer_space();
        let is_sent = has_room && self.carries(&payload) && self.connection.send_datagram(datagram(&payload)).is_ok();
        if !is_sent {
            // The task waits, takes the stream or finds the connection broken.
            self.waits.replace(Some(payload));
            self.state.set(State::Full);
        }
    }
}

fn datagram(payload: &[u8]) -> Bytes {
    let mut datagram = BytesMut::with_capacity(1 + payload.len());
    datagram.put_u8(http3::datagram_header());
    datagram.put_slice(payload);
    datagram.freeze()
}

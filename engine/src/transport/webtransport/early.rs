//! Packets that overtake the end of their client's handshake wait for it.
//!
//! A client sends its first data right behind the end of its handshake, so on a line with jitter half of it comes first. QUIC has
//! no key for it yet, and quinn discards it; it would come again only when the client has missed its acknowledgement, which takes longer than
//! a round trip. So the socket keeps it until the handshake's end has been read (RFC 9001, section 5.7 allows it).
//!
//! Whose it is tells the connection id, which we have chosen and said in our first packet. An address would do for honest clients, but anybody
//! can write a player's address on a first packet, and would hold up what the player sends.

use std::collections::VecDeque;
use std::io::{self, Cursor, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, ConnectionId, UdpPoller};
use quinn_proto::{FixedLengthConnectionIdParser, PartialDecode, ProtectedHeader};

use crate::transport::clock::Clock;

/// Handshakes that are watched at once. Of more the oldest are forgotten: what overtakes their end is discarded.
const MOST_HANDSHAKES: usize = 64;
/// How long a handshake is watched after its first packet.
const WATCHED_FOR: Duration = Duration::from_secs(1);
/// Early datagrams that are kept of each.
const MOST_EARLY: usize = 8;

/// Set in the first byte of packets that belong to a handshake (RFC 9000, section 17.2).
const LONG_HEADER: u8 = 0x80;
/// The bits of that byte that say which packet it is, and one that the client sends with our id on it: its end of the handshake.
const KIND: u8 = 0x30;
const HANDSHAKE: u8 = 0x20;
/// The one version of QUIC that is spoken.
const VERSION: u32 = 1;

/// A UDP socket that hands out nothing of a client before the end of its handshake.
#[derive(Debug)]
pub(super) struct OrderedSocket {
    inner: Arc<dyn AsyncUdpSocket>,
    clock: Clock,
    /// Held for a moment by tasks of one thread.
    handshakes: Mutex<Handshakes>,
}

impl OrderedSocket {
    pub(super) fn new(inner: Arc<dyn AsyncUdpSocket>) -> Self {
        Self { inner, clock: Clock::start(0), handshakes: Mutex::default() }
    }

    fn handshakes(&self) -> MutexGuard<'_, Handshakes> {
        self.handshakes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncUdpSocket for OrderedSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        self.inner.clone().create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        if let Some(id) = id_of_initial(transmit.contents) {
            self.handshakes().begin(id, self.clock.now());
        }
        self.inner.try_send(transmit)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut handshakes = self.handshakes();
        let due = handshakes.hand_out(buffers, metas);
        if due > 0 {
            return Poll::Ready(Ok(due));
        }
        let received = ready!(self.inner.poll_recv(cx, buffers, metas))?;
        let now = self.clock.now();
        for (buffer, meta) in buffers.iter_mut().zip(metas).take(received) {
            handshakes.sift(buffer, meta, now);
        }
        Poll::Ready(Ok(received))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.inner.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.inner.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.inner.may_fragment()
    }
}

/// A datagram that was received.
type Datagram = (RecvMeta, Vec<u8>);

/// A client's handshake.
#[derive(Debug)]
struct Handshake {
    /// What the client's packets are to have on them.
    id: ConnectionId,
    began: Duration,
    is_over: bool,
    early: Vec<Datagram>,
}

/// The newest handshakes, in the order in which they began.
#[derive(Debug, Default)]
struct Handshakes {
    watched: VecDeque<Handshake>,
    /// What was early, of handshakes that are over.
    due: VecDeque<Datagram>,
}

impl Handshakes {
    /// Fills buffers with what has waited. Returns how many.
    fn hand_out(&mut self, buffers: &mut [IoSliceMut<'_>], metas: &mut [RecvMeta]) -> usize {
        let count = self.due.len().min(buffers.len()).min(metas.len());
        for ((meta, datagram), (buffer, slot)) in self.due.drain(..count).zip(buffers.iter_mut().zip(metas)) {
            let length = datagram.len().min(buffer.len());
            buffer[..length].copy_from_slice(&datagram[..length]);
            *slot = RecvMeta { len: length, stride: length, ..meta };
        }
        count
    }

    /// Takes what is early out of a buffer, which may hold several datagrams of one client, and notes how far handshakes are.
    fn sift(&mut self, buffer: &mut [u8], meta: &mut RecvMeta, now: Duration) {
        let (length, stride) = (meta.len, meta.stride.max(1));
        meta.len = 0;
        for start in (0..length).step_by(stride) {
            let datagram = start..length.min(start + stride);
            if self.keeps(&buffer[datagram.clone()], *meta, now) {
                continue;
            }
            let end = meta.len + datagram.len();
            if meta.len != start {
                buffer.copy_within(datagram, meta.len);
            }
            meta.len = end;
        }
    }

    /// Whether a datagram is early, and kept.
    fn keeps(&mut self, datagram: &[u8], meta: RecvMeta, now: Duration) -> bool {
        let Some((first, rest)) = datagram.split_first() else { return false };
        self.forget_old(now);
        if first & LONG_HEADER != 0 {
            self.note_end(datagram);
            return false;
        }
        let mut early = self.watched.iter_mut().filter(|handshake| !handshake.is_over);
        let Some(handshake) = early.find(|handshake| rest.starts_with(&handshake.id)) else { return false };
        let has_room = handshake.early.len() < MOST_EARLY;
        if has_room {
            handshake.early.push((meta, datagram.to_vec()));
        }
        has_room
    }

    /// Our first packet for a handshake goes out.
    fn begin(&mut self, id: ConnectionId, now: Duration) {
        self.forget_old(now);
        if self.watched.iter().any(|handshake| handshake.id == id) {
            return;
        }
        if self.watched.len() == MOST_HANDSHAKES {
            self.watched.pop_front();
        }
        self.watched.push_back(Handshake { id, began: now, is_over: false, early: Vec::new() });
    }

    fn note_end(&mut self, datagram: &[u8]) {
        let Some(id) = id_of_end(datagram) else { return };
        if let Some(handshake) = self.watched.iter_mut().find(|handshake| handshake.id == id) {
            handshake.is_over = true;
            self.due.extend(handshake.early.drain(..));
        }
    }

    fn forget_old(&mut self, now: Duration) {
        while self.watched.front().is_some_and(|oldest| now.saturating_sub(oldest.began) > WATCHED_FOR) {
            self.watched.pop_front();
        }
    }
}

/// The id that a first packet of ours gives the connection.
fn id_of_initial(datagram: &[u8]) -> Option<ConnectionId> {
    datagram.first().filter(|first| **first & LONG_HEADER != 0)?;
    match ProtectedHeader::decode(&mut Cursor::new(datagram.into()), &ids(), &[VERSION], true).ok()? {
        ProtectedHeader::Initial(header) => Some(header.src_cid),
        _ => None,
    }
}

/// The connection whose handshake a datagram of a client ends. It may have other packets before.
fn id_of_end(datagram: &[u8]) -> Option<ConnectionId> {
    let mut packet = BytesMut::from(datagram);
    loop {
        let first = *packet.first().filter(|first| **first & LONG_HEADER != 0)?;
        let (decoded, rest) = PartialDecode::new(packet, &ids(), &[VERSION], true).ok()?;
        if first & KIND == HANDSHAKE {
            return Some(*decoded.dst_cid());
        }
        packet = rest?;
    }
}

/// Long headers say themselves how long their ids are, and no others are decoded here.
fn ids() -> FixedLengthConnectionIdParser {
    FixedLengthConnectionIdParser::new(0)
}

#[cfg(test)]
mod tests;

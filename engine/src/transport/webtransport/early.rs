//! Packets that overtake the end of their client's handshake wait for it.
//!
//! A client sends its first data right behind the end of its handshake, so on a line with jitter half of it comes first. A server may not
//! read it before the handshake is over. quinn discards it instead of keeping it (RFC 9001, section 5.7, allows both), so that it would come
//! again only when the client has missed its acknowledgement, which takes longer than a round trip. So the socket keeps it.
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
use quinn_proto::{FixedLengthConnectionIdParser, LongType, ProtectedHeader};

use super::listen::OPEN_WITHIN;
use crate::transport::clock::Clock;

/// Handshakes that are watched at once. Of more the oldest are forgotten: what overtakes their end is discarded.
const MOST_HANDSHAKES: usize = 64;
/// Early datagrams that are kept of each, and how long each may be: as long as quinn says that ours may be.
const MOST_EARLY: usize = 8;
const MOST_BYTES: usize = 1_472;

/// The one version of QUIC that is spoken.
pub(super) const VERSION: u32 = 1;
/// Set in the first byte of packets that belong to a handshake (RFC 9000, section 17.2).
const LONG_HEADER: u8 = 0x80;
/// Least bytes behind the header of a packet that ends a client's handshake: a packet number, the head of a CRYPTO frame, TLS's `Finished` with a
/// hash of 32 bytes, and the cipher's tag. What is shorter acknowledges a part of our handshake. So may what is longer, where it is padded: what overtakes
/// the end is discarded then.
const END_BYTES: u64 = 1 + 3 + 36 + 16;

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
            self.handshakes().begin(id, self.clock.since_start());
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
        let now = self.clock.since_start();
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

/// A client's handshake that is not over.
#[derive(Debug)]
struct Handshake {
    /// What the client's packets are to have on them.
    id: ConnectionId,
    began: Duration,
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
        self.forget_old(now);
        if self.watched.is_empty() {
            return;
        }
        let (length, stride) = (meta.len, meta.stride.max(1));
        meta.len = 0;
        for start in (0..length).step_by(stride) {
            let datagram = start..length.min(start + stride);
            if self.keeps(&buffer[datagram.clone()], *meta) {
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
    fn keeps(&mut self, datagram: &[u8], meta: RecvMeta) -> bool {
        let Some((first, rest)) = datagram.split_first() else { return false };
        if first & LONG_HEADER != 0 {
            self.note_end(datagram);
            return false;
        }
        let Some(handshake) = self.watched.iter_mut().find(|handshake| rest.starts_with(&handshake.id)) else {
            return false;
        };
        let has_room = handshake.early.len() < MOST_EARLY && datagram.len() <= MOST_BYTES;
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
        self.watched.push_back(Handshake { id, began: now, early: Vec::new() });
    }

    /// We send no more first packets for it then, so it is not watched again.
    fn note_end(&mut self, datagram: &[u8]) {
        let Some(id) = id_of_end(datagram) else { return };
        if let Some(at) = self.watched.iter().position(|handshake| handshake.id == id)
            && let Some(over) = self.watched.remove(at)
        {
            self.due.extend(over.early);
        }
    }

    /// By then it is no session any more.
    fn forget_old(&mut self, now: Duration) {
        while self.watched.front().is_some_and(|oldest| now.saturating_sub(oldest.began) > OPEN_WITHIN) {
            self.watched.pop_front();
        }
    }
}

/// The id that a first packet of ours gives the connection.
fn id_of_initial(datagram: &[u8]) -> Option<ConnectionId> {
    // Looked at before anything is copied: this is asked of every datagram that goes out.
    datagram.first().filter(|first| **first & LONG_HEADER != 0)?;
    match long_header(&mut Cursor::new(datagram.into()))? {
        ProtectedHeader::Initial(header) => Some(header.src_cid),
        _ => None,
    }
}

/// The connection whose handshake a datagram of a client ends. It may have other packets before.
fn id_of_end(datagram: &[u8]) -> Option<ConnectionId> {
    let mut packets = Cursor::new(datagram.into());
    loop {
        let bytes = match long_header(&mut packets)? {
            ProtectedHeader::Long { ty: LongType::Handshake, dst_cid, len, .. } if len >= END_BYTES => {
                return Some(dst_cid);
            }
            ProtectedHeader::Long { len, .. } => len,
            ProtectedHeader::Initial(header) => header.len,
            _ => return None,
        };
        packets.set_position(packets.position().checked_add(bytes)?);
    }
}

/// The header of the next packet, if that is a long one.
fn long_header(packets: &mut Cursor<BytesMut>) -> Option<ProtectedHeader> {
    let at = usize::try_from(packets.position()).ok()?;
    packets.get_ref().get(at).filter(|first| **first & LONG_HEADER != 0)?;
    // Long headers say themselves how long their ids are.
    ProtectedHeader::decode(packets, &FixedLengthConnectionIdParser::new(0), &[VERSION], true).ok()
}

#[cfg(test)]
mod tests;

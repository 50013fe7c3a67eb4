//! Many datagrams with one system call each way.

use std::io::{IoSlice, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg};

use crate::netcode::MAX_PACKET_BYTES;

/// Most datagrams of a call.
const BATCH: usize = 64;
/// Longer than any datagram that is accepted; the kernel cuts off the rest.
const RECEIVE_BYTES: usize = 2_048;

/// Datagrams that have come.
pub(super) struct ReceiveBatch {
    headers: MultiHeaders<SockaddrStorage>,
    buffers: Box<[[u8; RECEIVE_BYTES]; BATCH]>,
    /// Of each, how long it is, and where it came from.
    came: Vec<(usize, Option<SocketAddr>)>,
}

impl ReceiveBatch {
    pub(super) fn new() -> Self {
        Self {
            headers: MultiHeaders::preallocate(BATCH, None),
            buffers: Box::new([[0; RECEIVE_BYTES]; BATCH]),
            came: Vec::with_capacity(BATCH),
        }
    }

    /// Takes what has come, as far as there is room, instead of what was here before.
    pub(super) fn fill(&mut self, socket: &UdpSocket) {
        self.came.clear();
        let mut slices = self.buffers.each_mut().map(|buffer| [IoSliceMut::new(buffer)]);
        let flags = MsgFlags::MSG_DONTWAIT;
        // An error says that there is nothing, or, on some systems, that nobody received an earlier datagram.
        if let Ok(datagrams) = recvmmsg(socket.as_raw_fd(), &mut self.headers, &mut slices, flags, None) {
            let came = datagrams.map(|datagram| (datagram.bytes, datagram.address.as_ref().and_then(address)));
            self.came.extend(came);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.came.len()
    }

    /// Whether there may be more.
    pub(super) fn is_full(&self) -> bool {
        self.came.len() == BATCH
    }

    /// Each with where it came from.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&mut [u8], SocketAddr)> {
        let came = self.came.iter().zip(&mut *self.buffers);
        came.filter_map(|((length, from), buffer)| Some((buffer.get_mut(..*length)?, (*from)?)))
    }
}

fn address(raw: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = raw.as_sockaddr_in().map(|address| SocketAddr::V4(SocketAddrV4::from(*address)));
    v4.or_else(|| raw.as_sockaddr_in6().map(|address| SocketAddr::V6(SocketAddrV6::from(*address))))
}

/// Datagrams that are to go.
pub(super) struct SendBatch {
    headers: MultiHeaders<SockaddrStorage>,
    buffers: Box<[[u8; MAX_PACKET_BYTES]; BATCH]>,
    lengths: [usize; BATCH],
    addresses: Vec<Option<SockaddrStorage>>,
}

impl SendBatch {
    pub(super) fn new() -> Self {
        Self {
            headers: MultiHeaders::preallocate(BATCH, None),
            buffers: Box::new([[0; MAX_PACKET_BYTES]; BATCH]),
            lengths: [0; BATCH],
            addresses: Vec::with_capacity(BATCH),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.addresses.len() == BATCH
    }

    /// Adds a datagram, of which there must be room for one more. One that is too long for the protocol is left out.
    pub(super) fn push(&mut self, datagram: &[u8], to: SocketAddr) {
        let index = self.addresses.len();
        let Some(room) = self.buffers.get_mut(index).and_then(|buffer| buffer.get_mut(..datagram.len())) else {
            return;
        };
        room.copy_from_slice(datagram);
        self.lengths[index] = datagram.len();
        self.addresses.push(Some(to.into()));
    }

    /// Sends all, and calls `went` with the length of each that the kernel has taken. The others are as good as lost on the way.
    pub(super) fn send(&mut self, socket: &UdpSocket, mut went: impl FnMut(usize)) {
        let mut first = 0;
        while first < self.addresses.len() {
            let slices: [_; BATCH] = std::array::from_fn(|at| [IoSlice::new(&self.buffers[at][..self.lengths[at]])]);
            let (datagrams, addresses) = (slices.iter().skip(first), &self.addresses[first..]);
            let flags = MsgFlags::MSG_DONTWAIT;
            let sent = match sendmmsg(socket.as_raw_fd(), &mut self.headers, datagrams, addresses, [], flags) {
                Ok(sent) => sent.count(),
                Err(Errno::EINTR) => continue,
                // No room for any of the others.
                Err(Errno::EAGAIN | Errno::ENOBUFS) => break,
                // The first of them cannot be sent.
                Err(_) => 0,
            };
            self.lengths[first..first + sent].iter().for_each(|length| went(*length));
            first += sent.max(1);
        }
        self.addresses.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(address: &str) -> UdpSocket {
        let socket = UdpSocket::bind(address).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }

    /// Sends everything that is handed to `fill`, and returns the lengths of what has gone.
    fn send(from: &UdpSocket, fill: impl FnOnce(&mut SendBatch)) -> Vec<usize> {
        let (mut outgoing, mut lengths) = (SendBatch::new(), Vec::new());
        fill(&mut outgoing);
        outgoing.send(from, |length| lengths.push(length));
        assert!(outgoing.addresses.is_empty());
        lengths
    }

    #[test]
    fn datagrams_keep_their_bounds_order_and_senders() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let (from, to) = (socket(address), socket(address));
            let target = to.local_addr().unwrap();
            let mut received = ReceiveBatch::new();
            received.fill(&to);
            assert_eq!((received.len(), received.is_full()), (0, false));
            for round in 0..3 {
                let sent = send(&from, |outgoing| {
                    (0..BATCH).for_each(|length| outgoing.push(&vec![round; length], target));
                    assert!(outgoing.is_full());
                });
                assert_eq!(sent, (0..BATCH).collect::<Vec<_>>());
                received.fill(&to);
                assert!(received.is_full());
                for (length, (datagram, source)) in received.iter_mut().enumerate() {
                    assert_eq!((datagram, source), (&mut *vec![round; length], from.local_addr().unwrap()));
                }
            }
        }
    }

    #[test]
    fn one_that_cannot_be_sent_does_not_keep_the_others() {
        let (from, to) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
        let target = to.local_addr().unwrap();
        let sent = send(&from, |outgoing| {
            outgoing.push(&[1], target);
            // Not an address of this socket's family.
            outgoing.push(&[2; 2], "[::1]:9".parse().unwrap());
            outgoing.push(&[0; MAX_PACKET_BYTES + 1], target);
            outgoing.push(&[3; 3], target);
        });
        assert_eq!(sent, [1, 3]);
        let mut received = ReceiveBatch::new();
        received.fill(&to);
        assert_eq!(received.iter_mut().map(|(datagram, _)| datagram.len()).collect::<Vec<_>>(), [1, 3]);
    }
}

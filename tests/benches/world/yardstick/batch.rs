//! Many datagrams with one call each way.

use std::io::{IoSlice, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;

use anyhow::Result;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};

/// Datagrams of one call.
const BATCH: usize = 64;
const DATAGRAM_BYTES: usize = 2_048;

/// What comes.
pub struct Inbox {
    headers: MultiHeaders<SockaddrIn>,
    buffers: Vec<[u8; DATAGRAM_BYTES]>,
    /// Of each that has come: how long it is, and from where.
    came: Vec<(usize, SocketAddr)>,
}

impl Inbox {
    pub fn new() -> Self {
        let headers = MultiHeaders::preallocate(BATCH, None);
        Self { headers, buffers: vec![[0; DATAGRAM_BYTES]; BATCH], came: Vec::with_capacity(BATCH) }
    }

    /// Takes a batch; whether there may be more.
    pub fn receive(&mut self, socket: &UdpSocket, mut hear: impl FnMut(SocketAddr, &mut [u8])) -> Result<bool> {
        let mut slices: Vec<_> = self.buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
        match recvmmsg(socket.as_raw_fd(), &mut self.headers, &mut slices, MsgFlags::MSG_DONTWAIT, None) {
            Ok(datagrams) => {
                let place = |address: SockaddrIn| SocketAddr::V4(SocketAddrV4::from(address));
                self.came.clear();
                self.came.extend(datagrams.filter_map(|one| Some((one.bytes, place(one.address?)))));
            }
            Err(Errno::EAGAIN) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        for ((length, from), buffer) in self.came.iter().zip(&mut self.buffers) {
            hear(*from, &mut buffer[..*length]);
        }
        Ok(self.came.len() == BATCH)
    }
}

/// What goes.
pub struct Outbox {
    headers: MultiHeaders<SockaddrIn>,
    buffers: Vec<Vec<u8>>,
    addresses: Vec<Option<SockaddrIn>>,
}

impl Outbox {
    pub fn new() -> Self {
        let buffers = (0..BATCH).map(|_| Vec::with_capacity(DATAGRAM_BYTES)).collect();
        Self { headers: MultiHeaders::preallocate(BATCH, None), buffers, addresses: Vec::with_capacity(BATCH) }
    }

    pub fn is_full(&self) -> bool {
        self.addresses.len() == BATCH
    }

    /// Where the next datagram is to be written, which is for this address.
    pub fn next(&mut self, address: SocketAddr) -> &mut Vec<u8> {
        self.addresses.push(match address {
            SocketAddr::V4(address) => Some(address.into()),
            SocketAddr::V6(_) => None,
        });
        &mut self.buffers[self.addresses.len() - 1]
    }

    /// Sends what there is. A full send buffer loses the rest.
    pub fn send(&mut self, socket: &UdpSocket) {
        let slices: Vec<_> = self.buffers.iter().map(|buffer| [IoSlice::new(buffer)]).collect();
        let datagrams = slices.iter().take(self.addresses.len());
        let _ = sendmmsg(socket.as_raw_fd(), &mut self.headers, datagrams, &self.addresses, [], MsgFlags::MSG_DONTWAIT);
        self.addresses.clear();
    }
}

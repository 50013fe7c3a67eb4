//! The socket as the network thread uses it: every datagram is counted.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use renetcode::NetcodeServer;

use crate::transport::SessionId;

/// A goodbye is not answered, so it goes out more than once.
const GOODBYES: usize = 3;

/// The socket with what it counts.
pub(super) struct Wire {
    socket: UdpSocket,
    datagrams_in: metrics::Counter,
    bytes_in: metrics::Counter,
    datagrams_out: metrics::Counter,
    bytes_out: metrics::Counter,
}

impl Wire {
    pub(super) fn new(socket: UdpSocket) -> Self {
        Self {
            socket,
            datagrams_in: metrics::counter!("realmgate_datagrams_in_total"),
            bytes_in: metrics::counter!("realmgate_bytes_in_total"),
            datagrams_out: metrics::counter!("realmgate_datagrams_out_total"),
            bytes_out: metrics::counter!("realmgate_bytes_out_total"),
        }
    }

    /// Waits for a datagram, for the socket's time-out at most.
    pub(super) fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.recv_from(buffer)
    }

    pub(super) fn count_in(&self, bytes: usize) {
        self.datagrams_in.increment(1);
        self.bytes_in.increment(bytes as u64);
    }

    /// A datagram that the kernel does not take is as good as lost on the way.
    pub(super) fn send(&self, datagram: &[u8], to: SocketAddr) -> bool {
        let sent = self.socket.send_to(datagram, to).is_ok();
        if sent {
            self.datagrams_out.increment(1);
            self.bytes_out.increment(datagram.len() as u64);
        }
        sent
    }

    pub(super) fn send_goodbye(&self, datagram: &[u8], to: SocketAddr) {
        for _ in 0..GOODBYES {
            self.send(datagram, to);
        }
    }

    /// Whether the kernel took it.
    pub(super) fn send_payload(&self, netcode: &mut NetcodeServer, session: SessionId, payload: &[u8]) -> bool {
        let packet = netcode.generate_payload_packet(session.0, payload);
        packet.is_ok_and(|(address, datagram)| self.send(datagram, address))
    }
}

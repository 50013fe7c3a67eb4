//! What is around a player's payloads: netcode, or nothing where a relay carries them on.

use super::client_netcode::{NetcodeClient, Stage};

/// One player's.
pub enum Line {
    /// netcode, with the server at the other end.
    Netcode(Box<NetcodeClient>),
    /// Nothing: each datagram is one payload, for a [`Relay`](super::relay::Relay).
    Relayed,
}

impl Line {
    /// Where it stands. A relay is there from the beginning, and keeps what comes early.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Netcode(netcode) => netcode.stage(),
            Self::Relayed => Stage::Connected,
        }
    }

    /// What to repeat until the server has let it in; into `out`. False once there is nothing of the kind.
    pub fn knock(&mut self, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Netcode(netcode) => netcode.knock(out),
            Self::Relayed => false,
        }
    }

    /// Writes a payload as it is sent into `out`.
    pub fn payload(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Netcode(netcode) => netcode.payload(payload, out),
            Self::Relayed => {
                out.clear();
                out.extend_from_slice(payload);
            }
        }
    }

    /// Writes a keep-alive into `out`, if there are any.
    pub fn keep_alive(&mut self, out: &mut Vec<u8>) -> bool {
        let Self::Netcode(netcode) = self else { return false };
        netcode.keep_alive(out);
        true
    }

    /// Writes a farewell into `out`, if there are any.
    pub fn farewell(&mut self, out: &mut Vec<u8>) -> bool {
        let Self::Netcode(netcode) = self else { return false };
        netcode.farewell(out);
        true
    }

    /// Takes a datagram; its payload, if it is one.
    pub fn receive<'a>(&mut self, datagram: &'a mut [u8]) -> Option<&'a [u8]> {
        match self {
            Self::Netcode(netcode) => netcode.receive(datagram),
            Self::Relayed => Some(datagram),
        }
    }
}

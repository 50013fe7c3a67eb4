//! What must hold for any input to a server: one check for property tests and fuzzers.

use std::net::SocketAddr;
use std::time::Duration;

use realmgate_protocol::netcode::{KEY_BYTES, PrivateToken, USER_DATA_BYTES};

use super::peer::Peer;
use super::{Packet, Received, Server, ServerSettings};

const KEY: [u8; KEY_BYTES] = [0x5a; KEY_BYTES];
const PROTOCOL_ID: u64 = 7;
const EXPIRES_S: u64 = 1_000;
const NOW: Duration = Duration::from_secs(1);

/// A server with one connected client and one that has not answered its challenge.
struct Scene {
    server: Server,
    member: Peer,
    candidate: Peer,
}

fn member_address() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 4_000))
}

fn candidate_address() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 2], 4_000))
}

fn server_address() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 99], 4_000))
}

fn peer(client_id: u64) -> Peer {
    let token = PrivateToken {
        client_id,
        timeout_s: 5,
        servers: vec![server_address()],
        client_to_server_key: [client_id as u8; KEY_BYTES],
        server_to_client_key: [!(client_id as u8); KEY_BYTES],
        user_data: [client_id as u8; USER_DATA_BYTES],
    };
    Peer::new(&token, PROTOCOL_ID, EXPIRES_S, &[client_id as u8; 24], &KEY)
}

impl Scene {
    fn new() -> Self {
        let server = Server::new(ServerSettings {
            key: KEY,
            challenge_key: [0xc3; KEY_BYTES],
            protocol_id: PROTOCOL_ID,
            addresses: vec![server_address()],
            max_clients: 2,
            unix_start: Duration::ZERO,
        });
        let mut scene = Self { server, member: peer(1), candidate: peer(2) };
        let mut request = scene.member.request();
        let mut challenge = scene.ask(&mut request, member_address());
        scene.member.receive(&mut challenge);
        let mut response = scene.member.response().unwrap_or_default();
        scene.ask(&mut response, member_address());
        let mut request = scene.candidate.request();
        let mut challenge = scene.ask(&mut request, candidate_address());
        scene.candidate.receive(&mut challenge);
        assert!(scene.member_is_heard(), "the scene is set up");
        scene
    }

    /// Sends a datagram to the server and returns the answer.
    fn ask(&mut self, datagram: &mut [u8], from: SocketAddr) -> Vec<u8> {
        let mut answer = Vec::new();
        if let Ok(packet) = Packet::read(datagram) {
            let _ = self.server.receive(packet, from, NOW, &mut |bytes, _| answer = bytes.to_vec());
        }
        answer
    }

    fn member_is_heard(&mut self) -> bool {
        let mut datagram = self.member.payload(b"here");
        let Ok(packet) = Packet::read(&mut datagram) else { return false };
        let received = self.server.receive(packet, member_address(), NOW, &mut |_, _| ());
        matches!(received, Ok(Received::Payload { slot: 0, payload: b"here" }))
    }

    /// A packet that would be accepted as it is.
    fn template(&mut self, which: u8) -> (Vec<u8>, SocketAddr) {
        match which {
            0 => (self.member.payload(&[7; 100]), member_address()),
            1 => (self.member.keep_alive(), member_address()),
            2 => (self.member.disconnect(), member_address()),
            3 => (self.candidate.request(), candidate_address()),
            4 => (self.candidate.response().unwrap_or_default(), candidate_address()),
            5 => (peer(3).request(), SocketAddr::from(([192, 0, 2, 3], 4_000))),
            _ => (Vec::new(), SocketAddr::from(([192, 0, 2, 4], 4_000))),
        }
    }

    /// Sends a datagram that is not authentic, and asserts that it causes a challenge at most.
    fn send_forged(&mut self, datagram: &mut [u8], from: SocketAddr) {
        let bytes = datagram.len();
        let Ok(packet) = Packet::read(datagram) else { return };
        let received = self.server.receive(packet, from, NOW, &mut |answer, to| {
            assert!(answer.len() <= bytes, "an answer of {} bytes to {bytes}", answer.len());
            assert_eq!(to, from, "answers go where the question came from");
        });
        assert!(matches!(received, Err(_) | Ok(Received::Answered)), "forged, and accepted as {received:?}");
    }
}

/// Reads `input` as a sequence of datagrams, each invented or a real one with some bytes changed, and sends them to a
/// server with one connected client.
///
/// Each datagram is encoded as a byte whose low half selects the real datagram to change (6 and above: none) and whose
/// high half selects the sender (0: the right one), a byte with the number of changes, and three bytes for each change:
/// the offset (two bytes, little endian) and the value to XOR there. An offset beyond the end makes the datagram
/// longer.
///
/// # Panics
/// When a datagram that no holder of a key has sent has an effect.
pub fn check(input: &[u8]) {
    let mut scene = Scene::new();
    let mut rest = input;
    while let Some(([head, count], tail)) = rest.split_first_chunk() {
        let (base, whose) = (head & 0xf, head >> 4);
        let (mut datagram, mut from) = scene.template(base);
        let real = datagram.clone();
        let bytes = (usize::from(*count) * 3).min(tail.len());
        for change in tail[..bytes].chunks_exact(3) {
            // As long as a datagram may be, and somewhat longer.
            let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % 1_300;
            if at >= datagram.len() {
                datagram.resize(at + 1, 0);
            }
            datagram[at] ^= change[2];
        }
        rest = &tail[bytes..];
        match whose {
            1 => from = member_address(),
            2 => from = candidate_address(),
            3 => from = SocketAddr::from(([192, 0, 2, 5], 5_000)),
            _ => {}
        }
        if datagram != real {
            scene.send_forged(&mut datagram, from);
        }
    }
    assert_eq!(scene.server.connected(), 1, "nobody has come or gone");
    assert!(scene.member_is_heard(), "and the client is served as before");
}

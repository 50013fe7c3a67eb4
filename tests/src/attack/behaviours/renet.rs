//! Packets in renet's framing that stock renet would fall over, or that no client sends.

use std::time::Duration;

use rand::RngExt;
use realmgate_client::token;
use renetcode::{ClientAuthentication, NETCODE_MAX_PACKET_BYTES, NetcodeClient};
use tokio::net::UdpSocket;

use super::super::endpoints::pause;
use super::super::hostile::{Hostile, Responses};

const PACKETS: u64 = 100;
/// Steps of the handshake, and of waiting for the end.
const STEPS: usize = 100;
const STEP: Duration = Duration::from_millis(20);

pub(super) async fn packets(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses { asked: 1, ..Responses::default() };
    let Some(mut socket) = hostile.gateway().await else { return responses };
    let Ok(success) = hostile.ask_in(&mut socket).await else {
        responses.refused += 1;
        return responses;
    };
    let Ok(connect_token) = token::decode(&success.connect_token, &success.ticket) else { return responses };
    let Ok(netcode) = NetcodeClient::new(Duration::ZERO, ClientAuthentication::Secure { connect_token }) else {
        return responses;
    };
    let from = hostile.any_source();
    let Some(socket) = hostile.endpoints.knock_from(from).await else { return responses };
    let mut line = Line { netcode, socket };
    if !line.steps_until(NetcodeClient::is_connected).await {
        return responses;
    }
    for sequence in 0..PACKETS {
        responses.asked += 1;
        line.send(&packet(hostile, sequence)).await;
    }
    responses.ended += u64::from(line.steps_until(NetcodeClient::is_disconnected).await);
    responses
}

/// One of many kinds.
fn packet(hostile: &mut Hostile, sequence: u64) -> Vec<u8> {
    let rng = &mut hostile.rng;
    let low = (sequence % 64) as u8;
    match rng.random_range(0..7) {
        // A slice beyond the last one.
        0 => [&[2, low, 1, 0, 9, 1, 0x44, 0xb0], &[7; 1_200][..]].concat(),
        // A slice of a message of a million slices.
        1 => vec![3, low, 0, 0, 0, 0x80, 0x0f, 0x42, 0x40, 1, 7],
        // Empty messages, of no end of ids.
        2 => {
            let mut packet = vec![0, low, 1, 1, 0x2c];
            (0..300u16).for_each(|id| packet.extend([&(0x4000 | (1 + id)).to_be_bytes()[..], &[0]].concat()));
            packet
        }
        // Sequence numbers that fall.
        3 => [&[0][..], &(0x4000 | (8_000 - 2 * sequence as u16)).to_be_bytes(), &[1, 0, 1, 0, 1, 7]].concat(),
        // A message far ahead.
        4 => vec![0, low, 1, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 7],
        // Acknowledgements of what was never sent, in as many ranges as fit.
        5 => [&[4, low, 0xbf, 0xff, 0xff, 0xff, 0, 0x44, 0xb0][..], &[0; 1_200]].concat(),
        _ => {
            let mut packet: Vec<u8> = (0..rng.random_range(0..1_300)).map(|_| rng.random()).collect();
            packet.insert(0, rng.random_range(0..5));
            packet
        }
    }
}

/// A netcode connection.
struct Line {
    netcode: NetcodeClient,
    socket: UdpSocket,
}

impl Line {
    /// Steps on until it is so; whether it was in time.
    async fn steps_until(&mut self, is_so: fn(&NetcodeClient) -> bool) -> bool {
        for _ in 0..STEPS {
            if is_so(&self.netcode) {
                return true;
            }
            if let Some((datagram, _)) = self.netcode.update(STEP) {
                // A full buffer loses it, as the network may.
                let _ = self.socket.send(datagram).await;
            }
            pause(STEP).await;
            let mut buffer = [0; NETCODE_MAX_PACKET_BYTES];
            while let Ok(length) = self.socket.try_recv(&mut buffer) {
                self.netcode.process_packet(&mut buffer[..length]);
            }
        }
        is_so(&self.netcode)
    }

    async fn send(&mut self, packet: &[u8]) {
        if let Ok((_, datagram)) = self.netcode.generate_payload_packet(packet) {
            let _ = self.socket.send(datagram).await;
        }
    }
}

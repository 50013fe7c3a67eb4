//! Unmodified renet and renetcode, as their own examples use them: the socket is drained and everybody served once a tick.

use std::time::{Duration, Instant};

use anyhow::Result;
use realmgate_protocol::limits::NETCODE_PROTOCOL_ID;
use renet::{ConnectionConfig, DefaultChannel, RenetServer};
use renetcode::{NetcodeServer, ServerAuthentication, ServerConfig, ServerResult};

use super::{ServerArgs, open_socket, say_ready};
use realmgate_tests::load::turns::TICK;
use realmgate_tests::netcode::unix_now;

/// The key that its connect tokens are sealed with.
pub const KEY: [u8; 32] = [7; 32];
/// Most clients that renetcode has room for.
pub const MAX_CLIENTS: usize = 1_024;

/// Serves until it is ended.
#[expect(clippy::disallowed_methods, reason = "a yardstick keeps real time")]
pub fn serve(args: &ServerArgs) -> Result<()> {
    let socket = open_socket()?;
    let address = socket.local_addr()?;
    let mut netcode = NetcodeServer::new(ServerConfig {
        current_time: unix_now(),
        max_clients: args.players.min(MAX_CLIENTS),
        protocol_id: NETCODE_PROTOCOL_ID,
        public_addresses: vec![address],
        authentication: ServerAuthentication::Secure { private_key: KEY },
    });
    let mut renet = RenetServer::new(ConnectionConfig::default());
    let message = vec![0xA5u8; args.down.saturating_sub(super::drive::STOCK_HEAD_BYTES)];
    say_ready(args, address)?;
    let (mut buffer, mut next, mut last) = ([0; 2_048], Instant::now(), Instant::now());
    loop {
        next += TICK;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        let elapsed = last.elapsed();
        last += elapsed;
        netcode.update(elapsed);
        renet.update(elapsed);
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            handle(netcode.process_packet(from, &mut buffer[..length]), &mut renet, &socket);
        }
        for id in netcode.clients_id() {
            handle(netcode.update_client(id), &mut renet, &socket);
            while renet.receive_message(id, DefaultChannel::Unreliable).is_some() {}
            renet.send_message(id, DefaultChannel::Unreliable, message.clone());
            for packet in renet.get_packets_to_send(id).unwrap_or_default() {
                if let Ok((to, datagram)) = netcode.generate_payload_packet(id, &packet) {
                    // A full send buffer loses the datagram.
                    let _ = socket.send_to(datagram, to);
                }
            }
        }
    }
}

fn handle(result: ServerResult<'_, '_>, renet: &mut RenetServer, socket: &std::net::UdpSocket) {
    match result {
        ServerResult::None => {}
        ServerResult::PacketToSend { addr, payload } => drop(socket.send_to(payload, addr)),
        ServerResult::Payload { client_id, payload } => drop(renet.process_packet_from(payload, client_id)),
        ServerResult::ClientConnected { client_id, addr, payload, .. } => {
            renet.add_connection(client_id);
            let _ = socket.send_to(payload, addr);
        }
        ServerResult::ClientDisconnected { client_id, addr, payload } => {
            renet.remove_connection(client_id);
            if let Some(payload) = payload {
                let _ = socket.send_to(payload, addr);
            }
        }
    }
}

/// Time between two knocks of a client that wants in.
pub const KNOCK_EVERY: Duration = Duration::from_millis(250);

//! The floor: opens one datagram of each client and seals one for it, each tick. No game, no handshake, no state.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::{ServerArgs, open_socket, say_ready};
use realmgate_tests::load::client_netcode::Keys;
use realmgate_tests::load::player::number_of;
use realmgate_tests::load::turns::TICK;

/// netcode's kind of a packet with a payload.
pub const PAYLOAD: u8 = 5;
/// What sealing adds: the prefix, a sequence of two bytes, the code.
const SEAL_BYTES: usize = 1 + 2 + 16;
/// Between two looks at the socket, so that datagrams come in bunches.
const NAP: Duration = Duration::from_millis(1);

/// A client as the floor knows it.
struct Client {
    keys: Keys,
    address: Option<SocketAddr>,
}

/// The keys of a client of this number, for the end that seals with the first.
pub fn keys(number: usize, server: bool) -> Keys {
    let key = |end: u8| {
        let mut key = [end; 32];
        key[..8].copy_from_slice(&(number as u64).to_le_bytes());
        key
    };
    let (up, down) = (key(1), key(2));
    if server { Keys::new(&down, &up) } else { Keys::new(&up, &down) }
}

/// A payload that is so long once it is sealed.
pub fn payload(datagram_bytes: usize) -> Vec<u8> {
    vec![0xA5; datagram_bytes.saturating_sub(SEAL_BYTES)]
}

/// Serves until it is ended.
#[expect(clippy::disallowed_methods, reason = "a yardstick keeps real time")]
pub fn serve(args: &ServerArgs) -> Result<()> {
    let socket = open_socket()?;
    let mut clients: Vec<Client> =
        (0..args.players).map(|number| Client { keys: keys(number, true), address: None }).collect();
    let (mut buffer, mut out, payload) = ([0; 2_048], Vec::with_capacity(2_048), payload(args.down));
    say_ready(args, socket.local_addr()?)?;
    // Sequences of two bytes, as of a connection that has lasted a while.
    let (mut sequence, mut next) = (0x100u64, Instant::now());
    loop {
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let number = match from.ip() {
                IpAddr::V4(ip) => number_of(ip),
                IpAddr::V6(_) => continue,
            };
            let Some(client) = clients.get_mut(number) else { continue };
            if client.keys.open(&mut buffer[..length]).is_some() {
                client.address = Some(from);
            }
        }
        if Instant::now() >= next {
            next += TICK;
            sequence += 1;
            for client in &clients {
                let Some(address) = client.address else { continue };
                client.keys.seal(PAYLOAD, sequence, &payload, &mut out);
                // A full send buffer loses the datagram.
                let _ = socket.send_to(&out, address);
            }
        }
        std::thread::sleep(NAP);
    }
}

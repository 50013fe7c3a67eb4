//! Opens one datagram of each client and seals one for it, each tick. No game, no handshake, no state. The floor wakes up once a
//! tick; the former floor looked at its socket a thousand times a second, which is most of what it cost with few clients.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::batch::{Inbox, Outbox};
use super::{ServerArgs, open_socket, say_ready};
use realmgate_tests::load::client_netcode::Keys;
use realmgate_tests::load::player::number_of;
use realmgate_tests::load::turns::TICK;

/// netcode's kind of a packet with a payload.
pub const PAYLOAD: u8 = 5;
/// What sealing adds: the prefix, a sequence of two bytes, the code.
const SEAL_BYTES: usize = 1 + 2 + 16;
/// Between two looks of the former floor at its socket.
const NAP: Duration = Duration::from_millis(1);
/// Sequences of two bytes, as of a connection that has lasted a while.
const FIRST_SEQUENCE: u64 = 0x100;

/// The clients as the floor knows them.
struct Clients(Vec<(Keys, Option<SocketAddr>)>);

impl Clients {
    fn of(args: &ServerArgs) -> Self {
        Self((0..args.players).map(|number| (keys(number, true), None)).collect())
    }

    /// Opens a datagram, and keeps where it came from.
    fn hear(&mut self, from: SocketAddr, datagram: &mut [u8]) {
        let IpAddr::V4(ip) = from.ip() else { return };
        let Some((keys, address)) = self.0.get_mut(number_of(ip)) else { return };
        if keys.open(datagram).is_some() {
            *address = Some(from);
        }
    }

    /// Those that have been heard of.
    fn heard(&self) -> impl Iterator<Item = (&Keys, SocketAddr)> {
        self.0.iter().filter_map(|(keys, address)| Some((keys, (*address)?)))
    }
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

/// Serves until it is ended: wakes up once a tick, takes all that has come with `recvmmsg` and answers all with `sendmmsg`.
#[expect(clippy::disallowed_methods, reason = "a yardstick keeps real time")]
pub fn serve(args: &ServerArgs) -> Result<()> {
    let socket = open_socket()?;
    let (mut clients, mut inbox, mut outbox) = (Clients::of(args), Inbox::new(), Outbox::new());
    let payload = payload(args.down);
    say_ready(args, socket.local_addr()?)?;
    let mut next = Instant::now();
    for sequence in FIRST_SEQUENCE.. {
        while inbox.receive(&socket, |from, datagram| clients.hear(from, datagram))? {}
        for (keys, address) in clients.heard() {
            keys.seal(PAYLOAD, sequence, &payload, outbox.next(address));
            if outbox.is_full() {
                outbox.send(&socket);
            }
        }
        outbox.send(&socket);
        next += TICK;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

/// The former floor: one call for each datagram, and a look at the socket each millisecond.
#[expect(clippy::disallowed_methods, reason = "a yardstick keeps real time")]
pub fn serve_napping(args: &ServerArgs) -> Result<()> {
    let socket = open_socket()?;
    let mut clients = Clients::of(args);
    let (mut buffer, mut out, payload) = ([0; 2_048], Vec::with_capacity(2_048), payload(args.down));
    say_ready(args, socket.local_addr()?)?;
    let (mut sequence, mut next) = (FIRST_SEQUENCE, Instant::now());
    loop {
        receive_all(&socket, &mut buffer, &mut clients);
        if Instant::now() >= next {
            next += TICK;
            sequence += 1;
            for (keys, address) in clients.heard() {
                keys.seal(PAYLOAD, sequence, &payload, &mut out);
                // A full send buffer loses the datagram.
                let _ = socket.send_to(&out, address);
            }
        }
        std::thread::sleep(NAP);
    }
}

fn receive_all(socket: &UdpSocket, buffer: &mut [u8], clients: &mut Clients) {
    while let Ok((length, from)) = socket.recv_from(buffer) {
        clients.hear(from, &mut buffer[..length]);
    }
}

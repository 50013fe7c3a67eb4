//! Benchmarks of the cost of a packet for the netcode server, ours next to stock `renetcode`, with one and with a
//! thousand clients.
//!
//! `cargo bench -p realmgate-engine --bench netcode`

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up is of no use")]

use std::cell::Cell;
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use realmgate_engine::netcode::{Packet, Server, ServerSettings};
use renetcode::{
    ClientAuthentication, ConnectToken, NetcodeClient, NetcodeServer, ServerAuthentication, ServerConfig, ServerResult,
};

const KEY: [u8; 32] = [7; 32];
const PROTOCOL_ID: u64 = 7;
const UNIX_START: Duration = Duration::from_secs(1_000);
/// Time that passes with each handshake, so that tokens expire.
const STEP: Duration = Duration::from_millis(1);

fn server_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 4_000))
}

fn address(client: u64) -> SocketAddr {
    SocketAddr::from(([10, (client >> 16) as u8, (client >> 8) as u8, client as u8], 5_000))
}

/// A client of stock `renetcode`, for both servers.
fn client(id: u64, now: Duration) -> NetcodeClient {
    let (servers, unix) = (vec![server_address()], UNIX_START + now);
    let token = ConnectToken::generate(unix, PROTOCOL_ID, 20, id, 1_000, servers, None, &KEY).unwrap();
    NetcodeClient::new(unix, ClientAuthentication::Secure { connect_token: token }).unwrap()
}

/// A server under measurement.
trait Side {
    /// Takes a datagram and returns whether it was accepted. An answer is put into the buffer.
    fn take(&mut self, datagram: &mut [u8], from: SocketAddr, answer: &mut Vec<u8>) -> bool;
    fn send(&mut self, client: u64, payload: &[u8]) -> usize;
    fn pass(&mut self) -> Duration;
}

struct Ours {
    server: Server,
    now: Duration,
}

impl Side for Ours {
    fn take(&mut self, datagram: &mut [u8], from: SocketAddr, answer: &mut Vec<u8>) -> bool {
        let Ok(packet) = Packet::read(datagram) else { return false };
        let received = self.server.receive(packet, from, self.now, &mut |bytes, _| {
            answer.clear();
            answer.extend_from_slice(bytes);
        });
        black_box(received).is_ok()
    }

    fn send(&mut self, client: u64, payload: &[u8]) -> usize {
        let (slot, mut bytes) = (self.server.slot_of(client).unwrap(), 0);
        self.server.send_payload(slot, payload, self.now, &mut |datagram, _| bytes = black_box(datagram).len());
        bytes
    }

    fn pass(&mut self) -> Duration {
        self.now += STEP;
        self.now
    }
}

struct Stock {
    server: NetcodeServer,
    now: Duration,
}

impl Side for Stock {
    fn take(&mut self, datagram: &mut [u8], from: SocketAddr, answer: &mut Vec<u8>) -> bool {
        match black_box(self.server.process_packet(from, datagram)) {
            ServerResult::PacketToSend { payload, .. } | ServerResult::ClientConnected { payload, .. } => {
                answer.clear();
                answer.extend_from_slice(payload);
                true
            }
            ServerResult::Payload { .. } => true,
            ServerResult::None | ServerResult::ClientDisconnected { .. } => false,
        }
    }

    fn send(&mut self, client: u64, payload: &[u8]) -> usize {
        black_box(self.server.generate_payload_packet(client, payload)).unwrap().1.len()
    }

    fn pass(&mut self) -> Duration {
        self.server.update(STEP);
        self.now += STEP;
        self.now
    }
}

fn ours() -> Ours {
    let server = Server::new(ServerSettings {
        key: KEY,
        challenge_key: [9; 32],
        protocol_id: PROTOCOL_ID,
        addresses: vec![server_address()],
        max_clients: 1_024,
        unix_start: UNIX_START,
    });
    Ours { server, now: Duration::ZERO }
}

fn stock() -> Stock {
    let server = NetcodeServer::new(ServerConfig {
        current_time: UNIX_START,
        max_clients: 1_024,
        protocol_id: PROTOCOL_ID,
        public_addresses: vec![server_address()],
        authentication: ServerAuthentication::Secure { private_key: KEY },
    });
    Stock { server, now: Duration::ZERO }
}

/// Request, challenge, response, acceptance.
fn connect(side: &mut impl Side, client: &mut NetcodeClient, from: SocketAddr) {
    let mut answer = Vec::new();
    for _ in 0..2 {
        let (datagram, _) = client.update(Duration::from_millis(250)).unwrap();
        assert!(side.take(datagram, from, &mut answer));
        client.process_packet(&mut answer);
    }
    assert!(client.is_connected());
}

fn measure(criterion: &mut Criterion, name: &str, mut side: impl Side, clients: u64) {
    let mut connected: Vec<_> = (1..=clients)
        .map(|id| {
            let now = side.pass();
            let mut client = client(id, now);
            connect(&mut side, &mut client, address(id));
            client
        })
        .collect();
    // Every client has been heard once, so that no keep-alive goes out before each payload.
    for (id, client) in (1..).zip(&mut connected) {
        let (_, datagram) = client.generate_payload_packet(&[1]).unwrap();
        assert!(side.take(datagram, address(id), &mut Vec::new()));
    }
    let mut group = criterion.benchmark_group(format!("{clients}_clients"));
    for bytes in [40, 1_000] {
        let (payload, mut turn) = (vec![5; bytes], 0);
        group.bench_function(format!("receive_{bytes}/{name}"), |bencher| {
            bencher.iter_batched(
                || {
                    turn = (turn + 1) % clients;
                    let (_, datagram) = connected[turn as usize].generate_payload_packet(&payload).unwrap();
                    (datagram.to_vec(), address(turn + 1))
                },
                |(mut datagram, from)| assert!(side.take(&mut datagram, from, &mut Vec::new())),
                BatchSize::SmallInput,
            );
        });
        group.bench_function(format!("send_{bytes}/{name}"), |bencher| {
            bencher.iter(|| {
                turn = (turn + 1) % clients;
                side.send(turn + 1, black_box(&payload))
            });
        });
    }
    let mut junk = vec![0x77; 60];
    junk[0] = 0x15;
    group.bench_function(format!("junk_of_a_stranger/{name}"), |bencher| {
        bencher.iter(|| assert!(!side.take(black_box(&mut junk), address(70_000), &mut Vec::new())));
    });
    group.bench_function(format!("forged_in_a_clients_name/{name}"), |bencher| {
        bencher.iter_batched(
            || [&[0x45, 0xff, 0xff, 0xff, 0x7f][..], &[0x77; 55]].concat(),
            |mut forged| assert!(!side.take(&mut forged, address(1), &mut Vec::new())),
            BatchSize::SmallInput,
        );
    });
    group.bench_function(format!("request_without_a_token/{name}"), |bencher| {
        let now = side.pass();
        let request = client(80_000, now).update(Duration::ZERO).unwrap().0.to_vec();
        bencher.iter_batched(
            || {
                let mut forged = request.clone();
                forged[100] ^= 1;
                forged
            },
            |mut forged| assert!(!side.take(&mut forged, address(80_000), &mut Vec::new())),
            BatchSize::SmallInput,
        );
    });
    let (mut next, clock) = (100_000, Cell::new(side.pass()));
    group.bench_function(format!("handshake/{name}"), |bencher| {
        bencher.iter_batched(
            || {
                next += 1;
                (client(next, clock.get()), next)
            },
            |(mut client, id)| {
                clock.set(side.pass());
                connect(&mut side, &mut client, address(id));
                let (_, goodbye) = client.disconnect().unwrap();
                side.take(goodbye, address(id), &mut Vec::new());
                client
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn netcode(criterion: &mut Criterion) {
    for clients in [1, 1_000] {
        measure(criterion, "ours", ours(), clients);
        measure(criterion, "stock", stock(), clients);
    }
}

criterion_group!(benches, netcode);
criterion_main!(benches);

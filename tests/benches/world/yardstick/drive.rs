//! The clients of a yardstick: as many sockets as players have, one datagram each way and tick.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use renet::{ConnectionConfig, DefaultChannel, RenetClient};

use super::bare::{self, PAYLOAD};
use super::stock;
use super::{Sizes, Yardstick};
use realmgate_tests::load::client_netcode::{Keys, NetcodeClient, Stage};
use realmgate_tests::load::player::open_socket;
use realmgate_tests::load::sockets::Sockets;
use realmgate_tests::load::turns::Turns;
use realmgate_tests::netcode::{Forged, unix_now};

/// What netcode and renet add to an unreliable message.
pub const STOCK_HEAD_BYTES: usize = 19 + 5;
/// How long everybody may take to get in.
const JOIN_WITHIN: Duration = Duration::from_secs(60);

/// All clients.
pub struct Driver {
    clients: Vec<Client>,
    payload: Vec<u8>,
    sockets: Sockets,
    turns: Turns,
    started: Instant,
    received: u64,
    out: Vec<u8>,
}

struct Client {
    socket: UdpSocket,
    speech: Speech,
    heard: bool,
}

/// How a client speaks.
enum Speech {
    Floor { keys: Keys, sequence: u64 },
    Stock { netcode: Box<NetcodeClient>, renet: Box<RenetClient>, ticked_at: Duration, knocked_at: Option<Duration> },
}

impl Driver {
    /// Clients of a server; they have not spoken yet.
    #[expect(clippy::disallowed_methods, reason = "a load keeps real time")]
    pub fn new(yardstick: Yardstick, players: usize, sizes: Sizes, server: SocketAddr) -> Result<Self> {
        let (sockets, mut clients) = (Sockets::new()?, Vec::with_capacity(players));
        for number in 0..players {
            let socket = open_socket(number, server)?;
            sockets.add(number, &socket)?;
            clients.push(Client { socket, speech: Speech::new(yardstick, number, server), heard: false });
        }
        let payload = match yardstick {
            Yardstick::Floor | Yardstick::Napping => bare::payload(sizes.up),
            Yardstick::Stock => vec![0xA5; sizes.up.saturating_sub(STOCK_HEAD_BYTES)],
        };
        let (turns, started) = (Turns::new(players), Instant::now());
        Ok(Self { clients, payload, sockets, turns, started, received: 0, out: Vec::with_capacity(2_048) })
    }

    /// Drives until everybody has heard from the server.
    pub fn join(&mut self) -> Result<()> {
        let end = self.now() + JOIN_WITHIN;
        while !self.clients.iter().all(|client| client.heard) {
            self.step()?;
            let heard = self.clients.iter().filter(|client| client.heard).count();
            ensure!(self.now() < end, "only {heard} of {} hear the yardstick's server", self.clients.len());
        }
        self.drive(Duration::from_secs(1))
    }

    /// Drives for so long.
    pub fn drive(&mut self, lasts: Duration) -> Result<()> {
        let end = self.now() + lasts;
        while self.now() < end {
            self.step()?;
        }
        Ok(())
    }

    /// Begins to count anew.
    pub fn reset(&mut self) {
        self.received = 0;
    }

    /// Payloads of full size that came.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Time since it began.
    #[expect(clippy::disallowed_methods, reason = "a load keeps real time")]
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn step(&mut self) -> Result<()> {
        let now = self.now();
        while let Some(number) = self.turns.next(now) {
            let Client { socket, speech, .. } = &mut self.clients[number];
            speech.tick(&self.payload, now, &mut self.out, |datagram| drop(socket.send(datagram)));
        }
        let found = self.sockets.wait(self.turns.next_at().saturating_sub(self.now()))?;
        let mut buffer = [0; 2_048];
        for at in 0..found {
            let client = &mut self.clients[self.sockets.found(at)];
            let Ok(length) = client.socket.recv(&mut buffer) else { continue };
            if client.speech.hear(&mut buffer[..length]) {
                client.heard = true;
                self.received += 1;
            }
        }
        Ok(())
    }
}

impl Speech {
    fn new(yardstick: Yardstick, number: usize, server: SocketAddr) -> Self {
        match yardstick {
            Yardstick::Floor | Yardstick::Napping => Self::Floor { keys: bare::keys(number, false), sequence: 0x100 },
            Yardstick::Stock => {
                let token = Forged {
                    key: stock::KEY,
                    client_id: number as u64 + 1,
                    server,
                    made_at: unix_now(),
                    seconds: 300,
                    user_data: Vec::new(),
                };
                let mut renet = RenetClient::new(ConnectionConfig::default());
                renet.set_connected();
                Self::Stock {
                    netcode: Box::new(NetcodeClient::new(&token.seal())),
                    renet: Box::new(renet),
                    ticked_at: Duration::ZERO,
                    knocked_at: None,
                }
            }
        }
    }

    fn tick(&mut self, payload: &[u8], now: Duration, out: &mut Vec<u8>, mut send: impl FnMut(&[u8])) {
        match self {
            Self::Floor { keys, sequence } => {
                *sequence += 1;
                keys.seal(PAYLOAD, *sequence, payload, out);
                send(out);
            }
            Self::Stock { netcode, renet, ticked_at, knocked_at } => {
                if netcode.stage() != Stage::Connected {
                    let is_due = knocked_at.is_none_or(|at| now - at >= stock::KNOCK_EVERY);
                    if is_due && netcode.knock(out) {
                        *knocked_at = Some(now);
                        send(out);
                    }
                    return;
                }
                renet.update(now - *ticked_at);
                *ticked_at = now;
                renet.send_message(DefaultChannel::Unreliable, payload.to_vec());
                for packet in renet.get_packets_to_send() {
                    netcode.payload(&packet, out);
                    send(out);
                }
            }
        }
    }

    /// Takes a datagram; whether it was one of the server's payloads.
    fn hear(&mut self, datagram: &mut [u8]) -> bool {
        match self {
            Self::Floor { keys, .. } => keys.open(datagram).is_some(),
            Self::Stock { netcode, renet, .. } => {
                let Some(payload) = netcode.receive(datagram) else { return false };
                renet.process_packet(payload);
                std::iter::from_fn(|| renet.receive_message(DefaultChannel::Unreliable)).count() > 0
            }
        }
    }
}

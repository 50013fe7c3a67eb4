//! Knocks at the game's port with stock `renetcode` and any token at all.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use realmgate_client::token::for_renetcode;
use realmgate_protocol::netcode::{ConnectToken, PrivateToken, USER_DATA_BYTES};
use realmgate_protocol::ticket::{KeyRing, Ticket};
use renetcode::{ClientAuthentication, NETCODE_MAX_PACKET_BYTES, NetcodeClient};
use tokio::net::UdpSocket;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How often a client speaks.
const STEP: Duration = Duration::from_millis(20);
/// After how long without a packet a connection is over.
const TIMEOUT_S: i32 = 5;

/// A connect token before it is sealed; every field may be wrong.
#[derive(Debug, Clone)]
pub struct Forged {
    /// The netcode key.
    pub key: [u8; 32],
    /// Who the netcode layer believes it is.
    pub client_id: u64,
    /// Where it leads.
    pub server: SocketAddr,
    /// When it was made, since 1970.
    pub made_at: Duration,
    /// How long it is good for.
    pub seconds: u64,
    /// What is inside: a ticket, or anything else.
    pub user_data: Vec<u8>,
}

impl Forged {
    /// A token that is right in every way, around this ticket.
    pub fn around(ticket: &Ticket, keys: &KeyRing, server: SocketAddr) -> Self {
        Self {
            key: keys.netcode_key(),
            client_id: ticket.ticket_id.0,
            server,
            made_at: unix_now(),
            seconds: 30,
            user_data: ticket.seal(keys),
        }
    }

    /// Seals it, as a gateway does.
    ///
    /// # Panics
    /// When the system has no random bytes.
    pub fn public(&self) -> ConnectToken {
        let mut user_data = [0; USER_DATA_BYTES];
        user_data[..self.user_data.len()].copy_from_slice(&self.user_data);
        let private = PrivateToken {
            client_id: self.client_id,
            timeout_s: TIMEOUT_S,
            servers: vec![self.server],
            client_to_server_key: random(),
            server_to_client_key: random(),
            user_data,
        };
        let made_at_s = self.made_at.as_secs();
        ConnectToken::new(&private, made_at_s..made_at_s + self.seconds, random(), &self.key)
    }

    /// Seals it for a client of `renetcode`.
    ///
    /// # Panics
    /// When the system has no random bytes.
    pub fn seal(&self) -> renetcode::ConnectToken {
        for_renetcode(&self.public(), self.client_id)
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has random bytes");
    bytes
}

/// The time that connect tokens are stamped with.
///
/// # Panics
/// When the machine's clock stands before 1970.
#[expect(clippy::disallowed_methods, reason = "a connect token holds the real time")]
pub fn unix_now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is past 1970")
}

/// How a knock ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The netcode layer let it in, and it stayed in.
    Connected,
    /// It was let in and sent away, or refused.
    SentAway,
    /// Nobody answered.
    Silence,
}

/// A client that only knocks: it plays nothing.
#[derive(Debug)]
pub struct Knocker {
    socket: UdpSocket,
    netcode: NetcodeClient,
}

impl Knocker {
    /// A client on a socket of its own.
    ///
    /// # Panics
    /// When there is no socket.
    pub async fn new(token: renetcode::ConnectToken) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("there is a free port");
        let authentication = ClientAuthentication::Secure { connect_token: token };
        let netcode = NetcodeClient::new(Duration::ZERO, authentication).expect("renetcode takes the token");
        Self { socket, netcode }
    }

    /// Sends any bytes to the server.
    ///
    /// # Panics
    /// When they cannot be sent.
    pub async fn send(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.netcode.server_addr()).await.expect("UDP can be sent");
    }

    /// Knocks for so long, or until it is sent away.
    pub async fn knock(&mut self, time: Duration) -> Outcome {
        let mut was_in = false;
        let away = async {
            loop {
                self.step().await;
                was_in |= self.netcode.is_connected();
                if self.netcode.is_disconnected() {
                    return;
                }
            }
        };
        match timeout(time, away).await {
            Ok(()) => Outcome::SentAway,
            Err(_) if was_in => Outcome::Connected,
            Err(_) => Outcome::Silence,
        }
    }

    /// Knocks until the netcode layer lets it in; whether it did in time.
    pub async fn get_in(&mut self, time: Duration) -> bool {
        let inside = async {
            while !self.netcode.is_connected() {
                self.step().await;
            }
        };
        timeout(time, inside).await.is_ok()
    }

    /// Says goodbye.
    pub async fn leave(mut self) {
        if let Ok((server, datagram)) = self.netcode.disconnect() {
            // The server would notice by itself, only later.
            let _ = self.socket.send_to(datagram, server).await;
        }
    }

    /// One step of real time: sends what is due and takes what has come.
    async fn step(&mut self) {
        if let Some((datagram, server)) = self.netcode.update(STEP) {
            // The port may be closed by now; then nobody answers.
            let _ = self.socket.send_to(datagram, server).await;
        }
        let mut beat = interval(STEP);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beat.tick().await;
        beat.tick().await;
        let mut buffer = [0; NETCODE_MAX_PACKET_BYTES + 1];
        while let Ok((length, _)) = self.socket.try_recv_from(&mut buffer) {
            self.netcode.process_packet(&mut buffer[..length]);
        }
    }
}

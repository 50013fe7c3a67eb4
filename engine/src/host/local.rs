//! A map server without a sidecar, for a game that has no accounts, for examples and for tests.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, RequestId, ServerId, TicketId};
use realmgate_protocol::link::{CharacterLoad, EventOutcome, FromMap, ToMap};
use realmgate_protocol::netcode::{ConnectToken, PrivateToken, USER_DATA_BYTES};
use realmgate_protocol::ticket::{KeyRing, Ticket};

use super::config::HostConfig;
use super::link::{LinkEnds, LinkNews};
use crate::map::Map;
use crate::transport::ClientId;

/// Time that a client has to connect.
const CONNECT_WITHIN: Duration = Duration::from_secs(30);
/// Seconds without a packet after which a client is disconnected.
const TIMEOUT_S: i32 = 10;
/// Players of a server, as in `MAX_PLAYERS` of `start_server`.
const MAX_PLAYERS: u16 = 500;
const TICK_HZ: u32 = 30;

/// The sidecar's end of the map link, inside the process.
///
/// It admits each player that the program [invites](Self::invite). It confirms owned events, refuses travel, and stores
/// nothing: a player who comes back is a new one. The [guide](crate#a-first-world) has an example.
pub struct LocalLink {
    server: ServerId,
    keys: KeyRing,
    to_host: Sender<LinkNews>,
    invited: u64,
}

/// What admits one player, once, within 30 s.
#[derive(Clone)]
pub struct Invitation {
    /// The id that the client has on the transports.
    pub client: ClientId,
    /// The sealed ticket: what a client of the [memory transport](crate::transport::memory) shows.
    pub ticket: Vec<u8>,
}

impl LocalLink {
    /// Opens both ends of a link of the map server `server`: one for this program, the other for
    /// [`MapServer::new`](super::MapServer::new). Tickets are signed with a random key.
    ///
    /// # Errors
    /// Fails if no thread can be started or the system has no random bytes. The thread ends with the map server.
    pub fn open(server: ServerId) -> std::io::Result<(Self, LinkEnds)> {
        let secret = format!("local:{}", BASE64_STANDARD.encode(random::<32>()?));
        let keys = secret.parse::<KeyRing>().map_err(std::io::Error::other)?;
        let (to_host, incoming) = channel();
        let (outgoing, from_host) = channel();
        let answers = to_host.clone();
        std::thread::Builder::new().name("local-link".to_owned()).spawn(move || answer_all(&from_host, &answers))?;
        Ok((Self { server, keys, to_host, invited: 0 }, LinkEnds { incoming, outgoing }))
    }

    /// The keys that tickets are signed with. The transports need their netcode key.
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// A configuration for the map server at the other end: one channel of each map, 30 ticks per second on one thread, at most
    /// 500 players, and a random seed.
    ///
    /// # Errors
    /// Fails if the system has no random bytes.
    pub fn host_config(&self, maps: Vec<Map>) -> std::io::Result<HostConfig> {
        Ok(HostConfig {
            server: self.server.clone(),
            maps: maps.into_iter().map(Arc::new).collect(),
            channels: 1,
            tick_hz: TICK_HZ,
            tick_threads: NonZeroUsize::MIN,
            max_players: MAX_PLAYERS,
            protocol_hash: 0,
            keys: self.keys.clone(),
            seed: random()?,
            record: None,
            offline_play_max_s: u32::MAX,
        })
    }

    /// Announces a new character to a channel of the map server, and returns what admits its player.
    ///
    /// The map server refuses the connection if the channel does not exist or the server is full.
    pub fn invite(&mut self, name: &str, map: MapId, channel: ChannelId) -> Invitation {
        self.invited += 1;
        let (number, epoch) = (self.invited, LockEpoch(1));
        let id = u128::from(number).to_be_bytes();
        let (character, account) = (CharacterId(id), AccountId(id));
        let ticket = Ticket {
            ticket_id: TicketId(number),
            account,
            character,
            epoch,
            map,
            channel,
            server: self.server.clone(),
            // The map server reads the deadline in the announcement, not these.
            issued_ms: 0,
            expires_ms: u64::MAX,
        };
        let prepare = ToMap::Prepare {
            request: RequestId(number),
            ticket: ticket.ticket_id,
            expires_in_ms: CONNECT_WITHIN.as_millis() as u32,
            map,
            channel,
            epoch,
            load: CharacterLoad::fresh(character, account, name, ""),
            trace: String::new(),
        };
        // An error means that the map server has ended; then no client can connect either.
        let _ = self.to_host.send(prepare.into());
        Invitation { client: ClientId(number), ticket: ticket.seal(&self.keys) }
    }

    /// Puts an invitation into a netcode connect token, for a client that connects over UDP to `address`.
    ///
    /// # Errors
    /// Fails if the system has no random bytes.
    pub fn connect_token(&self, invitation: &Invitation, address: SocketAddr) -> std::io::Result<ConnectToken> {
        let mut user_data = [0; USER_DATA_BYTES];
        user_data[..invitation.ticket.len()].copy_from_slice(&invitation.ticket);
        let private = PrivateToken {
            client_id: invitation.client.0,
            timeout_s: TIMEOUT_S,
            servers: vec![address],
            client_to_server_key: random()?,
            server_to_client_key: random()?,
            user_data,
        };
        let now_s = unix_s();
        Ok(ConnectToken::new(&private, now_s..now_s + CONNECT_WITHIN.as_secs(), random()?, &self.keys.netcode_key()))
    }
}

/// Answers what a map server waits for, until it ends.
fn answer_all(from_host: &Receiver<FromMap>, to_host: &Sender<LinkNews>) {
    for message in from_host {
        let answer = match message {
            FromMap::Released { save, .. } => ToMap::Settled { character: save.character, epoch: save.epoch },
            FromMap::Events { batch, events } => {
                let confirmed = events.into_iter().map(|event| EventOutcome { key: event.key, refusal: None });
                ToMap::Committed { batch, outcomes: confirmed.collect() }
            }
            FromMap::Travel { request, save, .. } => {
                let (character, epoch) = (save.character, LockEpoch(save.epoch.0 + 1));
                ToMap::TravelRefused { request, character, epoch, code: "MAP_NOT_FOUND".to_owned() }
            }
            _ => continue,
        };
        if to_host.send(answer.into()).is_err() {
            return;
        }
    }
}

fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| std::io::Error::other("cannot get random bytes from the system"))?;
    Ok(bytes)
}

#[expect(clippy::disallowed_methods, reason = "connect tokens are dated by Unix time")]
fn unix_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs()
}

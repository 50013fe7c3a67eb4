//! A player in the world: a [`Session`] on a [`UdpTransport`], ticking at the server's rate.

use std::sync::Arc;
use std::time::Duration;

use realmgate_protocol::codec::{CodecError, encode_reliable};
use realmgate_protocol::ids::MapId;
use realmgate_protocol::link::{LeaveReason, TravelGrant};
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage, protocol_hash};

use crate::clock::Clock;
use crate::gateway::EnterWorld;
use crate::session::{Counters, Grids, Intent, Possessions, Session};
use crate::token::{self, TokenError};
use crate::transport::{CloseReason, Incoming, Traffic, UdpTransport};

/// How long a client waits to be accepted with one ticket.
pub const ACCEPT_WITHIN: Duration = Duration::from_secs(2);
/// How long the server may take to tell all that a player needs to begin: one that has died since it let us in never does.
const ENTER_WITHIN: Duration = Duration::from_secs(4);
/// How long the server may take to save and say goodbye.
const LEAVE_WITHIN: Duration = Duration::from_secs(10);
/// Between looks at what is due, while there are no ticks yet.
const QUIET_TICK: Duration = Duration::from_millis(33);
/// A client that is further behind than this does not catch up: the server takes one command a tick.
const MAX_BEHIND: Duration = Duration::from_millis(250);

/// What one connects with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The ticket in base64url.
    pub ticket: String,
    /// The netcode connect token in base64url.
    pub connect_token: String,
    /// What the map server speaks.
    pub protocol_hash: u64,
    /// The map.
    pub map: MapId,
}

impl From<&TravelGrant> for Admission {
    fn from(grant: &TravelGrant) -> Self {
        Self {
            ticket: grant.ticket.clone(),
            connect_token: grant.connect_token.clone(),
            protocol_hash: grant.protocol_hash,
            map: grant.map,
        }
    }
}

impl TryFrom<&EnterWorld> for Admission {
    type Error = EnterError;

    fn try_from(success: &EnterWorld) -> Result<Self, EnterError> {
        let protocol_hash = u64::from_str_radix(&success.protocol_hash, 16).map_err(|_| EnterError::Hash)?;
        Ok(Self {
            ticket: success.ticket.clone(),
            connect_token: success.connect_token.clone(),
            protocol_hash,
            map: success.map(),
        })
    }
}

/// Why a client did not get into the world with an admission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnterError {
    /// The connect token can not be used.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The protocol hash is not 16 hexadecimal digits.
    #[error("the protocol hash can not be read")]
    Hash,
    /// The server speaks another protocol.
    #[error("the server speaks the protocol {server:016x}, this client {:016x}", protocol_hash())]
    ProtocolMismatch {
        /// What it speaks.
        server: u64,
    },
    /// The server did not accept in time, or the connection ended before the world was entered.
    #[error("not let in: {0}")]
    Closed(#[from] CloseReason),
    /// The server refused the greeting.
    #[error("the server refuses the greeting: {0:?}")]
    Refused(Refusal),
    /// The server sent the player away at once.
    #[error("the server sent us away: {0:?}")]
    SentAway(LeaveReason),
    /// The server accepted, but did not tell all that a player needs.
    #[error("the server did not let us begin in time")]
    Silent,
}

impl EnterError {
    /// Whether another ticket may do better.
    pub fn is_worth_another_ticket(&self) -> bool {
        matches!(self, Self::Closed(_) | Self::Silent)
    }
}

/// What every client of a program shares.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The clock.
    pub clock: Clock,
    /// Solid tiles of the maps it has.
    pub grids: Arc<Grids>,
    /// How long to wait to be accepted: [`ACCEPT_WITHIN`].
    pub accept_within: Duration,
}

impl Setup {
    /// A setup without maps.
    pub fn new(clock: Clock) -> Self {
        Self { clock, grids: Arc::default(), accept_within: ACCEPT_WITHIN }
    }
}

/// What is left of a client that is no longer connected.
#[derive(Debug)]
pub struct Remains {
    /// What the player last saw and owned.
    pub session: Session,
    /// What went over the connection.
    pub traffic: Traffic,
    /// Messages sent.
    pub messages_out: u64,
    /// What was told since the last tick, on the way out.
    pub told: Vec<ServerMessage>,
    /// Why the server says the player left, when it did.
    pub left: Option<LeaveReason>,
}

/// A player in the world.
#[derive(Debug)]
pub struct GameClient {
    transport: UdpTransport,
    session: Session,
    clock: Clock,
    next_tick: Duration,
    told: Vec<ServerMessage>,
    left: Option<LeaveReason>,
    ended: Option<CloseReason>,
    messages_out: u64,
}

impl GameClient {
    /// Connects from a fresh socket and greets. `carried`: what the character owned where it travels from.
    pub async fn enter(admission: &Admission, setup: &Setup, carried: Option<Possessions>) -> Result<Self, EnterError> {
        if admission.protocol_hash != protocol_hash() {
            return Err(EnterError::ProtocolMismatch { server: admission.protocol_hash });
        }
        let token = token::decode(&admission.connect_token, &admission.ticket)?;
        let transport = UdpTransport::connect(token, setup.clock, setup.accept_within).await?;
        let mut client = Self {
            transport,
            session: Session::new(setup.grids.clone(), carried),
            clock: setup.clock,
            next_tick: setup.clock.now(),
            told: Vec::new(),
            left: None,
            ended: None,
            messages_out: 0,
        };
        client.greet().await?;
        Ok(client)
    }

    async fn greet(&mut self) -> Result<(), EnterError> {
        self.ask(&Session::hello()).map_err(|_| EnterError::Silent)?;
        let started = self.clock.now();
        while !self.session.is_entered() {
            if self.clock.now() - started > ENTER_WITHIN {
                return Err(EnterError::Silent);
            }
            self.quiet_tick().await;
            for message in &self.told {
                match message {
                    ServerMessage::Refused { reason: Refusal::ProtocolMismatch, .. } => {
                        return Err(EnterError::Refused(Refusal::ProtocolMismatch));
                    }
                    ServerMessage::Leave { reason } => return Err(EnterError::SentAway(*reason)),
                    _ => {}
                }
            }
            if let Some(reason) = self.ended.clone() {
                return Err(reason.into());
            }
        }
        self.next_tick = self.clock.now();
        Ok(())
    }

    /// What the player sees and owns.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// As [`Self::session`], to take what it noted.
    pub fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    /// What went over the connection so far.
    pub fn traffic(&self) -> Traffic {
        self.transport.traffic()
    }

    /// What the session has counted so far.
    pub fn counters(&self) -> Counters {
        self.session.counters()
    }

    /// Queues a request; it goes out with the next tick.
    pub fn ask(&mut self, message: &ClientMessage) -> Result<(), CodecError> {
        let bytes = encode_reliable(message)?;
        self.messages_out += 1;
        if let Err(reason) = self.transport.send_message(bytes) {
            self.ended.get_or_insert(reason);
        }
        Ok(())
    }

    /// Waits for the next client tick and returns what the server told until then; then it is time to [`Self::act`].
    ///
    /// What came before the end of the connection is told before the end itself.
    pub async fn tick(&mut self) -> Result<Vec<ServerMessage>, CloseReason> {
        while self.ended.is_none() {
            let left = self.next_tick.saturating_sub(self.clock.now());
            if left.is_zero() {
                break;
            }
            if let Ok(received) = tokio::time::timeout(left, self.transport.receive()).await {
                self.note(received);
                self.take_incoming();
            }
        }
        // A client that is late must still hear what has come.
        let arrived = self.transport.take_arrived();
        self.note(arrived);
        self.take_incoming();
        if !self.told.is_empty() {
            return Ok(std::mem::take(&mut self.told));
        }
        self.ended.clone().or_else(|| self.transport.close_reason()).map_or_else(|| Ok(Vec::new()), Err)
    }

    /// Sends this tick's command, and what was asked for.
    pub fn act(&mut self, intent: Intent) {
        let frame = self.session.tick(intent);
        let sent = self.transport.finish_tick(&frame);
        self.note(sent);
        let now = self.clock.now();
        self.next_tick += self.session.pace().interval();
        if now.saturating_sub(self.next_tick) > MAX_BEHIND {
            self.next_tick = now;
        }
    }

    /// Asks to log out and waits until the server has saved and said so.
    pub async fn log_out(mut self) -> Remains {
        // A logout is a few bytes; it can always be encoded.
        let _ = self.ask(&ClientMessage::Logout);
        let started = self.clock.now();
        while self.left.is_none() && self.ended.is_none() && self.clock.now() - started < LEAVE_WITHIN {
            self.quiet_tick().await;
        }
        // Once more, so that the server hears that its goodbye has arrived.
        self.quiet_tick().await;
        self.close()
    }

    /// Ends the connection at once. The player stays in the world until the server finds that nobody is there.
    pub fn close(self) -> Remains {
        Remains {
            session: self.session,
            traffic: self.transport.close(),
            messages_out: self.messages_out,
            told: self.told,
            left: self.left,
        }
    }

    async fn quiet_tick(&mut self) {
        let sent = self.transport.finish_quiet_tick();
        self.note(sent);
        if self.ended.is_none()
            && let Ok(received) = tokio::time::timeout(QUIET_TICK, self.transport.receive()).await
        {
            self.note(received);
        }
        self.take_incoming();
    }

    fn note(&mut self, result: Result<(), CloseReason>) {
        if let Err(reason) = result {
            self.ended.get_or_insert(reason);
        }
    }

    fn take_incoming(&mut self) {
        while let Some(incoming) = self.transport.next_incoming() {
            match incoming {
                Incoming::Frame(body) => {
                    self.session.receive_frame(&body);
                }
                Incoming::Message(bytes) => {
                    let Some(message) = self.session.receive_message(&bytes) else { continue };
                    if let ServerMessage::Leave { reason } = &message {
                        self.left = Some(*reason);
                    }
                    self.told.push(message);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;

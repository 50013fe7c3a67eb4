//! A player in the world: a [`Session`] on a [`Transport`], ticking at the server's rate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use realmgate_protocol::codec::{CodecError, encode_reliable};
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::movement::Angle;
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage, protocol_hash};
use realmgate_protocol::ticket::{Ticket, TicketError};

use crate::clock::Clock;
use crate::display::Display;
use crate::session::{Counters, Grids, Intent, Possessions, Session};
use crate::token::{self, TokenError};
use crate::transport::{Carrier, CloseReason, Door, Incoming, Traffic, Transport};

/// How long a client waits for the server to accept one ticket over UDP, where it asks ten times a second.
pub const ACCEPT_WITHIN: Duration = Duration::from_secs(2);
/// How long it waits for a WebSocket or a WebTransport session to be open: as long as the server does.
pub const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// How long the server may take to send everything that a player needs to begin. A server that died after it accepted
/// us never does.
const ENTER_WITHIN: Duration = Duration::from_secs(4);
/// The same over WebTransport, where it begins before the server has accepted us: on a bad line the ticket may come late.
const TAKE_AND_ENTER_WITHIN: Duration = Duration::from_secs(6);
/// How long the server may take to save and to confirm the logout.
const LEAVE_WITHIN: Duration = Duration::from_secs(10);
/// Interval between checks for due work, while there are no ticks yet.
const QUIET_TICK: Duration = Duration::from_millis(33);
/// A client that is further behind than this does not catch up: the server takes one command per tick.
const MAX_BEHIND: Duration = Duration::from_millis(250);

/// Why a client did not enter the world with a grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnterError {
    /// The connect token cannot be used.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The protocol hash is not 16 hexadecimal digits.
    #[error("invalid protocol hash")]
    Hash,
    /// The ticket cannot be read.
    #[error("invalid ticket: {0}")]
    Ticket(#[from] TicketError),
    /// The map server answers no WebSocket.
    #[error("the map server does not support WebSocket")]
    NoWebSocket,
    /// The map server answers no WebTransport.
    #[error("the map server does not support WebTransport")]
    NoWebTransport,
    /// The server's protocol hash differs from the client's.
    #[error("the server has the protocol hash {server:016x}, this client has {:016x}", protocol_hash())]
    ProtocolMismatch {
        /// The server's protocol hash.
        server: u64,
    },
    /// The server did not accept in time, or the connection ended before the client was in the world.
    #[error("the connection closed before entry: {0}")]
    Closed(#[from] CloseReason),
    /// The server refused the `Hello`.
    #[error("the server refused the handshake: {0:?}")]
    Refused(Refusal),
    /// The server made the player leave at once.
    #[error("the server closed the session: {0:?}")]
    SentAway(LeaveReason),
    /// The server accepted, but did not send everything that a player needs.
    #[error("the server did not start the session in time")]
    Silent,
}

impl EnterError {
    /// Whether another ticket may help.
    pub fn is_worth_another_ticket(&self) -> bool {
        matches!(self, Self::Closed(_) | Self::Silent)
    }
}

/// The same URL at another address.
fn at_address(url: &str, address: SocketAddr) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("ws", url));
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    format!("{scheme}://{address}{path}")
}

/// What all clients of a program share. [`Entry`](crate::entry::Entry) has an example.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The clock.
    pub clock: Clock,
    /// The solid tiles of maps that the program has.
    pub grids: Arc<Grids>,
    /// How long to wait for the server to accept; by default [`ACCEPT_WITHIN`] over UDP, and else [`OPEN_WITHIN`].
    pub accept_within: Option<Duration>,
    /// Where to send to instead of at the address that the server names: something stands between.
    pub through: Option<SocketAddr>,
    /// What carries payloads; UDP by default.
    pub carrier: Carrier,
}

impl Setup {
    /// A setup without maps.
    pub fn new(clock: Clock) -> Self {
        Self { clock, grids: Arc::default(), accept_within: None, carrier: Carrier::default(), through: None }
    }
}

/// What is left of a client that is no longer connected.
#[derive(Debug)]
pub struct Remains {
    /// The session: what the player last saw and owned.
    pub session: Session,
    /// The traffic of the connection.
    pub traffic: Traffic,
    /// Number of reliable messages sent.
    pub messages_out: u64,
    /// Messages received since the last tick, while leaving.
    pub told: Vec<ServerMessage>,
    /// The reason that the server gave for the end, if any.
    pub left: Option<LeaveReason>,
}

/// A player in the world. [`Entry`](crate::entry::Entry) has an example.
#[derive(Debug)]
pub struct GameClient {
    transport: Transport,
    session: Session,
    display: Option<Display>,
    clock: Clock,
    next_tick: Duration,
    told: Vec<ServerMessage>,
    /// Until when its body may stay, since it may not leave a fight.
    stays_until: Duration,
    left: Option<LeaveReason>,
    ended: Option<CloseReason>,
    messages_out: u64,
}

impl GameClient {
    /// Connects from a fresh socket and greets. `carried` is what the character owned on the server it travels from.
    ///
    /// # Errors
    /// The [`EnterError`] that says why: before connecting a bad token or protocol hash, then whatever ended the
    /// attempt.
    pub async fn enter(grant: &EntryGrant, setup: &Setup, carried: Option<Possessions>) -> Result<Self, EnterError> {
        let server = grant.hash().ok_or(EnterError::Hash)?;
        if server != protocol_hash() {
            return Err(EnterError::ProtocolMismatch { server });
        }
        let open_within = setup.accept_within.unwrap_or(OPEN_WITHIN);
        let transport = match setup.carrier {
            Carrier::Udp | Carrier::Renet => {
                let token = token::decode(&grant.connect_token, &grant.ticket)?;
                let accept_within = setup.accept_within.unwrap_or(ACCEPT_WITHIN);
                Transport::udp(token, setup.carrier.framing(), setup.through, setup.clock, accept_within).await?
            }
            Carrier::WebSocket => {
                let url = grant.map_ws_url.as_deref().ok_or(EnterError::NoWebSocket)?;
                let ticket = Ticket::bytes_of_text(&grant.ticket)?;
                let url = setup.through.map_or_else(|| url.to_owned(), |address| at_address(url, address));
                Transport::websocket(&url, ticket, setup.clock, open_within).await?
            }
            Carrier::WebTransport => {
                let url = grant.map_wt_url.as_deref().ok_or(EnterError::NoWebTransport)?;
                let url = setup.through.map_or_else(|| url.to_owned(), |address| at_address(url, address));
                let door = Door { url, certificate: grant.map_wt_cert_sha256.clone() };
                let ticket = Ticket::bytes_of_text(&grant.ticket)?;
                Transport::webtransport(&door, &ticket, setup.clock, open_within).await?
            }
        };
        let mut client = Self {
            transport,
            session: Session::new(setup.grids.clone(), carried),
            display: None,
            clock: setup.clock,
            next_tick: setup.clock.now(),
            told: Vec::new(),
            stays_until: Duration::ZERO,
            left: None,
            ended: None,
            messages_out: 0,
        };
        let is_accepted = setup.carrier != Carrier::WebTransport;
        client.greet(if is_accepted { ENTER_WITHIN } else { TAKE_AND_ENTER_WITHIN }).await?;
        Ok(client)
    }

    async fn greet(&mut self, within: Duration) -> Result<(), EnterError> {
        self.ask(&Session::hello()).map_err(|_| EnterError::Silent)?;
        let started = self.clock.now();
        while !self.session.is_entered() {
            if self.clock.now() - started > within {
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

    /// The session: what the player sees and owns.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// As [`Self::session`], but mutable, to take its anomalies.
    pub fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Begins to keep what a screen shows: see [`Self::show`]. A client that nobody looks at does without.
    pub fn open_display(&mut self) {
        self.display = self.session.welcome().map(|welcome| Display::new(welcome.tick_hz));
    }

    /// What a screen shows, after [`Self::open_display`].
    pub fn display(&self) -> Option<&Display> {
        self.display.as_ref()
    }

    /// A frame is about to be drawn, while the player presses this direction: moves the display on to now.
    pub fn show(&mut self, heading: Option<Angle>) {
        if let Some(display) = &mut self.display {
            display.advance(&self.session, heading, self.clock.now());
        }
    }

    /// Whether the connection has ended.
    pub fn is_over(&self) -> bool {
        self.ended.is_some() || self.transport.close_reason().is_some()
    }

    /// When the next client tick is due, by the clock of the [`Setup`].
    pub fn next_tick(&self) -> Duration {
        self.next_tick
    }

    /// The traffic of the connection so far.
    pub fn traffic(&self) -> Traffic {
        self.transport.traffic()
    }

    /// The session's counters so far.
    pub fn counters(&self) -> Counters {
        self.session.counters()
    }

    /// Queues a request, which is sent with the next tick. A full queue ends the client: [`Self::tick`] returns the
    /// reason.
    ///
    /// # Errors
    /// [`CodecError::TooLong`] when the message is too long for one reliable message.
    pub fn ask(&mut self, message: &ClientMessage) -> Result<(), CodecError> {
        let bytes = encode_reliable(message)?;
        self.messages_out += 1;
        if let Err(reason) = self.transport.send_message(bytes) {
            self.ended.get_or_insert(reason);
        }
        Ok(())
    }

    /// Waits for the next client tick and returns the messages received until then. Then it is time to [`Self::act`].
    ///
    /// Messages from before the end of the connection are returned before the end itself.
    ///
    /// # Errors
    /// The [`CloseReason`], once the connection has ended and all messages have been returned.
    pub async fn tick(&mut self) -> Result<Vec<ServerMessage>, CloseReason> {
        self.receive_until(self.next_tick).await
    }

    /// As [`Self::tick`], but waits until a moment of the clock: the next frame of a screen, for example.
    ///
    /// # Errors
    /// As [`Self::tick`].
    pub async fn receive_until(&mut self, moment: Duration) -> Result<Vec<ServerMessage>, CloseReason> {
        while self.ended.is_none() {
            let left = moment.saturating_sub(self.clock.now());
            if left.is_zero() {
                break;
            }
            if let Ok(received) = tokio::time::timeout(left, self.transport.receive()).await {
                self.note(received);
                self.take_incoming();
            }
        }
        // A late client must still receive what has arrived.
        let arrived = self.transport.take_arrived();
        self.note(arrived);
        self.take_incoming();
        if !self.told.is_empty() {
            return Ok(std::mem::take(&mut self.told));
        }
        self.ended.clone().or_else(|| self.transport.close_reason()).map_or_else(|| Ok(Vec::new()), Err)
    }

    /// Sends this tick's command and the queued requests.
    pub fn act(&mut self, intent: Intent) {
        let intent = self.display.as_ref().map_or(intent, |display| display.with_seen(intent));
        let frame = self.session.tick(intent);
        let sent = self.transport.finish_tick(Some(&frame));
        self.note(sent);
        let now = self.clock.now();
        if let Some(display) = &mut self.display {
            display.take_tick(&self.session, intent, now);
        }
        self.next_tick += self.session.pace().interval();
        if now.saturating_sub(self.next_tick) > MAX_BEHIND {
            self.next_tick = now;
        }
    }

    /// Logs out and waits until the server has saved and confirmed it. In a fight the body stays until that is over.
    pub async fn log_out(mut self) -> Remains {
        // A logout is a few bytes and can always be encoded.
        let _ = self.ask(&ClientMessage::Logout);
        let started = self.clock.now();
        while self.left.is_none()
            && self.ended.is_none()
            && self.clock.now() < self.stays_until.max(started) + LEAVE_WITHIN
        {
            self.quiet_tick().await;
        }
        // Once more, so that the server gets the acknowledgement of its last message.
        self.quiet_tick().await;
        self.close()
    }

    /// Ends the connection at once. The player stays in the world until the server notices.
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
        let sent = self.transport.finish_tick(None);
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
                    if self.session.receive_frame(&body)
                        && let Some(display) = &mut self.display
                    {
                        display.take_snapshot(&self.session, self.clock.now());
                    }
                }
                Incoming::Message(bytes) => {
                    let Some(message) = self.session.receive_message(&bytes) else { continue };
                    if let ServerMessage::Leave { reason } = &message {
                        self.left = Some(*reason);
                    }
                    if let ServerMessage::LeavingIn { at_most_ms, .. } = &message {
                        self.stays_until = self.clock.now() + Duration::from_millis((*at_most_ms).into());
                    }
                    self.told.push(message);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! One player of the load: a socket, a connection, a mind, and what it does.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::Result;
use realmgate_client::session::{Intent, Session};
use realmgate_protocol::codec::encode_reliable;
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::{ClientMessage, EntityKind, ServerMessage};
use realmgate_protocol::wire::{Action, Aim};

use super::age::Watch;
use super::aim;
use super::chance::Chance;
use super::client_netcode::Stage;
use super::line::Line;
use super::mind::{Mind, Shown};
use super::scene::{Scene, units};
use super::wire::{Incoming, Wire};

/// How often it knocks until it is let in.
const KNOCK_EVERY: Duration = Duration::from_millis(250);
/// Ticks between two uses of an ability: as often as the shipped data lets any be used.
const USE_EVERY: u32 = 6;
/// Ticks between two looks at what lies around.
const LOOT_EVERY: u32 = 10;
/// How near something must lie to be picked up.
const REACH_TILES: f64 = 2.0;
/// Commands that wait at the server beyond this make a player pause for a tick.
const MOST_BUFFERED: u8 = 3;
/// The first player's host in 127.1.0.0/16.
const FIRST_HOST: u32 = 2;
/// Commands whose sending is remembered.
const MAX_FLIGHT: usize = 32;
/// What IPv4 and UDP add to a datagram.
pub const HEADER_BYTES: u64 = 28;

/// What a player has counted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Traffic {
    /// Datagrams that came.
    pub datagrams_in: u64,
    /// Their bytes, without headers.
    pub bytes_in: u64,
    /// Datagrams that went.
    pub datagrams_out: u64,
    /// Their bytes.
    pub bytes_out: u64,
    /// Snapshots that were newer than the one before.
    pub snapshots: u64,
    /// Ticks between two snapshots of which none came.
    pub missed: u64,
    /// Snapshots that left it in the dark about itself.
    pub without_own: u64,
    /// Input commands that the server says it has applied.
    pub applied: u64,
}

impl Traffic {
    /// All of another.
    pub fn add(&mut self, other: &Self) {
        self.datagrams_in += other.datagrams_in;
        self.bytes_in += other.bytes_in;
        self.datagrams_out += other.datagrams_out;
        self.bytes_out += other.bytes_out;
        self.snapshots += other.snapshots;
        self.missed += other.missed;
        self.without_own += other.without_own;
        self.applied += other.applied;
    }
}

/// What all players together were told.
#[derive(Debug, Default)]
pub struct Known {
    /// The newest tick that anybody was shown.
    pub newest: Tick,
    /// Where each of them is.
    pub places: Vec<(EntityId, Position)>,
}

/// A player.
pub struct Player {
    number: usize,
    socket: UdpSocket,
    line: Line,
    wire: Wire,
    /// What it makes of what it is told.
    pub mind: Mind,
    /// What it sees of others, where it is watched.
    pub watch: Option<Box<Watch>>,
    /// Since counting began.
    pub traffic: Traffic,
    chance: Chance,
    heading: Angle,
    turn_at: u32,
    ticks: u32,
    issued: u32,
    last_applied: u32,
    buffered: u8,
    at: Option<Position>,
    /// The tick of the newest snapshot.
    newest: Tick,
    /// The newest tick that anybody had been shown when each of the newest commands was sent.
    sent_as_of: [Tick; MAX_FLIGHT],
    knocked_at: Option<Duration>,
    greeted: bool,
    left: bool,
    /// Gains that it was told of.
    pub won: u64,
    /// How often it sends each payload once more: a client that floods.
    pub repeats: u32,
}

impl Player {
    /// A player that has not spoken yet.
    pub fn new(number: usize, socket: UdpSocket, (line, wire): (Line, Wire), deep: bool, watched: bool) -> Self {
        let mut chance = Chance::new(number as u64 + 1);
        Self {
            number,
            socket,
            line,
            wire,
            mind: Mind::new(deep || watched),
            watch: watched.then(Box::default),
            traffic: Traffic::default(),
            heading: Angle(chance.below(256) as u8),
            turn_at: chance.below(20) as u32,
            chance,
            ticks: 0,
            issued: 0,
            last_applied: 0,
            buffered: 0,
            at: None,
            newest: Tick(0),
            sent_as_of: [Tick(0); MAX_FLIGHT],
            knocked_at: None,
            greeted: false,
            left: false,
            won: 0,
            repeats: 0,
        }
    }

    /// Its socket.
    pub fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// Whether stock renet frames its payloads.
    pub fn is_renet(&self) -> bool {
        self.wire.is_renet()
    }

    /// From now on its packets cost a server as much as they can, if stock renet frames them.
    pub fn turn_hostile(&mut self) {
        self.wire.turn_hostile();
    }

    /// Whether it plays.
    pub fn is_in(&self) -> bool {
        self.line.stage() == Stage::Connected && self.mind.is_entered() && !self.left
    }

    /// Whether it was in and is no more, or was never let in.
    pub fn is_lost(&self) -> bool {
        self.line.stage() == Stage::Ended || self.left
    }

    /// The newest tick that anybody had been shown when this command was sent; only once for each, and only for the
    /// newest.
    pub fn sent_as_of(&mut self, command: u32) -> Option<Tick> {
        let is_remembered = command > 0 && self.issued - command.min(self.issued) < MAX_FLIGHT as u32;
        let sent = is_remembered.then(|| std::mem::take(&mut self.sent_as_of[command as usize % MAX_FLIGHT]));
        sent.filter(|tick| *tick != Tick(0))
    }

    /// Ticks for which it has heard nothing, the newest tick of all being this.
    pub fn silent_for(&self, newest: Tick) -> u32 {
        newest.since(self.newest)
    }

    /// What could not be read, and promises that were broken.
    pub fn faults(&self) -> u64 {
        self.mind.faults() + self.wire.bad_payloads
    }

    /// Takes one datagram, if there is one; what a frame in it told.
    pub fn receive(&mut self, now: Duration, buffer: &mut [u8]) -> Option<Shown> {
        let length = self.socket.recv(buffer).ok()?;
        self.traffic.datagrams_in += 1;
        self.traffic.bytes_in += length as u64;
        let payload = self.line.receive(&mut buffer[..length])?;
        let Self { wire, mind, left, won, .. } = self;
        let mut shown = None;
        wire.receive(payload, now, |incoming| match incoming {
            Incoming::Frame(body) => shown = mind.see(body).or(shown),
            Incoming::Message(bytes) => match mind.hear(&bytes) {
                Some(ServerMessage::Leave { .. }) => *left = true,
                // Said once it is committed, and not before.
                Some(ServerMessage::Experience { .. }) => *won += 1,
                _ => {}
            },
        });
        if let Some(shown) = shown {
            self.note(shown);
        }
        shown
    }

    fn note(&mut self, shown: Shown) {
        self.traffic.snapshots += 1;
        if self.newest != Tick(0) {
            self.traffic.missed += u64::from(shown.tick.since(self.newest).saturating_sub(1));
        }
        self.newest = shown.tick;
        self.traffic.without_own += u64::from(shown.own.is_none());
        self.traffic.applied += u64::from(shown.last_command.saturating_sub(self.last_applied));
        self.last_applied = self.last_applied.max(shown.last_command);
        (self.buffered, self.at) = (shown.buffered, shown.own.or(self.at));
        if let (Some(watch), Mind::Deep(session), Some(own), Some(at)) =
            (&mut self.watch, &self.mind, self.mind.own(), self.at)
        {
            let is_player = |kind| kind == Some(EntityKind::Player);
            let others = session.world.entities().filter(|(_, view)| is_player(view.kind()));
            watch.look(shown.tick, (own, at), others.filter_map(|(id, view)| Some((id, view.position()?))));
        }
    }

    /// One tick of the player: knocks, greets, or plays.
    pub fn tick(&mut self, scene: &Scene, now: Duration, known: &Known, out: &mut Vec<u8>) {
        match self.line.stage() {
            Stage::Asking | Stage::Answering => self.knock(now, out),
            Stage::Connected => self.play(scene, now, known, out),
            Stage::Ended => {}
        }
    }

    fn knock(&mut self, now: Duration, out: &mut Vec<u8>) {
        if self.knocked_at.is_some_and(|at| now - at < KNOCK_EVERY) {
            return;
        }
        self.knocked_at = Some(now);
        if self.line.knock(out) {
            send(&self.socket, out, &mut self.traffic);
        }
    }

    /// Answers a challenge at once, rather than when it next knocks.
    pub fn hurry(&mut self) {
        if self.line.stage() == Stage::Answering {
            self.knocked_at = None;
        }
    }

    fn play(&mut self, scene: &Scene, now: Duration, known: &Known, out: &mut Vec<u8>) {
        if !self.greeted {
            self.greeted = true;
            if let Ok(hello) = encode_reliable(&Session::hello()) {
                self.wire.say(hello);
            }
        }
        self.ticks += 1;
        // The server takes one command a tick; one whose clock runs ahead pauses.
        let is_ahead = self.buffered > MOST_BUFFERED && self.ticks.is_multiple_of(2);
        let frame = (self.mind.is_entered() && !is_ahead).then(|| {
            let intent = self.intent(scene, &known.places);
            self.issued += 1;
            self.sent_as_of[self.issued as usize % MAX_FLIGHT] = known.newest;
            self.mind.tick(intent)
        });
        let Self { wire, line, socket, traffic, repeats, .. } = self;
        wire.finish_tick(frame.as_ref(), now, |payload| {
            for _ in 0..=*repeats {
                line.payload(payload, out);
                send(socket, out, traffic);
            }
        });
        if !self.mind.is_entered() && self.ticks.is_multiple_of(5) {
            // The server waits for a sign before it speaks.
            if self.line.keep_alive(out) {
                send(&self.socket, out, &mut self.traffic);
            }
        }
    }

    /// Who it is and where, once it is told.
    pub fn place(&self) -> Option<(EntityId, Position)> {
        Some((self.mind.own()?, self.at?))
    }

    /// What it wants this tick.
    fn intent(&mut self, scene: &Scene, places: &[(EntityId, Position)]) -> Intent {
        if self.ticks >= self.turn_at || self.at.is_some_and(|at| !scene.belongs(at)) {
            self.heading = scene.heading(self.at, &mut self.chance);
            self.turn_at = self.ticks + 15 + self.chance.below(10) as u32;
        }
        let heading = Some(self.heading);
        if !scene.scenario.has_fights() {
            return Intent { heading, action: None };
        }
        // Everybody at another moment.
        let phase = self.ticks + self.number as u32;
        let at = self.at.filter(|_| phase.is_multiple_of(USE_EVERY));
        let action = at.and_then(|at| {
            let (slot, target) = aim::next(&self.mind, scene, at, phase / USE_EVERY, places)?;
            Some(Action::new(slot, target.map_or(Aim::Direction(self.heading), Aim::Entity)))
        });
        if phase.is_multiple_of(LOOT_EVERY) {
            self.ask();
        }
        Intent { heading, action }
    }

    /// Asks to live again, or for what lies in reach.
    fn ask(&mut self) {
        let (Mind::Deep(session), Some(at)) = (&self.mind, self.at) else { return };
        let wish = if session.own_entity().is_some_and(|own| own.is_dead()) {
            Some(ClientMessage::Respawn)
        } else {
            let goods = session.world.entities().filter(|(_, view)| {
                matches!(view.kind(), Some(EntityKind::GroundItem | EntityKind::GroundGold))
                    && view.position().is_some_and(|lies| lies.within(at, units(REACH_TILES)))
            });
            goods.map(|(entity, _)| ClientMessage::PickUp { entity }).next()
        };
        if let Some(bytes) = wish.and_then(|wish| encode_reliable(&wish).ok()) {
            self.wire.say(bytes);
        }
    }

    /// Goes.
    pub fn leave(&mut self, out: &mut Vec<u8>) {
        if self.line.stage() == Stage::Connected && self.line.farewell(out) {
            send(&self.socket, out, &mut self.traffic);
        }
    }
}

/// A socket on an address of its own: a server counts what comes from one address together.
///
/// # Errors
/// When the address cannot be bound, or the socket cannot be connected to the server.
pub fn open_socket(number: usize, server: SocketAddr) -> Result<UdpSocket> {
    let socket = UdpSocket::bind((host_of(number), 0))?;
    socket.connect(server)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// The address of a player.
pub fn host_of(number: usize) -> Ipv4Addr {
    let [_, _, high, low] = (number as u32 + FIRST_HOST).to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

/// Whose address this is, by [`open_socket`].
pub fn number_of(address: Ipv4Addr) -> usize {
    let [_, _, high, low] = address.octets();
    (usize::from(high) << 8 | usize::from(low)).wrapping_sub(FIRST_HOST as usize)
}

/// A full send buffer loses the datagram, as the network may.
fn send(socket: &UdpSocket, datagram: &[u8], traffic: &mut Traffic) {
    if socket.send(datagram).is_ok() {
        traffic.datagrams_out += 1;
        traffic.bytes_out += datagram.len() as u64;
    }
}

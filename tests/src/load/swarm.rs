//! All players of a load, driven by one thread.
//!
//! Their ticks are spread evenly over the server's, as those of people are.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use realmgate_client::transport::Framing;
use realmgate_protocol::ids::Tick;

use super::age::{Ages, Truth};
use super::chance::Chance;
use super::client_netcode::NetcodeClient;
use super::double::{Announced, Double};
use super::figures::Counts;
use super::line::Line;
use super::player::{Known, Player, Traffic, open_socket};
use super::relay::Relay;
use super::scene::Scene;
use super::sockets::Sockets;
use super::turns::Turns;
use super::wire::Wire;

/// Players that are announced together.
const ANNOUNCED_TOGETHER: usize = 100;
/// Players that may be on their way in at once.
const ON_THE_WAY: usize = 400;
/// How long it may take until so many are in, and a second more for every hundred.
const JOIN_WITHIN: Duration = Duration::from_secs(30);
/// Longer than any datagram.
const BUFFER_BYTES: usize = 2_048;

/// Which players see everything, and which are watched for how old it is.
#[derive(Debug, Clone, Copy)]
pub struct Depth {
    /// One in so many keeps the client library's whole session.
    pub deep_every: usize,
    /// One in so many is watched.
    pub watch_every: usize,
}

/// How players reach the server: over UDP in our own framing, unless a field says otherwise.
#[derive(Default, Clone, Copy)]
pub struct Route<'a> {
    /// By this relay.
    pub relay: Option<&'a Relay>,
    /// So many of them, the last ones, in the framing of stock renet.
    pub renet: usize,
}

/// What players of one framing were shown.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// Number of players.
    pub players: usize,
    /// Of all of them together.
    pub traffic: Traffic,
    /// Of the watched ones alone.
    pub watched: Traffic,
    /// What the watched ones saw.
    pub ages: Ages,
}

/// What is counted in a window.
#[derive(Debug, Default, Clone)]
pub struct Window {
    /// What those with our framing were shown.
    pub own: Seen,
    /// What those with stock renet's were shown.
    pub renet: Seen,
    /// From an input's datagram to the first snapshot that tells that it was applied, in ticks.
    pub input_to_snapshot: Counts,
    /// Players' ticks that came late.
    pub late: u64,
    /// Players' ticks.
    pub due: u64,
    /// Ticks that the server has shown to somebody.
    pub ticks_shown: u32,
}

/// All players of a load.
pub struct Swarm {
    scene: Scene,
    players: Vec<Player>,
    sockets: Sockets,
    turns: Turns,
    started: Instant,
    truth: Truth,
    known: Known,
    judged: Tick,
    opened_at: Tick,
    window: Window,
    buffer: Box<[u8; BUFFER_BYTES]>,
    out: Vec<u8>,
}

impl Seen {
    /// All of another.
    fn add(&mut self, other: &Self) {
        self.players += other.players;
        self.traffic.add(&other.traffic);
        self.watched.add(&other.watched);
        self.ages.add(&other.ages);
    }
}

impl Window {
    /// What all players were shown.
    pub fn all(&self) -> Seen {
        let mut all = self.own.clone();
        all.add(&self.renet);
        all
    }
}

impl Swarm {
    /// Nobody yet.
    ///
    /// # Errors
    /// When the system gives no epoll instance.
    #[expect(clippy::disallowed_methods, reason = "a load keeps real time")]
    pub fn new(scene: Scene) -> Result<Self> {
        Ok(Self {
            scene,
            players: Vec::with_capacity(scene.players),
            sockets: Sockets::new()?,
            turns: Turns::new(scene.players),
            started: Instant::now(),
            truth: Truth::default(),
            known: Known::default(),
            judged: Tick(0),
            opened_at: Tick(0),
            window: Window::default(),
            buffer: Box::new([0; BUFFER_BYTES]),
            out: Vec::with_capacity(BUFFER_BYTES),
        })
    }

    /// Announces all players and has them join; how long that took.
    ///
    /// # Errors
    /// When a player is refused or sent away, not all are in in time, or a socket or the map link fails.
    pub fn join(&mut self, double: &Double, server: SocketAddr, route: Route<'_>, depth: Depth) -> Result<Duration> {
        let begun = self.now();
        let within = JOIN_WITHIN + Duration::from_millis(10 * self.scene.players as u64);
        let mut chance = Chance::new(7);
        let mut announced_ones: Vec<Announced> = Vec::new();
        loop {
            self.step()?;
            let inside = self.inside();
            if inside == self.scene.players {
                return Ok(self.now() - begun);
            }
            ensure!(self.lost() == 0, "{} players were refused or sent away while they joined", self.lost());
            ensure!(
                self.now() - begun < within,
                "only {inside} of {} players are in after {within:?}, without player {}",
                self.scene.players,
                self.players.iter().position(|player| !player.is_in()).unwrap_or(self.players.len())
            );
            if double.is_settled() {
                for announced in announced_ones.drain(..) {
                    let number = self.players.len();
                    let (socket, line) = match route.relay {
                        None => {
                            let netcode = NetcodeClient::new(&announced.token);
                            (open_socket(number, server)?, Line::Netcode(Box::new(netcode)))
                        }
                        Some(relay) => (relay.carry(number, announced)?, Line::Relayed),
                    };
                    let is_renet = number + route.renet >= self.scene.players;
                    let wire = Wire::new(if is_renet { Framing::Renet } else { Framing::Own });
                    let deep = number.is_multiple_of(depth.deep_every);
                    let watched = number.is_multiple_of(depth.watch_every);
                    self.add(Player::new(number, socket, (line, wire), deep, watched))?;
                }
                let announced = self.players.len();
                let free = ON_THE_WAY.saturating_sub(announced - inside).min(ANNOUNCED_TOGETHER);
                for number in announced..(announced + free).min(self.scene.players) {
                    announced_ones.push(double.announce(self.scene.character(number, &mut chance), server)?);
                }
            }
        }
    }

    fn add(&mut self, player: Player) -> Result<()> {
        self.sockets.add(self.players.len(), player.socket())?;
        self.players.push(player);
        Ok(())
    }

    /// From now on the first player sends everything so many times more: each a packet of its own, properly sealed.
    pub fn have_one_flood(&mut self, repeats: u32) {
        self.players.iter_mut().take(1).for_each(|player| player.repeats = repeats);
    }

    /// From now on all whose payloads stock renet frames send packets that cost a server as much as they can.
    pub fn have_renet_turn_hostile(&mut self) {
        self.players.iter_mut().for_each(Player::turn_hostile);
    }

    /// Plays for so long.
    ///
    /// # Errors
    /// When waiting for datagrams fails.
    pub fn play(&mut self, lasts: Duration) -> Result<()> {
        let end = self.now() + lasts;
        while self.now() < end {
            self.step()?;
        }
        Ok(())
    }

    /// Plays until something is so, which is asked for between steps; `what` names it for the error.
    ///
    /// # Errors
    /// When it is not so in time, or waiting for datagrams fails.
    pub fn play_until(&mut self, what: &str, within: Duration, mut is_so: impl FnMut(&mut Self) -> bool) -> Result<()> {
        let end = self.now() + within;
        while !is_so(self) {
            self.step()?;
            ensure!(self.now() < end, "waited {within:?} in vain until {what}");
        }
        Ok(())
    }

    /// Begins to count anew.
    pub fn open_window(&mut self) {
        self.window = Window::default();
        self.turns.reset();
        self.opened_at = self.known.newest;
        for player in &mut self.players {
            player.traffic = Traffic::default();
            player.watch.iter_mut().for_each(|watch| watch.reset());
        }
    }

    /// What was counted since.
    pub fn close_window(&mut self) -> Window {
        let mut window = std::mem::take(&mut self.window);
        (window.late, window.due) = (self.turns.late, self.turns.due);
        window.ticks_shown = self.known.newest.since(self.opened_at);
        for player in &self.players {
            let seen = if player.is_renet() { &mut window.renet } else { &mut window.own };
            seen.players += 1;
            seen.traffic.add(&player.traffic);
            // The snapshots of a tick do not come at once.
            seen.traffic.missed += u64::from(player.silent_for(self.known.newest).saturating_sub(2));
            if let Some(watch) = &player.watch {
                seen.watched.add(&player.traffic);
                seen.ages.add(&watch.ages);
            }
        }
        window
    }

    /// Time since it began.
    #[expect(clippy::disallowed_methods, reason = "a load keeps real time")]
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Players in the world.
    pub fn inside(&self) -> usize {
        self.players.iter().filter(|player| player.is_in()).count()
    }

    /// Players that were sent away.
    pub fn lost(&self) -> usize {
        self.players.iter().filter(|player| player.is_lost()).count()
    }

    /// What could not be read, and promises that were broken.
    pub fn faults(&self) -> u64 {
        self.players.iter().map(Player::faults).sum()
    }

    /// Gains that players were told of.
    pub fn won(&self) -> u64 {
        self.players.iter().map(|player| player.won).sum()
    }

    /// All go.
    pub fn leave(&mut self) {
        self.players.iter_mut().for_each(|player| player.leave(&mut self.out));
    }

    /// What is due, and what has come.
    fn step(&mut self) -> Result<()> {
        self.tick_due_players();
        self.judge();
        let found = self.sockets.wait(self.turns.next_at().saturating_sub(self.now()))?;
        for at in 0..found {
            self.receive(self.sockets.found(at));
        }
        Ok(())
    }

    fn receive(&mut self, number: usize) {
        let now = self.now();
        let player = &mut self.players[number];
        let shown = player.receive(now, &mut self.buffer[..]);
        player.hurry();
        let Some(shown) = shown else { return };
        self.known.newest = self.known.newest.max(shown.tick);
        if let (Some(own), Some(at)) = (player.mind.own(), shown.own) {
            self.truth.note(own, shown.tick, at);
        }
        if let Some(sent) = player.sent_as_of(shown.last_command) {
            self.window.input_to_snapshot.add(u64::from(shown.tick.since(sent)));
        }
    }

    fn tick_due_players(&mut self) {
        let now = self.now();
        while let Some(number) = self.turns.next(now) {
            // While they join, not all are there.
            if let Some(player) = self.players.get_mut(number) {
                player.tick(&self.scene, now, &self.known, &mut self.out);
            }
        }
    }

    /// Once a tick: where everybody is, and how old is what the watched ones see.
    fn judge(&mut self) {
        if self.known.newest == self.judged {
            return;
        }
        self.judged = self.known.newest;
        self.known.places.clear();
        for player in &mut self.players {
            self.known.places.extend(player.place());
            if let Some(watch) = &mut player.watch {
                watch.judge(&self.truth, self.known.newest);
            }
        }
    }
}

//! One line: players enter, walk about, lose the line for a while, and leave.
//!
//! `rust`, `javascript` and `godot` are the players of each library.

mod godot;
mod javascript;
mod rust;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use realmgate_client::client::Setup;
use realmgate_client::clock::Clock;
use realmgate_client::transport::Carrier;

use super::hits::Agreement;
use super::measure::Figures;
use super::newcomer::Newcomer;
use super::player::Player;
use crate::conditioner::{Conditions, Profile, TcpConditioner, UdpConditioner};
use crate::godot::Godot;
use crate::map_server::MapServer;

/// Time in which clocks are set and buffers settle, before anything is measured.
const SETTLES_IN: Duration = Duration::from_secs(3);
/// How long the truth is looked at beyond the last frame: a frame lies between two snapshots.
const OBSERVED_BEYOND: Duration = Duration::from_millis(200);
/// How long the server may take to accept a ticket on a bad line.
const ACCEPT_WITHIN: Duration = Duration::from_secs(10);
/// How long the line is down.
const BLACKOUT: Duration = Duration::from_secs(3);
/// How long play may take to go on after it.
const COMES_BACK_WITHIN: Duration = Duration::from_secs(10);
/// Players behind the line.
const WALKERS: u64 = 2;

/// What was measured on a line.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The line.
    pub profile: Profile,
    /// The worst of the players, figure by figure.
    pub figures: Figures,
    /// On how many hits screens and server agree.
    pub hits: Agreement,
    /// How long each who entered took, from the first packet to the last message that play needs, with all tickets that it tried; the
    /// fastest first.
    pub enter: Vec<Duration>,
    /// How long after a blackout of 3 s the server applied commands again, at most; `None` where that is not measured.
    pub back_after: Option<Duration>,
    /// Connections that ended by themselves.
    pub disconnects: u32,
}

/// The library that players behind the line play with.
#[derive(Debug, Clone)]
pub enum Core {
    /// That in Rust.
    Rust,
    /// That in JavaScript, in Node, over WebTransport or a WebSocket.
    JavaScript,
    /// The add-on for Godot, over UDP: what its nodes show.
    Godot(Godot),
}

/// A realm that players of all rounds play in.
pub struct Realm<'a> {
    /// The server.
    pub server: &'a MapServer,
    /// The clock of all clients.
    pub clock: Clock,
    /// What those behind the line play with.
    pub core: Core,
    /// What carries the payloads of those behind the line.
    pub carrier: Carrier,
    /// What all chances are drawn from.
    pub seed: u64,
}

/// The bad line of either kind.
enum Conditioner {
    Udp(UdpConditioner),
    Tcp(TcpConditioner),
}

impl Conditioner {
    async fn open(carrier: Carrier, server: &MapServer, profile: Profile, seed: u64) -> io::Result<Self> {
        let game = server.ready.game;
        Ok(match carrier {
            Carrier::Udp | Carrier::Renet => Self::Udp(UdpConditioner::to(game, profile.conditions, seed).await?),
            Carrier::WebSocket => Self::Tcp(TcpConditioner::to(game, profile.conditions, seed).await?),
            Carrier::WebTransport => {
                Self::Udp(UdpConditioner::to(server.ready.webtransport(), profile.conditions, seed).await?)
            }
        })
    }

    fn address(&self) -> SocketAddr {
        match self {
            Self::Udp(line) => line.address(),
            Self::Tcp(line) => line.address(),
        }
    }

    fn set_down(&self, is_down: bool) {
        match self {
            Self::Udp(line) => line.set_down(is_down),
            Self::Tcp(line) => line.set_down(is_down),
        }
    }

    /// Makes it a good line, for goodbyes.
    fn mend(&self) {
        match self {
            Self::Udp(line) => line.set(Conditions::default()),
            Self::Tcp(line) => line.set(Conditions::default()),
        }
    }
}

impl Realm<'_> {
    /// Measures one line.
    ///
    /// # Errors
    /// When a player cannot enter, or a connector fails.
    pub async fn measure(&self, profile: Profile, plays: Duration) -> Result<Measured> {
        let line = Conditioner::open(self.carrier, self.server, profile, self.seed).await?;
        match &self.core {
            Core::Rust => self.measure_rust(profile, plays, &line).await,
            Core::JavaScript => self.measure_javascript(profile, plays, &line).await,
            Core::Godot(godot) => self.measure_godot(profile, plays, &line, godot).await,
        }
    }

    /// A new account's first character, in the world.
    async fn player(&self, through: Option<SocketAddr>, number: u64) -> Result<Player> {
        let mut newcomer = Newcomer::new(self.server).await?;
        // Who sees the truth sees it over UDP.
        let carrier = if through.is_some() { self.carrier } else { Carrier::Udp };
        let setup = Setup { through, carrier, accept_within: Some(ACCEPT_WITHIN), ..Setup::new(self.clock) };
        Player::enter(&mut newcomer, &setup, self.seed + number).await
    }
}

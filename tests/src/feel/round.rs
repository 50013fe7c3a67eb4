//! One line: players enter, walk about, lose the line for a while, and leave.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use realmgate_client::client::{GameClient, Setup};
use realmgate_client::clock::Clock;
use realmgate_client::display::DisplayCounters;
use realmgate_client::gateway::Gateway;
use realmgate_client::transport::Carrier;
use realmgate_protocol::entry::EntryGrant;

use super::godot::GodotPlayer;
use super::hits::{Agreement, Striker};
use super::javascript::NodePlayer;
use super::measure::{Counted, Figures, judge_all};
use super::player::{Picture, Player};
use super::truth::Truth;
use crate::account::{Account, Character};
use crate::conditioner::{Conditions, Profile, TcpConditioner, UdpConditioner};
use crate::godot::Godot;
use crate::map_server::MapServer;

/// How long the line is down.
const BLACKOUT: Duration = Duration::from_secs(3);
/// How long play may take to go on after it.
const COMES_BACK_WITHIN: Duration = Duration::from_secs(10);
/// Time in which clocks are set and buffers settle, before anything is measured.
const SETTLES_IN: Duration = Duration::from_secs(3);
/// How long the truth is looked at beyond the last frame: a frame lies between two snapshots.
const OBSERVED_BEYOND: Duration = Duration::from_millis(200);
/// How long the server may take to accept a ticket on a bad line.
const ACCEPT_WITHIN: Duration = Duration::from_secs(10);
/// How often one player enters, beside those who walk.
const ENTRIES: usize = 10;
/// How often keys are pressed for those who have none of their own.
const KEYS_EVERY: Duration = Duration::from_millis(4);
/// Players behind the line.
const WALKERS: u64 = 2;

/// What was measured on a line.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The line.
    pub profile: Profile,
    /// The worst of the players, figure by figure.
    pub figures: Figures,
    /// On how many hits screens and server agree; `None` where that is not measured.
    pub hits: Option<Agreement>,
    /// How long each who entered took, from the first packet to the last message that play needs; the fastest first.
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
    /// That in JavaScript, in Node, over a WebSocket.
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
            Carrier::Udp => Self::Udp(UdpConditioner::to(game, profile.conditions, seed).await?),
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

    async fn measure_rust(&self, profile: Profile, plays: Duration, line: &Conditioner) -> Result<Measured> {
        // Before the others are there, who would fall silent meanwhile.
        let mut enter = self.enter_again_and_again(line.address()).await?;
        let mut observer = self.player(None, 0).await?;
        observer.stand();
        let mut walkers = Vec::new();
        for number in 1..=WALKERS {
            walkers.push(self.player(Some(line.address()), number).await?);
        }
        enter.extend(walkers.iter().map(|walker| walker.entered_in));
        enter.sort_unstable();
        let (figures, mut disconnects) = self.walk(&mut observer, &mut walkers, plays).await?;
        let hits = Some(self.strike(&mut observer, &mut walkers, plays).await?);
        let (back_after, lost) = self.black_out(line, &mut walkers).await;
        disconnects += lost;
        line.mend();
        observer.leave().await;
        for walker in walkers {
            walker.leave().await;
        }
        Ok(Measured { profile, figures, hits, enter, back_after: Some(back_after), disconnects })
    }

    /// The same with players of the other library. How long the way back takes after a blackout is not measured.
    async fn measure_javascript(&self, profile: Profile, plays: Duration, line: &Conditioner) -> Result<Measured> {
        let mut observer = self.player(None, 0).await?;
        observer.stand();
        let mut walkers = Vec::new();
        for number in 1..=WALKERS {
            let grant = self.grant().await?;
            walkers.push(NodePlayer::enter(&grant, line.address(), self.clock, self.seed + number).await?);
        }
        let mut enter: Vec<_> = walkers.iter().map(|walker| walker.entered_in).collect();
        enter.sort_unstable();
        let entities: Vec<_> = walkers.iter().map(|walker| walker.entity).collect();
        let from = self.clock.now() + SETTLES_IN;
        let (mut unseen, mut truth) = (Vec::new(), Truth::default());
        let watching = walkers.iter_mut().map(|walker| walker.watch(from, from + plays));
        let (observed, watched) = tokio::join!(
            observer.play(from + plays + OBSERVED_BEYOND, &mut unseen, Some(&mut truth)),
            futures_util::future::join_all(watching)
        );
        observed.context("the observer beside the server")?;
        let watched: Vec<_> = watched.into_iter().collect::<Result<_>>()?;
        let disconnects = watched.iter().map(|watched| u32::from(watched.is_over)).sum();
        let screens: Vec<_> = watched.into_iter().map(|watched| (watched.pictures, watched.counted)).collect();
        let figures = judge_all(&screens, &truth, &entities);
        line.mend();
        observer.leave().await;
        for walker in walkers {
            walker.leave().await?;
        }
        Ok(Measured { profile, figures, hits: None, enter, back_after: None, disconnects })
    }

    /// The same with players in Godot. They make accounts and enter by themselves; how long that takes includes the gateway.
    async fn measure_godot(
        &self,
        profile: Profile,
        plays: Duration,
        line: &Conditioner,
        godot: &Godot,
    ) -> Result<Measured> {
        let api = format!("http://{}", self.server.api_addr());
        let mut walkers = Vec::new();
        for number in 1..=WALKERS {
            walkers.push(GodotPlayer::enter(godot, &api, line.address(), self.clock, self.seed + number).await?);
        }
        let mut enter: Vec<_> = walkers.iter().flat_map(GodotPlayer::entered_in).collect();
        enter.sort_unstable();
        let entities: Vec<_> = walkers.iter().map(|walker| walker.entity).collect();
        // Nobody plays it while a Godot starts.
        let mut observer = self.player(None, 0).await?;
        observer.stand();
        let from = self.clock.now() + SETTLES_IN;
        let until = from + plays;
        let (mut unseen, mut truth) = (Vec::new(), Truth::default());
        while self.clock.now() < until + OBSERVED_BEYOND {
            let moment = self.clock.now() + KEYS_EVERY;
            observer.play(moment, &mut unseen, Some(&mut truth)).await.context("the observer beside the server")?;
            for walker in &mut walkers {
                walker.press(observer.client().session()).await?;
            }
        }
        line.mend();
        observer.leave().await;
        let (mut screens, mut disconnects) = (Vec::new(), 0);
        for walker in walkers {
            let watched = walker.leave(from, until).await?;
            disconnects += u32::from(watched.is_over);
            screens.push((watched.pictures, watched.counted));
        }
        let figures = judge_all(&screens, &truth, &entities);
        Ok(Measured { profile, figures, hits: None, enter, back_after: None, disconnects })
    }

    /// A new account's first character, in the world.
    async fn player(&self, through: Option<SocketAddr>, number: u64) -> Result<Player> {
        let grant = self.grant().await?;
        // Who sees the truth sees it over UDP.
        let carrier = if through.is_some() { self.carrier } else { Carrier::Udp };
        let setup = Setup { through, carrier, accept_within: Some(ACCEPT_WITHIN), ..Setup::new(self.clock) };
        Player::enter(&grant, &setup, self.seed + number).await
    }

    /// One player enters and leaves several times: how long entering took each time.
    async fn enter_again_and_again(&self, through: SocketAddr) -> Result<Vec<Duration>> {
        let (mut gateway, character) = self.newcomer().await?;
        let carrier = self.carrier;
        let setup =
            Setup { through: Some(through), carrier, accept_within: Some(ACCEPT_WITHIN), ..Setup::new(self.clock) };
        let mut took = Vec::new();
        for _ in 0..ENTRIES {
            let grant = gateway.enter_world(&character.id, None).await?;
            let player = Player::enter(&grant, &setup, self.seed).await?;
            took.push(player.entered_in);
            player.leave().await;
        }
        Ok(took)
    }

    /// What lets a new account's first character into the world.
    async fn grant(&self) -> Result<EntryGrant> {
        let (mut gateway, character) = self.newcomer().await?;
        Ok(gateway.enter_world(&character.id, None).await?)
    }

    /// A new account's first character, before the gateway.
    async fn newcomer(&self) -> Result<(Gateway, Character)> {
        let api = self.server.api();
        let account = Account::register(&api).await;
        let character = account.new_character(&api).await;
        let url = format!("ws://{}", self.server.gateway());
        Ok((Gateway::connect(&url, &account.access_token).await?, character))
    }

    async fn walk(&self, observer: &mut Player, walkers: &mut [Player], plays: Duration) -> Result<(Figures, u32)> {
        let settled = self.clock.now() + SETTLES_IN;
        self.all_play(observer, walkers, settled, &mut Truth::default()).await?;
        let before: Vec<Counters> = walkers.iter().map(Counters::of).collect();
        let mut truth = Truth::default();
        let until = self.clock.now() + plays;
        let screens = self.all_play(observer, walkers, until, &mut truth).await?;
        let entities: Vec<_> = walkers.iter().map(Player::entity).collect();
        let disconnects = walkers.iter().map(|walker| u32::from(walker.client().is_over())).sum();
        let counted = walkers.iter().zip(before).map(|(walker, before)| Counters::of(walker).since(before, plays));
        let screens: Vec<_> = screens.into_iter().zip(counted).collect();
        Ok((judge_all(&screens, &truth, &entities), disconnects))
    }

    /// The walkers walk on, and press abilities where the others are.
    async fn strike(&self, observer: &mut Player, walkers: &mut [Player], plays: Duration) -> Result<Agreement> {
        let entities: Vec<_> = walkers.iter().map(Player::entity).collect();
        for (walker, seed) in walkers.iter_mut().zip(self.seed..) {
            let own = walker.entity();
            let others = entities.iter().copied().filter(|entity| *entity != own).collect();
            walker.striker = Some(Striker::new(others, seed));
        }
        self.all_play(observer, walkers, self.clock.now() + plays, &mut Truth::default()).await?;
        let strikers = walkers.iter_mut().filter_map(|walker| walker.striker.take());
        Ok(strikers.map(|striker| striker.agreement()).fold(Agreement::default(), Agreement::and))
    }

    /// Everybody plays at once; the pictures of the walkers.
    async fn all_play(
        &self,
        observer: &mut Player,
        walkers: &mut [Player],
        until: Duration,
        truth: &mut Truth,
    ) -> Result<Vec<Vec<Picture>>> {
        let mut unseen = Vec::new();
        let playing = walkers.iter_mut().map(|walker| async move {
            let mut pictures = Vec::new();
            // One that loses its connection is counted, and its pictures until then.
            let _ = walker.play(until, &mut pictures, None).await;
            pictures
        });
        let (observed, screens) =
            tokio::join!(observer.play(until, &mut unseen, Some(truth)), futures_util::future::join_all(playing));
        observed.context("the observer beside the server")?;
        Ok(screens)
    }

    /// The line is down for a while. How long after that commands are applied again, and how many connections are lost.
    async fn black_out(&self, line: &Conditioner, walkers: &mut [Player]) -> (Duration, u32) {
        line.set_down(true);
        let up_at = self.clock.now() + BLACKOUT;
        let playing = walkers.iter_mut().map(|walker| async move {
            let _ = walker.play(up_at, &mut Vec::new(), None).await;
        });
        futures_util::future::join_all(playing).await;
        line.set_down(false);
        let up_at = self.clock.now();
        let clock = self.clock;
        let coming_back = walkers.iter_mut().map(|walker| async move {
            let command = walker.client().session().commands_issued() + 1;
            while !walker.is_applied(command) && clock.now() < up_at + COMES_BACK_WITHIN {
                if walker.play(clock.now() + Duration::from_millis(5), &mut Vec::new(), None).await.is_err() {
                    return (COMES_BACK_WITHIN, 1);
                }
            }
            (clock.now() - up_at, 0)
        });
        let back = futures_util::future::join_all(coming_back).await;
        (back.iter().map(|(after, _)| *after).max().unwrap_or_default(), back.iter().map(|(_, lost)| *lost).sum())
    }
}

/// What a client has counted so far.
struct Counters {
    corrections: (u64, u64),
    display: DisplayCounters,
}

impl Counters {
    fn of(player: &Player) -> Self {
        let client: &GameClient = player.client();
        let (session, display) = (client.session(), client.display());
        Self {
            corrections: (session.corrections(), session.corrected_units()),
            display: display.map(|display| display.counters()).unwrap_or_default(),
        }
    }

    fn since(self, before: Self, passed: Duration) -> Counted {
        let (display, was) = (self.display, before.display);
        Counted {
            corrections: (self.corrections.0 - before.corrections.0, self.corrections.1 - before.corrections.1),
            display: DisplayCounters {
                frames: display.frames - was.frames,
                visible_corrections: display.visible_corrections - was.visible_corrections,
            },
            minutes: passed.as_secs_f64() / 60.0,
        }
    }
}

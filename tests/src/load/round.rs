//! One round: a server, its players, a window of time, and what it measured.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use realmgate_client::transport::{Carrier, Door};

use super::double::Double;
use super::figures::{Figures, Quantiles, Seen};
use super::flood::Flood;
use super::player::HEADER_BYTES;
use super::relay::{Lead, Relay};
use super::scene::{Scenario, Scene};
use super::server::{Program, Sample, Server, threads};
use super::swarm::{Depth, Route, Swarm, Window};
use super::turns::{LATE, TICK};
use crate::home::Home;

/// Players that are watched at most: they cost the load most.
const WATCHED: usize = 16;
/// Up to so many, all players keep a whole session.
const DEEP_PLAYERS: usize = 500;
/// Beyond that, one in so many.
const DEEP_EVERY: usize = 16;

/// What is to be measured.
#[derive(Debug, Clone)]
pub struct Round {
    /// The program under load.
    pub program: Program,
    /// What players do.
    pub scenario: Scenario,
    /// Number of players.
    pub players: usize,
    /// What carries their payloads.
    pub carrier: Carrier,
    /// How many of them, the last ones, use the framing of stock renet beside those of UDP.
    pub renet: usize,
    /// Whether these send packets that cost a server as much as they can, while it counts.
    pub hostile: bool,
    /// How long they play before it counts.
    pub settle: Duration,
    /// How long it counts.
    pub lasts: Duration,
    /// Datagrams that strangers send meanwhile.
    pub strangers_per_s: u32,
    /// Datagrams that one of the players sends.
    pub flooder_per_s: u32,
    /// Players who hang while it counts: they read nothing any more, nor send. Of those behind a relay.
    pub stalled: usize,
}

impl Round {
    /// Players over UDP, none of whom do harm, for ten seconds.
    pub fn new(program: Program, scenario: Scenario, players: usize) -> Self {
        let (settle, lasts) = (Duration::from_secs(3), Duration::from_secs(10));
        let (strangers_per_s, flooder_per_s) = (0, 0);
        let (carrier, renet, hostile, stalled) = (Carrier::Udp, 0, false, 0);
        Self {
            program,
            scenario,
            players,
            carrier,
            renet,
            hostile,
            settle,
            lasts,
            strangers_per_s,
            flooder_per_s,
            stalled,
        }
    }

    /// Has everybody join, play and leave; what was measured.
    ///
    /// # Errors
    /// When the double or the server does not start, not all players get in, or something cannot be measured.
    pub fn run(&self) -> Result<Figures> {
        let scene = Scene::new(self.scenario, self.players);
        let home = Home::new();
        let double = Double::start()?;
        let server = Server::start(&self.program, &scene, &double, &home)?;
        self.play(scene, &double, &server).map_err(|error| {
            let refusals = Server::refusals(server.admin).unwrap_or_default();
            anyhow!("{error:#}; the server refused: {refusals}{}", server.told())
        })
    }

    fn play(&self, scene: Scene, double: &Double, server: &Server) -> Result<Figures> {
        let mut swarm = Swarm::new(scene)?;
        let empty = Server::sample(server.pid(), server.admin)?;
        let relay = self.lead(double, server).map(|lead| Relay::new(lead, self.stalled)).transpose()?;
        let route = Route { relay: relay.as_ref(), renet: self.renet() };
        let joined_in = swarm.join(double, server.game, route, self.depth())?;
        let flood = (self.strangers_per_s > 0).then(|| Flood::start(server.game, self.strangers_per_s)).transpose()?;
        swarm.have_one_flood((f64::from(self.flooder_per_s) * TICK.as_secs_f64()) as u32);
        swarm.play(self.settle)?;
        let _hanging = relay.as_ref().map(Relay::hang);
        if self.hostile {
            swarm.have_renet_turn_hostile();
        }

        let before = sample(&mut swarm, server)?;
        swarm.open_window();
        let (begun, own_before) = (swarm.now(), own_cpu()?);
        swarm.play(self.lasts)?;
        let window = swarm.close_window();
        let (seconds, own_after) = ((swarm.now() - begun).as_secs_f64(), own_cpu()?);
        let after = sample(&mut swarm, server)?;
        let strangers = flood.map(Flood::end).transpose()?.unwrap_or(0);

        let measured = Measured { seconds, window, before, after, empty, own_ns: own_after.saturating_sub(own_before) };
        let figures = Figures {
            dropped: self.players - swarm.inside(),
            faults: swarm.faults(),
            won: swarm.won(),
            strangers,
            join_s: joined_in.as_secs_f64(),
            events: double.said().events.load(std::sync::atomic::Ordering::Relaxed),
            ..measured.figures(self)
        };
        swarm.leave();
        Ok(figures)
    }

    fn renet(&self) -> usize {
        if self.carrier == Carrier::Renet { self.players } else { self.renet }
    }

    /// Where a relay has to lead, unless players use UDP.
    fn lead(&self, double: &Double, server: &Server) -> Option<Lead> {
        match self.carrier {
            Carrier::Udp | Carrier::Renet => None,
            Carrier::WebSocket => Some(Lead::WebSocket(server.websocket.clone())),
            Carrier::WebTransport => {
                let (url, certificate) = (server.webtransport.clone(), double.certificate());
                Some(Lead::WebTransport(Door { url, certificate }))
            }
        }
    }

    fn depth(&self) -> Depth {
        // Who fights mobs must see them.
        let deep = self.scenario == Scenario::Fight || self.players <= DEEP_PLAYERS;
        // Odd, so that they are not all of one half.
        let watch_every = (self.players / WATCHED).clamp(1, 100) | 1;
        Depth { deep_every: if deep { 1 } else { DEEP_EVERY }, watch_every }
    }
}

/// Asks the server while its players play on.
fn sample(swarm: &mut Swarm, server: &Server) -> Result<Sample> {
    let (pid, admin) = (server.pid(), server.admin);
    let asking = std::thread::spawn(move || Server::sample(pid, admin));
    swarm.play_until("the server has told its figures", Duration::from_secs(30), |_| asking.is_finished())?;
    asking.join().ok().context("asking the server has failed")?
}

/// Processor time of this process, in ns; a thread that ends takes its own with it.
fn own_cpu() -> Result<u64> {
    Ok(threads(std::process::id())?.iter().map(|(_, ns)| ns).sum())
}

/// Two samples of a server, and what its players counted between them.
struct Measured {
    seconds: f64,
    window: Window,
    before: Sample,
    after: Sample,
    empty: Sample,
    own_ns: u64,
}

impl Measured {
    fn figures(self, round: &Round) -> Figures {
        let Self { seconds, window, before, after, empty, own_ns } = self;
        let players = round.players as f64;
        let (work, late) = (after.work.since(&before.work), after.late.since(&before.late));
        let ticks = (after.ticks - before.ticks) as f64;
        // The samples were taken a little before and after the window.
        let cpu = cpu_between(&before, &after);
        let cpu_ns: u64 = cpu.iter().map(|(_, ns)| ns).sum();
        let per_player_tick = |ns: u64| ns as f64 / 1e3 / (players * ticks);
        let due = players * seconds / TICK.as_secs_f64();
        let per_player_s = |bytes: u64, datagrams: u64| (bytes + datagrams * HEADER_BYTES) as f64 / players / seconds;
        let seen = window.all();
        let due_ticks = seconds / TICK.as_secs_f64();
        let shown_to_all = Seen::of(&seen, due_ticks);
        let (all, watched, ages) = (&seen.traffic, &seen.watched, &seen.ages);
        let watched_bytes = (watched.bytes_in + watched.datagrams_in * HEADER_BYTES) as f64;
        let ratio = |part: f64, whole: u64| if whole == 0 { 0.0 } else { part / whole as f64 };
        // Who is shown nowhere is among those whose age is known, once it was shown right.
        let shown = ages.near.count() + ages.far.count();
        Figures {
            scenario: round.scenario,
            players: round.players,
            seconds,
            cpu_us: per_player_tick(cpu_ns),
            cpu_us_by_thread: cpu.into_iter().map(|(name, ns)| (name, per_player_tick(ns))).collect(),
            server_busy: cpu_ns as f64 / 1e9 / (ticks * TICK.as_secs_f64()),
            tick_mean_ms: (after.work_s - before.work_s) / ticks * 1e3,
            tick_p50_ms: work.quantile(0.5) * 1e3,
            tick_p99_ms: work.quantile(0.99) * 1e3,
            tick_max_ms: work.quantile(1.0) * 1e3,
            late_p99_ms: late.quantile(0.99) * 1e3,
            on_time: late.share_within(LATE.as_secs_f64()),
            ticks_run: f64::from(window.ticks_shown) / (seconds / TICK.as_secs_f64()),
            down_bytes_per_s: per_player_s(all.bytes_in, all.datagrams_in),
            up_bytes_per_s: per_player_s(all.bytes_out, all.datagrams_out),
            down_datagrams: all.datagrams_in as f64 / due,
            down_datagram_bytes: ratio(all.bytes_in as f64, all.datagrams_in),
            up_datagram_bytes: ratio(all.bytes_out as f64, all.datagrams_out),
            bytes_per_update: ratio(watched_bytes, ages.updates),
            bytes_per_moving_update: ratio(watched_bytes, ages.moving_updates),
            in_view: shown_to_all.in_view,
            age_near: shown_to_all.age_near,
            age_far: shown_to_all.age_far,
            own_framing: Seen::of(&window.own, due_ticks),
            renet_framing: Seen::of(&window.renet, due_ticks),
            shown_nowhere: ratio(ages.nowhere as f64, shown),
            input_to_snapshot: Quantiles::from(&window.input_to_snapshot),
            resident_kib: after.resident.saturating_sub(empty.resident) as f64 / 1_024.0 / players,
            snapshots_missing: ratio(all.missed as f64, all.snapshots + all.missed),
            without_own: all.without_own,
            inputs_applied: all.applied as f64 / due,
            joined: after.players,
            over_budget: after.over_budget - before.over_budget,
            refused: after.refused - before.refused,
            load_busy: own_ns as f64 / 1e9 / seconds,
            load_late: ratio(window.late as f64, window.due),
            ..Figures::default()
        }
    }
}

/// What each thread used between two samples.
fn cpu_between(before: &Sample, after: &Sample) -> Vec<(String, u64)> {
    let used = |name: &String| before.threads.iter().find(|(known, _)| known == name).map_or(0, |(_, ns)| *ns);
    let mut cpu: Vec<_> =
        after.threads.iter().map(|(name, ns)| (name.clone(), ns.saturating_sub(used(name)))).collect();
    cpu.retain(|(_, ns)| *ns > 0);
    cpu.sort_by_key(|(_, ns)| std::cmp::Reverse(*ns));
    cpu
}

//! A server with nobody in it: how soon it lets the first in, what it weighs, how exactly it ticks.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use realmgate_tests::Home;
use realmgate_tests::load::double::Double;
use realmgate_tests::load::scene::{Scenario, Scene};
use realmgate_tests::load::server::{Program, Server, sleeps, threads};
use realmgate_tests::load::swarm::{Depth, Route, Swarm};
use realmgate_tests::load::turns::TICK;
use serde::Serialize;

use crate::plan::Plan;
use crate::table::Middle;

/// Figures of a server with nobody in it.
#[derive(Debug, Serialize)]
pub struct Small {
    /// From the start of the process to the first player in the world, s; of each try.
    pub first_player_s: Vec<f64>,
    /// Resident memory with nobody in it, MB.
    pub idle_mb: f64,
    /// How late ticks begin, p99, ms.
    pub jitter_p99_ms: f64,
    /// The processor time of one with all maps that are shipped, of a core.
    pub all_maps_busy: f64,
    /// How often its threads are woken in a second, beside once for each tick.
    pub all_maps_wake_ups_per_s: f64,
}

/// Starts a server some times, and watches the last for a while.
#[expect(clippy::disallowed_methods, reason = "it is real time that is measured")]
pub fn measure(program: &Program, plan: &Plan) -> Result<Small> {
    let mut first_player_s = Vec::new();
    let scene = Scene::new(Scenario::Spread, 1);
    for _ in 0..plan.rounds {
        let (home, double) = (Home::new(), Double::start()?);
        let begun = Instant::now();
        let server = Server::start(program, &scene, &double, &home)?;
        let mut swarm = Swarm::new(scene)?;
        swarm
            .join(&double, server.game, Route::default(), Depth { deep_every: 1, watch_every: 1 })
            .with_context(|| server.told())?;
        first_player_s.push(begun.elapsed().as_secs_f64());
        swarm.leave();
    }
    let (home, double) = (Home::new(), Double::start()?);
    let server = Server::start(program, &scene, &double, &home)?;
    std::thread::sleep(Duration::from_secs(1));
    let before = Server::sample(server.pid(), server.admin)?;
    std::thread::sleep(plan.lasts);
    let after = Server::sample(server.pid(), server.admin)?;
    drop(server);
    let (all_maps_busy, all_maps_wake_ups_per_s) = watch_all_maps(program, plan)?;
    Ok(Small {
        first_player_s,
        idle_mb: after.resident as f64 / 1e6,
        jitter_p99_ms: after.late.since(&before.late).quantile(0.99) * 1e3,
        all_maps_busy,
        all_maps_wake_ups_per_s,
    })
}

/// The share of a core that a server takes with all maps that are shipped and nobody in it, and how often it is woken in a second
/// beside once for each tick.
#[expect(clippy::disallowed_methods, reason = "it is real time that is measured")]
fn watch_all_maps(program: &Program, plan: &Plan) -> Result<(f64, f64)> {
    let (home, double) = (Home::new(), Double::start()?);
    let server = Server::start_shipped(program, &double, &home)?;
    server.wait_for_rest()?;
    let pid = server.pid();
    let look = || -> Result<_> {
        let busy_ns: u64 = threads(pid)?.iter().map(|(_, ns)| ns).sum();
        Ok((Instant::now(), busy_ns, sleeps(pid)?))
    };
    let (begun, busy_before, sleeps_before) = look()?;
    std::thread::sleep(plan.lasts);
    let (ended, busy_after, sleeps_after) = look()?;
    let seconds = ended.duration_since(begun).as_secs_f64();
    let wake_ups_per_s = (sleeps_after - sleeps_before) as f64 / seconds;
    Ok(((busy_after - busy_before) as f64 / 1e9 / seconds, wake_ups_per_s - 1.0 / TICK.as_secs_f64()))
}

impl Small {
    /// As a table.
    pub fn markdown(&self) -> String {
        let start = Middle::of(self.first_player_s.iter().copied());
        format!(
            "| a server with nobody in it | figure | target |\n|---|---|---|\n\
             | from the start of the process to the first player in the world | {:.2} s | ≤ 1 s |\n\
             | resident memory | {:.1} MB | ≤ 40 MB |\n\
             | ticks begin late by p99 | {:.2} ms | ≤ 1 ms |\n\
             | with the three maps that are shipped: processor time | {:.2} % of a core | ≤ 0.5 % |\n\
             | with the three maps that are shipped: wake-ups beside its ticks | {:.0} a second | ≤ 30 |\n",
            start.median,
            self.idle_mb,
            self.jitter_p99_ms,
            self.all_maps_busy * 100.0,
            self.all_maps_wake_ups_per_s
        )
    }
}

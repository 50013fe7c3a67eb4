//! What each transport costs the server, beside UDP.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use realmgate_client::transport::Carrier;
use realmgate_tests::load::figures::Figures;
use realmgate_tests::load::round::Round;
use realmgate_tests::load::scene::Scenario;
use realmgate_tests::load::server::Program;

use crate::plan::Plan;
use crate::table::Middle;

/// What carries players' payloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    /// netcode over UDP.
    Udp,
    /// netcode over UDP, with payloads that stock renet frames.
    Renet,
    /// A WebSocket.
    Websocket,
    /// A WebTransport session.
    Webtransport,
}

impl Transport {
    fn carrier(self) -> Carrier {
        match self {
            Self::Udp => Carrier::Udp,
            Self::Renet => Carrier::Renet,
            Self::Websocket => Carrier::WebSocket,
            Self::Webtransport => Carrier::WebTransport,
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Measures the scenarios with each of these and with UDP, in turn; a table of it.
pub fn measure(program: &Program, plan: &Plan, transports: &[Transport]) -> Result<String> {
    let mut table = "| scenario | N | transport | CPU µs per player and tick (least–most) | × UDP | network thread | tick work p99 ms | down KB/s | input to snapshot p99 |\n\
                     |---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    let others = transports.iter().copied().filter(|transport| *transport != Transport::Udp);
    let all: Vec<Transport> = std::iter::once(Transport::Udp).chain(others).collect();
    for (scenario, players) in
        plan.scenarios.iter().flat_map(|scenario| plan.players.iter().map(move |n| (*scenario, *n)))
    {
        let mut rounds = vec![Vec::new(); all.len()];
        for _ in 0..plan.rounds {
            for (transport, rounds) in all.iter().zip(&mut rounds) {
                rounds.push(round(program, plan, scenario, (players, 0), *transport)?);
            }
        }
        let cpu = |rounds: &[Figures]| Middle::of(rounds.iter().map(|it| it.cpu_us));
        let udp = cpu(&rounds[0]).median;
        for (transport, rounds) in all.iter().zip(&rounds) {
            let middle = |figure: fn(&Figures) -> f64| Middle::of(rounds.iter().map(figure)).median;
            let (name, cpu) = (transport.name(), cpu(rounds));
            let thread = Middle::of(rounds.iter().map(|it| of_thread(it, *transport))).median;
            writeln!(
                table,
                "| {} | {players} | {name} | {:.1} ({:.1}–{:.1}) | {:.2} | {thread:.1} | {:.2} | {:.1} | {:.1} |",
                scenario.name(),
                cpu.median,
                cpu.least,
                cpu.most,
                cpu.median / udp,
                middle(|it| it.tick_p99_ms),
                middle(|it| it.down_bytes_per_s) / 1e3,
                middle(|it| it.input_to_snapshot.p99 as f64),
            )?;
        }
    }
    Ok(table)
}

/// Measures what it does to all the others when some players hang, beside rounds in which nobody does; a table of it.
pub fn stalled(program: &Program, plan: &Plan, transports: &[Transport], stalled: usize) -> Result<String> {
    ensure!(!transports.contains(&Transport::Udp), "players over UDP have no connection that could hold anything up");
    let head = "| scenario | N | transport | of them hang | tick work p50 / p99 / max ms | CPU µs per player and tick |\n|---|---|---|---|---|---|\n";
    let mut table = head.to_owned();
    let points = plan.scenarios.iter().flat_map(|scenario| plan.players.iter().map(move |n| (*scenario, *n)));
    for ((scenario, players), transport) in points.flat_map(|point| transports.iter().map(move |one| (point, *one))) {
        ensure!(stalled < players, "{stalled} of {players} players cannot hang: nobody would play");
        let mut rounds = [(0, Vec::new()), (stalled, Vec::new())];
        for _ in 0..plan.rounds {
            for (hang, rounds) in &mut rounds {
                rounds.push(round(program, plan, scenario, (players, *hang), transport)?);
            }
        }
        for (hang, rounds) in &rounds {
            let middle = |figure: fn(&Figures) -> f64| Middle::of(rounds.iter().map(figure)).median;
            writeln!(
                table,
                "| {} | {players} | {} | {hang} | {:.2} / {:.2} / {:.1} | {:.1} |",
                scenario.name(),
                transport.name(),
                middle(|it| it.tick_p50_ms),
                middle(|it| it.tick_p99_ms),
                middle(|it| it.tick_max_ms),
                middle(|it| it.cpu_us),
            )?;
        }
    }
    Ok(table)
}

/// One round of so many players, of whom so many hang.
fn round(
    program: &Program,
    plan: &Plan,
    scenario: Scenario,
    (players, stalled): (usize, usize),
    transport: Transport,
) -> Result<Figures> {
    let round = Round {
        carrier: transport.carrier(),
        settle: plan.settle,
        lasts: plan.lasts,
        stalled,
        ..Round::new(program.clone(), scenario, players)
    };
    let figures = round.run().with_context(|| format!("{players} players by {}", transport.name()))?;
    eprintln!("{} {players} {}: {:.1} µs", scenario.name(), transport.name(), figures.cpu_us);
    Ok(figures)
}

/// What the thread of a transport used. renet's framing is one of UDP's.
fn of_thread(figures: &Figures, transport: Transport) -> f64 {
    let thread = if transport == Transport::Renet { Transport::Udp } else { transport }.name();
    figures.cpu_us_by_thread.iter().filter(|(name, _)| *name == thread).map(|(_, us)| us).sum()
}

//! Socket.IO clients through the door: what an idle one costs in memory with its mirror at the service, and how long an
//! event takes to the service and back.

mod client;
mod service;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use serde_json::json;
use tokio::time::sleep;

use crate::report::Report;
use crate::rounds::{Latencies, Plan, Round, measured_process};

use super::{Bench, WARM_PAIRS, verdict};
use client::{Client, talk};

pub use service::serve;

/// The namespace of the service, at the door.
pub const NAMESPACE: &str = "/bench";
/// The path of Engine.IO, at the door and at the service.
pub const PATH: &str = "/socket.io/";
/// The most memory of both legs, in KiB.
const TARGET_KIB: f64 = 60.0;
/// The p99 of an event through and back, in milliseconds.
const TARGET_P99_MS: f64 = 10.0;
/// Events of a client in a second.
const EVENTS_PER_S: f64 = 10.0;
/// Clients that connect at the same time.
const AT_ONCE: usize = 32;
/// How long the door has to finish what it does after the last client has connected.
const SETTLE: Duration = Duration::from_secs(2);
/// How often events are timed, compared with the rounds of other parts: they last longer.
const ROUNDS: usize = 3;

/// Connects all clients, and compares resident memory before and after.
pub async fn weigh(bench: &Bench, plan: &Plan, report: &mut Report) -> Result<()> {
    if !has_relay(bench).await? {
        report.line("The door has no Socket.IO relay: idle pairs and events were not measured.".to_owned());
        return Ok(());
    }
    let _warm = keep(connect(bench, true, 0, WARM_PAIRS).await?);
    sleep(SETTLE).await;
    let before = bench.server.resident()?;
    let open = keep(connect(bench, true, WARM_PAIRS, plan.pairs).await?);
    sleep(SETTLE).await;
    let after = bench.server.resident()?;
    ensure!(open.0.iter().all(|client| !client.is_finished()), "a client was disconnected");
    let kib = after.saturating_sub(before) as f64 / 1_024.0 / plan.pairs as f64;
    report.part("door, idle pairs", json!({"pairs": plan.pairs, "kib": kib, "resident": after}));
    report.line(format!(
        "{} idle Socket.IO pairs: **{kib:.1} KiB** of resident memory for both legs (target: {TARGET_KIB} KiB{}).",
        plan.pairs,
        verdict(kib <= TARGET_KIB),
    ));
    Ok(())
}

/// Sends events through the door and back, and the same to the service itself, in alternating rounds.
pub async fn time_events(bench: &Bench, plan: &Plan, report: &mut Report) -> Result<()> {
    let mut figures = Vec::new();
    let sides: &[bool] = if has_relay(bench).await? { &[false, true] } else { &[false] };
    for is_through in std::iter::repeat_n(sides, plan.rounds.min(ROUNDS)).flatten() {
        figures.push((*is_through, events(bench, plan, *is_through).await?));
    }
    let p99 = |through: bool| {
        let of = figures.iter().filter(|(is_through, _)| *is_through == through);
        crate::rounds::Middle::of(of.map(|(_, round)| round.p99_us as f64 / 1e3))
    };
    report.part("door, events", json!({"clients": plan.talking, "rounds": figures}));
    let direct = p99(false).median;
    let text = if sides.len() > 1 {
        let through = p99(true);
        let cpu = figures.iter().filter(|(is_through, _)| *is_through).map(|(_, round)| round.cpu_us);
        format!(
            "p99 **{:.1} ms** ({:.1}–{:.1}; target: {TARGET_P99_MS} ms{}) through the door and back, {:.0} µs of its processor \
             time each",
            through.median,
            through.least,
            through.most,
            verdict(through.median <= TARGET_P99_MS),
            crate::rounds::Middle::of(cpu).median,
        )
    } else {
        "not measured through the door".to_owned()
    };
    report.line(format!(
        "Events of {} Socket.IO clients, {EVENTS_PER_S} a second each: {text}; p99 {direct:.1} ms to the service itself.",
        plan.talking
    ));
    Ok(())
}

async fn events(bench: &Bench, plan: &Plan, is_through: bool) -> Result<Round> {
    let clients = connect(bench, is_through, 0, plan.talking).await?;
    let load = async {
        let mut all = Latencies::default();
        for latencies in talk(clients, EVENTS_PER_S, plan.lasts).await? {
            all.extend(latencies);
        }
        Ok(all)
    };
    measured_process(bench.server.pid(), load).await
}

/// Whether the door has a relay: one without answers 404.
async fn has_relay(bench: &Bench) -> Result<bool> {
    let connected = Client::connect(bench.door, Some(NAMESPACE), &bench.players[0].token).await;
    match connected {
        Ok(_) => Ok(true),
        Err(error) if client::is_not_found(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Connects the clients of these players, some at the same time.
async fn connect(bench: &Bench, is_through: bool, first: usize, count: usize) -> Result<Vec<Client>> {
    let (addr, namespace) = if is_through { (bench.door, Some(NAMESPACE)) } else { (bench.service.addr, None) };
    let mut clients = Vec::with_capacity(count);
    for players in bench.players[first..][..count].chunks(AT_ONCE) {
        let some = players.iter().map(|player| Client::connect(addr, namespace, &player.token));
        let number = clients.len();
        clients.extend(try_join_all(some).await.with_context(|| format!("after {number} clients"))?);
    }
    Ok(clients)
}

/// Clients that answer pings until this is dropped.
struct Kept(Vec<tokio::task::JoinHandle<()>>);

fn keep(clients: Vec<Client>) -> Kept {
    Kept(clients.into_iter().map(|client| tokio::spawn(client.idle())).collect())
}

impl Drop for Kept {
    fn drop(&mut self) {
        for client in &self.0 {
            client.abort();
        }
    }
}

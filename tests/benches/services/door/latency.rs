//! How much later an answer arrives through the door than from the service itself.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use tokio::time::Instant;

use crate::exact_timer::ExactTimer;
use crate::http::Connection;
use crate::report::Report;
use crate::rounds::{Latencies, Middle, Plan, Round, measured_process, together};

use super::service::PAGE;
use super::{Bench, check, verdict};

/// The most that may be added at the median, in milliseconds.
const TARGET_P50_MS: f64 = 0.3;
/// The same at p99.
const TARGET_P99_MS: f64 = 2.0;

/// Alternates rounds to the service itself and through the door, at this number of requests a second.
pub async fn compare(bench: &Bench, plan: &Plan, rate: f64, report: &mut Report) -> Result<()> {
    let (mut direct, mut through) = (Vec::new(), Vec::new());
    for number in 0..=plan.rounds {
        let straight = round(bench, plan, bench.service.addr, PAGE, rate).await?;
        let proxied = round(bench, plan, bench.door, &format!("/plain{PAGE}"), rate).await?;
        // The first is to warm up.
        if number > 0 {
            direct.push(straight);
            through.push(proxied);
        }
    }
    let added = |figure: fn(&Round) -> u64| {
        let pairs = through.iter().zip(&direct);
        Middle::of(pairs.map(|(through, direct)| (figure(through) as f64 - figure(direct) as f64) / 1e3))
    };
    let (p50, p99) = (added(|round| round.p50_us), added(|round| round.p99_us));
    let ms = |rounds: &[Round], figure: fn(&Round) -> u64| {
        Middle::of(rounds.iter().map(|round| figure(round) as f64 / 1e3)).median
    };
    report.part("door, latency", json!({"rate": rate, "direct": direct, "through": through}));
    report.line(format!(
        "Added latency at {rate:.0} requests a second, half of its rate: p50 **{:.2} ms** ({:.2}–{:.2}; target: {TARGET_P50_MS} ms{}), \
         p99 **{:.2} ms** ({:.2}–{:.2}; target: {TARGET_P99_MS} ms{}). Direct p50 / p99 {:.2} / {:.2} ms, through it {:.2} / {:.2} ms.",
        p50.median,
        p50.least,
        p50.most,
        verdict(p50.median <= TARGET_P50_MS),
        p99.median,
        p99.least,
        p99.most,
        verdict(p99.median <= TARGET_P99_MS),
        ms(&direct, |round| round.p50_us),
        ms(&direct, |round| round.p99_us),
        ms(&through, |round| round.p50_us),
        ms(&through, |round| round.p99_us),
    ));
    Ok(())
}

async fn round(bench: &Bench, plan: &Plan, addr: SocketAddr, path: &str, rate: f64) -> Result<Round> {
    let requests = (0..plan.clients).map(|player| bench.get(path, player)).collect();
    measured_process(bench.server.pid(), at_rate(addr, requests, rate, plan.lasts)).await
}

/// Sends requests at a fixed rate, spread over a connection for each, and measures each from when it is due.
pub async fn at_rate(addr: SocketAddr, requests: Vec<String>, rate: f64, lasts: Duration) -> Result<Latencies> {
    let clients = requests.len();
    let every = Duration::from_secs_f64(clients as f64 / rate);
    let begins = Instant::now();
    let clients = requests.into_iter().enumerate().map(async |(number, request)| {
        let (mut connection, mut timer) = (Connection::open(addr).await?, ExactTimer::new()?);
        let mut latencies = Latencies::default();
        let mut due = begins + Duration::from_millis(50) + every.mul_f64(number as f64 / clients as f64);
        while due < begins + lasts {
            timer.sleep_until(due).await?;
            let (status, body) = latencies.time_from(due, connection.call(&request)).await?;
            check(status, body)?;
            due += every;
        }
        anyhow::Ok(latencies)
    });
    together(clients).await
}

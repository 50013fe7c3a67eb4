//! What the users of one service notice of another one that hangs, floods or dies.

use std::time::Duration;

use anyhow::Result;
use futures_util::future::try_join_all;
use serde_json::{Map, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval, sleep, timeout_at};

use crate::report::Report;
use crate::rounds::{Middle, Plan, Round, measured_process};

use super::latency::at_rate;
use super::service::{DIE, FLOOD, HANG, PAGE};
use super::{Bench, verdict};

/// The most that the others' p99 may grow, as a ratio.
const TARGET: f64 = 1.1;
/// Clients that wait for a service that hangs.
const HANGING: usize = 64;
/// Clients that read from a service that floods.
const FLOODED: usize = 4;
/// How much each of them reads, and how often: 2 MB/s each. The service writes as much as it can.
const READ_BYTES: usize = 20_000;
const READ_EVERY: Duration = Duration::from_millis(10);
/// Requests a second to a service that dies, each on a connection of its own at both sides.
const DYING_PER_S: u64 = 100;
/// A client that was refused waits for this time.
const PAUSE: Duration = Duration::from_millis(20);

/// How a service misbehaves.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Hangs,
    Floods,
    Dies,
}

impl Fault {
    const ALL: [Self; 3] = [Self::Hangs, Self::Floods, Self::Dies];

    fn name(self) -> &'static str {
        match self {
            Self::Hangs => "hangs",
            Self::Floods => "floods",
            Self::Dies => "dies",
        }
    }

    /// Calls the service until this time.
    async fn provoke(self, bench: &Bench, until: Instant) -> Result<()> {
        match self {
            Self::Hangs => {
                try_join_all((0..HANGING).map(|player| wait(bench, player, until))).await?;
            }
            Self::Floods => {
                try_join_all((0..FLOODED).map(|player| sip(bench, player, until))).await?;
            }
            Self::Dies => {
                let mut beats = interval(Duration::from_secs(1) / DYING_PER_S as u32);
                while Instant::now() < until {
                    beats.tick().await;
                    // It takes less than a beat: the load is not to pile up.
                    cut_off(bench).await?;
                }
            }
        }
        Ok(())
    }
}

/// Alternates rounds without and with each fault, at this number of requests a second to a service that is well.
pub async fn compare(bench: &Bench, plan: &Plan, rate: f64, report: &mut Report) -> Result<()> {
    let (mut parts, mut texts, mut is_met) = (Map::new(), Vec::new(), true);
    for fault in Fault::ALL {
        let (mut quiet, mut beside) = (Vec::new(), Vec::new());
        for _ in 0..plan.rounds {
            quiet.push(round(bench, plan, rate, None).await?);
            beside.push(round(bench, plan, rate, Some(fault)).await?);
        }
        let ratio =
            Middle::of(beside.iter().zip(&quiet).map(|(beside, quiet)| beside.p99_us as f64 / quiet.p99_us as f64));
        let p99 = |rounds: &[Round]| Middle::of(rounds.iter().map(|round| round.p99_us as f64 / 1e3)).median;
        is_met &= ratio.median <= TARGET;
        texts.push(format!(
            "{} {:.2} and {:.2} ms, **{:+.0} %** ({:+.0} to {:+.0})",
            fault.name(),
            p99(&quiet),
            p99(&beside),
            percent(ratio.median),
            percent(ratio.least),
            percent(ratio.most),
        ));
        parts.insert(fault.name().to_owned(), json!({"quiet": quiet, "beside": beside}));
    }
    report.part("door, faults", json!({"rate": rate, "faults": parts}));
    report.line(format!(
        "p99 of a service at {rate:.0} requests a second without and beside another one that misbehaves: {} (target: at most \
         {:+.0} %{}).",
        texts.join("; "),
        percent(TARGET),
        verdict(is_met),
    ));
    Ok(())
}

fn percent(ratio: f64) -> f64 {
    (ratio - 1.0) * 100.0
}

async fn round(bench: &Bench, plan: &Plan, rate: f64, fault: Option<Fault>) -> Result<Round> {
    let until = Instant::now() + plan.lasts;
    let requests = (0..plan.clients).map(|player| bench.get(&format!("/plain{PAGE}"), player)).collect();
    let provoke = async {
        match fault {
            Some(fault) => fault.provoke(bench, until).await,
            None => Ok(()),
        }
    };
    let load = async {
        let (latencies, ()) = tokio::try_join!(at_rate(bench.door, requests, rate, plan.lasts), provoke)?;
        Ok(latencies)
    };
    measured_process(bench.server.pid(), load).await
}

/// Asks a service that hangs, again and again.
async fn wait(bench: &Bench, player: usize, until: Instant) -> Result<()> {
    let request = bench.get(&format!("/hangs{HANG}"), player);
    while Instant::now() < until {
        let asked = async {
            let mut stream = TcpStream::connect(bench.door).await?;
            stream.write_all(request.as_bytes()).await?;
            // The door's refusal, when its time is over.
            stream.read(&mut [0; 1_024]).await
        };
        match timeout_at(until, asked).await {
            Ok(asked) => asked.map(drop)?,
            Err(_) => return Ok(()),
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

/// Reads slowly what a service sends without end.
async fn sip(bench: &Bench, player: usize, until: Instant) -> Result<()> {
    let mut stream = TcpStream::connect(bench.door).await?;
    stream.write_all(bench.get(&format!("/floods{FLOOD}"), player).as_bytes()).await?;
    let (mut buffer, mut beats) = (vec![0; READ_BYTES], interval(READ_EVERY));
    while Instant::now() < until {
        beats.tick().await;
        let _: usize = stream.read(&mut buffer).await?;
    }
    Ok(())
}

/// Asks a service that closes in the middle of its answer.
async fn cut_off(bench: &Bench) -> Result<()> {
    let mut stream = TcpStream::connect(bench.door).await?;
    stream.write_all(bench.get(&format!("/dies{DIE}"), 0).as_bytes()).await?;
    let mut buffer = [0; 2_048];
    // An early end or an error: both are what this is about.
    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    Ok(())
}

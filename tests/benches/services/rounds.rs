//! Rounds of load that alternate between two servers, and what is kept of each.

use std::time::Duration;

use anyhow::Context;
use futures_util::future::try_join_all;
use serde::Serialize;
use tokio::time::Instant;

use crate::server::{Server, cpu_of};

/// How much is measured.
#[derive(Debug)]
pub struct Plan {
    /// Rounds of each server.
    pub rounds: usize,
    /// How long the load of one round lasts.
    pub lasts: Duration,
    /// Clients that ask at the same time, each the next thing as soon as it has its answer.
    pub clients: usize,
    /// Characters that enter the world in one round.
    pub entering: usize,
    /// Idle sockets that are weighed.
    pub sockets: usize,
    /// How long the embedded world is watched in each round.
    pub watched: Duration,
    /// Bots that play in it.
    pub bots: usize,
    /// Records of the leaderboard whose ranks are asked.
    pub records: usize,
    /// Idle Socket.IO clients of the door that are weighed.
    pub pairs: usize,
    /// Socket.IO clients of the door that send events.
    pub talking: usize,
    /// Bytes that are sent up and down through the door.
    pub transfer: u64,
}

impl Plan {
    /// For figures.
    pub const FULL: Self = Self {
        rounds: 7,
        lasts: Duration::from_secs(4),
        clients: 16,
        entering: 800,
        sockets: 10_000,
        watched: Duration::from_secs(20),
        bots: 50,
        records: 1_000_000,
        pairs: 5_000,
        talking: 1_000,
        transfer: 1 << 30,
    };
    /// To see that it works.
    pub const QUICK: Self = Self {
        rounds: 3,
        lasts: Duration::from_secs(1),
        clients: 8,
        entering: 80,
        sockets: 500,
        watched: Duration::from_secs(4),
        bots: 5,
        records: 50_000,
        pairs: 200,
        talking: 100,
        transfer: 64 << 20,
    };
}

/// What one round measured.
#[derive(Debug, Clone, Serialize)]
pub struct Round {
    /// Answers.
    pub answers: usize,
    /// How long it took.
    pub seconds: f64,
    /// Answers a second.
    pub rate: f64,
    /// Median latency.
    pub p50_us: u64,
    /// The latency that one in a hundred exceeds.
    pub p99_us: u64,
    /// Processor time of the server for each answer.
    pub cpu_us: f64,
}

/// Latencies while they are taken.
#[derive(Debug, Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Waits for an answer, and takes how long that was.
    pub async fn time<T>(&mut self, answer: impl Future<Output = T>) -> T {
        let asked = Instant::now();
        let answer = answer.await;
        self.0.push(asked.elapsed());
        answer
    }

    /// Waits for an answer that was due at this time, and takes how long after that it came.
    pub async fn time_from<T>(&mut self, due: Instant, answer: impl Future<Output = T>) -> T {
        let answer = answer.await;
        self.0.push(due.elapsed());
        answer
    }

    /// Adds a latency.
    pub fn push(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    /// Takes over what another client has measured.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// Runs all clients at the same time.
pub async fn together(
    clients: impl IntoIterator<Item = impl Future<Output = anyhow::Result<Latencies>>>,
) -> anyhow::Result<Latencies> {
    let mut all = Latencies::default();
    for latencies in try_join_all(clients).await.context("a client")? {
        all.extend(latencies);
    }
    Ok(all)
}

/// Runs the load of one round, and measures it.
pub async fn measured(server: &Server, load: impl Future<Output = anyhow::Result<Latencies>>) -> anyhow::Result<Round> {
    measured_process(server.pid(), load).await
}

/// The same for any process that serves.
pub async fn measured_process(
    pid: u32,
    load: impl Future<Output = anyhow::Result<Latencies>>,
) -> anyhow::Result<Round> {
    let (began, used) = (Instant::now(), cpu_of(pid)?);
    let Latencies(mut latencies) = load.await?;
    let (took, used) = (began.elapsed(), cpu_of(pid)?.saturating_sub(used));
    anyhow::ensure!(!latencies.is_empty(), "not one answer came");
    latencies.sort_unstable();
    let answers = latencies.len();
    let quantile = |of_100: usize| latencies[(answers * of_100 / 100).min(answers - 1)].as_micros() as u64;
    Ok(Round {
        answers,
        seconds: took.as_secs_f64(),
        rate: answers as f64 / took.as_secs_f64(),
        p50_us: quantile(50),
        p99_us: quantile(99),
        cpu_us: used.as_secs_f64() * 1e6 / answers as f64,
    })
}

/// The middle of some figures, and how far they reach.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Middle {
    /// The least.
    pub least: f64,
    /// The median.
    pub median: f64,
    /// The most.
    pub most: f64,
}

impl Middle {
    /// Of at least one figure.
    ///
    /// # Panics
    /// When there is none.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_unstable_by(f64::total_cmp);
        let middle = figures.len() / 2;
        let median = if figures.len().is_multiple_of(2) {
            f64::midpoint(figures[middle - 1], figures[middle])
        } else {
            figures[middle]
        };
        Self { least: figures[0], median, most: figures[figures.len() - 1] }
    }
}

//! A world with everything inside, on one core, whose ticks are watched while it is asked for other things too.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use realmgate_client::scrape::{Histogram, Scrape};
use realmgate_tests::process::command;
use realmgate_tests::wait::until_within;
use realmgate_tests::{Api, Home, Process};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::hashing::Variant;
use crate::http::Connection;
use crate::rounds::{Middle, Plan};
use crate::server::{built, on_server_core, ready};

const BOTS_IN_WORLD: Duration = Duration::from_secs(120);

/// A running world.
pub struct Embedded {
    /// Where it is asked over HTTP.
    pub api: SocketAddr,
    gateway: SocketAddr,
    admin: Api,
    home: Home,
    process: Process,
}

#[derive(Deserialize)]
struct Ready {
    admin: SocketAddr,
    api: SocketAddr,
    gateway: SocketAddr,
}

/// Bots that play in a world until this is dropped.
pub struct Bots {
    process: Process,
    count: f64,
}

/// Ticks while they were watched.
#[derive(Debug, Serialize)]
pub struct Ticks {
    ticks: u64,
    work_p99_ms: f64,
    late_p99_ms: f64,
}

impl Embedded {
    /// Starts one whose limits let one machine's load in.
    pub async fn start(variant: &Variant) -> Result<Self> {
        let home = Home::new();
        let file = home.fresh_path("ready.json");
        let mut start = on_server_core(&built("start_server")?)?;
        start
            .args(["1", "0", "--ready-file"])
            .arg(&file)
            .env("DATA_DIR", home.data_dir())
            .env("GAME_ADDR", "127.0.0.1");
        for listener in ["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR", "ADMIN_ADDR"] {
            start.env(listener, "127.0.0.1:0");
        }
        // The bots and the accounts come from one machine.
        let limits = ["LOOPBACK_REGISTRATIONS_PER_MIN", "LOG_INS_PER_MIN", "CALLS_PER_MIN"];
        start.envs(limits.map(|limit| (limit, "1000000")));
        start.env("PASSWORD_MEMORY_MIB", variant.memory_mib);
        let process = Process::start(&home, start);
        let Ready { admin, api, gateway } = ready(&process, Path::new(&file)).await?;
        variant.placement.put(process.pid())?;
        Ok(Self { api, gateway, admin: Api::new(admin), home, process })
    }

    /// Lets bots in, and waits until all are there.
    pub async fn bots(&self, plan: &Plan) -> Result<Bots> {
        let mut bots = command(&built("bot")?);
        // Longer than all rounds: they are ended with this value.
        bots.args(["--count", &plan.bots.to_string(), "--seconds", "3600", "--quiet"]);
        bots.args(["--server", &format!("http://{}", self.api), "--gateway", &format!("ws://{}/ws", self.gateway)]);
        let bots = Bots { process: Process::start(&self.home, bots), count: plan.bots as f64 };
        until_within("all bots are in the world", BOTS_IN_WORLD, async || {
            (self.players().await >= bots.count).then_some(())
        })
        .await;
        Ok(bots)
    }

    /// Watches the ticks while something goes on.
    pub async fn watch<T>(&self, load: impl Future<Output = Result<T>>) -> Result<(Ticks, T)> {
        let before = self.histograms().await?;
        let done = load.await?;
        let after = self.histograms().await?;
        let [work, late] = [0, 1].map(|which| after[which].since(&before[which]));
        ensure!(work.count() > 0, "the world stands still");
        let p99_ms = |histogram: &Histogram| histogram.quantile(0.99) * 1_000.0;
        Ok((Ticks { ticks: work.count(), work_p99_ms: p99_ms(&work), late_p99_ms: p99_ms(&late) }, done))
    }

    /// Watches the ticks while nothing else is asked.
    pub async fn watch_alone(&self, lasts: Duration) -> Result<Ticks> {
        let nothing = async {
            sleep(lasts).await;
            Ok(())
        };
        Ok(self.watch(nothing).await?.0)
    }

    /// Checks that nobody was lost meanwhile.
    pub async fn check(&self, bots: &Bots) -> Result<()> {
        ensure!(bots.process.is_running(), "the bots have ended{}", bots.process.told());
        ensure!(self.process.is_running(), "the map server has ended{}", self.process.told());
        let (there, count) = (self.players().await, bots.count);
        ensure!(there >= count, "{there} of {count} bots are in the world{}", bots.process.told());
        Ok(())
    }

    async fn players(&self) -> f64 {
        self.admin.figure("realmgate_players").await
    }

    /// The work of ticks, and how late they began, so far.
    async fn histograms(&self) -> Result<[Histogram; 2]> {
        let metrics = Scrape::of(&self.admin.get("/metrics").await.text);
        let histogram = |name: &str| metrics.histogram(name).with_context(|| format!("there is no {name}"));
        Ok([histogram("realmgate_tick_work_seconds")?, histogram("realmgate_tick_late_seconds")?])
    }
}

/// Asks at a fixed rate, each on a connection of its own, whatever is answered. Returns how often it was answered how.
pub async fn at_rate(api: SocketAddr, requests: &[String], rate: u32, lasts: Duration) -> Result<BTreeMap<u16, u64>> {
    let mut pace = interval(Duration::from_secs(1) / rate);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut asked = JoinSet::new();
    let count = (lasts.as_secs_f64() * f64::from(rate)) as usize;
    for request in requests.iter().cycle().take(count) {
        pace.tick().await;
        let request = request.clone();
        asked.spawn(async move {
            let mut connection = Connection::open(api).await?;
            let (status, _) = connection.call(&request).await?;
            anyhow::Ok(status)
        });
    }
    let mut by_status = BTreeMap::new();
    while let Some(status) = asked.join_next().await {
        *by_status.entry(status??).or_default() += 1;
    }
    Ok(by_status)
}

/// Ticks without something beside ticks with it, in a sentence.
pub fn compared<'a>(
    without: impl Iterator<Item = &'a Ticks> + Clone,
    with: impl Iterator<Item = &'a Ticks> + Clone,
) -> String {
    let [work, loaded_work] = [Middle::of(without.clone().map(work)), Middle::of(with.clone().map(work))];
    let [late, loaded_late] = [Middle::of(without.map(late)), Middle::of(with.map(late))];
    format!(
        "tick work p99 {:.2} ms ({:.2}–{:.2}) without, {:.2} ms ({:.2}–{:.2}) with: **{:+.0} %** (bar: at most +20 %). \
         Ticks begin late by p99 {:.2} ms without, {:.2} ms with.",
        work.median,
        work.least,
        work.most,
        loaded_work.median,
        loaded_work.least,
        loaded_work.most,
        (loaded_work.median / work.median - 1.0) * 100.0,
        late.median,
        loaded_late.median,
    )
}

fn work(ticks: &Ticks) -> f64 {
    ticks.work_p99_ms
}

fn late(ticks: &Ticks) -> f64 {
    ticks.late_p99_ms
}

//! What a flood of log-ins does to the ticks of a world that runs in the same process, on the same core.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use realmgate_client::scrape::{Histogram, Scrape};
use realmgate_tests::process::command;
use realmgate_tests::wait::until_within;
use realmgate_tests::{Account, Api, Home, Process};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::hashing::{Placement, Variant};
use crate::http::{self, Connection};
use crate::report::Report;
use crate::rounds::{Middle, Plan};
use crate::server::{built, on_server_core, ready};

/// Log-ins a second.
const LOG_INS: u32 = 200;
/// Accounts that log in for each bot: 400 beside 50, so many that none of them fills its own share of the queue.
const ACCOUNTS_PER_BOT: usize = 8;
pub const BOTS_IN_WORLD: Duration = Duration::from_secs(120);

/// Where a map server with everything inside listens.
#[derive(Deserialize)]
pub struct Ready {
    /// Its own figures.
    pub admin: SocketAddr,
    /// HTTP.
    pub api: SocketAddr,
    gateway: SocketAddr,
}

/// Ticks while a round was watched.
#[derive(Debug, Serialize)]
struct Watched {
    ticks: u64,
    work_p99_ms: f64,
    late_p99_ms: f64,
    /// Log-ins by the status of their answers.
    log_ins: BTreeMap<u16, u64>,
    /// The same of the one who logs in again and again beside the others, one log-in after the other.
    patient: BTreeMap<u16, u64>,
}

/// Who logs in.
struct Crowd {
    accounts: Vec<String>,
    patient: String,
}

/// Rounds without log-ins and with them, in turn.
pub async fn flood(plan: &Plan, report: &mut Report, variant: &Variant) -> Result<()> {
    let home = Home::new();
    let (process, ready) = start(&home, variant).await?;
    variant.placement.put(process.pid())?;
    let api = Api::new(ready.api);
    let mut accounts = Vec::new();
    for _ in 0..plan.bots * ACCOUNTS_PER_BOT {
        accounts.push(Account::register(&api).await.credentials().to_string());
    }
    let patient = Account::register(&api).await.credentials().to_string();
    let crowd = Crowd { accounts, patient };
    let bots = bots(&home, &ready, plan)?;
    let admin = Api::new(ready.admin);
    let wanted = plan.bots as f64;
    until_within("all bots are in the world", BOTS_IN_WORLD, async || {
        (admin.figure("realmgate_players").await >= wanted).then_some(())
    })
    .await;

    let (mut quiet, mut flooded) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds.min(3) {
        quiet.push(watch(&admin, ready.api, plan.watched, None).await?);
        flooded.push(watch(&admin, ready.api, plan.watched, Some(&crowd)).await?);
    }
    ensure!(bots.is_running(), "the bots have ended{}", bots.told());
    ensure!(process.is_running(), "the map server has ended{}", process.told());
    ensure!(admin.figure("realmgate_players").await >= wanted, "bots were lost");
    tell(report, plan, variant, &quiet, &flooded);
    Ok(())
}

/// Starts one whose limits let one machine's load in.
pub async fn start(home: &Home, variant: &Variant) -> Result<(Process, Ready)> {
    let file = home.fresh_path("ready.json");
    let mut start = on_server_core(&built("start_server")?)?;
    start.args(["1", "0", "--ready-file"]).arg(&file).env("DATA_DIR", home.data_dir()).env("GAME_ADDR", "127.0.0.1");
    for listener in ["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR", "ADMIN_ADDR"] {
        start.env(listener, "127.0.0.1:0");
    }
    // The bots and the accounts come from one machine.
    let limits = ["LOOPBACK_REGISTRATIONS_PER_MIN", "LOG_INS_PER_MIN", "CALLS_PER_MIN"];
    start.envs(limits.map(|limit| (limit, "1000000")));
    start.env("PASSWORD_MEMORY_MIB", variant.memory_mib);
    let process = Process::start(home, start);
    let ready = ready(&process, Path::new(&file)).await?;
    Ok((process, ready))
}

/// Bots that play on it until they are dropped.
pub fn bots(home: &Home, ready: &Ready, plan: &Plan) -> Result<Process> {
    let mut bots = command(&built("bot")?);
    // Longer than all rounds: they are ended with this value.
    bots.args(["--count", &plan.bots.to_string(), "--seconds", "3600", "--quiet"]);
    bots.args(["--server", &format!("http://{}", ready.api), "--gateway", &format!("ws://{}/ws", ready.gateway)]);
    Ok(Process::start(home, bots))
}

async fn watch(admin: &Api, api: SocketAddr, lasts: Duration, flood: Option<&Crowd>) -> Result<Watched> {
    let before = histograms(admin).await?;
    let mut patient = BTreeMap::new();
    let log_ins = match flood {
        Some(crowd) => tokio::select! {
            log_ins = log_in(api, &crowd.accounts, lasts) => log_ins?,
            ended = log_in_patiently(api, &crowd.patient, &mut patient) => ended?,
        },
        None => {
            sleep(lasts).await;
            BTreeMap::new()
        }
    };
    let after = histograms(admin).await?;
    let [work, late] = [0, 1].map(|which| after[which].since(&before[which]));
    ensure!(work.count() > 0, "the world stands still");
    let p99_ms = |histogram: &Histogram| histogram.quantile(0.99) * 1_000.0;
    Ok(Watched { ticks: work.count(), work_p99_ms: p99_ms(&work), late_p99_ms: p99_ms(&late), log_ins, patient })
}

/// Asks at a fixed rate, whatever is answered.
async fn log_in(api: SocketAddr, credentials: &[String], lasts: Duration) -> Result<BTreeMap<u16, u64>> {
    let mut pace = interval(Duration::from_secs(1) / LOG_INS);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut asked = JoinSet::new();
    let count = (lasts.as_secs_f64() * f64::from(LOG_INS)) as usize;
    for credentials in credentials.iter().cycle().take(count) {
        pace.tick().await;
        let request = http::post("/auth/login", credentials);
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
    let is_known = |status: &u16| matches!(status, 200 | 429 | 503);
    ensure!(by_status.keys().all(is_known), "log-ins are answered by {by_status:?}");
    Ok(by_status)
}

/// Logs in as soon as the log-in before is answered: what a player meets.
async fn log_in_patiently<T>(api: SocketAddr, credentials: &str, by_status: &mut BTreeMap<u16, u64>) -> Result<T> {
    let request = http::post("/auth/login", credentials);
    loop {
        let mut connection = Connection::open(api).await?;
        let (status, _) = connection.call(&request).await?;
        *by_status.entry(status).or_default() += 1;
    }
}

/// The work of ticks, and how late they began, so far.
pub async fn histograms(admin: &Api) -> Result<[Histogram; 2]> {
    let metrics = Scrape::of(&admin.get("/metrics").await.text);
    let histogram = |name: &str| metrics.histogram(name).with_context(|| format!("there is no {name}"));
    Ok([histogram("realmgate_tick_work_seconds")?, histogram("realmgate_tick_late_seconds")?])
}

fn tell(report: &mut Report, plan: &Plan, variant: &Variant, quiet: &[Watched], flooded: &[Watched]) {
    let middle = |rounds: &[Watched], figure: fn(&Watched) -> f64| Middle::of(rounds.iter().map(figure));
    let (work, flooded_work) = (middle(quiet, |it| it.work_p99_ms), middle(flooded, |it| it.work_p99_ms));
    let (late, flooded_late) = (middle(quiet, |it| it.late_p99_ms), middle(flooded, |it| it.late_p99_ms));
    let answered = |status| flooded.iter().filter_map(|round| round.log_ins.get(&status)).sum::<u64>();
    let (let_in, turned_away) = (answered(200), answered(429) + answered(503));
    let patient: u64 = flooded.iter().flat_map(|round| round.patient.values()).sum();
    let patient_let_in: u64 = flooded.iter().filter_map(|round| round.patient.get(&200)).sum();
    let Placement { name, .. } = &variant.placement;
    let memory = variant.memory_mib;
    let figures = json!({
        "place": name, "memory_mib": memory, "bots": plan.bots, "quiet": quiet, "flooded": flooded,
    });
    report.part(&format!("embedded, {name}, {memory} MiB"), figures);
    report.line(format!(
        "Embedded, passwords {name}, {memory} MiB each, {} bots, {LOG_INS} log-ins a second for {} s: tick work p99 {:.2} ms ({:.2}–{:.2}) without, {:.2} ms \
         ({:.2}–{:.2}) with: **{:+.0} %** (bar: at most +20 %). Ticks begin late by p99 {:.2} ms without, {:.2} ms with. \
         Of the log-ins {let_in} were let in and {turned_away} turned away; a player who logs in again and again \
         beside them was let in {patient_let_in} of {patient} times.",
        plan.bots,
        plan.watched.as_secs(),
        work.median,
        work.least,
        work.most,
        flooded_work.median,
        flooded_work.least,
        flooded_work.most,
        (flooded_work.median / work.median - 1.0) * 100.0,
        late.median,
        flooded_late.median,
    ));
}

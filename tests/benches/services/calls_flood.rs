//! What calls around the worlds do to the ticks of a world that runs in the same process, on the same core.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};
use realmgate_client::scrape::Histogram;
use realmgate_tests::wait::until_within;
use realmgate_tests::{Api, Home};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::hashing::Variant;
use crate::http::{self, Connection};
use crate::log_in_flood::{BOTS_IN_WORLD, bots, histograms, start};
use crate::report::Report;
use crate::rounds::{Middle, Plan};

/// Calls a second.
const CALLS: u32 = 200;
/// Accounts that call, in turn.
const ACCOUNTS: usize = 100;

/// Ticks while a round was watched.
#[derive(Debug, Serialize)]
struct Watched {
    ticks: u64,
    work_p99_ms: f64,
    late_p99_ms: f64,
    /// Calls by the status of their answers.
    calls: BTreeMap<u16, u64>,
}

/// Rounds without calls and with them, in turn.
pub async fn flood(plan: &Plan, report: &mut Report) -> Result<()> {
    let home = Home::new();
    let (process, ready) = start(&home, &Variant::SHIPPED).await?;
    Variant::SHIPPED.placement.put(process.pid())?;
    let api = Api::new(ready.api);
    let mut requests = Vec::new();
    for number in 0..ACCOUNTS {
        requests.extend(calls_of(&api, number).await);
    }
    let bots = bots(&home, &ready, plan)?;
    let admin = Api::new(ready.admin);
    let wanted = plan.bots as f64;
    until_within("all bots are in the world", BOTS_IN_WORLD, async || {
        (admin.figure("realmgate_players").await >= wanted).then_some(())
    })
    .await;
    let (mut quiet, mut flooded) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds.min(3) {
        quiet.push(watch(&admin, plan.watched, nothing(plan.watched)).await?);
        flooded.push(watch(&admin, plan.watched, call(ready.api, &requests, plan.watched)).await?);
    }
    ensure!(bots.is_running(), "the bots have ended{}", bots.told());
    ensure!(process.is_running(), "the map server has ended{}", process.told());
    tell(report, plan, &quiet, &flooded);
    Ok(())
}

/// What one account calls: it logs in, and looks at itself, the lobbies and a leaderboard.
async fn calls_of(api: &Api, number: usize) -> [String; 4] {
    let device = format!(r#"{{"device_id":"a device of the bench's, number {number}"}}"#);
    let body: Value = serde_json::from_str(&device).unwrap_or_default();
    let grant = api.post("/api/v1/login/device", body).await.json(200);
    let token = grant["data"]["access_token"].as_str().unwrap_or_default().to_owned();
    [
        http::post("/api/v1/login/device", &device),
        http::get("/api/v1/me", &token),
        http::get("/api/v1/lobbies", &token),
        http::get("/api/v1/leaderboards/kills/records", &token),
    ]
}

async fn watch(
    admin: &Api,
    lasts: Duration,
    load: impl Future<Output = Result<BTreeMap<u16, u64>>>,
) -> Result<Watched> {
    let before = histograms(admin).await?;
    let calls = load.await?;
    let after = histograms(admin).await?;
    let [work, late] = [0, 1].map(|which| after[which].since(&before[which]));
    ensure!(work.count() > 0, "the world stands still for {lasts:?}");
    let p99_ms = |histogram: &Histogram| histogram.quantile(0.99) * 1_000.0;
    Ok(Watched { ticks: work.count(), work_p99_ms: p99_ms(&work), late_p99_ms: p99_ms(&late), calls })
}

async fn nothing(lasts: Duration) -> Result<BTreeMap<u16, u64>> {
    sleep(lasts).await;
    Ok(BTreeMap::new())
}

/// Calls at a fixed rate, whatever is answered.
async fn call(api: SocketAddr, requests: &[String], lasts: Duration) -> Result<BTreeMap<u16, u64>> {
    let mut pace = interval(Duration::from_secs(1) / CALLS);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut asked = JoinSet::new();
    let count = (lasts.as_secs_f64() * f64::from(CALLS)) as usize;
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
    ensure!(by_status.keys().all(|status| *status == 200), "calls are answered by {by_status:?}");
    Ok(by_status)
}

fn tell(report: &mut Report, plan: &Plan, quiet: &[Watched], flooded: &[Watched]) {
    let middle = |rounds: &[Watched], figure: fn(&Watched) -> f64| Middle::of(rounds.iter().map(figure));
    let (work, flooded_work) = (middle(quiet, |it| it.work_p99_ms), middle(flooded, |it| it.work_p99_ms));
    let (late, flooded_late) = (middle(quiet, |it| it.late_p99_ms), middle(flooded, |it| it.late_p99_ms));
    report.part("embedded, calls around the world", json!({"bots": plan.bots, "quiet": quiet, "flooded": flooded}));
    report.line(format!(
        "Embedded, {} bots, {CALLS} calls around the world a second for {} s (device log-in, `/me`, lobby list and board page in turn): tick work p99 \
         {:.2} ms ({:.2}–{:.2}) without, {:.2} ms ({:.2}–{:.2}) with: **{:+.0} %** (bar: at most +20 %). Ticks begin late by p99 {:.2} ms without, {:.2} ms with.",
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

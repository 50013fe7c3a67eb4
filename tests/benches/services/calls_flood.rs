//! What calls around the worlds do to the ticks of a world that runs in the same process, on the same core.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use realmgate_tests::Api;
use serde_json::{Value, json};

use crate::embedded::{Embedded, Ticks, at_rate, compared};
use crate::hashing::Variant;
use crate::http;
use crate::report::Report;
use crate::rounds::Plan;

/// Calls a second.
const CALLS: u32 = 200;
/// Accounts that call, in turn.
const ACCOUNTS: usize = 100;

/// Rounds without calls and with them, in turn.
pub async fn flood(plan: &Plan, report: &mut Report) -> Result<()> {
    let world = Embedded::start(&Variant::SHIPPED).await?;
    let api = Api::new(world.api);
    let mut requests = Vec::new();
    for number in 0..ACCOUNTS {
        requests.extend(calls_of(&api, number).await);
    }
    let bots = world.bots(plan).await?;
    let (mut quiet, mut flooded): (Vec<Ticks>, Vec<Ticks>) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds.min(3) {
        quiet.push(world.watch_alone(plan.watched).await?);
        let (ticks, answers) = world.watch(at_rate(world.api, &requests, CALLS, plan.watched)).await?;
        all_are_done(&answers)?;
        flooded.push(ticks);
    }
    world.check(&bots).await?;
    report.part("embedded, calls around the world", json!({"bots": plan.bots, "quiet": quiet, "flooded": flooded}));
    report.line(format!(
        "Embedded, {} bots, {CALLS} calls around the world a second for {} s (device log-in, `/me`, lobby list and board page in turn): {}",
        plan.bots,
        plan.watched.as_secs(),
        compared(quiet.iter(), flooded.iter()),
    ));
    Ok(())
}

/// What one account calls: it looks at itself, the lobbies and a leaderboard. Another logs in, again and again: of one
/// account the newest log-ins alone are kept.
async fn calls_of(api: &Api, number: usize) -> [String; 4] {
    let device = |name| json!({"device_id": format!("a device of the bench's, number {number}, which {name}")});
    let grant: Value = api.post("/api/v1/login/device", device("looks")).await.json(200);
    let token = grant["data"]["access_token"].as_str().unwrap_or_default().to_owned();
    [
        http::post("/api/v1/login/device", &device("logs in").to_string()),
        http::get("/api/v1/me", &token),
        http::get("/api/v1/lobbies", &token),
        http::get("/api/v1/leaderboards/kills/records", &token),
    ]
}

fn all_are_done(by_status: &BTreeMap<u16, u64>) -> Result<()> {
    ensure!(by_status.keys().all(|status| *status == 200), "calls are answered by {by_status:?}");
    Ok(())
}

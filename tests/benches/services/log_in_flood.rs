//! What a flood of log-ins does to the ticks of a world that runs in the same process, on the same core.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};
use realmgate_tests::{Account, Api};
use serde::Serialize;
use serde_json::json;

use crate::embedded::{Embedded, Ticks, at_rate, compared};
use crate::hashing::{Placement, Variant};
use crate::http::{self, Connection};
use crate::report::Report;
use crate::rounds::Plan;

/// Log-ins a second.
const LOG_INS: u32 = 200;
/// Accounts that log in for each bot: 400 beside 50, so many that none of them fills its own share of the queue.
const ACCOUNTS_PER_BOT: usize = 8;

/// What a round of log-ins showed.
#[derive(Debug, Serialize)]
struct Watched {
    #[serde(flatten)]
    ticks: Ticks,
    /// Log-ins by the status of their answers.
    log_ins: BTreeMap<u16, u64>,
    /// The same of the one who logs in again and again beside the others, one log-in after the other.
    patient: BTreeMap<u16, u64>,
}

/// Requests of those who log in.
struct Crowd {
    accounts: Vec<String>,
    patient: String,
}

/// Rounds without log-ins and with them, in turn.
pub async fn flood(plan: &Plan, report: &mut Report, variant: &Variant) -> Result<()> {
    let world = Embedded::start(variant).await?;
    let api = Api::new(world.api);
    let log_in = async || http::post("/auth/login", &Account::register(&api).await.credentials().to_string());
    let mut accounts = Vec::new();
    for _ in 0..plan.bots * ACCOUNTS_PER_BOT {
        accounts.push(log_in().await);
    }
    let crowd = Crowd { accounts, patient: log_in().await };
    let bots = world.bots(plan).await?;
    let (mut quiet, mut flooded): (Vec<Ticks>, Vec<Watched>) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds.min(3) {
        quiet.push(world.watch_alone(plan.watched).await?);
        let (ticks, (log_ins, patient)) = world.watch(log_in_all(world.api, &crowd, plan.watched)).await?;
        flooded.push(Watched { ticks, log_ins, patient });
    }
    world.check(&bots).await?;
    tell(report, plan, variant, &quiet, &flooded);
    Ok(())
}

/// Everybody logs in, at a fixed rate, and the patient one beside them. Returns how they were answered.
async fn log_in_all(
    api: SocketAddr,
    crowd: &Crowd,
    lasts: Duration,
) -> Result<(BTreeMap<u16, u64>, BTreeMap<u16, u64>)> {
    let mut patient = BTreeMap::new();
    let log_ins = tokio::select! {
        log_ins = at_rate(api, &crowd.accounts, LOG_INS, lasts) => log_ins?,
        ended = log_in_patiently(api, &crowd.patient, &mut patient) => ended?,
    };
    let is_known = |status: &u16| matches!(status, 200 | 429 | 503);
    ensure!(log_ins.keys().all(is_known), "log-ins are answered by {log_ins:?}");
    Ok((log_ins, patient))
}

/// Logs in as soon as the log-in before is answered: what a player meets.
async fn log_in_patiently<T>(api: SocketAddr, request: &str, by_status: &mut BTreeMap<u16, u64>) -> Result<T> {
    loop {
        let mut connection = Connection::open(api).await?;
        let (status, _) = connection.call(request).await?;
        *by_status.entry(status).or_default() += 1;
    }
}

fn tell(report: &mut Report, plan: &Plan, variant: &Variant, quiet: &[Ticks], flooded: &[Watched]) {
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
        "Embedded, passwords {name}, {memory} MiB each, {} bots, {LOG_INS} log-ins a second for {} s: {} \
         Of the log-ins {let_in} were let in and {turned_away} turned away; a player who logs in again and again \
         beside them was let in {patient_let_in} of {patient} times.",
        plan.bots,
        plan.watched.as_secs(),
        compared(quiet.iter(), flooded.iter().map(|round| &round.ticks)),
    ));
}

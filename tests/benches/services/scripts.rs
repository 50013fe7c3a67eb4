//! How many calls of scripts there can be: of a function that returns its argument, within one program and by players over HTTP.

use std::fs;

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use realmgate_hooks::{By, Call, Plugins, Rules};
use realmgate_tests::backends::Postgres;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::databases::Base;
use crate::http::{self, Connection};
use crate::report::Report;
use crate::rounds::{Latencies, Middle, Plan, Round, measured, together};
use crate::seed;
use crate::server::Server;

const SCRIPT: &str = "return { same = function(value) return value end }";
/// Calls a second that are enough, within one program.
const BAR: f64 = 20_000.0;

/// Measures both.
pub async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let cluster = Postgres::start().await?;
    let base = Base::create(Some(&cluster), "bench_scripts").await?;
    let folder = base.home.path("hooks");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("bench.lua"), SCRIPT)?;
    let plugins = Plugins::new(folder.clone(), Rules { may_ask: &[], check_schedule: |_| Ok(()) });
    plugins.refresh()?;
    let mut within = Vec::new();
    for _ in 0..=plan.rounds {
        within.push(calls(&plugins, plan).await?);
    }
    let within = Middle::of(within.split_off(1));

    let players = seed::players(&base, plan.clients, 0).await?;
    seed::profiles(&base, &players).await?;
    let settings = [("HOOKS_DIR", folder.to_string_lossy().into_owned())];
    let server = Server::sidecar_with(&base, settings).await?;
    let requests: Vec<String> = players
        .iter()
        .map(|player| {
            let body = r#"{"plugin":"bench","fn":"same","args":[{"level":7,"name":"Ada"}]}"#;
            http::send_as("POST", "/api/v1/hooks/call", &player.token, body)
        })
        .collect();
    let mut rounds = Vec::new();
    for _ in 0..=plan.rounds {
        rounds.push(over_http(&server, plan, &requests).await.with_context(|| server.told())?);
    }
    tell(report, within, &rounds.split_off(1));
    Ok(())
}

/// Calls a second, as many at once as there are clients.
async fn calls(plugins: &Plugins, plan: &Plan) -> Result<f64> {
    let began = Instant::now();
    let until = began + plan.lasts;
    let clients = (0..plan.clients).map(async |_| {
        let (mut made, value) = (0_u32, json!({"level": 7, "name": "Ada"}));
        while Instant::now() < until {
            let args = vec![value.clone()];
            let by = By::Player("bench".to_owned());
            let call = Call { by, plugin: "bench", function: "same", args, caller: None, realm: None };
            ensure!(plugins.call(call).await? == value, "something else comes back");
            made += 1;
        }
        Ok(made)
    });
    let made: u32 = try_join_all(clients).await?.into_iter().sum();
    Ok(f64::from(made) / began.elapsed().as_secs_f64())
}

async fn over_http(server: &Server, plan: &Plan, requests: &[String]) -> Result<Round> {
    let until = Instant::now() + plan.lasts;
    let clients = requests.iter().map(async |request| {
        let (mut connection, mut latencies) = (Connection::open(server.api).await?, Latencies::default());
        while Instant::now() < until {
            let (status, body) = latencies.time(connection.call(request)).await?;
            let answer: Value = serde_json::from_slice(body)?;
            ensure!(status == 200 && answer.to_string().contains("Ada"), "{status}: {answer}");
        }
        anyhow::Ok(latencies)
    });
    measured(server, together(clients)).await
}

fn tell(report: &mut Report, within: Middle, rounds: &[Round]) {
    let rate = Middle::of(rounds.iter().map(|round| round.rate));
    let p99 = Middle::of(rounds.iter().map(|round| round.p99_us as f64 / 1e3));
    let cpu = Middle::of(rounds.iter().map(|round| round.cpu_us));
    let verdict = if within.median < BAR { ", **below its bar**" } else { "" };
    report.part("scripts", json!({"within": within, "over_http": rounds}));
    report.line(format!(
        "A script's function that returns its argument: **{:.0}** calls a second ({:.0}–{:.0}; bar: {BAR:.0}{verdict}) within one program, on one core with \
         its caller; {:.0} a second ({:.0}–{:.0}) by players over HTTP, who are asked for first in the database, p99 {:.2} ms, {:.0} µs of the server each.",
        within.median, within.least, within.most, rate.median, rate.least, rate.most, p99.median, cpu.median,
    ));
}

//! A page of 1 KB through the door, which checks a token, and through nginx, which does not.

use anyhow::Result;
use serde_json::json;
use tokio::time::Instant;

use crate::report::Report;
use crate::rounds::{Middle, Plan, Round, measured_process};

use super::nginx::Nginx;
use super::service::PAGE;
use super::{Bench, closed_loop, verdict};

/// The least share of nginx's rate.
const TARGET: f64 = 0.6;

/// Alternates rounds of the door and of nginx. Returns the door's rate, in requests a second.
pub async fn compare(bench: &Bench, plan: &Plan, report: &mut Report) -> Result<f64> {
    let nginx = Nginx::start(&bench.service).await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for number in 0..=plan.rounds {
        let mine = round(bench, plan, bench.door, bench.server.pid()).await?;
        let other = match &nginx {
            Some(nginx) => Some(round(bench, plan, nginx.addr, nginx.pid()).await?),
            None => None,
        };
        // The first is to warm up.
        if number > 0 {
            ours.push(mine);
            theirs.extend(other);
        }
    }
    let rate = Middle::of(ours.iter().map(|round| round.rate));
    let cpu = |rounds: &[Round]| Middle::of(rounds.iter().map(|round| round.cpu_us)).median;
    let beside = match &nginx {
        Some(nginx) => {
            let ratio = Middle::of(ours.iter().zip(&theirs).map(|(ours, theirs)| ours.rate / theirs.rate));
            let cpu_ratio = Middle::of(ours.iter().zip(&theirs).map(|(ours, theirs)| theirs.cpu_us / ours.cpu_us));
            format!(
                "{:.0}/s through {} without one: **{:.2} ×** ({:.2}–{:.2}; target: at least {TARGET} ×{}). Processor time of a \
                 request {:.1} and {:.1} µs: by it, {:.2} ×",
                Middle::of(theirs.iter().map(|round| round.rate)).median,
                nginx.version,
                ratio.median,
                ratio.least,
                ratio.most,
                verdict(ratio.median >= TARGET),
                cpu(&ours),
                cpu(&theirs),
                cpu_ratio.median,
            )
        }
        None => format!("nginx is not installed. Processor time of a request {:.1} µs", cpu(&ours)),
    };
    report.part("door, rate", json!({"ours": ours, "nginx": theirs}));
    report.line(format!(
        "Proxied GET of 1 KB, {} connections kept: {:.0}/s ({:.0}–{:.0}) through the door with a token check, {beside}.",
        plan.clients, rate.median, rate.least, rate.most,
    ));
    Ok(rate.median)
}

async fn round(bench: &Bench, plan: &Plan, addr: std::net::SocketAddr, pid: u32) -> Result<Round> {
    let requests = (0..plan.clients).map(|player| bench.get(&format!("/plain{PAGE}"), player)).collect();
    measured_process(pid, closed_loop(addr, requests, Instant::now() + plan.lasts)).await
}

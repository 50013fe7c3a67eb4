//! Memory of the door while a large body passes it in each direction.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::report::Report;
use crate::rounds::Plan;

use super::service::{SINK, SOURCE, drain, fill};
use super::{Bench, verdict};

/// The most that resident memory may grow, in bytes.
const TARGET_BYTES: u64 = 10_000_000;
/// Bytes of a body before the measurement, so that what is allocated once is not counted.
const WARM_BYTES: u64 = 16 << 20;

/// Sends a body up and another one down, and compares the peak of resident memory with what was in use before.
pub async fn measure(bench: &Bench, plan: &Plan, report: &mut Report) -> Result<()> {
    up(bench, WARM_BYTES).await?;
    down(bench, WARM_BYTES).await?;
    let mut grown = Vec::new();
    for direction in ["up", "down"] {
        let before = bench.server.resident()?;
        forget_peak(bench.server.pid())?;
        let took = match direction {
            "up" => up(bench, plan.transfer).await?,
            _ => down(bench, plan.transfer).await?,
        };
        let growth = peak(bench.server.pid())?.saturating_sub(before);
        grown.push((direction, growth, plan.transfer as f64 / took.as_secs_f64() / 1e6));
    }
    report.part(
        "door, large bodies",
        json!({"bytes": plan.transfer, "before": bench.server.resident()?, "grown": grown}),
    );
    let [(_, up, up_rate), (_, down, down_rate)] = grown[..] else { return Ok(()) };
    let mb = |bytes: u64| bytes as f64 / 1e6;
    report.line(format!(
        "{} MiB through the door: resident memory grows by at most **{:.1} MB** while it goes up ({up_rate:.0} MB/s) and \
         **{:.1} MB** while it comes down ({down_rate:.0} MB/s; target: {:.0} MB{}).",
        plan.transfer >> 20,
        mb(up),
        mb(down),
        mb(TARGET_BYTES),
        verdict(up.max(down) <= TARGET_BYTES),
    ));
    Ok(())
}

async fn up(bench: &Bench, bytes: u64) -> Result<Duration> {
    let (mut stream, begun) = (TcpStream::connect(bench.door).await?, Instant::now());
    let token = &bench.players[0].token;
    let head = format!(
        "POST /large{SINK} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\ncontent-length: {bytes}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    fill(&mut stream, bytes).await.context("sending the body")?;
    read_head(&mut stream).await?;
    Ok(begun.elapsed())
}

async fn down(bench: &Bench, bytes: u64) -> Result<Duration> {
    let (mut stream, begun) = (TcpStream::connect(bench.door).await?, Instant::now());
    stream.write_all(bench.get(&format!("/large{SOURCE}{bytes}"), 0).as_bytes()).await?;
    let extra = read_head(&mut stream).await?;
    drain(&mut stream, bytes - extra as u64).await?;
    Ok(begun.elapsed())
}

/// Reads the head of an answer. Returns how many bytes of the body were read with it.
pub async fn read_head(stream: &mut TcpStream) -> Result<usize> {
    let mut received = Vec::new();
    loop {
        ensure!(stream.read_buf(&mut received).await? > 0, "closed: {}", String::from_utf8_lossy(&received));
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            let text = || String::from_utf8_lossy(&received).into_owned();
            ensure!(received.starts_with(b"HTTP/1.1 200"), "refused: {}", text());
            return Ok(received.len() - end - 4);
        }
    }
}

/// Sets the peak of a process's resident memory to what is in use now.
fn forget_peak(pid: u32) -> Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").context("the peak of resident memory cannot be reset")
}

/// The peak of a process's resident memory, in bytes.
fn peak(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kib: u64 = line.split_whitespace().next().context("an empty VmHWM")?.parse()?;
    Ok(kib * 1_024)
}

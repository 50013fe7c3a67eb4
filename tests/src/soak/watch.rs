//! Looks at the processes, and draws a line under each minute.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use realmgate_client::scrape::Histogram;
use reqwest::Method;
use serde::Serialize;
use tokio::time::Instant;

use super::page::Page;
use super::realm::Part;
use crate::load::server::{cpu_s, resident};

/// What a process took in a minute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Usage {
    /// The process's name.
    pub process: &'static str,
    /// Resident memory in bytes: the mean of a look a second.
    pub resident: u64,
    /// Processor time, in seconds.
    pub cpu_s: f64,
    /// Open files and sockets at its end.
    pub descriptors: u64,
    /// Threads at its end.
    pub threads: u64,
}

/// A minute.
#[derive(Debug, Clone, Serialize)]
pub struct Minute {
    /// Its number, from 1; 0 for a look afterwards.
    pub number: u32,
    /// Players in the world at its end.
    pub players: u64,
    /// Accounts made so far.
    pub accounts: u64,
    /// By process.
    pub usage: Vec<Usage>,
    /// Ticks that ran in it.
    pub ticks: u64,
    /// 99 of 100 of them took at most so long, in ms.
    pub tick_p99_ms: f64,
    /// How long it took to ask all processes for their metrics at its end, in ms.
    pub scrape_ms: f64,
    /// Samples in the answers.
    pub series: usize,
    /// Entries by table at its end.
    pub tables: BTreeMap<String, u64>,
    /// How long its ticks took.
    #[serde(skip)]
    pub work: Histogram,
}

/// Who looks.
#[derive(Debug)]
pub struct Watch {
    parts: Vec<Part>,
    /// Sums of resident memory since the last line.
    resident: Vec<u64>,
    /// Processor time of each process at the last line, in seconds.
    cpu_s: Vec<f64>,
    looks: u64,
    work: Histogram,
    lines: u32,
}

impl Watch {
    /// Counts from now on.
    ///
    /// # Errors
    /// When a process says nothing.
    pub async fn begin(parts: Vec<Part>) -> Result<Self> {
        // Before the first tick there is none.
        let work = read(&parts).await?.0.histogram(WORK).unwrap_or_default();
        let cpu_s = parts.iter().map(|part| cpu_s(part.pid)).collect::<Result<_>>()?;
        Ok(Self { resident: vec![0; parts.len()], cpu_s, parts, looks: 0, work, lines: 0 })
    }

    /// A look at what the processes take.
    ///
    /// # Errors
    /// When one has ended.
    pub fn look(&mut self) -> Result<()> {
        for (part, sum) in self.parts.iter().zip(&mut self.resident) {
            *sum += resident(part.pid).with_context(|| format!("{} stopped", part.name))?;
        }
        self.looks += 1;
        Ok(())
    }

    /// Draws a line: what was seen since the last one.
    ///
    /// # Errors
    /// When a process has ended, or says nothing.
    pub async fn line(&mut self) -> Result<Minute> {
        self.look()?;
        let (page, took) = read(&self.parts).await?;
        let so_far = page.histogram(WORK)?;
        let work = so_far.since(&self.work);
        let looks = std::mem::take(&mut self.looks);
        let sums = self.resident.iter_mut().zip(&mut self.cpu_s);
        let usage = self.parts.iter().zip(sums).map(|(part, (resident, cpu_before))| {
            let of =
                |folder: &str| fs::read_dir(format!("/proc/{}/{folder}", part.pid)).map(|found| found.count() as u64);
            let cpu_s = cpu_s(part.pid)?;
            Ok(Usage {
                process: part.name,
                resident: std::mem::take(resident) / looks,
                cpu_s: cpu_s - std::mem::replace(cpu_before, cpu_s),
                descriptors: of("fd")?,
                threads: of("task")?,
            })
        });
        let usage = usage.collect::<Result<_>>()?;
        self.work = so_far;
        self.lines += 1;
        Ok(Minute {
            number: self.lines,
            players: page.sum("realmgate_players") as u64,
            accounts: page.sum("realmgate_registrations_total") as u64,
            usage,
            ticks: work.count(),
            tick_p99_ms: work.quantile(0.99) * 1e3,
            scrape_ms: took.as_secs_f64() * 1e3,
            series: page.series(),
            tables: page.tables(),
            work,
        })
    }

    /// Forgets what it has seen since the last line.
    pub fn forget(&mut self) {
        self.resident.fill(0);
        self.looks = 0;
    }

    /// How many players there are, if the processes say so.
    pub async fn players(&self) -> Option<u64> {
        Some(read(&self.parts).await.ok()?.0.sum("realmgate_players") as u64)
    }
}

/// How long a process may take to tell its figures.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
const WORK: &str = "realmgate_tick_work_seconds";

/// The figures of all, and how long that took.
async fn read(parts: &[Part]) -> Result<(Page, Duration)> {
    let (mut page, begun) = (Page::default(), Instant::now());
    for part in parts {
        let answer = part.metrics.request(Method::GET, "/metrics").timeout(ANSWER_WITHIN).send().await;
        page.add(&answer.with_context(|| format!("{} does not respond", part.name))?.text().await?);
    }
    Ok((page, Instant::now() - begun))
}

//! Players who mean no harm: bots that play all the while, and newcomers who log in, enter and leave again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::Signal;
use serde::Deserialize;
use tokio::task::JoinHandle;

use super::endpoints::{Endpoints, pause};
use crate::binaries::binaries;
use crate::chaos::journal::{Entry, Journal};
use crate::chaos::judge::presence::longest_absence;
use crate::chaos::probe::Probe;
use crate::home::Home;
use crate::netcode::unix_now;
use crate::process::{Process, command};
use crate::wait::found_within;

/// How long the bots may take to be born and to enter.
const GATHER_WITHIN: Duration = Duration::from_secs(120);
/// How long they may take to say goodbye.
const END_WITHIN: Duration = Duration::from_secs(60);
/// Newcomers, who take turns: none enters more often than an account may.
const NEWCOMERS: usize = 4;
/// Between one newcomer and the next.
const NEXT_AFTER: Duration = Duration::from_secs(5);

/// The bots.
pub struct Bots {
    process: Process,
    journal: Journal,
    count: u32,
    since_ms: u64,
}

/// What became of the bots.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Report {
    /// Those that were ever in.
    pub entered: u32,
    /// Those that could say goodbye.
    pub logged_out: u32,
    /// Connections that ended though nobody wanted that.
    pub disconnects: u64,
    /// What they could not read.
    pub decode_errors: u64,
    /// Snapshots that a bot saw in a second.
    pub snapshots_per_s: f64,
    /// Why some did not play.
    pub troubles: Vec<String>,
    /// The longest that any of them saw nothing.
    #[serde(skip)]
    pub longest_absence: Duration,
}

impl Bots {
    /// Sends so many in, and waits until all are in the world.
    ///
    /// # Errors
    /// How many are, when not all come in.
    pub async fn send_in(endpoints: &Endpoints, home: &Home, count: u32, seed: u64) -> Result<Self, String> {
        let journal = Journal::at(&home.path("journal.jsonl"));
        let mut bots = command(&binaries().bot);
        bots.args(["--count", &count.to_string(), "--seed", &seed.to_string(), "--seconds", "1000000"]);
        bots.args([
            "--quiet",
            "--json",
            "--expect",
            "none",
            "--transport",
            "udp,renet",
            "--server",
            &format!("http://{}", endpoints.api),
        ]);
        bots.args(["--gateway", &format!("ws://{}/ws", endpoints.gateway)]).arg("--journal").arg(journal.path());
        let mut bots = Self { process: Process::start(home, bots), journal, count, since_ms: 0 };
        let mut inside = 0;
        let all_in = found_within(GATHER_WITHIN, async || {
            bots.journal.read_on();
            let are_in = bots.journal.lines.iter().filter(|line| matches!(line.entry, Entry::In { .. }));
            inside = are_in.map(|line| &line.bot).collect::<BTreeSet<_>>().len();
            (inside >= bots.count as usize).then_some(())
        });
        if all_in.await.is_none() {
            return Err(format!("only {inside} of {count} bots entered the world{}", bots.process.told()));
        }
        bots.since_ms = now_ms();
        Ok(bots)
    }

    /// Whether they still run.
    pub fn are_running(&self) -> bool {
        self.process.is_running()
    }

    /// Sends them home: what became of them, or why that is not known.
    ///
    /// # Errors
    /// When they do not end in time, or their report cannot be read.
    pub async fn send_home(mut self) -> Result<Report, String> {
        self.journal.read_on();
        let longest_absence = longest_absence(&self.journal.lines, self.since_ms, now_ms());
        self.process.signal(Signal::INT);
        let ended = found_within(END_WITHIN, async || (!self.process.is_running()).then_some(())).await;
        let said = self.process.stdout();
        if ended.is_none() {
            return Err(format!("the bots did not stop{}", self.process.told()));
        }
        let report: Report = serde_json::from_str(&said).map_err(|error| format!("{error}{}", self.process.told()))?;
        Ok(Report { longest_absence, ..report })
    }
}

/// What newcomers met, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Visits {
    /// How long each took until he was in.
    pub took: Vec<Duration>,
    /// Why others were not.
    pub failed: Vec<String>,
}

impl Visits {
    fn note(&mut self, visit: Result<Duration, String>) {
        match visit {
            Ok(took) => self.took.push(took),
            Err(why) => self.failed.push(why),
        }
    }

    /// What this share of the newcomers waited at most.
    pub fn quantile(&self, share: f64) -> Duration {
        let mut took = self.took.clone();
        took.sort();
        let at = (took.len() as f64 * share).ceil() as usize;
        took.get(at.saturating_sub(1)).copied().unwrap_or_default()
    }
}

/// The newcomers, while they come.
pub struct Newcomers {
    visits: Arc<Mutex<Visits>>,
    coming: JoinHandle<()>,
}

impl Newcomers {
    /// Registers them, and has one after the other log in and enter, each within a time.
    ///
    /// # Errors
    /// What refused them, in words.
    pub async fn invite(endpoints: &Endpoints, within: Duration) -> Result<Self, String> {
        let (api, gateway) = (format!("http://{}", endpoints.api), format!("ws://{}/ws", endpoints.gateway));
        let mut probes = Vec::new();
        for _ in 0..NEWCOMERS {
            let probe = Probe::make(&api, &gateway).await;
            probes.push(probe.map_err(|error| format!("a newcomer cannot register: {error:#}"))?);
        }
        let visits = Arc::new(Mutex::new(Visits::default()));
        let noted = visits.clone();
        let coming = tokio::spawn(async move {
            for probe in probes.iter().cycle() {
                let visit = probe.visit(within).await;
                noted.lock().unwrap_or_else(PoisonError::into_inner).note(visit);
                pause(NEXT_AFTER).await;
            }
        });
        Ok(Self { visits, coming })
    }

    /// What they have met so far.
    pub fn so_far(&self) -> Visits {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// No more come.
    pub fn end(self) -> Visits {
        self.coming.abort();
        self.so_far()
    }
}

fn now_ms() -> u64 {
    u64::try_from(unix_now().as_millis()).unwrap_or(u64::MAX)
}

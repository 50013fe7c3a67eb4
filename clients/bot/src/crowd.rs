//! All bots of a run: their shared state, how long they play, and their combined counts.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, ensure};
use realmgate_client::api::{Api, CharacterClass};
use realmgate_client::client::Setup;
use realmgate_client::clock::Clock;
use realmgate_client::scrape::Scrape;
use realmgate_client::transport::Carrier;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::dump;
use crate::journal::Journal;
use crate::life::{Bot, Outcome};
use crate::options::Options;
use crate::points_of_interest::KnownMaps;
use crate::report::{Circumstances, Compared, Report, compare, report};
use crate::roster::Roster;
use crate::table;
use crate::tally::Tally;

/// Maximum number of bots that register at the same time. The server hashes only a few passwords at a time anyway.
const BIRTHS_AT_ONCE: usize = 8;
/// How long the bots may take to register and enter. After that, the run starts without the others.
const GATHER_WITHIN: Duration = Duration::from_secs(300);
/// How long the bots may take to log out. A body in a fight stays for half a minute.
const END_WITHIN: Duration = Duration::from_secs(60);
const PROGRESS_EVERY: Duration = Duration::from_secs(5);
/// Maximum readings of the server's figures, which are repeated while they differ: a counter may lag behind.
const READINGS: u32 = 4;

/// The phase of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Bots play.
    Playing,
    /// Bots log out.
    Ending,
}

/// The state that all bots share.
pub struct Crowd {
    /// The command line.
    pub options: Options,
    /// The HTTP API.
    pub api: Api,
    /// The gateway's URL.
    pub gateway_url: String,
    /// The clock and the maps' solid tiles. What carries the game is in [`Self::setup_of`].
    pub setup: Setup,
    /// What is known about the maps.
    pub maps: KnownMaps,
    /// The available classes; at least one.
    pub classes: Vec<CharacterClass>,
    /// The bots in the world.
    pub roster: Roster,
    /// Permits to register.
    pub births: Semaphore,
    /// The bots' journal.
    pub journal: Journal,
    /// The current phase of the run.
    pub phase: watch::Receiver<Phase>,
    settled: watch::Sender<BTreeSet<u32>>,
}

impl Crowd {
    async fn gather(options: &Options, clock: Clock, phase: watch::Receiver<Phase>) -> anyhow::Result<Self> {
        let api = Api::new(&options.server);
        let classes = api.classes().await.with_context(|| format!("no server at {}", options.server))?;
        ensure!(!classes.is_empty(), "the server has no character classes");
        let status = api.world_status().await.unwrap_or_default().unwrap_or_default();
        let gateway_url = options.gateway_url(status.gateway_port)?;
        let maps = KnownMaps::new(&status, &options.portal);
        Ok(Self {
            options: options.clone(),
            api,
            gateway_url,
            setup: Setup { grids: maps.grids.clone(), through: options.through, ..Setup::new(clock) },
            maps,
            classes,
            roster: Roster::default(),
            births: Semaphore::new(BIRTHS_AT_ONCE),
            journal: Journal::create(options.journal.as_deref())?,
            phase,
            settled: watch::Sender::new(BTreeSet::new()),
        })
    }

    /// The time on the run's clock.
    pub fn now(&self) -> Duration {
        self.setup.clock.now()
    }

    /// The setup of the bot of this number.
    pub fn setup_of(&self, number: u32) -> Setup {
        let carrier = self.options.transport.iter().cycle().nth(number as usize).copied().map(Carrier::from);
        Setup { carrier: carrier.unwrap_or_default(), ..self.setup.clone() }
    }

    /// Notes that the bot of this number is in the world, or will never be.
    pub fn settled(&self, number: u32) {
        self.settled.send_if_modified(|settled| settled.insert(number));
    }

    async fn reading(&self) -> Option<Scrape> {
        let mut reading = Scrape::default();
        for url in self.options.metrics_urls() {
            match self.api.text(&url).await {
                Ok(page) => reading.add(&page),
                Err(error) => {
                    tracing::warn!(%error, url, "cannot read the metrics of the server");
                    return None;
                }
            }
        }
        Some(reading)
    }
}

/// Runs all bots and returns the report.
///
/// # Errors
/// When the server cannot be reached or has no classes, the gateway's URL is unknown, or a file cannot be written.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let (phase, watched) = watch::channel(Phase::Playing);
    let crowd = Arc::new(Crowd::gather(options, Clock::start(), watched).await?);
    let before = crowd.reading().await;
    let tallies: Vec<Arc<Mutex<Tally>>> = (0..options.count).map(|_| Arc::default()).collect();
    let mut bots = JoinSet::new();
    for (number, tally) in (0..).zip(&tallies) {
        let bot = Bot::new(crowd.clone(), number, unique_username(&options.prefix), tally.clone());
        let crowd = crowd.clone();
        bots.spawn(async move {
            let outcome = bot.live().await;
            crowd.settled(number);
            outcome
        });
    }
    let reporter = (!options.quiet).then(|| tokio::spawn(progress(crowd.clone(), tallies.clone())));
    let seconds = conduct(&crowd, &phase).await;
    let outcomes = collect(&mut bots).await;
    if let Some(reporter) = reporter {
        reporter.abort();
    }
    let all = sum(&tallies);
    let after = settled_reading(&crowd, &all, before.as_ref()).await;
    if let Some(path) = &options.dump {
        let records: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.record.clone()).collect();
        dump::write(path, &records)?;
    }
    let count = |test: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| test(outcome)).count() as u32;
    let (entered, logged_out) = (count(|outcome| outcome.entered), count(|outcome| outcome.logged_out));
    Ok(report(options, &all, &Circumstances { entered, logged_out, seconds, before, after }))
}

/// Lets the bots gather, play for the requested time, and end. Ctrl-C ends early. Returns the seconds they played
/// together.
async fn conduct(crowd: &Crowd, phase: &watch::Sender<Phase>) -> f64 {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler there is no early end, except to kill the process.
            std::future::pending::<()>().await;
        }
    };
    tokio::pin!(interrupted);
    let mut settled = crowd.settled.subscribe();
    let count = crowd.options.count as usize;
    let gathering = tokio::time::timeout(GATHER_WITHIN, settled.wait_for(|settled| settled.len() >= count));
    let is_interrupted = tokio::select! { _ = gathering => false, () = &mut interrupted => true };
    let started = crowd.now();
    if !is_interrupted {
        let time = tokio::time::sleep(Duration::from_secs(crowd.options.seconds));
        tokio::select! { () = time => {}, () = &mut interrupted => {} }
    }
    phase.send_replace(Phase::Ending);
    (crowd.now() - started).as_secs_f64()
}

async fn collect(bots: &mut JoinSet<Outcome>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let ending = async {
        while let Some(joined) = bots.join_next().await {
            match joined {
                Ok(outcome) => outcomes.push(outcome),
                Err(error) => tracing::error!(%error, "a bot failed"),
            }
        }
    };
    let _ = tokio::time::timeout(END_WITHIN, ending).await;
    outcomes
}

/// The figures after the run. Reads them again for a moment while they differ from the bots' counts.
async fn settled_reading(crowd: &Crowd, all: &Tally, before: Option<&Scrape>) -> Option<Scrape> {
    let mut after = None;
    for _ in 0..READINGS {
        after = crowd.reading().await;
        if compare(all, before, after.as_ref()).iter().all(Compared::agrees) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    after
}

async fn progress(crowd: Arc<Crowd>, tallies: Vec<Arc<Mutex<Tally>>>) {
    loop {
        tokio::time::sleep(PROGRESS_EVERY).await;
        table::progress(crowd.now().as_secs_f64(), crowd.roster.len(), crowd.options.count, &sum(&tallies));
    }
}

fn sum(tallies: &[Arc<Mutex<Tally>>]) -> Tally {
    let mut all = Tally::default();
    tallies.iter().for_each(|tally| all.add(&tally.lock().unwrap_or_else(PoisonError::into_inner)));
    all
}

/// The prefix and eight random letters: an account's name, which nobody sees.
fn unique_username(prefix: &str) -> String {
    let random = Uuid::new_v4();
    let letters = random.as_bytes().iter().take(8).map(|byte| char::from(b'a' + byte % 26));
    std::iter::once(prefix.to_owned()).chain(letters.map(String::from)).collect()
}

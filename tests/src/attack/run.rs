//! One run: a server, honest players, the hostile, and what the judges say.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::behaviours::{self, Behaviour};
use super::breaches::Breaches;
use super::endpoints::{Endpoints, pause};
use super::honest::{Bots, Newcomers, Report, Visits};
use super::hostile::{Hostile, Responses};
use super::judge::Bounds;
use super::service;
use super::surroundings;
use super::watch::{Health, Watch};
use crate::binaries::binaries;
use crate::database::Database;
use crate::map_server::{MapServer, Settings};
use crate::process::{Process, command};
use crate::wait::found_within;

/// Hostile accounts that register at once.
const BORN_TOGETHER: usize = 4;
/// How long one act may take; then it is called off.
const ACT_WITHIN: Duration = Duration::from_secs(40);
const TELL_EVERY: Duration = Duration::from_secs(10);
/// How soon every lock must be free once everybody has left: bodies that linger in combat go first.
const FREE_WITHIN: Duration = Duration::from_secs(90);
/// How soon the server must end once it is told to.
const END_WITHIN: Duration = Duration::from_secs(60);

/// What a run is of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What the chances are drawn from.
    pub seed: u64,
    /// How long the hostile act.
    pub lasts: Duration,
    /// How many hostile accounts.
    pub accounts: u32,
    /// How many honest bots.
    pub bots: u32,
    /// How many profiles others have made before.
    pub profiles: u32,
    /// How often the server ticks in a second.
    pub tick_hz: u32,
    /// Those of the behaviours that are played; all where there is none.
    pub only: Vec<String>,
    /// What must hold.
    pub bounds: Bounds,
    /// Where the server's log goes when the run fails.
    pub keep_in: PathBuf,
}

/// What came of one behaviour.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The behaviour.
    pub behaviour: Behaviour,
    /// Acts that came to their end.
    pub acts: u64,
    /// Acts that ended in a panic of the adversary's own.
    pub crashed: u64,
    /// How the server answered them.
    pub responses: Responses,
}

/// What the judges say.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Each behaviour.
    pub rows: Vec<Row>,
    /// Honest bots that were sent in.
    pub bot_count: u32,
    /// What became of them.
    pub bots: Report,
    /// What newcomers met.
    pub visits: Visits,
    /// The server's memory and ticks.
    pub health: Health,
    /// How many answers there were that it must never give, and the first of them.
    pub breaches: (u64, Vec<String>),
    /// What had to hold.
    pub bounds: Bounds,
    /// What is wrong; empty is good.
    pub faults: Vec<String>,
}

/// What all drivers share.
struct Adversary {
    idle: Mutex<Vec<Hostile>>,
    rows: Mutex<Vec<Row>>,
    ends_at: Instant,
    seed: u64,
}

/// Runs it.
///
/// # Errors
/// What could not even be begun.
pub async fn run(plan: &Plan) -> Result<Verdict, String> {
    // As an operator starts it, but for room for all: a full server may say so.
    let settings = Settings::new().set("ENTRIES_PER_MIN", "12").set("MAX_PLAYERS", "500").set("CHANNELS", "2");
    let breaches = Arc::<Breaches>::default();
    let service = service::start(breaches.clone()).await.map_err(|error| error.to_string())?;
    let settings = surroundings::prepared(settings.set("TICK_HZ", &plan.tick_hz.to_string()), service)?;
    let server = MapServer::start_linked(&settings).await;
    let endpoints = Arc::new(Endpoints::of(&server, breaches));
    let verdict = played(plan, &server, &endpoints).await;
    if verdict.as_ref().map_or(true, |verdict| !verdict.faults.is_empty()) {
        keep(plan, &server.process);
    }
    verdict
}

async fn played(plan: &Plan, server: &MapServer, endpoints: &Arc<Endpoints>) -> Result<Verdict, String> {
    surroundings::register_administrator(endpoints).await?;
    surroundings::fill(&server.settings.home, plan.profiles).await;
    say(&format!("{} profiles are in the database", plan.profiles));
    let bots = Bots::send_in(endpoints, &server.settings.home, plan.bots, plan.seed).await?;
    let newcomers = Newcomers::invite(endpoints, plan.bounds.enter_within).await?;
    say(&format!("{} honest bots are in the world", plan.bots));
    let hostile = gather(plan, endpoints).await?;
    say(&format!("{} hostile accounts are registered", hostile.len()));
    let watch = Watch::begin(server).await;
    let rows = attack(plan, hostile, server, &watch, &newcomers).await;
    let bots_run_on = bots.are_running();
    let visits = newcomers.end();
    let bots = bots.send_home().await;
    let mut faults = ends_well(server).await;
    let health = watch.end(server).await;
    faults.extend((!bots_run_on).then(|| "the honest bots stopped early".to_owned()));
    let bots = bots.unwrap_or_else(|why| {
        faults.push(why);
        Report::default()
    });
    faults.extend(shut_down(&server.process, server).await);
    let (bounds, bot_count) = (plan.bounds, plan.bots);
    let breaches = endpoints.breaches.so_far();
    let mut verdict = Verdict { rows, bot_count, bots, visits, health, breaches, bounds, faults };
    let judged = bounds.faults(&verdict);
    verdict.faults.extend(judged);
    Ok(verdict)
}

/// Registers the hostile accounts.
async fn gather(plan: &Plan, endpoints: &Arc<Endpoints>) -> Result<Vec<Hostile>, String> {
    let born = stream::iter(0..plan.accounts).map(|number| Hostile::make(endpoints, plan.seed, number));
    let born: Vec<_> = born.buffer_unordered(BORN_TOGETHER).collect().await;
    born.into_iter().collect()
}

/// Has every behaviour acted at its pace until the time is over.
async fn attack(
    plan: &Plan,
    hostile: Vec<Hostile>,
    server: &MapServer,
    watch: &Watch,
    newcomers: &Newcomers,
) -> Vec<Row> {
    let is_played =
        |behaviour: &&Behaviour| plan.only.is_empty() || plan.only.iter().any(|name| behaviour.name.contains(name));
    let played = behaviours::ALL.iter().filter(is_played);
    let rows = played
        .map(|behaviour| Row { behaviour: *behaviour, acts: 0, crashed: 0, responses: Responses::default() })
        .collect();
    let ends_at = Instant::now() + plan.lasts;
    let rows = Mutex::new(rows);
    let adversary = Arc::new(Adversary { idle: Mutex::new(hostile), rows, ends_at, seed: plan.seed });
    let count = adversary.rows().len();
    let mut drivers: JoinSet<()> = (0..count).map(|number| drive(adversary.clone(), number)).collect();
    while Instant::now() < ends_at && server.process.is_running() {
        pause(TELL_EVERY.min(ends_at.saturating_duration_since(Instant::now()))).await;
        let ((resident, most), visits) = (watch.resident(), newcomers.so_far());
        let acts: u64 = adversary.rows().iter().map(|row| row.acts).sum();
        let left = ends_at.saturating_duration_since(Instant::now()).as_secs();
        say(&format!(
            "{left} s left: {acts} acts, memory {} MiB (most {}), newcomers in {}, not in {}",
            resident >> 20,
            most >> 20,
            visits.took.len(),
            visits.failed.len()
        ));
    }
    while drivers.join_next().await.is_some() {}
    adversary.rows().clone()
}

/// One behaviour, at its pace: each act by whichever account has nothing to do.
async fn drive(adversary: Arc<Adversary>, number: usize) {
    let behaviour = adversary.rows()[number].behaviour;
    let mut rng = Pcg64::seed_from_u64(adversary.seed.rotate_left(32) ^ number as u64);
    let mut beat = interval(Duration::from_mins(1) / behaviour.per_minute);
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    // Not all at once.
    pause(Duration::from_millis(rng.random_range(0..5_000))).await;
    let mut acts = JoinSet::new();
    while Instant::now() < adversary.ends_at {
        beat.tick().await;
        while let Some(act) = acts.try_join_next() {
            adversary.rows()[number].crashed += u64::from(act.is_err());
        }
        let Some(mut hostile) = adversary.take(&mut rng) else { continue };
        let adversary = adversary.clone();
        acts.spawn(async move {
            // What takes too long is called off like a client that is closed.
            let responses = timeout(ACT_WITHIN, (behaviour.act)(&mut hostile)).await.unwrap_or_default();
            adversary.note(number, responses);
            adversary.idle().push(hostile);
        });
    }
    while let Some(act) = acts.join_next().await {
        adversary.rows()[number].crashed += u64::from(act.is_err());
    }
}

impl Adversary {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Hostile>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rows(&self) -> std::sync::MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, rng: &mut Pcg64) -> Option<Hostile> {
        let mut idle = self.idle();
        let count = idle.len();
        (count > 0).then(|| idle.swap_remove(rng.random_range(0..count)))
    }

    fn note(&self, number: usize, responses: Responses) {
        let row = &mut self.rows()[number];
        row.acts += 1;
        row.responses.asked += responses.asked;
        row.responses.refused += responses.refused;
        row.responses.ended += responses.ended;
    }
}

/// What is left once everybody has gone.
async fn ends_well(server: &MapServer) -> Vec<String> {
    let mut faults = Vec::new();
    if !server.process.is_running() {
        return vec!["the server stopped".to_owned()];
    }
    let database = Database::open(&server.settings.home).await;
    let free = found_within(FREE_WITHIN, async || database.held_locks().await.is_empty().then_some(()));
    if free.await.is_none() {
        faults.push(format!("locks are left after all players left: {:?}", database.held_locks().await));
    }
    faults
}

/// Ends the server as an operator does, reads its log, and has its books audited.
async fn shut_down(process: &Process, server: &MapServer) -> Vec<String> {
    let mut faults = Vec::new();
    process.terminate();
    if found_within(END_WITHIN, async || (!process.is_running()).then_some(())).await.is_none() {
        faults.push(format!("the server did not stop within {END_WITHIN:?}"));
        return faults;
    }
    let ended = process.finished().await;
    if ended.code != Some(0) {
        faults.push(format!("the server ended with {:?}", ended.code));
    }
    let panics = [ended.stderr, ended.stdout].concat();
    faults.extend(panics.lines().filter(|line| line.contains("panicked at")).map(str::to_owned));
    let mut audit = command(&binaries().sidecar);
    audit.arg("audit").env("DATA_DIR", server.settings.home.data_dir());
    let audit = Process::start(&server.settings.home, audit).finished_within(END_WITHIN).await;
    match serde_json::from_str::<serde_json::Value>(&audit.stdout) {
        Ok(report) => {
            let found = report["faults"].as_array().cloned().unwrap_or_default();
            faults.extend(found.iter().map(|fault| format!("audit: {fault}")));
        }
        Err(error) => faults.push(format!("the audit failed: {error}, {}", audit.stderr)),
    }
    faults
}

/// Copies the server's log to where it stays.
fn keep(plan: &Plan, process: &Process) {
    let folder = plan.keep_in.join(format!("seed-{}", plan.seed));
    let kept = fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join("server.log"), process.stderr()));
    match kept {
        Ok(()) => say(&format!("the server's log is in {}", folder.display())),
        Err(error) => say(&format!("cannot keep the server's log: {error}")),
    }
}

#[expect(clippy::print_stderr, reason = "a long run shows how it goes")]
fn say(what: &str) {
    eprintln!("{what}");
}

//! One run: a realm, its bots, a schedule of faults, and what the judges say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, sleep_until};

use super::fault::{Fault, Parts};
use super::journal::{Entry, Journal};
use super::judge::presence::{Presence, longest_absence};
use super::judge::{epochs, told};
use super::probe::Probe;
use super::realm::Realm;
use super::schedule::{Schedule, Strike};
use crate::backends::Missing;
use crate::binaries::binaries;
use crate::home::Home;
use crate::netcode::unix_now;
use crate::process::{Process, command};
use crate::wait::found_within;

/// How soon everybody must be back once the part that failed is, where nothing else keeps the machine busy.
pub const BACK_WITHIN: Duration = Duration::from_secs(10);
/// How long the bots may take to be born and to enter.
const GATHER_WITHIN: Duration = Duration::from_secs(180);
/// How long they may take to say goodbye: a body that fights stays for half a minute, and one that lost its connection
/// first has to come back.
const END_WITHIN: Duration = Duration::from_secs(120);
/// How soon every lock must be free once everybody has left: the accounts wait half a minute for their log-ins.
const FREE_WITHIN: Duration = Duration::from_secs(60);
/// How long they are looked at once they are back.
const STAY: Duration = Duration::from_millis(1_500);
/// Most sentences that a verdict holds of one judge.
const MAX_TOLD: usize = 20;

/// What a run is of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What happens.
    pub schedule: Schedule,
    /// What the realm is made of.
    pub parts: Parts,
    /// How many bots play.
    pub bots: u32,
    /// How soon everybody must be back once the part that failed is.
    pub back_within: Duration,
    /// After how long no further fault strikes, where the schedule is longer.
    pub at_most: Option<Duration>,
    /// Where the output of everything goes when the run fails.
    pub keep_in: PathBuf,
    /// Whether to say on stderr how it goes.
    pub verbose: bool,
}

/// What became of one fault.
#[derive(Debug, Clone)]
pub struct Struck {
    /// The fault that was caused.
    pub fault: Fault,
    /// How long the part was away.
    pub away: Duration,
    /// When everybody was back, counted from the part's return.
    pub back_after: Duration,
    /// When a player who logged in anew was in, counted from the part's return.
    pub probe_after: Option<Duration>,
    /// The longest that any bot saw nothing.
    pub longest_absence: Duration,
    /// Crossings to another map while it lasted.
    pub crossings: usize,
}

/// What the judges say.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// The run's seed.
    pub seed: u64,
    /// What became of each fault.
    pub struck: Vec<Struck>,
    /// Crossings to another map in all.
    pub crossings: usize,
    /// Things that bots were told as done.
    pub told: usize,
    /// Writes that were looked at.
    pub writes: usize,
    /// What is wrong; empty is good.
    pub faults: Vec<String>,
}

/// A run in progress.
struct Run {
    plan: Plan,
    realm: Realm,
    bots: Process,
    bots_home: Home,
    journal: Journal,
    presence: Presence,
    probe: Option<Probe>,
    back_at: Instant,
    verdict: Verdict,
}

/// Runs it.
///
/// # Errors
/// When a program that the realm needs is not installed.
///
/// # Panics
/// When a part that should does not come up, or what it says cannot be read.
pub async fn run(plan: Plan) -> Result<Verdict, Missing> {
    let realm = Realm::start(plan.parts).await?;
    let mut run = Run::begin(plan, realm);
    run.play().await;
    run.end().await;
    if !run.verdict.faults.is_empty() {
        run.keep();
    }
    Ok(std::mem::take(&mut run.verdict))
}

impl Run {
    fn begin(plan: Plan, realm: Realm) -> Self {
        let home = Home::new();
        let journal = Journal::at(&home.path("journal.jsonl"));
        let mut bots = command(&binaries().bot);
        bots.args(["--count", &plan.bots.to_string(), "--seed", &plan.schedule.seed.to_string()]);
        bots.args(["--seconds", "1000000", "--endure", "--quiet", "--json", "--expect", "none"]);
        bots.args(["--transport", "udp,renet"]);
        bots.args(["--server", &format!("http://{}", realm.api.address())]);
        bots.args(["--gateway", &format!("ws://{}/ws", realm.gateway.address())]);
        bots.arg("--journal").arg(journal.path());
        let verdict = Verdict { seed: plan.schedule.seed, ..Verdict::default() };
        let bots = Process::start(&home, bots);
        Self {
            plan,
            realm,
            bots,
            bots_home: home,
            journal,
            presence: Presence::default(),
            probe: None,
            back_at: Instant::now(),
            verdict,
        }
    }

    /// Strikes with one fault after the other, until one leaves anything behind.
    async fn play(&mut self) {
        if let Err(missing) = self.all_in_within(GATHER_WITHIN, 0).await {
            self.verdict.faults.push(format!("not all bots entered the world: {missing:?}"));
            return;
        }
        let (api, gateway) = (self.realm.api.address(), self.realm.gateway.address());
        match Probe::make(&format!("http://{api}"), &format!("ws://{gateway}/ws")).await {
            Ok(probe) => self.probe = Some(probe),
            Err(error) => return self.verdict.faults.push(format!("cannot register an account: {error:#}")),
        }
        self.say("all bots are in the world");
        let end = self.plan.at_most.map(|time| Instant::now() + time);
        for strike in self.plan.schedule.strikes.clone() {
            if end.is_some_and(|end| Instant::now() >= end) {
                return;
            }
            pause(strike.calm).await;
            self.strike(&strike).await;
            self.stays().await;
            if !self.verdict.faults.is_empty() {
                return;
            }
        }
    }

    async fn strike(&mut self, strike: &Strike) {
        self.say(&format!("{} for {:.1} s", strike.fault, strike.lasts.as_secs_f32()));
        let (from_ms, began) = (unix_ms(), Instant::now());
        let map = self.realm.struck_map(strike).await;
        self.realm.strike(strike, map).await;
        for done in self.realm.cheat(strike.fault).await {
            self.fault(strike, &done);
        }
        pause(strike.lasts).await;
        self.realm.mend(strike, map).await;
        let (back_ms, away) = (unix_ms(), Instant::now() - began);
        self.back_at = Instant::now();
        let probe = self.probe.clone().expect("it was made before the first fault");
        let within = self.plan.back_within;
        let visit = tokio::spawn(async move { probe.visit(within).await });
        if let Err(missing) = self.all_in_within(within, back_ms).await {
            self.fault(strike, &format!("not back within {within:?}: {missing:?}"));
        }
        let now_ms = unix_ms();
        let probe_after = match visit.await.expect("a probe does not panic") {
            Ok(after) => Some(after),
            Err(why) => {
                self.fault(strike, &format!("no login and entry within {within:?}: {why}"));
                None
            }
        };
        self.verdict.struck.push(Struck {
            fault: strike.fault,
            away,
            back_after: Duration::from_millis(now_ms - back_ms),
            probe_after,
            longest_absence: longest_absence(&self.journal.lines, from_ms, now_ms),
            crossings: self.crossings(from_ms, now_ms),
        });
        self.judge(&format!("after {}", strike.fault)).await;
        if let Some(struck) = self.verdict.struck.last() {
            let back = struck.back_after.as_secs_f32();
            let probe = struck.probe_after.unwrap_or_default().as_secs_f32();
            let line =
                format!("all back after {back:.1} s, a new log-in after {probe:.1} s, {} crossings", struck.crossings);
            self.say(&line);
        }
    }

    /// Whoever came back and was sent away again is not back: everybody is still there a moment later.
    async fn stays(&mut self) {
        pause(STAY).await;
        let left = self.plan.back_within.saturating_sub(Instant::now() - self.back_at).max(STAY);
        if let Err(missing) = self.all_in_within(left, unix_ms().saturating_sub(1_000)).await {
            self.verdict.faults.push(format!("absent for too long: {missing:?}"));
        }
        self.verdict.faults.extend(self.realm.ended());
    }

    fn crossings(&self, from_ms: u64, to_ms: u64) -> usize {
        let during = self.journal.lines.iter().filter(|line| (from_ms..=to_ms).contains(&line.at_ms));
        during.filter(|line| matches!(&line.entry, Entry::Out { why } if why.starts_with("on to map"))).count()
    }

    /// Waits until all bots are in the world at once, and has seen it since then.
    async fn all_in_within(&mut self, within: Duration, since_ms: u64) -> Result<(), Vec<String>> {
        let (bots, journal, presence) = (&self.bots, &mut self.journal, &mut self.presence);
        let count = self.plan.bots as usize;
        let all_in = found_within(within, async || {
            assert!(bots.is_running(), "the bots stopped{}", bots.told());
            journal.read_on().iter().for_each(|line| presence.take(line));
            (presence.bots() == count && presence.missing(unix_ms(), since_ms).is_empty()).then_some(())
        });
        match all_in.await {
            Some(()) => Ok(()),
            None => Err(self.presence.missing(unix_ms(), since_ms)),
        }
    }

    /// Holds what the bots were told so far, and what was written so far, against the rules.
    async fn judge(&mut self, when: &str) {
        // The journal first: whatever it says was committed before.
        self.journal.read_on().iter().for_each(|line| self.presence.take(line));
        let (writes, stored) = match self.realm.books.read().await {
            Ok(read) => read,
            Err(error) => return self.verdict.faults.push(format!("{when}: cannot read the database: {error}")),
        };
        let mut found: Vec<String> = epochs::faults(&writes).into_iter().take(MAX_TOLD).collect();
        let lives = self.lives();
        for (bot, (character, life)) in &lives {
            let known = stored.get(character).cloned().unwrap_or_default();
            let missing = told::faults(life, &known).into_iter().take(MAX_TOLD);
            found.extend(missing.map(|fault| format!("{bot} ({character}): {fault}")));
        }
        found.extend(self.realm.audit().await);
        self.verdict.told = lives.values().map(|(_, life)| life.len()).sum();
        self.verdict.writes = writes.len();
        self.verdict.crossings = self.crossings(0, u64::MAX);
        self.verdict.faults.extend(found.into_iter().map(|fault| format!("{when}: {fault}")));
    }

    /// What each bot was told, and its character.
    fn lives(&self) -> BTreeMap<String, (String, Vec<Entry>)> {
        let mut lives: BTreeMap<String, (String, Vec<Entry>)> = BTreeMap::new();
        for line in &self.journal.lines {
            let (character, life) = lives.entry(line.bot.clone()).or_default();
            match &line.entry {
                Entry::Born { character: born } => character.clone_from(born),
                Entry::Sees | Entry::Refused { .. } => {}
                entry => life.push(entry.clone()),
            }
        }
        lives
    }

    /// Sends everybody home, and looks at what is left.
    async fn end(&mut self) {
        self.bots.signal(Signal::INT);
        let finished = self.bots.finished_within(END_WITHIN).await;
        if finished.code != Some(0) {
            self.verdict.faults.push(format!("the bots failed{}", self.bots.told()));
        }
        self.judge("at the end").await;
        let left = self.lives().values().filter(|(_, life)| life.last() == Some(&Entry::Left)).count();
        if left != self.plan.bots as usize {
            self.verdict.faults.push(format!("only {left} of {} bots logged out", self.plan.bots));
        }
        let books = &self.realm.books;
        let free = found_within(FREE_WITHIN, async || books.owners().await.ok()?.is_empty().then_some(()));
        if free.await.is_none() {
            let left = self.realm.books.owners().await;
            self.verdict.faults.push(format!("locks are left after all players left: {left:?}"));
        }
    }

    fn fault(&mut self, strike: &Strike, what: &str) {
        self.verdict.faults.push(format!("{}: {what}", strike.fault));
    }

    #[expect(clippy::print_stderr, reason = "a long run shows how it goes")]
    fn say(&self, what: &str) {
        if self.plan.verbose {
            eprintln!("seed {}: {what}", self.plan.schedule.seed);
        }
    }

    /// Copies the output of every process, the journal and the verdict to where they stay.
    fn keep(&self) {
        let folder = self.plan.keep_in.join(format!("seed-{}", self.plan.schedule.seed));
        // Those of an earlier run of this seed would only mislead.
        let _ = fs::remove_dir_all(&folder);
        let mut homes = self.realm.homes();
        homes.push(("bots".to_owned(), self.bots_home.clone()));
        for (name, home) in homes {
            copy_files(&home.path(""), &folder.join(name));
        }
        let verdict = format!("{}\n\n{:#?}\n", self.plan.schedule, self.verdict);
        fs::write(folder.join("verdict"), verdict).expect("the folder was made");
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // A part that did not come up, or a line that could not be read: what led there is kept too.
        if std::thread::panicking() {
            self.keep();
        }
    }
}

fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for file in fs::read_dir(from).expect("the home is there").flatten().filter(|entry| entry.path().is_file()) {
        fs::copy(file.path(), to.join(file.file_name())).expect("a file can be copied");
    }
}

/// Lets the realm go on for so long: what a schedule says.
async fn pause(time: Duration) {
    sleep_until(Instant::now() + time).await;
}

fn unix_ms() -> u64 {
    u64::try_from(unix_now().as_millis()).unwrap_or(u64::MAX)
}

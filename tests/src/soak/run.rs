//! One run.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use anyhow::Result;
use futures_util::FutureExt;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::crowd::{Crowd, Gone, Size};
use super::realm::{Backend, Realm};
use super::watch::{Minute, Watch};
use crate::wait::found_within;

/// How often it is looked at memory, and at who has gone.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How soon the last player must be out of the world.
const EMPTY_WITHIN: Duration = Duration::from_secs(60);

/// Tables that have entries of those who play alone.
const IN_PLAY: [&str; 8] = ["sessions", "expected", "sockets", "tickets", "departures", "batches", "frames", "locks"];

/// What a run is of.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// On what.
    pub backend: Backend,
    /// Who plays.
    pub size: Size,
    /// After how long a line is drawn: a minute, but for tests.
    pub line_every: Duration,
    /// After how many it ends.
    pub lines: u32,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Minute by minute.
    pub minutes: Vec<Minute>,
    /// A look once everybody had left.
    pub afterwards: Option<Minute>,
    /// Who has played.
    pub gone: Gone,
    /// Why it ended before its time, or did not end well.
    pub faults: Vec<String>,
}

/// Runs it, or as much of it as `stopped` lets; `told` hears of each minute. `None`, said by name, where a service is missing.
///
/// # Errors
/// When a process does not answer at the very beginning.
///
/// # Panics
/// When one does not come up; its output is in the message.
pub async fn run(plan: Plan, stopped: impl Future<Output = ()>, told: impl FnMut(&Minute)) -> Result<Option<Outcome>> {
    let Some(realm) = Realm::start(plan.backend, plan.size.players).await else { return Ok(None) };
    let mut outcome = Outcome { minutes: Vec::new(), afterwards: None, gone: Gone::default(), faults: Vec::new() };
    let mut watch = Watch::begin(realm.parts()).await?;
    let mut crowd = Crowd::new(plan.size, &realm);
    let playing = play(plan, &realm, &mut watch, &mut crowd, &mut outcome, told);
    tokio::select! {
        played = playing => outcome.faults.extend(played.err().map(|error| format!("{error:#}"))),
        () = stopped => outcome.faults.push("stopped early".to_owned()),
    }
    crowd.leave().await;
    // Whoever stops it by Ctrl-C has stopped the servers too.
    if outcome.faults.is_empty() {
        let empty = found_within(EMPTY_WITHIN, async || (watch.players().await? == 0).then_some(())).await;
        if empty.is_none() {
            outcome.faults.push(format!("{EMPTY_WITHIN:?} after the last log-out there are still players"));
        }
        match settled(&mut watch).await {
            Ok(line) => {
                let left = left(&line);
                outcome
                    .faults
                    .extend((!left.is_empty()).then(|| format!("left over from players that logged out: {left:?}")));
                outcome.afterwards = Some(line);
            }
            Err(error) => outcome.faults.push(format!("{error:#}")),
        }
        // Its panic has said why; what was measured is worth keeping all the same.
        if AssertUnwindSafe(realm.stop()).catch_unwind().await.is_err() {
            outcome.faults.push("a process did not stop cleanly".to_owned());
        }
    }
    outcome.gone = crowd.gone;
    Ok(Some(outcome))
}

/// A look once the tables of those who play are empty, or have had [`EMPTY_WITHIN`] for it: some are counted every ten
/// seconds only.
async fn settled(watch: &mut Watch) -> Result<Minute> {
    watch.forget();
    let mut looks = interval(LOOK_EVERY);
    let until = Instant::now() + EMPTY_WITHIN;
    loop {
        looks.tick().await;
        let line = watch.line().await?;
        if left(&line).is_empty() || Instant::now() >= until {
            return Ok(line);
        }
    }
}

/// What those who play have in tables, where there is any.
fn left(line: &Minute) -> BTreeMap<&'static str, u64> {
    let entries = |table: &&'static str| line.tables.get(*table).copied().unwrap_or_default();
    IN_PLAY.iter().map(|table| (*table, entries(table))).filter(|(_, entries)| *entries > 0).collect()
}

async fn play(
    plan: Plan,
    realm: &Realm,
    watch: &mut Watch,
    crowd: &mut Crowd,
    outcome: &mut Outcome,
    mut told: impl FnMut(&Minute),
) -> Result<()> {
    let mut looks = interval(LOOK_EVERY.min(plan.line_every));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let begun = Instant::now();
    while outcome.minutes.len() < plan.lines as usize {
        looks.tick().await;
        outcome.faults = realm.ended();
        if !outcome.faults.is_empty() {
            return Ok(());
        }
        crowd.tend();
        watch.look()?;
        if Instant::now() >= begun + plan.line_every * (outcome.minutes.len() as u32 + 1) {
            let minute = watch.line().await?;
            told(&minute);
            outcome.minutes.push(minute);
        }
    }
    Ok(())
}

//! The password hashing threads.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::oneshot;

use super::hasher::Hasher;
use super::jobs::{Sender, channel};
use super::stand_back::{self, StandsBack};
use super::turns::TurnGuard;
use super::{Checked, bcrypt_hash};
use crate::config::PasswordHashing;
use crate::error::Error;

/// Maximum number of threads without a setting: each keeps the memory of a hash.
const MOST_BY_DEFAULT: usize = 4;

/// How long a thread that has only the time that nobody else wants may be at a job before its stand-in does it: on a
/// core with any time left, a hash takes a fraction of that.
const STARVED_AFTER: Duration = Duration::from_millis(200);

/// A hashing job. It may be done twice, by a thread and its stand-in: the first to be done answers.
pub(super) struct Job {
    work: Work,
    /// Held until the work is done, even if nobody waits for the result any more.
    turn: Mutex<Option<TurnGuard>>,
}

pub(super) enum Work {
    Hash { password: SecretString, answer: Answer<String> },
    Verify { password: SecretString, hash: Option<String>, answer: Answer<Checked> },
}

/// Where the result goes, once.
pub(super) struct Answer<T>(Mutex<Option<oneshot::Sender<Result<T, Error>>>>);

impl Job {
    pub(super) fn new(work: Work, turn: TurnGuard) -> Self {
        Self { work, turn: Mutex::new(Some(turn)) }
    }
}

impl<T> Answer<T> {
    pub(super) fn new() -> (Self, oneshot::Receiver<Result<T, Error>>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Mutex::new(Some(sender))), receiver)
    }

    fn give(&self, result: anyhow::Result<T>) {
        if let Some(answer) = take(&self.0) {
            // Nobody may be waiting any more.
            drop(answer.send(result.map_err(Error::internal)));
        }
    }
}

fn take<T>(from: &Mutex<Option<T>>) -> Option<T> {
    from.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Number of threads: by the setting, or half as many as the process may use cores, from 1 to 4. One beside a world on
/// a single core, where more would only take turns.
pub(super) fn count(hashing: &PasswordHashing) -> usize {
    if shares_the_only_core(hashing) {
        return 1;
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    hashing.threads.map_or((cores / 2).clamp(1, MOST_BY_DEFAULT), |count| count.get().into())
}

/// Starts the threads. They end when the sender is dropped.
pub(super) fn start(hashing: PasswordHashing) -> std::io::Result<Sender<Job>> {
    let (sender, jobs) = channel();
    let shares_core = shares_the_only_core(&hashing);
    for number in 1..=count(&hashing) {
        let jobs = jobs.clone();
        spawn(format!("passwords-{number}"), hashing, move || {
            let stands_back = if shares_core { StandsBack::idle() } else { StandsBack::low(hashing.beside_world) };
            (stands_back, move || jobs.next())
        })?;
    }
    if shares_core {
        spawn("passwords-late".to_owned(), hashing, move || {
            (StandsBack::low(true), move || jobs.next_overdue(STARVED_AFTER))
        })?;
    }
    Ok(sender)
}

fn shares_the_only_core(hashing: &PasswordHashing) -> bool {
    hashing.beside_world && stand_back::is_single_core()
}

/// Starts a thread. `prepare` runs on it first: it lowers the thread's priority and returns where its jobs come from.
fn spawn<Next: FnMut() -> Option<Arc<Job>>>(
    name: String,
    hashing: PasswordHashing,
    prepare: impl FnOnce() -> (StandsBack, Next) + Send + 'static,
) -> std::io::Result<()> {
    let run = move || {
        let (stands_back, mut next) = prepare();
        let mut hasher = Hasher::new(hashing.memory);
        // Unknown users are checked against this, so that their answer takes as long.
        let decoy = hasher.decoy().unwrap_or_default();
        while let Some(job) = next() {
            stands_back.after(|| do_work(&mut hasher, &decoy, &job.work));
            drop(take(&job.turn));
        }
    };
    std::thread::Builder::new().name(name).spawn(run)?;
    Ok(())
}

fn do_work(hasher: &mut Hasher, decoy: &str, work: &Work) {
    match work {
        Work::Hash { password, answer } => answer.give(hasher.hash(password)),
        Work::Verify { password, hash: Some(hash), answer } => answer.give(check(hasher, password, hash)),
        Work::Verify { password, hash: None, answer } => {
            let unknown = hasher.verify(password, decoy).map(|_| Checked { fits: false, renewed: None });
            answer.give(unknown);
        }
    }
}

/// Checking an older kind of hash takes another time than an unknown account, until the next log-in renews the hash.
fn check(hasher: &mut Hasher, password: &SecretString, stored: &str) -> anyhow::Result<Checked> {
    let is_bcrypt = bcrypt_hash::is_one(stored);
    let fits = match is_bcrypt {
        true => bcrypt_hash::verify(password, stored)?,
        false => hasher.verify(password, stored)?,
    };
    // What bcrypt has not seen may be a slip: with a new hash, the slip alone would fit.
    let is_seen_whole = !is_bcrypt || bcrypt_hash::sees_whole(password);
    let renewed = if fits && is_seen_whole && !hasher.is_current(stored) { Some(hasher.hash(password)?) } else { None };
    Ok(Checked { fits, renewed })
}

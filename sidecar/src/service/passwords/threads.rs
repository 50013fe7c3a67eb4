//! The password hashing threads.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use secrecy::SecretString;
use tokio::sync::oneshot;

use super::hasher::Hasher;
use super::stand_back::StandsBack;
use super::turns::Place;
use super::{Checked, bcrypt_hash};
use crate::config::PasswordHashing;
use crate::error::Error;

/// Maximum number of threads without a setting: each keeps the memory of a hash.
const MOST_BY_DEFAULT: usize = 4;

/// A hashing job.
pub(super) struct Job {
    pub(super) work: Work,
    /// Held until the work is done, even if nobody waits for the result any more.
    pub(super) place: Place,
}

pub(super) enum Work {
    Hash { password: SecretString, answer: oneshot::Sender<Result<String, Error>> },
    Verify { password: SecretString, hash: Option<String>, answer: oneshot::Sender<Result<Checked, Error>> },
}

/// Number of threads: by the setting, or half as many as the process may use cores, from 1 to 4.
pub(super) fn count(hashing: &PasswordHashing) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    hashing.threads.map_or((cores / 2).clamp(1, MOST_BY_DEFAULT), |count| count.get().into())
}

/// Starts the threads. They end when the sender is dropped.
pub(super) fn start(hashing: PasswordHashing) -> std::io::Result<mpsc::Sender<Job>> {
    let (jobs, inbox) = mpsc::channel();
    let inbox = Arc::new(Mutex::new(inbox));
    for number in 1..=count(&hashing) {
        let inbox = inbox.clone();
        let thread = std::thread::Builder::new().name(format!("passwords-{number}"));
        thread.spawn(move || run(&inbox, &hashing))?;
    }
    Ok(jobs)
}

fn run(inbox: &Mutex<mpsc::Receiver<Job>>, hashing: &PasswordHashing) {
    let stands_back = StandsBack::now(hashing.beside_world);
    let mut hasher = Hasher::new(hashing.memory);
    // Unknown users are checked against this, so that their answer takes as long.
    let decoy = hasher.decoy().unwrap_or_default();
    let next = || inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(Job { work, place }) = next() {
        stands_back.after(|| do_work(&mut hasher, &decoy, work));
        drop(place);
    }
}

fn do_work(hasher: &mut Hasher, decoy: &str, work: Work) {
    match work {
        Work::Hash { password, answer } => {
            drop(answer.send(hasher.hash(&password).map_err(Error::internal)));
        }
        Work::Verify { password, hash, answer } => {
            let checked = match hash {
                Some(hash) => check(hasher, &password, &hash),
                None => hasher.verify(&password, decoy).map(|_| Checked { fits: false, renewed: None }),
            };
            drop(answer.send(checked.map_err(Error::internal)));
        }
    }
}

/// Checking an older kind of hash takes another time than an unknown account, until the next log-in renews the hash.
fn check(hasher: &mut Hasher, password: &SecretString, stored: &str) -> anyhow::Result<Checked> {
    let fits = if bcrypt_hash::is_one(stored) {
        bcrypt_hash::verify(password, stored)?
    } else {
        hasher.verify(password, stored)?
    };
    let renewed = if fits && !hasher.is_current(stored) { Some(hasher.hash(password)?) } else { None };
    Ok(Checked { fits, renewed })
}

//! Password hashing: argon2id, one at a time, behind a short queue.

mod bcrypt_hash;
mod hasher;

use std::sync::{Arc, mpsc};

use secrecy::SecretString;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::error::{Error, ErrorCode};
use hasher::Hasher;

/// How far below the game the hashing thread stands: a flood of log-ins must not move the tick.
const NICENESS: i32 = 10;

/// The hashing thread and the queue before it. A hash takes tens of milliseconds and 19 MiB, so that there is only
/// ever one; who comes when the queue is full is turned away instead of made to wait.
pub struct Passwords {
    queue: Arc<Semaphore>,
    turn: Arc<Semaphore>,
    jobs: mpsc::Sender<Job>,
}

/// What checking a password has found.
#[derive(Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whether it fits.
    pub fits: bool,
    /// A hash of today's kind for a password that fits one of an older kind: to be stored in its place.
    pub renewed: Option<String>,
}

/// One's turn at hashing. Given back by using or dropping it.
pub struct Turn {
    place: (OwnedSemaphorePermit, OwnedSemaphorePermit),
    jobs: mpsc::Sender<Job>,
}

struct Job {
    work: Work,
    /// Held until the work is done, even where nobody waits for it any more.
    _place: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

enum Work {
    Hash { password: SecretString, answer: oneshot::Sender<Result<String, Error>> },
    Verify { password: SecretString, hash: Option<String>, answer: oneshot::Sender<Result<Checked, Error>> },
}

impl Passwords {
    /// Starts the thread. At most `queue` wait beside the one whose turn it is.
    pub fn new(queue: u32) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        std::thread::Builder::new().name("passwords".to_owned()).spawn(move || run(&inbox))?;
        let places = usize::try_from(queue).unwrap_or(usize::MAX - 1).saturating_add(1).min(Semaphore::MAX_PERMITS);
        Ok(Self { queue: Arc::new(Semaphore::new(places)), turn: Arc::new(Semaphore::new(1)), jobs })
    }

    /// Waits for one's turn, or says [`ErrorCode::Overloaded`] at once.
    pub async fn turn(&self) -> Result<Turn, Error> {
        let Ok(place) = self.queue.clone().try_acquire_owned() else {
            metrics::counter!("realmgate_password_queue_full_total").increment(1);
            return Err(Error { retry_after_s: Some(2), ..ErrorCode::Overloaded.into() });
        };
        let turn = self.turn.clone().acquire_owned().await.map_err(Error::internal)?;
        Ok(Turn { place: (place, turn), jobs: self.jobs.clone() })
    }
}

impl Turn {
    /// The PHC string of a password.
    pub async fn hash(self, password: SecretString) -> Result<String, Error> {
        let (answer, result) = oneshot::channel();
        self.submit(Work::Hash { password, answer })?;
        result.await.map_err(Error::internal)?
    }

    /// Whether the password fits the hash. Without a hash it does not, after the same time.
    pub async fn verify(self, password: SecretString, hash: Option<String>) -> Result<Checked, Error> {
        let (answer, result) = oneshot::channel();
        self.submit(Work::Verify { password, hash, answer })?;
        result.await.map_err(Error::internal)?
    }

    fn submit(self, work: Work) -> Result<(), Error> {
        let job = Job { work, _place: self.place };
        self.jobs.send(job).map_err(|_| Error::internal(anyhow::anyhow!("the password thread is gone")))
    }
}

fn run(inbox: &mpsc::Receiver<Job>) {
    // On Linux this concerns the calling thread alone. Without the right to it, hashing is merely less polite.
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "the password thread keeps its priority");
    }
    let mut hasher = Hasher::new();
    // Unknown users are checked against this, so that their answer takes as long.
    let decoy = hasher.hash(&SecretString::from("decoy")).unwrap_or_default();
    while let Ok(job) = inbox.recv() {
        match job.work {
            Work::Hash { password, answer } => {
                drop(answer.send(hasher.hash(&password).map_err(Error::internal)));
            }
            Work::Verify { password, hash, answer } => {
                let checked = match hash {
                    Some(hash) => check(&mut hasher, &password, &hash),
                    None => hasher.verify(&password, &decoy).map(|_| Checked { fits: false, renewed: None }),
                };
                drop(answer.send(checked.map_err(Error::internal)));
            }
        }
    }
}

/// An account whose hash is of an older kind takes another time than an unknown one, until its next log-in.
fn check(hasher: &mut Hasher, password: &SecretString, stored: &str) -> anyhow::Result<Checked> {
    let fits = if bcrypt_hash::is_one(stored) {
        bcrypt_hash::verify(password, stored)?
    } else {
        hasher.verify(password, stored)?
    };
    let renewed = if fits && !Hasher::is_current(stored) { Some(hasher.hash(password)?) } else { None };
    Ok(Checked { fits, renewed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let passwords = Passwords::new(1).unwrap();
        let hash = passwords.turn().await.unwrap().hash("right".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        let verify = async |password: &str, hash: Option<String>| {
            passwords.turn().await.unwrap().verify(password.into(), hash).await.unwrap()
        };
        assert_eq!(verify("right", Some(hash.clone())).await, Checked { fits: true, renewed: None });
        assert!(!verify("wrong", Some(hash)).await.fits);
        assert!(!verify("decoy", None).await.fits, "the decoy's password opens nothing");
    }

    #[tokio::test]
    async fn an_old_hash_is_renewed_by_the_password_that_fits() {
        let passwords = Passwords::new(1).unwrap();
        let verify = async |password: &str, hash: &str| {
            passwords.turn().await.unwrap().verify(password.into(), Some(hash.to_owned())).await.unwrap()
        };
        let weak = argon2::Params::new(8, 1, 1, Some(16)).unwrap();
        let weak = argon2::PasswordHasher::hash_password(&argon2::Argon2::from(weak), b"right").unwrap().to_string();
        for old in [bcrypt::hash("right", 4).unwrap(), weak] {
            assert_eq!(verify("wrong", &old).await, Checked { fits: false, renewed: None });
            let renewed = verify("right", &old).await.renewed.expect("a new hash");
            assert!(renewed.starts_with("$argon2id$"), "{renewed}");
            assert_eq!(verify("right", &renewed).await, Checked { fits: true, renewed: None });
        }
    }

    #[tokio::test]
    async fn a_full_queue_turns_away() {
        let passwords = Passwords::new(1).unwrap();
        let first = passwords.turn().await.unwrap();
        let mut second = Box::pin(passwords.turn());
        assert!(futures_util::poll!(&mut second).is_pending(), "the second waits");
        let third = passwords.turn().await;
        assert_eq!(third.err().map(|error| error.code), Some(ErrorCode::Overloaded));
        drop(first);
        assert!(second.await.is_ok());
    }
}

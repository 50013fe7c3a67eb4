//! Password hashing: argon2id on a few threads of its own, behind a fair queue, and what is answered where that is full.

mod bcrypt_hash;
mod hasher;
mod jobs;
mod queue;
mod stand_back;
mod threads;
mod turns;

use std::sync::Arc;

use secrecy::SecretString;

use crate::config::PasswordHashing;
use crate::error::{Error, ErrorCode};
use crate::limits::Source;
use jobs::Sender;
use queue::Refused;
use threads::{Answer, Job, Work};
use turns::{TurnGuard, Turns};

/// The hashing threads and the queue before them. A hash takes tens of milliseconds and megabytes; when the queue is
/// full, a log-in is refused instead of made to wait.
pub struct Passwords {
    turns: Turns,
    jobs: Arc<Sender<Job>>,
}

/// The result of checking a password.
#[derive(Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whether the password matches.
    pub fits: bool,
    /// A new hash with today's settings, to be stored in place of an older kind of hash; `None` if the password does
    /// not match or the hash is current.
    pub renewed: Option<String>,
}

/// A turn at hashing. Given back when it is used or dropped.
pub struct Turn {
    guard: TurnGuard,
    jobs: Arc<Sender<Job>>,
}

impl Passwords {
    /// Starts the threads.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn new(hashing: &PasswordHashing) -> std::io::Result<Self> {
        let waiting = usize::try_from(hashing.queue).unwrap_or(usize::MAX);
        let jobs = Arc::new(threads::start(*hashing)?);
        Ok(Self { turns: Turns::new(threads::count(hashing), waiting), jobs })
    }

    /// Waits for a turn. Turns are given round-robin by network and account; a log-in for whom the queue has no room is
    /// refused at once.
    ///
    /// # Errors
    /// `RATE_LIMITED` when too many of the same network, address or account wait, `OVERLOADED` when the queue is full.
    pub async fn turn(&self, source: Source, username: &str) -> Result<Turn, Error> {
        match self.turns.take(source, username).await {
            Ok(guard) => Ok(Turn { guard, jobs: self.jobs.clone() }),
            Err(refused) => {
                let (reason, error) = match refused {
                    Refused::TooManyOfYou => ("own", Error::rate_limited(1)),
                    Refused::Full => ("full", Error { retry_after_s: Some(2), ..ErrorCode::Overloaded.into() }),
                };
                metrics::counter!("realmgate_password_queue_full_total", "reason" => reason).increment(1);
                Err(error)
            }
        }
    }
}

impl Turn {
    /// Hashes a password into a PHC string.
    ///
    /// # Errors
    /// `INTERNAL` when hashing fails or the threads are gone.
    pub async fn hash(self, password: SecretString) -> Result<String, Error> {
        let (answer, result) = Answer::new();
        self.submit(Work::Hash { password, answer });
        result.await.map_err(Error::internal)?
    }

    /// Checks whether the password matches the hash. Without a hash it does not, after the same time.
    ///
    /// # Errors
    /// `INTERNAL` when the stored hash cannot be checked or the threads are gone.
    pub async fn verify(self, password: SecretString, hash: Option<String>) -> Result<Checked, Error> {
        let (answer, result) = Answer::new();
        self.submit(Work::Verify { password, hash, answer });
        result.await.map_err(Error::internal)?
    }

    fn submit(self, work: Work) {
        self.jobs.send(Job::new(work, self.guard));
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn one_thread() -> Passwords {
        let one = std::num::NonZeroU8::new(1);
        Passwords::new(&PasswordHashing { queue: 1, threads: one, ..PasswordHashing::default() }).unwrap()
    }

    async fn turn(passwords: &Passwords, username: &str) -> Result<Turn, Error> {
        passwords.turn(IpAddr::from(Ipv4Addr::LOCALHOST).into(), username).await
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let passwords = one_thread();
        let hash = turn(&passwords, "ann").await.unwrap().hash("right".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        let verify = async |password: &str, hash: Option<String>| {
            turn(&passwords, "ann").await.unwrap().verify(password.into(), hash).await.unwrap()
        };
        assert_eq!(verify("right", Some(hash.clone())).await, Checked { fits: true, renewed: None });
        let not = Checked { fits: false, renewed: None };
        assert_eq!(verify("wrong", Some(hash)).await, not);
        assert_eq!(verify("decoy", None).await, not, "the decoy's password opens nothing");
    }

    #[tokio::test]
    async fn an_old_hash_is_renewed_by_the_password_that_fits() {
        let passwords = one_thread();
        let verify = async |password: &str, hash: &str| {
            turn(&passwords, "ann").await.unwrap().verify(password.into(), Some(hash.to_owned())).await.unwrap()
        };
        let weak = argon2::Params::new(8, 1, 1, Some(16)).unwrap();
        let weak = argon2::PasswordHasher::hash_password(&argon2::Argon2::from(weak), b"right").unwrap().to_string();
        for old in [bcrypt::hash("right", 4).unwrap(), weak] {
            assert_eq!(verify("wrong", &old).await, Checked { fits: false, renewed: None });
            let Checked { fits: true, renewed: Some(renewed) } = verify("right", &old).await else {
                panic!("{old} is neither fitting nor renewed")
            };
            assert!(renewed.starts_with("$argon2id$"), "{renewed}");
            assert_eq!(verify("wrong", &renewed).await, Checked { fits: false, renewed: None });
            assert_eq!(verify("right", &renewed).await, Checked { fits: true, renewed: None });
        }
    }

    #[tokio::test]
    async fn a_password_that_bcrypt_has_not_seen_whole_keeps_its_hash() {
        let passwords = one_thread();
        let long = "x".repeat(80);
        let stored = bcrypt::hash(&long, 4).unwrap();
        for password in [long.clone(), format!("{}a slip", "x".repeat(72))] {
            let turn = turn(&passwords, "ann").await.unwrap();
            let checked = turn.verify(password.into(), Some(stored.clone())).await.unwrap();
            assert_eq!(checked, Checked { fits: true, renewed: None });
        }
        let whole = "x".repeat(72);
        let checked = turn(&passwords, "ann").await.unwrap().verify(whole.into(), Some(stored)).await.unwrap();
        assert!(checked.fits && checked.renewed.is_some());
    }

    fn threads_named(name: &str) -> usize {
        let threads = std::fs::read_dir("/proc/self/task").unwrap();
        let names = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("comm")).ok());
        names.filter(|found| found.trim() == name).count()
    }

    #[test]
    fn on_the_only_core_beside_a_world_a_thread_without_a_share_of_it_has_a_stand_in() {
        let hash = std::thread::spawn(|| {
            let mut one = rustix::thread::CpuSet::new();
            let all = rustix::thread::sched_getaffinity(None).unwrap();
            one.set((0..rustix::thread::CpuSet::MAX_CPU).find(|core| all.is_set(*core)).unwrap());
            rustix::thread::sched_setaffinity(None, &one).unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let hashing = PasswordHashing { beside_world: true, ..PasswordHashing::default() };
                let passwords = Passwords::new(&hashing).unwrap();
                let hash = turn(&passwords, "ann").await.unwrap().hash("right".into()).await.unwrap();
                (hash, threads_named("passwords-late"))
            })
        });
        let (hash, stand_ins) = hash.join().unwrap();
        assert!(hash.starts_with("$argon2id$") && stand_ins == 1, "{stand_ins}");
    }

    #[tokio::test]
    async fn a_full_queue_turns_away() {
        let passwords = one_thread();
        let first = turn(&passwords, "ann").await.unwrap();
        let mut second = Box::pin(turn(&passwords, "ann"));
        assert!(futures_util::poll!(&mut second).is_pending(), "the second waits");
        let third = turn(&passwords, "ann").await;
        assert_eq!(third.err().map(|error| error.code), Some(ErrorCode::Overloaded));
        drop(first);
        assert!(second.await.is_ok());
    }
}

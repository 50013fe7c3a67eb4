//! The thread of a plugin: calls are done there one after the other.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;

use crate::call_time::{CALL_WITHIN, CallTime, STUCK_AFTER};
use crate::error::CallError;
use crate::queue::{By, Queue};
use crate::realm::Rules;
use crate::script::{FunctionInfo, Run, Script};

/// How long a call may wait for its turn and run, in all.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A running thread. It ends when this is dropped, after what it has begun.
pub(crate) struct Worker {
    jobs: Arc<Jobs>,
    pub(crate) functions: Vec<FunctionInfo>,
    time: CallTime,
}

/// Calls on their way to the thread.
struct Jobs {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

struct Waiting {
    queue: Queue<Job>,
    /// Why the thread does no more of them, if so.
    end: Option<End>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nobody has the worker any more.
    Dropped,
    /// The plugin is off.
    Off,
}

/// A call that waits.
struct Job {
    run: Run,
    answer: oneshot::Sender<Result<Value, CallError>>,
}

impl Worker {
    /// Loads a script on a thread of its own. Waits until that is done.
    ///
    /// # Errors
    /// What is wrong with the script.
    pub(crate) fn start(plugin: &str, source: Arc<str>, rules: Rules) -> Result<Self, String> {
        let waiting = Mutex::new(Waiting { queue: Queue::new(), end: None });
        let (jobs, time) = (Arc::new(Jobs { waiting, changed: Condvar::new() }), CallTime::new());
        let (loaded, is_loaded) = std::sync::mpsc::sync_channel(1);
        let (name, mine, its_time) = (plugin.to_owned(), jobs.clone(), time.clone());
        let run = move || match Script::load(&name, &source, rules, its_time) {
            Ok(script) => {
                let _ = loaded.send(Ok(script.describe()));
                work(&script, &mine);
            }
            Err(fault) => drop(loaded.send(Err(fault))),
        };
        let started = thread::Builder::new().name(format!("hooks {plugin}")).spawn(run);
        started.map_err(|error| format!("cannot start a thread: {error}"))?;
        let stuck = || format!("{plugin}.lua: loading does not end");
        let functions = is_loaded.recv_timeout(CALL_WITHIN + STUCK_AFTER).map_err(|_| stuck())??;
        Ok(Self { jobs, functions, time })
    }

    /// Calls a function.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn call(&self, by: &By, run: Run) -> Result<Value, CallError> {
        let (answer, answered) = oneshot::channel();
        self.jobs.add(by, Job { run, answer })?;
        match tokio::time::timeout(ANSWER_WITHIN, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(CallError::Timeout),
        }
    }

    /// Whether a call has not ended though its time is over.
    pub(crate) fn is_stuck(&self) -> bool {
        self.time.is_stuck()
    }

    /// Refuses what waits and all that comes. Returns whether it did not before.
    pub(crate) fn turn_off(&self) -> bool {
        let mut waiting = self.jobs.lock();
        let is_new = waiting.end.replace(End::Off).is_none();
        while let Some(job) = waiting.queue.pop() {
            let _ = job.answer.send(Err(CallError::Off));
        }
        self.jobs.changed.notify_one();
        is_new
    }

    /// Whether it was turned off.
    pub(crate) fn is_off(&self) -> bool {
        self.jobs.lock().end == Some(End::Off)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs.lock().end.get_or_insert(End::Dropped);
        self.jobs.changed.notify_one();
    }
}

impl Jobs {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, by: &By, job: Job) -> Result<(), CallError> {
        let mut waiting = self.lock();
        if waiting.end.is_some() {
            return Err(CallError::Off);
        }
        if !waiting.queue.push(by, job) {
            return Err(CallError::Busy);
        }
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for the next one; `None` where no more are done.
    fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if waiting.end.is_some() {
                return None;
            }
            match waiting.queue.pop() {
                Some(job) => return Some(job),
                None => waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

fn work(script: &Script, jobs: &Jobs) {
    while let Some(job) = jobs.next() {
        // Who has given up waiting wants it no more.
        if !job.answer.is_closed() {
            let result = script.call(&job.run);
            let _ = job.answer.send(result);
        }
    }
}

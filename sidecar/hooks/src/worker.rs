//! The thread of a plugin: calls are done there one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::error::CallError;
use crate::realm::Rules;
use crate::sandbox::CALL_WITHIN;
use crate::script::{FunctionInfo, Run, Script};
use crate::stopwatch::Stopwatch;

/// How many calls may wait for a plugin.
const WAITING: usize = 256;
/// How long a call may wait for its turn and run, in all.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How far beyond its time a call has to be before its thread counts as stuck: then it is within one of Lua's own functions, which
/// nothing interrupts.
const STUCK_AFTER: Duration = Duration::from_secs(CALL_WITHIN.as_secs() + 1);

/// A running thread. It ends when this is dropped, after what it has begun.
pub(crate) struct Worker {
    jobs: mpsc::Sender<Job>,
    pub(crate) functions: Vec<FunctionInfo>,
    time: Stopwatch,
    /// When the call under way began, in ms by `time` and never 0; 0 while there is none.
    busy_since_ms: Arc<AtomicU64>,
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
        let (jobs, waiting) = mpsc::channel(WAITING);
        let (loaded, is_loaded) = std::sync::mpsc::sync_channel(1);
        let (time, busy_since_ms) = (Stopwatch::start(), Arc::new(AtomicU64::new(0)));
        let (name, busy) = (plugin.to_owned(), busy_since_ms.clone());
        let run = move || match Script::load(&name, &source, rules) {
            Ok(script) => {
                let _ = loaded.send(Ok(script.describe()));
                work(&script, waiting, time, &busy);
            }
            Err(fault) => drop(loaded.send(Err(fault))),
        };
        let started = thread::Builder::new().name(format!("hooks {plugin}")).spawn(run);
        started.map_err(|error| format!("no thread can be started: {error}"))?;
        let stuck = || format!("{plugin}.lua: loading it does not end");
        let functions = is_loaded.recv_timeout(STUCK_AFTER).map_err(|_| stuck())??;
        Ok(Self { jobs, functions, time, busy_since_ms })
    }

    /// Calls a function.
    ///
    /// # Errors
    /// [`CallError`].
    pub(crate) async fn call(&self, run: Run) -> Result<Value, CallError> {
        let (answer, answered) = oneshot::channel();
        self.jobs.try_send(Job { run, answer }).map_err(|_| CallError::Busy)?;
        match tokio::time::timeout(ANSWER_WITHIN, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(CallError::Timeout),
        }
    }

    /// Whether a call has not ended though its time is over.
    pub(crate) fn is_stuck(&self) -> bool {
        let since = self.busy_since_ms.load(Ordering::Relaxed);
        since > 0 && self.time.elapsed_ms().saturating_sub(since) >= STUCK_AFTER.as_millis() as u64
    }
}

fn work(script: &Script, mut waiting: mpsc::Receiver<Job>, time: Stopwatch, busy_since_ms: &AtomicU64) {
    while let Some(job) = waiting.blocking_recv() {
        // Who has given up waiting wants it no more.
        if job.answer.is_closed() {
            continue;
        }
        busy_since_ms.store(time.elapsed_ms().max(1), Ordering::Relaxed);
        let result = script.call(&job.run);
        busy_since_ms.store(0, Ordering::Relaxed);
        let _ = job.answer.send(result);
    }
}

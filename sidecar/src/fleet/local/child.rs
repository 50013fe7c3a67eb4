//! One child process: signalled only while it lives, and reaped.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::sync::{mpsc, watch};

use super::Ended;
use super::probe::Ready;

/// A handle on a child; clones are the same child.
#[derive(Debug, Clone)]
pub(super) struct Child {
    pid: u32,
    ready_file: Arc<PathBuf>,
    signals: mpsc::UnboundedSender<Signal>,
    end: watch::Receiver<Option<Ended>>,
}

impl Child {
    /// Starts the process. `when_gone` is called before its end is reported.
    pub(super) fn start(
        command: &mut Command,
        ready_file: PathBuf,
        when_gone: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let mut process = command.spawn()?;
        let pid = process.id().ok_or_else(|| io::Error::other("the process has already ended"))?;
        let (signals, mut orders) = mpsc::unbounded_channel();
        let (told, end) = watch::channel(None);
        tokio::spawn(async move {
            // `wait` would close stdin, and the child would drain.
            let stdin = process.stdin.take();
            let status = loop {
                tokio::select! {
                    status = process.wait() => break status,
                    Some(signal) = orders.recv() => send(&process, signal),
                }
            };
            drop(stdin);
            when_gone();
            told.send_replace(Some(ended(status)));
        });
        Ok(Self { pid, ready_file: Arc::new(ready_file), signals, end })
    }

    /// Sends a signal. Does nothing if the process has ended.
    pub(super) fn signal(&self, signal: Signal) {
        let _ = self.signals.send(signal);
    }

    /// The content of its ready file; `None` until it is there.
    pub(super) fn ready(&self) -> Option<Ready> {
        Ready::read(&self.ready_file, self.pid)
    }

    /// Waits for the end of the process.
    pub(super) async fn ended(&self) -> Ended {
        let mut end = self.end.clone();
        let ended = end.wait_for(Option::is_some).await;
        let ended = ended.ok().and_then(|end| end.clone());
        ended.unwrap_or_else(|| Ended { well: false, why: "no task watches the process".to_owned() })
    }
}

/// Only we reap the process, and until then no other process can have its id.
fn send(process: &tokio::process::Child, signal: Signal) {
    let pid = process.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
    if let Some(Err(error)) = pid.map(|pid| kill_process(pid, signal)) {
        tracing::debug!(%error, "cannot signal a map server");
    }
}

fn ended(status: io::Result<ExitStatus>) -> Ended {
    match status {
        Ok(status) => Ended { well: status.success(), why: status.to_string() },
        Err(error) => Ended { well: false, why: error.to_string() },
    }
}

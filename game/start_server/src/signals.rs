//! Shutdown signals: SIGTERM, Ctrl-C, the end of the terminal and, if asked for, the end of standard input.

use std::io::Read;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The signals that ask this process to shut down.
pub struct ShutdownSignals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    quit: Signal,
    stdin: CancellationToken,
}

impl ShutdownSignals {
    /// Watches for the signals from now on.
    ///
    /// # Errors
    ///
    /// Fails if a signal handler or the thread for standard input cannot be set up.
    pub fn watch(with_stdin: bool) -> anyhow::Result<Self> {
        let stdin = CancellationToken::new();
        if with_stdin {
            watch_stdin(stdin.clone())?;
        }
        // Recipes of logrotate send it, and it would end a process that does not handle it. The log needs no reopening.
        drop(signal(SignalKind::user_defined1())?);
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
            stdin,
        })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.hang_up.recv() => {}
            _ = self.quit.recv() => {}
            () = self.stdin.cancelled() => tracing::info!("standard input closed"),
        }
    }
}

/// Reads standard input until its end. Uses its own thread, since the runtime would wait for the last read at shutdown.
fn watch_stdin(ended: CancellationToken) -> std::io::Result<()> {
    let watch = move || {
        let mut stdin = std::io::stdin().lock();
        let mut ignored = [0; 64];
        // A read error counts as the end too.
        while stdin.read(&mut ignored).is_ok_and(|read| read > 0) {}
        ended.cancel();
    };
    std::thread::Builder::new().name("stdin".to_owned()).spawn(watch).map(drop)
}

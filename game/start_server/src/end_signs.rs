//! What tells this process to end: SIGTERM, Ctrl-C and, where asked for, the end of standard input.

use std::io::Read;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The signs that this process shall end.
pub struct EndSigns {
    terminate: Signal,
    interrupt: Signal,
    stdin: CancellationToken,
}

impl EndSigns {
    /// Watches for them from now on.
    pub fn watch(with_stdin: bool) -> anyhow::Result<Self> {
        let stdin = CancellationToken::new();
        if with_stdin {
            watch_stdin(stdin.clone())?;
        }
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt, stdin })
    }

    /// Waits for the next sign.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = self.stdin.cancelled() => tracing::info!("standard input has ended"),
        }
    }
}

/// Reads until the end. On a thread of its own, since the runtime would wait for its last read when it ends.
fn watch_stdin(ended: CancellationToken) -> std::io::Result<()> {
    let watch = move || {
        let mut stdin = std::io::stdin().lock();
        let mut ignored = [0; 64];
        // What cannot be read any more has ended too.
        while stdin.read(&mut ignored).is_ok_and(|read| read > 0) {}
        ended.cancel();
    };
    std::thread::Builder::new().name("stdin".to_owned()).spawn(watch).map(drop)
}

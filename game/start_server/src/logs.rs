//! Logging: to the terminal and, as soon as the server has its folder, to its `map_server.log`.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use realmgate_platform::telemetry::LogLayer;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::args::LogFormat;
use crate::failure::Failure;

/// Lines logged before there is a file, then the file.
enum Sink {
    Early(Vec<u8>),
    File(File),
}

/// The log file. Until it is opened, lines are kept in memory.
#[derive(Clone)]
pub struct LogFile(Arc<Mutex<Sink>>);

impl LogFile {
    /// Writes the lines so far to this file, and all lines from now on.
    ///
    /// # Errors
    ///
    /// Fails if the lines so far cannot be written.
    pub fn open(&self, mut file: File) -> io::Result<()> {
        let mut sink = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Sink::Early(lines) = &*sink {
            file.write_all(lines)?;
        }
        *sink = Sink::File(file);
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Sink::Early(lines) => lines.write(bytes),
            Sink::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What libraries may log, whatever the filter says.
const LIBRARIES: &str = "tungstenite=warn,quinn=error,quinn_proto=error,quinn_udp=error";

/// Starts logging. The filter is for the lines of the log: `others` choose what they hear by themselves. QUIC is limited to
/// errors: bad packets of strangers are counted instead. The WebSocket library is limited to warnings: at its finest level
/// it logs whole requests, and ours hold the service token.
///
/// # Errors
///
/// [`Failure::Settings`] if the filter is invalid, [`Failure::Other`] if logging was started before.
pub fn start(filter: &str, format: LogFormat, mut others: Vec<LogLayer>) -> Result<LogFile, Failure> {
    let filter: EnvFilter =
        format!("{filter},{LIBRARIES}").parse().map_err(|error| Failure::Settings(format!("LOG: {error}")))?;
    let file = LogFile(Arc::new(Mutex::new(Sink::Early(Vec::new()))));
    let writer = file.clone();
    let writer = move || writer.clone();
    // Errors about a log that cannot be written would go to stderr, and panic if that cannot be written either.
    let terminal = fmt::layer().with_writer(io::stderr).log_internal_errors(false);
    let to_file = fmt::layer().with_writer(writer).log_internal_errors(false);
    let (terminal, to_file) = match format {
        LogFormat::Text => (terminal.with_ansi(io::stderr().is_terminal()).boxed(), to_file.with_ansi(false).boxed()),
        LogFormat::Json => (terminal.json().boxed(), to_file.json().boxed()),
    };
    others.push(terminal.and_then(to_file).with_filter(filter).boxed());
    let started = tracing_subscriber::registry().with(others).try_init();
    started.map_err(|error| Failure::Other(error.into()))?;
    Ok(file)
}

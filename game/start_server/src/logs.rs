//! The log: to the terminal and, as soon as the server has its folder, to its `map_server.log`.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::args::LogFormat;
use crate::failure::Failure;

/// What was logged before there was a file, then the file.
enum Sink {
    Early(Vec<u8>),
    File(File),
}

/// The log file that comes later.
#[derive(Clone)]
pub struct LogFile(Arc<Mutex<Sink>>);

impl LogFile {
    /// From now on lines go to this file, and those so far too.
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

/// Starts logging. The netcode library writes an error for every bad packet of a stranger: that is counted, not logged.
/// The WebSocket library writes whole requests at its finest level, and ours hold the service token.
pub fn start(filter: &str, format: LogFormat) -> Result<LogFile, Failure> {
    let filter: EnvFilter = format!("{filter},renetcode=off,tungstenite=warn")
        .parse()
        .map_err(|error| Failure::Settings(format!("LOG: {error}")))?;
    let file = LogFile(Arc::new(Mutex::new(Sink::Early(Vec::new()))));
    let writer = file.clone();
    let writer = move || writer.clone();
    // Complaints about a log that can not be written would go to stderr, and panic if that can not be written either.
    let terminal = fmt::layer().with_writer(io::stderr).log_internal_errors(false);
    let to_file = fmt::layer().with_writer(writer).log_internal_errors(false);
    let (terminal, to_file) = match format {
        LogFormat::Text => (terminal.with_ansi(io::stderr().is_terminal()).boxed(), to_file.with_ansi(false).boxed()),
        LogFormat::Json => (terminal.json().boxed(), to_file.json().boxed()),
    };
    let started = tracing_subscriber::registry().with(filter).with(terminal).with(to_file).try_init();
    started.map_err(|error| Failure::Other(error.into()))?;
    Ok(file)
}

//! Traces for a collector (OTLP over HTTP, as JSON) and errors for a Sentry, where an operator names one; nothing otherwise.
//!
//! Both are layers of the log ([`Telemetry::open`]) that put what they hear into a queue of bounded length, and a task for each
//! queue that posts it ([`Telemetry::deliver`]). Whoever logs never waits: what does not fit into the queue is counted and lost.
//! Traces are of the services' spans alone: a world's tick is in none, and pays for none.

mod courier;
mod errors;
mod fields;
mod ids;
mod traces;

use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{Layer, Registry};

use crate::clock::Clock;
use crate::config::{ConfigError, TelemetryConfig};
use courier::{Courier, Load};
use errors::{Report, envelope};
use traces::{Span, batch};

pub use traces::{Parent, answered, follow, name_request};

/// How long the end of a process waits until what is queued is sent.
pub const FLUSH_WITHIN: Duration = Duration::from_secs(3);
/// How long finished spans wait for others, to be sent together.
const GATHER: Duration = Duration::from_secs(1);
/// Most spans that are sent together.
const BATCH: usize = 512;
/// Most spans that wait to be sent.
const SPANS: usize = 4_096;
/// Most errors that wait to be sent.
const REPORTS: usize = 64;

/// A layer of the log of a process.
pub type LogLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// What is queued, and who is to have it.
pub struct Telemetry {
    traces: Option<(Courier, Receiver<Span>)>,
    errors: Option<(Courier, Receiver<Report>)>,
    config: TelemetryConfig,
}

impl Telemetry {
    /// The layers that listen to the log of this process, none where nothing is to be sent. Where errors are, panics are from now
    /// on, too.
    ///
    /// # Errors
    /// When the connections to those places cannot be secured.
    pub fn open(config: TelemetryConfig) -> Result<(Vec<LogLayer>, Self), ConfigError> {
        let clock = Clock::system();
        let mut layers = Vec::new();
        let mut telemetry = Self { traces: None, errors: None, config };
        if let Some(sink) = &telemetry.config.traces {
            let courier = Courier::new("traces", sink.url.clone(), sink.headers.clone(), clock.clone());
            let courier = courier.map_err(|error| unusable("OTEL_EXPORTER_OTLP_ENDPOINT", &error))?;
            let (spans, queue) = tokio::sync::mpsc::channel(SPANS);
            layers.push(traces::layer(spans, sink.ratio, clock.clone()));
            telemetry.traces = Some((courier, queue));
        }
        if let Some(sink) = &telemetry.config.errors {
            let headers = errors::headers(sink).map_err(|why| ConfigError::new("SENTRY_DSN", why))?;
            let courier = Courier::new("errors", sink.url.clone(), headers, clock.clone());
            let courier = courier.map_err(|error| unusable("SENTRY_DSN", &error))?;
            let (reports, queue) = tokio::sync::mpsc::channel(REPORTS);
            layers.push(errors::layer(reports, clock));
            telemetry.errors = Some((courier, queue));
        }
        Ok((layers, telemetry))
    }

    /// Begins to send, on the current runtime.
    pub fn deliver(self) -> Delivery {
        let end = CancellationToken::new();
        let mut tasks = Vec::new();
        let Self { traces, errors, config } = self;
        if let Some((courier, queue)) = traces {
            let (config, end) = (config.clone(), end.clone());
            let load = Load { most: BATCH, gather: GATHER, content_type: "application/json" };
            tasks.push(tokio::spawn(courier.deliver(queue, load, end, move |spans| batch(&config, &spans))));
        }
        if let Some((courier, queue)) = errors {
            let end = end.clone();
            // One in an envelope, as their receiver wants it.
            let load = Load { most: 1, gather: Duration::ZERO, content_type: "application/x-sentry-envelope" };
            tasks.push(tokio::spawn(courier.deliver(queue, load, end, move |reports| envelope(&config, reports))));
        }
        Delivery { tasks, end }
    }
}

fn unusable(key: &str, error: &reqwest::Error) -> ConfigError {
    ConfigError::new(key, format!("cannot create a client: {error}"))
}

/// The tasks that send.
pub struct Delivery {
    tasks: Vec<JoinHandle<()>>,
    end: CancellationToken,
}

impl Delivery {
    /// Sends what is queued, for [`FLUSH_WITHIN`] at most, and ends.
    pub async fn close(self) {
        self.end.cancel();
        let stop: Vec<_> = self.tasks.iter().map(JoinHandle::abort_handle).collect();
        let all = async {
            for task in self.tasks {
                if let Err(error) = task.await {
                    tracing::warn!(%error, "a task that sends traces or errors failed");
                }
            }
        };
        if tokio::time::timeout(FLUSH_WITHIN, all).await.is_err() {
            stop.iter().for_each(tokio::task::AbortHandle::abort);
            tracing::warn!("shutting down before all traces and errors were sent");
        }
    }
}

/// Whether something in our log is our own: fields of libraries may hold anything.
fn is_ours(target: &str) -> bool {
    target.starts_with("realmgate_") || ["sidecar", "start_server"].iter().any(|program| is_within(target, program))
}

fn is_within(target: &str, program: &str) -> bool {
    target.strip_prefix(program).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_not_ours() {
        for ours in ["realmgate_platform::http", "realmgate_engine", "sidecar", "start_server::run"] {
            assert!(is_ours(ours), "{ours}");
        }
        for other in ["sqlx::query", "hyper", "sidecars", "start_server_of_others::a", "reqwest"] {
            assert!(!is_ours(other), "{other}");
        }
    }
}

//! The metrics recorder of a process: of `sidecar serve`, or of a map server that embeds the sidecar.
//!
//! Every histogram has buckets. Without them it would become a rolling summary: its sketches grow, are copied whole at
//! every scrape, and cannot be added up over replicas.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds in seconds of every histogram without its own: requests, calls of the store and of Redis, batches.
const SECONDS: [f64; 16] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The same for a map server that is started while players wait for it.
const START_SECONDS: [f64; 11] = [0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 30.0, 60.0];

/// The same for the parts of a tick: from 0.1 ms to 0.1 s, each at most half more than the one before, and up to 0.5 s.
fn tick_seconds() -> Vec<f64> {
    const STEPS: [f64; 9] = [1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5];
    let decades = [10_000.0, 1_000.0, 100.0].into_iter();
    let fine = decades.flat_map(|parts| STEPS.into_iter().map(move |step| step / parts));
    fine.chain([0.1, 0.15, 0.25, 0.5]).collect()
}

/// Installs the recorder.
///
/// # Errors
/// When the process has one already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    builder()?.install_recorder()
}

/// The recorder, not installed yet.
///
/// # Errors
/// Never: the buckets above are in order.
pub fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets(&SECONDS)?
        .set_buckets_for_metric(Matcher::Prefix("realmgate_tick_".to_owned()), &tick_seconds())?
        .set_buckets_for_metric(Matcher::Full("realmgate_fleet_start_seconds".to_owned()), &START_SECONDS)
}
